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
#include "vfio/fail.h"
#include "vfio/kvm.h"
#include "vfio/reset.h"

struct container {
	struct container *next;
	int fd;
	unsigned groups;
};

struct group {
	struct group *next;
	struct container *container;
	int fd;
	int id; /* of the IOMMU group; -1: handed over, not known */
	unsigned devices;
	struct vgpu_kvm *kvm; /* the VM that it belongs to, or NULL */
	bool is_told;         /* by us, so that it is for us to take it back */
};

struct space {
	struct container *containers;
	struct group *groups;
};

static int make_space(struct vgpu_context *ctx, void **space)
{
	if (!*space)
		*space = calloc(1, sizeof(struct space));
	return *space ? 0 : vg_fail_memory(ctx, VG_OPEN);
}

static void drop_container(struct space *space, struct container *container)
{
	struct container **link;

	if (--container->groups)
		return;
	for (link = &space->containers; *link != container; link = &(*link)->next)
		;
	*link = container->next;
	vg_close(container->fd);
	free(container);
}

/* The group leaves its virtual machine, if any: after its devices are closed, and before it is, since KVM holds it. */
static void leave_kvm(struct group *group)
{
	if (group->is_told)
		vg_kvm_remove(group->kvm, group->fd);
	group->is_told = false;
	group->kvm = vgpu_kvm_unref(group->kvm);
}

/* KVM is told of the group, unless it knows. */
static int enter_kvm(struct vgpu_context *ctx, struct group *group, struct vgpu_kvm *kvm, const char *name)
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

static void drop_group(struct space *space, struct group *group)
{
	struct group **link;

	if (--group->devices)
		return;
	for (link = &space->groups; *link != group; link = &(*link)->next)
		;
	*link = group->next;
	leave_kvm(group);
	vg_close(group->fd); /* before the container: leaving it is the last thing that a group does */
	drop_container(space, group->container);
	free(group);
}

/* What both ways in do at the end. Takes the two descriptors over, and a use of container. */
static struct group *add_group(struct space *space, struct container *container, int fd, int id)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	*group = (struct group){.next = space->groups, .container = container, .fd = fd, .id = id, .devices = 1};
	space->groups = group;
	return group;
}

static struct container *add_container(struct space *space, int fd)
{
	struct container *container = calloc(1, sizeof(*container));

	if (!container)
		return NULL;
	*container = (struct container){.next = space->containers, .fd = fd, .groups = 1};
	space->containers = container;
	return container;
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

/* A container that nobody uses yet, with the group in it. */
static int open_container(struct vgpu_context *ctx, struct space *space, const struct vg_target *target, int group_fd,
						  struct container **out)
{
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
			r = (*out = add_container(space, fd)) ? 0 : vg_fail_memory(ctx, VG_OPEN);
	}
	if (r)
		vg_close(fd);
	return r;
}

/* The group joins one of the containers, or a new one. */
static int find_container(struct vgpu_context *ctx, struct space *space, const struct vg_target *target, int group_fd,
						  struct container **out)
{
	struct container *container;

	for (container = space->containers; container; container = container->next) {
		if (vg_ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container->fd) < 0)
			continue;
		container->groups++;
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

static int open_group(struct vgpu_context *ctx, struct space *space, const struct vg_target *target, struct group **out)
{
	struct container *container = NULL;
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
		drop_container(space, container);
	return r;
}

/* The group of the target, with one use more. */
static int find_group(struct vgpu_context *ctx, struct space *space, const struct vg_target *target, struct group **out)
{
	struct group *group;

	for (group = space->groups; group; group = group->next) {
		if (group->id == target->iommu_group) {
			group->devices++;
			*out = group;
			return 0;
		}
	}
	return open_group(ctx, space, target, out);
}

static int get_device(struct vgpu_context *ctx, struct group *group, const char *name, struct vg_place *out)
{
	char text[VG_NAME_SIZE];
	struct vg_failure failure = {.operation = VG_OPEN, .path = name, .cause = VGPU_CAUSE_REFUSED};
	int fd = vg_strcopy(text, sizeof(text), name);

	if (fd >= 0)
		fd = vg_ioctl(group->fd, VFIO_GROUP_GET_DEVICE_FD, text);
	if (fd >= 0) {
		*out = (struct vg_place){fd, group->fd, group->container->fd, -1, 0, group};
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

static int open_device(struct vgpu_context *ctx, struct group *group, const char *name, struct vgpu_kvm *kvm,
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

static int group_open(struct vgpu_context *ctx, void **space, const struct vg_target *target, struct vgpu_kvm *kvm,
					  struct vg_place *out)
{
	struct group *group = NULL;
	int r = make_space(ctx, space);

	if (r == 0)
		r = find_group(ctx, *space, target, &group);
	if (!group)
		return r;
	r = open_device(ctx, group, target->name, kvm, out);
	if (r)
		drop_group(*space, group);
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

static int group_adopt(struct vgpu_context *ctx, void **space_out, const struct vgpu_vfio_fds *fds,
					   struct vg_place *out)
{
	int group_fd, container_fd = -1, r = make_space(ctx, space_out);
	struct container *container = NULL;
	struct group *group = NULL;
	struct space *space = *space_out;

	if (r)
		return r;
	group_fd = vg_dup_fd(fds->group_fd);
	if (group_fd < 0)
		return vg_vfio_fail_dup(ctx, fds->name, "group_fd", -group_fd);
	container_fd = vg_dup_fd(fds->container_fd);
	r = container_fd < 0 ? vg_vfio_fail_dup(ctx, fds->name, "container_fd", -container_fd)
						 : complete(ctx, fds, group_fd, container_fd);
	if (r == 0) {
		container = add_container(space, container_fd);
		group = container ? add_group(space, container, group_fd, -1) : NULL;
		r = group ? open_device(ctx, group, fds->name, fds->kvm, out) : vg_fail_memory(ctx, VG_OPEN);
	}
	if (r == 0) {
		group->id = vg_reset_find_group(out->device_fd, fds->name);
		return 0;
	}
	if (group) {
		drop_group(space, group);
		return r;
	}
	vg_close(group_fd);
	if (container)
		drop_container(space, container);
	else
		vg_close(container_fd);
	return r;
}

static void group_close(void *space, struct vg_place *place)
{
	vg_close(place->device_fd);
	drop_group(space, place->member);
}

static int group_fd(void *opaque, int iommu_group)
{
	const struct space *space = opaque;
	const struct group *group;

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
	.free_space = free,
};
