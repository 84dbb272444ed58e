/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In which order parents are tried for a vGPU. */
#ifndef VG_MODEL_PLACE_H
#define VG_MODEL_PLACE_H

#include <vgpu/device.h>

#include "model/parent.h"

/* The word that stands for any parent. */
#define VG_PLACE_AUTO "auto"

/* All parents, the best first. 0 or -errno with an error record; free with vgpu_parents_unref(). */
int vg_place_rank(struct vgpu_context *ctx, const struct vgpu_device_create_opts *opts, struct vgpu_parents **out);
/* None of them took it; is_full: one offers the type, but has no room. Makes the error record and returns -errno. */
int vg_place_fail(struct vgpu_context *ctx, const char *type, bool is_full);

#endif
