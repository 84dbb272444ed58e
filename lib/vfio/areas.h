/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The areas of a region that can be mapped. No I/O. */
#ifndef VG_VFIO_AREAS_H
#define VG_VFIO_AREAS_H

#include <stddef.h>
#include <stdint.h>

struct vg_area {
	uint64_t offset; /* in the region */
	uint64_t size;
};

/*
 * Makes areas that a driver stated usable, in place: inside the region, whole pages (the last may end with the
 * region), ordered, not overlapping, not empty. *flawed counts those that had to be cut or left out, not the empty
 * ones, which drivers do state. Returns how many are left.
 */
size_t vg_areas_normalise(struct vg_area *areas, size_t count, uint64_t region_size, uint64_t page, size_t *flawed);
/*
 * Cuts ordered areas down to [start, end) into out, which has room for all. Returns how many; *covered is the end of
 * what is covered from start on without a hole.
 */
size_t vg_areas_clip(const struct vg_area *areas, size_t count, uint64_t start, uint64_t end, struct vg_area *out,
					 uint64_t *covered);

#endif
