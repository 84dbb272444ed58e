/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty pages: what a device wrote to guest memory by DMA, logged by the device itself (the kernel's VFIO DMA logging).
 * What the IOMMU or a container logs is another matter.
 *
 * Calls on one handle may run at once from several threads; the driver serialises them.
 */
#ifndef VGPU_DIRTY_H
#define VGPU_DIRTY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_vfio;

/**
 * vgpu_dirty_find() - find out whether a device can log what it writes
 * @vfio: the device
 *
 * A driver that can is not enough: a kernel without CONFIG_IOMMUFD_DRIVER (Debian's 6.12) can't pass its log on.
 *
 * Return: 0: it can; -EOPNOTSUPP: it, its driver or this kernel can't (unsupported); -EINVAL: @vfio is NULL.
 * Since: 0.1
 */
int vgpu_dirty_find(struct vgpu_vfio *vfio);

/**
 * struct vgpu_dirty_range - a range of addresses as the device sees them
 * @iova: its start
 * @length: its length in bytes, not 0
 */
struct vgpu_dirty_range {
	uint64_t iova;
	uint64_t length;
};

/**
 * vgpu_dirty_start() - begin to log
 * @vfio: the device
 * @ranges: what to watch: multiples of the page size, not overlapping, 64-bit addresses without an overflow
 * @count: how many, at least 1; the kernel takes 256 where pages have 4 KiB; drivers may take fewer, or merge them
 * @page_size: bytes for each bit wanted, a power of 2 of at least 4096; receives the driver's choice; untouched on
 *   failure
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: an argument makes no sense (invalid); ranges overlap, or the driver logs already (refused);
 *  * -EOVERFLOW: a range goes beyond the highest address (invalid);
 *  * -E2BIG: too many ranges (limit);
 *  * -EOPNOTSUPP: as vgpu_dirty_find();
 *  * -EPROTO: the driver chose a page size that is none (bad-data); nothing is logged;
 *  * -ENOMEM, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_dirty_start(struct vgpu_vfio *vfio, const struct vgpu_dirty_range *ranges, size_t count, uint64_t *page_size);

/**
 * vgpu_dirty_stop() - end logging
 * @vfio: the device
 *
 * Return: 0, -EOPNOTSUPP, -EINVAL (@vfio is NULL, or the driver does not log), or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_dirty_stop(struct vgpu_vfio *vfio);

/**
 * vgpu_dirty_read() - read the log of a range, and clear it
 * @vfio: the device
 * @iova: start of the range, a multiple of @page_size
 * @length: its length in bytes, not 0
 * @page_size: bytes for each bit, a power of 2 of at least 4096; best what vgpu_dirty_start() received
 * @bitmap: receives a bit for each page, from the lowest bit of the first number on; what was in it is gone. After a
 *   failure of the driver all bits are set: who knows what was written
 * @count: numbers in @bitmap, at least @length / @page_size / 64, each division rounded up; more are left alone
 *
 * Return: 0, -EINVAL (an argument makes no sense, or @bitmap is too small), -EOVERFLOW (the range goes beyond the
 * highest address), -EOPNOTSUPP, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_dirty_read(struct vgpu_vfio *vfio, uint64_t iova, uint64_t length, uint64_t page_size, uint64_t *bitmap,
					size_t count);

#ifdef __cplusplus
}
#endif
#endif
