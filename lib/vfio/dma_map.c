/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping for DMA: one range, a whole layout, or wherever there is room. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/opts.h"
#include "sys/devio.h"
#include "vfio/dma.h"
#include "vfio/dma_fail.h"

#define MAP "map"
#define RIGHTS (VGPU_DMA_READ | VGPU_DMA_WRITE)

static int check(struct vgpu_dma *dma, const struct vgpu_dma_range *range)
{
	const uint64_t iova = range->iova, length = range->length, address = (uintptr_t)range->address;

	if (!(range->flags & RIGHTS))
		return vg_dma_fail_invalid(dma->ctx, MAP, iova, length, "devices may neither read nor write it");
	if (range->flags & ~(RIGHTS | VGPU_DMA_FD))
		return vg_dma_fail_invalid(dma->ctx, MAP, iova, length, "0x%x has flags that this version does not know",
								   range->flags);
	if (!address)
		return vg_dma_fail_invalid(dma->ctx, MAP, iova, length, "no memory is given");
	if (address & dma->page_mask)
		return vg_dma_fail_invalid(dma->ctx, MAP, iova, length, "the address %p is no multiple of the page size, %llu",
								   range->address, (unsigned long long)dma->page_mask + 1);
	if (length && length - 1 > UINTPTR_MAX - address)
		return vg_dma_fail_invalid(dma->ctx, MAP, iova, length, "the memory goes beyond the last address");
	return vg_dma_check_range(dma, MAP, iova, length);
}

/* A mapping of this range, which is checked, and not in force yet. The caller holds dma->lock. */
static int make(struct vgpu_dma *dma, const struct vgpu_dma_range *range, struct vg_map **out)
{
	struct vg_map *map = dma->spare ? dma->spare : malloc(sizeof(*map));
	int r;

	dma->spare = NULL;
	if (!map)
		return vg_fail_memory(dma->ctx, MAP);
	map->span.first = range->iova;
	map->span.last = range->iova + (range->length - 1);
	map->address = range->address;
	map->flags = range->flags;
	map->fd = -1;
	map->offset = 0;
	if (range->flags & VGPU_DMA_FD) {
		map->offset = range->offset;
		map->fd = vg_dup_fd(range->fd);
		if (map->fd < 0) {
			r = vg_fail(dma->ctx, &(struct vg_failure){.operation = MAP, .path = "fd", .err = -map->fd}, NULL);
			free(map);
			return r;
		}
	}
	*out = map;
	return 0;
}

static int fail_map(struct vgpu_dma *dma, const struct vg_map *map, int err)
{
	struct vg_limits limits;
	bool known = vg_tables_limits(&dma->space, &limits) == 0;
	int r = vg_dma_fail_map(dma->ctx, MAP, map, known ? &limits : NULL, err);

	if (known)
		vg_limits_free(&limits);
	return r;
}

/* The mapping above this one, or one that it overlaps; NULL: none. */
static struct vg_span *above(const struct vgpu_dma *dma, const struct vg_map *map)
{
	return vg_spans_from(&dma->space.maps, map->span.first);
}

/* Puts one mapping into the tables; next: the one above(). The caller holds dma->lock. */
static int put_in(struct vgpu_dma *dma, const struct vg_map *map, const struct vg_span *next)
{
	int r;

	if (next && next->first <= map->span.last)
		return vg_dma_fail_overlap(dma->ctx, MAP, map->span.first, vg_map_length(map), next->first,
								   next->last - next->first + 1);
	r = vg_tables_map(&dma->space, map);
	return r ? fail_map(dma, map, -r) : 0;
}

static void remember(struct vgpu_dma *dma, struct vg_map *map, struct vg_span *next)
{
	pthread_mutex_lock(&dma->look_lock);
	vg_spans_insert(&dma->space.maps, &map->span, next);
	pthread_mutex_unlock(&dma->look_lock);
}

