/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A DMA object that no device has joined: its bookkeeping alone, with no memory behind what is mapped. What kernels do
 * with it is tested in the test VM.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "run_suite.h"
#include "tree.h"

#define PAGE ((uint64_t)4096)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define MANY 3000

static struct vgpu_context *ctx;
static struct vgpu_dma *dma;

static void begin(void)
{
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
}

static void end(void)
{
	ck_assert_ptr_null(vgpu_dma_unref(dma));
	vgpu_context_unref(ctx);
}

static void *at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

/* Where the mapping that holds iova starts; UINT64_MAX: there is none. */
static uint64_t start_of(uint64_t iova)
{
	struct vgpu_dma_range range = {.size = sizeof(range)};

	return vgpu_dma_find(dma, iova, &range, NULL) ? UINT64_MAX : range.iova;
}

static void expect_cause(int result, int wanted, enum vgpu_cause cause)
{
	ck_assert_int_eq(result, wanted);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), cause);
}

START_TEST(new_object)
{
	struct vgpu_dma *none = NULL;

	begin();
	ck_assert_int_eq(vgpu_dma_new(NULL, &none), -EINVAL);
	expect_cause(vgpu_dma_new(ctx, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(vgpu_dma_ref(NULL));
	ck_assert_ptr_null(vgpu_dma_unref(NULL));
	ck_assert_ptr_eq(vgpu_dma_ref(dma), dma);
	ck_assert_ptr_null(vgpu_dma_unref(dma));
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	ck_assert_ptr_null(vgpu_dma_limits_unref(NULL));
	expect_cause(vgpu_dma_limits_find(dma, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_dma_limits_find(NULL, NULL), -EINVAL);
	end();
}
END_TEST

/* Many, in an order that is none; some are taken out, the rest is left to the object. */
START_TEST(many)
{
	uint64_t i;

	begin();
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(vgpu_dma_map(dma, i * 1009 % MANY * 2 * PAGE, at(MIB), PAGE, VGPU_DMA_READ), 0);
	for (i = 0; i < MANY; i += 3)
		ck_assert_int_eq(vgpu_dma_unmap(dma, i * 2 * PAGE, PAGE), 0);
	for (i = 0; i < MANY; i += 100)
		ck_assert_uint_eq(start_of(i * 2 * PAGE + 9), i % 3 ? i * 2 * PAGE : UINT64_MAX);
	ck_assert_int_eq(vgpu_dma_unmap(dma, 0, 200 * PAGE), 0);
	ck_assert_uint_eq(start_of(199 * PAGE), UINT64_MAX);
	ck_assert_uint_eq(start_of(202 * PAGE), 202 * PAGE);
	end();
}
END_TEST

/* Files: the object's own descriptor, which goes with the mapping. */
START_TEST(files)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), other = dup(fd), kept;
	struct vgpu_dma_range ranges[] = {
		{sizeof(ranges[0]), 2 * MIB, at(2 * MIB), MIB, VGPU_DMA_READ | VGPU_DMA_FD, fd, MIB},
		{sizeof(ranges[0]), MIB, at(MIB), MIB, VGPU_DMA_READ | VGPU_DMA_FD, fd, 0},
		{sizeof(ranges[0]), 3 * MIB, at(3 * MIB), MIB, VGPU_DMA_READ | VGPU_DMA_FD, fd, 7 * MIB}, /* another place */
		{sizeof(ranges[0]), 4 * MIB, at(4 * MIB), MIB, VGPU_DMA_READ | VGPU_DMA_FD, other, 8 * MIB},
	};
	struct vgpu_dma_range found = {.size = sizeof(found)};
	uint64_t follows;

	begin();
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, ranges, 4, VGPU_DMA_MERGE), 0);
	ck_assert_int_eq(vgpu_dma_find(dma, 2 * MIB, &found, &follows), 0);
	ck_assert_uint_eq(found.iova, MIB);
	ck_assert_uint_eq(found.length, 2 * MIB);
	ck_assert_uint_eq(found.offset, 0);
	ck_assert_uint_eq(follows, MIB);
	ck_assert_int_ne(found.fd, fd);
	kept = found.fd;
	ck_assert_int_ge(fcntl(kept, F_GETFD), 0);
	ck_assert_uint_eq(start_of(3 * MIB), 3 * MIB);
	ck_assert_uint_eq(start_of(4 * MIB), 4 * MIB);
	ck_assert_int_eq(vgpu_dma_unmap(dma, MIB, 2 * MIB), 0);
	ck_assert_int_eq(fcntl(kept, F_GETFD), -1);
	close(fd);
	close(other);
	end();
}
END_TEST

