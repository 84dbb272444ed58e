/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device's own log of the pages that it writes to. */
#include <string.h>
#include <sys/mman.h>

#include "access_test.h"

#define IOVA (16 * MIB)

/* mtty's is always empty, as it does no DMA; and only a kernel with CONFIG_IOMMUFD_DRIVER passes it on. */
static bool has_log(void)
{
	return facts->logs || (facts->migration && has_iommufd() && way != VGPU_ACCESS_USER);
}

static void expect_read(uint64_t iova, uint64_t pages, uint64_t wanted)
{
	uint64_t bitmap[2] = {0x5555, 0x5555};

	expect_ok(vgpu_dirty_read(vfio, iova, pages * PAGE, PAGE, bitmap, 2));
	ck_assert_uint_eq(bitmap[0], facts->copy ? wanted : 0);
	ck_assert_uint_eq(bitmap[1], 0x5555); /* more than asked for is left alone */
}

START_TEST(written_pages)
{
	const struct vgpu_dirty_range ranges[] = {{IOVA + 16 * PAGE, 16 * PAGE}, {IOVA, 8 * PAGE}};
	uint64_t page_size = 4096;
	unsigned char *mem = memory(MIB);

	open_device(NULL);
	expect_ok(vgpu_dma_map(vgpu_vfio_get_dma(vfio), IOVA, mem, MIB, RW));
	expect_ok(vgpu_dirty_find(vfio));
	expect_ok(vgpu_dirty_start(vfio, ranges, 2, &page_size));
	ck_assert_uint_eq(page_size, 4096);
	expect_read(IOVA, 8, 0);
	if (facts->copy) {
		expect_failure(ctx, vgpu_dirty_start(vfio, ranges, 2, &page_size), -EINVAL, VGPU_CAUSE_REFUSED);
		expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 1, NULL));
		ck_assert(facts->copy(IOVA, IOVA + 3 * PAGE - 10, 20));       /* pages 2 and 3 */
		ck_assert(facts->copy(IOVA, IOVA + 12 * PAGE, 4 * PAGE + 1)); /* 12 to 16, of which one is asked about */
		ck_assert(facts->copy(IOVA + 40 * PAGE, IOVA + 50 * PAGE, 100));
	}
	expect_read(IOVA, 8, 0xc);
	expect_read(IOVA, 8, 0); /* read, it is clean */
	expect_read(IOVA + 16 * PAGE, 16, 1);
	expect_ok(vgpu_dirty_stop(vfio));
	expect_ok(vgpu_dirty_start(vfio, ranges, 2, &page_size)); /* anew, and clean */
	expect_read(IOVA + 16 * PAGE, 16, 0);
	expect_ok(vgpu_dirty_stop(vfio));
	close_device();
	munmap(mem, MIB);
}
END_TEST

/* Of a device whose pages somebody knows: more than is asked about can't be read, nor a log that is off. */
START_TEST(outside)
{
	const struct vgpu_dirty_range range = {IOVA, 8 * PAGE};
	uint64_t page_size = 4096, bitmap = 0;

	open_device(NULL);
	expect_failure(ctx, vgpu_dirty_stop(vfio), -EINVAL, VGPU_CAUSE_REFUSED);
	expect_failure(ctx, vgpu_dirty_read(vfio, IOVA, PAGE, PAGE, &bitmap, 1), -EINVAL, VGPU_CAUSE_REFUSED);
	ck_assert_uint_eq(bitmap, UINT64_MAX);
	expect_ok(vgpu_dirty_start(vfio, &range, 1, &page_size));
	expect_failure(ctx, vgpu_dirty_read(vfio, IOVA + PAGE, 8 * PAGE, PAGE, &bitmap, 1), -EINVAL, VGPU_CAUSE_REFUSED);
	expect_ok(vgpu_dirty_read(vfio, IOVA + PAGE, 7 * PAGE, PAGE, &bitmap, 1));
	ck_assert_uint_eq(bitmap, 0);
	expect_ok(vgpu_dirty_stop(vfio));
	close_device();
}
END_TEST

static void expect_no_start(uint64_t iova, uint64_t length, uint64_t page_size, int wanted, enum vgpu_cause cause)
{
	const struct vgpu_dirty_range ranges[] = {{0x10000, 0x10000}, {iova, length}};
	uint64_t size = page_size;

	expect_failure(ctx, vgpu_dirty_start(vfio, ranges, 2, &size), wanted, cause);
	ck_assert_uint_eq(size, page_size);
}

START_TEST(bad_ranges)
{
	static struct vgpu_dirty_range many[257];
	uint64_t size = 4096;
	size_t i;

	open_device(NULL);
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
	expect_ok(vgpu_dirty_start(vfio, many, 256, &size));
	expect_ok(vgpu_dirty_stop(vfio));
	close_device();
}
END_TEST

START_TEST(bad_reads)
{
	uint64_t bitmap[4] = {0};

	open_device(NULL);
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
	close_device();
}
END_TEST

START_TEST(no_log)
{
	const struct vgpu_dirty_range range = {0, 4096};
	uint64_t page_size = 4096, bitmap = 0x77;

	open_device(NULL);
	expect_failure(ctx, vgpu_dirty_find(vfio), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_str_ne(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "");
	expect_failure(ctx, vgpu_dirty_start(vfio, &range, 1, &page_size), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_dirty_read(vfio, 0, 4096, 4096, &bitmap, 1), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_uint_eq(bitmap, UINT64_MAX); /* nobody knows: dirty */
	close_device();
}
END_TEST

void add_dirty_bodies(TCase *tcase)
{
	if (has_log()) {
		tcase_add_test(tcase, written_pages);
		tcase_add_test(tcase, bad_ranges);
	} else {
		tcase_add_test(tcase, no_log);
	}
	if (facts->logs)
		tcase_add_test(tcase, outside);
	tcase_add_test(tcase, bad_reads);
}
