/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reset of a device, and PCI hot reset of all that shares its slot or bus. */
#include "vfio/reset.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/reset.h>

#include "sys/devio.h"
#include "sys/uapi.h"
#include "util/pair.h"
#include "vfio/handle.h"

#define RESET "reset"
#define HOT_RESET "hot-reset"

/* The most functions that are believed: those of 256 buses. */
#define COUNT_MAX 65536u
#define COUNT_FIRST 2u
/* Functions may come and go while they are counted. */
#define TRIES 8

struct function {
	char address[VG_PCI_SIZE];
	int iommu_group;
	int device_id;
	bool is_owned;
};

struct vgpu_reset_set {
	struct vg_ref ref;
	bool has_ids; /* the device was opened by its own node */
	size_t count;
	struct function functions[];
};

static void reset_set_free(struct vgpu_reset_set *set)
{
	free(set);
}

VG_DEFINE_REF(reset_set, reset_set_free)

int vgpu_vfio_reset(struct vgpu_vfio *vfio)
{
	struct vg_failure failure = {.operation = RESET};
	int r;

	if (!vfio)
		return -EINVAL;
	r = vg_device_control(vfio, VFIO_DEVICE_RESET, NULL);
	if (r >= 0)
		return 0;
	failure.path = vfio->name;
	failure.err = -r;
	switch (r) {
	case -ENOTTY:
	case -EINVAL:
	case -EOPNOTSUPP:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = vfio->flags & VGPU_VFIO_FLAG_PCI ? "try a hot reset, of all functions of its bus" : NULL;
		return vg_fail(vfio->ctx, &failure, "its driver cannot reset it");
	case -EAGAIN:
	case -EBUSY:
		failure.cause = VGPU_CAUSE_IN_USE;
		failure.hint = "try again";
		return vg_fail(vfio->ctx, &failure, "something else works on the device or its bus");
	default:
		return vg_fail(vfio->ctx, &failure, NULL);
	}
}

/* Asks once. 0; or -errno: ENOSPC says that there are more functions than *room, which then has their number. */
static int ask(int device_fd, uint32_t *room, struct vfio_pci_hot_reset_info **out)
{
	size_t size = sizeof(**out) + *room * sizeof((*out)->devices[0]);
	struct vfio_pci_hot_reset_info *info = calloc(1, size);
	uint32_t least = 1, most = *room;
	int r;

	if (!info)
		return -ENOMEM;
	info->argsz = (uint32_t)size;
	r = vg_ioctl(device_fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info);
	if (r == -ENOSPC) {
		least = *room + 1;
		most = COUNT_MAX;
		*room = info->count;
	}
	if ((r >= 0 || r == -ENOSPC) && (info->count < least || info->count > most))
		r = -EPROTO;
	if (r < 0) {
		free(info);
		return r;
	}
	*out = info;
	return 0;
}

/* The driver's list (free it). 0 or -errno, without a record. */
static int read_info(int device_fd, struct vfio_pci_hot_reset_info **out)
{
	uint32_t room = COUNT_FIRST;
	int r, i;

	for (i = 0; i < TRIES; i++) {
		r = ask(device_fd, &room, out);
		if (r != -ENOSPC && r != -EAGAIN)
			return r;
	}
	return -EAGAIN;
}

static void format_address(const struct vfio_pci_dependent_device *function, char out[VG_PCI_SIZE])
{
	snprintf(out, VG_PCI_SIZE, "%04x:%02x:%02x.%u", function->segment, function->bus, function->devfn >> 3,
			 function->devfn & 7u);
}

int vg_reset_find_group(int device_fd, const char *name)
{
	struct vfio_pci_hot_reset_info *info;
	char address[VG_PCI_SIZE];
	int group = -1;
	uint32_t i;

	if (read_info(device_fd, &info))
		return -1;
	for (i = 0; i < info->count && group < 0; i++) {
		format_address(&info->devices[i], address);
		if (strcmp(address, name) == 0)
			group = (int)info->devices[i].group_id;
	}
	free(info);
	return group;
}

