/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest memory as a provider reaches it: borrowing, and copying. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/guest.h>

#include "provider/provider.h"
#include "sys/devio.h"

/* The range that iova is in, if it may be used so. Under the lock. 0 or -errno. */
static int find(const struct vg_guest *guest, uint64_t iova, uint32_t flags, struct vg_guest_range **out)
{
	struct vg_guest_range *range = vg_guest_at(guest, iova);

	if (!range)
		return -EFAULT;
	if ((range->flags & flags) != flags)
		return -EACCES;
	*out = range;
	return 0;
}

static int check_use(const struct vg_guest *guest)
{
	if (!guest->connected)
		return -ENODEV;
	return guest->held ? -EBUSY : 0;
}

/* How much of [iova, iova + length) lies in the range. */
static size_t part_of(const struct vg_guest_range *range, uint64_t iova, size_t length)
{
	uint64_t follows = range->size - (iova - range->iova);

	return follows < length ? (size_t)follows : length;
}

int vgpu_guest_get(struct vgpu_instance *instance, uint64_t iova, size_t length, uint32_t flags,
				   struct vgpu_guest_span *spans, size_t room)
{
	struct vg_guest *guest;
	struct vg_guest_range *range = NULL;
	uint64_t at = iova;
	size_t count = 0, left = length, n;
	int r;

	if (!instance || !length || !spans || !room || !flags || flags & ~(VGPU_GUEST_READ | VGPU_GUEST_WRITE))
		return -EINVAL;
	if (length - 1 > UINT64_MAX - iova)
		return -EFAULT;
	guest = &instance->guest;
	pthread_mutex_lock(&guest->lock);
	/* first a look, so that a failure leaves nothing behind */
	for (r = check_use(guest); r == 0 && left; left -= n, at += n) {
		r = find(guest, at, flags, &range);
		if (r == 0 && range->way != VG_GUEST_MAPPED)
			r = -EOPNOTSUPP;
		if (r == 0 && count == room)
			r = -ENOSPC;
		if (r)
			break;
		n = part_of(range, at, left);
		count++;
	}
	for (at = iova, left = length, count = 0; r == 0 && left; left -= n, at += n) {
		range = vg_guest_at(guest, at);
		n = part_of(range, at, left);
		vg_guest_borrow(guest, range);
		spans[count++] = (struct vgpu_guest_span){range->at + (at - range->iova), n, at, flags, range};
	}
	pthread_mutex_unlock(&guest->lock);
	return r ? r : (int)count;
}

void vgpu_guest_put(struct vgpu_instance *instance, const struct vgpu_guest_span *spans, size_t count)
{
	bool last = false;
	size_t i;

	for (i = 0; i < count; i++) {
		if (spans[i].flags & VGPU_GUEST_WRITE)
			vg_guest_mark(&instance->guest, spans[i].iova, spans[i].length);
		if (vg_guest_give_back(&instance->guest, spans[i].owner))
			last = true;
	}
	if (last)
		vg_instance_kick(instance);
}

void vgpu_guest_mark_dirty(struct vgpu_instance *instance, uint64_t iova, uint64_t length)
{
	if (instance && length)
		vg_guest_mark(&instance->guest, iova, length);
}

static int copy(struct vg_guest_range *range, uint64_t at, char *buf, size_t length, bool is_write)
{
	char *memory = range->at + (at - range->iova);

	if (range->way == VG_GUEST_COPIED)
		return vg_own_memory(memory, buf, length, is_write);
	if (is_write)
		memcpy(memory, buf, length);
	else
		memcpy(buf, memory, length);
	return 0;
}

int vg_transfer_go_on(struct vg_guest *guest, struct vg_transfer *transfer)
{
	const uint32_t flags = transfer->is_write ? VGPU_GUEST_WRITE : VGPU_GUEST_READ;
	int r = 0;

	while (r == 0 && transfer->done < transfer->length) {
		uint64_t at = transfer->iova + transfer->done;
		struct vg_guest_range *range = NULL;
		size_t n = 0;

		pthread_mutex_lock(&guest->lock);
		r = guest->connected ? find(guest, at, flags, &range) : -ENODEV;
		if (r == 0 && range->way == VG_GUEST_MESSAGES && !guest->can_message)
			r = -EOPNOTSUPP;
		if (r == 0) {
			n = part_of(range, at, transfer->length - transfer->done);
			vg_guest_borrow(guest, range);
		}
		pthread_mutex_unlock(&guest->lock);
		if (r)
			return r;
		if (range->way == VG_GUEST_MESSAGES) {
			transfer->part = n;
			r = -EINPROGRESS;
		} else {
			r = copy(range, at, transfer->buf + transfer->done, n, transfer->is_write);
			if (r == 0 && transfer->is_write)
				vg_guest_mark(guest, at, n);
			if (r == 0)
				transfer->done += n;
		}
		vg_guest_give_back(guest, range);
	}
	return r;
}

struct vg_transfer *vg_transfer_take(struct vg_guest *guest)
{
	struct vg_transfer *transfer;

	pthread_mutex_lock(&guest->lock);
	transfer = guest->queue;
	if (transfer) {
		guest->queue = transfer->next;
		if (!guest->queue)
			guest->queue_end = &guest->queue;
	}
	pthread_mutex_unlock(&guest->lock);
	return transfer;
}

