/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the vGPU of a pair, whichever backend has it. */
#ifndef VG_MODEL_READ_PAIR_H
#define VG_MODEL_READ_PAIR_H

#include "model/device.h"

/*
 * By the kernel's name where that follows from the pair, else by the record that ties the pair to a name. -ENODEV
 * without an error record: no backend has it.
 */
int vg_read_pair(struct vgpu_context *ctx, const struct vg_pair *pair, struct vgpu_device **out);

#endif
