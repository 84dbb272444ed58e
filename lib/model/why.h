/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a host offers no types. */
#ifndef VG_MODEL_WHY_H
#define VG_MODEL_WHY_H

#include "model/parent.h"

/* Adds one error that says why none of these parents offers a type. 0 or -ENOMEM. */
int vg_why_no_types(struct vgpu_context *ctx, const struct vgpu_parents *parents, struct vgpu_errors *out);

#endif
