/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failed write to a file of the kernel's means, whatever the backend. */
#ifndef VG_MODEL_WRITE_FAILED_H
#define VG_MODEL_WRITE_FAILED_H

#include "core/context.h"

/* Makes the error record of failure, whose err is the kernel's, or the helper's; cause: where nothing more is known. */
int vg_write_failed(struct vgpu_context *ctx, struct vg_failure *failure);

#endif
