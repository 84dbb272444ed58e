/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DMA object: what devices share, whichever the access path. */
#include "vfio/dma.h"

#include <errno.h>
#include <stdlib.h>

static void dma_free(struct vgpu_dma *dma)
{
	if (dma->space)
		dma->ops->free_space(dma->space);
	pthread_mutex_destroy(&dma->lock);
	vgpu_context_unref(dma->ctx);
	free(dma);
}

VG_DEFINE_REF(dma, dma_free)

int vg_dma_make(struct vgpu_context *ctx, struct vgpu_dma **out)
{
	struct vgpu_dma *dma = calloc(1, sizeof(*dma));

	if (!dma)
		return -ENOMEM;
	vg_ref_init(&dma->ref);
	pthread_mutex_init(&dma->lock, NULL);
	dma->ctx = vgpu_context_ref(ctx);
	*out = dma;
	return 0;
}

int vgpu_dma_new(struct vgpu_context *ctx, struct vgpu_dma **out)
{
	if (!ctx)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(ctx, "new", "out", "there is no place for the DMA object");
	return vg_dma_make(ctx, out) ? vg_fail_memory(ctx, "new") : 0;
}

int vg_dma_join(struct vgpu_dma *dma, struct vgpu_context *ctx, const struct vg_access_ops *ops,
				const struct vg_target *target, struct vgpu_kvm *kvm, const struct vgpu_vfio_fds *fds,
				struct vg_place *out)
{
	struct vg_place place = VG_PLACE_NONE;
	int r = target ? ops->open(ctx, &dma->space, target, kvm, &place) : ops->adopt(ctx, &dma->space, fds, &place);

	if (r == 0) {
		dma->ops = ops;
		*out = place;
	} else if (!dma->ops && dma->space) { /* nobody has joined: the path is still open */
		ops->free_space(dma->space);
		dma->space = NULL;
	}
	return r;
}

void vg_dma_leave(struct vgpu_dma *dma, struct vg_place *place)
{
	pthread_mutex_lock(&dma->lock);
	dma->ops->close(dma->space, place);
	pthread_mutex_unlock(&dma->lock);
}
