/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sriov: parents and vGPUs. */
#include "backend/sriov.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "backend/nvidia_vfio.h"
#include "util/path.h"

#define VENDOR_NVIDIA 0x10de
#define CLASS_DISPLAY 0x03
#define CLASS_ACCELERATOR 0x12

const char vg_sriov_name[] = "sriov";

int vg_sriov_counts(const char *pf_path, unsigned *enabled, unsigned *total)
{
	static const char *const files[] = {"sriov_totalvfs", "sriov_numvfs"};
	unsigned *const counts[] = {total, enabled};
	char path[VG_PATH_SIZE];
	uint64_t value;
	size_t i;
	int r;

	for (i = 0; i < VG_COUNT(files); i++) {
		if (vg_strf(path, sizeof(path), "%s/%s", pf_path, files[i]) < 0)
			return -ENAMETOOLONG;
		r = vg_read_u64(AT_FDCWD, path, 10, UINT16_MAX, &value);
		if (r)
			return r;
		*counts[i] = (unsigned)value;
	}
	return *total ? 0 : -ENODEV;
}

void vg_sriov_driver(int dirfd, const char *name, char driver[VG_NAME_SIZE])
{
	char path[VG_PATH_SIZE];

	if (vg_strf(path, sizeof(path), "%s/driver", name) < 0 || vg_read_link_name(dirfd, path, driver, VG_NAME_SIZE))
		driver[0] = '\0';
}

bool vg_sriov_is_vfio(const char *driver)
{
	/* vfio-pci, xe-vfio-pci, mlx5_vfio_pci, ... */
	return strstr(driver, "vfio") != NULL;
}

void vg_sriov_attr_path(const char *pf_path, unsigned number, char buf[VG_PATH_SIZE])
{
	static const char *const names[] = {"prelim_iov", "iov"}; /* i915 */
	struct vg_entries cards;
	char drm[VG_PATH_SIZE];
	size_t i, k;

	/* xe: Documentation/ABI/testing/sysfs-driver-intel-xe-sriov */
	if (vg_strf(buf, VG_PATH_SIZE, "%s/sriov_admin/vf%u", pf_path, number + 1) > 0 && vg_exists(AT_FDCWD, buf))
		return;
	buf[0] = '\0';
	if (vg_strf(drm, sizeof(drm), "%s/drm", pf_path) < 0 || vg_entries_read(AT_FDCWD, drm, &cards))
		return;
	for (i = 0; !buf[0] && i < cards.count; i++) {
		for (k = 0; !buf[0] && strncmp(cards.items[i].name, "card", 4) == 0 && k < VG_COUNT(names); k++)
			if (vg_strf(buf, VG_PATH_SIZE, "%s/%s/%s/vf%u", drm, cards.items[i].name, names[k], number + 1) < 0 ||
				!vg_exists(AT_FDCWD, buf))
				buf[0] = '\0';
	}
	vg_entries_free(&cards);
}

/* A GPU, or any device if the context says so; but none of those whose functions another backend has. */
static bool is_parent(struct vgpu_context *ctx, const char *path)
{
	char file[VG_PATH_SIZE], driver[VG_NAME_SIZE];
	unsigned enabled, total;
	uint64_t vendor, class_code;

	if (vg_sriov_counts(path, &enabled, &total))
		return false;
	if (vg_strf(file, sizeof(file), "%s/class", path) < 0 || vg_read_u64(AT_FDCWD, file, 0, 0xffffff, &class_code))
		return false;
	if (class_code >> 16 != CLASS_DISPLAY && class_code >> 16 != CLASS_ACCELERATOR && !ctx->any_class)
		return false;
	if (vg_strf(file, sizeof(file), "%s/vendor", path) < 0 || vg_read_u64(AT_FDCWD, file, 0, 0xffff, &vendor))
		return false;
	vg_sriov_driver(AT_FDCWD, path, driver);
	if (vendor == VENDOR_NVIDIA || strcmp(driver, NVIDIA_DRIVER) == 0)
		return false;
	return vg_strf(file, sizeof(file), "%s/virtfn0/mdev_supported_types", path) > 0 && !vg_exists(AT_FDCWD, file);
}

