/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until a created vGPU is ready. */
#ifndef VG_MODEL_READY_H
#define VG_MODEL_READY_H

#include "model/backend_ops.h"

struct vg_ready_opts {
	uint32_t wait; /* enum vgpu_wait, not DEFAULT */
	int64_t deadline;
	const char *owner; /* "USER[:GROUP]" as given; NULL: leave the nodes as they come */
	uid_t uid;
	gid_t gid;
};

/*
 * Waits for the vGPU of this kernel name, then gives the nodes to their owner. *out is the vGPU as it is then. 0 or
 * -errno, recorded: -ENODEV if it is gone, -ETIMEDOUT.
 */
int vg_ready_wait(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const char *name,
				  const struct vg_ready_opts *opts, struct vgpu_device **out);

#endif
