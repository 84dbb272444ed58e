/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vGPU from within. */
#ifndef VG_MODEL_DEVICE_H
#define VG_MODEL_DEVICE_H

#include <vgpu/device.h>

#include "core/context.h"
#include "sys/users.h"
#include "util/pair.h"
#include "util/vec.h"

struct vg_attr {
	char *name;
	char *value; /* NULL: unreadable */
};

struct vg_user {
	int pid;
	enum vgpu_user_via via;
	bool certain;
	char command[32];
};

struct vgpu_device {
	struct vg_ref ref;
	const char *backend; /* static, as owner and state */
	const char *owner;
	const char *state;
	struct vg_pair pair;
	bool has_pair;
	uint64_t inode; /* what tells it from another of its name: see vg_backend_ops.inode_of; 0: unknown */
	char *name;
	char *path; /* NULL: not in sysfs any more */
	char *parent_name;
	char *physfn;    /* PCI address; NULL: not on a virtual function */
	char *attr_path; /* directory of its vendor attributes; NULL: path */
	char *type;
	char *device_api;
	char *driver;
	char *group_node;
	char *cdev_node;
	char *socket;      /* of vfio-user; NULL: it has none */
	char *control;     /* its provider's control socket; NULL: the kernel makes it */
	uid_t control_uid; /* who may listen there, beside root and us */
	int started;       /* -1: unknown */
	int iommu_group;
	struct vg_attr *attrs;
	size_t attr_count;
	struct vg_user *users;
	int user_count; /* -1: not looked for */
	int users_complete;
};

struct vgpu_devices {
	struct vg_vec vec;
	struct vgpu_errors errors;
};

extern const char vg_owner_libvgpu[], vg_owner_foreign[];
extern const char vg_state_ready[], vg_state_incomplete[], vg_state_creating[], vg_state_removing[], vg_state_failed[];

/* A vGPU with its name, everything else unknown. NULL without memory. */
struct vgpu_device *vg_device_new(const char *backend, const char *name);
/* Sets group number and node. */
int vg_device_set_group(struct vgpu_context *ctx, struct vgpu_device *device, const char *number);
/* Sets the node of its own, by the name that the kernel gives it ("vfio0"). */
int vg_device_set_cdev(struct vgpu_context *ctx, struct vgpu_device *device, const char *cdev);
/* Sets that node from its directory vfio-dev. */
int vg_device_read_cdev(struct vgpu_context *ctx, struct vgpu_device *device);
/* Reads its vendor attributes. */
int vg_device_read_attrs(struct vgpu_device *device);
/* Sets that this process uses it, for certain. */
int vg_device_set_user(struct vgpu_context *ctx, struct vgpu_device *device, enum vgpu_user_via via, int pid);
int vg_device_set_users(struct vgpu_device *device, const struct vg_holders *holders);
/* Order of listings: by pair, then by name. */
int vg_device_cmp(const void *a, const void *b);

#endif
