/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that the device may reach: what may be mapped, what is said where not, and data that really move. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access_test.h"

#define IOVA (16 * MIB)

static struct vgpu_dma *dma;

/* What makes no sense is refused alike with and without a device. */
static void refuse_nonsense(unsigned char *mem)
{
	struct vgpu_dma_range range = {.size = sizeof(range)};
	uint64_t iova = 7;

	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem, PAGE, 0), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem, PAGE, RW | 1u << 31), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem, PAGE, RW | VGPU_DMA_FD), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem, 0, RW), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "length is 0");
	expect_failure(ctx, vgpu_dma_map(dma, MIB, NULL, PAGE, RW), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map(dma, MIB + 512, mem, PAGE, RW), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "multiples of the page size, 4096");
	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem, PAGE + 512, RW), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem + 512, PAGE, RW), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "address");
	expect_failure(ctx, vgpu_dma_map(dma, -PAGE, mem, 2 * PAGE, RW), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "last IOVA");
	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem, -PAGE, RW), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_unmap(dma, MIB, 0), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_unmap(dma, MIB + 1, PAGE), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_unmap(dma, -PAGE, 2 * PAGE), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_unmap(dma, MIB, PAGE), -ENOENT, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map_anywhere(dma, mem, 0, RW, &iova), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map_anywhere(dma, mem, PAGE, 0, &iova), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map_anywhere(dma, mem, PAGE, RW, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map_ranges(dma, NULL, 1, 0), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map_ranges(dma, &range, 1, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map_ranges(dma, &range, 1, 0), -EINVAL, VGPU_CAUSE_INVALID);
	range.size = 8;
	expect_failure(ctx, vgpu_dma_map_ranges(dma, &range, 1, 0), -EINVAL, VGPU_CAUSE_INVALID);
	range = (struct vgpu_dma_range){sizeof(range), MIB, mem, PAGE, RW | VGPU_DMA_FD, 1000, 0};
	expect_failure(ctx, vgpu_dma_map_ranges(dma, &range, 1, 0), -EBADF, VGPU_CAUSE_OTHER);
	ck_assert_uint_eq(iova, 7);
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, NULL, 0, VGPU_DMA_MERGE), 0);
	expect_map(dma, MIB, 0, NULL, 0, 0);
}

