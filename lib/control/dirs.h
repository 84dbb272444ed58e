/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The runtime directories, in which providers have their sockets: whose they are, and what is in them. */
#ifndef VG_CONTROL_DIRS_H
#define VG_CONTROL_DIRS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/context.h"

/* A provider's control socket. */
struct vg_control_at {
	const char *path;
	uid_t owner; /* whose process may listen there, beside root's and ours */
};

/*
 * Calls fn for the control socket of each provider of the name (NULL: of each), in directories that nobody but us, root
 * and whom the caller named can write to. Stops when fn returns other than 0, with that. What can't be read is added to
 * errors. 0 or -ENOMEM.
 */
int vg_control_each(struct vgpu_context *ctx, const char *name,
					int (*fn)(struct vgpu_context *ctx, const struct vg_control_at *at, void *data), void *data,
					struct vgpu_errors *errors);
/* The same in one directory, which the caller has named. */
int vg_control_each_in(struct vgpu_context *ctx, const char *dir,
					   int (*fn)(struct vgpu_context *ctx, const struct vg_control_at *at, void *data), void *data,
					   struct vgpu_errors *errors);

#endif
