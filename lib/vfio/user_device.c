/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device behind a vfio-user socket: the kernel's calls as messages. */
#include "vfio/user_device.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/memory.h"

/* The most parts of a region with descriptors of their own that are believed. */
#define IO_FDS_MAX 4096u
#define IO_FDS_FIRST 16u

/* A command whose reply is its own struct, filled in. */
static int ask(struct vg_user_device *device, uint16_t command, void *body, size_t size)
{
	struct iovec part = {body, size};
	struct vg_call call = {.command = command, .body = &part, .parts = 1, .head = body, .head_size = size};

	return vg_client_call(device->client, &call);
}

static int get_info(struct vg_user_device *device, struct vfio_device_info *info)
{
	struct vg_user_device_info body = {.argsz = sizeof(body)};
	int r = ask(device, VG_USER_DEVICE_GET_INFO, &body, sizeof(body));

	if (r)
		return r;
	info->flags = body.flags & ~VFIO_DEVICE_FLAGS_CAPS; /* they were not asked for */
	info->num_regions = body.num_regions;
	info->num_irqs = body.num_irqs;
	return 0;
}

static int get_irq_info(struct vg_user_device *device, struct vfio_irq_info *info)
{
	struct vg_user_irq_info body = {.argsz = sizeof(body), .index = info->index};
	int r = ask(device, VG_USER_DEVICE_GET_IRQ_INFO, &body, sizeof(body));

	if (r)
		return r;
	if (body.index != info->index)
		return -EPROTO;
	info->flags = body.flags;
	info->count = body.count;
	return 0;
}

static int region_info(void *opaque, struct vfio_region_info *info, int *fd)
{
	struct vg_user_device *device = opaque;
	struct vg_user_region_info body = {.argsz = info->argsz, .index = info->index};
	struct iovec part = {&body, sizeof(body)};
	struct vg_call call = {.command = VG_USER_DEVICE_GET_REGION_INFO,
						   .body = &part,
						   .parts = 1,
						   .head = info,
						   .head_size = sizeof(body),
						   .data = (unsigned char *)info + sizeof(body),
						   .room = info->argsz - sizeof(body),
						   .reply_fds = fd,
						   .fd_room = 1};
	int r;

	_Static_assert(sizeof(struct vfio_region_info) == sizeof(body), "the same struct");
	*fd = -1;
	r = vg_client_call(device->client, &call);
	if (r == 0 && info->index != body.index)
		r = -EPROTO;
	if (r && *fd >= 0)
		vg_close(*fd);
	if (r)
		*fd = -1;
	return r;
}

/* One message for vectors [start, start + count). */
static int send_irqs(struct vg_user_device *device, const struct vfio_irq_set *set, uint32_t start, uint32_t count,
					 const void *data, size_t size, const int *fds, size_t fd_count)
{
	struct vg_user_irq_set body = {(uint32_t)(sizeof(body) + size), set->flags, set->index, start, count};
	struct iovec parts[2] = {{&body, sizeof(body)}, {(void *)(uintptr_t)data, size}};
	struct vg_call call = {
		.command = VG_USER_DEVICE_SET_IRQS, .body = parts, .parts = 2, .fds = fds, .fd_count = fd_count};

	return vg_client_call(device->client, &call);
}

/* As many vectors from the first on as one message can change: all get an eventfd, or all lose theirs. */
static uint32_t count_batch(const struct vg_user_device *device, const int *fds, uint32_t left)
{
	const bool have = fds[0] >= 0;
	uint32_t n = 1;

	while (n < left && (fds[n] >= 0) == have && (!have || n < device->max_fds))
		n++;
	return n;
}

