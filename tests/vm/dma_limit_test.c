/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits: what the kernel states, and what is said where they are reached. */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dma_test.h"

#define LIMIT 65535

static struct vgpu_context *ctx;
static struct vgpu_dma *dma;

static struct vgpu_dma_limits *limits_of(struct vgpu_dma *of)
{
	struct vgpu_dma_limits *limits = NULL;

	ck_assert_int_eq(vgpu_dma_limits_find(of, &limits), 0);
	return limits;
}

static bool is_usable(const struct vgpu_dma_limits *limits, uint64_t iova)
{
	uint64_t first, last;
	size_t i;

	for (i = 0; vgpu_dma_limits_get_range(limits, i, &first, &last) == 0; i++)
		if (iova >= first && iova <= last)
			return true;
	ck_assert_uint_eq(i, vgpu_dma_limits_get_range_count(limits));
	return false;
}

static void check_unlimited(const struct vgpu_dma_limits *limits)
{
	uint64_t first = 7, last = 7;

	ck_assert_uint_eq(vgpu_dma_limits_get_range_count(limits), 1);
	ck_assert_int_eq(vgpu_dma_limits_get_range(limits, 0, &first, &last), 0);
	ck_assert_uint_eq(first, 0);
	ck_assert_uint_eq(last, UINT64_MAX);
	ck_assert_int_eq(vgpu_dma_limits_get_range(limits, 1, &first, &last), -ERANGE);
	ck_assert_uint_eq(vgpu_dma_limits_get_alignment(limits), PAGE);
}

