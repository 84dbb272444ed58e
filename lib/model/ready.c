/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until a created vGPU is ready: its links, its nodes with the numbers that sysfs states, udev. */
#include "model/ready.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <vgpu/device.h>

#include "sys/devnode.h"
#include "sys/udev.h"

#define POLL_MAX_MS 20

/* A node that sysfs states must exist; *missing names what does not, or what udev has not finished. */
static bool node_is_ready(const char *number_path, const char *node, bool udev, const char **missing)
{
	dev_t number;

	*missing = number_path;
	if (vg_devnum_read(number_path, &number))
		return false;
	*missing = node;
	return vg_node_is(node, number) && (!udev || vg_udev_is_done(number));
}

/* The nodes of a device that has a group, or a node of its own, or both. Paths in *missing live in buf. */
static bool nodes_are_ready(struct vgpu_context *ctx, const struct vg_target *target, char *buf, const char **missing)
{
	bool udev = vg_udev_runs(ctx);

	if (target->iommu_group >= 0) {
		vg_strf(buf, VG_PATH_SIZE, "%s/class/vfio/%s/dev", ctx->sys, vg_basename(target->group_node));
		if (!node_is_ready(buf, target->group_node, udev, missing))
			return false;
	}
	if (target->cdev_node[0]) {
		vg_strf(buf, VG_PATH_SIZE, "%s/class/vfio-dev/%s/dev", ctx->sys, vg_basename(target->cdev_node));
		if (!node_is_ready(buf, target->cdev_node, udev, missing))
			return false;
	}
	return true;
}

static bool is_ready(struct vgpu_context *ctx, struct vg_target *target, uint32_t wait, char *buf, const char **missing)
{
	char type[VG_NAME_SIZE];

	if (vg_target_read(ctx, target)) {
		*missing = target->path;
		return false;
	}
	vg_strf(buf, VG_PATH_SIZE, "%s/mdev_type", target->path);
	*missing = buf;
	if (strcmp(target->bus, "mdev") == 0 && vg_read_link_name(AT_FDCWD, buf, type, sizeof(type)))
		return false;
	vg_strf(buf, VG_PATH_SIZE, "%s/iommu_group", target->path);
	if (target->iommu_group < 0 && !target->cdev_node[0])
		return false;
	return wait == VGPU_WAIT_SYSFS || nodes_are_ready(ctx, target, buf, missing);
}

static int give_nodes(struct vgpu_context *ctx, const struct vg_target *target, const struct vg_ready_opts *opts)
{
	const char *const nodes[] = {target->group_node, target->cdev_node};
	size_t i;

	for (i = 0; i < VG_COUNT(nodes); i++) {
		int r = nodes[i][0] ? vg_node_chown(nodes[i], opts->uid, opts->gid) : 0;

		if (r)
			return vg_fail(
				ctx, &(struct vg_failure){.operation = "create", .path = nodes[i], .value = opts->owner, .err = -r},
				"the node can't be given to %s: %s", opts->owner, strerrordesc_np(-r));
	}
	return 0;
}

int vg_ready_wait(struct vgpu_context *ctx, struct vg_target *target, const struct vg_ready_opts *opts)
{
	const char *missing = target->path;
	char buf[VG_PATH_SIZE];
	int64_t pause = 1;

	if (opts->wait == VGPU_WAIT_NONE)
		return 0;
	while (!is_ready(ctx, target, opts->wait, buf, &missing)) {
		if (vg_now_ms() >= opts->deadline)
			return vg_fail(ctx,
						   &(struct vg_failure){.operation = "create",
												.path = missing,
												.err = ETIMEDOUT,
												.cause = VGPU_CAUSE_NOT_READY,
												.hint = "see that vfio's modules are loaded, that udev works, and "
														"the kernel's log; or allow more time"},
						   "did not appear in time, so the vGPU was taken back");
		vg_sleep_ms(pause);
		if (pause < POLL_MAX_MS)
			pause *= 2;
	}
	return opts->owner ? give_nodes(ctx, target, opts) : 0;
}
