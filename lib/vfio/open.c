/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and closing a device: which access path, and what the device says of itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"
#include "sys/devio.h"
#include "sys/devnode.h"
#include "sys/files.h"
#include "vfio/fail.h"
#include "vfio/handle.h"
#include "vfio/irq.h"

/* The most regions, and the most IRQ indexes, that are believed. */
#define COUNT_MAX 4096

/* What struct vgpu_vfio_fds had from the start: fields that are missing would be descriptor 0. */
#define FDS_SIZE_MIN offsetof(struct vgpu_vfio_fds, kvm)
#define FDS_SIZE_SOCKET (offsetof(struct vgpu_vfio_fds, socket_fd) + sizeof(int))

#define USER_FLAGS (VGPU_USER_ANY_PEER | VGPU_USER_MAP_UNSEALED | VGPU_USER_POST | VGPU_USER_QUEUE | VGPU_USER_TWIN)

/* A path and why it was taken. */
struct choice {
	const struct vg_access_ops *ops;
	const char *reason;
};

/* NULL where the host has cdev and iommufd for the device, else why not. */
static const char *why_not_iommufd(struct vgpu_context *ctx, const struct vg_target *target, bool *allowed)
{
	char path[VG_PATH_SIZE];

	*allowed = false;
	if (vg_strf(path, sizeof(path), "%s/iommu", ctx->dev) < 0 || !vg_exists(AT_FDCWD, path))
		return "the kernel has no iommufd (/dev/iommu)";
	if (!target->cdev_node[0])
		return "the kernel gives the device no node of its own (cdev)";
	if (!vg_exists(AT_FDCWD, target->cdev_node))
		return "the device's own node (cdev) is not there";
	*allowed = vg_node_may_open(path) && vg_node_may_open(target->cdev_node);
	return NULL;
}

static int choose_iommufd(struct vgpu_context *ctx, const struct vg_target *target, const char *reason,
						  struct choice *out)
{
	bool allowed;
	const char *why_not = why_not_iommufd(ctx, target, &allowed);

	if (why_not)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = VG_OPEN,
											.path = target->path,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "use the access path group; or a kernel of 6.6 or later that has "
													"CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV"},
					   "no access by iommufd: %s", why_not);
	*out = (struct choice){&vg_access_iommufd, reason};
	return 0;
}

static int choose_group(struct vgpu_context *ctx, const struct vg_target *target, const char *reason,
						struct choice *out)
{
	char path[VG_PATH_SIZE];

	if (vg_strf(path, sizeof(path), "%s/class/vfio", ctx->sys) < 0 || !vg_exists(AT_FDCWD, path))
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = VG_OPEN,
											.path = target->path,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "use the access path iommufd; or a kernel that has "
													"CONFIG_VFIO_GROUP"},
					   "no access by group: the kernel's VFIO has no groups");
	*out = (struct choice){&vg_access_group, reason};
	return 0;
}

static int choose_auto(struct vgpu_context *ctx, const struct vg_target *target, struct choice *out)
{
	bool allowed;
	const char *why_not = why_not_iommufd(ctx, target, &allowed);

	if (why_not)
		return choose_group(ctx, target, why_not, out);
	if (!allowed && vg_node_may_open(target->group_node))
		return choose_group(ctx, target, "the group's node may be opened, those of iommufd may not", out);
	return choose_iommufd(ctx, target, "the host has iommufd and the device's own node (cdev)", out);
}

static int fail_other_path(struct vgpu_context *ctx, const char *path, const struct vg_access_ops *current)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = VG_OPEN,
										.path = path,
										.err = EXDEV,
										.cause = VGPU_CAUSE_INVALID,
										.hint = "use another DMA object, or the access path auto"},
				   "the DMA object goes by %s already", current->access == VGPU_ACCESS_IOMMUFD ? "iommufd" : "group");
}

static int choose_user(struct vgpu_context *ctx, const struct vg_target *target, uint32_t wanted, struct choice *out)
{
	if (wanted != VGPU_ACCESS_AUTO && wanted != VGPU_ACCESS_USER)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = VG_OPEN,
											.path = target->path,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "use the access path user, or auto"},
					   "this is a vfio-user socket: the kernel knows nothing of its device");
	*out = (struct choice){&vg_access_user, "it is a vfio-user socket"};
	return 0;
}

