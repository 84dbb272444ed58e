/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares lib/sys/uapi*.h with the kernel's headers, at compile time: see uapi.sh. */
#include <linux/fcntl.h>
#include <linux/iommufd.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stddef.h>

#include "sys/uapi.h"
#include "sys/uapi_migration.h"

#define SAME_STRUCT(ours, theirs) _Static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_FIELD(ours, theirs, field)                                                                                \
	_Static_assert(offsetof(struct ours, field) == offsetof(struct theirs, field) &&                                   \
					   __builtin_types_compatible_p(__typeof__(((struct ours *)0)->field),                             \
													__typeof__(((struct theirs *)0)->field)),                          \
				   #ours "." #field)
/* The kernel's 64-bit numbers are long long, ours may be long. */
#define SAME_SIZE(ours, theirs, field)                                                                                 \
	_Static_assert(offsetof(struct ours, field) == offsetof(struct theirs, field) &&                                   \
					   sizeof(((struct ours *)0)->field) == sizeof(((struct theirs *)0)->field),                       \
				   #ours "." #field)
#define SAME_VALUE(ours, theirs) _Static_assert((ours) == (theirs), #ours)

SAME_STRUCT(vg_vfio_bind_iommufd, vfio_device_bind_iommufd);
SAME_FIELD(vg_vfio_bind_iommufd, vfio_device_bind_iommufd, argsz);
SAME_FIELD(vg_vfio_bind_iommufd, vfio_device_bind_iommufd, flags);
SAME_FIELD(vg_vfio_bind_iommufd, vfio_device_bind_iommufd, iommufd);
SAME_FIELD(vg_vfio_bind_iommufd, vfio_device_bind_iommufd, out_devid);
SAME_VALUE(VG_VFIO_DEVICE_BIND_IOMMUFD, VFIO_DEVICE_BIND_IOMMUFD);

SAME_STRUCT(vg_vfio_attach_iommufd_pt, vfio_device_attach_iommufd_pt);
SAME_FIELD(vg_vfio_attach_iommufd_pt, vfio_device_attach_iommufd_pt, argsz);
SAME_FIELD(vg_vfio_attach_iommufd_pt, vfio_device_attach_iommufd_pt, flags);
SAME_FIELD(vg_vfio_attach_iommufd_pt, vfio_device_attach_iommufd_pt, pt_id);
SAME_VALUE(VG_VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_ATTACH_IOMMUFD_PT);

SAME_STRUCT(vg_vfio_detach_iommufd_pt, vfio_device_detach_iommufd_pt);
SAME_FIELD(vg_vfio_detach_iommufd_pt, vfio_device_detach_iommufd_pt, argsz);
SAME_FIELD(vg_vfio_detach_iommufd_pt, vfio_device_detach_iommufd_pt, flags);
SAME_VALUE(VG_VFIO_DEVICE_DETACH_IOMMUFD_PT, VFIO_DEVICE_DETACH_IOMMUFD_PT);

SAME_VALUE(VG_VFIO_PCI_HOT_RESET_FLAG_DEV_ID, VFIO_PCI_HOT_RESET_FLAG_DEV_ID);
SAME_VALUE(VG_VFIO_PCI_DEVID_OWNED, VFIO_PCI_DEVID_OWNED);
SAME_VALUE(VG_VFIO_PCI_DEVID_NOT_OWNED, (uint32_t)VFIO_PCI_DEVID_NOT_OWNED);

SAME_VALUE(VG_KVM_DEV_VFIO_FILE, KVM_DEV_VFIO_FILE);
SAME_VALUE(VG_KVM_DEV_VFIO_FILE, KVM_DEV_VFIO_GROUP);
SAME_VALUE(VG_KVM_DEV_VFIO_FILE_ADD, KVM_DEV_VFIO_FILE_ADD);
SAME_VALUE(VG_KVM_DEV_VFIO_FILE_ADD, KVM_DEV_VFIO_GROUP_ADD);
SAME_VALUE(VG_KVM_DEV_VFIO_FILE_DEL, KVM_DEV_VFIO_FILE_DEL);
SAME_VALUE(VG_KVM_DEV_VFIO_FILE_DEL, KVM_DEV_VFIO_GROUP_DEL);

SAME_STRUCT(vg_iommu_destroy, iommu_destroy);
SAME_FIELD(vg_iommu_destroy, iommu_destroy, size);
SAME_FIELD(vg_iommu_destroy, iommu_destroy, id);
SAME_VALUE(VG_IOMMU_DESTROY, IOMMU_DESTROY);

SAME_STRUCT(vg_iommu_ioas_alloc, iommu_ioas_alloc);
SAME_FIELD(vg_iommu_ioas_alloc, iommu_ioas_alloc, size);
SAME_FIELD(vg_iommu_ioas_alloc, iommu_ioas_alloc, flags);
SAME_FIELD(vg_iommu_ioas_alloc, iommu_ioas_alloc, out_ioas_id);
SAME_VALUE(VG_IOMMU_IOAS_ALLOC, IOMMU_IOAS_ALLOC);

SAME_VALUE(VG_VFIO_MIGRATION_PRE_COPY, VFIO_MIGRATION_PRE_COPY);
SAME_STRUCT(vg_vfio_precopy_info, vfio_precopy_info);
SAME_FIELD(vg_vfio_precopy_info, vfio_precopy_info, argsz);
SAME_FIELD(vg_vfio_precopy_info, vfio_precopy_info, flags);
SAME_SIZE(vg_vfio_precopy_info, vfio_precopy_info, initial_bytes);
SAME_SIZE(vg_vfio_precopy_info, vfio_precopy_info, dirty_bytes);
SAME_VALUE(VG_VFIO_MIG_GET_PRECOPY_INFO, VFIO_MIG_GET_PRECOPY_INFO);

SAME_STRUCT(vg_vfio_device_feature_mig_data_size, vfio_device_feature_mig_data_size);
SAME_SIZE(vg_vfio_device_feature_mig_data_size, vfio_device_feature_mig_data_size, stop_copy_length);
SAME_VALUE(VG_VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, VFIO_DEVICE_FEATURE_MIG_DATA_SIZE);

SAME_STRUCT(vg_iommu_iova_range, iommu_iova_range);
SAME_SIZE(vg_iommu_iova_range, iommu_iova_range, start);
SAME_SIZE(vg_iommu_iova_range, iommu_iova_range, last);

SAME_STRUCT(vg_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges);
SAME_FIELD(vg_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, size);
SAME_FIELD(vg_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, ioas_id);
SAME_FIELD(vg_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, num_iovas);
SAME_SIZE(vg_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, allowed_iovas);
SAME_SIZE(vg_iommu_ioas_iova_ranges, iommu_ioas_iova_ranges, out_iova_alignment);
SAME_VALUE(VG_IOMMU_IOAS_IOVA_RANGES, IOMMU_IOAS_IOVA_RANGES);

SAME_STRUCT(vg_iommu_ioas_map, iommu_ioas_map);
SAME_FIELD(vg_iommu_ioas_map, iommu_ioas_map, size);
SAME_FIELD(vg_iommu_ioas_map, iommu_ioas_map, flags);
SAME_FIELD(vg_iommu_ioas_map, iommu_ioas_map, ioas_id);
SAME_SIZE(vg_iommu_ioas_map, iommu_ioas_map, user_va);
SAME_SIZE(vg_iommu_ioas_map, iommu_ioas_map, length);
SAME_SIZE(vg_iommu_ioas_map, iommu_ioas_map, iova);
SAME_VALUE(VG_IOMMU_IOAS_MAP, IOMMU_IOAS_MAP);
SAME_VALUE((int)VG_IOMMU_IOAS_MAP_FIXED_IOVA, (int)IOMMU_IOAS_MAP_FIXED_IOVA);
SAME_VALUE((int)VG_IOMMU_IOAS_MAP_WRITEABLE, (int)IOMMU_IOAS_MAP_WRITEABLE);
SAME_VALUE((int)VG_IOMMU_IOAS_MAP_READABLE, (int)IOMMU_IOAS_MAP_READABLE);

SAME_STRUCT(vg_iommu_ioas_unmap, iommu_ioas_unmap);
SAME_FIELD(vg_iommu_ioas_unmap, iommu_ioas_unmap, size);
SAME_FIELD(vg_iommu_ioas_unmap, iommu_ioas_unmap, ioas_id);
SAME_SIZE(vg_iommu_ioas_unmap, iommu_ioas_unmap, iova);
SAME_SIZE(vg_iommu_ioas_unmap, iommu_ioas_unmap, length);
SAME_VALUE(VG_IOMMU_IOAS_UNMAP, IOMMU_IOAS_UNMAP);

SAME_VALUE(VG_F_DUPFD_QUERY, F_DUPFD_QUERY);
