/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of guest memory: what the client lets a vGPU reach. */
#include "provider/guest_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/guest.h>

#include "sys/devio.h"
#include "sys/memory.h"

void vg_guest_init(struct vg_guest *guest, size_t max)
{
	*guest = (struct vg_guest){.max = max};
	guest->queue_end = &guest->queue;
	pthread_mutex_init(&guest->lock, NULL);
	pthread_cond_init(&guest->done, NULL);
}

void vg_guest_free(struct vg_guest *guest)
{
	vg_guest_clear(guest);
	free(guest->ranges);
	pthread_cond_destroy(&guest->done);
	pthread_mutex_destroy(&guest->lock);
}

static void drop(struct vg_guest_range *range)
{
	if (atomic_fetch_sub_explicit(&range->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (range->map)
		vg_unmap(range->map, range->map_size);
	free(range->dirty);
	free(range);
}

/* Where the first range lies that ends behind iova. */
static size_t position(const struct vg_guest *guest, uint64_t iova)
{
	size_t low = 0, high = guest->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct vg_guest_range *range = guest->ranges[middle];

		if (range->iova + (range->size - 1) < iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vg_guest_range *vg_guest_at(const struct vg_guest *guest, uint64_t iova)
{
	size_t i = position(guest, iova);

	return i < guest->count && guest->ranges[i]->iova <= iova ? guest->ranges[i] : NULL;
}

static int map_range(struct vg_guest_range *range, const struct vg_guest_map *map, const struct vg_memory_kind *kind)
{
	uint64_t in_page = map->offset & (kind->page - 1);
	int r;

	/* the kernel maps whole pages, and of hugetlbfs unmaps nothing else */
	if (map->size > SIZE_MAX - in_page - kind->page)
		return -EINVAL;
	range->map_size = (size_t)((map->size + in_page + kind->page - 1) & ~(kind->page - 1));
	r = vg_map_shared(map->fd, map->offset - in_page, range->map_size, true, map->flags & VGPU_GUEST_WRITE,
					  &range->map);
	if (r)
		return r;
	range->at = (char *)range->map + in_page;
	return 0;
}

/* Finds out how the memory is reached. A descriptor that is no memory would make a copy wait for who knows whom. */
static int look(struct vg_guest_range *range, const struct vg_guest_map *map)
{
	struct vg_memory_kind kind;
	int r;

	if (map->fd < 0) {
		range->way = VG_GUEST_MESSAGES;
		return 0;
	}
	r = vg_memory_look(map->fd, &kind);
	if (r)
		return r;
	range->way = kind.is_fixed || map->trust ? VG_GUEST_MAPPED : VG_GUEST_COPIED;
	if (map->trust)
		return map_range(range, map, &kind);
	if (!kind.is_memory)
		return -EINVAL;
	if (map->offset > kind.size || map->size > kind.size - map->offset)
		return -ERANGE;
	if (map->flags & VGPU_GUEST_WRITE && !kind.is_writable)
		return -EACCES;
	return map_range(range, map, &kind);
}

static int make_room(struct vg_guest *guest)
{
	size_t room = guest->room ? 2 * guest->room : 16;
	struct vg_guest_range **ranges;

	if (guest->count >= guest->max)
		return -ENOSPC;
	if (guest->count < guest->room)
		return 0;
	ranges = reallocarray(guest->ranges, room, sizeof(struct vg_guest_range *));
	if (!ranges)
		return -ENOMEM;
	guest->ranges = ranges;
	guest->room = room;
	return 0;
}

static int insert(struct vg_guest *guest, struct vg_guest_range *range)
{
	size_t at = position(guest, range->iova);
	int r;

	if (at < guest->count && guest->ranges[at]->iova <= range->iova + (range->size - 1))
		return -EEXIST;
	r = make_room(guest);
	if (r == 0 && guest->logging)
		r = vg_guest_log_range(guest, range);
	if (r)
		return r;
	memmove(guest->ranges + at + 1, guest->ranges + at, (guest->count - at) * sizeof(struct vg_guest_range *));
	guest->ranges[at] = range;
	guest->count++;
	return 0;
}

int vg_guest_add(struct vg_guest *guest, const struct vg_guest_map *map)
{
	struct vg_guest_range *range = calloc(1, sizeof(*range));
	int r;

	if (!range)
		return -ENOMEM;
	atomic_init(&range->refs, 1);
	range->iova = map->iova;
	range->size = map->size;
	range->flags = map->flags;
	if (!map->size || map->size - 1 > UINT64_MAX - map->iova || map->offset > INT64_MAX ||
		map->size > (uint64_t)INT64_MAX - map->offset)
		r = -EINVAL;
	else
		r = look(range, map);
	if (r == 0) {
		pthread_mutex_lock(&guest->lock);
		r = insert(guest, range);
		pthread_mutex_unlock(&guest->lock);
	}
	if (r)
		drop(range);
	return r;
}

int vg_guest_remove(struct vg_guest *guest, uint64_t iova, uint64_t size)
{
	struct vg_guest_range *range = NULL;
	size_t at;

	pthread_mutex_lock(&guest->lock);
	at = position(guest, iova);
	if (at < guest->count && guest->ranges[at]->iova == iova && guest->ranges[at]->size == size) {
		range = guest->ranges[at];
		vg_guest_log_drop(guest, range);
		memmove(guest->ranges + at, guest->ranges + at + 1, (guest->count - at - 1) * sizeof(struct vg_guest_range *));
		guest->count--;
	}
	pthread_mutex_unlock(&guest->lock);
	if (!range)
		return -ENOENT;
	drop(range);
	return 0;
}

bool vg_guest_has(struct vg_guest *guest, uint64_t iova, uint64_t size)
{
	const struct vg_guest_range *range;
	bool has;

	pthread_mutex_lock(&guest->lock);
	range = vg_guest_at(guest, iova);
	has = range && range->iova == iova && range->size == size;
	pthread_mutex_unlock(&guest->lock);
	return has;
}

void vg_guest_unmap_all(struct vg_guest *guest)
{
	size_t i;

	pthread_mutex_lock(&guest->lock);
	for (i = 0; i < guest->count; i++) {
		vg_guest_log_drop(guest, guest->ranges[i]);
		drop(guest->ranges[i]);
	}
	guest->count = 0;
	pthread_mutex_unlock(&guest->lock);
}

void vg_guest_clear(struct vg_guest *guest)
{
	vg_guest_unmap_all(guest);
	pthread_mutex_lock(&guest->lock);
	vg_guest_log_end(guest);
	free(guest->ranges); /* a client may have had many */
	guest->ranges = NULL;
	guest->room = 0;
	pthread_mutex_unlock(&guest->lock);
}

void vg_guest_borrow(struct vg_guest *guest, struct vg_guest_range *range)
{
	atomic_fetch_add_explicit(&range->refs, 1, memory_order_relaxed);
	guest->borrowed++;
}

bool vg_guest_give_back(struct vg_guest *guest, struct vg_guest_range *range)
{
	bool last;

	pthread_mutex_lock(&guest->lock);
	last = --guest->borrowed == 0;
	pthread_mutex_unlock(&guest->lock);
	drop(range);
	return last;
}

size_t vg_guest_borrowed(struct vg_guest *guest)
{
	size_t n;

	pthread_mutex_lock(&guest->lock);
	n = guest->borrowed;
	pthread_mutex_unlock(&guest->lock);
	return n;
}

void vg_guest_hold(struct vg_guest *guest, bool held)
{
	pthread_mutex_lock(&guest->lock);
	guest->held = held;
	pthread_mutex_unlock(&guest->lock);
}
