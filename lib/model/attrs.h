/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vendor attributes that a new vGPU gets: "GROUP/FILE=VALUE". */
#ifndef VG_MODEL_ATTRS_H
#define VG_MODEL_ATTRS_H

#include "model/backend_ops.h"

/* Are they all well formed? attrs may be NULL. 0 or -EINVAL with an error record. */
int vg_attrs_check(struct vgpu_context *ctx, const char *const *attrs);
/* Adds their steps behind the plan's. 0 or -errno with an error record: -EOPNOTSUPP: there is no such attribute. */
int vg_attrs_plan(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const char *const *attrs,
				  struct vg_plan *plan);
/* Makes the record of a failed step that is one of theirs. */
int vg_attrs_failed(struct vgpu_context *ctx, const struct vg_plan *plan, int step, int err);
/* Logs those that read otherwise than they were written: drivers round. */
void vg_attrs_compare(struct vgpu_context *ctx, const char *const *attrs, const struct vgpu_device *device);

#endif
