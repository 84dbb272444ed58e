/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a device cannot be opened: causes and hints that the access paths share. */
#ifndef VG_VFIO_FAIL_H
#define VG_VFIO_FAIL_H

#include "core/negative.h"
#include "model/target.h"

/* The one operation of these records. */
#define VG_OPEN "open"

/* Is VFIO there, and the device bound to a VFIO driver, in a group with an IOMMU? 0, or fails with the reason. */
int vg_vfio_check_target(struct vgpu_context *ctx, const struct vg_target *target);
/* node could not be opened, or bound, for err (a positive errno). target NULL: it was handed over. Returns -err. */
int vg_vfio_fail_node(struct vgpu_context *ctx, const struct vg_target *target, const char *node, int err);
/* Somebody else uses the device or its group: names who. Returns -EBUSY. */
int vg_vfio_fail_in_use(struct vgpu_context *ctx, const struct vg_target *target, const char *node);
/* Another device of the IOMMU group has a host driver: names which. Returns -EPERM. */
int vg_vfio_fail_not_viable(struct vgpu_context *ctx, const struct vg_target *target);
/* A handed-over descriptor is not what it should be. Returns -EINVAL. */
int vg_vfio_fail_kind(struct vgpu_context *ctx, const char *name, const char *field, const char *wanted);
/* A handed-over descriptor cannot be duplicated. Returns -err. */
int vg_vfio_fail_dup(struct vgpu_context *ctx, const char *name, const char *field, int err);

#define vg_vfio_fail_node(...) vg_negative(vg_vfio_fail_node(__VA_ARGS__))
#define vg_vfio_fail_in_use(...) vg_negative(vg_vfio_fail_in_use(__VA_ARGS__))
#define vg_vfio_fail_not_viable(...) vg_negative(vg_vfio_fail_not_viable(__VA_ARGS__))
#define vg_vfio_fail_kind(...) vg_negative(vg_vfio_fail_kind(__VA_ARGS__))
#define vg_vfio_fail_dup(...) vg_negative(vg_vfio_fail_dup(__VA_ARGS__))

#endif