/* current: the path that the DMA object has, or NULL. */
static int choose(struct vgpu_context *ctx, const struct vg_target *target, uint32_t wanted,
				  const struct vg_access_ops *current, struct choice *out)
{
	const char *reason = "asked for";

	if (target->socket[0])
		return choose_user(ctx, target, wanted, out);
	if (current && wanted != VGPU_ACCESS_AUTO && wanted != current->access)
		return fail_other_path(ctx, target->path, current);
	if (current && wanted == VGPU_ACCESS_AUTO) {
		wanted = current->access;
		reason = "the DMA object has this access path";
	}
	switch (wanted) {
	case VGPU_ACCESS_IOMMUFD:
		return choose_iommufd(ctx, target, reason, out);
	case VGPU_ACCESS_GROUP:
		return choose_group(ctx, target, reason, out);
	case VGPU_ACCESS_USER:
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = VG_OPEN,
											.path = target->path,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "use the access path auto, group or iommufd"},
					   "the kernel has this device: it is behind no vfio-user socket");
	default:
		return choose_auto(ctx, target, out);
	}
}

static struct vgpu_vfio *new_handle(struct vgpu_context *ctx, const char *name)
{
	struct vgpu_vfio *vfio = calloc(1, sizeof(*vfio));

	if (!vfio || vg_dup(name, &vfio->name)) {
		free(vfio);
		return NULL;
	}
	pthread_mutex_init(&vfio->lock, NULL);
	pthread_mutex_init(&vfio->irq_lock, NULL);
	pthread_mutex_init(&vfio->edid_lock, NULL);
	pthread_mutex_init(&vfio->dmabufs_lock, NULL);
	vfio->event_fd = -1;
	vfio->ctx = vgpu_context_ref(ctx);
	vfio->place = VG_PLACE_NONE;
	return vfio;
}

struct vgpu_vfio *vgpu_vfio_close(struct vgpu_vfio *vfio)
{
	if (!vfio)
		return NULL;
	vg_displays_detach(vfio);
	vg_dmabufs_free(vfio);
	vg_regions_free(vfio);
	vg_irqs_free(vfio);
	if (vfio->access_ops)
		vg_dma_leave(vfio->dma, vfio->access_ops, &vfio->place);
	else
		vg_close(vfio->place.device_fd);
	vgpu_dma_unref(vfio->dma);
	vgpu_context_unref(vfio->ctx);
	pthread_mutex_destroy(&vfio->dmabufs_lock);
	pthread_mutex_destroy(&vfio->edid_lock);
	pthread_mutex_destroy(&vfio->irq_lock);
	pthread_mutex_destroy(&vfio->lock);
	free(vfio->name);
	free(vfio);
	return NULL;
}

/* What the device is. Drivers want to be asked this before anything else (mtty answers no IRQ_INFO before). */
static int read_info(struct vgpu_vfio *vfio)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	int r = vg_device_control(vfio, VFIO_DEVICE_GET_INFO, &info);

	if (r < 0)
		return r;
	/* callers loop over these: a count that no driver has would keep them busy for hours */
	if (info.num_regions > COUNT_MAX || info.num_irqs > COUNT_MAX)
		return -EPROTO;
	vfio->flags = info.flags;
	vfio->num_regions = info.num_regions;
	vfio->num_irqs = info.num_irqs;
	return 0;
}

/* Finishes the opening: the handle goes to the caller, or away. r: what the opening has come to so far. */
static int finish(struct vgpu_vfio *vfio, int r, struct vgpu_vfio **out)
{
	if (r == 0) {
		r = read_info(vfio);
		if (r == -EPROTO)
			r = vg_fail(vfio->ctx,
						&(struct vg_failure){.operation = VG_OPEN,
											 .path = vfio->name,
											 .err = EPROTO,
											 .cause = VGPU_CAUSE_BAD_DATA,
											 .hint = "tell the maker of its driver"},
						"the driver claims more than %d regions or IRQ indexes", COUNT_MAX);
		else if (r && !vfio->dma && r != -ENODEV && r != -ENOMEM)
			r = vg_vfio_fail_kind(vfio->ctx, vfio->name, "device_fd", "an open, bound VFIO device");
		else if (r)
			r = vg_fail_errno(vfio->ctx, VG_OPEN, vfio->name, -r);
	}
	if (r)
		vgpu_vfio_close(vfio);
	else
		*out = vfio;
	return r;
}

