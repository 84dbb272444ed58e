/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's vGPUs and those of other processes must know of each other. */
#ifndef VG_MODEL_REMOTE_H
#define VG_MODEL_REMOTE_H

#include "model/backend_ops.h"

/*
 * Can this be created, as far as the other kind of backend is concerned: has that the pair, do the options make sense
 * for this? owner: to whom nodes shall be given, or NULL. 0, or -errno with a record: -EEXIST, -EOPNOTSUPP.
 */
int vg_remote_check(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const struct vg_request *request,
					const char *owner);
/* Those that other processes make: for vg_backend_find(device->backend). NULL: the kernel makes it. */
const struct vg_remote_ops *vg_remote_of(const struct vgpu_device *device);

#endif
