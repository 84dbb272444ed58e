/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A parent from within. */
#ifndef VG_MODEL_PARENT_H
#define VG_MODEL_PARENT_H

#include <sys/types.h>
#include <vgpu/parent.h>

#include "core/context.h"
#include "util/vec.h"

struct vgpu_parent {
	struct vg_ref ref;
	const char *backend; /* static */
	char *name;
	char *path;    /* its directory in sysfs, links resolved; NULL: it has none */
	char *control; /* control socket of its provider; NULL: it is the kernel's */
	uid_t control_uid;
	char *function; /* PCI address of its virtual function by which it was asked for; NULL: by its own name */
	char *driver;
	char *pci_address;
	char *vendor_name;
	char *device_name;
	char *class_name;
	int vendor, device, class_code, numa_node, iommu_group, vf_count, vf_total, types, devices;
};

struct vgpu_parents {
	struct vg_vec vec;
	struct vgpu_errors errors;
};

/* A parent with its name and path (or NULL), everything else unknown. NULL without memory. */
struct vgpu_parent *vg_parent_new(const char *backend, const char *name, const char *path);
/* Is this text (a name, or a PCI address with or without its domain) the parent of this name? */
bool vg_parent_is(const char *name, const char *text);
/* Lists the parents of all backends with no more than name and path; text: only that one, or NULL. -ENODEV: none is. */
int vg_parents_scan(struct vgpu_context *ctx, const char *operation, const char *text, struct vgpu_parents *out);
void vg_parents_clear(struct vgpu_parents *parents);

#endif