START_TEST(nonsense)
{
	unsigned char *mem = memory(4 * PAGE);

	dma = new_dma(ctx);
	refuse_nonsense(mem);
	open_device(dma);
	refuse_nonsense(mem);
	ck_assert_int_eq(vgpu_dma_map(NULL, MIB, mem, PAGE, RW), -EINVAL);
	ck_assert_int_eq(vgpu_dma_unmap(NULL, MIB, PAGE), -EINVAL);
	ck_assert_int_eq(vgpu_dma_unmap_all(NULL), -EINVAL);
	ck_assert_int_eq(vgpu_dma_find(NULL, MIB, NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_dma_find(dma, MIB, NULL, NULL), -EINVAL);
	close_device();
	vgpu_dma_unref(dma);
	munmap(mem, 4 * PAGE);
}
END_TEST

/* Before a device is there, and with one. */
START_TEST(overlaps)
{
	unsigned char *mem = memory(16 * PAGE);

	dma = new_dma(ctx);
	if (_i)
		open_device(dma);
	map(ctx, dma, MIB, mem, 4 * PAGE, RW);
	map(ctx, dma, MIB + 4 * PAGE, mem + 8 * PAGE, PAGE, VGPU_DMA_READ);
	expect_failure(ctx, vgpu_dma_map(dma, MIB + 3 * PAGE, mem, PAGE, RW), -EEXIST, VGPU_CAUSE_EXISTS);
	expect_words(ctx, "0x103000-0x103fff overlaps the mapping 0x100000-0x103fff");
	expect_failure(ctx, vgpu_dma_map(dma, MIB - PAGE, mem, 16 * PAGE, RW), -EEXIST, VGPU_CAUSE_EXISTS);
	expect_failure(ctx, vgpu_dma_map(dma, MIB, mem, 4 * PAGE, RW), -EEXIST, VGPU_CAUSE_EXISTS);
	/* cutting a mapping */
	expect_failure(ctx, vgpu_dma_unmap(dma, MIB, PAGE), -EINVAL, VGPU_CAUSE_INVALID);
	expect_words(ctx, "0x100000-0x103fff");
	expect_failure(ctx, vgpu_dma_unmap(dma, MIB + PAGE, 8 * PAGE), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_unmap(dma, 0, MIB + PAGE), -EINVAL, VGPU_CAUSE_INVALID);
	expect_map(dma, MIB + PAGE, MIB, mem, 4 * PAGE, RW);
	expect_failure(ctx, vgpu_dma_unmap(dma, MIB + 5 * PAGE, PAGE), -ENOENT, VGPU_CAUSE_INVALID);
	expect_map(dma, MIB + 4 * PAGE, MIB + 4 * PAGE, mem + 8 * PAGE, PAGE, VGPU_DMA_READ);
	expect_map(dma, MIB - 1, 0, NULL, 0, 0);
	/* several at once, with holes around */
	unmap(ctx, dma, 0, 2 * MIB);
	expect_map(dma, MIB, 0, NULL, 0, 0);
	map(ctx, dma, MIB, mem, 16 * PAGE, RW); /* nothing is left with the kernel or the server either */
	unmap(ctx, dma, MIB, 16 * PAGE);
	map(ctx, dma, MIB, mem, PAGE, RW);
	map(ctx, dma, 2 * MIB, mem, PAGE, RW); /* the same memory twice */
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	expect_map(dma, 2 * MIB, 0, NULL, 0, 0);
	if (_i)
		close_device();
	vgpu_dma_unref(dma);
	munmap(mem, 16 * PAGE);
}
END_TEST

/* Memory of each kind that a monitor has: without a file; of one that can't shrink; of one that can. */
static unsigned char *make_memory(int kind, struct vgpu_dma_range *range)
{
	*range = (struct vgpu_dma_range){.size = sizeof(*range), .iova = IOVA, .length = 4 * MIB, .flags = RW, .fd = -1};
	if (kind) {
		range->fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		ck_assert_int_eq(ftruncate(range->fd, (off_t)range->length), 0);
		if (kind == 1)
			ck_assert_int_eq(fcntl(range->fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
		range->flags |= VGPU_DMA_FD;
	}
	range->address = mmap(NULL, range->length, PROT_READ | PROT_WRITE, kind ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
						  range->fd, 0);
	ck_assert_ptr_ne(range->address, MAP_FAILED);
	fill(range->address, range->length, 0x21000000);
	return range->address;
}

static void free_memory(const struct vgpu_dma_range *range)
{
	munmap(range->address, range->length);
	if (range->fd >= 0)
		close(range->fd);
}

static void open_engine(void)
{
	open_device(dma);
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 1, NULL));
}

static void expect_copy(unsigned char *mem, uint64_t from, uint64_t to, uint32_t length)
{
	ck_assert_int_ne(memcmp(mem + from, mem + to, length), 0);
	ck_assert(facts->copy(IOVA + from, IOVA + to, length));
	ck_assert_int_eq(memcmp(mem + from, mem + to, length), 0);
}

/* Mapped before the device joined, and after. */
START_TEST(copies)
{
	struct vgpu_dma_range range;
	unsigned char *mem = make_memory(_i / 2, &range);

	dma = new_dma(ctx);
	if (_i % 2)
		ck_assert_int_eq(vgpu_dma_map_ranges(dma, &range, 1, 0), 0);
	open_engine();
	if (_i % 2 == 0)
		ck_assert_int_eq(vgpu_dma_map_ranges(dma, &range, 1, 0), 0);
	expect_map(dma, IOVA + 12345, IOVA, mem, range.length, range.flags);
	expect_copy(mem, 0, 2 * MIB, facts->copy_most);
	expect_copy(mem, 3 * MIB, 3 * MIB + PAGE + 64, 128);
	expect_copy(mem, PAGE - 64, range.length - 128, 128); /* to the last byte */
	unmap(ctx, dma, IOVA, range.length);
	expect_map(dma, IOVA, 0, NULL, 0, 0);
	close_device();
	vgpu_dma_unref(dma);
	free_memory(&range);
}
END_TEST

static void expect_no_write(unsigned char *mem, uint64_t from, uint64_t to)
{
	unsigned char before[128];

	memcpy(before, mem + to, sizeof(before));
	ck_assert_int_ne(memcmp(before, mem + from, sizeof(before)), 0);
	facts->copy(IOVA + from, IOVA + to, sizeof(before));
	ck_assert_int_eq(memcmp(before, mem + to, sizeof(before)), 0);
}

/* What is not mapped, not mapped any more, or only to be read, stays as it is. */
START_TEST(kept_away)
{
	struct vgpu_dma_range range;
	unsigned char *mem = make_memory(_i, &range);

	range.length = MIB;
	dma = new_dma(ctx);
	open_engine();
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, &range, 1, 0), 0);
	range.iova += MIB;
	range.address = mem + MIB;
	range.offset += MIB;
	range.flags &= ~VGPU_DMA_WRITE;
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, &range, 1, 0), 0);
	expect_no_write(mem, 0, MIB + PAGE);     /* read-only */
	expect_copy(mem, MIB + PAGE, PAGE, 128); /* which can be read */
	expect_no_write(mem, 0, 2 * MIB);        /* never mapped */
	unmap(ctx, dma, IOVA + MIB, MIB);
	expect_no_write(mem, 0, MIB);
	expect_copy(mem, 0, 2 * PAGE, 128); /* it is none the worse for it */
	close_device();
	vgpu_dma_unref(dma);
	range.address = mem;
	range.length = 4 * MIB;
	free_memory(&range);
}
END_TEST

