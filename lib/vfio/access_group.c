/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access by the IOMMU group's node and a container (type1 v2).
 *
 * A group can be opened once, so its devices share the descriptor. A container may refuse a group (other IOMMU
 * hardware, other properties): then the group gets a container of its own, beside it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/access_ops.h"
#include "vfio/container.h"
#include "vfio/fail.h"
#include "vfio/kvm.h"
#include "vfio/reset.h"

struct vg_group {
	struct vg_group *next;
	struct vg_table *container;
	int fd;
	int id; /* of the IOMMU group; -1: handed over, not known */
	unsigned devices;
	struct vgpu_kvm *kvm; /* the VM that it belongs to, or NULL */
	bool is_told;         /* by us, so that it is for us to take it back */
};

/* The group leaves its virtual machine, if any: after its devices are closed, and before it is, since KVM holds it. */
static void leave_kvm(struct vg_group *group)
{
	if (group->is_told)
		vg_kvm_remove(group->kvm, group->fd);
	group->is_told = false;
	group->kvm = vgpu_kvm_unref(group->kvm);
}

/* KVM is told of the group, unless it knows. */
static int enter_kvm(struct vgpu_context *ctx, struct vg_group *group, struct vgpu_kvm *kvm, const char *name)
{
	int r;

	if (!kvm || group->kvm == kvm)
		return 0;
	if (group->kvm)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = VG_OPEN,
											.path = name,
											.err = EXDEV,
											.cause = VGPU_CAUSE_INVALID,
											.hint = "open all devices of an IOMMU group with one struct vgpu_kvm"},
					   "its IOMMU group belongs to another VM already");
	r = vg_kvm_add(ctx, kvm, group->fd, name);
	if (r < 0)
		return r;
	group->is_told = r == 0;
	group->kvm = vgpu_kvm_ref(kvm);
	return 0;
}

static void drop_group(struct vg_space *space, struct vg_group *group)
{
	struct vg_group **link;

	if (--group->devices)
		return;
	for (link = &space->groups; *link != group; link = &(*link)->next)
		;
	*link = group->next;
	leave_kvm(group);
	vg_close(group->fd); /* before the container: leaving it is the last thing that a group does */
	vg_table_put(space, group->container);
	free(group);
}

/* What both ways in do at the end. Takes the descriptor over, and a use of container. */
static struct vg_group *add_group(struct vg_space *space, struct vg_table *container, int fd, int id)
{
	struct vg_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	*group = (struct vg_group){.next = space->groups, .container = container, .fd = fd, .id = id, .devices = 1};
	space->groups = group;
	return group;
}

/* Asks a new container what it is and can. */
static int check_container(struct vgpu_context *ctx, int fd, const char *path)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = path, .err = EOPNOTSUPP};
	int version = vg_ioctl(fd, VFIO_GET_API_VERSION, NULL);

	failure.cause = VGPU_CAUSE_UNSUPPORTED;
	if (version < 0)
		return vg_fail(ctx, &failure, "this is not the node of VFIO containers");
	if (version != VFIO_API_VERSION)
		return vg_fail(ctx, &failure, "the kernel's VFIO has interface version %d, not %d", version, VFIO_API_VERSION);
	if (vg_ioctl_value(fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) > 0)
		return 0;
	failure.cause = VGPU_CAUSE_MODULE_MISSING;
	failure.hint = "load it: modprobe vfio_iommu_type1";
	return vg_fail(ctx, &failure, "VFIO's IOMMU driver for containers (type1 v2) is not loaded");
}

static int fail_join(struct vgpu_context *ctx, const struct vg_target *target, int err)
{
	struct vg_failure failure = {
		.operation = VG_OPEN, .path = target->group_node, .err = err, .cause = VGPU_CAUSE_REFUSED};

	if (err == EPERM || err == EBUSY) /* the group's DMA belongs to a driver of the host */
		return vg_vfio_fail_not_viable(ctx, target);
	if (err == ENODEV || err == ENOMEM)
		failure.cause = VGPU_CAUSE_NONE;
	return vg_fail(ctx, &failure, "the container does not take IOMMU group %d: %s", target->iommu_group,
				   strerrordesc_np(err) ?: "unknown error");
}

