/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a failed write to a file of the kernel's means, whatever the backend. */
#include "model/write_failed.h"

#include <errno.h>

int vg_write_failed(struct vgpu_context *ctx, struct vg_failure *failure)
{
	switch (failure->err) {
	case EACCES:
	case EPERM:
	case EROFS:
		failure->cause = VGPU_CAUSE_PERMISSION;
		failure->hint = "run as root, where sysfs is mounted read-write";
		return vg_fail(ctx, failure, NULL);
	case EMEDIUMTYPE:
		failure->err = EOPNOTSUPP;
		failure->cause = VGPU_CAUSE_UNSUPPORTED;
		failure->hint = "leave the root directory away";
		return vg_fail(ctx, failure, "is no file of a running kernel: a copy of a host can only be looked at");
	default:
		return vg_fail(ctx, failure, NULL);
	}
}
