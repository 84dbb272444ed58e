/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parents as records: the entry of "parents" that parents and vfs share. */
#include "vgpuctl.h"

void parent_fill(struct record *record, const struct vgpu_parent *parent)
{
	record_set_text(record, "name", vgpu_parent_get_name(parent));
	record_set_text(record, "backend", vgpu_parent_get_backend(parent));
	record_set_text(record, "driver", vgpu_parent_get_driver(parent));
	record_set_text(record, "pci_address", vgpu_parent_get_pci_address(parent));
	record_set_hex(record, "vendor", 4, vgpu_parent_get_vendor(parent));
	record_set_text(record, "vendor_name", vgpu_parent_get_vendor_name(parent));
	record_set_hex(record, "device", 4, vgpu_parent_get_device(parent));
	record_set_text(record, "device_name", vgpu_parent_get_device_name(parent));
	record_set_hex(record, "class", 6, vgpu_parent_get_class(parent));
	record_set_text(record, "class_name", vgpu_parent_get_class_name(parent));
	record_set_known(record, "numa_node", vgpu_parent_get_numa_node(parent));
	record_set_known(record, "iommu_group", vgpu_parent_get_iommu_group(parent));
	record_set_known(record, "vf_count", vgpu_parent_get_vf_count(parent));
	record_set_known(record, "vf_total", vgpu_parent_get_vf_total(parent));
	record_set_known(record, "types", vgpu_parent_get_type_count(parent));
	record_set_known(record, "vgpus", vgpu_parent_get_device_count(parent));
	record_set_text(record, "sysfs_path", vgpu_parent_get_sysfs_path(parent));
}