static int send_eventfds(struct vg_user_device *device, const struct vfio_irq_set *set)
{
	uint32_t done, n;
	int r = 0, *fds;

	if (!set->count)
		return -EINVAL;
	fds = malloc(set->count * sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	memcpy(fds, set->data, set->count * sizeof(*fds));
	for (done = 0; r == 0 && done < set->count; done += n) {
		n = count_batch(device, fds + done, set->count - done);
		r = send_irqs(device, set, set->start + done, n, NULL, 0, fds + done, fds[done] >= 0 ? n : 0);
	}
	free(fds);
	return r;
}

/* The limits of one message keep the count of vectors (VECTORS_MAX of vfio/irq.c) far below overflows. */
static int set_irqs(struct vg_user_device *device, const struct vfio_irq_set *set)
{
	if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return send_eventfds(device, set);
	return send_irqs(device, set, set->start, set->count, set->data,
					 set->flags & VFIO_IRQ_SET_DATA_BOOL ? set->count : 0, NULL, 0);
}

static int reset(struct vg_user_device *device)
{
	struct vg_call call = {.command = VG_USER_DEVICE_RESET, .is_slow = true};

	return vg_client_call(device->client, &call);
}

static int control(void *opaque, unsigned long request, void *arg)
{
	struct vg_user_device *device = opaque;

	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(device, arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(device, arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(device, arg);
	case VFIO_DEVICE_FEATURE:
		return vg_user_feature(device, arg);
	case VFIO_DEVICE_RESET:
		return reset(device);
	default:
		return -ENOTTY;
	}
}

static int query_plane(void *opaque, struct vfio_device_gfx_plane_info *info, uint64_t *offset)
{
	struct vg_user_device *device = opaque;
	struct vg_user_gfx_plane body = {
		.argsz = sizeof(body), .flags = info->flags, .drm_plane_type = info->drm_plane_type};
	int r;

	if (!device->has_planes || info->flags & VFIO_GFX_PLANE_TYPE_DMABUF) /* which no server has */
		return -ENOTTY;
	r = ask(device, VG_USER_QUERY_GFX_PLANE, &body, sizeof(body));
	if (r)
		return r;
	if (body.flags != info->flags || body.drm_plane_type != info->drm_plane_type)
		return -EPROTO;
	_Static_assert(offsetof(struct vfio_device_gfx_plane_info, region_index) ==
					   offsetof(struct vg_user_gfx_plane, region_index),
				   "the same struct up to here");
	memcpy(info, &body, offsetof(struct vg_user_gfx_plane, region_index) + sizeof(body.region_index));
	*offset = body.region_offset;
	return 0;
}

static size_t clip(const struct vg_user_device *device, size_t len)
{
	return len < device->max_data ? len : device->max_data;
}

static ssize_t read_region(void *opaque, uint32_t region, uint64_t offset, void *buf, size_t len)
{
	struct vg_user_device *device = opaque;
	struct vg_user_region_access body = {offset, region, (uint32_t)clip(device, len)}, answer;
	struct iovec part = {&body, sizeof(body)};
	struct vg_call call = {.command = VG_USER_REGION_READ,
						   .body = &part,
						   .parts = 1,
						   .head = &answer,
						   .head_size = sizeof(answer),
						   .data = buf,
						   .room = body.count};
	int r = vg_client_call(device->client, &call);

	if (r)
		return r;
	if (answer.offset != offset || answer.region != region || answer.count != call.got)
		return -EPROTO;
	return call.got ? (ssize_t)call.got : -EIO;
}

static ssize_t write_region(void *opaque, uint32_t region, uint64_t offset, const void *buf, size_t len)
{
	struct vg_user_device *device = opaque;
	struct vg_user_region_access body = {offset, region, (uint32_t)clip(device, len)}, answer;
	struct iovec parts[2] = {{&body, sizeof(body)}, {(void *)(uintptr_t)buf, body.count}};
	struct vg_call call = {
		.command = VG_USER_REGION_WRITE, .body = parts, .parts = 2, .head = &answer, .head_size = sizeof(answer)};
	int r;

	if (device->flags & (VGPU_USER_POST | VGPU_USER_QUEUE) && len <= sizeof(uint64_t)) {
		r = vg_client_post(device->client, region, offset, buf, len, device->flags & VGPU_USER_QUEUE);
		return r ? r : (ssize_t)len;
	}
	r = vg_client_call(device->client, &call);
	if (r)
		return r;
	if (answer.offset != offset || answer.region != region || answer.count > body.count)
		return -EPROTO;
	return answer.count ? (ssize_t)answer.count : -EIO;
}

static int flush(void *opaque)
{
	struct vg_user_device *device = opaque;

	return vg_client_flush(device->client);
}

static ssize_t read_state(void *opaque, void *buf, size_t len)
{
	struct vg_user_device *device = opaque;
	uint32_t size = (uint32_t)clip(device, len);
	struct vg_user_mig_data body = {(uint32_t)sizeof(body) + size, size}, answer;
	struct iovec part = {&body, sizeof(body)};
	struct vg_call call = {.command = VG_USER_MIG_DATA_READ,
						   .is_slow = true,
						   .body = &part,
						   .parts = 1,
						   .head = &answer,
						   .head_size = sizeof(answer),
						   .data = buf,
						   .room = size};
	int r = vg_client_call(device->client, &call);

	if (r)
		return r;
	return answer.size == call.got ? (ssize_t)call.got : -EPROTO;
}

static ssize_t write_state(void *opaque, const void *buf, size_t len)
{
	struct vg_user_device *device = opaque;
	uint32_t size = (uint32_t)clip(device, len);
	struct vg_user_mig_data body = {(uint32_t)sizeof(body) + size, size};
	struct iovec parts[2] = {{&body, sizeof(body)}, {(void *)(uintptr_t)buf, size}};
	struct vg_call call = {.command = VG_USER_MIG_DATA_WRITE, .is_slow = true, .body = parts, .parts = 2};
	int r = vg_client_call(device->client, &call);

	return r ? r : (ssize_t)size;
}

static size_t fds(void *opaque, int out[2])
{
	struct vg_user_device *device = opaque;

	return vg_client_fds(device->client, out);
}

static int process(void *opaque)
{
	struct vg_user_device *device = opaque;

	return vg_client_process(device->client);
}

/* Descriptors and parts of a reply, as ours: each part gets a descriptor of its own. */
static int take_io_fds(const struct vg_user_io_fd *parts, uint32_t count, const int *given, size_t given_count,
					   struct vg_io_fd **out)
{
	struct vg_io_fd *all = calloc(count ? count : 1, sizeof(*all));
	int r = all ? 0 : -ENOMEM;
	uint32_t i;

	for (i = 0; r == 0 && i < count; i++) {
		if (parts[i].fd_index >= given_count)
			r = -EPROTO;
		else
			r = vg_dup_fd(given[parts[i].fd_index]);
		if (r >= 0)
			all[i] =
				(struct vg_io_fd){parts[i].offset, parts[i].size, parts[i].datamatch, parts[i].type, parts[i].flags, r};
		r = r < 0 ? r : 0;
	}
	if (r == 0) {
		*out = all;
		return (int)count;
	}
	for (count = i ? i - 1 : 0; all && count; count--)
		vg_close(all[count - 1].fd);
	free(all);
	return r;
}

/* Asks once, with room for so many. How many there are; more than room: nothing was taken. */
static int ask_io_fds(struct vg_user_device *device, uint32_t region, uint32_t room, struct vg_io_fd **out)
{
	const size_t size = room * sizeof(struct vg_user_io_fd);
	struct vg_user_region_io_fds body = {.argsz = (uint32_t)(sizeof(body) + size), .index = region}, answer;
	struct iovec part = {&body, sizeof(body)};
	struct vg_user_io_fd *parts = malloc(size);
	int given[VG_USER_FDS_MAX], r;
	struct vg_call call = {.command = VG_USER_DEVICE_GET_REGION_IO_FDS,
						   .body = &part,
						   .parts = 1,
						   .head = &answer,
						   .head_size = sizeof(answer),
						   .data = parts,
						   .room = size,
						   .reply_fds = given,
						   .fd_room = VG_USER_FDS_MAX};

	if (!parts)
		return -ENOMEM;
	r = vg_client_call(device->client, &call);
	if (r == 0) {
		const bool has_all = answer.argsz <= body.argsz;

		if (answer.index != region || answer.count > IO_FDS_MAX ||
			(has_all ? call.got != answer.count * sizeof(*parts) : answer.count <= room))
			r = -EPROTO;
		else
			r = has_all ? take_io_fds(parts, answer.count, given, call.reply_fd_count, out) : (int)answer.count;
	}
	while (call.reply_fd_count)
		vg_close(given[--call.reply_fd_count]);
	free(parts);
	return r;
}

static int io_fds(void *opaque, uint32_t region, struct vg_io_fd **out)
{
	int room = (int)IO_FDS_FIRST, r = ask_io_fds(opaque, region, IO_FDS_FIRST, out);

	if (r <= room)
		return r;
	room = r;
	r = ask_io_fds(opaque, region, (uint32_t)room, out);
	return r <= room ? r : -EPROTO;
}

static int check_memory(void *opaque, int fd, uint64_t offset, uint64_t size)
{
	const struct vg_user_device *device = opaque;
	struct vg_memory_kind kind;
	int r = vg_memory_look(fd, &kind);

	if (r || !kind.is_file)
		return r;
	if (offset > kind.size || size > kind.size - offset)
		return -ERANGE;
	if (!kind.is_fixed && !(device->flags & VGPU_USER_MAP_UNSEALED))
		return -EPERM;
	return (offset | size) & (kind.page - 1) && kind.is_huge ? -EINVAL : 0; /* more than that would be mapped */
}

const struct vg_device_ops vg_user_device_ops = {
	.control = control,
	.region_info = region_info,
	.query_plane = query_plane,
	.read = read_region,
	.write = write_region,
	.flush = flush,
	.read_state = read_state,
	.write_state = write_state,
	.fds = fds,
	.process = process,
	.io_fds = io_fds,
	.check_memory = check_memory,
};
