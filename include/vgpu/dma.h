/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DMA object: the table of guest memory that devices share (a VFIO container, or an IOAS of iommufd). */
#ifndef VGPU_DMA_H
#define VGPU_DMA_H

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_dma;

/**
 * vgpu_dma_new() - make a DMA object that devices can join
 * @ctx: the context
 * @out: receives the object, a new reference; untouched on failure
 *
 * Opens nothing: the first device that joins it (see struct vgpu_vfio_opts) decides the access path, and later
 * ones follow. Devices that cannot share a kernel container get another one inside it; several devices of one
 * IOMMU group share the group's descriptor. Devices may join and leave from several threads.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 * Since: 0.1
 */
int vgpu_dma_new(struct vgpu_context *ctx, struct vgpu_dma **out);

/** vgpu_dma_ref() - take a reference to @dma (NULL is let through). Return: @dma. Since: 0.1 */
struct vgpu_dma *vgpu_dma_ref(struct vgpu_dma *dma);

/**
 * vgpu_dma_unref() - drop a reference to a DMA object
 * @dma: the object, or NULL
 *
 * Opened devices hold it: its descriptors are closed when the last of them is closed too.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_dma *vgpu_dma_unref(struct vgpu_dma *dma);

#ifdef __cplusplus
}
#endif
#endif
