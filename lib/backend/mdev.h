/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of the kernel's mediated devices, shared by the parts of the mdev backend. */
#ifndef VG_BACKEND_MDEV_H
#define VG_BACKEND_MDEV_H

#include "model/backend_ops.h"

/* Kernel documentation: Documentation/ABI/testing/sysfs-bus-vfio-mdev,
 * Documentation/driver-api/vfio-mediated-device.rst */
#define MDEV_PARENTS "class/mdev_bus"
#define MDEV_DEVICES "bus/mdev/devices"
#define MDEV_TYPES "mdev_supported_types"

extern const struct vg_backend_ops vg_backend_mdev;
extern const char vg_mdev_name[];

/* mdev_scan.c */
int vg_mdev_scan_parents(struct vgpu_context *ctx, const char *text, struct vgpu_parents *out);
int vg_mdev_scan_types(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out);
int vg_mdev_count(struct vgpu_context *ctx, struct vgpu_parent *parent);
/* mdev_devices.c */
int vg_mdev_scan_devices(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out);
int vg_mdev_read_device(struct vgpu_context *ctx, const char *name, struct vgpu_device **out);
uint64_t vg_mdev_inode_of(struct vgpu_context *ctx, const char *name);

#endif
