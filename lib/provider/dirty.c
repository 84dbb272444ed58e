/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pages of guest memory a vGPU has written to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provider/guest_table.h"

/* Of all ranges of a vGPU together: a client may name ranges that hold no memory, of any size. */
#define BITMAPS_MAX ((size_t)64 << 20) /* 2 TiB of guest memory */

static uint64_t first_page(const struct vg_guest_range *range)
{
	return range->iova / VG_GUEST_PAGE;
}

static uint64_t page_count(const struct vg_guest_range *range)
{
	return (range->iova + (range->size - 1)) / VG_GUEST_PAGE - first_page(range) + 1;
}

static size_t bitmap_bytes(const struct vg_guest_range *range)
{
	return (size_t)((page_count(range) + 63) / 64 * sizeof(uint64_t));
}

int vg_guest_log_range(struct vg_guest *guest, struct vg_guest_range *range)
{
	size_t bytes;

	if (page_count(range) / 8 > BITMAPS_MAX)
		return -ENOSPC;
	bytes = bitmap_bytes(range);
	if (bytes > BITMAPS_MAX - guest->dirty_bytes)
		return -ENOSPC;
	range->dirty = calloc(1, bytes);
	if (!range->dirty)
		return -ENOMEM;
	guest->dirty_bytes += bytes;
	return 0;
}

void vg_guest_log_drop(struct vg_guest *guest, struct vg_guest_range *range)
{
	if (!range->dirty)
		return;
	guest->dirty_bytes -= bitmap_bytes(range);
	free(range->dirty);
	range->dirty = NULL;
}

static void stop(struct vg_guest *guest)
{
	size_t i;

	for (i = 0; i < guest->count; i++)
		vg_guest_log_drop(guest, guest->ranges[i]);
	guest->logging = false;
}

int vg_guest_log_start(struct vg_guest *guest)
{
	size_t i;
	int r = 0;

	pthread_mutex_lock(&guest->lock);
	if (guest->logging)
		r = -EBUSY;
	for (i = 0; i < guest->count && r == 0; i++)
		r = vg_guest_log_range(guest, guest->ranges[i]);
	if (r == 0)
		guest->logging = true;
	else if (r != -EBUSY)
		stop(guest);
	pthread_mutex_unlock(&guest->lock);
	return r;
}

void vg_guest_log_stop(struct vg_guest *guest)
{
	pthread_mutex_lock(&guest->lock);
	stop(guest);
	pthread_mutex_unlock(&guest->lock);
}

void vg_guest_mark(struct vg_guest *guest, uint64_t iova, uint64_t length)
{
	uint64_t left = length, page, last, n;

	pthread_mutex_lock(&guest->lock);
	while (guest->logging && left) {
		struct vg_guest_range *range = vg_guest_at(guest, iova);

		if (!range)
			break;
		n = range->size - (iova - range->iova);
		if (n > left)
			n = left;
		last = (iova + (n - 1)) / VG_GUEST_PAGE - first_page(range);
		for (page = iova / VG_GUEST_PAGE - first_page(range); page <= last; page++)
			range->dirty[page / 64] |= UINT64_C(1) << page % 64;
		left -= n;
		if (__builtin_add_overflow(iova, n, &iova))
			break;
	}
	pthread_mutex_unlock(&guest->lock);
}

/* Moves the bits of one range that lie in [iova, last]. */
static void move_bits(struct vg_guest_range *range, uint64_t iova, uint64_t last, uint64_t page_size, uint64_t *bitmap)
{
	const uint64_t base = first_page(range);
	uint64_t start = range->iova > iova ? range->iova : iova;
	uint64_t end = range->iova + (range->size - 1) < last ? range->iova + (range->size - 1) : last;
	uint64_t page = start / VG_GUEST_PAGE - base, last_page = end / VG_GUEST_PAGE - base;

	while (page <= last_page) {
		uint64_t bit = UINT64_C(1) << page % 64, at, to;

		if (!range->dirty[page / 64]) { /* most are clean */
			page = (page / 64 + 1) * 64;
			continue;
		}
		if (range->dirty[page / 64] & bit) {
			at = (base + page) * VG_GUEST_PAGE;
			range->dirty[page / 64] &= ~bit;
			for (at = at < iova ? iova : at; at <= last && at / VG_GUEST_PAGE == base + page; at += page_size) {
				to = (at - iova) / page_size;
				bitmap[to / 64] |= UINT64_C(1) << to % 64;
				if (page_size >= VG_GUEST_PAGE)
					break;
			}
		}
		page++;
	}
}

int vg_guest_log_report(struct vg_guest *guest, uint64_t iova, uint64_t length, uint64_t page_size, uint64_t *bitmap)
{
	const uint64_t last = iova + (length - 1);
	size_t i;
	int r = 0;

	pthread_mutex_lock(&guest->lock);
	if (!guest->logging)
		r = -EINVAL;
	for (i = 0; r == 0 && i < guest->count; i++) {
		struct vg_guest_range *range = guest->ranges[i];

		if (range->iova <= last && range->iova + (range->size - 1) >= iova)
			move_bits(range, iova, last, page_size, bitmap);
	}
	pthread_mutex_unlock(&guest->lock);
	return r;
}
