/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software GPUs: what the parts of the soft backend share. */
#ifndef VG_BACKEND_SOFT_H
#define VG_BACKEND_SOFT_H

#include "control/call.h"
#include "model/backend_ops.h"

/* How long a provider may take to say what it has. */
#define VG_SOFT_READ_MS 2000
#define VG_SOFT_TEXT_MAX 256

extern const struct vg_backend_ops vg_backend_soft;
extern const char vg_soft_name[];

/* soft_devices.c */
int vg_soft_scan_devices(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out);
int vg_soft_read_device(struct vgpu_context *ctx, const char *name, struct vgpu_device **out);
int vg_soft_find_socket(struct vgpu_context *ctx, const char *path, struct vgpu_device **out);
/* A vGPU as a provider describes it, or -EPROTO or -ENOMEM without an error record. */
int vg_soft_new_device(struct vgpu_context *ctx, const struct vg_control_at *at, const char *parent,
					   struct json_object *entry, struct vgpu_device **out);
/* Adds its attributes. */
int vg_soft_read_attrs(struct vgpu_context *ctx, struct vgpu_device *device);

/* soft_picture.c */
int vg_soft_take_picture(struct vgpu_context *ctx, const struct vgpu_device *device, uint32_t type,
						 struct vgpu_picture **out);

/* soft_calls.c */
extern const struct vg_remote_ops vg_soft_remote;

/* Fails: what the provider answers has a form that makes no sense. */
int vg_soft_fail_bad(struct vgpu_context *ctx, const char *operation, const char *path);

#endif
