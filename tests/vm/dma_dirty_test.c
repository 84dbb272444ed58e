/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log of dirty pages of containers; and that iommufd has none. */
#include <string.h>

#include "dma_test.h"

#define IOVA (16 * MIB)
#define WORDS 16 /* 4 MiB of pages */

static struct vgpu_context *ctx;
static struct vgpu_dma *dma;
static unsigned char *mem;
static uint64_t bits[WORDS];

static void begin(void)
{
	ctx = new_context();
	dma = new_dma(ctx);
	mem = memory(4 * MIB);
}

static void end(void)
{
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}

static struct vgpu_dma_bitmap bitmap(uint64_t page_size, uint64_t words)
{
	memset(bits, 0x5a, sizeof(bits));
	return (struct vgpu_dma_bitmap){sizeof(struct vgpu_dma_bitmap), page_size, bits, words * 8};
}

static void read_log(uint64_t iova, uint64_t length)
{
	struct vgpu_dma_bitmap all = bitmap(PAGE, WORDS);
	int r = vgpu_dma_dirty_read(dma, iova, length, &all);

	ck_assert_msg(r == 0, "read: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

/* Pages first to last of the range are dirty, and no others. */
static void expect_dirty(unsigned first, unsigned last)
{
	unsigned i;

	for (i = 0; i < WORDS * 64; i++)
		if ((bits[i / 64] >> i % 64 & 1) != (i >= first && i <= last))
			ck_abort_msg("page %u is %s", i, bits[i / 64] >> i % 64 & 1 ? "dirty" : "clean");
}

static void expect_clean(void)
{
	expect_dirty(1, 0);
}

/* Devices that the IOMMU translates for dirty all that is mapped; mdevs only what their drivers use, which is nothing.
 */
START_TEST(dirtied)
{
	struct vgpu_dma_bitmap all = bitmap(PAGE, WORDS);
	struct vgpu_vfio *mtty, *edu;

	begin();
	map(ctx, dma, IOVA, mem, 3 * PAGE, RW);
	map(ctx, dma, IOVA + 65 * PAGE, mem + MIB, 2 * PAGE, RW);
	mtty = open_with(ctx, "MTTY", VGPU_ACCESS_GROUP, dma);
	ck_assert_int_eq(vgpu_dma_dirty_start(dma), 0);
	ck_assert_int_eq(vgpu_dma_dirty_start(dma), 0);
	read_log(IOVA, MIB);
	expect_clean();
	edu = edu_open(ctx, VGPU_ACCESS_GROUP, dma);
	read_log(IOVA, 3 * PAGE);
	expect_dirty(0, 2);
	read_log(IOVA + 60 * PAGE, 64 * PAGE);
	expect_dirty(5, 6);
	map(ctx, dma, IOVA + 3 * MIB, mem, PAGE, RW); /* while it is on */
	read_log(IOVA + MIB, 3 * MIB);
	expect_dirty(512, 512);
	ck_assert_int_eq(vgpu_dma_unmap_dirty(dma, IOVA + 65 * PAGE, 2 * PAGE, &all), 0);
	expect_dirty(0, 1);
	expect_map(dma, IOVA + 65 * PAGE, 0, NULL, 0, 0);
	vgpu_vfio_close(edu);
	read_log(IOVA, MIB); /* may be dirty yet, for the last time */
	read_log(IOVA, MIB);
	expect_clean();
	ck_assert_int_eq(vgpu_dma_dirty_stop(dma), 0);
	ck_assert_int_eq(vgpu_dma_dirty_stop(dma), 0);
	vgpu_vfio_close(mtty);
	end();
}
END_TEST

/* What does not fit is said before the kernel is asked, and changes nothing. */
START_TEST(nonsense)
{
	struct vgpu_dma_bitmap good, small, coarse, odd, none;
	struct vgpu_vfio *edu;

	begin();
	good = small = coarse = odd = none = bitmap(PAGE, WORDS);
	small.bits_size = 8;
	coarse.page_size = 2 * MIB;
	odd.page_size = 3000;
	none.bits = NULL;
	map(ctx, dma, IOVA, mem, MIB, RW);
	map(ctx, dma, IOVA + MIB, mem, MIB, RW);
	expect_failure(ctx, vgpu_dma_dirty_start(dma), -EINVAL, VGPU_CAUSE_INVALID); /* nobody is there */
	edu = edu_open(ctx, VGPU_ACCESS_GROUP, dma);
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB, &good), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "log of dirty pages is off");
	expect_failure(ctx, vgpu_dma_unmap_dirty(dma, IOVA, MIB, &good), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_dma_dirty_start(dma), 0);
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB, &small), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "a bitmap of 32 bytes");
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB, &coarse), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "0x1000");
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB, &odd), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB, &none), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, 0, &good), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_dirty_read(dma, 0, (uint64_t)1 << 46, &good), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "in parts");
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB / 2, &good), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "0x1000000-0x10fffff");
	expect_failure(ctx, vgpu_dma_dirty_read(dma, 8 * IOVA, MIB, &good), -ENOENT, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_unmap_dirty(dma, IOVA, 2 * MIB, &good), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "one mapping at a time");
	expect_map(dma, IOVA, IOVA, mem, MIB, RW);
	edu_expect_copy(edu, IOVA, mem, IOVA + MIB, mem);
	ck_assert_int_eq(vgpu_dma_dirty_start(NULL), -EINVAL);
	ck_assert_int_eq(vgpu_dma_dirty_stop(NULL), -EINVAL);
	ck_assert_int_eq(vgpu_dma_dirty_read(NULL, IOVA, MIB, &good), -EINVAL);
	ck_assert_int_eq(vgpu_dma_unmap_dirty(NULL, IOVA, MIB, &good), -EINVAL);
	vgpu_vfio_close(edu);
	end();
}
END_TEST

/* It goes on when all have left and one comes again. */
START_TEST(comes_again)
{
	struct vgpu_dma_bitmap good = bitmap(PAGE, WORDS);
	struct vgpu_vfio *edu;

	begin();
	map(ctx, dma, IOVA, mem, MIB, RW);
	edu = edu_open(ctx, VGPU_ACCESS_GROUP, dma);
	ck_assert_int_eq(vgpu_dma_dirty_start(dma), 0);
	vgpu_vfio_close(edu);
	expect_failure(ctx, vgpu_dma_dirty_read(dma, IOVA, MIB, &good), -EINVAL, VGPU_CAUSE_INVALID);
	edu = edu_open(ctx, VGPU_ACCESS_GROUP, dma);
	read_log(IOVA, MIB);
	expect_dirty(0, 255);
	vgpu_vfio_close(edu);
	end();
}
END_TEST

START_TEST(none_by_iommufd)
{
	struct vgpu_vfio *edu;

	begin();
	edu = edu_open(ctx, VGPU_ACCESS_IOMMUFD, dma);
	expect_failure(ctx, vgpu_dma_dirty_start(dma), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_words(ctx, "by iommufd there is no log");
	expect_words(ctx, "access path group");
	ck_assert_int_eq(vgpu_dma_dirty_stop(dma), 0);
	vgpu_vfio_close(edu);
	end();
}
END_TEST

void add_dirty_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("dirty");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, dirtied);
	tcase_add_test(tcase, nonsense);
	tcase_add_test(tcase, comes_again);
	if (paths > 1)
		tcase_add_test(tcase, none_by_iommufd);
	suite_add_tcase(suite, tcase);
}