/* Why the driver gave no list, or did no hot reset. */
static int fail(struct vgpu_vfio *vfio, int err)
{
	struct vg_failure failure = {.operation = HOT_RESET, .path = vfio->name, .err = err};

	switch (err) {
	case ENOTTY:
		failure.err = EOPNOTSUPP;
		failure.hint = "reset it alone";
		return vg_fail(vfio->ctx, &failure, "its driver knows no hot reset");
	case ENODEV:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "reset it alone; devices behind a bridge that can be reset have a hot reset";
		return vg_fail(vfio->ctx, &failure, "neither its slot nor its bus can be reset, or it is gone");
	case EAGAIN:
	case EBUSY:
		failure.cause = VGPU_CAUSE_IN_USE;
		failure.hint = "try again";
		return vg_fail(vfio->ctx, &failure, "something else works on its bus");
	case EPROTO:
		failure.cause = VGPU_CAUSE_BAD_DATA;
		failure.hint = "tell the maker of its driver";
		return vg_fail(vfio->ctx, &failure, "the driver's list of affected functions makes no sense");
	case EPERM:
		failure.cause = VGPU_CAUSE_REFUSED;
		return vg_fail(vfio->ctx, &failure, "a function that it affects has no IOMMU group");
	default:
		return vg_fail(vfio->ctx, &failure, NULL);
	}
}

/* The open descriptor of a function's group, or -1. The caller holds the DMA object's lock. */
static int find_group_fd(const struct vgpu_vfio *vfio, const struct function *function)
{
	const struct vgpu_dma *dma = vfio->dma;

	return dma && dma->ops->group_fd && function->iommu_group >= 0
			   ? dma->ops->group_fd(&dma->space, function->iommu_group)
			   : -1;
}

static struct function make_function(const struct vgpu_vfio *vfio, const struct vfio_pci_dependent_device *device,
									 bool has_ids)
{
	struct function function = {.iommu_group = -1, .device_id = -1};

	format_address(device, function.address);
	if (has_ids) {
		function.is_owned = device->group_id != VG_VFIO_PCI_DEVID_NOT_OWNED;
		function.device_id = function.is_owned ? (int)device->group_id : 0;
	} else {
		function.iommu_group = (int)device->group_id;
		function.is_owned = find_group_fd(vfio, &function) >= 0;
	}
	return function;
}

/* The caller holds the DMA object's lock, if there is one. */
static int read_set(struct vgpu_vfio *vfio, struct vgpu_reset_set **out)
{
	struct vfio_pci_hot_reset_info *info;
	struct vgpu_reset_set *set;
	size_t i;
	int r = vfio->place.ops ? -ENOTTY : read_info(vfio->place.device_fd, &info);

	if (r)
		return vg_negative(fail(vfio, -r));
	set = calloc(1, sizeof(*set) + info->count * sizeof(set->functions[0]));
	if (!set) {
		free(info);
		return vg_fail_memory(vfio->ctx, HOT_RESET);
	}
	vg_ref_init(&set->ref);
	set->has_ids = info->flags & VG_VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	set->count = info->count;
	for (i = 0; i < set->count; i++)
		set->functions[i] = make_function(vfio, &info->devices[i], set->has_ids);
	free(info);
	*out = set;
	return 0;
}

static void lock(struct vgpu_vfio *vfio)
{
	if (vfio->dma)
		pthread_mutex_lock(&vfio->dma->lock);
}

static void unlock(struct vgpu_vfio *vfio)
{
	if (vfio->dma)
		pthread_mutex_unlock(&vfio->dma->lock);
}

int vgpu_reset_set_find(struct vgpu_vfio *vfio, struct vgpu_reset_set **out)
{
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, HOT_RESET, vfio->name, "there is no place for the list");
	lock(vfio);
	r = read_set(vfio, out);
	unlock(vfio);
	return r;
}

