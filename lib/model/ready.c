/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until a created vGPU is ready: its links, its nodes with the numbers that sysfs states, udev. */
#include "model/ready.h"

#include <errno.h>
#include <string.h>

#include "sys/devnode.h"
#include "sys/udev.h"

#define POLL_MAX_MS 20

/* What a vGPU still lacks, and in words what that did not do in time. */
struct missing {
	char path[VG_PATH_SIZE];
	const char *what;
};

/* Does the node exist with the number that sysfs states, and is udev through with it? */
static bool node_is_ready(struct vgpu_context *ctx, const char *sys_class, const char *node, bool udev,
						  struct missing *missing)
{
	dev_t number;

	vg_strf(missing->path, sizeof(missing->path), "%s/class/%s/%s/dev", ctx->sys, sys_class, vg_basename(node));
	if (vg_devnum_read(missing->path, &number))
		return false;
	vg_strcopy(missing->path, sizeof(missing->path), node);
	if (!vg_node_is(node, number))
		return false;
	missing->what = "was not finished by udev";
	return !udev || vg_udev_is_done(number);
}

static bool is_ready(struct vgpu_context *ctx, const struct vgpu_device *device, uint32_t wait, struct missing *missing)
{
	bool udev;

	if (wait == VGPU_WAIT_NONE)
		return true;
	missing->what = "did not appear";
	vg_strf(missing->path, sizeof(missing->path), "%s/%s", device->path, device->type ? "iommu_group" : "mdev_type");
	if (device->state != vg_state_ready)
		return false;
	if (wait == VGPU_WAIT_SYSFS)
		return true;
	udev = vg_udev_runs(ctx);
	return (!device->group_node || node_is_ready(ctx, "vfio", device->group_node, udev, missing)) &&
		   (!device->cdev_node || node_is_ready(ctx, "vfio-dev", device->cdev_node, udev, missing));
}

static int give_nodes(struct vgpu_context *ctx, const struct vgpu_device *device, const struct vg_ready_opts *opts)
{
	const char *const nodes[] = {device->group_node, device->cdev_node};
	size_t i;

	for (i = 0; i < VG_COUNT(nodes); i++) {
		int r = nodes[i] ? vg_node_chown(nodes[i], opts->uid, opts->gid) : 0;

		if (r)
			return vg_fail(
				ctx, &(struct vg_failure){.operation = "create", .path = nodes[i], .value = opts->owner, .err = -r},
				"the node can't be given to %s: %s", opts->owner, strerrordesc_np(-r));
	}
	return 0;
}

static int fail_late(struct vgpu_context *ctx, const struct missing *missing)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = "create",
										.path = missing->path,
										.err = ETIMEDOUT,
										.cause = VGPU_CAUSE_NOT_READY,
										.hint = "see that vfio's modules are loaded, that udev works, and the kernel's "
												"log; or allow more time"},
				   "%s in time, so the vGPU was taken back", missing->what);
}

int vg_ready_wait(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const char *name,
				  const struct vg_ready_opts *opts, struct vgpu_device **out)
{
	struct missing missing;
	int64_t pause = 1;

	for (;;) {
		struct vgpu_device *device;
		int r = backend->read_device(ctx, name, &device);

		if (r == -ENODEV)
			return vg_fail(
				ctx, &(struct vg_failure){.operation = "create", .path = name, .err = ENODEV, .cause = VGPU_CAUSE_GONE},
				"it was removed right after it was made");
		if (r)
			return r;
		if (is_ready(ctx, device, opts->wait, &missing)) {
			r = opts->owner ? give_nodes(ctx, device, opts) : 0;
			if (r == 0)
				*out = device;
			else
				vgpu_device_unref(device);
			return r;
		}
		vgpu_device_unref(device);
		if (vg_now_ms() >= opts->deadline)
			return fail_late(ctx, &missing);
		vg_sleep_ms(pause);
		if (pause < POLL_MAX_MS)
			pause *= 2;
	}
}
