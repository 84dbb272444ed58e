/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interrupts of a vGPU: sending them, and what its client does with them. */
#include "provider/irqs.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>

#include "provider/provider.h"
#include "sys/files.h"

static const uint32_t count_max[VG_IRQ_INDEXES] = {1, 32, 2048, 1, 1};

/* A client's eventfd that unmasks INTx when it is written to. */
struct vg_unmask {
	struct vg_source source;
	struct vgpu_instance *instance;
};

void vg_irqs_init(struct vg_irqs *irqs)
{
	*irqs = (struct vg_irqs){.index = {[VGPU_IRQ_ERR] = {.count = 1}, [VGPU_IRQ_REQ] = {.count = 1}}};
	pthread_mutex_init(&irqs->lock, NULL);
}

/* Under the lock. */
static void turn_off(struct vg_irq_vectors *vectors)
{
	uint32_t i;

	for (i = 0; i < vectors->on; i++)
		if (vectors->fd[i] >= 0)
			vg_close(vectors->fd[i]);
	free(vectors->fd);
	vectors->fd = NULL;
	vectors->on = 0;
}

void vg_instance_irqs_free(struct vg_irqs *irqs)
{
	uint32_t i;

	for (i = 0; i < VG_IRQ_INDEXES; i++)
		turn_off(&irqs->index[i]);
	pthread_mutex_destroy(&irqs->lock);
}

uint32_t vg_irqs_flags(uint32_t index)
{
	if (index == VGPU_IRQ_INTX)
		return VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	return VFIO_IRQ_INFO_EVENTFD;
}

int vgpu_instance_set_irq_count(struct vgpu_instance *instance, uint32_t index, uint32_t count)
{
	int r;

	if (!instance)
		return -EINVAL;
	r = vg_instance_check_making(instance, "declare IRQs");
	if (r)
		return r;
	if (index > VGPU_IRQ_MSIX || count > count_max[index])
		return vg_fail_invalid(instance->provider->ctx, "declare IRQs", VG_INSTANCE_NAME(instance),
							   "IRQ index %u can't have %u vectors", index, count);
	instance->irqs.index[index].count = count;
	return 0;
}

/* Under the lock. */
static void send(struct vgpu_instance *instance, uint32_t index, uint32_t vector)
{
	struct vg_irqs *irqs = &instance->irqs;
	struct vg_irq_vectors *vectors = &irqs->index[index];

	if (index == VGPU_IRQ_INTX) {
		if (irqs->masked) {
			irqs->pending = true;
			return;
		}
		irqs->pending = false;
	}
	if (vector >= vectors->on || vectors->fd[vector] < 0)
		return;
	if (index == VGPU_IRQ_INTX)
		irqs->masked = true;
	vg_notify_add(&instance->provider->notify, vectors->fd[vector]);
}

int vgpu_instance_trigger_irq(struct vgpu_instance *instance, uint32_t index, uint32_t vector)
{
	if (!instance || index >= VG_IRQ_INDEXES || vector >= instance->irqs.index[index].count)
		return -EINVAL;
	if (vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE)
		return -ENODEV;
	pthread_mutex_lock(&instance->irqs.lock);
	send(instance, index, vector);
	pthread_mutex_unlock(&instance->irqs.lock);
	return 0;
}

int vgpu_instance_set_intx(struct vgpu_instance *instance, int level)
{
	struct vg_irqs *irqs;

	if (!instance || !instance->irqs.index[VGPU_IRQ_INTX].count)
		return -EINVAL;
	if (vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE)
		return -ENODEV;
	irqs = &instance->irqs;
	pthread_mutex_lock(&irqs->lock);
	if (level && !irqs->level && !irqs->masked)
		send(instance, VGPU_IRQ_INTX, 0);
	irqs->level = level;
	pthread_mutex_unlock(&irqs->lock);
	return 0;
}