static void enqueue(struct vgpu_instance *instance, struct vg_transfer *transfer)
{
	struct vg_guest *guest = &instance->guest;

	pthread_mutex_lock(&guest->lock);
	transfer->next = NULL;
	*guest->queue_end = transfer;
	guest->queue_end = &transfer->next;
	pthread_mutex_unlock(&guest->lock);
	vg_instance_kick(instance);
}

/* The transfer as a whole counts as borrowed. */
static int begin(struct vg_guest *guest)
{
	int r;

	pthread_mutex_lock(&guest->lock);
	r = check_use(guest);
	if (r == 0)
		guest->borrowed++;
	pthread_mutex_unlock(&guest->lock);
	return r;
}

static void end(struct vgpu_instance *instance)
{
	struct vg_guest *guest = &instance->guest;
	bool last;

	pthread_mutex_lock(&guest->lock);
	last = --guest->borrowed == 0;
	pthread_mutex_unlock(&guest->lock);
	if (last)
		vg_instance_kick(instance);
}

static int check_transfer(const struct vgpu_instance *instance, const struct vg_transfer *transfer)
{
	if (!instance || (!transfer->buf && transfer->length))
		return -EINVAL;
	return transfer->length && transfer->length - 1 > UINT64_MAX - transfer->iova ? -EFAULT : 0;
}

static void end_wait(struct vg_transfer *transfer, int result)
{
	struct vg_guest *guest = transfer->data;

	pthread_mutex_lock(&guest->lock);
	transfer->result = result;
	transfer->finished = true;
	pthread_cond_broadcast(&guest->done);
	pthread_mutex_unlock(&guest->lock);
}

static int wait_for(struct vgpu_instance *instance, struct vg_transfer *transfer)
{
	struct vg_guest *guest = &instance->guest;

	if (vg_loop_is_here(&instance->provider->loop))
		return -EDEADLK;
	transfer->end = end_wait;
	transfer->data = guest;
	enqueue(instance, transfer);
	pthread_mutex_lock(&guest->lock);
	while (!transfer->finished)
		pthread_cond_wait(&guest->done, &guest->lock);
	pthread_mutex_unlock(&guest->lock);
	return transfer->result;
}

static int transfer_now(struct vgpu_instance *instance, struct vg_transfer *transfer)
{
	int r = check_transfer(instance, transfer);

	if (r == 0)
		r = begin(&instance->guest);
	if (r)
		return r;
	r = vg_transfer_go_on(&instance->guest, transfer);
	if (r == -EINPROGRESS)
		r = wait_for(instance, transfer);
	end(instance);
	return r;
}

int vgpu_guest_read(struct vgpu_instance *instance, uint64_t iova, void *buf, size_t length)
{
	struct vg_transfer transfer = {.iova = iova, .buf = buf, .length = length};

	return transfer_now(instance, &transfer);
}

int vgpu_guest_write(struct vgpu_instance *instance, uint64_t iova, const void *buf, size_t length)
{
	struct vg_transfer transfer = {.iova = iova, .length = length, .is_write = true};

	memcpy(&transfer.buf, &buf, sizeof(buf)); /* which a write leaves alone */
	return transfer_now(instance, &transfer);
}

struct pending_transfer {
	struct vg_transfer transfer;
	struct vgpu_instance *instance; /* a reference */
};

static void end_pending(struct vg_transfer *transfer, int result)
{
	struct pending_transfer *pending = (struct pending_transfer *)transfer;
	struct vgpu_instance *instance = pending->instance;

	transfer->fn(transfer->data, result);
	free(pending);
	end(instance);
	vgpu_instance_unref(instance);
}

static int start(struct vgpu_instance *instance, struct vg_transfer *transfer)
{
	struct pending_transfer *pending;
	int r = check_transfer(instance, transfer);

	if (r == 0 && !transfer->fn)
		r = -EINVAL;
	if (r == 0)
		r = begin(&instance->guest);
	if (r)
		return r;
	r = vg_transfer_go_on(&instance->guest, transfer);
	if (r != -EINPROGRESS) {
		end(instance);
		return r;
	}
	pending = malloc(sizeof(*pending));
	if (!pending) {
		end(instance);
		return -ENOMEM;
	}
	pending->transfer = *transfer;
	pending->transfer.end = end_pending;
	pending->instance = vgpu_instance_ref(instance);
	enqueue(instance, &pending->transfer);
	return -EINPROGRESS;
}

int vgpu_guest_start_read(struct vgpu_instance *instance, uint64_t iova, void *buf, size_t length, vgpu_guest_fn fn,
						  void *data)
{
	struct vg_transfer transfer = {.iova = iova, .buf = buf, .length = length, .fn = fn, .data = data};

	return start(instance, &transfer);
}

int vgpu_guest_start_write(struct vgpu_instance *instance, uint64_t iova, const void *buf, size_t length,
						   vgpu_guest_fn fn, void *data)
{
	struct vg_transfer transfer = {.iova = iova, .length = length, .is_write = true, .fn = fn, .data = data};

	memcpy(&transfer.buf, &buf, sizeof(buf));
	return start(instance, &transfer);
}
