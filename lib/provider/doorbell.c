/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doorbells of a vGPU: registers whose writes come as messages or by eventfds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"
#include "provider/region.h"
#include "sys/devio.h"
#include "sys/files.h"
#include "sys/notify.h"

#define ADD "add a doorbell"

/* The eventfd that one client has a copy of. */
struct vg_bell {
	struct vg_source source;
	struct vg_doorbell *doorbell;
};

int vgpu_instance_add_doorbell(struct vgpu_instance *instance, uint32_t index, uint64_t offset, uint32_t length,
							   const uint64_t *value, vgpu_doorbell_fn fn, void *data)
{
	struct vg_doorbell *doorbell, **end;
	struct vgpu_context *ctx;
	size_t count = 0;
	int r;

	if (!instance || !fn)
		return -EINVAL;
	ctx = instance->provider->ctx;
	r = vg_instance_check_making(instance, ADD);
	if (r)
		return r;
	if (index >= VGPU_INSTANCE_REGIONS || length > 8 || (length && length & (length - 1)) || (value && !length))
		return vg_fail_invalid(ctx, ADD, VG_INSTANCE_NAME(instance), "a write of %u bytes in region %u", length, index);
	for (end = &instance->doorbells; *end; end = &(*end)->next)
		count++;
	if (count == VG_DOORBELLS)
		return vg_instance_fail_errno(instance, ADD, ENOSPC, VGPU_CAUSE_LIMIT, "it has as many as it may have");
	doorbell = calloc(1, sizeof(*doorbell));
	if (!doorbell)
		return vg_fail_memory(ctx, ADD);
	*doorbell = (struct vg_doorbell){.instance = instance,
									 .region = index,
									 .offset = offset,
									 .length = length,
									 .has_value = value,
									 .value = value ? *value : 0,
									 .fn = fn,
									 .data = data};
	*end = doorbell;
	return 0;
}

bool vg_doorbell_ring(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf, size_t length)
{
	const struct vg_doorbell *doorbell;
	uint64_t value = 0;

	for (doorbell = instance->doorbells; doorbell; doorbell = doorbell->next) {
		if (doorbell->region != region || doorbell->offset != offset ||
			(doorbell->length && doorbell->length != length))
			continue;
		if (doorbell->has_value) {
			memcpy(&value, buf, length);
			if (value != doorbell->value)
				continue;
		}
		doorbell->fn(instance, doorbell->data);
		return true;
	}
	return false;
}

static void hear(struct vg_source *source, uint32_t events)
{
	struct vg_doorbell *doorbell = ((struct vg_bell *)source)->doorbell;

	(void)events;
	if (vg_notify_take(source->fd))
		doorbell->fn(doorbell->instance, doorbell->data);
}

static void free_bell(struct vg_source *source)
{
	vg_close(source->fd);
	free((struct vg_bell *)source);
}

int vg_doorbell_fd(struct vg_doorbell *doorbell)
{
	struct vg_bell *bell;
	int r;

	if (doorbell->bell)
		return doorbell->bell->source.fd;
	bell = calloc(1, sizeof(*bell));
	if (!bell)
		return -ENOMEM;
	bell->doorbell = doorbell;
	r = vg_eventfd_make();
	if (r >= 0) {
		bell->source = (struct vg_source){.fn = hear, .free_fn = free_bell, .fd = r};
		r = vg_source_open(&doorbell->instance->provider->loop, &bell->source, VG_POLL_IN);
		if (r)
			vg_close(bell->source.fd);
	}
	if (r < 0) {
		free(bell);
		return r;
	}
	doorbell->bell = bell;
	return bell->source.fd;
}

void vg_doorbells_close(struct vgpu_instance *instance)
{
	struct vg_doorbell *doorbell;

	for (doorbell = instance->doorbells; doorbell; doorbell = doorbell->next) {
		if (doorbell->bell)
			vg_source_close(&instance->provider->loop, &doorbell->bell->source);
		doorbell->bell = NULL;
	}
}

void vg_doorbells_free(struct vgpu_instance *instance)
{
	struct vg_doorbell *doorbell, *next;

	for (doorbell = instance->doorbells; doorbell; doorbell = next) {
		next = doorbell->next;
		free(doorbell);
	}
}
