/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log of the pages that devices write to, of all tables of a DMA object as one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/opts.h"
#include "vfio/dma.h"
#include "vfio/dma_fail.h"

#define START "start"
#define STOP "stop"
#define READ "read"
#define UNMAP "unmap"

static int stop_until(const struct vg_space *space, const struct vg_table *end)
{
	const struct vg_table *table;
	int r = 0, failed;

	for (table = space->tables; table != end; table = table->next) {
		failed = table->ops->log(table, false);
		r = r ? r : failed;
	}
	return r;
}

static int start(struct vgpu_dma *dma)
{
	const struct vg_table *table;
	int r = 0;

	if (!dma->space.tables)
		return vg_fail_invalid(dma->ctx, START, "DMA", "no device has joined, so nobody writes to memory");
	for (table = dma->space.tables; table; table = table->next) {
		r = table->ops->log ? table->ops->log(table, true) : -EOPNOTSUPP;
		if (r)
			break;
	}
	if (r) {
		stop_until(&dma->space, table);
		return vg_dma_fail_log(dma->ctx, START, -r);
	}
	dma->space.is_logging = true;
	return 0;
}

int vgpu_dma_dirty_start(struct vgpu_dma *dma)
{
	int r;

	if (!dma)
		return -EINVAL;
	pthread_mutex_lock(&dma->lock);
	r = dma->space.is_logging ? 0 : start(dma);
	pthread_mutex_unlock(&dma->lock);
	return r;
}

int vgpu_dma_dirty_stop(struct vgpu_dma *dma)
{
	int r = 0;

	if (!dma)
		return -EINVAL;
	pthread_mutex_lock(&dma->lock);
	if (dma->space.is_logging) {
		r = stop_until(&dma->space, NULL);
		dma->space.is_logging = r != 0;
		if (r)
			r = vg_dma_fail_log(dma->ctx, STOP, -r);
	}
	pthread_mutex_unlock(&dma->lock);
	return r;
}

/* A call that reads the log: its arguments, checked. */
struct request {
	const char *operation;
	uint64_t iova;
	uint64_t length;
	struct vgpu_dma_bitmap bitmap;
	const struct vg_map *unmap; /* the mapping to take out meanwhile; NULL: none */
};

static int check_bitmap(struct vgpu_dma *dma, const struct request *request, const struct vg_limits *limits)
{
	const struct vgpu_dma_bitmap *bitmap = &request->bitmap;
	const uint64_t page = bitmap->page_size;
	uint64_t words;

	if (!page || page & (page - 1) || !(page & limits->dirty_page_sizes))
		return vg_dma_fail_invalid(dma->ctx, request->operation, request->iova, request->length,
								   "a bit can't stand for %llu bytes; there are logs by (a bit for each size) 0x%llx",
								   (unsigned long long)page, (unsigned long long)limits->dirty_page_sizes);
	if ((request->iova | request->length) & (page - 1))
		return vg_dma_fail_invalid(dma->ctx, request->operation, request->iova, request->length,
								   "the range is no multiple of the pages that bits stand for");
	words = request->length / page / 64 + (request->length / page % 64 != 0);
	if (words > limits->dirty_bitmap_max / 8)
		return vg_dma_fail_invalid(dma->ctx, request->operation, request->iova, request->length,
								   "the kernel reads bitmaps of %llu bytes at most: read it in parts",
								   (unsigned long long)limits->dirty_bitmap_max);
	if (!bitmap->bits || bitmap->bits_size % 8 || bitmap->bits_size / 8 < words)
		return vg_dma_fail_invalid(dma->ctx, request->operation, request->iova, request->length,
								   "it needs a bitmap of %llu bytes", (unsigned long long)words * 8);
	return 0;
}

static int check_request(struct vgpu_dma *dma, const struct request *request)
{
	struct vg_limits limits;
	int r;

	if (!dma->space.is_logging || !dma->space.tables)
		return vg_dma_fail_invalid(dma->ctx, request->operation, request->iova, request->length,
								   "the log of dirty pages is off, or all devices have left");
	r = vg_tables_limits(&dma->space, &limits);
	if (r)
		return vg_fail_errno(dma->ctx, request->operation, "DMA", -r);
	r = check_bitmap(dma, request, &limits);
	vg_limits_free(&limits);
	return r;
}

static int ask(const struct vg_table *table, const struct request *request, const struct vgpu_dma_bitmap *bitmap)
{
	if (request->unmap)
		return table->ops->unmap(table, request->iova, request->length, bitmap);
	return table->ops->read_log(table, request->iova, request->length, bitmap);
}