int vgpu_instance_has_irq(struct vgpu_instance *instance, uint32_t index, uint32_t vector)
{
	bool has;

	if (!instance || index >= VG_IRQ_INDEXES)
		return 0;
	pthread_mutex_lock(&instance->irqs.lock);
	has = vector < instance->irqs.index[index].on && instance->irqs.index[index].fd[vector] >= 0;
	pthread_mutex_unlock(&instance->irqs.lock);
	return has;
}

/* Under the lock. */
static void unmask(struct vgpu_instance *instance)
{
	instance->irqs.masked = false;
	if (instance->irqs.level || instance->irqs.pending)
		send(instance, VGPU_IRQ_INTX, 0);
}

static void free_unmask(struct vg_source *source)
{
	struct vg_unmask *unmasker = (struct vg_unmask *)source;

	vg_close(source->fd);
	free(unmasker);
}

static void take_unmask(struct vg_source *source, uint32_t events)
{
	struct vg_unmask *unmasker = (struct vg_unmask *)source;

	(void)events;
	if (!vg_notify_take(source->fd))
		return;
	pthread_mutex_lock(&unmasker->instance->irqs.lock);
	unmask(unmasker->instance);
	pthread_mutex_unlock(&unmasker->instance->irqs.lock);
}

static void drop_unmask(struct vgpu_instance *instance)
{
	if (instance->irqs.unmask)
		vg_source_close(&instance->provider->loop, &instance->irqs.unmask->source);
	instance->irqs.unmask = NULL;
}

/* INTx is unmasked by an eventfd from now on; without one, not any more. */
static int set_unmask(struct vgpu_instance *instance, struct vg_irq_order *order)
{
	struct vg_unmask *unmasker = NULL;
	int r;

	if (order->fd_count) {
		unmasker = calloc(1, sizeof(*unmasker));
		if (!unmasker)
			return -ENOMEM;
		unmasker->instance = instance;
		unmasker->source = (struct vg_source){.fn = take_unmask, .free_fn = free_unmask, .fd = order->fds[0]};
		r = vg_source_open(&instance->provider->loop, &unmasker->source, VG_POLL_IN);
		if (r) {
			free(unmasker);
			return r;
		}
		order->fds[0] = -1;
	}
	drop_unmask(instance);
	instance->irqs.unmask = unmasker;
	return 0;
}

/* Gives vectors eventfds, or none. Under the lock. */
static int assign(struct vgpu_instance *instance, struct vg_irq_order *order)
{
	struct vg_irq_vectors *vectors = &instance->irqs.index[order->index];
	uint32_t i;

	if (!vectors->on) {
		vectors->fd = malloc(vectors->count * sizeof(int));
		if (!vectors->fd)
			return -ENOMEM;
		for (i = 0; i < vectors->count; i++)
			vectors->fd[i] = -1;
		vectors->on = vectors->count;
	}
	for (i = 0; i < order->count; i++) {
		int *fd = &vectors->fd[order->start + i];

		if (*fd >= 0)
			vg_close(*fd);
		*fd = order->fd_count ? order->fds[i] : -1;
		if (order->fd_count)
			order->fds[i] = -1;
	}
	if (order->index == VGPU_IRQ_INTX && order->fd_count && instance->irqs.level && !instance->irqs.masked)
		send(instance, VGPU_IRQ_INTX, 0);
	return 0;
}

static void set_off(struct vgpu_instance *instance, uint32_t index)
{
	turn_off(&instance->irqs.index[index]);
	if (index == VGPU_IRQ_INTX)
		instance->irqs.masked = instance->irqs.pending = false;
}

/* Without eventfds: for each of the vectors that are named. Under the lock. */
static void act(struct vgpu_instance *instance, const struct vg_irq_order *order)
{
	uint32_t i;

	for (i = 0; i < order->count; i++) {
		if (order->bools && !order->bools[i])
			continue;
		if (order->flags & VFIO_IRQ_SET_ACTION_MASK)
			instance->irqs.masked = true;
		else if (order->flags & VFIO_IRQ_SET_ACTION_UNMASK)
			unmask(instance);
		else
			send(instance, order->index, order->start + i);
	}
}

