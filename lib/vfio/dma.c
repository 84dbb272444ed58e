/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DMA object: what devices share, whichever the access path. Joining, leaving, unmapping, looking up. */
#include "vfio/dma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/dma_fail.h"

#define UNMAP "unmap"

static void forget_all(struct vgpu_dma *dma)
{
	struct vg_spans maps;
	struct vg_span *span;

	pthread_mutex_lock(&dma->look_lock);
	maps = dma->space.maps;
	dma->space.maps = (struct vg_spans){0};
	pthread_mutex_unlock(&dma->look_lock);
	while ((span = maps.root)) {
		vg_spans_remove(&maps, span);
		vg_map_free(vg_map_of(span));
	}
}

static void dma_free(struct vgpu_dma *dma)
{
	free(dma->spare);
	forget_all(dma); /* no device is there any more, so no table either */
	pthread_mutex_destroy(&dma->look_lock);
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
	pthread_mutex_init(&dma->look_lock, NULL);
	dma->page_mask = vg_page_size() - 1;
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
				const struct vg_target *target, const struct vgpu_vfio_opts *opts, const struct vgpu_vfio_fds *fds,
				struct vg_place *out)
{
	struct vg_place place = VG_PLACE_NONE;
	int r = target ? ops->open(ctx, &dma->space, target, opts, &place) : ops->adopt(ctx, &dma->space, fds, &place);

	if (r == 0) {
		if (!ops->mixes)
			dma->ops = ops;
		*out = place;
	}
	return r;
}

void vg_dma_leave(struct vgpu_dma *dma, const struct vg_access_ops *ops, struct vg_place *place)
{
	pthread_mutex_lock(&dma->lock);
	ops->close(&dma->space, place);
	pthread_mutex_unlock(&dma->lock);
}

int vg_dma_check_range(struct vgpu_dma *dma, const char *operation, uint64_t iova, uint64_t length)
{
	if (!length)
		return vg_dma_fail_invalid(dma->ctx, operation, iova, length, "the length is 0");
	if (length - 1 > UINT64_MAX - iova)
		return vg_dma_fail_invalid(dma->ctx, operation, iova, length, "the range goes beyond the last IOVA");
	if ((iova | length) & dma->page_mask)
		return vg_dma_fail_invalid(dma->ctx, operation, iova, length,
								   "IOVA and length must be multiples of the page size, %llu",
								   (unsigned long long)dma->page_mask + 1);
	return 0;
}

static int fail_cut(struct vgpu_dma *dma, const char *operation, uint64_t iova, uint64_t length,
					const struct vg_span *span)
{
	char there[VG_IOVA_TEXT_SIZE];

	vg_iova_describe(span->first, span->last - span->first + 1, there);
	return vg_dma_fail_invalid(dma->ctx, operation, iova, length,
							   "only a part of the mapping %s is in this range, and a mapping can't be cut", there);
}

int vg_dma_find_whole(struct vgpu_dma *dma, const char *operation, uint64_t iova, uint64_t length,
					  struct vg_map **first, struct vg_map **last)
{
	struct vg_span *low = vg_spans_from(&dma->space.maps, iova), *high;
	char place[VG_IOVA_TEXT_SIZE];
	const uint64_t end = iova + (length - 1);

	if (!low || low->first > end) {
		vg_iova_describe(iova, length, place);
		return vg_fail(
			dma->ctx,
			&(struct vg_failure){
				.operation = operation, .path = "DMA", .value = place, .err = ENOENT, .cause = VGPU_CAUSE_INVALID},
			"%s: nothing is mapped there", place);
	}
	high = low->last >= end ? low : vg_spans_until(&dma->space.maps, end);
	if (low->first < iova)
		return fail_cut(dma, operation, iova, length, low);
	if (high->last > end)
		return fail_cut(dma, operation, iova, length, high);
	*first = vg_map_of(low);
	*last = vg_map_of(high);
	return 0;
}

static void keep_spare(struct vgpu_dma *dma, struct vg_map *map)
{
	if (dma->spare || map->fd >= 0)
		vg_map_free(map);
	else
		dma->spare = map;
}