static void clear_bits(uint64_t *bits, uint64_t first, uint64_t end)
{
	for (; first < end && first % 64; first++)
		bits[first / 64] &= ~((uint64_t)1 << first % 64);
	for (; end - first >= 64; first += 64)
		bits[first / 64] = 0;
	for (; first < end; first++)
		bits[first / 64] &= ~((uint64_t)1 << first % 64);
}

/*
 * Clears what stands for no mapping. Linux (6.1, 6.12) sets bits there: it keeps a mapping's bits shifted to where an
 * earlier, longer range wanted them, and copies whole words.
 */
static void clear_unmapped(const struct vgpu_dma *dma, const struct request *request)
{
	const uint64_t page = request->bitmap.page_size, last = request->iova + (request->length - 1);
	const struct vg_span *span = vg_spans_from(&dma->space.maps, request->iova);
	uint64_t at = 0; /* pages */

	for (; span && span->first <= last; span = vg_spans_next(span)) {
		clear_bits(request->bitmap.bits, at, (span->first - request->iova) / page);
		at = (span->last - request->iova) / page + 1;
	}
	clear_bits(request->bitmap.bits, at, request->bitmap.bits_size * 8);
}

/* The bits of all tables together. */
static int gather(struct vgpu_dma *dma, const struct request *request)
{
	const struct vg_table *table = dma->space.tables;
	struct vgpu_dma_bitmap one = request->bitmap;
	uint64_t i;
	int r;

	/* the kernel must not be given more than its most */
	one.bits_size = (request->length / one.page_size + 63) / 64 * 8;
	memset(request->bitmap.bits, 0, request->bitmap.bits_size);
	r = ask(table, request, &one);
	table = table->next;
	if (r == 0 && table) {
		one.bits = malloc(one.bits_size);
		if (!one.bits)
			return -ENOMEM;
		for (; r == 0 && table; table = table->next) {
			memset(one.bits, 0, one.bits_size);
			r = ask(table, request, &one);
			for (i = 0; r == 0 && i < one.bits_size / 8; i++)
				request->bitmap.bits[i] |= one.bits[i];
		}
		free(one.bits);
	}
	if (r == 0)
		clear_unmapped(dma, request);
	return r;
}

static int take_request(struct vgpu_dma *dma, const char *operation, uint64_t iova, uint64_t length,
						const struct vgpu_dma_bitmap *bitmap, struct request *out)
{
	int r;

	*out = (struct request){.operation = operation, .iova = iova, .length = length};
	if (!bitmap)
		return vg_dma_fail_invalid(dma->ctx, operation, iova, length, "there is no place for the bitmap");
	r = vg_opts_take(dma->ctx, operation, &out->bitmap, sizeof(out->bitmap), bitmap);
	return r ? r : vg_dma_check_range(dma, operation, iova, length);
}

int vgpu_dma_dirty_read(struct vgpu_dma *dma, uint64_t iova, uint64_t length, const struct vgpu_dma_bitmap *bitmap)
{
	struct vg_map *first, *last;
	struct request request;
	int r;

	if (!dma)
		return -EINVAL;
	r = take_request(dma, READ, iova, length, bitmap, &request);
	if (r)
		return r;
	pthread_mutex_lock(&dma->lock);
	r = check_request(dma, &request);
	if (r == 0)
		r = vg_dma_find_whole(dma, READ, iova, length, &first, &last);
	if (r == 0) {
		r = gather(dma, &request);
		if (r)
			r = vg_dma_fail_log(dma->ctx, READ, -r);
	}
	pthread_mutex_unlock(&dma->lock);
	return r;
}

int vgpu_dma_unmap_dirty(struct vgpu_dma *dma, uint64_t iova, uint64_t length, const struct vgpu_dma_bitmap *bitmap)
{
	struct vg_map *first, *last;
	struct request request;
	int r;

	if (!dma)
		return -EINVAL;
	r = take_request(dma, UNMAP, iova, length, bitmap, &request);
	if (r)
		return r;
	pthread_mutex_lock(&dma->lock);
	r = check_request(dma, &request);
	if (r == 0)
		r = vg_dma_find_whole(dma, UNMAP, iova, length, &first, &last);
	if (r == 0 && (first != last || first->span.first != iova || vg_map_length(first) != length))
		r = vg_dma_fail_invalid(dma->ctx, UNMAP, iova, length, "with a bitmap, one mapping at a time can be unmapped");
	if (r == 0) {
		request.unmap = first;
		r = gather(dma, &request);
		if (r)
			r = vg_dma_fail_log(dma->ctx, UNMAP, -r);
		else
			vg_dma_forget(dma, first, last);
	}
	pthread_mutex_unlock(&dma->lock);
	return r;
}
