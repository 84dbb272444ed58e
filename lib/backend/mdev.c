/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mdev: how a vGPU is created and removed, and what the kernel's errors mean. */
#include "backend/mdev.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "model/write_failed.h"
#include "util/path.h"

const char vg_mdev_name[] = "mdev";

static const char operation[] = "create";

static void name_of(const struct vg_pair *pair, char out[VG_NAME_SIZE])
{
	char uuid[VG_UUID_SIZE];

	vg_pair_mdev_uuid(pair, uuid);
	memcpy(out, uuid, sizeof(uuid));
}

static int plan_create(struct vgpu_context *ctx, const struct vg_request *request, struct vg_records *records,
					   struct vg_plan *out)
{
	const char *path = request->parent->path, *type = request->type;
	char create[VG_PATH_SIZE], remove[VG_PATH_SIZE];
	const struct vg_write undo = {remove, "1"};
	int r;

	(void)records;
	if (!vg_name_is_plain(type))
		return vg_fail_invalid(ctx, operation, type, "this is no id of a type");
	name_of(request->pair, out->name);
	r = vg_strf(create, sizeof(create), "%s/" MDEV_TYPES "/%s/create", path, type);
	if (r > 0)
		r = vg_strf(out->dir, sizeof(out->dir), "%s/%s", path, out->name);
	if (r > 0)
		r = vg_strf(remove, sizeof(remove), "%s/remove", out->dir);
	vg_steps_clear(&out->steps);
	if (r > 0)
		r = vg_steps_add(&out->steps, create, out->name, &undo);
	if (r < 0)
		return vg_fail_errno(ctx, operation, path, -r);
	if (!vg_exists(AT_FDCWD, create))
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = operation,
											.path = request->parent->name,
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
					&(struct vg_failure){.operation = operation,
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
				   &(struct vg_failure){.operation = operation,
										.path = name,
										.value = name,
										.err = EAGAIN,
										.cause = VGPU_CAUSE_EXISTS,
										.hint = "end the process that still uses it, then try again"},
				   "the kernel is still removing a vGPU of this name");
}

static int fail_capacity(struct vgpu_context *ctx, const struct vg_write *write)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = write->path,
										.value = write->value,
										.err = ENOSPC,
										.cause = VGPU_CAUSE_NO_CAPACITY,
										.hint = "destroy a vGPU of this parent, or take another parent or type"},
				   "no instance of this type is left");
}

static int check_create(struct vgpu_context *ctx, const struct vg_plan *plan)
{
	char path[VG_PATH_SIZE];
	struct vg_step step;
	uint64_t available;

	if (vg_mdev_inode_of(ctx, plan->name))
		return fail_exists(ctx, plan->name);
	vg_steps_get(&plan->steps, 0, &step);
	vg_strcopy(path, sizeof(path), step.write.path);
	vg_path_parent(path);
	strncat(path, "/available_instances", sizeof(path) - strlen(path) - 1);
	/* where the number can't be read, the kernel decides */
	if (vg_read_u64(AT_FDCWD, path, 10, UINT32_MAX, &available) == 0 && available == 0)
		return fail_capacity(ctx, &step.write);
	return 0;
}

/* Source: drivers/vfio/mdev/mdev_sysfs.c and mdev_core.c, and the sample drivers' own errors. */
static int create_failed(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_plan *plan,
						 int step_number, int err)
{
	struct vg_failure failure = {.operation = operation, .err = err, .cause = VGPU_CAUSE_REFUSED};
	struct vg_step step;

	(void)request;
	vg_steps_get(&plan->steps, step_number, &step);
	failure.path = step.write.path;
	failure.value = step.write.value;
	switch (err) {
	case EEXIST:
		return fail_exists(ctx, plan->name);
	case ENOSPC:
	case EUSERS:
		return fail_capacity(ctx, &step.write);
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
	default:
		failure.cause = VGPU_CAUSE_NONE;
		failure.hint = "see the kernel's log: the driver may have said why";
		return vg_write_failed(ctx, &failure);
	}
}

static int plan_remove(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out)
{
	char remove[VG_PATH_SIZE];
	int r = vg_strf(remove, sizeof(remove), "%s/remove", device->path);

	vg_strcopy(out->name, sizeof(out->name), device->name);
	vg_steps_clear(&out->steps);
	if (r > 0)
		r = vg_steps_add(&out->steps, remove, "1", NULL);
	return r < 0 ? vg_fail_errno(ctx, "destroy", device->path, -r) : 0;
}

static int remove_failed(struct vgpu_context *ctx, const struct vg_plan *plan, int step_number, int err)
{
	struct vg_failure failure = {.operation = "destroy", .value = plan->name, .err = err};
	struct vg_step step;

	vg_steps_get(&plan->steps, step_number, &step);
	failure.path = step.write.path;
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
	default:
		return vg_write_failed(ctx, &failure);
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
