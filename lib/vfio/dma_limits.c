/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be mapped for DMA: a snapshot. */
#include <errno.h>
#include <stdlib.h>

#include "vfio/dma.h"

#define FIND "find"

struct vgpu_dma_limits {
	struct vg_ref ref;
	struct vg_limits limits;
};

static void limits_free(struct vgpu_dma_limits *limits)
{
	vg_limits_free(&limits->limits);
	free(limits);
}

VG_DEFINE_REF(dma_limits, limits_free)

int vgpu_dma_limits_find(struct vgpu_dma *dma, struct vgpu_dma_limits **out)
{
	struct vg_failure failure = {.operation = FIND, .path = "DMA"};
	struct vgpu_dma_limits *limits;
	int r;

	if (!dma)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(dma->ctx, FIND, "out", "there is no place for the limits");
	limits = calloc(1, sizeof(*limits));
	if (!limits)
		return vg_fail_memory(dma->ctx, FIND);
	vg_ref_init(&limits->ref);
	pthread_mutex_lock(&dma->lock);
	r = vg_tables_limits(&dma->space, &limits->limits);
	pthread_mutex_unlock(&dma->lock);
	if (r == 0) {
		*out = limits;
		return 0;
	}
	free(limits);
	failure.err = -r;
	failure.cause = r == -EPROTO ? VGPU_CAUSE_BAD_DATA : VGPU_CAUSE_NONE;
	return vg_fail(dma->ctx, &failure, r == -EPROTO ? "what the kernel says of its limits makes no sense" : NULL);
}

size_t vgpu_dma_limits_get_range_count(const struct vgpu_dma_limits *limits)
{
	return limits->limits.range_count;
}

int vgpu_dma_limits_get_range(const struct vgpu_dma_limits *limits, size_t i, uint64_t *first, uint64_t *last)
{
	if (i >= limits->limits.range_count)
		return -ERANGE;
	*first = limits->limits.ranges[i].first;
	*last = limits->limits.ranges[i].last;
	return 0;
}

uint64_t vgpu_dma_limits_get_page_sizes(const struct vgpu_dma_limits *limits)
{
	return limits->limits.page_sizes;
}

uint64_t vgpu_dma_limits_get_alignment(const struct vgpu_dma_limits *limits)
{
	return limits->limits.alignment;
}

int64_t vgpu_dma_limits_get_mapping_limit(const struct vgpu_dma_limits *limits)
{
	return limits->limits.limit;
}

int64_t vgpu_dma_limits_get_mappings_left(const struct vgpu_dma_limits *limits)
{
	return limits->limits.left;
}

uint64_t vgpu_dma_limits_get_dirty_page_sizes(const struct vgpu_dma_limits *limits)
{
	return limits->limits.dirty_page_sizes;
}

uint64_t vgpu_dma_limits_get_dirty_bitmap_max(const struct vgpu_dma_limits *limits)
{
	return limits->limits.dirty_bitmap_max;
}
