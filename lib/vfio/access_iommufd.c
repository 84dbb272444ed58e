/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access by the device's own node (cdev) and iommufd: one iommufd and one IOAS for all devices of a DMA object. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/uapi.h"
#include "vfio/access_ops.h"
#include "vfio/dma_fail.h"
#include "vfio/fail.h"
#include "vfio/ioas.h"
#include "vfio/kvm.h"

static int alloc_ioas(struct vgpu_context *ctx, struct vg_table *table, const char *path)
{
	struct vg_iommu_ioas_alloc alloc = {.size = sizeof(alloc)};
	int r = vg_ioctl(table->fd, VG_IOMMU_IOAS_ALLOC, &alloc);

	if (r < 0)
		return r == -ENOTTY ? vg_vfio_fail_kind(ctx, path, "iommufd", "an open iommufd")
							: vg_fail_errno(ctx, VG_OPEN, path, -r);
	table->id = alloc.out_ioas_id;
	table->owns_id = true;
	return 0;
}

/* A use of the table of this iommufd, which it takes over. id 0: with an IOAS of our own. */
static int add_ioas(struct vgpu_context *ctx, struct vg_space *space, int iommufd, uint32_t id, const char *path,
					struct vg_table **out)
{
	struct vg_table *table = vg_table_add(space, &vg_ioas_ops, iommufd, id);
	int r;

	if (!table) {
		vg_close(iommufd);
		return vg_fail_memory(ctx, VG_OPEN);
	}
	table->is_shared = id != 0;
	r = id ? 0 : alloc_ioas(ctx, table, path);
	if (r)
		vg_table_put(space, table);
	else
		*out = table;
	return r;
}

/* The space's IOAS, or its first one. */
static int open_ioas(struct vgpu_context *ctx, struct vg_space *space, struct vg_table **out)
{
	struct vg_table *table;
	char path[VG_PATH_SIZE];
	int r;

	for (table = space->tables; table; table = table->next) {
		if (table->ops != &vg_ioas_ops)
			continue;
		table->users++;
		*out = table;
		return 0;
	}
	r = vg_strf(path, sizeof(path), "%s/iommu", ctx->dev);
	if (r >= 0)
		r = vg_node_open(path);
	if (r < 0)
		return vg_vfio_fail_node(ctx, NULL, path, -r);
	return add_ioas(ctx, space, r, 0, path, out);
}

/* Why BIND failed. */
static int fail_bind(struct vgpu_context *ctx, const struct vg_target *target, const char *node, int err)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = node, .err = err, .cause = VGPU_CAUSE_REFUSED};

	/* The kernel says EBUSY where the group is open, and EINVAL where another cdev descriptor is bound. */
	if (err == EBUSY || err == EINVAL)
		return vg_vfio_fail_in_use(ctx, target, node);
	if (err == ENOTTY)
		return vg_vfio_fail_kind(ctx, node, "cdev_fd", "the node of a VFIO device");
	if (err == EBADF || err == EBADFD)
		return vg_vfio_fail_kind(ctx, node, "iommufd", "an open iommufd");
	if (err == EPERM && target) /* another device of the group has a driver of the host */
		return vg_vfio_fail_not_viable(ctx, target);
	if (err == ENODEV || err == ENOMEM)
		failure.cause = VGPU_CAUSE_NONE;
	return vg_fail(ctx, &failure, "iommufd does not bind the device: %s", strerrordesc_np(err) ?: "unknown error");
}

static int fail_attach(struct vgpu_context *ctx, const struct vg_table *table, const char *node, int err)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = node, .err = err, .cause = VGPU_CAUSE_REFUSED};

	if (err == ENOMEM)
		return vg_dma_fail_lock(ctx, VG_OPEN, node);
	if (err == EADDRINUSE) {
		failure.cause = VGPU_CAUSE_OUT_OF_RANGE;
		failure.hint = "give it a DMA object of its own, and see there what it can use (vgpu_dma_limits_find())";
		return vg_fail(ctx, &failure, "memory is mapped at IOVAs that the device's IOMMU can't use");
	}
	return vg_fail(ctx, &failure, "iommufd does not attach the device to IOAS %u: %s", table->id,
				   strerrordesc_np(err) ?: "unknown error");
}

/*
 * Binds and attaches fd, and puts the mappings into an IOAS that has none yet: afterwards, since only devices make it
 * say what it can map. On failure the caller closes fd: the kernel unbinds when nobody has it open any more.
 */
