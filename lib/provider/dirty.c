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

/* The first of the watched addresses that end at iova or behind it: its number. */
static size_t first_watch(const struct vg_guest *guest, uint64_t iova)
{
	size_t low = 0, high = guest->watch_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (guest->watched[middle].last < iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is any of [iova, last] watched? */
static bool is_touched(const struct vg_guest *guest, uint64_t iova, uint64_t last)
{
	size_t i = first_watch(guest, iova);

	return !guest->watch_count || (i < guest->watch_count && guest->watched[i].first <= last);
}

/* Is all of it? */
static bool is_covered(const struct vg_guest *guest, uint64_t iova, uint64_t last)
{
	size_t i;

	for (i = first_watch(guest, iova); i < guest->watch_count && guest->watched[i].first <= iova; i++) {
		if (guest->watched[i].last >= last)
			return true;
		iova = guest->watched[i].last + 1;
	}
	return !guest->watch_count;
}

int vg_guest_log_range(struct vg_guest *guest, struct vg_guest_range *range)
{
	size_t bytes;

	if (!is_touched(guest, range->iova, range->iova + (range->size - 1)))
		return 0;
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

static int compare(const void *a, const void *b)
{
	const struct vg_guest_watch *one = a, *other = b;

	return one->first < other->first ? -1 : one->first > other->first;
}

/* Makes the table of what is watched. */
static int watch(struct vg_guest *guest, const struct vg_guest_watch *watched, size_t count)
{
	size_t i;

	if (!count)
		return 0;
	guest->watched = malloc(count * sizeof(*watched));
	if (!guest->watched)
		return -ENOMEM;
	memcpy(guest->watched, watched, count * sizeof(*watched));
	guest->watch_count = count;
	qsort(guest->watched, count, sizeof(*watched), compare);
	for (i = 1; i < count; i++)
		if (guest->watched[i].first <= guest->watched[i - 1].last)
			return -EINVAL;
	return 0;
}

void vg_guest_log_end(struct vg_guest *guest)
{
	size_t i;

	for (i = 0; i < guest->count; i++)
		vg_guest_log_drop(guest, guest->ranges[i]);
	free(guest->watched);
	guest->watched = NULL;
	guest->watch_count = 0;
	guest->logging = false;
}

int vg_guest_log_start(struct vg_guest *guest, const struct vg_guest_watch *watched, size_t count)
{
	size_t i;
	int r = -EINVAL;

	pthread_mutex_lock(&guest->lock);
	if (!guest->logging) {
		r = watch(guest, watched, count);
		for (i = 0; i < guest->count && r == 0; i++)
			r = vg_guest_log_range(guest, guest->ranges[i]);
		guest->logging = r == 0;
		if (r)
			vg_guest_log_end(guest);
	}
	pthread_mutex_unlock(&guest->lock);
	return r;
}

int vg_guest_log_stop(struct vg_guest *guest)
{
	bool was_on;

	pthread_mutex_lock(&guest->lock);
	was_on = guest->logging;
	vg_guest_log_end(guest);
	pthread_mutex_unlock(&guest->lock);
	return was_on ? 0 : -EINVAL;
}

/* Of one range, which has a bitmap. */
static void mark_pages(struct vg_guest_range *range, uint64_t iova, uint64_t end)
{
	uint64_t last = end / VG_GUEST_PAGE - first_page(range), page;

	for (page = iova / VG_GUEST_PAGE - first_page(range); page <= last; page++)
		range->dirty[page / 64] |= UINT64_C(1) << page % 64;
}

/* What of it is watched. */
static void mark_range(struct vg_guest *guest, struct vg_guest_range *range, uint64_t iova, uint64_t end)
{
	size_t i;

	if (!range->dirty)
		return;
	if (!guest->watch_count)
		mark_pages(range, iova, end);
	for (i = first_watch(guest, iova); i < guest->watch_count && guest->watched[i].first <= end; i++) {
		const struct vg_guest_watch *watched = &guest->watched[i];

		mark_pages(range, watched->first > iova ? watched->first : iova, watched->last < end ? watched->last : end);
	}
}

void vg_guest_mark(struct vg_guest *guest, uint64_t iova, uint64_t length)
{
	uint64_t left = length, n;

	pthread_mutex_lock(&guest->lock);
	while (guest->logging && left) {
		struct vg_guest_range *range = vg_guest_at(guest, iova);

		if (!range)
			break;
		n = range->size - (iova - range->iova);
		if (n > left)
			n = left;
		mark_range(guest, range, iova, iova + (n - 1));
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
	if (!guest->logging || !is_covered(guest, iova, last))
		r = -EINVAL;
	for (i = 0; r == 0 && i < guest->count; i++) {
		struct vg_guest_range *range = guest->ranges[i];

		if (range->dirty && range->iova <= last && range->iova + (range->size - 1) >= iova)
			move_bits(range, iova, last, page_size, bitmap);
	}
	pthread_mutex_unlock(&guest->lock);
	return r;
}
