/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a DEVICE that somebody names is: its directory in sysfs, its kernel name, its VFIO nodes. */
#ifndef VG_MODEL_TARGET_H
#define VG_MODEL_TARGET_H

#include <stdbool.h>

#include "core/context.h"
#include "sys/files.h"
#include "util/pair.h"

#define VG_NODE_SIZE 512

struct vg_target {
	char path[VG_PATH_SIZE];   /* its directory in sysfs, links resolved */
	char name[VG_NAME_SIZE];   /* the kernel's name: an mdev's own UUID, a PCI address */
	char bus[VG_NAME_SIZE];    /* "mdev", "pci", ... */
	char driver[VG_NAME_SIZE]; /* "" if it has none */
	bool has_pair;             /* it was named by a pair */
	struct vg_pair pair;
	int iommu_group;               /* -1: none */
	bool is_noiommu;               /* its group is one of VFIO's no-IOMMU mode */
	char group_node[VG_NODE_SIZE]; /* where the group's node is expected; "" without a group */
	char cdev_node[VG_NODE_SIZE];  /* "" where the kernel states none */
	char socket[VG_PATH_SIZE];     /* of vfio-user: path is this too, and only name and pair say more; "": none */
};

/*
 * Finds a DEVICE ("UUID[:INSTANCE]", PCI address, path in sysfs or of a vfio-user socket). On failure leaves a record
 * of this operation: -EINVAL (it is no DEVICE), -ENODEV (not there).
 */
int vg_target_find(struct vgpu_context *ctx, const char *operation, const char *device, struct vg_target *out);
/* Reads driver, group and nodes of a target whose path is set. */
int vg_target_read(struct vgpu_context *ctx, struct vg_target *target);

#endif