/* A container that nobody uses yet, with the group and all mappings in it. */
static int open_container(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
						  int group_fd, struct vg_table **out)
{
	struct vg_table *container = NULL;
	char path[VG_PATH_SIZE];
	int fd, r;

	r = vg_strf(path, sizeof(path), "%s/vfio/vfio", ctx->dev);
	fd = r < 0 ? r : vg_node_open(path);
	if (fd == -ENODEV || fd == -ENXIO)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = VG_OPEN,
											.path = path,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_MODULE_MISSING,
											.hint = "load it: modprobe vfio"},
					   "the kernel's VFIO containers are not there");
	if (fd < 0)
		return vg_vfio_fail_node(ctx, NULL, path, -fd);
	r = check_container(ctx, fd, path);
	if (r == 0) {
		r = vg_ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &fd);
		if (r == 0)
			r = vg_ioctl_value(fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
		if (r < 0)
			r = fail_join(ctx, target, -r);
		else
			container = vg_table_add(space, &vg_container_ops, fd, 0);
	}
	if (!container) {
		vg_close(fd);
		return r ? r : vg_fail_memory(ctx, VG_OPEN);
	}
	r = vg_table_fill(ctx, VG_OPEN, space, container);
	if (r)
		vg_table_put(space, container);
	else
		*out = container;
	return r;
}

/* The group joins one of the containers, or a new one. */
static int find_container(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
						  int group_fd, struct vg_table **out)
{
	struct vg_table *container;

	for (container = space->tables; container; container = container->next) {
		if (vg_ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container->fd) < 0)
			continue;
		container->users++;
		*out = container;
		return 0;
	}
	return open_container(ctx, space, target, group_fd, out);
}

static int check_group(struct vgpu_context *ctx, const struct vg_target *target, int fd)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	int r = vg_ioctl(fd, VFIO_GROUP_GET_STATUS, &status);

	if (r < 0)
		return vg_fail_errno(ctx, VG_OPEN, target->group_node, -r);
	/* a flag among others: CONTAINER_SET may stand beside it */
	return status.flags & VFIO_GROUP_FLAGS_VIABLE ? 0 : vg_vfio_fail_not_viable(ctx, target);
}

static int open_group(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
					  struct vg_group **out)
{
	struct vg_table *container = NULL;
	int fd = vg_node_open(target->group_node), r;

	if (fd < 0)
		return vg_vfio_fail_node(ctx, target, target->group_node, -fd);
	r = check_group(ctx, target, fd);
	if (r == 0)
		r = find_container(ctx, space, target, fd, &container);
	if (container) {
		*out = add_group(space, container, fd, target->iommu_group);
		if (*out)
			return 0;
		r = vg_fail_memory(ctx, VG_OPEN);
	}
	vg_close(fd);
	if (container)
		vg_table_put(space, container);
	return r;
}

/* The group of the target, with one use more. */
static int find_group(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
					  struct vg_group **out)
{
	struct vg_group *group;

	for (group = space->groups; group; group = group->next) {
		if (group->id == target->iommu_group) {
			group->devices++;
			*out = group;
			return 0;
		}
	}
	return open_group(ctx, space, target, out);
}

static int get_device(struct vgpu_context *ctx, struct vg_group *group, const char *name, struct vg_place *out)
{
	char text[VG_NAME_SIZE];
	struct vg_failure failure = {.operation = VG_OPEN, .path = name, .cause = VGPU_CAUSE_REFUSED};
	int fd = vg_strcopy(text, sizeof(text), name);

	if (fd >= 0)
		fd = vg_ioctl(group->fd, VFIO_GROUP_GET_DEVICE_FD, text);
	if (fd >= 0) {
		*out = VG_PLACE_NONE;
		out->device_fd = fd;
		out->group_fd = group->fd;
		out->container_fd = group->container->fd;
		out->member = group;
		return 0;
	}
	failure.err = -fd;
	if (fd == -ENODEV) {
		failure.cause = VGPU_CAUSE_NO_VFIO_DRIVER;
		failure.hint = "bind it to a VFIO driver; or it was removed meanwhile";
		return vg_fail(ctx, &failure, "its IOMMU group has no VFIO device of this name");
	}
	if (fd == -ENOMEM || fd == -EMFILE || fd == -ENFILE)
		failure.cause = VGPU_CAUSE_NONE;
	return vg_fail(ctx, &failure, "the driver does not open it: %s", strerrordesc_np(-fd) ?: "unknown error");
}

static int open_device(struct vgpu_context *ctx, struct vg_group *group, const char *name, struct vgpu_kvm *kvm,
					   struct vg_place *out)
{
	bool was_in_vm = group->kvm;
	int r = enter_kvm(ctx, group, kvm, name);

	if (r == 0)
		r = get_device(ctx, group, name, out);
	if (r && !was_in_vm)
		leave_kvm(group);
	return r;
}

static int group_open(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
					  const struct vgpu_vfio_opts *opts, struct vg_place *out)
{
	struct vg_group *group = NULL;
	int r = find_group(ctx, space, target, &group);

	if (!group)
		return r;
	r = open_device(ctx, group, target->name, opts->kvm, out);
	if (r)
		drop_group(space, group);
	return r;
}

