/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the opening of a device needs of an access path into the kernel. */
#ifndef VG_VFIO_ACCESS_OPS_H
#define VG_VFIO_ACCESS_OPS_H

#include <stdint.h>
#include <vgpu/vfio.h>

#include "core/negative.h"
#include "model/target.h"
#include "vfio/device_ops.h"
#include "vfio/table.h"

/* A device's place in a DMA object. Descriptors are -1, ids 0, where the path has none. */
struct vg_place {
	int device_fd; /* its own; the other three are shared with other devices */
	int group_fd;
	int container_fd;
	int iommufd;
	uint32_t ioas_id;
	void *member;                    /* the path's own */
	struct vgpu_kvm *kvm;            /* by iommufd: the VM that we told of the device; NULL: none */
	const struct vg_device_ops *ops; /* NULL: the kernel's device, by device_fd */
	void *device;
};

#define VG_PLACE_NONE                                                                                                  \
	(struct vg_place)                                                                                                  \
	{                                                                                                                  \
		-1, -1, -1, -1, 0, NULL, NULL, NULL, NULL                                                                      \
	}

/*
 * What devices share (tables, groups) a path keeps in the space of their DMA object, made by the first device that
 * needs it and gone with the last. Each table holds the space's mappings before a device in it is handed out. Calls for
 * one space are never concurrent. Failures leave a record of operation "open", and the space as it was.
 */
struct vg_access_ops {
	enum vgpu_access access;
	bool mixes; /* its devices may join a DMA object whose others go by another path */
	/* Opens a device by its nodes, for opts' virtual machine, or as opts say how to talk to its server. */
	int (*open)(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
				const struct vgpu_vfio_opts *opts, struct vg_place *out);
	/* Takes duplicates of descriptors that somebody else opened. */
	int (*adopt)(struct vgpu_context *ctx, struct vg_space *space, const struct vgpu_vfio_fds *fds,
				 struct vg_place *out);
	/* Closes a device, and what no other device of the space uses. */
	void (*close)(struct vg_space *space, struct vg_place *place);
	/* The descriptor of an IOMMU group that the space has open (borrowed), or -1. NULL: the path has none. */
	int (*group_fd)(const struct vg_space *space, int iommu_group);
};

extern const struct vg_access_ops vg_access_group;
extern const struct vg_access_ops vg_access_iommufd;
extern const struct vg_access_ops vg_access_user;

#endif
