/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's VFIO cdev and iommufd interface (Linux 6.6 and later) and what came with it, declared under names of our
 * own: the headers that a build finds may be older, or newer and declare the same. tests/abi compares them with the
 * kernel's.
 */
#ifndef VG_SYS_UAPI_H
#define VG_SYS_UAPI_H

#include <linux/vfio.h>
#include <stdint.h>

/* On a VFIO device's own node (cdev). */
struct vg_vfio_bind_iommufd {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t out_devid;
};

struct vg_vfio_attach_iommufd_pt {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pt_id;
};

struct vg_vfio_detach_iommufd_pt {
	uint32_t argsz;
	uint32_t flags;
};

#define VG_VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#define VG_VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#define VG_VFIO_DEVICE_DETACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 20)

/* Of VFIO_DEVICE_GET_PCI_HOT_RESET_INFO for a device that was opened by its own node: ids, not groups. */
#define VG_VFIO_PCI_HOT_RESET_FLAG_DEV_ID (1u << 0)
#define VG_VFIO_PCI_DEVID_OWNED 0u
#define VG_VFIO_PCI_DEVID_NOT_OWNED UINT32_MAX

/* On a VM's VFIO device (KVM_DEV_TYPE_VFIO): the names since a cdev can be told of, the numbers as ever. */
#define VG_KVM_DEV_VFIO_FILE 1
#define VG_KVM_DEV_VFIO_FILE_ADD 1
#define VG_KVM_DEV_VFIO_FILE_DEL 2

/* fcntl(2): is the other descriptor one of the same open file? 1, 0, or EINVAL before Linux 6.10. */
#define VG_F_DUPFD_QUERY 1027

/* On /dev/iommu. */
struct vg_iommu_destroy {
	uint32_t size;
	uint32_t id;
};

struct vg_iommu_ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t out_ioas_id;
};

struct vg_iommu_iova_range {
	uint64_t start;
	uint64_t last;
};

struct vg_iommu_ioas_iova_ranges {
	uint32_t size;
	uint32_t ioas_id;
	uint32_t num_iovas;
	uint32_t reserved;
	uint64_t allowed_iovas __attribute__((aligned(8)));
	uint64_t out_iova_alignment __attribute__((aligned(8)));
};

#define VG_IOMMU_IOAS_MAP_FIXED_IOVA (1u << 0)
#define VG_IOMMU_IOAS_MAP_WRITEABLE (1u << 1)
#define VG_IOMMU_IOAS_MAP_READABLE (1u << 2)

struct vg_iommu_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	uint32_t reserved;
	uint64_t user_va __attribute__((aligned(8)));
	uint64_t length __attribute__((aligned(8)));
	uint64_t iova __attribute__((aligned(8)));
};

struct vg_iommu_ioas_unmap {
	uint32_t size;
	uint32_t ioas_id;
	uint64_t iova __attribute__((aligned(8)));
	uint64_t length __attribute__((aligned(8)));
};

#define VG_IOMMUFD_TYPE ';'
#define VG_IOMMU_DESTROY _IO(VG_IOMMUFD_TYPE, 0x80)
#define VG_IOMMU_IOAS_ALLOC _IO(VG_IOMMUFD_TYPE, 0x81)
#define VG_IOMMU_IOAS_IOVA_RANGES _IO(VG_IOMMUFD_TYPE, 0x84)
#define VG_IOMMU_IOAS_MAP _IO(VG_IOMMUFD_TYPE, 0x85)
#define VG_IOMMU_IOAS_UNMAP _IO(VG_IOMMUFD_TYPE, 0x86)

#endif
