/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An opened device and its regions, from within. */
#ifndef VG_VFIO_HANDLE_H
#define VG_VFIO_HANDLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <vgpu/region.h>
#include <vgpu/vfio.h>

#include "core/negative.h"
#include "core/ref.h"
#include "sys/devio.h"
#include "vfio/areas.h"
#include "vfio/dma.h"

/* Regions with a lower index are found without a search. PCI has 9; drivers with more of their own stay below. */
#define VG_NEAR_REGIONS 32

struct vgpu_region {
	struct vg_ref ref;
	struct vgpu_region *next; /* in the cache's list; fixed before others can see it */
	uint32_t index;
	uint32_t flags;
	uint64_t size; /* offset + size fits into off_t */
	uint64_t offset;
	int fd;           /* to map it by, its own; -1: the device's */
	const char *name; /* static; NULL: none */
	uint32_t type;
	uint32_t subtype;
	bool msix_mappable;
	bool sparse;
	size_t area_count;
	struct vg_area areas[];
};

struct vgpu_vfio {
	struct vgpu_context *ctx;
	struct vgpu_dma *dma; /* NULL: opened from a device_fd */
	struct vg_place place;
	const struct vg_access_ops *access_ops; /* NULL: it has no place in a DMA object */
	char *name;
	const char *reason; /* static */
	enum vgpu_access access;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
	atomic_bool is_migrating; /* there is a migration session */
	pthread_mutex_t irq_lock; /* of the next two, and of what is on in the kernel */
	struct vg_irq_set *irqs;  /* a list (vfio/irq.h) */
	int event_fd;             /* to poll for events; -1: not started */
	bool is_gone;             /* its server has gone, and the event was given out */
	pthread_mutex_t lock;     /* of additions to the cache */
	/*
	 * What the driver said of its regions, each held once. Only ever added to, so reading takes no lock. The near ones
	 * are of the kernel's devices alone: what is found there is read and written by one system call.
	 */
	_Atomic(struct vgpu_region *) near_regions[VG_NEAR_REGIONS];
	_Atomic(struct vgpu_region *) far_regions; /* a list */
	pthread_mutex_t edid_lock;                 /* of the EDID region's content, and of edid_index */
	uint32_t edid_index;                       /* of the EDID region, plus 1; 0: not known (edid.c) */
	struct vgpu_display *displays;             /* a list of those that are open (display.c); under lock */
	pthread_mutex_t dmabufs_lock;              /* of dmabufs */
	struct vgpu_dmabuf *dmabufs;               /* a list (dmabuf.c) */
};

/* The region if its index is a near one and it is known already, else NULL. Borrowed from the handle. */
static inline struct vgpu_region *vg_region_near(struct vgpu_vfio *vfio, uint32_t index)
{
	if (__builtin_expect(index >= VG_NEAR_REGIONS, 0))
		return NULL;
	return atomic_load_explicit(&vfio->near_regions[index], memory_order_acquire);
}

/* An ioctl of the device, whoever does it: its result, or -errno. */
static inline int vg_device_control(struct vgpu_vfio *vfio, unsigned long request, void *arg)
{
	if (__builtin_expect(!vfio->place.ops, 1))
		return vg_ioctl(vfio->place.device_fd, request, arg);
	return vfio->place.ops->control(vfio->place.device, request, arg);
}

/* One transfer of a region: bytes done, or -errno. */
static inline ssize_t vg_device_read(struct vgpu_vfio *vfio, const struct vgpu_region *region, uint64_t offset,
									 void *buf, size_t len)
{
	if (__builtin_expect(!vfio->place.ops, 1))
		return vg_pread(vfio->place.device_fd, buf, len, region->offset + offset);
	return vfio->place.ops->read(vfio->place.device, region->index, offset, buf, len);
}

static inline ssize_t vg_device_write(struct vgpu_vfio *vfio, const struct vgpu_region *region, uint64_t offset,
									  const void *buf, size_t len)
{
	if (__builtin_expect(!vfio->place.ops, 1))
		return vg_pwrite(vfio->place.device_fd, buf, len, region->offset + offset);
	return vfio->place.ops->write(vfio->place.device, region->index, offset, buf, len);
}

/* The region, asked for if need be, borrowed from the handle; fails with a record of this operation. */
int vg_region_get(struct vgpu_vfio *vfio, const char *operation, uint32_t index, struct vgpu_region **out);
void vg_regions_free(struct vgpu_vfio *vfio);
/* The displays outlive their device. */
void vg_displays_detach(struct vgpu_vfio *vfio);
void vg_dmabufs_free(struct vgpu_vfio *vfio);

/* Maps a part of a region to read it, from any byte on: that is what the mapping says and starts at. */
int vg_mapping_of_region(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, uint64_t size,
						 struct vgpu_mapping **out);
/* Maps size bytes of a descriptor to read them. 0 or -errno, without a record. */
int vg_mapping_of_fd(int fd, size_t size, struct vgpu_mapping **out);

/* "bar0+0x10" of any region. */
#define VG_PLACE_SIZE 48
void vg_region_describe(const struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, char out[VG_PLACE_SIZE]);
/* Is [offset, offset + len) inside the region? Else -ERANGE with a record. */
int vg_region_check_range(struct vgpu_vfio *vfio, const char *operation, const struct vgpu_region *region,
						  uint64_t offset, uint64_t len);
/* The driver answered err (a positive errno) to an access at this place. */
int vg_region_fail(struct vgpu_vfio *vfio, const char *operation, uint32_t index, uint64_t offset, int err);

#endif
