/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a vfio-user server may reach of our memory: a table of mappings that it keeps by messages. */
#include <errno.h>
#include <stdlib.h>

#include "vfio/user_device.h"

/* The page size that all of the server's are multiples of. */
static uint64_t smallest_page(const struct vg_user_device *device)
{
	const uint64_t sizes = vg_client_caps(device->client)->pgsizes;

	return sizes & -sizes;
}

static int user_map(const struct vg_table *table, const struct vg_map *map)
{
	struct vg_user_device *device = table->data;
	struct vg_user_dma_map body = {.argsz = sizeof(body), .address = map->span.first, .size = vg_map_length(map)};
	struct iovec part = {&body, sizeof(body)};
	struct vg_call call = {.command = VG_USER_DMA_MAP, .body = &part, .parts = 1};
	int r;

	if ((body.address | body.size) & (smallest_page(device) - 1))
		return -EINVAL;
	if (device->map_count >= vg_client_caps(device->client)->max_dma_maps)
		return -ENOSPC;
	body.flags = (map->flags & VGPU_DMA_READ ? VG_USER_DMA_FLAG_READ : 0) |
				 (map->flags & VGPU_DMA_WRITE ? VG_USER_DMA_FLAG_WRITE : 0);
	if (map->fd >= 0 && device->max_fds) {
		body.offset = map->offset;
		call.fds = &map->fd;
		call.fd_count = 1;
	}
	r = vg_client_call(device->client, &call);
	if (r == 0)
		device->map_count++;
	return r;
}

/* A range is one mapping (see unmaps_one). A server that has gone reaches nothing any more. */
static int user_unmap(const struct vg_table *table, uint64_t iova, uint64_t length,
					  const struct vgpu_dma_bitmap *bitmap)
{
	struct vg_user_device *device = table->data;
	struct vg_user_dma_unmap body = {.argsz = sizeof(body), .address = iova, .size = length};
	struct iovec part = {&body, sizeof(body)};
	struct vg_call call = {.command = VG_USER_DMA_UNMAP, .is_slow = true, .body = &part, .parts = 1};
	int r;

	if (bitmap)
		return -EOPNOTSUPP;
	r = vg_client_call(device->client, &call);
	if (r == 0 && device->map_count)
		device->map_count--;
	return r == -ENODEV ? 0 : r;
}

static int user_narrow(const struct vg_table *table, size_t used, struct vg_limits *limits)
{
	const struct vg_user_device *device = table->data;
	const uint64_t page = smallest_page(device);
	const int64_t most = vg_client_caps(device->client)->max_dma_maps;
	const int64_t left = (int64_t)used < most ? most - (int64_t)used : 0;

	if (page > limits->alignment)
		limits->alignment = page;
	if (limits->limit < 0 || most < limits->limit)
		limits->limit = most;
	if (limits->left < 0 || left < limits->left)
		limits->left = left;
	limits->tables++;
	limits->servers++;
	return 0;
}

static void user_close(const struct vg_table *table)
{
	struct vg_user_device *device = table->data;

	if (device)
		vg_client_free(device->client);
	free(device);
}

const struct vg_table_ops vg_user_table_ops = {
	.map = user_map,
	.unmap = user_unmap,
	.narrow = user_narrow,
	.close = user_close,
};
