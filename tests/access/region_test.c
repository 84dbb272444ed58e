/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions: what there are, reading and writing of each width, config space, the sizes of BARs. */
#include <stdlib.h>
#include <string.h>

#include "access_test.h"

static const char *const names[REGIONS] = {"bar0", "bar1", "bar2",   "bar3", "bar4",
										   "bar5", "rom",  "config", "vga",  "edid"};

START_TEST(regions)
{
	const uint32_t nothing[] = {facts->beyond, 77, UINT32_MAX};
	struct vgpu_region *region = NULL;
	uint32_t i, flags;

	open_device(NULL);
	for (i = 0; i < REGIONS; i++) {
		flags = facts->regions[i].flags & ~(by_calls_only ? VGPU_REGION_FLAG_MMAP : 0);
		if (facts->regions[i].size)
			expect_region(vfio, i, facts->regions[i].size, flags, names[i]);
	}
	for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		expect_failure(ctx, vgpu_region_find(vfio, nothing[i], &region), -EINVAL, VGPU_CAUSE_NO_REGION);
	ck_assert_ptr_null(region);
	ck_assert_int_eq(vgpu_region_find(NULL, 0, &region), -EINVAL);
	expect_failure(ctx, vgpu_region_find(vfio, 0, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_ok(vgpu_region_find(vfio, 0, &region));
	ck_assert_int_eq(vgpu_region_get_sparse(region), 0);
	ck_assert_uint_eq(vgpu_region_get_type(region), 0);
	ck_assert_uint_eq(vgpu_region_get_area_count(region),
					  facts->regions[0].flags & VGPU_REGION_FLAG_MMAP && !by_calls_only);
	ck_assert_ptr_eq(vgpu_region_ref(region), region);
	close_device(); /* a snapshot stays */
	ck_assert_uint_eq(vgpu_region_get_size(region), facts->regions[0].size);
	ck_assert_ptr_null(vgpu_region_unref(region));
	vgpu_region_unref(region);
}
END_TEST

START_TEST(registers)
{
	const struct place *place;
	uint64_t ones, value;

	open_device(NULL);
	for (place = facts->scratch; place < facts->scratch + 4 && place->width; place++) {
		ones = UINT64_MAX >> (64 - 8 * place->width);
		for (value = 1; value; value = value << 5 & ones) {
			put(place, value);
			ck_assert_uint_eq(get(place), value);
		}
		put(place, 0x5a5aa5a53c3cc3c3 & ones);
		ck_assert_uint_eq(get(place), 0x5a5aa5a53c3cc3c3 & ones);
		put(place, 0);
		if (place->width < 8)
			expect_failure(ctx, vgpu_region_write_value(vfio, place->region, place->offset, place->width, ones + 1),
						   -EINVAL, VGPU_CAUSE_INVALID);
		ck_assert_uint_eq(get(place), 0);
	}
	close_device();
}
END_TEST

/* Memory: each width at each offset that it may have, what lies between is left alone, and odd pieces. */
START_TEST(memory_by_calls)
{
	const uint32_t index = (uint32_t)facts->memory;
	const uint64_t at = facts->regions[index].size - 64;
	unsigned char bytes[64], back[64];
	unsigned width, offset, i;

	open_device(NULL);
	for (width = 1; width <= 8; width *= 2)
		for (offset = 0; offset < 16; offset += width) {
			memset(bytes, 0xee, sizeof(bytes));
			ck_assert_int_eq((int)vgpu_region_write(vfio, index, at, bytes, 64), 64);
			put_at(index, at + offset, width, UINT64_C(0x1122334455667788) >> (64 - 8 * width));
			ck_assert_uint_eq(get_at(index, at + offset, width), UINT64_C(0x1122334455667788) >> (64 - 8 * width));
			for (i = 0; i < width; i++)
				bytes[offset + i] = (unsigned char)(0x1122334455667788 >> (64 - 8 * width) >> 8 * i);
			ck_assert_int_eq((int)vgpu_region_read(vfio, index, at, back, 64), 64);
			ck_assert_mem_eq(back, bytes, 64);
		}
	for (i = 1; i < 20; i++) {
		memset(bytes + i, (int)i, i);
		ck_assert_int_eq((int)vgpu_region_write(vfio, index, at + i, bytes + i, i), (int)i);
		ck_assert_int_eq((int)vgpu_region_read(vfio, index, at + 1, back + 1, 63), 63);
		ck_assert_mem_eq(back + 1, bytes + 1, 63);
	}
	close_device();
}
END_TEST

/* More than fits into one message. */
START_TEST(much_memory)
{
	const uint32_t index = (uint32_t)facts->memory;
	const size_t size = way == VGPU_ACCESS_USER ? 3 * MIB + 5 : 64 * 1024 + 5; /* emulated MMIO takes its time */
	unsigned char *bytes = malloc(size), *back = malloc(size);

	open_device(NULL);
	fill(bytes, size - 5, 0x71000000);
	memset(bytes + size - 5, 0x55, 5);
	ck_assert_int_eq(vgpu_region_write(vfio, index, 13, bytes, size), (ssize_t)size);
	ck_assert_int_eq(vgpu_region_read(vfio, index, 13, back, size), (ssize_t)size);
	ck_assert_int_eq(memcmp(bytes, back, size), 0);
	close_device();
	free(bytes);
	free(back);
}
END_TEST

/* Refused before anybody is asked, with nothing read or written. */
START_TEST(mistakes)
{
	const uint64_t size = facts->regions[0].size;
	unsigned char bytes[16] = {0};
	uint64_t value = 77;
	uint32_t none;

	open_device(NULL);
	for (none = 0; facts->regions[none].size; none++)
		;
	ck_assert_int_eq((int)vgpu_region_read(NULL, 0, 0, bytes, 1), -EINVAL);
	ck_assert_int_eq((int)vgpu_region_write(NULL, 0, 0, bytes, 1), -EINVAL);
	expect_failure(ctx, (int)vgpu_region_read(vfio, 0, 0, NULL, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_region_write(vfio, 0, 0, NULL, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_region_read(vfio, 0, size, bytes, 1), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, (int)vgpu_region_write(vfio, 0, size - 1, bytes, 2), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, (int)vgpu_region_read(vfio, 0, UINT64_MAX, bytes, 2), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, (int)vgpu_region_read(vfio, 0, 1, bytes, SIZE_MAX), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, (int)vgpu_region_write(vfio, none, 0, bytes, 1), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, (int)vgpu_region_read(vfio, facts->beyond, 0, bytes, 1), -EINVAL, VGPU_CAUSE_NO_REGION);
	ck_assert_int_eq((int)vgpu_region_read(vfio, 0, size, bytes, 0), 0);
	ck_assert_int_eq((int)vgpu_region_write(vfio, 0, 0, bytes, 0), 0);
	expect_failure(ctx, vgpu_region_read_value(vfio, 0, 0, 3, &value), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_region_read_value(vfio, 0, 0, 16, &value), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_region_read_value(vfio, 0, 1, 2, &value), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_region_read_value(vfio, 0, 0, 1, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_region_read_value(vfio, 0, size, 4, &value), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_region_write_value(vfio, 0, 0, 1, 256), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_uint_eq(value, 77);
	close_device();
}
END_TEST

START_TEST(config_space)
{
	unsigned char bytes[64];
	uint32_t value = 77, i;

	open_device(NULL);
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	ck_assert_uint_eq(config(vfio, 0, 2), facts->id & 0xffff);
	ck_assert_uint_eq(config(vfio, 2, 2), facts->id >> 16);
	ck_assert_uint_eq(config(vfio, 3, 1), facts->id >> 24);
	ck_assert_int_eq((int)vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, bytes, 64), 64);
	for (i = 0; i < 64; i += 4)
		ck_assert_uint_eq(config(vfio, i, 4), bytes[i] | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2] << 16 |
												  (uint32_t)bytes[i + 3] << 24);
	expect_ok(vgpu_config_write(vfio, 0x3c, 1, 0x0b)); /* the interrupt line: whoever boots a guest writes it */
	ck_assert_uint_eq(config(vfio, 0x3c, 1),
					  strcmp(facts->name, "mdpy") != 0 && strcmp(facts->name, "mbochs") != 0 ? 0x0b : bytes[0x3c]);
	expect_ok(vgpu_config_write(vfio, 0, 2, 0xffff)); /* nobody can change what it is */
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	expect_failure(ctx, vgpu_config_read(vfio, 0, 8, &value), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_config_read(vfio, 1, 2, &value), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_config_read(vfio, 4096, 4, &value), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_config_write(vfio, 4, 2, 0x10000), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_config_find_capability(vfio, 0x77, &value), -ENOENT, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_config_find_ext_capability(vfio, 0x7777, &value), -ENOENT, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_uint_eq(value, 77);
	if (facts->irqs[VGPU_IRQ_MSI] && strncmp(facts->name, "mtty", 4) != 0) { /* which has no capabilities */
		expect_ok(vgpu_config_find_capability(vfio, 0x05, &value));
		ck_assert_uint_ge(value, 0x40);
		ck_assert_uint_eq(config(vfio, value, 1), 0x05);
	}
	close_device();
}
END_TEST

/* As firmware asks for them: all ones are written, what sticks is the address. */
START_TEST(bar_sizes)
{
	uint32_t i, before, mask, at;

	open_device(NULL);
	for (i = 0; i < 6; i++) {
		at = 0x10 + 4 * i;
		before = config(vfio, at, 4);
		expect_ok(vgpu_config_write(vfio, at, 4, UINT32_MAX));
		mask = config(vfio, at, 4);
		expect_ok(vgpu_config_write(vfio, at, 4, before));
		ck_assert_uint_eq(config(vfio, at, 4), before);
		if (!facts->regions[i].size) {
			ck_assert_uint_eq(mask, 0);
			continue;
		}
		ck_assert_uint_eq(mask & 1, before & 1); /* what it is a BAR of is not writable */
		ck_assert_uint_eq(~(mask & (mask & 1 ? ~3u : ~15u)) + 1, facts->regions[i].size);
	}
	close_device();
}
END_TEST

void add_region_bodies(TCase *tcase)
{
	tcase_add_test(tcase, regions);
	if (facts->scratch[0].width)
		tcase_add_test(tcase, registers);
	if (facts->memory_by_calls) {
		tcase_add_test(tcase, memory_by_calls);
		tcase_add_test(tcase, much_memory);
	}
	tcase_add_test(tcase, mistakes);
	tcase_add_test(tcase, config_space);
	tcase_add_test(tcase, bar_sizes);
}
