/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mdev: how a vGPU is created and removed, and what the kernel's errors mean. */
#include "backend/mdev.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/path.h"

const char vg_mdev_name[] = "mdev";

static void name_of(const struct vg_pair *pair, char out[VG_NAME_SIZE])
{
	char uuid[VG_UUID_SIZE];

	vg_pair_mdev_uuid(pair, uuid);
	memcpy(out, uuid, sizeof(uuid));
}

static int plan_create(struct vgpu_context *ctx, const struct vgpu_parent *parent, const char *type, const char *name,
					   struct vg_plan *out)
{
	int r;

	if (!vg_name_is_plain(type))
		return vg_fail_invalid(ctx, "create", type, "this is no id of a type");
	r = vg_strf(out->create_path, sizeof(out->create_path), "%s/" MDEV_TYPES "/%s/create", parent->path, type);
	if (r > 0)
		r = vg_strf(out->remove_path, sizeof(out->remove_path), "%s/%s/remove", parent->path, name);
	if (r < 0)
		return vg_fail_errno(ctx, "create", parent->path, -r);
	vg_strcopy(out->create_value, sizeof(out->create_value), name);
	vg_strcopy(out->remove_value, sizeof(out->remove_value), "1");
	if (!vg_exists(AT_FDCWD, out->create_path))
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = "create",
											.path = parent->name,
											.value = type,
											.err = ENODEV,
											.cause = VGPU_CAUSE_NO_TYPE,
											.hint = "list the types of this parent"},
					   "it offers no type '%s'", type);
	return 0;
}

static int fail_exists(struct vgpu_context *ctx, const char *name)
{
	struct vgpu_device *device;
	int r;

	if (vg_mdev_read_device(ctx, name, &device) == 0) {
		r = vg_fail(ctx,
					&(struct vg_failure){.operation = "create",
										 .path = name,
										 .value = name,
										 .err = EEXIST,
										 .cause = VGPU_CAUSE_EXISTS,
										 .hint = "choose another UUID or instance, or destroy that one"},
					"a vGPU of this name exists on parent %s", device->parent_name);
		vgpu_device_unref(device);
		return r;
	}
	/* the directory of an mdev goes before its name is free: the kernel waits for the last user in between */
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = "create",
										.path = name,
										.value = name,
										.err = EAGAIN,
										.cause = VGPU_CAUSE_EXISTS,
										.hint = "end the process that still uses it, then try again"},
				   "the kernel is still removing a vGPU of this name");
}

static int fail_capacity(struct vgpu_context *ctx, const struct vg_plan *plan)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = "create",
										.path = plan->create_path,
										.value = plan->create_value,
										.err = ENOSPC,
										.cause = VGPU_CAUSE_NO_CAPACITY,
										.hint = "destroy a vGPU of this parent, or take another parent or type"},
				   "no instance of this type is left");
}

static int check_create(struct vgpu_context *ctx, const struct vg_plan *plan, const char *name)
{
	char path[VG_PATH_SIZE];
	uint64_t available;

	if (vg_mdev_inode_of(ctx, name))
		return fail_exists(ctx, name);
	vg_strcopy(path, sizeof(path), plan->create_path);
	vg_path_parent(path);
	strncat(path, "/available_instances", sizeof(path) - strlen(path) - 1);
	/* where the number can't be read, the kernel decides */
	if (vg_read_u64(AT_FDCWD, path, 10, UINT32_MAX, &available) == 0 && available == 0)
		return fail_capacity(ctx, plan);
	return 0;
}

/* Source: drivers/vfio/mdev/mdev_sysfs.c and mdev_core.c, and the sample drivers' own errors. */
static int create_failed(struct vgpu_context *ctx, const struct vg_plan *plan, const char *name, int err)
{
	struct vg_failure failure = {.operation = "create",
								 .path = plan->create_path,
								 .value = plan->create_value,
								 .err = err,
								 .cause = VGPU_CAUSE_REFUSED};

	switch (err) {
	case EEXIST:
		return fail_exists(ctx, name);
	case ENOSPC:
	case EUSERS:
		return fail_capacity(ctx, plan);
	case ENODEV:
	case ENOENT:
		failure.err = ENODEV;
		failure.cause = VGPU_CAUSE_GONE;
		return vg_fail(ctx, &failure, "the parent went away meanwhile");
	case EAGAIN:
		failure.cause = VGPU_CAUSE_NOT_READY;
		failure.hint = "try again";
		return vg_fail(ctx, &failure, "the parent is being registered or unregistered");
	case EINVAL:
		failure.hint = "see the kernel's log: the driver may have said why";
		return vg_fail(ctx, &failure, "the driver refused the request");
	case EACCES:
	case EPERM:
	case EROFS:
		failure.cause = VGPU_CAUSE_PERMISSION;
		failure.hint = "run as root, where sysfs is mounted read-write";
		return vg_fail(ctx, &failure, NULL);
	case EMEDIUMTYPE:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "leave the root directory away";
		return vg_fail(ctx, &failure, "is no file of a running kernel: a copy of a host can only be looked at");
	default:
		failure.cause = VGPU_CAUSE_NONE;
		failure.hint = "see the kernel's log: the driver may have said why";
		return vg_fail(ctx, &failure, NULL);
	}
}

static int plan_remove(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out)
{
	int r = vg_strf(out->remove_path, sizeof(out->remove_path), "%s/remove", device->path);

	if (r < 0)
		return vg_fail_errno(ctx, "destroy", device->path, -r);
	vg_strcopy(out->remove_value, sizeof(out->remove_value), "1");
	return 0;
}

static int remove_failed(struct vgpu_context *ctx, const struct vg_plan *plan, const char *name, int err)
{
	struct vg_failure failure = {.operation = "destroy", .path = plan->remove_path, .value = name, .err = err};

	switch (err) {
	case ENODEV:
	case ENOENT:
		failure.err = ENODEV;
		failure.cause = VGPU_CAUSE_GONE;
		return vg_fail(ctx, &failure, "somebody else removed it meanwhile");
	case EAGAIN:
		failure.cause = VGPU_CAUSE_IN_USE;
		failure.hint = "wait for it";
		return vg_fail(ctx, &failure, "somebody else is removing it");
	case EMEDIUMTYPE:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "leave the root directory away";
		return vg_fail(ctx, &failure, "is no file of a running kernel: a copy of a host can only be looked at");
	case EACCES:
	case EPERM:
	case EROFS:
		failure.cause = VGPU_CAUSE_PERMISSION;
		failure.hint = "run as root, where sysfs is mounted read-write";
		return vg_fail(ctx, &failure, NULL);
	default:
		return vg_fail(ctx, &failure, NULL);
	}
}

static const char *const plain_dirs[] = {"power", "vfio-dev", NULL};

const struct vg_backend_ops vg_backend_mdev = {
	.name = vg_mdev_name,
	.scan_parents = vg_mdev_scan_parents,
	.scan_types = vg_mdev_scan_types,
	.count = vg_mdev_count,
	.scan_devices = vg_mdev_scan_devices,
	.read_device = vg_mdev_read_device,
	.name_of = name_of,
	.inode_of = vg_mdev_inode_of,
	.plan_create = plan_create,
	.check_create = check_create,
	.create_failed = create_failed,
	.plan_remove = plan_remove,
	.remove_failed = remove_failed,
	.plain_dirs = plain_dirs,
};