static int check_order(struct vgpu_instance *instance, const struct vg_irq_order *order)
{
	const uint32_t data = order->flags & VFIO_IRQ_SET_DATA_TYPE_MASK,
				   action = order->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	const struct vg_irq_vectors *vectors;
	size_t i;

	if (order->index >= VG_IRQ_INDEXES || __builtin_popcount(data) != 1 || __builtin_popcount(action) != 1 ||
		order->flags & ~(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK))
		return -EINVAL;
	vectors = &instance->irqs.index[order->index];
	if (order->start > vectors->count || order->count > vectors->count - order->start)
		return -EINVAL;
	if (!order->count)
		return data == VFIO_IRQ_SET_DATA_NONE && action == VFIO_IRQ_SET_ACTION_TRIGGER && !order->start ? 0 : -EINVAL;
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER && order->index != VGPU_IRQ_INTX)
		return -EOPNOTSUPP;
	if (data != VFIO_IRQ_SET_DATA_EVENTFD)
		return order->fd_count ? -EINVAL : 0;
	if (action == VFIO_IRQ_SET_ACTION_MASK)
		return -EOPNOTSUPP;
	if (order->fd_count && order->fd_count != order->count)
		return -EINVAL;
	for (i = 0; i < order->fd_count; i++)
		if (!vg_notify_fits(&instance->provider->notify, order->fds[i]))
			return -EINVAL;
	return 0;
}

/* The provider may refuse. */
static int ask(struct vgpu_instance *instance, const struct vg_irq_order *order)
{
	struct vgpu_irq_change change = {.size = sizeof(change),
									 .index = order->index,
									 .action = VGPU_IRQ_ACTION_TRIGGER,
									 .start = order->start,
									 .count = order->count,
									 .eventfds = UINT32_MAX};

	if (!instance->provider->ops.set_irqs)
		return 0;
	if (order->flags & VFIO_IRQ_SET_ACTION_MASK)
		change.action = VGPU_IRQ_ACTION_MASK;
	else if (order->flags & VFIO_IRQ_SET_ACTION_UNMASK)
		change.action = VGPU_IRQ_ACTION_UNMASK;
	if (order->flags & VFIO_IRQ_SET_DATA_EVENTFD || !order->count)
		change.eventfds = (uint32_t)order->fd_count;
	return instance->provider->ops.set_irqs(instance, &change);
}

int vg_irqs_order(struct vgpu_instance *instance, struct vg_irq_order *order)
{
	int r = check_order(instance, order);

	if (r == 0)
		r = ask(instance, order);
	if (r)
		return r;
	if (order->flags & VFIO_IRQ_SET_DATA_EVENTFD && order->flags & VFIO_IRQ_SET_ACTION_UNMASK)
		return set_unmask(instance, order);
	pthread_mutex_lock(&instance->irqs.lock);
	if (!order->count)
		set_off(instance, order->index);
	else if (order->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		r = assign(instance, order);
	else
		act(instance, order);
	pthread_mutex_unlock(&instance->irqs.lock);
	if (!order->count && order->index == VGPU_IRQ_INTX)
		drop_unmask(instance);
	return r;
}

void vg_irqs_reset(struct vg_irqs *irqs)
{
	pthread_mutex_lock(&irqs->lock);
	irqs->masked = irqs->pending = irqs->level = false;
	pthread_mutex_unlock(&irqs->lock);
}

void vg_irqs_clear(struct vgpu_instance *instance)
{
	uint32_t i;

	pthread_mutex_lock(&instance->irqs.lock);
	for (i = 0; i < VG_IRQ_INDEXES; i++)
		set_off(instance, i);
	pthread_mutex_unlock(&instance->irqs.lock);
	drop_unmask(instance);
}
