/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happened to a provider's vGPUs, for its caller to take. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"
#include "sys/devio.h"

#define EVENTS_MAX 4096u

struct vg_event {
	struct vg_event *next;
	uint32_t type;
	struct vg_pair pair;
};

/* Under the lock. */
static struct vg_event *pop(struct vgpu_provider *provider)
{
	struct vg_event *event = provider->events;

	if (!event)
		return NULL;
	provider->events = event->next;
	if (!provider->events)
		provider->events_end = &provider->events;
	provider->event_count--;
	return event;
}

void vg_event_push(struct vgpu_provider *provider, const struct vgpu_instance *instance, uint32_t type)
{
	struct vg_event *event = calloc(1, sizeof(*event)), *oldest = NULL;

	pthread_mutex_lock(&provider->lock);
	if (!event || provider->event_count == EVENTS_MAX)
		oldest = pop(provider);
	if (!event) { /* the oldest is lost, rather than the newest */
		event = oldest;
		oldest = NULL;
	}
	if (event) {
		*event = (struct vg_event){.type = type, .pair = instance->pair};
		*provider->events_end = event;
		provider->events_end = &event->next;
		provider->event_count++;
		vg_eventfd_add(provider->event_fd);
	}
	pthread_mutex_unlock(&provider->lock);
	free(oldest);
}

void vg_events_free(struct vgpu_provider *provider)
{
	struct vg_event *event;

	while ((event = pop(provider)))
		free(event);
}

int vgpu_provider_get_event_fd(const struct vgpu_provider *provider)
{
	return provider->event_fd;
}

int vgpu_provider_take_event(struct vgpu_provider *provider, struct vgpu_provider_event *out)
{
	struct vgpu_provider_event known = {.size = sizeof(known)};
	struct vg_event *event;

	if (!provider || !out || out->size < sizeof(out->size))
		return -EINVAL;
	if (out->size > sizeof(known))
		return -E2BIG;
	pthread_mutex_lock(&provider->lock);
	event = pop(provider);
	if (!provider->events)
		vg_eventfd_take(provider->event_fd);
	pthread_mutex_unlock(&provider->lock);
	if (!event)
		return 0;
	known.size = out->size;
	known.type = event->type;
	known.instance = event->pair.instance;
	memcpy(known.uuid, event->pair.uuid, sizeof(known.uuid));
	memcpy(out, &known, out->size);
	free(event);
	return 1;
}
