/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping for DMA in a VFIO container (type1 v2). */
#include "vfio/container.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"

#define INFO_SIZE_MAX ((uint32_t)1 << 20)
#define INFO_TRIES 4
#define INFO_SIZE 512 /* enough for what Linux 6.12 says */

_Static_assert(VGPU_DMA_READ == VFIO_DMA_MAP_FLAG_READ && VGPU_DMA_WRITE == VFIO_DMA_MAP_FLAG_WRITE, "rights");

static int container_map(const struct vg_table *table, const struct vg_map *map)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = map->flags & (VGPU_DMA_READ | VGPU_DMA_WRITE),
		.vaddr = (uintptr_t)map->address,
		.iova = map->span.first,
		.size = vg_map_length(map),
	};

	return vg_ioctl_quick(table->fd, VFIO_IOMMU_MAP_DMA, &arg);
}

/*
 * The kernel's struct vfio_iommu_type1_dma_unmap and vfio_iommu_type1_dirty_bitmap with what stands behind them, where
 * those have an array without length.
 */
struct unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t size;
	struct vfio_bitmap bitmap;
};

struct dirty {
	uint32_t argsz;
	uint32_t flags;
	struct vfio_iommu_type1_dirty_bitmap_get get;
};

#define SAME(ours, theirs, field) _Static_assert(offsetof(struct ours, field) == offsetof(struct theirs, field), #field)
SAME(unmap, vfio_iommu_type1_dma_unmap, argsz);
SAME(unmap, vfio_iommu_type1_dma_unmap, flags);
SAME(unmap, vfio_iommu_type1_dma_unmap, iova);
SAME(unmap, vfio_iommu_type1_dma_unmap, size);
SAME(dirty, vfio_iommu_type1_dirty_bitmap, argsz);
SAME(dirty, vfio_iommu_type1_dirty_bitmap, flags);
_Static_assert(offsetof(struct unmap, bitmap) == offsetof(struct vfio_iommu_type1_dma_unmap, data), "bitmap");
_Static_assert(offsetof(struct dirty, get) == offsetof(struct vfio_iommu_type1_dirty_bitmap, data), "get");

static struct vfio_bitmap bitmap_of(const struct vgpu_dma_bitmap *bitmap)
{
	return (struct vfio_bitmap){.pgsize = bitmap->page_size, .size = bitmap->bits_size, .data = (void *)bitmap->bits};
}

static int container_unmap(const struct vg_table *table, uint64_t iova, uint64_t length,
						   const struct vgpu_dma_bitmap *bitmap)
{
	struct unmap arg = {.argsz = offsetof(struct unmap, bitmap), .iova = iova, .size = length};

	if (bitmap) {
		arg.argsz = sizeof(arg);
		arg.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
		arg.bitmap = bitmap_of(bitmap);
	}
	return vg_ioctl_quick(table->fd, VFIO_IOMMU_UNMAP_DMA, &arg);
}

static int container_unmap_all(const struct vg_table *table)
{
	struct vfio_iommu_type1_dma_unmap arg = {.argsz = sizeof(arg), .flags = VFIO_DMA_UNMAP_FLAG_ALL};

	if (vg_ioctl_value(table->fd, VFIO_CHECK_EXTENSION, VFIO_UNMAP_ALL) <= 0)
		return -EOPNOTSUPP;
	return vg_ioctl_quick(table->fd, VFIO_IOMMU_UNMAP_DMA, &arg);
}

static int container_narrow(const struct vg_table *table, size_t used, struct vg_limits *limits)
{
	struct vfio_iommu_type1_info *info = NULL, *bigger;
	uint32_t size = INFO_SIZE;
	int r = -EPROTO, tries;

	for (tries = 0; tries < INFO_TRIES && size <= INFO_SIZE_MAX; tries++) {
		bigger = realloc(info, size);
		if (!bigger) {
			r = -ENOMEM;
			break;
		}
		info = bigger;
		memset(info, 0, size);
		info->argsz = size;
		r = vg_ioctl(table->fd, VFIO_IOMMU_GET_INFO, info);
		if (r < 0)
			break;
		if (info->argsz <= size) {
			r = vg_limits_take_info(limits, info, size, used, !table->is_shared);
			break;
		}
		size = info->argsz;
		r = -EPROTO;
	}
	free(info);
	return r;
}

static int container_log(const struct vg_table *table, bool on)
{
	struct vfio_iommu_type1_dirty_bitmap arg = {.argsz = sizeof(arg)};

	arg.flags = on ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START : VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
	return vg_ioctl(table->fd, VFIO_IOMMU_DIRTY_PAGES, &arg);
}

static int container_read_log(const struct vg_table *table, uint64_t iova, uint64_t length,
							  const struct vgpu_dma_bitmap *bitmap)
{
	struct dirty arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		.get = {.iova = iova, .size = length, .bitmap = bitmap_of(bitmap)},
	};

	return vg_ioctl(table->fd, VFIO_IOMMU_DIRTY_PAGES, &arg);
}

static void container_close(const struct vg_table *table)
{
	vg_close(table->fd);
}

const struct vg_table_ops vg_container_ops = {
	.map = container_map,
	.unmap = container_unmap,
	.unmap_all = container_unmap_all,
	.narrow = container_narrow,
	.log = container_log,
	.read_log = container_read_log,
	.close = container_close,
};