void vg_dma_forget(struct vgpu_dma *dma, struct vg_map *first, struct vg_map *last)
{
	struct vg_span *span = &first->span, *next = NULL;
	bool more = true;

	for (; more; span = next) {
		more = span != &last->span;
		if (more)
			next = vg_spans_next(span);
		pthread_mutex_lock(&dma->look_lock);
		vg_spans_remove(&dma->space.maps, span);
		pthread_mutex_unlock(&dma->look_lock);
		keep_spare(dma, vg_map_of(span));
	}
}

int vgpu_dma_unmap(struct vgpu_dma *dma, uint64_t iova, uint64_t length)
{
	struct vg_map *first, *last;
	int r;

	if (!dma)
		return -EINVAL;
	r = vg_dma_check_range(dma, UNMAP, iova, length);
	if (r)
		return r;
	pthread_mutex_lock(&dma->lock);
	r = vg_dma_find_whole(dma, UNMAP, iova, length, &first, &last);
	if (r == 0) {
		r = vg_tables_unmap(&dma->space, first, last);
		if (r)
			r = vg_dma_fail_unmap(dma->ctx, UNMAP, iova, length, -r);
		else
			vg_dma_forget(dma, first, last);
	}
	pthread_mutex_unlock(&dma->lock);
	return r;
}

int vgpu_dma_unmap_all(struct vgpu_dma *dma)
{
	int r;

	if (!dma)
		return -EINVAL;
	pthread_mutex_lock(&dma->lock);
	r = vg_tables_unmap_all(&dma->space);
	if (r)
		r = vg_dma_fail_unmap(dma->ctx, UNMAP, 0, 0, -r);
	else
		forget_all(dma);
	pthread_mutex_unlock(&dma->lock);
	return r;
}

int vgpu_dma_find(struct vgpu_dma *dma, uint64_t iova, struct vgpu_dma_range *out, uint64_t *follows)
{
	struct vgpu_dma_range found;
	struct vg_span *span;

	if (!dma || !out || out->size < sizeof(out->size))
		return -EINVAL;
	pthread_mutex_lock(&dma->look_lock);
	span = vg_spans_from(&dma->space.maps, iova);
	if (span && span->first <= iova) {
		const struct vg_map *map = vg_map_of(span);

		found = (struct vgpu_dma_range){out->size,  map->span.first, map->address, vg_map_length(map),
										map->flags, map->fd,         map->offset};
		if (follows)
			*follows = map->span.last - iova + 1;
	} else {
		span = NULL;
	}
	pthread_mutex_unlock(&dma->look_lock);
	if (!span)
		return -ENOENT;
	if (found.size > sizeof(found)) /* a newer caller */
		memset((unsigned char *)out + sizeof(found), 0, found.size - sizeof(found));
	memcpy(out, &found, found.size < sizeof(found) ? found.size : sizeof(found));
	return 0;
}

int vg_dma_copy(struct vgpu_dma *dma, uint64_t iova, void *buf, size_t size, bool write)
{
	const uint32_t right = write ? VGPU_DMA_WRITE : VGPU_DMA_READ;
	unsigned char *at = buf;
	size_t part;
	int r = 0;

	pthread_mutex_lock(&dma->look_lock); /* until it is copied nobody is told that it is unmapped */
	for (; r == 0 && size; size -= part, iova += part, at += part) {
		const struct vg_span *span = vg_spans_from(&dma->space.maps, iova);
		const struct vg_map *map = (const struct vg_map *)span;
		uint64_t left;

		part = size;
		if (!span || span->first > iova) {
			r = EFAULT;
			break;
		}
		if (!(map->flags & right)) {
			r = EACCES;
			break;
		}
		left = span->last - iova + 1;
		if (part > left)
			part = (size_t)left;
		r = -vg_own_memory((unsigned char *)map->address + (iova - span->first), at, part, write);
	}
	pthread_mutex_unlock(&dma->look_lock);
	return r;
}
