/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapped regions: loads and stores, and that reads and writes see them. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access_test.h"

static struct vgpu_mapping *map_part(uint64_t offset, uint64_t length, uint32_t flags)
{
	struct vgpu_region_map_opts opts = {.size = sizeof(opts), .flags = flags, .offset = offset, .length = length};
	struct vgpu_mapping *mapping = NULL;

	expect_ok(vgpu_region_map(vfio, (uint32_t)facts->memory, &opts, &mapping));
	return mapping;
}

static void expect_no_map(uint32_t index, uint64_t offset, uint64_t length, int wanted, enum vgpu_cause cause)
{
	struct vgpu_region_map_opts opts = {.size = sizeof(opts), .offset = offset, .length = length};
	struct vgpu_mapping *mapping = NULL;

	expect_failure(ctx, vgpu_region_map(vfio, index, &opts, &mapping), wanted, cause);
	ck_assert_ptr_null(mapping);
}

START_TEST(loads_and_stores)
{
	const uint64_t size = facts->regions[facts->memory].size, words = size / 4;
	struct vgpu_mapping *whole, *again, *part;
	volatile uint32_t *pixels, *same;

	open_device(NULL);
	whole = map_part(0, 0, 0);
	again = map_part(0, 0, VGPU_MAP_READ);
	part = map_part(0, 100, VGPU_MAP_READ | VGPU_MAP_WRITE);
	expect_whole(whole, size);
	expect_whole(again, size);
	ck_assert_uint_eq(vgpu_mapping_get_size(part), PAGE); /* rounded up */
	pixels = vgpu_mapping_get_address(whole);
	same = vgpu_mapping_get_address(again);
	pixels[0] = 0x12345678;
	pixels[words - 1] = 0x9abcdef0;
	ck_assert_uint_eq(same[0], 0x12345678);
	ck_assert_uint_eq(same[words - 1], 0x9abcdef0);
	ck_assert_uint_eq(*(volatile uint32_t *)vgpu_mapping_get_address(part), 0x12345678);
	if (facts->memory_by_calls) {
		ck_assert_uint_eq(get_at((uint32_t)facts->memory, size - 4, 4), 0x9abcdef0);
		put_at((uint32_t)facts->memory, size / 2, 8, UINT64_C(0x1122334455667788));
		ck_assert_uint_eq(pixels[words / 2], 0x55667788);
		ck_assert_uint_eq(pixels[words / 2 + 1], 0x11223344);
	}
	close_device();
	ck_assert_uint_eq(pixels[0], 0x12345678); /* a mapping outlives the handle */
	ck_assert_ptr_null(vgpu_mapping_unmap(whole));
	vgpu_mapping_unmap(part);
	ck_assert_uint_eq(same[0], 0x12345678);
	vgpu_mapping_unmap(again);
	ck_assert_ptr_null(vgpu_mapping_unmap(NULL));
}
END_TEST

START_TEST(parts)
{
	const uint64_t size = facts->regions[facts->memory].size;
	struct vgpu_mapping *whole, *part;
	volatile uint32_t *pixels, *at_part;

	open_device(NULL);
	whole = map_part(0, 0, 0);
	part = map_part(size / 4 * 3, size / 8, 0);
	ck_assert_uint_eq(vgpu_mapping_get_offset(part), size / 4 * 3);
	ck_assert_uint_eq(vgpu_mapping_get_size(part), size / 8);
	pixels = vgpu_mapping_get_address(whole);
	at_part = vgpu_mapping_get_address(part);
	ck_assert_uint_eq((uintptr_t)at_part % (size / 8), 0); /* as its offset, so that huge pages fit */
	pixels[size / 4 * 3 / 4] = 0xfeedbeef;
	ck_assert_uint_eq(at_part[0], 0xfeedbeef);
	at_part[size / 8 / 4 - 1] = 0xcafe;
	ck_assert_uint_eq(pixels[size / 8 * 7 / 4 - 1], 0xcafe);
	vgpu_mapping_unmap(whole);
	ck_assert_uint_eq(at_part[0], 0xfeedbeef);
	close_device();
	vgpu_mapping_unmap(part);
}
END_TEST

START_TEST(mistakes)
{
	const uint32_t index = (uint32_t)facts->memory;
	const uint64_t size = facts->regions[index].size;
	struct vgpu_region_map_opts newer = {.size = sizeof(newer), .flags = 8};
	struct vgpu_mapping *mapping = NULL;

	open_device(NULL);
	ck_assert_int_eq(vgpu_region_map(NULL, index, NULL, &mapping), -EINVAL);
	expect_failure(ctx, vgpu_region_map(vfio, index, NULL, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_region_map(vfio, facts->beyond, NULL, &mapping), -EINVAL, VGPU_CAUSE_NO_REGION);
	expect_failure(ctx, vgpu_region_map(vfio, index, &newer, &mapping), -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_map(index, 1, 0, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_map(index, size, 0, -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_no_map(index, 0, size + 1, -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_no_map(index, PAGE, UINT64_MAX - PAGE, -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	ck_assert_ptr_null(mapping);
	close_device();
}
END_TEST

/* Registers are not memory: their driver wants to be asked. */
START_TEST(not_mappable)
{
	uint32_t i;

	open_device(NULL);
	for (i = 0; i < REGIONS; i++)
		if (facts->regions[i].size && (by_calls_only || !(facts->regions[i].flags & VGPU_REGION_FLAG_MMAP)))
			expect_no_map(i, 0, 0, -EOPNOTSUPP, VGPU_CAUSE_NOT_MAPPABLE);
	close_device();
}
END_TEST

START_TEST(stays_out_of_children)
{
	struct vgpu_mapping *mapping;
	volatile uint32_t *pixels;
	int status = 0;
	pid_t pid;

	open_device(NULL);
	mapping = map_part(0, 0, 0);
	pixels = vgpu_mapping_get_address(mapping);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit((int)(pixels[0] & 1));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
	vgpu_mapping_unmap(mapping);
	close_device();
}
END_TEST

void add_map_bodies(TCase *tcase)
{
	if (has_memory_map()) {
		tcase_add_test(tcase, loads_and_stores);
		tcase_add_test(tcase, mistakes);
#if !defined(__SANITIZE_ADDRESS__) /* which makes an end of its own of it */
		tcase_add_test(tcase, stays_out_of_children);
#endif
	}
	if (has_memory_map() && facts->maps_parts)
		tcase_add_test(tcase, parts);
	tcase_add_test(tcase, not_mappable);
}
