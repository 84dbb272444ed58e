/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the model asks of a backend: one kernel interface that cuts parents into vGPUs. */
#ifndef VG_MODEL_BACKEND_OPS_H
#define VG_MODEL_BACKEND_OPS_H

#include "model/device.h"
#include "model/parent.h"
#include "model/type.h"
#include "sys/files.h"

/* The writes that make one vGPU, and take it back. */
struct vg_plan {
	char create_path[VG_PATH_SIZE];
	char create_value[VG_NAME_SIZE];
	char remove_path[VG_PATH_SIZE];
	char remove_value[VG_NAME_SIZE];
};

/*
 * Functions that return int return 0 or -errno with an error record. Scans go on past a bad entry and add its error;
 * they fail only without memory, or where nothing at all can be listed.
 */
struct vg_backend_ops {
	const char *name;

	/* Adds parents with name and path; text: only that one, or NULL. */
	int (*scan_parents)(struct vgpu_context *ctx, const char *text, struct vgpu_parents *out);
	/* Adds the types of one parent. */
	int (*scan_types)(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out);
	/* Counts types and vGPUs of one parent into it. */
	int (*count)(struct vgpu_context *ctx, struct vgpu_parent *parent);
	/* Adds all vGPUs with their base facts and inode, not looking at records; brief: group and nodes may be missing. */
	int (*scan_devices)(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out);
	/* One vGPU by the kernel's name. -ENODEV without a record: it is not one of this backend. */
	int (*read_device)(struct vgpu_context *ctx, const char *name, struct vgpu_device **out);
	/* The kernel's name that the vGPU of a pair has. */
	void (*name_of)(const struct vg_pair *pair, char out[VG_NAME_SIZE]);
	/* Inode of the directory of the vGPU of this name; 0: there is none. */
	uint64_t (*inode_of)(struct vgpu_context *ctx, const char *name);

	/* Is there a type of this id on the parent? Fills the plan for a vGPU of this name. */
	int (*plan_create)(struct vgpu_context *ctx, const struct vgpu_parent *parent, const char *type, const char *name,
					   struct vg_plan *out);
	/* The last look before the write: capacity, and the name on any parent. */
	int (*check_create)(struct vgpu_context *ctx, const struct vg_plan *plan, const char *name);
	/* Makes the record of a failed write and returns -errno, the kernel's or what it means. */
	int (*create_failed)(struct vgpu_context *ctx, const struct vg_plan *plan, const char *name, int err);
	int (*plan_remove)(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out);
	int (*remove_failed)(struct vgpu_context *ctx, const struct vg_plan *plan, const char *name, int err);
	/* Directories within a vGPU's that hold no vendor attributes; NULL at the end. */
	const char *const *plain_dirs;
};

/* All backends, NULL at the end (lib/registry.c). */
const struct vg_backend_ops *const *vg_backends(void);
/* The backend of this name, or NULL (model/backend_find.c). */
const struct vg_backend_ops *vg_backend_find(const char *name);

#endif
