/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping for DMA in a VFIO container. */
#ifndef VG_VFIO_CONTAINER_H
#define VG_VFIO_CONTAINER_H

#include "vfio/table.h"

extern const struct vg_table_ops vg_container_ops;

#endif
