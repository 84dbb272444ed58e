/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why memory cannot be mapped for DMA: the kernel's errno made advice. */
#ifndef VG_VFIO_DMA_FAIL_H
#define VG_VFIO_DMA_FAIL_H

#include "core/negative.h"
#include "vfio/table.h"

/* "0x1000-0x1fff" */
#define VG_IOVA_TEXT_SIZE 48
void vg_iova_describe(uint64_t iova, uint64_t length, char out[VG_IOVA_TEXT_SIZE]);

/* An argument makes no sense, and so does this range. Returns -EINVAL. */
int vg_dma_fail_invalid(struct vgpu_context *ctx, const char *operation, uint64_t iova, uint64_t length,
						const char *fmt, ...) VG_PRINTF(5, 6);
/* The range overlaps another, mapped or to be mapped. Returns -EEXIST. */
int vg_dma_fail_overlap(struct vgpu_context *ctx, const char *operation, uint64_t iova, uint64_t length, uint64_t other,
						uint64_t other_length);
/* The kernel does not map, for err (a positive errno). limits: what it then said of them; NULL: not known. Returns
 * -err. */
int vg_dma_fail_map(struct vgpu_context *ctx, const char *operation, const struct vg_map *map,
					const struct vg_limits *limits, int err);
/* The kernel does not unmap. Returns -err. */
int vg_dma_fail_unmap(struct vgpu_context *ctx, const char *operation, uint64_t iova, uint64_t length, int err);
/* Memory cannot be locked, for ENOMEM. Returns -ENOMEM. */
int vg_dma_fail_lock(struct vgpu_context *ctx, const char *operation, const char *path);
/* The log of dirty pages cannot be started, stopped or read. Returns -err. */
int vg_dma_fail_log(struct vgpu_context *ctx, const char *operation, int err);

#define vg_dma_fail_invalid(...) vg_negative(vg_dma_fail_invalid(__VA_ARGS__))
#define vg_dma_fail_overlap(...) vg_negative(vg_dma_fail_overlap(__VA_ARGS__))
#define vg_dma_fail_map(...) vg_negative(vg_dma_fail_map(__VA_ARGS__))
#define vg_dma_fail_unmap(...) vg_negative(vg_dma_fail_unmap(__VA_ARGS__))
#define vg_dma_fail_lock(...) vg_negative(vg_dma_fail_lock(__VA_ARGS__))
#define vg_dma_fail_log(...) vg_negative(vg_dma_fail_log(__VA_ARGS__))

#endif