/* A caller whose struct is shorter, or longer, than the library's. */
START_TEST(sizes)
{
	struct {
		struct vgpu_dma_range range;
		uint64_t later;
	} longer = {.range = {.size = sizeof(longer)}, .later = 5};
	struct vgpu_dma_range shorter = {.size = offsetof(struct vgpu_dma_range, flags), .flags = 99};

	begin();
	ck_assert_int_eq(vgpu_dma_map(dma, MIB, at(MIB), MIB, VGPU_DMA_WRITE), 0);
	ck_assert_int_eq(vgpu_dma_find(dma, MIB, &longer.range, NULL), 0);
	ck_assert_uint_eq(longer.range.size, sizeof(longer));
	ck_assert_uint_eq(longer.range.flags, VGPU_DMA_WRITE);
	ck_assert_uint_eq(longer.later, 0);
	ck_assert_int_eq(vgpu_dma_find(dma, MIB, &shorter, NULL), 0);
	ck_assert_uint_eq(shorter.length, MIB);
	ck_assert_uint_eq(shorter.flags, 99);
	longer.range.size = 4;
	ck_assert_int_eq(vgpu_dma_find(dma, MIB, &longer.range, NULL), -EINVAL);
	longer = (typeof(longer)){.range = {sizeof(longer), 2 * MIB, at(MIB), MIB, VGPU_DMA_READ, 0, 0}, .later = 1};
	expect_cause(vgpu_dma_map_ranges(dma, &longer.range, 1, 0), -E2BIG, VGPU_CAUSE_UNSUPPORTED);
	shorter = (struct vgpu_dma_range){shorter.size, 2 * MIB, at(MIB), MIB, VGPU_DMA_READ, 0, 0};
	expect_cause(vgpu_dma_map_ranges(dma, &shorter, 1, 0), -EINVAL, VGPU_CAUSE_INVALID);
	end();
}
END_TEST

/* Low, congruent to the address, and never where an IOMMU may take interrupts. */
START_TEST(anywhere)
{
	uint64_t iova[4], i;

	begin();
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, at(5 * PAGE), PAGE, VGPU_DMA_READ, &iova[0]), 0);
	ck_assert_uint_eq(iova[0], PAGE);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, at(6 * MIB + PAGE), 2 * MIB, VGPU_DMA_READ, &iova[1]), 0);
	ck_assert_uint_eq(iova[1], 2 * MIB + PAGE);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, at(7 * GIB + MIB), GIB, VGPU_DMA_READ, &iova[2]), 0);
	ck_assert_uint_eq(iova[2], GIB + MIB);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, at(PAGE), 4 * GIB - PAGE, VGPU_DMA_READ, &iova[3]), 0);
	ck_assert_uint_ge(iova[3], 0xfef00000);
	for (i = 0; i < 40; i++) {
		ck_assert_int_eq(vgpu_dma_map_anywhere(dma, at(PAGE), 50 * MIB + PAGE, VGPU_DMA_READ, &iova[3]), 0);
		ck_assert(iova[3] > 0xfeefffff || iova[3] + 50 * MIB + PAGE <= 0xfee00000);
		ck_assert(iova[3] > 0x80fffff || iova[3] + 50 * MIB + PAGE <= 0x8000000);
	}
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, at(5 * PAGE), PAGE, VGPU_DMA_READ, &iova[0]), 0);
	ck_assert_uint_eq(iova[0], PAGE);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {new_object, many, files, sizes, anywhere, NULL};

	return run_suite("dma", tests);
}
