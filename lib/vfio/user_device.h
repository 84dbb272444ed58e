/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device behind a vfio-user socket, from within. */
#ifndef VG_VFIO_USER_DEVICE_H
#define VG_VFIO_USER_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <vgpu/vfio.h>

#include "user/client.h"
#include "vfio/device_ops.h"
#include "vfio/table.h"

struct vg_user_device {
	struct vg_client *client;
	uint32_t flags;    /* VGPU_USER_* */
	uint32_t max_data; /* the server's limits */
	uint32_t max_fds;
	bool has_planes;    /* it answers QUERY_GFX_PLANE */
	uint32_t map_count; /* in its table; the DMA object's lock protects it */
};

extern const struct vg_device_ops vg_user_device_ops;
/* The table of mappings that the server has; its data is the device. Closing it frees the device. */
extern const struct vg_table_ops vg_user_table_ops;

/* VFIO_DEVICE_FEATURE. 0 or -errno. */
int vg_user_feature(struct vg_user_device *device, void *arg);

#endif
