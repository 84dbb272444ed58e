/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the model asks of a backend: one kernel interface that cuts parents into vGPUs. */
#ifndef VG_MODEL_BACKEND_OPS_H
#define VG_MODEL_BACKEND_OPS_H

#include "model/device.h"
#include "model/parent.h"
#include "model/type.h"
#include "sys/files.h"
#include "util/steps.h"

struct vg_records;
struct vgpu_picture;

/* A vGPU that is wanted. */
struct vg_request {
	const struct vgpu_parent *parent;
	const char *type;
	const struct vg_pair *pair;
	const char *const *attrs; /* "NAME=VALUE", NULL at the end; may be NULL */
	const char *params;       /* for a remote one; may be NULL */
};

/*
 * A backend whose vGPUs are made by other processes: these are asked, and neither plans nor records are used. Functions
 * return 0 or -errno with an error record.
 */
struct vg_remote_ops {
	int (*create)(struct vgpu_context *ctx, const struct vg_request *request, int64_t deadline,
				  struct vgpu_device **out);
	int (*destroy)(struct vgpu_context *ctx, const struct vgpu_device *device, bool force, int64_t deadline);
	/* Adds the attributes of one. */
	int (*read_attrs)(struct vgpu_context *ctx, struct vgpu_device *device);
	/* The one with this vfio-user socket. -ENODEV without an error record: there is none. */
	int (*find_socket)(struct vgpu_context *ctx, const char *path, struct vgpu_device **out);
	/* Copies what a plane of its display shows. */
	int (*take_picture)(struct vgpu_context *ctx, const struct vgpu_device *device, uint32_t type,
						struct vgpu_picture **out);
	/* Starts those of a virtual machine that the process has which made this one; which did it start? */
	int (*start)(struct vgpu_context *ctx, const struct vgpu_device *device, int64_t deadline,
				 struct vg_instances *started);
	/* Shuts them down, or only these (only, not NULL); each that fails is added to errors (may be NULL). */
	int (*shutdown)(struct vgpu_context *ctx, const struct vgpu_device *device, const struct vg_instances *only,
					int64_t deadline, struct vgpu_errors *errors);
};

/* What makes one vGPU, and takes it back. */
struct vg_plan {
	char name[VG_NAME_SIZE]; /* that the kernel has for it, or will have */
	char dir[VG_PATH_SIZE];  /* below which its vendor attributes are */
	uint64_t inode;          /* that inode_of() will say; 0: not known before it is made */
	struct vg_steps steps;   /* the last of them makes it a vGPU */
};

/* Beside 0 and -errno: to be tried again until the deadline. The error record says what has been in the way. */
enum { VG_RETRY = 2 };

/*
 * Functions that return int return 0 or -errno with an error record. Scans go on past a bad entry and add its error;
 * they fail only without memory, or where nothing at all can be listed.
 */
struct vg_backend_ops {
	const char *name;
	/*
	 * Its vGPUs have names that were there before (virtual functions): a record ties the pair to one. A plan is made
	 * twice: without records, for what can't be had at all, and with them, under their lock, to choose.
	 */
	bool is_placed;
	/* Only force destroys one that libvgpu has not made. */
	bool guards_foreign;
	/* Attributes outlive its vGPUs: what create has set is set back. */
	bool restores_attrs;

	/* Another process makes its vGPUs; NULL: the kernel does. Then nothing from plan_create on is there. */
	const struct vg_remote_ops *remote;

	/* Adds parents with name and path; text: only that one (or that of this virtual function), or NULL. */
	int (*scan_parents)(struct vgpu_context *ctx, const char *text, struct vgpu_parents *out);
	/* Adds the types of one parent. */
	int (*scan_types)(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out);
	/* Counts types and vGPUs of one parent into it. */
	int (*count)(struct vgpu_context *ctx, struct vgpu_parent *parent);
	/* Adds all vGPUs with their base facts and inode, not looking at records; brief: group and nodes may be missing. */
	int (*scan_devices)(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out);
	/* One vGPU by the kernel's name. -ENODEV without a record: it is not one of this backend. */
	int (*read_device)(struct vgpu_context *ctx, const char *name, struct vgpu_device **out);
	/* The kernel's name that the vGPU of a pair has; NULL where is_placed. */
	void (*name_of)(const struct vg_pair *pair, char out[VG_NAME_SIZE]);
	/* Identity of the vGPU of this name: its directory's inode, or that and its type. 0: there is none. */
	uint64_t (*inode_of)(struct vgpu_context *ctx, const char *name);

	/* Makes places for a vGPU where there are none yet; may block until the deadline. NULL: nothing to do. */
	int (*prepare)(struct vgpu_context *ctx, const struct vg_request *request, int64_t deadline);
	/*
	 * Is there a type of this id on the parent, and room for one more? Fills the plan. records: see is_placed;
	 * VG_RETRY: others are at work on every place.
	 */
	int (*plan_create)(struct vgpu_context *ctx, const struct vg_request *request, struct vg_records *records,
					   struct vg_plan *out);
	/* The last look before the write: capacity, and the name on any parent. NULL: the plan has looked. */
	int (*check_create)(struct vgpu_context *ctx, const struct vg_plan *plan);
	/* Makes the record of a failed step and returns -errno, the kernel's or what it means; VG_RETRY: others were
	 * faster. */
	int (*create_failed)(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_plan *plan,
						 int step, int err);
	int (*plan_remove)(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out);
	/* Likewise; VG_RETRY: it is busy, but not for long. */
	int (*remove_failed)(struct vgpu_context *ctx, const struct vg_plan *plan, int step, int err);
	/* Why this parent offers no type that could be created now. Leaves an error record. NULL: nothing is known. */
	void (*explain)(struct vgpu_context *ctx, const struct vgpu_parent *parent);
	/* The steps that set the number of enabled virtual functions, from 0 or to 0; NULL: there are none. */
	int (*plan_functions)(struct vgpu_context *ctx, const struct vgpu_parent *parent, unsigned count,
						  struct vg_steps *out);
	/* Where the driver refuses these: the program that enables (-e ADDRESS) or disables (-d ADDRESS) all; or NULL. */
	const char *functions_program;
	/* May it be run now? 0, or -errno with an error record. */
	int (*check_program)(struct vgpu_context *ctx, const struct vgpu_parent *parent);
	/* The one directory of vendor attributes within a vGPU's; NULL: all but plain_dirs. */
	const char *attr_dir;
	/* Directories within a vGPU's that hold no vendor attributes; NULL at the end. */
	const char *const *plain_dirs;
};

/* All backends, NULL at the end (lib/registry.c). */
const struct vg_backend_ops *const *vg_backends(void);
/* The backend of this name, or NULL (model/backend_find.c). */
const struct vg_backend_ops *vg_backend_find(const char *name);

#endif
