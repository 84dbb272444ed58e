/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The areas of a region that can be mapped. */
#include "vfio/areas.h"

#include <stdbool.h>
#include <stdlib.h>

static int cmp_areas(const void *a, const void *b)
{
	const struct vg_area *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Cuts to the region, and to whole pages. True if that changed it; its size may become 0. */
static bool cut(struct vg_area *area, uint64_t region_size, uint64_t page)
{
	uint64_t start = area->offset, end, asked = area->size;

	if (start >= region_size || __builtin_add_overflow(start, page - 1, &start)) {
		area->size = 0;
		return asked != 0;
	}
	start &= ~(page - 1);
	end = asked > region_size - area->offset ? region_size : area->offset + asked;
	if (end != region_size)
		end &= ~(page - 1);
	area->size = end > start ? end - start : 0;
	if (area->offset == start && area->size == asked)
		return false;
	area->offset = start;
	return true;
}

size_t vg_areas_normalise(struct vg_area *areas, size_t count, uint64_t region_size, uint64_t page, size_t *flawed)
{
	size_t i, kept = 0;
	uint64_t end = 0;

	*flawed = 0;
	for (i = 0; i < count; i++)
		if (areas[i].size && cut(&areas[i], region_size, page))
			++*flawed;
	if (count > 1)
		qsort(areas, count, sizeof(*areas), cmp_areas);
	for (i = 0; i < count; i++) {
		struct vg_area area = areas[i];

		if (!area.size)
			continue;
		if (area.offset < end) { /* overlaps the one before: keep what goes beyond it */
			uint64_t over = end - area.offset;

			++*flawed;
			if (area.size <= over)
				continue;
			area.offset = end;
			area.size -= over;
		}
		end = area.offset + area.size;
		areas[kept++] = area;
	}
	return kept;
}

size_t vg_areas_clip(const struct vg_area *areas, size_t count, uint64_t start, uint64_t end, struct vg_area *out,
					 uint64_t *covered)
{
	size_t i, kept = 0;

	*covered = start;
	for (i = 0; i < count; i++) {
		uint64_t from = areas[i].offset, to = from + areas[i].size;

		from = from < start ? start : from;
		to = to > end ? end : to;
		if (from >= to)
			continue;
		if (from == *covered)
			*covered = to;
		out[kept++] = (struct vg_area){from, to - from};
	}
	return kept;
}
