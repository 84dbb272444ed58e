/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Neither end allocates memory for a message that reads or writes a region. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"
#include "served.h"

#define MESSAGES 2000

/* Of every thread, the server's too. */
static atomic_ulong allocations;

/* The linker sends the library's calls here (see CMakeLists.txt). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations++;
	return __real_realloc(old, size);
}

/* Without assertions, which allocate. */
static bool use(struct vgpu_vfio *vfio, unsigned times)
{
	static unsigned char page[SERVED_PAGE];
	uint32_t i, value;
	bool good = true;

	for (i = 0; i < times && good; i++) {
		good = vgpu_region_write(vfio, VGPU_REGION_BAR2, 64, &i, 4) == 4 &&
			   vgpu_region_write(vfio, VGPU_REGION_BAR2, 128, page, sizeof(page) / 2) == sizeof(page) / 2 &&
			   (i % 16 || vgpu_vfio_flush(vfio) == 0) && vgpu_region_read(vfio, VGPU_REGION_BAR2, 64, &value, 4) == 4 &&
			   value == i && vgpu_region_read(vfio, VGPU_REGION_BAR0, SERVED_PAGE, page, sizeof(page)) == sizeof(page);
	}
	return good;
}

static const struct {
	const char *name;
	uint32_t flags;
	uint32_t spin_us;
} ways[] = {{"answered", 0, 0},
			{"posted", VGPU_USER_POST, 0},
			{"queued", VGPU_USER_QUEUE, 0},
			{"twin", VGPU_USER_TWIN, 0},
			{"spinning", 0, 50}};

#define WAYS (int)(sizeof(ways) / sizeof(ways[0]))

START_TEST(regions)
{
	const struct vgpu_provider_opts provider = {.message_layout = VGPU_MESSAGE_LAYOUT_SPEC,
												.spin_us = ways[_i].spin_us};
	const struct vgpu_user_opts user = {.size = sizeof(user), .flags = ways[_i].flags, .spin_us = ways[_i].spin_us};
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = VGPU_ACCESS_USER, .user = &user};
	struct served *served = served_new(&provider);
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	unsigned long before;
	bool good;

	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	before = allocations;
	ck_assert_int_eq(vgpu_vfio_open(ctx, served->socket, &opts, &vfio), 0);
	ck_assert(use(vfio, 100));
	ck_assert_uint_gt(allocations, before); /* they are counted */
	before = allocations;
	good = use(vfio, MESSAGES);
	before = allocations - before;
	ck_assert(good);
	ck_assert_msg(before == 0, "%s: %lu allocations", ways[_i].name, before);
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
	served_free_all(served);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user no alloc");
	TCase *tcase = tcase_create("user no alloc");

	tcase_add_loop_test(tcase, regions, 0, WAYS);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
