/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an opened device is: getters. */
#include "vfio/handle.h"

const char *vgpu_vfio_get_name(const struct vgpu_vfio *vfio)
{
	return vfio->name;
}

enum vgpu_access vgpu_vfio_get_access(const struct vgpu_vfio *vfio)
{
	return vfio->access;
}

const char *vgpu_vfio_get_access_reason(const struct vgpu_vfio *vfio)
{
	return vfio->reason;
}

uint32_t vgpu_vfio_get_flags(const struct vgpu_vfio *vfio)
{
	return vfio->flags;
}

uint32_t vgpu_vfio_get_region_count(const struct vgpu_vfio *vfio)
{
	return vfio->num_regions;
}

uint32_t vgpu_vfio_get_irq_count(const struct vgpu_vfio *vfio)
{
	return vfio->num_irqs;
}

struct vgpu_dma *vgpu_vfio_get_dma(const struct vgpu_vfio *vfio)
{
	return vfio->dma;
}

int vgpu_vfio_get_device_fd(const struct vgpu_vfio *vfio)
{
	return vfio->place.device_fd;
}

int vgpu_vfio_get_group_fd(const struct vgpu_vfio *vfio)
{
	return vfio->place.group_fd;
}

int vgpu_vfio_get_container_fd(const struct vgpu_vfio *vfio)
{
	return vfio->place.container_fd;
}

int vgpu_vfio_get_iommufd(const struct vgpu_vfio *vfio)
{
	return vfio->place.iommufd;
}

uint32_t vgpu_vfio_get_ioas_id(const struct vgpu_vfio *vfio)
{
	return vfio->place.ioas_id;
}