int vgpu_dma_map(struct vgpu_dma *dma, uint64_t iova, void *address, uint64_t length, uint32_t flags)
{
	const struct vgpu_dma_range range = {sizeof(range), iova, address, length, flags & ~VGPU_DMA_FD, -1, 0};
	struct vg_span *next;
	struct vg_map *map;
	int r;

	if (!dma)
		return -EINVAL;
	if (flags & VGPU_DMA_FD)
		return vg_dma_fail_invalid(dma->ctx, MAP, iova, length, "which file it is only vgpu_dma_map_ranges() can tell");
	r = check(dma, &range);
	if (r)
		return r;
	pthread_mutex_lock(&dma->lock);
	r = make(dma, &range, &map);
	if (r == 0) {
		next = above(dma, map);
		r = put_in(dma, map, next);
		if (r == 0)
			remember(dma, map, next);
		else
			vg_map_free(map);
	}
	pthread_mutex_unlock(&dma->lock);
	return r;
}

static int by_iova(const void *a, const void *b)
{
	const struct vgpu_dma_range *x = a, *y = b;

	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

/* Copies the caller's array, in order of IOVAs, each range checked by itself and against the others. */
static int take_ranges(struct vgpu_dma *dma, const struct vgpu_dma_range *ranges, size_t count,
					   struct vgpu_dma_range *out)
{
	const size_t stride = ranges->size;
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		const struct vgpu_dma_range *range = (const void *)((const unsigned char *)ranges + i * stride);

		if (range->size != stride || stride < sizeof(*range))
			return vg_fail_invalid(dma->ctx, MAP, "size", "the size of range %zu is not that of struct vgpu_dma_range",
								   i);
		r = vg_opts_take(dma->ctx, MAP, &out[i], sizeof(*out), range);
		if (r == 0)
			r = check(dma, &out[i]);
		if (r)
			return r;
	}
	qsort(out, count, sizeof(*out), by_iova);
	for (i = 1; i < count; i++)
		if (out[i].iova - out[i - 1].iova < out[i - 1].length)
			return vg_dma_fail_overlap(dma->ctx, MAP, out[i].iova, out[i].length, out[i - 1].iova, out[i - 1].length);
	return 0;
}

/* Does b go on where a ends? */
static bool continues(const struct vgpu_dma_range *a, const struct vgpu_dma_range *b)
{
	return a->iova + a->length == b->iova && (uintptr_t)a->address + a->length == (uintptr_t)b->address &&
		   a->flags == b->flags &&
		   (!(a->flags & VGPU_DMA_FD) || (a->fd == b->fd && a->offset + a->length == b->offset));
}

/* Returns how many ranges are left. */
static size_t merge(struct vgpu_dma_range *ranges, size_t count)
{
	size_t i, n = 1;

	for (i = 1; i < count; i++) {
		if (continues(&ranges[n - 1], &ranges[i]))
			ranges[n - 1].length += ranges[i].length;
		else
			ranges[n++] = ranges[i];
	}
	return n;
}

/* Makes all mappings, or none. */
static int make_all(struct vgpu_dma *dma, const struct vgpu_dma_range *ranges, size_t count, struct vg_map **maps)
{
	size_t i;
	int r = 0;

	for (i = 0; i < count; i++) {
		r = make(dma, &ranges[i], &maps[i]);
		if (r)
			break;
	}
	while (r && i > 0)
		vg_map_free(maps[--i]);
	return r;
}

/* Puts all into the tables and into the object, or none. */
static int put_all_in(struct vgpu_dma *dma, struct vg_map **maps, size_t count)
{
	size_t i;
	int r = 0;

	for (i = 0; i < count; i++) {
		r = put_in(dma, maps[i], above(dma, maps[i]));
		if (r)
			break;
	}
	while (r && i > 0) {
		i--; /* nobody had it yet: what has just been mapped can be unmapped */
		vg_tables_unmap(&dma->space, maps[i], maps[i]);
	}
	for (i = 0; r == 0 && i < count; i++)
		remember(dma, maps[i], above(dma, maps[i]));
	return r;
}

static int map_ranges(struct vgpu_dma *dma, const struct vgpu_dma_range *ranges, size_t count)
{
	struct vg_map **maps = calloc(count, sizeof(struct vg_map *));
	size_t i;
	int r;

	if (!maps)
		return vg_fail_memory(dma->ctx, MAP);
	pthread_mutex_lock(&dma->lock);
	r = make_all(dma, ranges, count, maps);
	if (r == 0) {
		r = put_all_in(dma, maps, count);
		for (i = 0; r && i < count; i++)
			vg_map_free(maps[i]);
	}
	pthread_mutex_unlock(&dma->lock);
	free(maps);
	return r;
}

