/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that join, leave and share a table, while memory is mapped. */
#include "dma_test.h"

#define IOVA (16 * MIB)

static struct vgpu_context *ctx;
static struct vgpu_dma *dma;
static unsigned char *mem;

static void begin(void)
{
	ctx = new_context();
	dma = new_dma(ctx);
	mem = memory(4 * MIB);
}

static void end(int fds)
{
	vgpu_dma_unref(dma);
	ck_assert_int_eq(count_fds(), fds);
	vgpu_context_unref(ctx);
}

/* Mapped first, joined later; left, and joined again; with one more mapping each time. */
START_TEST(late)
{
	struct vgpu_vfio *edu;
	int fds, round;

	begin();
	fds = count_fds();
	for (round = 0; round < 3; round++) {
		map(ctx, dma, IOVA + MIB * (uint64_t)round, mem + MIB * (uint64_t)round, MIB, RW);
		edu = edu_open(ctx, path_of(_i), dma);
		edu_expect_copy(edu, IOVA, mem, IOVA + MIB * (uint64_t)round + PAGE, mem + MIB * (uint64_t)round + PAGE);
		vgpu_vfio_close(edu);
		ck_assert_int_eq(count_fds(), fds);
	}
	end(fds);
}
END_TEST

static void expect_same_table(const struct vgpu_vfio *a, const struct vgpu_vfio *b)
{
	ck_assert_int_eq(vgpu_vfio_get_container_fd(a), vgpu_vfio_get_container_fd(b));
	ck_assert_int_eq(vgpu_vfio_get_iommufd(a), vgpu_vfio_get_iommufd(b));
	ck_assert_uint_eq(vgpu_vfio_get_ioas_id(a), vgpu_vfio_get_ioas_id(b));
}

/* Two devices with an IOMMU, and an mdev, which come and go around edu, that goes on working. */
START_TEST(shared)
{
	struct vgpu_vfio *mtty, *bochs, *edu;
	int fds;

	begin();
	fds = count_fds();
	mtty = open_with(ctx, "MTTY", path_of(_i), dma);
	map(ctx, dma, IOVA, mem, MIB, RW);
	edu = edu_open(ctx, path_of(_i), dma);
	expect_same_table(mtty, edu);
	edu_expect_copy(edu, IOVA, mem, IOVA + PAGE, mem + PAGE);
	bochs = open_with(ctx, "BOCHS", path_of(_i), dma);
	expect_same_table(bochs, edu);
	vgpu_vfio_close(mtty);
	map(ctx, dma, IOVA + MIB, mem + MIB, MIB, RW);
	edu_expect_copy(edu, IOVA, mem, IOVA + MIB, mem + MIB);
	vgpu_vfio_close(edu);
	unmap(ctx, dma, IOVA, MIB);
	edu = edu_open(ctx, path_of(_i), dma);
	vgpu_vfio_close(bochs);
	fill(mem, MIB, 0x22000000);
	edu_expect_no_write(edu, IOVA, mem);
	edu_expect_copy(edu, IOVA + MIB, mem + MIB, IOVA + MIB + PAGE, mem + MIB + PAGE);
	vgpu_vfio_close(edu);
	end(fds);
}
END_TEST

/* What is mapped is in the way of a device whose IOMMU can't translate it: alone, or as the second to join. */
START_TEST(in_the_way)
{
	struct vgpu_vfio *mtty = NULL;
	int fds, round;

	begin();
	fds = count_fds();
	for (round = 0; round < 2; round++) {
		map(ctx, dma, 0xfee00000, mem, PAGE, RW);
		map(ctx, dma, IOVA, mem, PAGE, RW);
		if (round)
			mtty = open_with(ctx, "MTTY", path_of(_i), dma);
		expect_no_open(ctx, device("EDU"), path_of(_i), dma, round && _i ? -EADDRINUSE : -EINVAL,
					   VGPU_CAUSE_OUT_OF_RANGE);
		if (!round || _i == 0)
			expect_words(ctx, "0xfee00000-0xfee00fff is not inside the usable IOVAs: 0x0-0xfedfffff");
		vgpu_vfio_close(mtty);
		unmap(ctx, dma, 0xfee00000, PAGE);
		vgpu_vfio_close(edu_open(ctx, path_of(_i), dma));
		unmap(ctx, dma, IOVA, PAGE);
	}
	end(fds);
}
END_TEST

/* Memory that is not there any more, and one mapping of many that makes the join fail. */
START_TEST(bad_memory)
{
	struct vgpu_vfio *edu;
	int fds, i;

	begin();
	fds = count_fds();
	for (i = 0; i < 20; i++)
		map(ctx, dma, IOVA + 2 * PAGE * (uint64_t)i, mem + PAGE * (uint64_t)i, PAGE, RW);
	map(ctx, dma, IOVA + 31 * PAGE, (void *)(uintptr_t)PAGE, PAGE, RW); /* nobody has memory at 4096 */
	expect_no_open(ctx, device("EDU"), path_of(_i), dma, -EFAULT, VGPU_CAUSE_INVALID);
	unmap(ctx, dma, IOVA + 31 * PAGE, PAGE);
	edu = edu_open(ctx, path_of(_i), dma);
	edu_expect_copy(edu, IOVA + 38 * PAGE, mem + 19 * PAGE, IOVA, mem);
	vgpu_vfio_close(edu);
	end(fds);
}
END_TEST

void add_join_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("join");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, late, 0, paths);
	tcase_add_loop_test(tcase, shared, 0, paths);
	tcase_add_loop_test(tcase, in_the_way, 0, paths);
	tcase_add_loop_test(tcase, bad_memory, 0, paths);
	suite_add_tcase(suite, tcase);
}
