/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Areas of a sparse region, as drivers state them and as no driver should. */
#include <stdint.h>

#include "run_suite.h"
#include "vfio/areas.h"

#define PAGE 4096u

static void check_areas(const struct vg_area *areas, size_t count, const struct vg_area *wanted, size_t wanted_count)
{
	size_t i;

	ck_assert_uint_eq(count, wanted_count);
	for (i = 0; i < count; i++) {
		ck_assert_uint_eq(areas[i].offset, wanted[i].offset);
		ck_assert_uint_eq(areas[i].size, wanted[i].size);
	}
}

START_TEST(areas_good)
{
	struct vg_area areas[] = {{0x8000, 0x2000}, {0, 0}, {0x1000, 0x1000}, {0x2000, 0x1000}, {0x5000, 0}};
	const struct vg_area wanted[] = {{0x1000, 0x1000}, {0x2000, 0x1000}, {0x8000, 0x2000}};
	size_t flawed;
	size_t n = vg_areas_normalise(areas, 5, 0x10000, PAGE, &flawed);

	ck_assert_uint_eq(flawed, 0);
	check_areas(areas, n, wanted, 3); /* ordered; neighbours stay apart, as the driver has them */
}
END_TEST

START_TEST(areas_bounds)
{
	struct vg_area areas[] = {{0x10000, 0x1000},    {0xf000, 0x2000},         {0x1000, UINT64_MAX},
							  {UINT64_MAX, 0x1000}, {UINT64_MAX, UINT64_MAX}, {UINT64_MAX - 0xfff, 0x1000}};
	const struct vg_area wanted[] = {{0x1000, 0xf000}};
	size_t flawed;
	size_t n = vg_areas_normalise(areas, 6, 0x10000, PAGE, &flawed);

	check_areas(areas, n, wanted, 1);
	ck_assert_uint_eq(flawed, 7); /* all six, and one of them a second time: it overlaps what is left */
}
END_TEST

START_TEST(areas_pages)
{
	struct vg_area areas[] = {{0x1001, 0x1ffe}, {0x4800, 0x400}, {0x6000, 0x1801}, {0x9000, 0x234}};
	const struct vg_area wanted[] = {{0x6000, 0x1000}, {0x9000, 0x234}};
	size_t flawed;
	size_t n = vg_areas_normalise(areas, 4, 0x9234, PAGE, &flawed);

	check_areas(areas, n, wanted, 2); /* only the region's own end may lie within a page */
	ck_assert_uint_eq(flawed, 3);
}
END_TEST

START_TEST(areas_overlap)
{
	struct vg_area areas[] = {{0x3000, 0x3000}, {0x1000, 0x3000}, {0x2000, 0x1000}, {0x1000, 0x3000}};
	const struct vg_area wanted[] = {{0x1000, 0x3000}, {0x4000, 0x2000}};
	size_t flawed;
	size_t n = vg_areas_normalise(areas, 4, 0x10000, PAGE, &flawed);

	check_areas(areas, n, wanted, 2);
	ck_assert_uint_eq(flawed, 3);
}
END_TEST

START_TEST(areas_empty)
{
	struct vg_area area = {0x1000, 0x1000};
	size_t flawed;

	ck_assert_uint_eq(vg_areas_normalise(NULL, 0, 0x10000, PAGE, &flawed), 0);
	ck_assert_uint_eq(vg_areas_normalise(&area, 1, 0, PAGE, &flawed), 0);
	ck_assert_uint_eq(flawed, 1);
}
END_TEST

START_TEST(clip)
{
	const struct vg_area areas[] = {{0x1000, 0x1000}, {0x2000, 0x2000}, {0x8000, 0x1000}};
	const struct vg_area all[] = {{0x1000, 0x1000}, {0x2000, 0x2000}, {0x8000, 0x1000}};
	const struct vg_area part[] = {{0x1000, 0x1000}, {0x2000, 0x1000}};
	struct vg_area out[3];
	uint64_t covered;
	size_t n = vg_areas_clip(areas, 3, 0, 0x10000, out, &covered);

	check_areas(out, n, all, 3);
	ck_assert_uint_eq(covered, 0); /* nothing at the start */
	n = vg_areas_clip(areas, 3, 0x1000, 0x3000, out, &covered);
	check_areas(out, n, part, 2);
	ck_assert_uint_eq(covered, 0x3000); /* neighbours cover together */
	n = vg_areas_clip(areas, 3, 0x3000, 0x9000, out, &covered);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(covered, 0x4000); /* up to the hole */
	ck_assert_uint_eq(vg_areas_clip(areas, 3, 0x4000, 0x8000, out, &covered), 0);
	ck_assert_uint_eq(vg_areas_clip(areas, 0, 0, 0x8000, out, &covered), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {areas_good, areas_bounds, areas_pages, areas_overlap, areas_empty, clip, NULL};

	return run_suite("areas", tests);
}
