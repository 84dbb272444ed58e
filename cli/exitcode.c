/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place where causes become exit codes. */
#include "exitcode.h"

enum exit_code exit_code_of_cause(enum vgpu_cause cause)
{
	switch (cause) {
	case VGPU_CAUSE_INVALID:
	case VGPU_CAUSE_OUT_OF_RANGE:
		return EXIT_CODE_USAGE;
	case VGPU_CAUSE_NO_PARENT:
	case VGPU_CAUSE_NO_TYPE:
	case VGPU_CAUSE_NO_DEVICE:
	case VGPU_CAUSE_NO_REGION:
	case VGPU_CAUSE_GONE:
		return EXIT_CODE_NOT_FOUND;
	case VGPU_CAUSE_PERMISSION:
		return EXIT_CODE_PERMISSION;
	case VGPU_CAUSE_UNSUPPORTED:
	case VGPU_CAUSE_IOMMU_OFF:
	case VGPU_CAUSE_MODULE_MISSING:
	case VGPU_CAUSE_NO_VFIO_DRIVER:
	case VGPU_CAUSE_GROUP_NOT_VIABLE:
	case VGPU_CAUSE_NOT_MAPPABLE:
		return EXIT_CODE_UNSUPPORTED;
	case VGPU_CAUSE_IN_USE:
	case VGPU_CAUSE_LOCKED:
		return EXIT_CODE_BUSY;
	case VGPU_CAUSE_EXISTS:
		return EXIT_CODE_EXISTS;
	case VGPU_CAUSE_NO_CAPACITY:
		return EXIT_CODE_NO_CAPACITY;
	case VGPU_CAUSE_PENDING:
		return EXIT_CODE_PENDING;
	case VGPU_CAUSE_NONE:
	case VGPU_CAUSE_OTHER:
	case VGPU_CAUSE_NOT_READY:
	case VGPU_CAUSE_REFUSED:
	case VGPU_CAUSE_NO_MEMORY:
	case VGPU_CAUSE_BAD_DATA:
	case VGPU_CAUSE_LIMIT:
	case VGPU_CAUSE_LOST:
		break;
	}
	return EXIT_CODE_FAILED;
}