static int join(struct vgpu_vfio *vfio, const struct vg_target *target, const struct vgpu_vfio_opts *opts)
{
	struct vgpu_dma *dma = vfio->dma;
	struct choice choice;
	int r;

	pthread_mutex_lock(&dma->lock);
	r = choose(vfio->ctx, target, opts->access, dma->ops, &choice);
	if (r == 0)
		r = vg_dma_join(dma, vfio->ctx, choice.ops, target, opts, NULL, &vfio->place);
	pthread_mutex_unlock(&dma->lock);
	if (r == 0) {
		vfio->access_ops = choice.ops;
		vfio->access = choice.ops->access;
		vfio->reason = choice.reason;
	}
	return r;
}

/* The caller's options for a vfio-user server, if any, as far as they are known, in out. */
static int take_user(struct vgpu_context *ctx, const struct vgpu_user_opts **opts, struct vgpu_user_opts *out)
{
	int r;

	if (!*opts)
		return 0;
	r = vg_opts_take(ctx, VG_OPEN, out, sizeof(*out), *opts);
	if (r)
		return r;
	if (out->flags & ~USER_FLAGS)
		return vg_fail_invalid(ctx, VG_OPEN, "flags", "0x%x has flags that this version does not know", out->flags);
	*opts = out;
	return 0;
}

/* Another client has it: its provider knows which, where it can be asked. Else the record stays as it is. */
static void tell_client(struct vgpu_context *ctx, const struct vg_target *target)
{
	struct vgpu_error *error = vgpu_error_ref(vgpu_context_get_error(ctx));
	const struct vg_failure failure = {.operation = VG_OPEN,
									   .path = target->name,
									   .err = EBUSY,
									   .cause = VGPU_CAUSE_IN_USE,
									   .hint = "wait for it to end, or end it"};
	struct vgpu_device *device = NULL;

	if (vg_snapshot_read(ctx, VG_OPEN, target->socket, &device) || vgpu_device_get_user_count(device) < 1) {
		vg_context_set_error(ctx, error);
	} else {
		vg_fail(ctx, &failure, "in use by %s (pid %d)", vgpu_device_get_user_command(device, 0) ?: "a process",
				vgpu_device_get_user_pid(device, 0));
		vgpu_error_unref(error);
	}
	vgpu_device_unref(device);
}

int vgpu_vfio_open(struct vgpu_context *ctx, const char *device, const struct vgpu_vfio_opts *opts,
				   struct vgpu_vfio **out)
{
	struct vgpu_vfio_opts known;
	struct vgpu_user_opts user;
	struct vg_target target;
	struct vgpu_vfio *vfio;
	int r;

	if (!ctx)
		return -EINVAL;
	if (!device || !out)
		return vg_fail_invalid(ctx, VG_OPEN, device, "no device is named, or there is no place for the handle");
	r = vg_opts_take(ctx, VG_OPEN, &known, sizeof(known), opts);
	if (r)
		return r;
	r = take_user(ctx, &known.user, &user);
	if (r)
		return r;
	if (known.access > VGPU_ACCESS_USER)
		return vg_fail_invalid(ctx, VG_OPEN, device, "there is no access path %u", known.access);
	r = vg_target_find(ctx, VG_OPEN, device, &target);
	if (r == 0 && !target.socket[0])
		r = vg_vfio_check_target(ctx, &target);
	if (r)
		return r;
	vfio = new_handle(ctx, target.name);
	if (!vfio)
		return vg_fail_memory(ctx, VG_OPEN);
	vfio->dma = vgpu_dma_ref(known.dma);
	if (!vfio->dma && vg_dma_make(ctx, &vfio->dma))
		r = vg_fail_memory(ctx, VG_OPEN);
	else
		r = join(vfio, &target, &known);
	if (r == -EBUSY && target.socket[0])
		tell_client(ctx, &target);
	return finish(vfio, r, out);
}

