/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turning interrupts on and off. The handle keeps a duplicate of each eventfd: drivers lose what was in force when a
 * change fails (vfio-pci drops a vector's old eventfd before it looks at the new one), and then it is made again.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/irq.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/irq.h"

#define ENABLE "enable"
#define DISABLE "disable"
#define HINT_OFF "turn it off first: vgpu_irq_disable()"

/* vectors NULL: no data. A driver that has fewer vectors returns how many. */
static int send_triggers(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count,
						 const struct vg_vector *vectors)
{
	size_t size = sizeof(struct vfio_irq_set) + (vectors ? count * sizeof(int32_t) : 0);
	struct vfio_irq_set *request = calloc(1, size);
	int32_t fd;
	uint32_t i;
	int r;

	if (!request)
		return -ENOMEM;
	request->argsz = (uint32_t)size;
	request->flags =
		VFIO_IRQ_SET_ACTION_TRIGGER | (vectors ? VFIO_IRQ_SET_DATA_EVENTFD : (uint32_t)VFIO_IRQ_SET_DATA_NONE);
	request->index = index;
	request->start = start;
	request->count = count;
	for (i = 0; vectors && i < count; i++) {
		fd = vectors[start + i].trigger;
		memcpy(request->data + i * sizeof(fd), &fd, sizeof(fd));
	}
	r = vg_device_control(vfio, VFIO_DEVICE_SET_IRQS, request);
	free(request);
	return r;
}

static int send_off(struct vgpu_vfio *vfio, uint32_t index)
{
	return send_triggers(vfio, index, 0, 0, NULL);
}

static void close_vectors(struct vg_vector *vectors, uint32_t start, uint32_t count)
{
	uint32_t i;

	for (i = start; i < start + count; i++) {
		if (vectors[i].trigger >= 0)
			vg_close(vectors[i].trigger);
		if (vectors[i].unmask >= 0)
			vg_close(vectors[i].unmask);
	}
}

static void forget(struct vg_irq_set *set)
{
	close_vectors(set->vectors, 0, set->count);
	free(set->vectors);
	set->vectors = NULL;
	set->count = 0;
}

void vg_irqs_free(struct vgpu_vfio *vfio)
{
	struct vg_irq_set *set, *next;

	for (set = vfio->irqs; set; set = next) {
		next = set->next;
		forget(set);
		free(set);
	}
	vfio->irqs = NULL;
	if (vfio->event_fd >= 0)
		vg_close(vfio->event_fd);
}

int(vg_irq_fail)(struct vgpu_vfio *vfio, const char *operation, const struct vg_irq_set *set, uint32_t start,
				 uint32_t count, int err)
{
	struct vg_failure failure = {.operation = operation, .path = vfio->name, .err = err};
	const char *why = strerrordesc_np(err) ?: "unknown error";
	char place[VG_IRQ_PLACE_SIZE];

	vg_irq_describe(vfio, set->index, start, count, place);
	failure.value = place;
	if (err == EINVAL) {
		failure.cause = VGPU_CAUSE_REFUSED;
		why = "the driver refuses it; is each descriptor an eventfd?";
	} else if (err == ENOTTY) {
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		why = "the driver can't";
	}
	return vg_fail(vfio->ctx, &failure, "%s: %s", place, why);
}

int(vg_irq_fail_eventfd)(struct vgpu_vfio *vfio, const char *operation, int err)
{
	if (err != EBADF)
		return vg_fail_errno(vfio->ctx, operation, vfio->name, err);
	return vg_fail(
		vfio->ctx,
		&(struct vg_failure){.operation = operation, .path = vfio->name, .err = EBADF, .cause = VGPU_CAUSE_INVALID},
		"an eventfd is not an open descriptor, nor -1");
}

/* The driver refused with err, and then also what was in force before. */
static int fail_lost(struct vgpu_vfio *vfio, const struct vg_irq_set *set, int err)
{
	char place[VG_IRQ_PLACE_SIZE];

	vg_irq_describe(vfio, set->index, 0, set->max, place);
	return vg_fail(vfio->ctx,
				   &(struct vg_failure){.operation = ENABLE,
										.path = vfio->name,
										.value = place,
										.err = err,
										.cause = VGPU_CAUSE_LOST,
										.hint = "turn them on again: vgpu_irq_enable()"},
				   "%s: %s; nor can what was in force be made again: all are off", place,
				   strerrordesc_np(err) ?: "unknown error");
}

static int fail_few(struct vgpu_vfio *vfio, const struct vg_irq_set *set, uint32_t wanted, int left)
{
	char place[VG_IRQ_PLACE_SIZE];

	vg_irq_describe(vfio, set->index, 0, wanted, place);
	return vg_fail(vfio->ctx,
				   &(struct vg_failure){.operation = ENABLE,
										.path = vfio->name,
										.value = place,
										.err = ENOSPC,
										.cause = VGPU_CAUSE_LIMIT,
										.hint = "turn on fewer vectors"},
				   "%s: the host has no more than %d vectors for it", place, left);
}

/* Another index of a PCI device that excludes this one, or NULL. */
static const struct vg_irq_set *find_rival(const struct vgpu_vfio *vfio, uint32_t index)
{
	const struct vg_irq_set *set;

	if (!(vfio->flags & VGPU_VFIO_FLAG_PCI) || index > VGPU_IRQ_MSIX)
		return NULL;
	for (set = vfio->irqs; set; set = set->next)
		if (set->index != index && set->index <= VGPU_IRQ_MSIX && set->count)
			return set;
	return NULL;
}

static int check_free(struct vgpu_vfio *vfio, const char *operation, const struct vg_irq_set *set)
{
	const struct vg_irq_set *rival = find_rival(vfio, set->index);
	struct vg_failure failure = {
		.operation = operation, .path = vfio->name, .err = EBUSY, .cause = VGPU_CAUSE_IN_USE, .hint = HINT_OFF};
	char place[VG_IRQ_PLACE_SIZE];

	if (set->is_own) {
		failure.hint = "take its events by vgpu_vfio_process()";
		return vg_fail(vfio->ctx, &failure, "the handle itself has this IRQ index, for its events");
	}
	if (!rival)
		return 0;
	vg_irq_describe(vfio, rival->index, 0, rival->count, place);
	failure.value = place;
	return vg_fail(vfio->ctx, &failure, "%s is on, which excludes it", place);
}

static int check_enable(struct vgpu_vfio *vfio, const struct vg_irq_set *set, uint32_t start, uint32_t count)
{
	struct vg_failure failure = {
		.operation = ENABLE, .path = vfio->name, .err = ERANGE, .cause = VGPU_CAUSE_OUT_OF_RANGE};
	char place[VG_IRQ_PLACE_SIZE];

	vg_irq_describe(vfio, set->index, start, count, place);
	failure.value = place;
	if (!count)
		return vg_fail_invalid(vfio->ctx, ENABLE, vfio->name, "no vector is named");
	if (start >= set->max || count > set->max - start)
		return vg_fail(vfio->ctx, &failure, "%s: there are %u vectors", place, set->max);
	if (set->flags & VGPU_IRQ_FLAG_EVENTFD)
		return check_free(vfio, ENABLE, set);
	failure.err = EOPNOTSUPP;
	failure.cause = VGPU_CAUSE_UNSUPPORTED;
	return vg_fail(vfio->ctx, &failure, "%s: the driver sends it to no eventfd", place);
}

/* The eventfd of a vector, for the handle: a duplicate, a new one, or none. */
static int make_trigger(const int *eventfds, uint32_t i, int *out)
{
	int fd = -1;

	if (!eventfds)
		fd = vg_eventfd_make();
	else if (eventfds[i] != -1)
		fd = vg_dup_fd(eventfds[i]);
	else
		return 0;
	*out = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

/*
 * The vectors as they shall be: *out[max(count so far, start + count)]. Those that are not named are shared with the
 * set; the named ones have triggers of their own, which the caller closes if nothing comes of it.
 */
static int plan(const struct vg_irq_set *set, uint32_t start, uint32_t count, const int *eventfds,
				struct vg_vector **out, uint32_t *out_count)
{
	uint32_t i, total = start + count > set->count ? start + count : set->count;
	struct vg_vector *vectors = calloc(total, sizeof(*vectors));
	int r = 0;

	if (!vectors)
		return -ENOMEM;
	for (i = 0; i < total; i++)
		vectors[i] = i < set->count ? set->vectors[i] : (struct vg_vector){-1, -1};
	for (i = 0; i < count; i++)
		vectors[start + i].trigger = -1;
	for (i = 0; i < count && r == 0; i++)
		r = make_trigger(eventfds, i, &vectors[start + i].trigger);
	if (r == 0) {
		*out = vectors;
		*out_count = total;
		return 0;
	}
	for (i = 0; i < count; i++)
		if (vectors[start + i].trigger >= 0)
			vg_close(vectors[start + i].trigger);
	free(vectors);
	return r;
}

/* Has the kernel make what was in force before a change of [start, end) failed; 0, or -errno. */
static int restore(struct vgpu_vfio *vfio, struct vg_irq_set *set, bool was_off, uint32_t start, uint32_t end)
{
	if (was_off) {
		start = 0;
		end = set->count;
	}
	if (end > set->count)
		end = set->count;
	return start < end ? send_triggers(vfio, set->index, start, end - start, set->vectors) : 0;
}

/* Has the kernel make the plan. On failure the set is as it was, or forgotten. */
static int carry_out(struct vgpu_vfio *vfio, struct vg_irq_set *set, const struct vg_vector *vectors, uint32_t total,
					 uint32_t start, uint32_t count)
{
	const bool grows = set->count && total > set->count && set->flags & VGPU_IRQ_FLAG_NORESIZE;
	int r;

	if (grows) {
		r = send_off(vfio, set->index);
		if (r < 0)
			return vg_irq_fail(vfio, ENABLE, set, start, count, -r);
		r = send_triggers(vfio, set->index, 0, total, vectors);
	} else {
		r = send_triggers(vfio, set->index, start, count, vectors);
	}
	if (r == 0)
		return 0;
	if (restore(vfio, set, grows, start, start + count)) {
		send_off(vfio, set->index);
		forget(set);
		return fail_lost(vfio, set, r < 0 ? -r : ENOSPC);
	}
	return r < 0 ? vg_irq_fail(vfio, ENABLE, set, start, count, -r) : fail_few(vfio, set, total, r);
}

/* The plan has come true. */
static void settle(struct vg_irq_set *set, struct vg_vector *vectors, uint32_t total, uint32_t start, uint32_t count)
{
	uint32_t i;

	for (i = start; i < start + count && i < set->count; i++)
		if (set->vectors[i].trigger >= 0)
			vg_close(set->vectors[i].trigger);
	free(set->vectors);
	set->vectors = vectors;
	set->count = total;
}

int vg_irq_enable(struct vgpu_vfio *vfio, struct vg_irq_set *set, uint32_t start, uint32_t count, const int *eventfds)
{
	struct vg_vector *vectors = NULL;
	uint32_t i, total = 0;
	int r = plan(set, start, count, eventfds, &vectors, &total);

	if (r == -ENOMEM)
		return vg_fail_memory(vfio->ctx, ENABLE);
	if (r)
		return vg_irq_fail_eventfd(vfio, ENABLE, -r);
	r = carry_out(vfio, set, vectors, total, start, count);
	if (r == 0) {
		settle(set, vectors, total, start, count);
		return 0;
	}
	for (i = start; i < start + count; i++)
		if (vectors[i].trigger >= 0)
			vg_close(vectors[i].trigger);
	free(vectors);
	return r;
}

int vgpu_irq_enable(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count, const int *eventfds)
{
	struct vg_irq_set *set;
	int r;

	if (!vfio)
		return -EINVAL;
	pthread_mutex_lock(&vfio->irq_lock);
	r = vg_irq_get(vfio, ENABLE, index, &set);
	if (r == 0)
		r = check_enable(vfio, set, start, count);
	if (r == 0)
		r = vg_irq_enable(vfio, set, start, count, eventfds);
	pthread_mutex_unlock(&vfio->irq_lock);
	return r;
}

static int disable(struct vgpu_vfio *vfio, struct vg_irq_set *set)
{
	int r;

	if (set->is_own)
		return check_free(vfio, DISABLE, set);
	if (!set->count && vfio->dma) /* a device that was handed over may be on all the same */
		return 0;
	r = send_off(vfio, set->index);
	if (r < 0 && !set->count && (r == -EINVAL || r == -ENOTTY)) /* what a driver says of one that is off */
		return 0;
	if (r < 0)
		return vg_irq_fail(vfio, DISABLE, set, 0, set->count, -r);
	forget(set);
	return 0;
}

int vgpu_irq_disable(struct vgpu_vfio *vfio, uint32_t index)
{
	struct vg_irq_set *set;
	int r;

	if (!vfio)
		return -EINVAL;
	pthread_mutex_lock(&vfio->irq_lock);
	r = vg_irq_get(vfio, DISABLE, index, &set);
	if (r == 0)
		r = disable(vfio, set);
	pthread_mutex_unlock(&vfio->irq_lock);
	return r;
}

int vgpu_irq_get_eventfd(struct vgpu_vfio *vfio, uint32_t index, uint32_t vector)
{
	struct vg_irq_set *set;
	int fd = -1;

	pthread_mutex_lock(&vfio->irq_lock);
	for (set = vfio->irqs; set && set->index != index; set = set->next)
		;
	if (set && vector < set->count)
		fd = set->vectors[vector].trigger;
	pthread_mutex_unlock(&vfio->irq_lock);
	return fd;
}
