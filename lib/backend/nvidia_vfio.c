/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nvidia-vfio: parents and vGPUs. */
#include "backend/nvidia_vfio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/path.h"

const char vg_nvidia_name[] = "nvidia-vfio";

static int scan_parents(struct vgpu_context *ctx, const char *text, struct vgpu_parents *out)
{
	char path[VG_PATH_SIZE], function[VG_PCI_SIZE] = "";
	struct vg_nvidia_gpus gpus;
	size_t i;
	int r;

	if (text && vg_pf_named(ctx, text, path, function))
		return 0;
	r = vg_nvidia_gpus_read(ctx, text ? path : NULL, &gpus);
	if (r)
		return r == -ENOMEM ? vg_fail_memory(ctx, "list parents") : vg_fail_errno(ctx, "list parents", ctx->sys, -r);
	for (i = 0; r == 0 && i < gpus.vec.count; i++)
		r = vg_pf_add(out, vg_nvidia_name, ((const struct vg_nvidia_gpu *)gpus.vec.items[i])->path, function);
	vg_nvidia_gpus_free(&gpus);
	return r ? vg_fail_memory(ctx, "list parents") : 0;
}

/* What the type tells of a vGPU whose other facts are set. */
static int set_type(struct vgpu_device *device, unsigned type)
{
	device->type = vg_asprintf("%u", type);
	device->inode = vg_vf_identity(device->inode, type);
	return device->type ? 0 : -ENOMEM;
}

static int add_device(struct vgpu_context *ctx, const struct vg_vfs *vfs, const struct vg_vf *vf, bool brief,
					  struct vgpu_devices *out)
{
	struct vgpu_device *device;
	unsigned type;
	char path[VG_PATH_SIZE];
	int r = vg_nvidia_current(vfs->fd, vf->name, &type);

	if (r == -ENOENT || r == -ENODEV || (r == 0 && !type))
		return 0;
	if (r) {
		vg_strf(path, sizeof(path), "%s/%s/" NVIDIA_CURRENT, vfs->dir, vf->name);
		vg_fail_errno(ctx, "list vGPUs", path, -r);
		return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
	}
	r = vg_vf_device(ctx, vg_nvidia_name, vfs, vf, NVIDIA_DRIVER, brief, &device);
	if (r)
		return r == -ENOMEM ? r : 0;
	r = set_type(device, type);
	if (brief || device->iommu_group >= 0 || device->cdev_node)
		device->state = vg_state_ready;
	if (r == 0)
		r = vg_vec_add(&out->vec, device);
	if (r)
		vgpu_device_unref(device);
	return r;
}

static int scan_devices(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out)
{
	struct vg_nvidia_gpus gpus;
	size_t i, k;
	int r = vg_nvidia_gpus_read(ctx, NULL, &gpus);

	if (r)
		return r == -ENOMEM ? vg_fail_memory(ctx, "list vGPUs") : vg_fail_errno(ctx, "list vGPUs", ctx->sys, -r);
	if (!brief && gpus.vec.count)
		r = vg_vfs_read_cdevs(ctx, gpus.all, gpus.vec.count);
	for (i = 0; r == 0 && i < gpus.vec.count; i++)
		for (k = 0; r == 0 && k < gpus.all[i].count; k++)
			r = add_device(ctx, &gpus.all[i], &gpus.all[i].items[k], brief, out);
	vg_nvidia_gpus_free(&gpus);
	return r ? vg_fail_memory(ctx, "list vGPUs") : 0;
}

static int read_device(struct vgpu_context *ctx, const char *name, struct vgpu_device **out)
{
	char path[VG_PATH_SIZE], address[VG_PCI_SIZE];
	struct vgpu_device *device;
	unsigned type;
	int r;

	if (vg_pci_parse(name, address))
		return -ENODEV;
	vg_strf(path, sizeof(path), "%s/" PCI_DEVICES "/%s", ctx->sys, address);
	r = vg_nvidia_current(AT_FDCWD, path, &type);
	if (r == -ENOENT || r == -ENODEV || r == -ENOTDIR || (r == 0 && !type))
		return -ENODEV;
	if (r)
		return vg_fail_errno(ctx, "read vGPU", path, -r);
	r = vg_vf_read_device(ctx, vg_nvidia_name, address, &device);
	if (r == 0) {
		r = set_type(device, type);
		if (r)
			vgpu_device_unref(device);
	}
	if (r)
		return r == -ENODEV ? r : vg_fail_errno(ctx, "read vGPU", address, -r);
	if (device->iommu_group >= 0 || device->cdev_node)
		device->state = vg_state_ready;
	*out = device;
	return 0;
}

uint64_t vg_nvidia_inode_of(struct vgpu_context *ctx, const char *name)
{
	char path[VG_PATH_SIZE];
	unsigned type;
	struct stat st;

	if (!vg_name_is_plain(name) || vg_strf(path, sizeof(path), "%s/" PCI_DEVICES "/%s", ctx->sys, name) < 0 ||
		vg_nvidia_current(AT_FDCWD, path, &type) || !type || vg_stat(AT_FDCWD, path, &st))
		return 0;
	return vg_vf_identity(st.st_ino, type);
}

const struct vg_backend_ops vg_backend_nvidia_vfio = {
	.name = vg_nvidia_name,
	.is_placed = true,
	.guards_foreign = true,
	.scan_parents = scan_parents,
	.scan_types = vg_nvidia_scan_types,
	.count = vg_nvidia_count,
	.scan_devices = scan_devices,
	.read_device = read_device,
	.inode_of = vg_nvidia_inode_of,
	.plan_create = vg_nvidia_plan_create,
	.create_failed = vg_nvidia_create_failed,
	.plan_remove = vg_nvidia_plan_remove,
	.remove_failed = vg_nvidia_remove_failed,
	.explain = vg_nvidia_explain,
	.plan_functions = vg_nvidia_plan_functions,
	.functions_program = "/usr/lib/nvidia/sriov-manage",
	.check_program = vg_nvidia_check_program,
	.attr_dir = NVIDIA_DIR,
};