/* All of a layout, or nothing. */
START_TEST(all_or_nothing)
{
	unsigned char *mem = memory(4 * MIB);
	struct vgpu_dma_range all[] = {{sizeof(all[0]), IOVA, mem, MIB, RW, -1, 0},
								   {sizeof(all[0]), IOVA + MIB, mem + MIB, MIB, RW, -1, 0},
								   {sizeof(all[0]), IOVA + PAGE, mem, MIB, RW, -1, 0}};
	uint64_t at = 0;

	dma = new_dma(ctx);
	open_device(dma);
	expect_failure(ctx, vgpu_dma_map_ranges(dma, all, 3, 0), -EEXIST, VGPU_CAUSE_EXISTS);
	expect_map(dma, IOVA, 0, NULL, 0, 0);
	expect_map(dma, IOVA + MIB, 0, NULL, 0, 0);
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, all, 2, VGPU_DMA_MERGE), 0);
	expect_map(dma, IOVA + MIB + 5, IOVA, mem, 2 * MIB, RW); /* one mapping */
	expect_failure(ctx, vgpu_dma_unmap(dma, IOVA, MIB), -EINVAL, VGPU_CAUSE_INVALID);
	unmap(ctx, dma, IOVA, 2 * MIB);
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, all, 2, 0), 0);
	unmap(ctx, dma, IOVA, MIB); /* each alone */
	expect_map(dma, IOVA + MIB, IOVA + MIB, mem + MIB, MIB, RW);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, mem + 2 * MIB, PAGE, RW, &at), 0);
	ck_assert_uint_ne(at, 0);
	expect_map(dma, at, at, mem + 2 * MIB, PAGE, RW);
	close_device();
	vgpu_dma_unref(dma);
	munmap(mem, 4 * MIB);
}
END_TEST

void add_dma_bodies(TCase *tcase)
{
	tcase_add_test(tcase, nonsense);
	tcase_add_loop_test(tcase, overlaps, 0, 2);
	tcase_add_test(tcase, all_or_nothing);
	if (facts->copy) {
		tcase_add_loop_test(tcase, copies, 0, 6);
		tcase_add_loop_test(tcase, kept_away, 0, 3);
	}
}
