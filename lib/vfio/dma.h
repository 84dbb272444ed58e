/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DMA object from within. */
#ifndef VG_VFIO_DMA_H
#define VG_VFIO_DMA_H

#include <pthread.h>
#include <vgpu/dma.h>

#include "core/ref.h"
#include "vfio/access_ops.h"

struct vgpu_dma {
	struct vg_ref ref;
	struct vgpu_context *ctx;
	pthread_mutex_t lock;            /* of all below, and of the space's inside */
	const struct vg_access_ops *ops; /* NULL until a device has joined; then for ever */
	void *space;
};

/* Makes the object. 0 or -ENOMEM, without a record. */
int vg_dma_make(struct vgpu_context *ctx, struct vgpu_dma **out);
/* A device joins by this path, by its target (kvm may be NULL) or else by fds. The caller holds dma->lock. */
int vg_dma_join(struct vgpu_dma *dma, struct vgpu_context *ctx, const struct vg_access_ops *ops,
				const struct vg_target *target, struct vgpu_kvm *kvm, const struct vgpu_vfio_fds *fds,
				struct vg_place *out);
/* It leaves, and is closed. Takes dma->lock. */
void vg_dma_leave(struct vgpu_dma *dma, struct vg_place *place);

#endif
