/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vfio-user on the wire (QEMU's docs/interop/vfio-user.rst): numbers, and the layouts of messages in the host's byte
 * order. Bodies follow the header without padding, and are not aligned: copy them.
 */
#ifndef VG_USER_WIRE_H
#define VG_USER_WIRE_H

#include <stdint.h>

/* What this library speaks: 0.0 to 0.2 (the minor number only ever added messages and capabilities). */
#define VG_USER_MAJOR 0
#define VG_USER_MINOR 2

enum vg_user_command {
	VG_USER_VERSION = 1,
	VG_USER_DMA_MAP = 2,
	VG_USER_DMA_UNMAP = 3,
	VG_USER_DEVICE_GET_INFO = 4,
	VG_USER_DEVICE_GET_REGION_INFO = 5,
	VG_USER_DEVICE_GET_REGION_IO_FDS = 6,
	VG_USER_DEVICE_GET_IRQ_INFO = 7,
	VG_USER_DEVICE_SET_IRQS = 8,
	VG_USER_REGION_READ = 9,
	VG_USER_REGION_WRITE = 10,
	VG_USER_DMA_READ = 11,  /* from the server to the client */
	VG_USER_DMA_WRITE = 12, /* from the server to the client */
	VG_USER_DEVICE_RESET = 13,
	VG_USER_REGION_WRITE_MULTI = 15,
	VG_USER_DEVICE_FEATURE = 16,
	VG_USER_MIG_DATA_READ = 17,
	VG_USER_MIG_DATA_WRITE = 18,
	VG_USER_PRIVATE = 0x8000, /* and above: libvgpu's own, used only where both sides named their capability */
	VG_USER_QUERY_GFX_PLANE = VG_USER_PRIVATE /* libvgpu-vfio-user(7) */
};

#define VG_USER_TYPE_MASK 0xfu
#define VG_USER_TYPE_COMMAND 0u
#define VG_USER_TYPE_REPLY 1u
#define VG_USER_NO_REPLY (1u << 4)
#define VG_USER_ERROR (1u << 5)

struct vg_user_header {
	uint16_t id;
	uint16_t command;
	uint32_t size; /* of the whole message */
	uint32_t flags;
	uint32_t error; /* a positive errno, or 0 although it failed */
};

struct vg_user_version {
	uint16_t major;
	uint16_t minor;
	/* JSON and a NUL, or nothing */
};

#define VG_USER_DMA_FLAG_READ (1u << 0)
#define VG_USER_DMA_FLAG_WRITE (1u << 1)

struct vg_user_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset; /* in the descriptor; 0 without one */
	uint64_t address;
	uint64_t size;
};

struct vg_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t address;
	uint64_t size;
};

struct vg_user_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};

/* As the kernel's struct vfio_region_info; capabilities may follow. */
struct vg_user_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset; /* in the region's descriptor */
};

struct vg_user_region_io_fds {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
	/* struct vg_user_io_fd[count] in a reply */
};

#define VG_USER_IO_FD_IOEVENTFD 0u
#define VG_USER_IO_FD_IOREGIONFD 1u

struct vg_user_io_fd {
	uint64_t offset;
	uint64_t size;
	uint32_t fd_index;
	uint32_t type;
	uint32_t flags;
	uint32_t padding;
	uint64_t datamatch; /* an ioregionfd's user data */
};

struct vg_user_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

/* As the kernel's struct vfio_irq_set; bytes follow for VFIO_IRQ_SET_DATA_BOOL, eventfds come as descriptors. */
struct vg_user_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};

/* Of REGION_READ and REGION_WRITE, both ways; data follow in a read's reply and a write's command. */
struct vg_user_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

/* Of DMA_READ and DMA_WRITE, both ways. */
struct vg_user_dma_access {
	uint64_t address;
	uint64_t count;
};

/*
 * The same as QEMU had it at first (10.1; not 11.1): its count is shorter, so that data start at 12. The compiler ends
 * the struct with 4 bytes that QEMU counts as part of it: they come after the data.
 */
struct vg_user_dma_access_short {
	uint64_t address;
	uint32_t count;
} __attribute__((packed));
#define VG_USER_DMA_SHORT_TAIL 4u

struct vg_user_write_multi {
	uint64_t count;
	/* struct vg_user_write[count] in a command */
};

struct vg_user_write {
	uint64_t offset;
	uint32_t region;
	uint32_t count; /* at most 8 */
	uint8_t data[8];
};

/* As the kernel's struct vfio_device_feature; its data follow. */
struct vg_user_feature {
	uint32_t argsz;
	uint32_t flags;
};

/* Of MIG_DATA_READ and MIG_DATA_WRITE; data follow. */
struct vg_user_mig_data {
	uint32_t argsz;
	uint32_t size;
};

/* Of QUERY_GFX_PLANE, both ways: the kernel's struct vfio_device_gfx_plane_info, and where in its region it starts. */
struct vg_user_gfx_plane {
	uint32_t argsz;
	uint32_t flags; /* VFIO_GFX_PLANE_TYPE_* */
	uint32_t drm_plane_type;
	uint32_t drm_format; /* 0: nothing is shown */
	uint64_t drm_format_mod;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint32_t size;
	uint32_t x_pos;
	uint32_t y_pos;
	uint32_t x_hot;
	uint32_t y_hot;
	uint32_t region_index;
	uint32_t reserved;
	uint64_t region_offset;
};

/* The version of the capability that goes with it. */
#define VG_USER_DISPLAY_VERSION 1u

_Static_assert(sizeof(struct vg_user_header) == 16, "header");
_Static_assert(sizeof(struct vg_user_version) == 4, "version");
_Static_assert(sizeof(struct vg_user_dma_map) == 32, "DMA map");
_Static_assert(sizeof(struct vg_user_dma_unmap) == 24, "DMA unmap");
_Static_assert(sizeof(struct vg_user_device_info) == 16, "device info");
_Static_assert(sizeof(struct vg_user_region_info) == 32, "region info");
_Static_assert(sizeof(struct vg_user_region_io_fds) == 16, "region IO descriptors");
_Static_assert(sizeof(struct vg_user_io_fd) == 40, "IO descriptor");
_Static_assert(sizeof(struct vg_user_irq_info) == 16, "IRQ info");
_Static_assert(sizeof(struct vg_user_irq_set) == 20, "IRQ set");
_Static_assert(sizeof(struct vg_user_region_access) == 16, "region access");
_Static_assert(sizeof(struct vg_user_dma_access) == 16, "DMA access");
_Static_assert(sizeof(struct vg_user_dma_access_short) == 12, "short DMA access");
_Static_assert(sizeof(struct vg_user_write_multi) == 8, "multiple writes");
_Static_assert(sizeof(struct vg_user_write) == 24, "one of multiple writes");
_Static_assert(sizeof(struct vg_user_feature) == 8, "feature");
_Static_assert(sizeof(struct vg_user_mig_data) == 8, "migration data");
_Static_assert(sizeof(struct vg_user_gfx_plane) == 72, "plane");

/* What stands before the data in the largest messages: the limit of a message is that of its data, and this. */
#define VG_USER_OVERHEAD 64u
/* The defaults of a peer that states nothing. */
#define VG_USER_DEFAULT_FDS 1u
#define VG_USER_DEFAULT_DATA ((uint32_t)1 << 20)
#define VG_USER_DEFAULT_MAPS 65535u
#define VG_USER_DEFAULT_PGSIZES UINT64_C(4096)
/* As many descriptors as the kernel sends in one message (SCM_MAX_FD). */
#define VG_USER_FDS_MAX 253u

#endif
