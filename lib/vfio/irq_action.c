/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be done to vectors that are on: mask, unmask, trigger. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/irq.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/irq.h"

#define MASK "mask"
#define UNMASK "unmask"
#define TRIGGER "trigger"

static int check_vectors(struct vgpu_vfio *vfio, const char *operation, const struct vg_irq_set *set, uint32_t start,
						 uint32_t count)
{
	struct vg_failure failure = {
		.operation = operation, .path = vfio->name, .err = ERANGE, .cause = VGPU_CAUSE_OUT_OF_RANGE};
	char place[VG_IRQ_PLACE_SIZE];

	vg_irq_describe(vfio, set->index, start, count, place);
	failure.value = place;
	if (!count)
		return vg_fail_invalid(vfio->ctx, operation, vfio->name, "no vector is named");
	if (start >= set->max || count > set->max - start)
		return vg_fail(vfio->ctx, &failure, "%s: there are %u vectors", place, set->max);
	if (vfio->dma && (start >= set->count || count > set->count - start))
		return vg_fail_invalid(vfio->ctx, operation, vfio->name, "%s: not all of it is on", place);
	return 0;
}

static int check_maskable(struct vgpu_vfio *vfio, const char *operation, const struct vg_irq_set *set, uint32_t start,
						  uint32_t count)
{
	if (!(set->flags & VGPU_IRQ_FLAG_MASKABLE))
		return vg_irq_fail(vfio, operation, set, start, count, ENOTTY);
	return check_vectors(vfio, operation, set, start, count);
}

/* data NULL: none. It is an array of elements of this size. */
static int send_action(struct vgpu_vfio *vfio, const struct vg_irq_set *set, uint32_t flags, uint32_t start,
					   uint32_t count, const void *data, size_t size)
{
	size_t all = sizeof(struct vfio_irq_set) + count * size;
	struct vfio_irq_set *request = calloc(1, all);
	int r;

	if (!request)
		return -ENOMEM;
	request->argsz = (uint32_t)all;
	request->flags = flags;
	request->index = set->index;
	request->start = start;
	request->count = count;
	if (size)
		memcpy(request->data, data, count * size);
	r = vg_device_control(vfio, VFIO_DEVICE_SET_IRQS, request);
	free(request);
	return r < 0 ? r : 0;
}

static int act(struct vgpu_vfio *vfio, const char *operation, uint32_t action, uint32_t index, uint32_t start,
			   uint32_t count)
{
	struct vg_irq_set *set;
	int r;

	if (!vfio)
		return -EINVAL;
	pthread_mutex_lock(&vfio->irq_lock);
	r = vg_irq_get(vfio, operation, index, &set);
	if (r == 0)
		r = check_maskable(vfio, operation, set, start, count);
	if (r == 0) {
		r = send_action(vfio, set, VFIO_IRQ_SET_DATA_NONE | action, start, count, NULL, 0);
		if (r)
			r = vg_irq_fail(vfio, operation, set, start, count, -r);
	}
	pthread_mutex_unlock(&vfio->irq_lock);
	return r;
}

int vgpu_irq_mask(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count)
{
	return act(vfio, MASK, VFIO_IRQ_SET_ACTION_MASK, index, start, count);
}

int vgpu_irq_unmask(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count)
{
	return act(vfio, UNMASK, VFIO_IRQ_SET_ACTION_UNMASK, index, start, count);
}

static int trigger(struct vgpu_vfio *vfio, const struct vg_irq_set *set, uint32_t start, uint32_t count)
{
	uint8_t *all = malloc(count);
	int r;

	if (!all)
		return -ENOMEM;
	memset(all, 1, count);
	r = send_action(vfio, set, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, start, count, all, 1);
	free(all);
	return r;
}

int vgpu_irq_trigger(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count)
{
	struct vg_irq_set *set;
	int r;

	if (!vfio)
		return -EINVAL;
	pthread_mutex_lock(&vfio->irq_lock);
	r = vg_irq_get(vfio, TRIGGER, index, &set);
	if (r == 0)
		r = check_vectors(vfio, TRIGGER, set, start, count);
	if (r == 0) {
		r = trigger(vfio, set, start, count);
		if (r)
			r = vg_irq_fail(vfio, TRIGGER, set, start, count, -r);
	}
	pthread_mutex_unlock(&vfio->irq_lock);
	return r;
}

static int send_unmask(struct vgpu_vfio *vfio, const struct vg_irq_set *set, uint32_t vector, int eventfd)
{
	int32_t fd = eventfd;

	return send_action(vfio, set, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK, vector, 1, &fd, sizeof(fd));
}

/* fd is the handle's already. The kernel wants the old one gone before it takes another (EBUSY). */
static int replace_unmask(struct vgpu_vfio *vfio, struct vg_irq_set *set, uint32_t vector, int fd)
{
	int *place = &set->vectors[vector].unmask, r = 0;

	if (*place >= 0)
		r = send_unmask(vfio, set, vector, -1);
	if (r == 0 && fd >= 0)
		r = send_unmask(vfio, set, vector, fd);
	if (r == 0) {
		if (*place >= 0)
			vg_close(*place);
		*place = fd;
		return 0;
	}
	r = vg_irq_fail(vfio, UNMASK, set, vector, 1, -r);
	if (*place >= 0 && send_unmask(vfio, set, vector, *place)) {
		vg_close(*place);
		*place = -1;
		return vg_fail(
			vfio->ctx,
			&(struct vg_failure){.operation = UNMASK, .path = vfio->name, .err = -r, .cause = VGPU_CAUSE_LOST},
			"%s; and no eventfd unmasks it any more", strerrordesc_np(-r) ?: "unknown error");
	}
	return r;
}

int vgpu_irq_set_unmask_eventfd(struct vgpu_vfio *vfio, uint32_t index, uint32_t vector, int eventfd)
{
	struct vg_irq_set *set;
	int fd = -1, r;

	if (!vfio)
		return -EINVAL;
	if (eventfd != -1) {
		fd = vg_dup_fd(eventfd);
		if (fd < 0)
			return vg_irq_fail_eventfd(vfio, UNMASK, -fd);
	}
	pthread_mutex_lock(&vfio->irq_lock);
	r = vg_irq_get(vfio, UNMASK, index, &set);
	if (r == 0)
		r = check_maskable(vfio, UNMASK, set, vector, 1);
	if (r == 0 && vector >= set->count) /* its state is another handle's */
		r = vg_fail_invalid(vfio->ctx, UNMASK, vfio->name, "the vector was not turned on by this handle");
	if (r == 0)
		r = replace_unmask(vfio, set, vector, fd);
	pthread_mutex_unlock(&vfio->irq_lock);
	if (r && fd >= 0)
		vg_close(fd);
	return r;
}
