/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VFIO nodes of many devices at once. */
#ifndef VG_MODEL_CDEVS_H
#define VG_MODEL_CDEVS_H

#include "core/context.h"

/*
 * Calls found(data, device, cdev) for each device that has a node of its own ("0000:3b:00.4", "vfio7"); it returns 0 or
 * -errno, which ends the search. At most two system calls a device. 0 or -errno.
 */
int vg_cdevs_read(struct vgpu_context *ctx, int (*found)(void *data, const char *device, const char *cdev), void *data);

#endif