/* Joins group and container where their owner has not done so. */
static int complete(struct vgpu_context *ctx, const struct vgpu_vfio_fds *fds, int group_fd, int container_fd)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	int r;

	if (vg_ioctl(group_fd, VFIO_GROUP_GET_STATUS, &status) < 0)
		return vg_vfio_fail_kind(ctx, fds->name, "group_fd", "the node of an IOMMU group");
	if (vg_ioctl(container_fd, VFIO_GET_API_VERSION, NULL) != VFIO_API_VERSION)
		return vg_vfio_fail_kind(ctx, fds->name, "container_fd", "a VFIO container");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return vg_vfio_fail_not_viable(ctx, NULL);
	if (!(status.flags & VFIO_GROUP_FLAGS_CONTAINER_SET)) {
		r = vg_ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container_fd);
		if (r < 0)
			return vg_fail(
				ctx,
				&(struct vg_failure){.operation = VG_OPEN, .path = fds->name, .err = -r, .cause = VGPU_CAUSE_REFUSED},
				"container_fd does not take the group: %s", strerrordesc_np(-r) ?: "unknown error");
	}
	r = vg_ioctl_value(container_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
	if (r < 0 && r != -EINVAL) /* EINVAL: it has an IOMMU already */
		return vg_fail_errno(ctx, VG_OPEN, fds->name, -r);
	return 0;
}

/* The container of this descriptor, which it takes over, with one use more and the mappings in it. */
static int adopt_container(struct vgpu_context *ctx, struct vg_space *space, int fd, struct vg_table **out)
{
	struct vg_table *container = vg_table_find(space, fd, 0);
	int r;

	if (container) {
		vg_close(fd);
		container->users++;
		*out = container;
		return 0;
	}
	container = vg_table_add(space, &vg_container_ops, fd, 0);
	if (!container) {
		vg_close(fd);
		return vg_fail_memory(ctx, VG_OPEN);
	}
	container->is_shared = true;
	r = vg_table_fill(ctx, VG_OPEN, space, container);
	if (r)
		vg_table_put(space, container);
	else
		*out = container;
	return r;
}

/* Both descriptors are ours, and go with a failure. */
static int adopt_group(struct vgpu_context *ctx, struct vg_space *space, const struct vgpu_vfio_fds *fds, int group_fd,
					   int container_fd, struct vg_group **out)
{
	struct vg_table *container;
	int r = complete(ctx, fds, group_fd, container_fd);

	if (r)
		vg_close(container_fd);
	else
		r = adopt_container(ctx, space, container_fd, &container);
	if (r == 0) {
		*out = add_group(space, container, group_fd, -1);
		if (*out)
			return 0;
		r = vg_fail_memory(ctx, VG_OPEN);
		vg_close(group_fd);
		vg_table_put(space, container);
	} else {
		vg_close(group_fd);
	}
	return r;
}

/* A given group that the space has already, with one use more; NULL: it has not. */
static struct vg_group *find_given(const struct vg_space *space, const struct vgpu_vfio_fds *fds)
{
	struct vg_group *group;

	for (group = space->groups; group; group = group->next) {
		if (!vg_same_file(group->fd, fds->group_fd) || !vg_same_file(group->container->fd, fds->container_fd))
			continue;
		group->devices++;
		break;
	}
	return group;
}

static int group_adopt(struct vgpu_context *ctx, struct vg_space *space, const struct vgpu_vfio_fds *fds,
					   struct vg_place *out)
{
	struct vg_group *group = find_given(space, fds);
	int group_fd, container_fd, r;

	if (!group) {
		group_fd = vg_dup_fd(fds->group_fd);
		if (group_fd < 0)
			return vg_vfio_fail_dup(ctx, fds->name, "group_fd", -group_fd);
		container_fd = vg_dup_fd(fds->container_fd);
		if (container_fd < 0) {
			vg_close(group_fd);
			return vg_vfio_fail_dup(ctx, fds->name, "container_fd", -container_fd);
		}
		r = adopt_group(ctx, space, fds, group_fd, container_fd, &group);
		if (r)
			return r;
	}
	r = open_device(ctx, group, fds->name, fds->kvm, out);
	if (r)
		drop_group(space, group);
	else if (group->id < 0)
		group->id = vg_reset_find_group(out->device_fd, fds->name);
	return r;
}

static void group_close(struct vg_space *space, struct vg_place *place)
{
	vg_close(place->device_fd);
	drop_group(space, place->member);
}

static int group_fd(const struct vg_space *space, int iommu_group)
{
	const struct vg_group *group;

	for (group = space->groups; group; group = group->next)
		if (group->id == iommu_group)
			return group->fd;
	return -1;
}

const struct vg_access_ops vg_access_group = {
	.access = VGPU_ACCESS_GROUP,
	.open = group_open,
	.adopt = group_adopt,
	.close = group_close,
	.group_fd = group_fd,
};
