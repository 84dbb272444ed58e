/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Planes from within, and what of a driver's answer is believed. */
#ifndef VG_VFIO_PLANE_H
#define VG_VFIO_PLANE_H

#include <linux/vfio.h>
#include <stdbool.h>
#include <vgpu/display.h>

#include "core/ref.h"

/* What a driver said of a plane, checked. Made from zeroed memory, so that equal ones are equal byte by byte. */
struct vg_plane_facts {
	uint64_t modifier;
	uint64_t offset; /* in its region */
	uint32_t type;   /* enum vgpu_plane_type */
	uint32_t source; /* enum vgpu_display_source */
	uint32_t format; /* 0: no picture; then all below is 0 */
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint32_t size;
	uint32_t x;
	uint32_t y;
	uint32_t hot_x; /* VG_PLANE_NO_HOT: unknown */
	uint32_t hot_y;
	uint32_t place; /* region index or dmabuf id */
};

#define VG_PLANE_NO_HOT UINT32_MAX

struct vgpu_plane {
	struct vg_ref ref;
	struct vg_plane_facts facts;
};

/*
 * Takes over an answer to a question for this type and source; offset: in its region. Returns 0, or -EPROTO with *why,
 * a phrase about the plane. That a region holds the plane is not checked here.
 */
int vg_plane_take(const struct vfio_device_gfx_plane_info *info, uint64_t offset, uint32_t type, uint32_t source,
				  struct vg_plane_facts *out, const char **why);

#endif
