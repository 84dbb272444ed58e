/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plain SR-IOV, shared by the parts of its backend: a virtual function that a VFIO driver has is a vGPU. Its type says
 * into how many equal functions the GPU is cut: "vf-4".
 */
#ifndef VG_BACKEND_SRIOV_H
#define VG_BACKEND_SRIOV_H

#include "backend/vfs.h"

extern const struct vg_backend_ops vg_backend_sriov;
extern const char vg_sriov_name[];

/* sriov.c */
/* How many functions a physical one has, and can have. 0 or -errno: it has no SR-IOV. */
int vg_sriov_counts(const char *pf_path, unsigned *enabled, unsigned *total);
/* The driver of a device, by its directory; "" if it has none. */
void vg_sriov_driver(int dirfd, const char *name, char driver[VG_NAME_SIZE]);
/* Is this the name of a driver that gives a PCI device to VFIO? */
bool vg_sriov_is_vfio(const char *driver);
uint64_t vg_sriov_inode_of(struct vgpu_context *ctx, const char *name);
/* Where the vendor keeps quotas and scheduling of function number (from 0); "" if nowhere. */
void vg_sriov_attr_path(const char *pf_path, unsigned number, char buf[VG_PATH_SIZE]);

/* sriov_types.c */
int vg_sriov_scan_types(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out);
int vg_sriov_count(struct vgpu_context *ctx, struct vgpu_parent *parent);
void vg_sriov_explain(struct vgpu_context *ctx, const struct vgpu_parent *parent);
/* Nobody has it, and nobody wants it for another driver. */
bool vg_sriov_is_free(struct vgpu_context *ctx, const struct vg_vfs *vfs, const struct vg_vf *vf);

/* sriov_plan.c */
int vg_sriov_prepare(struct vgpu_context *ctx, const struct vg_request *request, int64_t deadline);
int vg_sriov_plan_create(struct vgpu_context *ctx, const struct vg_request *request, struct vg_records *records,
						 struct vg_plan *out);
int vg_sriov_create_failed(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_plan *plan,
						   int step, int err);
int vg_sriov_plan_remove(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out);
int vg_sriov_remove_failed(struct vgpu_context *ctx, const struct vg_plan *plan, int step, int err);
int vg_sriov_plan_functions(struct vgpu_context *ctx, const struct vgpu_parent *parent, unsigned count,
							struct vg_steps *out);

#endif