static int bind_device(struct vgpu_context *ctx, struct vg_space *space, struct vg_table *table,
					   const struct vg_target *target, const char *node, int fd)
{
	struct vg_vfio_bind_iommufd bind = {.argsz = sizeof(bind), .iommufd = table->fd};
	struct vg_vfio_attach_iommufd_pt attach = {.argsz = sizeof(attach), .pt_id = table->id};
	struct vg_vfio_detach_iommufd_pt detach = {.argsz = sizeof(detach)};
	int r = vg_ioctl(fd, VG_VFIO_DEVICE_BIND_IOMMUFD, &bind);

	if (r < 0)
		return fail_bind(ctx, target, node, -r);
	r = vg_ioctl(fd, VG_VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	if (r < 0)
		return fail_attach(ctx, table, node, -r);
	r = table->is_full ? 0 : vg_table_fill(ctx, VG_OPEN, space, table);
	if (r && !target) /* the giver's descriptor keeps it open */
		vg_ioctl(fd, VG_VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	return r;
}

/*
 * The device comes to its place, and into its virtual machine first, if any. Takes fd and a use of the
 * table over. Which VM is to be told to forget it, the place knows.
 */
static int enter(struct vgpu_context *ctx, struct vg_space *space, struct vg_table *table,
				 const struct vg_target *target, const char *node, int fd, struct vgpu_kvm *kvm, struct vg_place *out)
{
	int r = kvm ? vg_kvm_add(ctx, kvm, fd, node) : 1;
	bool is_told = r == 0;

	if (r >= 0)
		r = bind_device(ctx, space, table, target, node, fd);
	if (r == 0) {
		*out = VG_PLACE_NONE;
		out->device_fd = fd;
		out->iommufd = table->fd;
		out->ioas_id = table->id;
		out->member = table;
		out->kvm = is_told ? vgpu_kvm_ref(kvm) : NULL;
		return 0;
	}
	if (is_told)
		vg_kvm_remove(kvm, fd);
	vg_close(fd);
	vg_table_put(space, table);
	return r;
}

static int iommufd_open(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
						const struct vgpu_vfio_opts *opts, struct vg_place *out)
{
	struct vg_table *table;
	int fd, r = open_ioas(ctx, space, &table);

	if (r)
		return r;
	fd = vg_node_open(target->cdev_node);
	if (fd < 0) {
		vg_table_put(space, table);
		return vg_vfio_fail_node(ctx, target, target->cdev_node, -fd);
	}
	return enter(ctx, space, table, target, target->cdev_node, fd, opts->kvm, out);
}

/* A table for the given descriptors: one that the space has if it is the same, or if it is the same iommufd and no
 * IOAS is named. */
static int adopt_ioas(struct vgpu_context *ctx, struct vg_space *space, const struct vgpu_vfio_fds *fds,
					  struct vg_table **out)
{
	struct vg_table *table;
	int fd;

	for (table = space->tables; table; table = table->next) {
		if ((fds->ioas_id && fds->ioas_id != table->id) || !vg_same_file(table->fd, fds->iommufd))
			continue;
		table->users++;
		*out = table;
		return 0;
	}
	fd = vg_dup_fd(fds->iommufd);
	if (fd < 0)
		return vg_vfio_fail_dup(ctx, fds->name, "iommufd", -fd);
	return add_ioas(ctx, space, fd, fds->ioas_id, fds->name, out);
}

static int iommufd_adopt(struct vgpu_context *ctx, struct vg_space *space, const struct vgpu_vfio_fds *fds,
						 struct vg_place *out)
{
	struct vg_table *table;
	int fd, r = adopt_ioas(ctx, space, fds, &table);

	if (r)
		return r;
	fd = vg_dup_fd(fds->cdev_fd);
	if (fd < 0) {
		vg_table_put(space, table);
		return vg_vfio_fail_dup(ctx, fds->name, "cdev_fd", -fd);
	}
	return enter(ctx, space, table, NULL, fds->name, fd, fds->kvm, out);
}

static void iommufd_close(struct vg_space *space, struct vg_place *place)
{
	struct vg_table *table = place->member;
	struct vg_vfio_detach_iommufd_pt detach = {.argsz = sizeof(detach)};

	/* a giver's descriptor may keep the device open: let go of our IOAS, or it cannot be destroyed */
	if (table->owns_id)
		vg_ioctl(place->device_fd, VG_VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	if (place->kvm) { /* first: KVM holds the file open */
		vg_kvm_remove(place->kvm, place->device_fd);
		vgpu_kvm_unref(place->kvm);
	}
	vg_close(place->device_fd);
	vg_table_put(space, table);
}

const struct vg_access_ops vg_access_iommufd = {
	.access = VGPU_ACCESS_IOMMUFD,
	.open = iommufd_open,
	.adopt = iommufd_adopt,
	.close = iommufd_close,
};
