/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command of libvgpu's own by which a vfio-user client asks what the display shows (libvgpu-vfio-user(7)). */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "provider/conn.h"

static void fill(struct vg_user_gfx_plane *plane, const struct vgpu_plane_info *info)
{
	plane->drm_format = info->format;
	plane->width = info->width;
	plane->height = info->height;
	plane->stride = info->stride;
	plane->size = info->length < UINT32_MAX ? (uint32_t)info->length : UINT32_MAX;
	plane->x_pos = info->x;
	plane->y_pos = info->y;
	plane->x_hot = info->hot_x;
	plane->y_hot = info->hot_y;
	plane->region_index = info->region;
	plane->region_offset = info->offset;
}

void vg_command_plane(struct vg_conn *conn)
{
	struct vg_user_gfx_plane ask = {0}, plane;
	struct vgpu_plane_info info;
	bool is_probe;
	int r;

	if (conn->size >= sizeof(ask))
		memcpy(&ask, conn->body, sizeof(ask));
	is_probe = ask.flags & VFIO_GFX_PLANE_TYPE_PROBE;
	/* a plane always lies in a region */
	if (ask.argsz < sizeof(ask) || (ask.flags & ~(uint32_t)VFIO_GFX_PLANE_TYPE_PROBE) != VFIO_GFX_PLANE_TYPE_REGION ||
		ask.drm_plane_type < 1 || ask.drm_plane_type > 2) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	r = vg_instance_ask_plane(conn->instance, ask.drm_plane_type, &info);
	if (r && (!is_probe || r == -EOPNOTSUPP)) {
		vg_conn_fail(conn, r);
		return;
	}
	plane =
		(struct vg_user_gfx_plane){.argsz = sizeof(plane), .flags = ask.flags, .drm_plane_type = ask.drm_plane_type};
	if (!is_probe && info.format)
		fill(&plane, &info);
	vg_conn_reply(conn, &plane, sizeof(plane), NULL, 0);
}