/* The kernel's EINVAL, explained: who is in the way. */
static int fail_refused(struct vgpu_vfio *vfio, const struct vgpu_reset_set *set)
{
	struct vg_failure failure = {.operation = HOT_RESET,
								 .path = vfio->name,
								 .err = EPERM,
								 .cause = VGPU_CAUSE_REFUSED,
								 .hint = "bind all that it affects to VFIO drivers, and open it with this DMA object"};
	char others[512] = "";
	size_t i, used = 0;

	for (i = 0; i < set->count && used < sizeof(others); i++) {
		int n;

		if (set->functions[i].is_owned)
			continue;
		n = snprintf(others + used, sizeof(others) - used, "%s%s", used ? ", " : "", set->functions[i].address);
		used += n > 0 ? (size_t)n : 0;
	}
	if (!others[0])
		return vg_fail(vfio->ctx, &failure, "a function that it affects has a driver that is not VFIO's, or none");
	return vg_fail(vfio->ctx, &failure, "it affects devices that are not owned by this one's opener: %s", others);
}

/* The groups' descriptors, each once, that prove ownership. */
static uint32_t collect_groups(const struct vgpu_vfio *vfio, const struct vgpu_reset_set *set, int32_t *fds)
{
	uint32_t count = 0, j;
	size_t i;

	for (i = 0; i < set->count; i++) {
		int fd = find_group_fd(vfio, &set->functions[i]);

		for (j = 0; j < count && fds[j] != fd; j++)
			;
		if (fd >= 0 && j == count)
			fds[count++] = fd;
	}
	return count;
}

/* The caller holds the DMA object's lock, so that its groups stay open. */
static int reset_all(struct vgpu_vfio *vfio, const struct vgpu_reset_set *set)
{
	struct vfio_pci_hot_reset *reset;
	size_t size = sizeof(*reset) + set->count * sizeof(reset->group_fds[0]);
	int r;

	if (!set->has_ids && !vfio->dma)
		return vg_fail(vfio->ctx,
					   &(struct vg_failure){.operation = HOT_RESET,
											.path = vfio->name,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "open it with its group and container, or leave it to who did"},
					   "it was opened from a device_fd alone, and only its group's descriptor proves who owns it");
	reset = calloc(1, size);
	if (!reset)
		return vg_fail_memory(vfio->ctx, HOT_RESET);
	reset->argsz = (uint32_t)size;
	reset->count = set->has_ids ? 0 : collect_groups(vfio, set, reset->group_fds);
	r = vg_ioctl(vfio->place.device_fd, VFIO_DEVICE_PCI_HOT_RESET, reset);
	free(reset);
	if (r == -EINVAL || r == -EPERM)
		return fail_refused(vfio, set);
	if (r == -ENOTTY) /* that it can be done the list has shown */
		return vg_fail(
			vfio->ctx,
			&(struct vg_failure){.operation = HOT_RESET,
								 .path = vfio->name,
								 .err = EIO,
								 .hint = "look into the kernel's log; maybe only the link is slow: try again"},
			"it was reset, but did not come back in time");
	return r < 0 ? fail(vfio, -r) : 0;
}

int vgpu_vfio_hot_reset(struct vgpu_vfio *vfio)
{
	struct vgpu_reset_set *set;
	int r;

	if (!vfio)
		return -EINVAL;
	lock(vfio);
	r = read_set(vfio, &set);
	if (r == 0) {
		r = reset_all(vfio, set);
		vgpu_reset_set_unref(set);
	}
	unlock(vfio);
	return r;
}

size_t vgpu_reset_set_get_count(const struct vgpu_reset_set *set)
{
	return set ? set->count : 0;
}

static const struct function *get(const struct vgpu_reset_set *set, size_t i)
{
	return set && i < set->count ? &set->functions[i] : NULL;
}

const char *vgpu_reset_set_get_address(const struct vgpu_reset_set *set, size_t i)
{
	const struct function *function = get(set, i);

	return function ? function->address : NULL;
}

int vgpu_reset_set_get_iommu_group(const struct vgpu_reset_set *set, size_t i)
{
	const struct function *function = get(set, i);

	return function ? function->iommu_group : -1;
}

int vgpu_reset_set_get_device_id(const struct vgpu_reset_set *set, size_t i)
{
	const struct function *function = get(set, i);

	return function ? function->device_id : -1;
}

int vgpu_reset_set_is_owned(const struct vgpu_reset_set *set, size_t i)
{
	const struct function *function = get(set, i);

	return function ? function->is_owned : -1;
}
