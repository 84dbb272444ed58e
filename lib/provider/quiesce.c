/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bringing a vGPU to rest, before its memory is taken back or its state is changed; with a deadline. */
#include "provider/provider.h"
#include "sys/files.h"

static void miss(struct vg_timer *timer)
{
	struct vgpu_instance *instance = VG_OWNER(timer, struct vgpu_instance, quiesce.timer);

	instance->quiesce.waits = false;
	instance->quiesce.then = NULL;
	vg_instance_fail(instance, "it did not come to rest in time");
}

void vg_quiesce_look(struct vgpu_instance *instance)
{
	struct vg_quiesce *quiesce = &instance->quiesce;

	if (!quiesce->waits || vg_guest_borrowed(&instance->guest))
		return;
	quiesce->waits = false;
	vg_timer_disarm(&quiesce->timer);
	quiesce->then(instance);
}

static void rest(struct vgpu_request *request, ssize_t result)
{
	struct vgpu_instance *instance = VG_OWNER(request, struct vgpu_instance, quiesce.request);

	if (!instance->quiesce.then)
		return; /* too late */
	if (result < 0) {
		vg_timer_disarm(&instance->quiesce.timer);
		instance->quiesce.then = NULL;
		vg_instance_fail(instance, "it refuses to come to rest");
		return;
	}
	vg_guest_hold(&instance->guest, true);
	instance->quiesce.waits = true;
	vg_quiesce_look(instance);
}

void vg_quiesce_begin(struct vgpu_instance *instance, enum vgpu_quiesce why,
					  void (*then)(struct vgpu_instance *instance))
{
	struct vg_quiesce *quiesce = &instance->quiesce;
	const struct vgpu_provider_ops *ops = &instance->provider->ops;
	ssize_t r;

	quiesce->why = why;
	quiesce->then = then;
	quiesce->timer.fn = miss;
	vg_timer_arm(&instance->provider->loop, &quiesce->timer,
				 vg_now_ms() + (int64_t)instance->provider->opts.quiesce_ms);
	vg_request_issue(&quiesce->request, instance, rest);
	r = ops->quiesce ? ops->quiesce(instance, why, &quiesce->request) : 0;
	vg_request_settle(&quiesce->request, r);
}

void vg_quiesce_end(struct vgpu_instance *instance)
{
	instance->quiesce.then = NULL;
	vg_guest_hold(&instance->guest, false);
	if (instance->quiesce.why != VGPU_QUIESCE_DESTROY && instance->provider->ops.resume)
		instance->provider->ops.resume(instance);
}

bool vg_quiesce_is_on(const struct vgpu_instance *instance)
{
	return instance->quiesce.then;
}
