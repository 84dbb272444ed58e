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
	uint64_t page_mask;              /* the page size - 1 */
	pthread_mutex_t lock;            /* of all below; held while the kernel works */
	const struct vg_access_ops *ops; /* NULL until a device that does not mix has joined; then for ever */
	struct vg_space space;
	struct vg_map *spare; /* what was unmapped last, for the next mapping; may be NULL */
	/* Held as well to change the tree of mappings; alone it suffices to look: nobody who looks waits for the kernel. */
	pthread_mutex_t look_lock;
};

/* Makes the object. 0 or -ENOMEM, without a record. */
int vg_dma_make(struct vgpu_context *ctx, struct vgpu_dma **out);
/* A device joins by this path, by its target and opts, or else by fds. The caller holds dma->lock. */
int vg_dma_join(struct vgpu_dma *dma, struct vgpu_context *ctx, const struct vg_access_ops *ops,
				const struct vg_target *target, const struct vgpu_vfio_opts *opts, const struct vgpu_vfio_fds *fds,
				struct vg_place *out);
/* It leaves, and is closed. Takes dma->lock. */
void vg_dma_leave(struct vgpu_dma *dma, const struct vg_access_ops *ops, struct vg_place *place);

/* The object of this space. */
static inline struct vgpu_dma *vg_dma_of(struct vg_space *space)
{
	return (struct vgpu_dma *)(void *)((char *)space - offsetof(struct vgpu_dma, space));
}

/*
 * A device that reaches memory by our hands reads it into buf, or writes it from there: 0, or a positive errno (EFAULT:
 * it is not mapped, or not there; EACCES: not for this). Takes look_lock alone.
 */
int vg_dma_copy(struct vgpu_dma *dma, uint64_t iova, void *buf, size_t size, bool write);

/* Does the range make sense? Else -EINVAL with a record. */
int vg_dma_check_range(struct vgpu_dma *dma, const char *operation, uint64_t iova, uint64_t length);
/* The first mapping in [iova, iova + length) if the range holds whole mappings and at least one; else fails. */
int vg_dma_find_whole(struct vgpu_dma *dma, const char *operation, uint64_t iova, uint64_t length,
					  struct vg_map **first, struct vg_map **last);
/* Forgets mappings that the kernel has no more, from first to last. The caller holds dma->lock. */
void vg_dma_forget(struct vgpu_dma *dma, struct vg_map *first, struct vg_map *last);

#endif