START_TEST(stated)
{
	struct vgpu_dma_limits *none, *mtty_only, *both, *again;
	struct vgpu_vfio *mtty, *edu;
	void *mem = memory(PAGE);

	ctx = new_context();
	dma = new_dma(ctx);
	none = limits_of(dma);
	check_unlimited(none);
	ck_assert_int_eq(vgpu_dma_limits_get_mapping_limit(none), -1);
	ck_assert_int_eq(vgpu_dma_limits_get_mappings_left(none), -1);
	mtty = open_with(ctx, "MTTY", path_of(_i), dma);
	mtty_only = limits_of(dma);
	check_unlimited(mtty_only);
	map(ctx, dma, MIB, mem, PAGE, RW);
	edu = edu_open(ctx, path_of(_i), dma);
	both = limits_of(dma);
	ck_assert(is_usable(both, MIB) && is_usable(both, 0xfedfffff) && is_usable(both, 0xfef00000));
	ck_assert(!is_usable(both, 0xfee00000) && !is_usable(both, 0xfeefffff) && !is_usable(both, UINT64_MAX));
	ck_assert_uint_eq(vgpu_dma_limits_get_alignment(both), PAGE);
	if (_i == 0) {
		ck_assert_uint_eq(vgpu_dma_limits_get_page_sizes(both) & (2 * PAGE - 1), PAGE);
		ck_assert_int_eq(vgpu_dma_limits_get_mapping_limit(mtty_only), LIMIT);
		ck_assert_int_eq(vgpu_dma_limits_get_mappings_left(mtty_only), LIMIT);
		ck_assert_int_eq(vgpu_dma_limits_get_mapping_limit(both), LIMIT);
		ck_assert_int_eq(vgpu_dma_limits_get_mappings_left(both), LIMIT - 1);
		ck_assert_uint_eq(vgpu_dma_limits_get_dirty_page_sizes(both), PAGE);
		ck_assert_uint_gt(vgpu_dma_limits_get_dirty_bitmap_max(both), 0);
	} else {
		ck_assert_uint_eq(vgpu_dma_limits_get_page_sizes(both), 0);
		ck_assert_int_eq(vgpu_dma_limits_get_mapping_limit(both), -1);
		ck_assert_int_eq(vgpu_dma_limits_get_mappings_left(both), -1);
		ck_assert_uint_eq(vgpu_dma_limits_get_dirty_page_sizes(both), 0);
		ck_assert_uint_eq(vgpu_dma_limits_get_dirty_bitmap_max(both), 0);
	}
	vgpu_vfio_close(edu);
	again = limits_of(dma); /* the device took its limits away with it */
	check_unlimited(again);
	ck_assert_ptr_eq(vgpu_dma_limits_ref(again), again);
	vgpu_dma_limits_unref(again);
	ck_assert(!is_usable(both, 0xfee00000)); /* a snapshot */
	vgpu_dma_limits_unref(again);
	vgpu_dma_limits_unref(both);
	vgpu_dma_limits_unref(mtty_only);
	vgpu_dma_limits_unref(none);
	vgpu_vfio_close(mtty);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* Outside of what the IOMMU can translate. */
START_TEST(aperture)
{
	struct vgpu_vfio *edu;
	void *mem = memory(2 * PAGE);
	int r;

	ctx = new_context();
	dma = new_dma(ctx);
	edu = edu_open(ctx, path_of(_i), dma);
	r = vgpu_dma_map(dma, 0xfee00000, mem, PAGE, RW);
	expect_failure(ctx, r, -EINVAL, VGPU_CAUSE_OUT_OF_RANGE);
	expect_words(ctx, "0xfee00000-0xfee00fff is not inside the usable IOVAs: 0x0-0xfedfffff, 0xfef00000-0x");
	r = vgpu_dma_map(dma, 0xfedff000, mem, 2 * PAGE, RW); /* half of it */
	expect_failure(ctx, r, -EINVAL, VGPU_CAUSE_OUT_OF_RANGE);
	r = vgpu_dma_map(dma, -PAGE, mem, PAGE, RW);
	expect_failure(ctx, r, -EINVAL, VGPU_CAUSE_OUT_OF_RANGE);
	map(ctx, dma, 0xfedff000, mem, PAGE, RW);
	map(ctx, dma, 0xfef00000, mem, PAGE, RW);
	vgpu_vfio_close(edu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* The n-th of a number of places, all over: 40503 and 2^17 have no common factor. */
static uint64_t place(uint64_t n)
{
	return (n * 40503 % 131072 + 1) * 2 * PAGE;
}

/*
 * As many mappings as the kernel takes, in no order. Then advice, and room again as soon as one is gone. The memory
 * need not be there: no driver of an mdev has asked for it. iommufd has no such limit.
 */
START_TEST(many)
{
	const int64_t count = _i ? 70000 : LIMIT;
	unsigned char *mem = (unsigned char *)(uintptr_t)(64 * MIB);
	struct vgpu_vfio *mtty;
	int64_t i;
	int r = 0;

	ctx = new_context();
	dma = new_dma(ctx);
	mtty = open_with(ctx, "MTTY", path_of(_i), dma);
	for (i = 0; r == 0 && i < count; i++)
		r = vgpu_dma_map(dma, place((uint64_t)i), mem + i * (int64_t)PAGE, PAGE, RW);
	ck_assert_msg(r == 0, "mapping %lld: %s", (long long)i, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	ck_assert_int_eq(mappings_left(ctx, dma), _i ? -1 : 0);
	if (_i == 0) {
		r = vgpu_dma_map(dma, place((uint64_t)i), mem, PAGE, RW);
		expect_failure(ctx, r, -ENOSPC, VGPU_CAUSE_LIMIT);
		expect_words(ctx, "limit of 65535 mappings");
		expect_words(ctx, "VGPU_DMA_MERGE");
		expect_map(dma, place((uint64_t)i), 0, NULL, 0, 0);
		unmap(ctx, dma, place(4712), PAGE);
		map(ctx, dma, place((uint64_t)i), mem, PAGE, RW);
	}
	expect_map(dma, place(777) + 7, place(777), mem + 777 * PAGE, PAGE, RW);
	vgpu_vfio_close(mtty); /* the object still has them, and gives them to the next */
	mtty = open_with(ctx, "MTTY", path_of(_i), dma);
	ck_assert_int_eq(mappings_left(ctx, dma), _i ? -1 : 0);
	for (i = 0; i < 1000; i++)
		unmap(ctx, dma, place((uint64_t)i * 7), PAGE);
	expect_map(dma, place(777), 0, NULL, 0, 0);
	ck_assert_int_eq(mappings_left(ctx, dma), _i ? -1 : 1000);
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	expect_map(dma, place(12345), 0, NULL, 0, 0);
	ck_assert_int_eq(mappings_left(ctx, dma), _i ? -1 : LIMIT);
	vgpu_vfio_close(mtty);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* check runs each test in a process of its own, which goes on without the right to lock what it likes. */
static void limit_memory(uint64_t bytes)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}};
	const struct rlimit limit = {bytes, bytes};

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	ck_assert_int_eq((int)syscall(SYS_capget, &header, data), 0);
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].permitted &= ~(1u << CAP_IPC_LOCK);
	ck_assert_int_eq((int)syscall(SYS_capset, &header, data), 0);
}

START_TEST(memlock)
{
	struct vgpu_vfio *edu;
	void *mem = memory(4 * MIB);
	int before, r;

	ctx = new_context();
	dma = new_dma(ctx);
	edu = edu_open(ctx, path_of(_i), dma);
	limit_memory(MIB);
	r = vgpu_dma_map(dma, MIB, mem, 2 * MIB, RW);
	expect_failure(ctx, r, -ENOMEM, VGPU_CAUSE_LIMIT);
	expect_words(ctx, "RLIMIT_MEMLOCK is 1024 KiB");
	expect_words(ctx, "ulimit -l");
	map(ctx, dma, MIB, mem, MIB / 2, RW);
	r = vgpu_dma_map(dma, 4 * MIB, mem, MIB, RW); /* both together */
	expect_failure(ctx, r, -ENOMEM, VGPU_CAUSE_LIMIT);
	vgpu_vfio_close(edu);
	/* who joins later needs the same */
	map(ctx, dma, 8 * MIB, mem, 4 * MIB, RW);
	before = count_fds();
	expect_no_open(ctx, device("EDU"), path_of(_i), dma, -ENOMEM, VGPU_CAUSE_LIMIT);
	expect_words(ctx, "RLIMIT_MEMLOCK is 1024 KiB");
	ck_assert_int_eq(count_fds(), before);
	vgpu_vfio_close(open_with(ctx, "MTTY", path_of(_i), dma)); /* it locks nothing */
	unmap(ctx, dma, 8 * MIB, 4 * MIB);
	edu = edu_open(ctx, path_of(_i), dma);
	edu_expect_copy(edu, MIB, mem, MIB + 4096, (unsigned char *)mem + 4096);
	vgpu_vfio_close(edu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

void add_limit_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("limits");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, stated, 0, paths);
	tcase_add_loop_test(tcase, aperture, 0, paths);
	tcase_add_loop_test(tcase, many, 0, paths);
	tcase_add_loop_test(tcase, memlock, 0, paths);
	suite_add_tcase(suite, tcase);
}
