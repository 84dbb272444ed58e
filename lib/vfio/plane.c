/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Planes: snapshots of what a driver shows, checked. */
#include "vfio/plane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/format.h>

/* No display is as large as this. */
#define SIDE_MAX 65536
/* A driver with more regions could not be opened. */
#define REGION_MAX 4096

static void plane_free(struct vgpu_plane *plane)
{
	free(plane);
}

VG_DEFINE_REF(plane, plane_free)

/* Do the rows of a linear plane lie inside of it? NULL, or why not. */
static const char *check_rows(const struct vfio_device_gfx_plane_info *info)
{
	uint64_t stride = info->stride, row = (uint64_t)info->width * vgpu_format_get_pixel_size(info->drm_format);

	if (!stride || stride < row)
		return "its stride is less than a row";
	if (!row) /* an unknown format */
		row = stride;
	/* the last row may end with its last pixel; neither number has more than 49 bits */
	if (stride * (info->height - 1) + row > info->size)
		return "its rows are larger than its size";
	return NULL;
}

static const char *check(const struct vfio_device_gfx_plane_info *info, uint32_t source)
{
	if (info->width > SIDE_MAX || info->height > SIDE_MAX)
		return "it has more pixels than any display";
	if (source == VGPU_DISPLAY_REGION && info->region_index >= REGION_MAX)
		return "there can be no such region";
	if (info->drm_format_mod == VGPU_FORMAT_MODIFIER_LINEAR)
		return check_rows(info);
	return NULL;
}

int vg_plane_take(const struct vfio_device_gfx_plane_info *info, uint64_t offset, uint32_t type, uint32_t source,
				  struct vg_plane_facts *out, const char **why)
{
	memset(out, 0, sizeof(*out));
	out->type = type;
	out->source = source;
	if (!info->drm_format || !info->width || !info->height || !info->size)
		return 0;
	*why = check(info, source);
	if (*why)
		return -EPROTO;
	out->modifier = info->drm_format_mod;
	out->offset = source == VGPU_DISPLAY_REGION ? offset : 0;
	out->format = info->drm_format;
	out->width = info->width;
	out->height = info->height;
	out->stride = info->stride;
	out->size = info->size;
	out->x = info->x_pos;
	out->y = info->y_pos;
	out->hot_x = info->x_hot;
	out->hot_y = info->y_hot;
	out->place = source == VGPU_DISPLAY_REGION ? info->region_index : info->dmabuf_id;
	return 0;
}

int vgpu_plane_has_picture(const struct vgpu_plane *plane)
{
	return plane->facts.format != 0;
}

enum vgpu_plane_type vgpu_plane_get_type(const struct vgpu_plane *plane)
{
	return plane->facts.type;
}

uint32_t vgpu_plane_get_format(const struct vgpu_plane *plane)
{
	return plane->facts.format;
}

uint64_t vgpu_plane_get_modifier(const struct vgpu_plane *plane)
{
	return plane->facts.modifier;
}

uint32_t vgpu_plane_get_width(const struct vgpu_plane *plane)
{
	return plane->facts.width;
}

uint32_t vgpu_plane_get_height(const struct vgpu_plane *plane)
{
	return plane->facts.height;
}

uint32_t vgpu_plane_get_stride(const struct vgpu_plane *plane)
{
	return plane->facts.stride;
}

uint32_t vgpu_plane_get_size(const struct vgpu_plane *plane)
{
	return plane->facts.size;
}

uint32_t vgpu_plane_get_x(const struct vgpu_plane *plane)
{
	return plane->facts.x;
}

uint32_t vgpu_plane_get_y(const struct vgpu_plane *plane)
{
	return plane->facts.y;
}

/* A driver that knows no hot spot says so in both. */
static int64_t hot(const struct vgpu_plane *plane, uint32_t place)
{
	return plane->facts.hot_x == VG_PLANE_NO_HOT || plane->facts.hot_y == VG_PLANE_NO_HOT ? -1 : (int64_t)place;
}

int64_t vgpu_plane_get_hot_x(const struct vgpu_plane *plane)
{
	return hot(plane, plane->facts.hot_x);
}

int64_t vgpu_plane_get_hot_y(const struct vgpu_plane *plane)
{
	return hot(plane, plane->facts.hot_y);
}

/* Where it lies, if it lies there. */
static int64_t place(const struct vgpu_plane *plane, uint32_t source)
{
	return plane->facts.format && plane->facts.source == source ? (int64_t)plane->facts.place : -1;
}

int64_t vgpu_plane_get_region(const struct vgpu_plane *plane)
{
	return place(plane, VGPU_DISPLAY_REGION);
}

uint64_t vgpu_plane_get_offset(const struct vgpu_plane *plane)
{
	return plane->facts.offset;
}

int64_t vgpu_plane_get_dmabuf_id(const struct vgpu_plane *plane)
{
	return place(plane, VGPU_DISPLAY_DMABUF);
}
