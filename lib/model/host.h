/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the host works for vGPUs: probes shared by the checks and by whoever must say why something is missing. */
#ifndef VG_MODEL_HOST_H
#define VG_MODEL_HOST_H

#include <stdbool.h>

#include "core/context.h"

/* Is this kernel module loaded, or built in and visible? */
bool vg_host_has_module(struct vgpu_context *ctx, const char *name);
/* Is text the address of a physical function whose virtual ones are cut into mdevs? */
bool vg_is_pf_of_parents(struct vgpu_context *ctx, const char *text);
/* Is there at least one IOMMU that the kernel uses? */
bool vg_host_has_iommu(struct vgpu_context *ctx);

#endif
