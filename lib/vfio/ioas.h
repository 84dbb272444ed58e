/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping for DMA in an IOAS of iommufd. */
#ifndef VG_VFIO_IOAS_H
#define VG_VFIO_IOAS_H

#include "vfio/table.h"

extern const struct vg_table_ops vg_ioas_ops;

#endif
