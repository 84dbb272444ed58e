/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The only file that names all backends. */
#include "backend/mdev.h"
#include "backend/nvidia_vfio.h"
#include "backend/soft.h"
#include "backend/sriov.h"
#include "model/backend_ops.h"

const struct vg_backend_ops *const *vg_backends(void)
{
	static const struct vg_backend_ops *const backends[] = {&vg_backend_mdev, &vg_backend_nvidia_vfio,
															&vg_backend_sriov, &vg_backend_soft, NULL};

	return backends;
}
