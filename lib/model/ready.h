/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until a created vGPU is ready. */
#ifndef VG_MODEL_READY_H
#define VG_MODEL_READY_H

#include "model/target.h"

struct vg_ready_opts {
	uint32_t wait; /* enum vgpu_wait, not DEFAULT */
	int64_t deadline;
	const char *owner; /* "USER[:GROUP]" as given; NULL: leave the nodes as they come */
	uid_t uid;
	gid_t gid;
};

/* Waits, then gives the nodes to their owner. target has its path; everything else is read. 0 or -errno, recorded. */
int vg_ready_wait(struct vgpu_context *ctx, struct vg_target *target, const struct vg_ready_opts *opts);

#endif
