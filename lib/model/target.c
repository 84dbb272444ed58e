/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding what a DEVICE that somebody names is. */
#include "model/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "model/read_pair.h"
#include "util/path.h"

static int fail_absent(struct vgpu_context *ctx, const char *operation, const char *device)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = device,
										.value = device,
										.err = ENODEV,
										.cause = VGPU_CAUSE_NO_DEVICE,
										.hint = "list the vGPUs of this host"},
				   "there is no such device");
}

/* A link of a bus, or a directory given as it is, to the directory in sysfs/devices. */
static int set_path(const char *path, struct vg_target *target)
{
	char dir[VG_PATH_SIZE], link[VG_PATH_SIZE];
	int r = vg_read_link(AT_FDCWD, path, link, sizeof(link));

	if (r == 0) {
		vg_strcopy(dir, sizeof(dir), path);
		vg_path_parent(dir);
		r = vg_path_resolve(dir, link, target->path, sizeof(target->path));
	} else if (r == -EINVAL) {
		r = vg_real_path(path, target->path);
	}
	return r;
}

static int find_pair(struct vgpu_context *ctx, struct vg_target *target)
{
	struct vgpu_device *device;
	int r = vg_read_pair(ctx, &target->pair, &device);

	target->has_pair = true;
	if (r)
		return r;
	if (!device->path)
		r = device->socket ? 0 : -ENODEV;
	if (device->socket) {
		vg_strcopy(target->name, sizeof(target->name), device->name);
		vg_strcopy(target->socket, sizeof(target->socket), device->socket);
		target->iommu_group = -1;
	}
	if (r == 0)
		r = vg_strcopy(target->path, sizeof(target->path), device->path ? device->path : device->socket);
	vgpu_device_unref(device);
	return r < 0 ? r : 0;
}

static int find_path(struct vgpu_context *ctx, const char *path, struct vg_target *target)
{
	size_t n = strlen(ctx->sys);
	char sys[VG_PATH_SIZE];
	int r = set_path(path, target);

	if (r)
		return r;
	/* whatever links led there: a device has its directory in sysfs */
	if (strncmp(target->path, ctx->sys, n) == 0 && target->path[n] == '/')
		return 0;
	if (vg_real_path(ctx->sys, sys) == 0 && strncmp(target->path, sys, strlen(sys)) == 0)
		return 0;
	return -EXDEV;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return path[0] == '/' && vg_stat(AT_FDCWD, path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int take_socket(struct vgpu_context *ctx, const char *operation, const char *path, struct vg_target *out)
{
	const size_t length = strlen(path);

	if (vg_strcopy(out->path, sizeof(out->path), path) < 0)
		return vg_fail_errno(ctx, operation, path, ENAMETOOLONG);
	vg_strcopy(out->socket, sizeof(out->socket), path);
	/* its name is the path, or the end of one that is too long */
	vg_strcopy(out->name, sizeof(out->name), path + (length < sizeof(out->name) ? 0 : length - sizeof(out->name) + 1));
	out->iommu_group = -1;
	return 0;
}

int vg_target_find(struct vgpu_context *ctx, const char *operation, const char *device, struct vg_target *out)
{
	char path[VG_PATH_SIZE], address[VG_PCI_SIZE];
	int r;

	memset(out, 0, sizeof(*out));
	if (vg_pair_parse(device, &out->pair) == 0) {
		r = find_pair(ctx, out);
	} else if (vg_pci_parse(device, address) == 0) {
		vg_strf(path, sizeof(path), "%s/bus/pci/devices/%s", ctx->sys, address);
		r = set_path(path, out);
	} else if (is_socket(device)) {
		return take_socket(ctx, operation, device, out);
	} else if (device[0] == '/') {
		r = find_path(ctx, device, out);
	} else {
		return vg_fail_invalid(ctx, operation, device,
							   "this is no DEVICE: UUID[:INSTANCE] with an instance from 0 to 65535, a PCI address, "
							   "or a path in sysfs or of a vfio-user socket");
	}
	if (r == -EXDEV)
		return vg_fail_invalid(ctx, operation, device, "this path is neither in sysfs (%s) nor of a socket", ctx->sys);
	if (r == -ENODEV || r == -ENOENT || r == -ENOTDIR)
		return fail_absent(ctx, operation, device);
	if (r)
		return vg_fail_errno(ctx, operation, device, -r);
	if (out->socket[0])
		return 0;
	r = vg_target_read(ctx, out);
	return r == -ENODEV ? fail_absent(ctx, operation, device) : r ? vg_fail_errno(ctx, operation, device, -r) : 0;
}

/* The node of its own: the kernel states a device number for it only where it has one. */
static int read_cdev(struct vgpu_context *ctx, int dir, struct vg_target *target)
{
	char path[VG_NAME_SIZE + 32];
	struct vg_entries entries;
	int r = vg_entries_read(dir, "vfio-dev", &entries);

	if (r)
		return r == -ENOMEM ? r : 0; /* what can't be listed is not there */
	if (entries.count == 1) {
		vg_strf(path, sizeof(path), "vfio-dev/%s/dev", entries.items[0].name);
		if (vg_exists(dir, path))
			vg_strf(target->cdev_node, sizeof(target->cdev_node), "%s/vfio/devices/%s", ctx->dev,
					entries.items[0].name);
	}
	vg_entries_free(&entries);
	return 0;
}

int vg_target_read(struct vgpu_context *ctx, struct vg_target *target)
{
	char text[VG_NAME_SIZE], path[VG_PATH_SIZE];
	uint64_t group;
	int r;
	int dir = vg_open_dir(AT_FDCWD, target->path);

	if (dir < 0)
		return dir == -ENOENT ? -ENODEV : dir;
	target->iommu_group = -1;
	vg_strcopy(target->name, sizeof(target->name), vg_basename(target->path));
	if (vg_read_link_name(dir, "subsystem", target->bus, sizeof(target->bus))) {
		vg_close(dir); /* a directory, but not of a device */
		return -ENODEV;
	}
	if (vg_read_link_name(dir, "driver", target->driver, sizeof(target->driver)))
		target->driver[0] = '\0';
	if (vg_read_link_name(dir, "iommu_group", text, sizeof(text)) == 0 &&
		vg_parse_u64(text, 10, INT_MAX, &group) == 0) {
		target->iommu_group = (int)group;
		/* the group's own name does not tell: mdevs' groups, too, are called vfio-noiommu */
		vg_strf(path, sizeof(path), "%s/class/vfio/noiommu-%d", ctx->sys, target->iommu_group);
		target->is_noiommu = vg_exists(AT_FDCWD, path);
		vg_strf(target->group_node, sizeof(target->group_node), "%s/vfio/%s%d", ctx->dev,
				target->is_noiommu ? "noiommu-" : "", target->iommu_group);
	}
	r = read_cdev(ctx, dir, target);
	vg_close(dir);
	return r;
}