static int add_parent(struct vgpu_context *ctx, const char *address, struct vgpu_parents *out)
{
	char path[VG_PATH_SIZE];

	return vg_pci_path(ctx, address, path) == 0 && is_parent(ctx, path) ? vg_pf_add(out, vg_sriov_name, path, NULL) : 0;
}

static int cmp_entries(const void *a, const void *b)
{
	return strcmp(((const struct vg_dirent *)a)->name, ((const struct vg_dirent *)b)->name);
}

/* Looking at each device costs a call, so those that NVIDIA's driver has, which may be hundreds, are left out. */
static int scan_all(struct vgpu_context *ctx, struct vgpu_parents *out)
{
	struct vg_entries devices, others = {0};
	char path[VG_PATH_SIZE];
	size_t i;
	int r;

	vg_strf(path, sizeof(path), "%s/" PCI_DEVICES, ctx->sys);
	r = vg_entries_read(AT_FDCWD, path, &devices);
	if (r)
		return r == -ENOENT ? 0 : r;
	vg_strf(path, sizeof(path), "%s/bus/pci/drivers/" NVIDIA_DRIVER, ctx->sys);
	r = vg_entries_read(AT_FDCWD, path, &others) == -ENOMEM ? -ENOMEM : 0;
	if (others.count > 1)
		qsort(others.items, others.count, sizeof(*others.items), cmp_entries);
	for (i = 0; r == 0 && i < devices.count; i++) {
		if (others.count && bsearch(&devices.items[i], others.items, others.count, sizeof(*others.items), cmp_entries))
			continue;
		vg_strf(path, sizeof(path), "%s/" PCI_DEVICES "/%s/sriov_totalvfs", ctx->sys, devices.items[i].name);
		if (vg_exists(AT_FDCWD, path))
			r = add_parent(ctx, devices.items[i].name, out);
	}
	vg_entries_free(&others);
	vg_entries_free(&devices);
	return r;
}

static int scan_parents(struct vgpu_context *ctx, const char *text, struct vgpu_parents *out)
{
	char path[VG_PATH_SIZE], function[VG_PCI_SIZE];
	int r = 0;

	if (!text)
		r = scan_all(ctx, out);
	else if (vg_pf_named(ctx, text, path, function) == 0 && is_parent(ctx, path))
		r = vg_pf_add(out, vg_sriov_name, path, function);
	if (r == -ENOMEM)
		return vg_fail_memory(ctx, "list parents");
	return r ? vg_fail_errno(ctx, "list parents", ctx->sys, -r) : 0;
}

/* What is the same of all vGPUs of a physical function, and where the function's attributes are. */
static int complete(struct vgpu_device *device, const char *pf_path, unsigned number, unsigned enabled)
{
	char path[VG_PATH_SIZE];

	vg_sriov_attr_path(pf_path, number, path);
	device->attr_path = strdup(path);
	device->type = vg_asprintf("vf-%u", enabled);
	device->inode = vg_vf_identity(device->inode, enabled);
	return device->attr_path && device->type ? 0 : -ENOMEM;
}

static int add_device(struct vgpu_context *ctx, const char *pf_path, const struct vg_vfs *vfs, const struct vg_vf *vf,
					  bool brief, struct vgpu_devices *out)
{
	char driver[VG_NAME_SIZE];
	struct vgpu_device *device;
	int r;

	vg_sriov_driver(vfs->fd, vf->name, driver);
	if (!vg_sriov_is_vfio(driver))
		return 0;
	vg_make_printable(driver);
	r = vg_vf_device(ctx, vg_sriov_name, vfs, vf, driver, brief, &device);
	if (r)
		return r == -ENOMEM ? r : 0;
	r = complete(device, pf_path, vf->number, (unsigned)vfs->count);
	if (brief || device->iommu_group >= 0 || device->cdev_node)
		device->state = vg_state_ready;
	if (r == 0)
		r = vg_vec_add(&out->vec, device);
	if (r)
		vgpu_device_unref(device);
	return r;
}

