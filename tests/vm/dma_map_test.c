/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be mapped and unmapped, and what is said where not; whole layouts; free IOVAs. */
#include <stdlib.h>
#include <string.h>

#include "dma_test.h"

static struct vgpu_context *ctx;
static struct vgpu_dma *dma;

/* A guest: memory below 4 GiB, the rest above, and its ROM; one array of elements that are longer than we know. */
struct longer {
	struct vgpu_dma_range range;
	uint64_t unknown;
};

static void lay_out(struct longer ranges[4], unsigned char *mem)
{
	const struct vgpu_dma_range all[4] = {
		{sizeof(struct longer), 18 * MIB, mem + 2 * MIB, MIB, RW, 0, 0}, /* the third piece of the first */
		{sizeof(struct longer), 16 * MIB, mem, MIB, RW, 0, 0},
		{sizeof(struct longer), 17 * MIB, mem + MIB, MIB, RW, 0, 0},
		{sizeof(struct longer), 19 * MIB, mem + 3 * MIB, PAGE, VGPU_DMA_READ, 0, 0}, /* other rights */
	};
	int i;

	for (i = 0; i < 4; i++)
		ranges[i] = (struct longer){all[i], 0};
}

START_TEST(layout)
{
	unsigned char *mem = memory(4 * MIB);
	struct longer ranges[4];
	struct vgpu_vfio *edu;
	int64_t left;

	ctx = new_context();
	dma = new_dma(ctx);
	edu = edu_open(ctx, path_of(_i), dma);
	left = mappings_left(ctx, dma);
	lay_out(ranges, mem);
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, &ranges[0].range, 4, VGPU_DMA_MERGE), 0);
	if (_i == 0)
		ck_assert_int_eq(mappings_left(ctx, dma), left - 2);
	expect_map(dma, 17 * MIB + 5, 16 * MIB, mem, 3 * MIB, RW);
	expect_map(dma, 19 * MIB, 19 * MIB, mem + 3 * MIB, PAGE, VGPU_DMA_READ);
	edu_expect_copy(edu, 17 * MIB - 1024, mem + MIB - 1024, 18 * MIB - 512, mem + 2 * MIB - 512);
	expect_failure(ctx, vgpu_dma_unmap(dma, 17 * MIB, MIB), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_dma_map_ranges(dma, &ranges[1].range, 1, 0), -EEXIST, VGPU_CAUSE_EXISTS);
	unmap(ctx, dma, 16 * MIB, 3 * MIB);
	unmap(ctx, dma, 19 * MIB, PAGE);
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, &ranges[0].range, 4, 0), 0);
	if (_i == 0)
		ck_assert_int_eq(mappings_left(ctx, dma), left - 4);
	unmap(ctx, dma, 17 * MIB, MIB); /* each alone */
	fill(mem, 4 * MIB, 0x44000000);
	edu_expect_no_write(edu, 17 * MIB, mem + MIB);
	edu_expect_copy(edu, 16 * MIB, mem, 18 * MIB, mem + 2 * MIB);
	vgpu_vfio_close(edu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* All or nothing: what fails is the last that is tried. */
START_TEST(all_or_nothing)
{
	unsigned char *mem = memory(4 * MIB);
	struct vgpu_dma_range bad[] = {{sizeof(bad[0]), 32 * MIB, mem, MIB, RW, -1, 0},
								   {sizeof(bad[0]), 16 * MIB, mem, MIB, RW, -1, 0},
								   {sizeof(bad[0]), 64 * MIB, mem, MIB, RW, -1, 0}};
	struct vgpu_vfio *edu;
	int64_t left;

	ctx = new_context();
	dma = new_dma(ctx);
	edu = edu_open(ctx, path_of(_i), dma);
	left = mappings_left(ctx, dma);
	bad[2].iova = 0xfee00000; /* the IOMMU's own */
	expect_failure(ctx, vgpu_dma_map_ranges(dma, bad, 3, 0), -EINVAL, VGPU_CAUSE_OUT_OF_RANGE);
	bad[2].iova = 32 * MIB + PAGE;
	expect_failure(ctx, vgpu_dma_map_ranges(dma, bad, 3, VGPU_DMA_MERGE), -EEXIST, VGPU_CAUSE_EXISTS);
	bad[2].iova = 64 * MIB + 1;
	expect_failure(ctx, vgpu_dma_map_ranges(dma, bad, 3, 0), -EINVAL, VGPU_CAUSE_INVALID);
	bad[2].iova = 64 * MIB;
	bad[2].size = sizeof(bad[0]) + 8;
	expect_failure(ctx, vgpu_dma_map_ranges(dma, bad, 3, 0), -EINVAL, VGPU_CAUSE_INVALID);
	bad[2].size = sizeof(bad[0]);
	map(ctx, dma, 64 * MIB + MIB - PAGE, mem, PAGE, RW);
	expect_failure(ctx, vgpu_dma_map_ranges(dma, bad, 3, 0), -EEXIST, VGPU_CAUSE_EXISTS);
	unmap(ctx, dma, 64 * MIB + MIB - PAGE, PAGE);
	expect_map(dma, 16 * MIB, 0, NULL, 0, 0);
	expect_map(dma, 32 * MIB, 0, NULL, 0, 0);
	ck_assert_int_eq(mappings_left(ctx, dma), left);
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, bad, 3, 0), 0); /* the kernel has nothing there either */
	vgpu_vfio_close(edu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* Wherever there is room: within what is usable, nothing twice, and what is given back is found again. */
START_TEST(anywhere)
{
	unsigned char *mem = memory(8 * MIB), *aligned = (void *)(((uintptr_t)mem + 2 * MIB) & ~(2 * MIB - 1));
	uint64_t at[64], again = 0;
	struct vgpu_vfio *edu;
	int i;

	ctx = new_context();
	dma = new_dma(ctx);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, mem, PAGE, RW, &at[0]), 0); /* before any device */
	edu = edu_open(ctx, path_of(_i), dma);
	for (i = 1; i < 64; i++) {
		uint64_t length = i % 4 ? (uint64_t)i * PAGE : 2 * MIB;

		ck_assert_int_eq(vgpu_dma_map_anywhere(dma, aligned + (uint64_t)i * PAGE, length, RW, &at[i]), 0);
		ck_assert_uint_ne(at[i], 0);
		if (length == 2 * MIB)
			ck_assert_uint_eq(at[i] % (2 * MIB), (uint64_t)i * PAGE);
		expect_map(dma, at[i], at[i], aligned + (uint64_t)i * PAGE, length, RW);
	}
	edu_expect_copy(edu, at[0], mem, at[1], aligned + PAGE);
	unmap(ctx, dma, at[13], 13 * PAGE);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, mem, 13 * PAGE, VGPU_DMA_READ, &again), 0);
	ck_assert_uint_eq(again, at[13]);
	vgpu_vfio_close(edu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* Until nothing is left. mdevs' tables take any address of memory that nobody has touched yet. */
START_TEST(exhausted)
{
	const uint64_t eighth = (uint64_t)1 << 61;
	struct vgpu_vfio *mtty;
	uint64_t iova = 7;
	int i, r = 0;

	ctx = new_context();
	dma = new_dma(ctx);
	mtty = open_with(ctx, "MTTY", path_of(_i), dma);
	for (i = 0; r == 0 && i < 9; i++)
		r = vgpu_dma_map_anywhere(dma, (void *)(uintptr_t)MIB, eighth, RW, &iova);
	expect_failure(ctx, r, -ENOSPC, VGPU_CAUSE_LIMIT);
	expect_words(ctx, "free in one piece");
	ck_assert_int_ge(i, 7);
	unmap(ctx, dma, iova, eighth);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, (void *)(uintptr_t)MIB, eighth / 2, RW, &iova), 0);
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	vgpu_vfio_close(mtty);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

void add_map_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("map");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, layout, 0, paths);
	tcase_add_loop_test(tcase, all_or_nothing, 0, paths);
	tcase_add_loop_test(tcase, anywhere, 0, paths);
	tcase_add_loop_test(tcase, exhausted, 0, paths);
	suite_add_tcase(suite, tcase);
}
