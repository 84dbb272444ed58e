/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be mapped for DMA, as the kernel says of one table or of several at once. No I/O. */
#ifndef VG_VFIO_LIMITS_H
#define VG_VFIO_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/spans.h"

/* Usable IOVAs. */
struct vg_iova_range {
	uint64_t first;
	uint64_t last; /* belongs to it */
};

struct vg_limits {
	struct vg_iova_range *ranges; /* in order, without overlap */
	size_t range_count;
	uint64_t page_sizes; /* a bit for each; 0: not stated */
	uint64_t alignment;  /* of IOVAs, addresses and lengths */
	int64_t limit;       /* the most mappings; -1: the kernel states none */
	int64_t left;        /* mappings that are left; -1: the kernel states no limit */
	uint64_t dirty_page_sizes;
	uint64_t dirty_bitmap_max; /* bytes of a bitmap; both 0: no log of dirty pages */
	size_t tables;             /* how many have narrowed it */
	size_t servers;            /* of them, those of vfio-user servers */
};

/* No limits but the alignment. Returns 0 or -ENOMEM. */
int vg_limits_init(struct vg_limits *limits, uint64_t alignment);
void vg_limits_free(struct vg_limits *limits);
/* Only IOVAs in these ranges too (any order) stay usable. Returns 0 or -ENOMEM; then limits are as before. */
int vg_limits_keep(struct vg_limits *limits, const struct vg_iova_range *ranges, size_t count);
/*
 * Narrows limits by what VFIO_IOMMU_GET_INFO said of a container, info[size], in which the caller has used mappings;
 * knows_all: and nobody else has any. Returns 0, -ENOMEM, or -EPROTO where it makes no sense.
 */
int vg_limits_take_info(struct vg_limits *limits, const void *info, size_t size, size_t used, bool knows_all);
/* The lowest usable place for size bytes that is beside the spans and not below from, with this alignment and phase. */
bool vg_limits_find_gap(const struct vg_limits *limits, struct vg_spans *spans, uint64_t from,
						const struct vg_span_wish *wish, uint64_t *out);
/* "0x1000-0xfff, ...", cut to size. */
void vg_limits_describe(const struct vg_limits *limits, char *buf, size_t size);

#endif
