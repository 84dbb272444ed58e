/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The EDID region (mbochs), as the host sees it and as the guest does; and devices without one. */
#include <string.h>

#include "display_test.h"

/* The driver's registers, all of 4 bytes. */
#define EDID_REGION 9
#define EDID_SIZE 8
#define EDID_LINK 20

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;

/* Nobody has said anything yet: the driver keeps what the test before said. */
static void open_it(int i)
{
	ctx = new_context();
	vfio = open_with(ctx, "MBOCHS", path_of(i), NULL);
	ck_assert_int_eq(vgpu_region_write_value(vfio, EDID_REGION, EDID_SIZE, 4, 0), 0);
	ck_assert_int_eq(vgpu_region_write_value(vfio, EDID_REGION, EDID_LINK, 4, 0), 0);
}

static void close_it(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

static void make(uint32_t width, uint32_t height, unsigned char blob[VGPU_EDID_BLOCK_SIZE])
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = width, .height = height};

	ck_assert_int_eq(vgpu_edid_make(ctx, &mode, blob), 0);
}

static struct vgpu_edid *find_edid(enum vgpu_link link, size_t size)
{
	struct vgpu_edid *edid = NULL;

	ck_assert_msg(vgpu_edid_find(vfio, &edid) == 0, "%s", last_message(ctx));
	ck_assert_uint_eq(vgpu_edid_get_region(edid), EDID_REGION);
	ck_assert_uint_eq(vgpu_edid_get_max_width(edid), 800);
	ck_assert_uint_eq(vgpu_edid_get_max_height(edid), 600);
	ck_assert_uint_eq(vgpu_edid_get_max_size(edid), 1024);
	ck_assert_int_eq(vgpu_edid_get_link(edid), link);
	ck_assert_uint_eq(vgpu_edid_get_blob_size(edid), size);
	ck_assert(size ? vgpu_edid_get_blob(edid) != NULL : vgpu_edid_get_blob(edid) == NULL);
	return edid;
}

static void expect_edid(enum vgpu_link link, const void *blob, size_t size)
{
	struct vgpu_edid *edid = find_edid(link, size);

	if (size)
		ck_assert_mem_eq(vgpu_edid_get_blob(edid), blob, size);
	ck_assert_ptr_null(vgpu_edid_unref(edid));
}

/* What the guest's driver finds in BAR 2: nothing while the link is down. */
static void expect_guest(const void *blob, size_t size)
{
	unsigned char seen[1024];

	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, seen, size), (ssize_t)size);
	ck_assert_mem_eq(seen, blob, size);
}

static void fix_sum(unsigned char *block)
{
	unsigned sum = 0, i;

	for (i = 0; i < 127; i++)
		sum += block[i];
	block[127] = (unsigned char)-sum;
}

/* An EDID with extensions that say nothing. */
static void make_blocks(unsigned char *out, size_t blocks)
{
	size_t i;

	memset(out, 0, blocks * VGPU_EDID_BLOCK_SIZE);
	make(800, 600, out);
	out[126] = (unsigned char)(blocks - 1);
	fix_sum(out);
	for (i = 1; i < blocks; i++) {
		out[i * VGPU_EDID_BLOCK_SIZE] = (unsigned char)(0xf0 + i);
		fix_sum(out + i * VGPU_EDID_BLOCK_SIZE);
	}
}

/* What is refused changes nothing. */
START_TEST(limits)
{
	struct vgpu_edid_set_opts opts = {.size = sizeof(opts), .wait_ms = 1};
	unsigned char blob[9 * VGPU_EDID_BLOCK_SIZE], wide[VGPU_EDID_BLOCK_SIZE];

	open_it(_i);
	make_blocks(blob, 8);
	ck_assert_int_eq(vgpu_edid_set(vfio, blob, 1024, &opts), 0);
	expect_edid(VGPU_LINK_UP, blob, 1024);
	expect_guest(blob, 1024);
	make(816, 600, wide);
	expect_failure(ctx, vgpu_edid_set(vfio, wide, sizeof(wide), &opts), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	ck_assert_ptr_nonnull(strstr(last_message(ctx), "816x600"));
	make(800, 601, wide);
	expect_failure(ctx, vgpu_edid_set(vfio, wide, sizeof(wide), &opts), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	/* a mode beyond the limits that is not the preferred one */
	make(800, 600, wide);
	memcpy(wide + 54 + 3 * 18, wide + 54, 18);
	wide[54 + 3 * 18 + 2] = 0x21; /* 801 pixels */
	fix_sum(wide);
	expect_failure(ctx, vgpu_edid_set(vfio, wide, sizeof(wide), &opts), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	wide[100]++;
	expect_failure(ctx, vgpu_edid_set(vfio, wide, sizeof(wide), &opts), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_edid_set(vfio, NULL, 128, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	expect_edid(VGPU_LINK_UP, blob, 1024);
	make_blocks(blob, 9);
	expect_failure(ctx, vgpu_edid_set(vfio, blob, sizeof(blob), &opts), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	opts.flags = 2;
	expect_failure(ctx, vgpu_edid_set(vfio, blob, 128, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	opts.size = 1;
	expect_failure(ctx, vgpu_edid_set(vfio, blob, 128, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_edid_set_link(vfio, VGPU_LINK_UNKNOWN), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_edid_set_link(vfio, (enum vgpu_link)3), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_edid_find(vfio, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_edid_find(NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_edid_set(NULL, blob, 128, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_edid_set_link(NULL, VGPU_LINK_UP), -EINVAL);
	make_blocks(blob, 8);
	expect_edid(VGPU_LINK_UP, blob, 1024);
	close_it();
}
END_TEST

static void expect_warning(void *data, int level, const char *message)
{
	*(bool *)data = level == VGPU_LOG_WARNING && strstr(message, "claims an EDID of 1025 bytes");
}

/* The register takes any size: more than there can be is not read, and can be put right. */
START_TEST(absurd_size)
{
	bool is_warned = false;
	struct vgpu_context_opts opts = {.size = sizeof(opts), .log = expect_warning, .log_data = &is_warned};
	struct vgpu_edid_set_opts set = {.size = sizeof(set), .wait_ms = 1};
	unsigned char blob[VGPU_EDID_BLOCK_SIZE];

	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), 0);
	vfio = open_with(ctx, "MBOCHS", path_of(_i), NULL);
	ck_assert_int_eq(vgpu_region_write_value(vfio, EDID_REGION, EDID_SIZE, 4, 1025), 0);
	ck_assert_int_eq(vgpu_region_write_value(vfio, EDID_REGION, EDID_LINK, 4, 7), 0);
	expect_edid(VGPU_LINK_UNKNOWN, NULL, 0);
	ck_assert(is_warned);
	make(640, 480, blob);
	ck_assert_int_eq(vgpu_edid_set(vfio, blob, sizeof(blob), &set), 0);
	expect_edid(VGPU_LINK_UP, blob, sizeof(blob));
	close_it();
}
END_TEST

void add_edid_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {limits, absurd_size};
	TCase *tcase = tcase_create("edid");
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, paths);
	suite_add_tcase(suite, tcase);
}