int vgpu_dma_map_ranges(struct vgpu_dma *dma, const struct vgpu_dma_range *ranges, size_t count, uint32_t flags)
{
	struct vgpu_dma_range *known;
	int r;

	if (!dma)
		return -EINVAL;
	if (flags & ~VGPU_DMA_MERGE)
		return vg_fail_invalid(dma->ctx, MAP, "flags", "0x%x has flags that this version does not know", flags);
	if (!count)
		return 0;
	if (!ranges)
		return vg_fail_invalid(dma->ctx, MAP, "ranges", "no ranges are given");
	known = calloc(count, sizeof(*known));
	if (!known)
		return vg_fail_memory(dma->ctx, MAP);
	r = take_ranges(dma, ranges, count, known);
	if (r == 0)
		r = map_ranges(dma, known, flags & VGPU_DMA_MERGE ? merge(known, count) : count);
	free(known);
	return r;
}

/* Where memory shall go: as the IOMMU's huge pages want it, or else anywhere. */
static bool find_place(struct vgpu_dma *dma, const struct vg_limits *limits, const struct vg_map *map, uint64_t from,
					   uint64_t *out)
{
	static const uint64_t huge[] = {(uint64_t)1 << 30, (uint64_t)1 << 21};
	struct vg_span_wish wish = {.size = vg_map_length(map), .phase = (uintptr_t)map->address};
	size_t i;

	for (i = 0; i < VG_COUNT(huge); i++) {
		wish.align = huge[i];
		if (wish.size >= huge[i] && vg_limits_find_gap(limits, &dma->space.maps, from, &wish, out))
			return true;
	}
	wish.align = limits->alignment;
	wish.phase = 0;
	return vg_limits_find_gap(limits, &dma->space.maps, from, &wish, out);
}

static int fail_full(struct vgpu_dma *dma, uint64_t length)
{
	return vg_fail(
		dma->ctx,
		&(struct vg_failure){
			.operation = MAP, .path = "DMA", .err = ENOSPC, .cause = VGPU_CAUSE_LIMIT, .hint = "unmap something"},
		"no %llu bytes of usable IOVAs are free in one piece", (unsigned long long)length);
}

/*
 * In a table that others use too, there may be mappings that we know nothing of: the kernel says so, and a place
 * further up is tried, each time twice as far away.
 */
static int put_anywhere(struct vgpu_dma *dma, const struct vg_limits *limits, struct vg_map *map)
{
	const uint64_t length = vg_map_length(map);
	uint64_t from = limits->alignment, step = length;
	int r;

	for (;; step *= 2) {
		if (!find_place(dma, limits, map, from, &map->span.first))
			return fail_full(dma, length);
		map->span.last = map->span.first + (length - 1);
		r = vg_tables_map(&dma->space, map);
		if (r != -EEXIST || step > UINT64_MAX / 4 || step > UINT64_MAX - map->span.first)
			break;
		from = map->span.first + step;
	}
	if (r)
		return fail_map(dma, map, -r);
	remember(dma, map, above(dma, map));
	return 0;
}

int vgpu_dma_map_anywhere(struct vgpu_dma *dma, void *address, uint64_t length, uint32_t flags, uint64_t *iova)
{
	const struct vgpu_dma_range range = {sizeof(range), 0, address, length, flags & ~VGPU_DMA_FD, -1, 0};
	struct vg_limits limits;
	struct vg_map *map;
	int r;

	if (!dma)
		return -EINVAL;
	if (!iova || flags & VGPU_DMA_FD)
		return vg_dma_fail_invalid(dma->ctx, MAP, 0, length, "there is no place for the IOVA, or a flag is unknown");
	r = check(dma, &range);
	if (r)
		return r;
	pthread_mutex_lock(&dma->lock);
	r = vg_tables_limits(&dma->space, &limits);
	if (r) {
		r = vg_fail_errno(dma->ctx, MAP, "DMA", -r);
	} else {
		r = make(dma, &range, &map);
		if (r == 0) {
			r = put_anywhere(dma, &limits, map);
			if (r == 0)
				*iova = map->span.first;
			else
				vg_map_free(map);
		}
		vg_limits_free(&limits);
	}
	pthread_mutex_unlock(&dma->lock);
	return r;
}
