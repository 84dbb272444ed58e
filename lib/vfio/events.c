/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to an opened device: the IRQ indexes REQ and ERR, behind one descriptor to poll. */
#include <errno.h>
#include <vgpu/irq.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/irq.h"

#define EVENTS "events"

static const struct source {
	uint32_t index;
	uint32_t event;
} sources[] = {{VGPU_IRQ_REQ, VGPU_VFIO_EVENT_REQUEST}, {VGPU_IRQ_ERR, VGPU_VFIO_EVENT_ERROR}};

/* Adds a source to poll_fd, if the device has it. It stays on if others fail: starting again finds it so. */
static int start_source(struct vgpu_vfio *vfio, const struct source *source, int poll_fd)
{
	struct vg_irq_set *set;
	uint32_t count, flags;
	int r = vg_irq_query(vfio, source->index, &count, &flags);

	if (r == -EINVAL || r == -ENOTTY || (r == 0 && (!count || !(flags & VGPU_IRQ_FLAG_EVENTFD))))
		return 0;
	if (r < 0)
		return vg_fail_errno(vfio->ctx, EVENTS, vfio->name, -r);
	r = vg_irq_get(vfio, EVENTS, source->index, &set);
	if (r == 0 && set->count && !set->is_own)
		return vg_fail(vfio->ctx,
					   &(struct vg_failure){.operation = EVENTS,
											.path = vfio->name,
											.err = EBUSY,
											.cause = VGPU_CAUSE_IN_USE,
											.hint = "turn it off first: vgpu_irq_disable()"},
					   "the IRQ index %u has been turned on already", source->index);
	if (r == 0 && !set->count)
		r = vg_irq_enable(vfio, set, 0, 1, NULL);
	if (r)
		return r;
	set->is_own = true;
	r = vg_poll_add(poll_fd, set->vectors[0].trigger);
	return r ? vg_fail_errno(vfio->ctx, EVENTS, vfio->name, -r) : 0;
}

/* What the device's server sends by itself wakes who polls. */
static int start_server(struct vgpu_vfio *vfio, int poll_fd)
{
	size_t i, count;
	int fds[2], r = 0;

	if (!vfio->place.ops)
		return 0;
	count = vfio->place.ops->fds(vfio->place.device, fds);
	for (i = 0; r == 0 && i < count; i++)
		r = vg_poll_add(poll_fd, fds[i]);
	return r ? vg_fail_errno(vfio->ctx, EVENTS, vfio->name, -r) : 0;
}

/* Does what the server wants. Once it has gone, its sockets are readable for ever: they are taken out. */
static uint32_t process_server(struct vgpu_vfio *vfio)
{
	size_t i, count;
	int fds[2];

	if (!vfio->place.ops || vfio->is_gone || vfio->place.ops->process(vfio->place.device) == 0)
		return 0;
	vfio->is_gone = true;
	count = vfio->place.ops->fds(vfio->place.device, fds);
	for (i = 0; i < count; i++)
		vg_poll_remove(vfio->event_fd, fds[i]);
	return VGPU_VFIO_EVENT_ERROR;
}

static int start(struct vgpu_vfio *vfio)
{
	int poll_fd = vg_poll_make(), r;
	size_t i;

	if (poll_fd < 0)
		return vg_fail_errno(vfio->ctx, EVENTS, vfio->name, -poll_fd);
	r = start_server(vfio, poll_fd);
	for (i = 0; r == 0 && vfio->flags & VGPU_VFIO_FLAG_PCI && i < VG_COUNT(sources); i++)
		r = start_source(vfio, &sources[i], poll_fd);
	if (r)
		vg_close(poll_fd);
	else
		vfio->event_fd = poll_fd;
	return r;
}

int vgpu_vfio_start_events(struct vgpu_vfio *vfio, int *fd)
{
	int r = 0;

	if (!vfio)
		return -EINVAL;
	pthread_mutex_lock(&vfio->irq_lock);
	if (vfio->event_fd < 0)
		r = start(vfio);
	if (r == 0 && fd)
		*fd = vfio->event_fd;
	pthread_mutex_unlock(&vfio->irq_lock);
	return r;
}

int vgpu_vfio_process(struct vgpu_vfio *vfio, uint32_t *events)
{
	const struct vg_irq_set *set;
	uint32_t seen = 0;
	size_t i;
	int r = 0;

	if (!vfio)
		return -EINVAL;
	if (!events)
		return vg_fail_invalid(vfio->ctx, EVENTS, vfio->name, "there is no place for the events");
	pthread_mutex_lock(&vfio->irq_lock);
	if (vfio->event_fd < 0)
		r = vg_fail_invalid(vfio->ctx, EVENTS, vfio->name, "they were not started: vgpu_vfio_start_events()");
	else
		seen = process_server(vfio);
	for (set = vfio->irqs; r == 0 && set; set = set->next)
		for (i = 0; set->is_own && i < VG_COUNT(sources); i++)
			if (sources[i].index == set->index && vg_eventfd_take(set->vectors[0].trigger) > 0)
				seen |= sources[i].event;
	pthread_mutex_unlock(&vfio->irq_lock);
	if (r == 0)
		*events = seen;
	return r;
}