/* Which way these descriptors go in; *ops stays NULL for a device's alone. */
static int check_fds(struct vgpu_context *ctx, const struct vgpu_vfio_fds *fds, const struct vg_access_ops **ops)
{
	bool device = fds->device_fd >= 0, group = fds->group_fd >= 0, container = fds->container_fd >= 0;
	bool cdev = fds->cdev_fd >= 0, iommufd = fds->iommufd >= 0, socket = fds->socket_fd >= 0;

	if (!fds->name || !fds->name[0] || strlen(fds->name) >= VG_NAME_SIZE)
		return vg_fail_invalid(ctx, VG_OPEN, fds->name, "the device's name is missing, or too long");
	if (fds->ioas_id && !iommufd)
		return vg_fail_invalid(ctx, VG_OPEN, fds->name, "an IOAS without iommufd makes no sense");
	if (device && fds->kvm)
		return vg_fail_invalid(ctx, VG_OPEN, fds->name,
							   "device_fd with a VM makes no sense: KVM must know of a device before it is opened");
	if (device && fds->dma)
		return vg_fail_invalid(ctx, VG_OPEN, fds->name, "a device_fd can't join a DMA object: it is somewhere already");
	if (socket && !device && !group && !container && !cdev && !iommufd) {
		*ops = &vg_access_user;
		return 0;
	}
	if (device && !group && !container && !cdev && !iommufd && !socket)
		return 0;
	if (group && container && !device && !cdev && !iommufd && !socket) {
		*ops = &vg_access_group;
		return 0;
	}
	if (cdev && iommufd && !device && !group && !container && !socket) {
		*ops = &vg_access_iommufd;
		return 0;
	}
	return vg_fail_invalid(
		ctx, VG_OPEN, fds->name,
		"these go together: device_fd alone; group_fd and container_fd; cdev_fd and iommufd (and ioas_id); socket_fd "
		"alone");
}

static int adopt(struct vgpu_vfio *vfio, const struct vgpu_vfio_fds *fds, const struct vg_access_ops *ops)
{
	int r;

	if (!ops) {
		r = vg_dup_fd(fds->device_fd);
		if (r < 0)
			return vg_vfio_fail_dup(vfio->ctx, fds->name, "device_fd", -r);
		vfio->place.device_fd = r;
		vfio->access = VGPU_ACCESS_AUTO;
		vfio->reason = "an open device was handed over";
		return 0;
	}
	vfio->dma = vgpu_dma_ref(fds->dma);
	if (!vfio->dma && vg_dma_make(vfio->ctx, &vfio->dma))
		return vg_fail_memory(vfio->ctx, VG_OPEN);
	pthread_mutex_lock(&vfio->dma->lock);
	if (vfio->dma->ops && vfio->dma->ops != ops && !ops->mixes)
		r = fail_other_path(vfio->ctx, fds->name, vfio->dma->ops);
	else
		r = vg_dma_join(vfio->dma, vfio->ctx, ops, NULL, NULL, fds, &vfio->place);
	pthread_mutex_unlock(&vfio->dma->lock);
	if (r)
		return r;
	vfio->access_ops = ops;
	vfio->access = ops->access;
	vfio->reason = ops->access == VGPU_ACCESS_USER    ? "a connection to a vfio-user server was handed over"
				   : ops->access == VGPU_ACCESS_GROUP ? "a group and its container were handed over"
													  : "a device's node and iommufd were handed over";
	return r;
}

int vgpu_vfio_open_fds(struct vgpu_context *ctx, const struct vgpu_vfio_fds *fds, struct vgpu_vfio **out)
{
	const struct vg_access_ops *ops = NULL;
	struct vgpu_vfio_fds known;
	struct vgpu_user_opts user;
	struct vgpu_vfio *vfio;
	int r;

	if (!ctx)
		return -EINVAL;
	if (!fds || !out)
		return vg_fail_invalid(ctx, VG_OPEN, NULL, "no descriptors are given, or there is no place for the handle");
	if (fds->size < FDS_SIZE_MIN)
		return vg_fail_invalid(ctx, VG_OPEN, "size", "the size is not that of struct vgpu_vfio_fds");
	r = vg_opts_take(ctx, VG_OPEN, &known, sizeof(known), fds);
	if (r == 0 && fds->size < FDS_SIZE_SOCKET)
		known.socket_fd = -1;
	if (r == 0)
		r = take_user(ctx, &known.user, &user);
	if (r == 0)
		r = check_fds(ctx, &known, &ops);
	if (r)
		return r;
	vfio = new_handle(ctx, known.name);
	if (!vfio)
		return vg_fail_memory(ctx, VG_OPEN);
	return finish(vfio, adopt(vfio, &known, ops), out);
}

int vgpu_vfio_flush(struct vgpu_vfio *vfio)
{
	int r;

	if (!vfio)
		return -EINVAL;
	r = vfio->place.ops ? vfio->place.ops->flush(vfio->place.device) : 0;
	return r ? vg_fail_errno(vfio->ctx, "flush", vfio->name, -r) : 0;
}
