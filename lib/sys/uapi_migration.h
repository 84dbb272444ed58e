/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's migration interface as far as Linux 6.1 does not have it, declared under names of our own like those of
 * sys/uapi.h; tests/abi compares them with the kernel's.
 */
#ifndef VG_SYS_UAPI_MIGRATION_H
#define VG_SYS_UAPI_MIGRATION_H

#include <linux/vfio.h>
#include <stdint.h>

/* Pre-copy (Linux 6.2): a flag of VFIO_DEVICE_FEATURE_MIGRATION, and an ioctl on the data descriptor. */
#define VG_VFIO_MIGRATION_PRE_COPY (1 << 2)

struct vg_vfio_precopy_info {
	uint32_t argsz;
	uint32_t flags;
	uint64_t initial_bytes;
	uint64_t dirty_bytes;
};

#define VG_VFIO_MIG_GET_PRECOPY_INFO _IO(VFIO_TYPE, VFIO_BASE + 21)

/* The size of the state (Linux 6.2). */
struct vg_vfio_device_feature_mig_data_size {
	uint64_t stop_copy_length;
};

#define VG_VFIO_DEVICE_FEATURE_MIG_DATA_SIZE 9

#endif
