/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access by the device's own node (cdev) and iommufd: one iommufd and one IOAS for all devices of a DMA object. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/uapi.h"
#include "vfio/access_ops.h"
#include "vfio/fail.h"
#include "vfio/kvm.h"

struct space {
	int iommufd;
	uint32_t ioas_id;
	bool is_foreign; /* others go on with this iommufd: what we made in it must be undone */
	bool has_own_ioas;
};

static struct space *new_space(void)
{
	struct space *space = calloc(1, sizeof(*space));

	if (space)
		space->iommufd = -1;
	return space;
}

static void free_space(void *opaque)
{
	struct space *space = opaque;
	struct vg_iommu_destroy destroy = {.size = sizeof(destroy), .id = space->ioas_id};

	if (space->is_foreign && space->has_own_ioas)
		vg_ioctl(space->iommufd, VG_IOMMU_DESTROY, &destroy);
	vg_close(space->iommufd);
	free(space);
}

static int alloc_ioas(struct vgpu_context *ctx, struct space *space, const char *path)
{
	struct vg_iommu_ioas_alloc alloc = {.size = sizeof(alloc)};
	int r = vg_ioctl(space->iommufd, VG_IOMMU_IOAS_ALLOC, &alloc);

	if (r < 0)
		return r == -ENOTTY ? vg_vfio_fail_kind(ctx, path, "iommufd", "an open iommufd")
							: vg_fail_errno(ctx, VG_OPEN, path, -r);
	space->ioas_id = alloc.out_ioas_id;
	space->has_own_ioas = true;
	return 0;
}

static int open_space(struct vgpu_context *ctx, void **out)
{
	struct space *space;
	char path[VG_PATH_SIZE];
	int r;

	if (*out)
		return 0;
	space = new_space();
	if (!space)
		return vg_fail_memory(ctx, VG_OPEN);
	*out = space;
	r = vg_strf(path, sizeof(path), "%s/iommu", ctx->dev);
	if (r >= 0)
		r = vg_node_open(path);
	if (r < 0)
		return vg_vfio_fail_node(ctx, NULL, path, -r);
	space->iommufd = r;
	return alloc_ioas(ctx, space, path);
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

/* Binds and attaches fd. On failure the caller closes it: the kernel unbinds when nobody has it open any more. */
static int bind_device(struct vgpu_context *ctx, const struct space *space, const struct vg_target *target,
					   const char *node, int fd)
{
	struct vg_vfio_bind_iommufd bind = {.argsz = sizeof(bind), .iommufd = space->iommufd};
	struct vg_vfio_attach_iommufd_pt attach = {.argsz = sizeof(attach), .pt_id = space->ioas_id};
	int r = vg_ioctl(fd, VG_VFIO_DEVICE_BIND_IOMMUFD, &bind);

	if (r < 0)
		return fail_bind(ctx, target, node, -r);
	r = vg_ioctl(fd, VG_VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	if (r >= 0)
		return 0;
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = VG_OPEN,
										.path = node,
										.err = -r,
										.cause = r == -ENOMEM ? VGPU_CAUSE_NONE : VGPU_CAUSE_REFUSED},
				   "iommufd does not attach the device to IOAS %u: %s", space->ioas_id,
				   strerrordesc_np(-r) ?: "unknown error");
}

/*
 * The device comes to its place, and into its virtual machine first, if any. Takes fd over. What KVM is to be told to
 * forget later is kept as the place's member.
 */
static int enter(struct vgpu_context *ctx, const struct space *space, const struct vg_target *target, const char *node,
				 int fd, struct vgpu_kvm *kvm, struct vg_place *out)
{
	int r = kvm ? vg_kvm_add(ctx, kvm, fd, node) : 1;
	bool is_told = r == 0;

	if (r >= 0)
		r = bind_device(ctx, space, target, node, fd);
	if (r == 0) {
		*out = (struct vg_place){fd, -1, -1, space->iommufd, space->ioas_id, is_told ? vgpu_kvm_ref(kvm) : NULL};
		return 0;
	}
	if (is_told)
		vg_kvm_remove(kvm, fd);
	vg_close(fd);
	return r;
}

static int iommufd_open(struct vgpu_context *ctx, void **space, const struct vg_target *target, struct vgpu_kvm *kvm,
						struct vg_place *out)
{
	int fd, r = open_space(ctx, space);

	if (r)
		return r;
	fd = vg_node_open(target->cdev_node);
	if (fd < 0)
		return vg_vfio_fail_node(ctx, target, target->cdev_node, -fd);
	return enter(ctx, *space, target, target->cdev_node, fd, kvm, out);
}

static int adopt_space(struct vgpu_context *ctx, void **out, const struct vgpu_vfio_fds *fds)
{
	struct space *space = new_space();

	if (!space)
		return vg_fail_memory(ctx, VG_OPEN);
	*out = space;
	space->is_foreign = true;
	space->ioas_id = fds->ioas_id;
	space->iommufd = vg_dup_fd(fds->iommufd);
	if (space->iommufd < 0)
		return vg_vfio_fail_dup(ctx, fds->name, "iommufd", -space->iommufd);
	return space->ioas_id ? 0 : alloc_ioas(ctx, space, fds->name);
}

static int iommufd_adopt(struct vgpu_context *ctx, void **space, const struct vgpu_vfio_fds *fds, struct vg_place *out)
{
	int fd, r = adopt_space(ctx, space, fds);

	if (r)
		return r;
	fd = vg_dup_fd(fds->cdev_fd);
	if (fd < 0)
		return vg_vfio_fail_dup(ctx, fds->name, "cdev_fd", -fd);
	return enter(ctx, *space, NULL, fds->name, fd, fds->kvm, out);
}

static void iommufd_close(void *opaque, struct vg_place *place)
{
	const struct space *space = opaque;
	struct vg_vfio_detach_iommufd_pt detach = {.argsz = sizeof(detach)};

	/* the giver's descriptor keeps the device open: let go of our IOAS, or it cannot be destroyed */
	if (space->is_foreign && space->has_own_ioas)
		vg_ioctl(place->device_fd, VG_VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
	if (place->member) { /* first: KVM holds the file open */
		vg_kvm_remove(place->member, place->device_fd);
		vgpu_kvm_unref(place->member);
	}
	vg_close(place->device_fd);
}

const struct vg_access_ops vg_access_iommufd = {
	.access = VGPU_ACCESS_IOMMUFD,
	.open = iommufd_open,
	.adopt = iommufd_adopt,
	.close = iommufd_close,
	.free_space = free_space,
};
