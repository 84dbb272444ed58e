/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logging of dirty pages by the device, and what a device or kernel without migration answers. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "migration_test.h"

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;

static void open_it(const char *variable, int i)
{
	ctx = new_context();
	vfio = open_with(ctx, variable, path_of(i), NULL);
}

static void close_it(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

/* Debian's 6.12 has mtty's log, but not what passes it on (CONFIG_IOMMUFD_DRIVER). */
static bool can_log(void)
{
	return has_iommufd();
}

START_TEST(dirty_unsupported)
{
	const struct vgpu_dirty_range range = {0, 4096};
	uint64_t page_size = 4096, bitmap = 0x77;

	open_it("MTTY_A", _i);
	expect_failure(ctx, vgpu_dirty_find(vfio), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_str_eq(vgpu_error_get_message(vgpu_context_get_error(ctx)),
					 "the kernel can't pass on what the device logs");
	expect_failure(ctx, vgpu_dirty_start(vfio, &range, 1, &page_size), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 4096, 4096, &bitmap, 1), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_uint_eq(bitmap, UINT64_MAX);
	close_it();
}
END_TEST

void add_dirty_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("dirty");

	tcase_set_timeout(tcase, 60);
	if (!can_log())
		tcase_add_loop_test(tcase, dirty_unsupported, 0, paths);
	suite_add_tcase(suite, tcase);
}

static void expect_nothing(const char *variable, int i)
{
	struct vgpu_migration *session = NULL;
	struct vgpu_dirty_range range = {0, 4096};
	uint64_t size = 4096, bitmap = 0x77;
	int fd = memfd_create("state", MFD_CLOEXEC), before;

	open_it(variable, i);
	before = count_fds();
	ck_assert_int_eq(write(fd, "state", 5), 5);
	expect_failure(ctx, vgpu_migration_open(vfio, &session), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(session);
	ck_assert_str_eq(vgpu_error_get_message(vgpu_context_get_error(ctx)),
					 "the driver that this kernel has can't migrate it");
	expect_failure(ctx, vgpu_migration_save(vfio, fd, NULL), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	expect_failure(ctx, vgpu_migration_load(vfio, fd, NULL), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0); /* nothing was taken */
	expect_failure(ctx, vgpu_dirty_find(vfio), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_dirty_start(vfio, &range, 1, &size), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_dirty_stop(vfio), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 4096, 4096, &bitmap, 1), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_uint_eq(bitmap, UINT64_MAX); /* nobody knows: dirty */
	ck_assert_int_eq(count_fds(), before);
	close(fd);
	close_it();
}

START_TEST(unsupported)
{
	expect_nothing("MDPY", _i);
	if (!can_migrate())
		expect_nothing("MTTY_A", _i);
}
END_TEST

void add_unsupported_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("unsupported");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, unsupported, 0, paths);
	suite_add_tcase(suite, tcase);
}
