/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds VFIO devices: a scan of /proc for descriptors and mappings. */
#ifndef VG_SYS_USERS_H
#define VG_SYS_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <vgpu/device.h>

struct vgpu_context;

struct vg_holder {
	pid_t pid;
	char command[32];
	enum vgpu_user_via via;
	char *node; /* the node's path, or the device's directory in sysfs; NULL: the kernel does not tell */
};

struct vg_holders {
	struct vg_holder *items;
	size_t count;
	bool complete; /* nobody can have been overlooked */
};

/* Scans once for all devices. 0, or -errno of /proc itself, or -ENOMEM. */
int vg_holders_scan(struct vgpu_context *ctx, struct vg_holders *out);
void vg_holders_free(struct vg_holders *holders);
/* Does this holder hold the device with these nodes ("" or NULL: it has none)? *certain is false if it only may. */
bool vg_holder_matches(const struct vg_holder *holder, const char *sysfs_path, const char *group_node,
					   const char *cdev_node, bool *certain);
/* "qemu-system-x86 (pid 4711), ..." of those that match, cut to size; "" if none. */
void vg_holders_describe(const struct vg_holders *holders, const char *sysfs_path, const char *group_node,
						 const char *cdev_node, char *buf, size_t size);

#endif
