/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sriov: types: as many equal functions as there are, or as there could be. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "backend/sriov.h"

/*
 * Has VFIO the function's group still? While a removal waits for the last user, the function has no driver any more,
 * but the lock of the device is held, for which reading its driver_override waits too, unkillably.
 */
static bool is_leaving(struct vgpu_context *ctx, const struct vg_vfs *vfs, const struct vg_vf *vf, bool *is_alone)
{
	char path[VG_PATH_SIZE], group[VG_NAME_SIZE];
	struct vg_entries entries;

	vg_strf(path, sizeof(path), "%s/iommu_group", vf->name);
	if (vg_read_link_name(vfs->fd, path, group, sizeof(group)))
		return false;
	vg_strf(path, sizeof(path), "%s/class/vfio/%s", ctx->sys, group);
	if (!vg_exists(AT_FDCWD, path))
		return false;
	vg_strf(path, sizeof(path), "%s/iommu_group/devices", vf->name);
	*is_alone = true;
	if (vg_entries_read(vfs->fd, path, &entries) == 0) {
		*is_alone = entries.count == 1;
		vg_entries_free(&entries);
	}
	return true;
}

bool vg_sriov_is_free(struct vgpu_context *ctx, const struct vg_vfs *vfs, const struct vg_vf *vf)
{
	char path[VG_NAME_SIZE], driver[VG_NAME_SIZE], text[VG_NAME_SIZE];
	bool is_alone;

	vg_sriov_driver(vfs->fd, vf->name, driver);
	if (driver[0])
		return false;
	if (is_leaving(ctx, vfs, vf, &is_alone))
		return !is_alone; /* else the group is VFIO's for the sake of another function */
	/* what a creator that was killed left names a VFIO driver */
	vg_strf(path, sizeof(path), "%s/driver_override", vf->name);
	return vg_read_text(vfs->fd, path, text, sizeof(text)) <= 0 || !strcmp(text, "(null)") || vg_sriov_is_vfio(text);
}

static int add_type(const struct vgpu_parent *parent, unsigned functions, unsigned available, struct vgpu_types *out)
{
	struct vgpu_type *type;
	char id[16];

	vg_strf(id, sizeof(id), "vf-%u", functions);
	type = vg_type_new(parent->name, id);
	if (!type)
		return -ENOMEM;
	type->available_instances = available;
	type->description.max_instances = functions;
	type->name = functions == 1 ? strdup("the whole device") : vg_asprintf("one of %u equal functions", functions);
	type->device_api = strdup("vfio-pci");
	if (type->name && type->device_api && vg_vec_add(&out->vec, type) == 0)
		return 0;
	vgpu_type_unref(type);
	return -ENOMEM;
}

/* How many of the functions, or of the one that was asked for, are free. */
static unsigned count_free(struct vgpu_context *ctx, const struct vgpu_parent *parent, const struct vg_vfs *vfs)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < vfs->count; i++)
		if (!parent->function || !strcmp(parent->function, vfs->items[i].name))
			count += vg_sriov_is_free(ctx, vfs, &vfs->items[i]);
	return count;
}

int vg_sriov_scan_types(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out)
{
	unsigned enabled = 0, total = 0, n;
	struct vg_vfs vfs;
	int r = vg_sriov_counts(parent->path, &enabled, &total);

	if (r == 0)
		r = vg_vfs_read(parent->path, &vfs);
	if (r == -ENOMEM)
		return r;
	if (r) {
		vg_fail_errno(ctx, "list types", parent->path, -r);
		return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
	}
	if (enabled)
		r = add_type(parent, enabled, count_free(ctx, parent, &vfs), out);
	/* any number would do: these are what people choose */
	for (n = 1; r == 0 && !enabled && n < total; n *= 2)
		r = add_type(parent, n, n, out);
	if (r == 0 && !enabled)
		r = add_type(parent, total, total, out);
	vg_vfs_free(&vfs);
	return r;
}

int vg_sriov_count(struct vgpu_context *ctx, struct vgpu_parent *parent)
{
	struct vgpu_types types = {0};
	char driver[VG_NAME_SIZE];
	struct vg_vfs vfs;
	size_t i;
	int r = vg_vfs_read(parent->path, &vfs);

	if (r)
		return vg_fail_errno(ctx, "list parents", parent->path, -r);
	parent->devices = 0;
	for (i = 0; i < vfs.count; i++) {
		vg_sriov_driver(vfs.fd, vfs.items[i].name, driver);
		parent->devices += vg_sriov_is_vfio(driver);
	}
	vg_vfs_free(&vfs);
	r = vg_sriov_scan_types(ctx, parent, &types);
	parent->types = (int)types.vec.count;
	vg_types_clear(&types);
	return r ? vg_fail_memory(ctx, "list parents") : 0;
}

void vg_sriov_explain(struct vgpu_context *ctx, const struct vgpu_parent *parent)
{
	vg_fail(ctx,
			&(struct vg_failure){.operation = "list types",
								 .path = parent->name,
								 .err = ENODEV,
								 .cause = VGPU_CAUSE_NO_CAPACITY,
								 .hint = "destroy a vGPU, or unbind what else has a function"},
			"each virtual function has a driver, or is kept for one");
}