static int scan_parent(struct vgpu_context *ctx, const struct vgpu_parent *parent, bool brief, struct vgpu_devices *out)
{
	struct vg_vfs vfs;
	size_t i;
	int r = vg_vfs_read(parent->path, &vfs);

	if (r)
		return r == -ENOMEM ? r : 0; /* it is just going */
	if (!brief && vfs.count)
		r = vg_vfs_read_cdevs(ctx, &vfs, 1);
	for (i = 0; r == 0 && i < vfs.count; i++)
		r = add_device(ctx, parent->path, &vfs, &vfs.items[i], brief, out);
	vg_vfs_free(&vfs);
	return r;
}

static int scan_devices(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out)
{
	struct vgpu_parents parents = {0};
	size_t i;
	int r = scan_parents(ctx, NULL, &parents);

	if (r)
		return r;
	for (i = 0; r == 0 && i < parents.vec.count; i++)
		r = scan_parent(ctx, parents.vec.items[i], brief, out);
	vg_parents_clear(&parents);
	return r ? vg_fail_memory(ctx, "list vGPUs") : 0;
}

/* The number of a function: that of the link that leads to it. */
static int read_number(const char *pf_path, const char *name, unsigned *number, unsigned *enabled)
{
	const struct vg_vf *vf;
	struct vg_vfs vfs;
	int r = vg_vfs_read(pf_path, &vfs);

	if (r)
		return r;
	vf = vg_vfs_find(&vfs, name);
	if (vf)
		*number = vf->number;
	*enabled = (unsigned)vfs.count;
	r = vf ? 0 : -ENODEV;
	vg_vfs_free(&vfs);
	return r;
}

static int read_device(struct vgpu_context *ctx, const char *name, struct vgpu_device **out)
{
	char pf[VG_PATH_SIZE], address[VG_PCI_SIZE], vendor[VG_PATH_SIZE];
	struct vgpu_device *device;
	unsigned number = 0, enabled = 0;
	uint64_t id;
	int r;

	if (vg_pci_parse(name, address) || vg_vf_parent(ctx, address, pf))
		return -ENODEV;
	if (vg_strf(vendor, sizeof(vendor), "%s/vendor", pf) < 0 || vg_read_u64(AT_FDCWD, vendor, 0, 0xffff, &id) ||
		id == VENDOR_NVIDIA)
		return -ENODEV;
	r = vg_vf_read_device(ctx, vg_sriov_name, address, &device);
	if (r == 0) {
		r = device->driver && vg_sriov_is_vfio(device->driver) ? read_number(pf, address, &number, &enabled) : -ENODEV;
		if (r == 0)
			r = complete(device, pf, number, enabled);
		if (r)
			vgpu_device_unref(device);
	}
	if (r)
		return r == -ENODEV || r == -ENOENT ? -ENODEV : vg_fail_errno(ctx, "read vGPU", address, -r);
	if (device->iommu_group >= 0 || device->cdev_node)
		device->state = vg_state_ready;
	*out = device;
	return 0;
}

uint64_t vg_sriov_inode_of(struct vgpu_context *ctx, const char *name)
{
	char path[VG_PATH_SIZE], pf[VG_PATH_SIZE], driver[VG_NAME_SIZE];
	unsigned enabled, total;
	struct stat st;

	if (vg_vf_parent(ctx, name, pf) || vg_pci_path(ctx, name, path) || vg_stat(AT_FDCWD, path, &st) ||
		vg_sriov_counts(pf, &enabled, &total))
		return 0;
	vg_sriov_driver(AT_FDCWD, path, driver);
	return vg_sriov_is_vfio(driver) ? vg_vf_identity(st.st_ino, enabled) : 0;
}

static const char *const plain_dirs[] = {NULL};

const struct vg_backend_ops vg_backend_sriov = {
	.name = vg_sriov_name,
	.is_placed = true,
	.guards_foreign = true,
	.restores_attrs = true,
	.scan_parents = scan_parents,
	.scan_types = vg_sriov_scan_types,
	.count = vg_sriov_count,
	.scan_devices = scan_devices,
	.read_device = read_device,
	.inode_of = vg_sriov_inode_of,
	.prepare = vg_sriov_prepare,
	.plan_create = vg_sriov_plan_create,
	.create_failed = vg_sriov_create_failed,
	.plan_remove = vg_sriov_plan_remove,
	.remove_failed = vg_sriov_remove_failed,
	.explain = vg_sriov_explain,
	.plan_functions = vg_sriov_plan_functions,
	.plain_dirs = plain_dirs,
};
