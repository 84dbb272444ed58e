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

/* mtty does no DMA: its log is always empty. */
START_TEST(dirty_log)
{
	const struct vgpu_dirty_range ranges[] = {{0x100000, 0x200000}, {0, 0x1000}};
	uint64_t page_size = 4096, bitmap[10], i;

	open_it("MTTY_A", _i);
	ck_assert_int_eq(vgpu_dirty_find(vfio), 0);
	ck_assert_int_eq(vgpu_dirty_start(vfio, ranges, 2, &page_size), 0);
	ck_assert_uint_eq(page_size, 4096);
	for (i = 0; i < 10; i++)
		bitmap[i] = 0x5555;
	ck_assert_int_eq(vgpu_dirty_read(vfio, 0x100000, 0x200000, page_size, bitmap, 10), 0); /* 512 pages */
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(bitmap[i], 0);
	ck_assert_uint_eq(bitmap[8], 0x5555);
	bitmap[1] = 0x5555;
	ck_assert_int_eq(vgpu_dirty_read(vfio, 0, 1, page_size, bitmap, 1), 0);
	ck_assert_uint_eq(bitmap[1], 0x5555);
	ck_assert_int_eq(vgpu_dirty_stop(vfio), 0);
	close_it();
}
END_TEST

static void expect_no_start(uint64_t iova, uint64_t length, uint64_t page_size, int wanted, enum vgpu_cause cause)
{
	const struct vgpu_dirty_range ranges[] = {{0x10000, 0x10000}, {iova, length}};
	uint64_t size = page_size;

	expect_failure(ctx, vgpu_dirty_start(vfio, ranges, 2, &size), wanted, cause);
	ck_assert_uint_eq(size, page_size);
}

START_TEST(dirty_bad_ranges)
{
	static struct vgpu_dirty_range many[257];
	uint64_t size = 4096;
	size_t i;

	open_it("MTTY_A", _i);
	ck_assert_int_eq(vgpu_dirty_find(NULL), -EINVAL);
	ck_assert_int_eq(vgpu_dirty_start(NULL, many, 1, &size), -EINVAL);
	expect_failure(ctx, vgpu_dirty_start(vfio, NULL, 1, &size), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_start(vfio, many, 0, &size), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_start(vfio, many, 1, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_start(0x20000, 0, 4096, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_start(0x20000, 4095, 4096, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_start(0x20800, 4096, 4096, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_start(0x20000, 4096, 0, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_start(0x20000, 4096, 2048, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_start(0x20000, 4096, 5000, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_start(UINT64_MAX - 4095, 4096, 4096, -EOVERFLOW, VGPU_CAUSE_INVALID);
	expect_no_start(0x18000, 0x1000, 4096, -EINVAL, VGPU_CAUSE_REFUSED); /* overlaps */
	for (i = 0; i < 257; i++)
		many[i] = (struct vgpu_dirty_range){i * 8192, 4096};
	expect_failure(ctx, vgpu_dirty_start(vfio, many, 257, &size), -E2BIG, VGPU_CAUSE_LIMIT);
	expect_failure(ctx, vgpu_dirty_start(vfio, many, (size_t)UINT32_MAX + 2, &size), -E2BIG, VGPU_CAUSE_LIMIT);
	ck_assert_int_eq(vgpu_dirty_start(vfio, many, 256, &size), 0);
	ck_assert_int_eq(vgpu_dirty_stop(vfio), 0);
	close_it();
}
END_TEST

START_TEST(dirty_bad_reads)
{
	uint64_t bitmap[4] = {0};

	open_it("MTTY_A", _i);
	ck_assert_int_eq(vgpu_dirty_read(NULL, 0, 4096, 4096, bitmap, 1), -EINVAL);
	ck_assert_int_eq(vgpu_dirty_stop(NULL), -EINVAL);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 4096, 4096, NULL, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 4096, 4096, bitmap, 0), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 64 * 4096 + 1, 4096, bitmap, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_read(vfio, 4096, UINT64_MAX - 4096, 4096, bitmap, 4), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 0, 4096, bitmap, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_read(vfio, 100, 4096, 4096, bitmap, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 4096, 100, bitmap, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dirty_read(vfio, UINT64_MAX - 4095, 4096, 4096, bitmap, 1), -EOVERFLOW,
				   VGPU_CAUSE_INVALID);
	close_it();
}
END_TEST

void add_dirty_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("dirty");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, can_log() ? dirty_log : dirty_unsupported, 0, paths);
	if (can_log())
		tcase_add_loop_test(tcase, dirty_bad_ranges, 0, paths);
	tcase_add_loop_test(tcase, dirty_bad_reads, 0, paths);
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
