/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One vGPU as the kernel and the records show it. */
#ifndef VG_MODEL_SNAPSHOT_H
#define VG_MODEL_SNAPSHOT_H

#include "model/device.h"

/* Reads a vGPU by DEVICE as the kernel shows it, records left aside. As vg_snapshot_find(). */
int vg_snapshot_read(struct vgpu_context *ctx, const char *operation, const char *text, struct vgpu_device **out);
/* Finds a vGPU by DEVICE, with its base facts. 0, or -errno with an error record (-ENODEV: there is none). */
int vg_snapshot_find(struct vgpu_context *ctx, const char *operation, const char *text, struct vgpu_device **out);

#endif
