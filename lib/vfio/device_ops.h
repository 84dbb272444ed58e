/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a handle needs of a device that is not the kernel's. The kernel's own has no such table: its calls are made
 * straight away (see vfio/handle.h), since a register's access is hardly more than the system call.
 */
#ifndef VG_VFIO_DEVICE_OPS_H
#define VG_VFIO_DEVICE_OPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct vfio_device_gfx_plane_info;
struct vfio_region_info;
struct vg_io_fd;

/* All return -errno, without a record. May be called at once from several threads. */
struct vg_device_ops {
	/* Does what the kernel's VFIO device does for this ioctl, with the same struct; -ENOTTY: there is no such. */
	int (*control)(void *device, unsigned long request, void *arg);
	/* VFIO_DEVICE_GET_REGION_INFO; *fd receives what to map the region by, the caller's then, or -1. */
	int (*region_info)(void *device, struct vfio_region_info *info, int *fd);
	/* VFIO_DEVICE_QUERY_GFX_PLANE; *offset receives where in its region a plane starts. */
	int (*query_plane)(void *device, struct vfio_device_gfx_plane_info *info, uint64_t *offset);
	/* Bytes done, at least one. */
	ssize_t (*read)(void *device, uint32_t region, uint64_t offset, void *buf, size_t len);
	ssize_t (*write)(void *device, uint32_t region, uint64_t offset, const void *buf, size_t len);
	/* Sends what waits to be written. */
	int (*flush)(void *device);
	/* The stream of migration's states that have one. 0: nothing more, for now or at all. */
	ssize_t (*read_state)(void *device, void *buf, size_t len);
	ssize_t (*write_state)(void *device, const void *buf, size_t len);
	/* What to poll for reading, at most two; and what is done then, without waiting: -ENODEV where it has gone. */
	size_t (*fds)(void *device, int out[2]);
	int (*process)(void *device);
	/* The struct vg_io_fd of a region: how many (*out and their descriptors are the caller's). */
	int (*io_fds)(void *device, uint32_t region, struct vg_io_fd **out);
	/*
	 * May this part of a file be mapped, whatever the one who gave it does to it meanwhile? 0, -EPERM (no), -ERANGE (it
	 * ends before), or -EINVAL (not such a part).
	 */
	int (*check_memory)(void *device, int fd, uint64_t offset, uint64_t size);
};

/* A part of a region whose writes go by a descriptor. */
struct vg_io_fd {
	uint64_t offset;
	uint64_t size;
	uint64_t data;
	uint32_t type;
	uint32_t flags;
	int fd;
};

#endif
