/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping for DMA in an IOAS of iommufd. */
#include "vfio/ioas.h"

#include <errno.h>
#include <stdlib.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/uapi.h"

/* The kernel names as many ranges as reserved regions make: more than this makes no sense. */
#define RANGES_MAX ((uint32_t)1 << 16)
#define RANGES_TRIES 4

_Static_assert(sizeof(struct vg_iova_range) == sizeof(struct vg_iommu_iova_range), "ranges are read in place");

static int ioas_map(const struct vg_table *table, const struct vg_map *map)
{
	struct vg_iommu_ioas_map arg = {
		.size = sizeof(arg),
		.flags = VG_IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = table->id,
		.user_va = (uintptr_t)map->address,
		.length = vg_map_length(map),
		.iova = map->span.first,
	};

	if (map->flags & VGPU_DMA_READ)
		arg.flags |= VG_IOMMU_IOAS_MAP_READABLE;
	if (map->flags & VGPU_DMA_WRITE)
		arg.flags |= VG_IOMMU_IOAS_MAP_WRITEABLE;
	return vg_ioctl_quick(table->fd, VG_IOMMU_IOAS_MAP, &arg);
}

static int ioas_unmap(const struct vg_table *table, uint64_t iova, uint64_t length,
					  const struct vgpu_dma_bitmap *bitmap)
{
	struct vg_iommu_ioas_unmap arg = {.size = sizeof(arg), .ioas_id = table->id, .iova = iova, .length = length};
	int r = bitmap ? -EOPNOTSUPP : vg_ioctl_quick(table->fd, VG_IOMMU_IOAS_UNMAP, &arg);

	return r == -ENOENT ? 0 : r; /* nothing is there, as with a container; whole mappings they are always */
}

static int ioas_unmap_all(const struct vg_table *table)
{
	struct vg_iommu_ioas_unmap arg = {.size = sizeof(arg), .ioas_id = table->id, .length = UINT64_MAX};
	int r = vg_ioctl_quick(table->fd, VG_IOMMU_IOAS_UNMAP, &arg);

	return r == -ENOENT ? 0 : r;
}

static int ioas_narrow(const struct vg_table *table, size_t used, struct vg_limits *limits)
{
	struct vg_iommu_ioas_iova_ranges arg = {.size = sizeof(arg), .ioas_id = table->id};
	struct vg_iova_range *ranges = NULL, *bigger;
	uint32_t room = 8;
	int r = -EPROTO, tries;

	(void)used; /* there is no limit to mappings */
	for (tries = 0; tries < RANGES_TRIES && room <= RANGES_MAX; tries++) {
		bigger = reallocarray(ranges, room, sizeof(*ranges));
		if (!bigger) {
			r = -ENOMEM;
			break;
		}
		ranges = bigger;
		arg.num_iovas = room;
		arg.allowed_iovas = (uintptr_t)ranges;
		r = vg_ioctl(table->fd, VG_IOMMU_IOAS_IOVA_RANGES, &arg);
		if (r != -EMSGSIZE)
			break;
		room = arg.num_iovas;
		r = -EPROTO;
	}
	if (r == 0 && arg.num_iovas > room)
		r = -EPROTO;
	if (r == 0)
		r = vg_limits_keep(limits, ranges, arg.num_iovas);
	free(ranges);
	if (r == 0 && arg.out_iova_alignment > limits->alignment)
		limits->alignment = arg.out_iova_alignment;
	if (r == 0)
		limits->tables++;
	return r;
}

static void ioas_close(const struct vg_table *table)
{
	struct vg_iommu_destroy destroy = {.size = sizeof(destroy), .id = table->id};

	if (table->owns_id) /* others may go on with this iommufd */
		vg_ioctl(table->fd, VG_IOMMU_DESTROY, &destroy);
	vg_close(table->fd);
}

const struct vg_table_ops vg_ioas_ops = {
	.map = ioas_map,
	.unmap = ioas_unmap,
	.unmap_all = ioas_unmap_all,
	.narrow = ioas_narrow,
	.close = ioas_close,
};
