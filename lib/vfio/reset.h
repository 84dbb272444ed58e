/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a PCI hot reset affects, from within. */
#ifndef VG_VFIO_RESET_H
#define VG_VFIO_RESET_H

/*
 * The IOMMU group of a device that was opened by a handed-over group, as its driver's list for a hot reset has it; -1
 * where it has none. name: its PCI address, or another kernel name.
 */
int vg_reset_find_group(int device_fd, const char *name);

#endif
