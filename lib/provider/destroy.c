/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Destroying a vGPU: ask the provider, have the client leave, bring it to rest, free it; refused, it is intact. */
#include <errno.h>
#include <stdlib.h>

#include "core/opts.h"
#include "provider/provider.h"
#include "sys/files.h"

#define DESTROY "destroy"

/* What a destroyer waits for. */
enum step { STEP_ASK = 0, STEP_LEAVE, STEP_REST, STEP_OP };

struct vg_destroy {
	struct vg_call call;
	struct vgpu_instance *instance;
	bool force;
	enum step step;
	uint32_t deadline_ms;
	struct vg_timer timer;
	enum vgpu_cause cause;
	const char *why;
	vg_done_fn then; /* of one that nobody waits for; and its data */
	void *data;
};

static void finish(struct vg_destroy *destroy, int r, enum vgpu_cause cause, const char *why)
{
	struct vgpu_instance *instance = destroy->instance;

	vg_timer_disarm(&destroy->timer);
	instance->leave = NULL;
	pthread_mutex_lock(&instance->provider->lock);
	if (instance->stage == VG_STAGE_LEAVING)
		instance->stage = VG_STAGE_READY; /* it stays */
	pthread_mutex_unlock(&instance->provider->lock);
	destroy->cause = cause;
	destroy->why = why;
	vg_call_finish(&instance->provider->loop, &destroy->call, r);
}

void vg_instance_end(struct vgpu_instance *instance)
{
	vg_server_close(instance);
	vg_irqs_clear(instance);
	vg_doorbells_close(instance);
	vg_guest_clear(&instance->guest);
	vg_timer_disarm(&instance->quiesce.timer);
	instance->quiesce.then = NULL;
	vg_instance_remove(instance);
}

static void stay(struct vg_destroy *destroy, int r, const char *why)
{
	struct vgpu_instance *instance = destroy->instance;

	if (vg_quiesce_is_on(instance)) {
		vg_quiesce_end(instance);
		if (instance->provider->ops.resume)
			instance->provider->ops.resume(instance);
	}
	finish(destroy, r, r == -EBUSY ? VGPU_CAUSE_IN_USE : VGPU_CAUSE_REFUSED, why);
}

static void take_end(struct vgpu_request *request, ssize_t result)
{
	struct vgpu_instance *instance = VG_OWNER(request, struct vgpu_instance, own);
	struct vg_destroy *destroy = instance->leave;

	if (!destroy)
		return; /* nobody waits any more */
	if (result < 0 && !destroy->force) {
		stay(destroy, (int)result, "the provider refuses to free it");
		return;
	}
	vgpu_instance_ref(instance);
	vg_instance_end(instance);
	finish(destroy, 0, VGPU_CAUSE_NONE, NULL);
	vgpu_instance_unref(instance);
}

/* It is at rest, or has failed. */
static void call_op(struct vgpu_instance *instance)
{
	const struct vgpu_provider_ops *ops = &instance->provider->ops;
	struct vg_destroy *destroy = instance->leave;
	ssize_t r;

	destroy->step = STEP_OP;
	vg_request_issue(&instance->own, instance, take_end);
	r = ops->destroy ? ops->destroy(instance, destroy->force ? VGPU_PROVIDER_DESTROY_FORCE : 0, &instance->own) : 0;
	vg_request_settle(&instance->own, r);
}

static void take_rest(struct vgpu_instance *instance)
{
	if (instance->leave) {
		call_op(instance);
		return;
	}
	vg_quiesce_end(instance); /* nobody waits any more */
	if (instance->provider->ops.resume)
		instance->provider->ops.resume(instance);
}

static void rest(struct vg_destroy *destroy)
{
	destroy->step = STEP_REST;
	if (vg_instance_is_failed(destroy->instance))
		call_op(destroy->instance);
	else
		vg_quiesce_begin(destroy->instance, VGPU_QUIESCE_DESTROY, take_rest);
}

void vg_destroy_go_on(struct vgpu_instance *instance)
{
	struct vg_destroy *destroy = instance->leave;

	if (!destroy)
		return;
	if (destroy->step == STEP_LEAVE && !vg_server_has_client(instance)) {
		if (vg_instance_is_failed(instance) && !destroy->force)
			finish(destroy, -ETIMEDOUT, VGPU_CAUSE_NOT_READY, "it did not come to rest");
		else
			rest(destroy);
	} else if (destroy->step == STEP_REST && vg_instance_is_failed(instance)) {
		if (destroy->force)
			call_op(instance);
		else
			finish(destroy, -ETIMEDOUT, VGPU_CAUSE_NOT_READY, "it did not come to rest");
	}
}

/* The client is asked to leave, or made to. */
static void have_client_leave(struct vg_destroy *destroy)
{
	struct vgpu_instance *instance = destroy->instance;

	destroy->step = STEP_LEAVE;
	pthread_mutex_lock(&instance->provider->lock);
	instance->stage = VG_STAGE_LEAVING; /* nobody new is let in */
	pthread_mutex_unlock(&instance->provider->lock);
	if (destroy->force)
		vg_server_disconnect(instance);
	else
		vgpu_instance_trigger_irq(instance, VGPU_IRQ_REQ, 0);
	vg_destroy_go_on(instance);
}

static void take_consent(struct vgpu_request *request, ssize_t result)
{
	struct vg_destroy *destroy = VG_OWNER(request, struct vgpu_instance, own)->leave;

	if (!destroy)
		return;
	if (result < 0)
		finish(destroy, (int)result, result == -EBUSY ? VGPU_CAUSE_IN_USE : VGPU_CAUSE_REFUSED,
			   "a client uses it, and the provider does not let it go");
	else
		have_client_leave(destroy);
}

static void miss(struct vg_timer *timer)
{
	struct vg_destroy *destroy = VG_OWNER(timer, struct vg_destroy, timer);
	const char *why = "the provider did not answer";

	if (destroy->step == STEP_LEAVE && vgpu_instance_has_irq(destroy->instance, VGPU_IRQ_REQ, 0))
		why = "its client was asked, and did not leave";
	else if (destroy->step == STEP_LEAVE) /* QEMU is such a client */
		why = "its client does not listen when it is asked to leave: unplug it there, or destroy it by force";
	finish(destroy, -ETIMEDOUT, VGPU_CAUSE_PENDING, why);
}

static bool is_busy(const struct vgpu_instance *instance)
{
	return instance->leave || instance->stage != VG_STAGE_READY;
}

static void start(struct vg_call *call)
{
	struct vg_destroy *destroy = (struct vg_destroy *)call;
	struct vgpu_instance *instance = destroy->instance;
	struct vgpu_provider *provider = instance->provider;
	const struct vgpu_provider_ops *ops = &provider->ops;
	bool gone;

	pthread_mutex_lock(&provider->lock);
	gone = is_busy(instance);
	pthread_mutex_unlock(&provider->lock);
	if (gone || vg_request_is_issued(&instance->own)) {
		destroy->cause = gone ? VGPU_CAUSE_GONE : VGPU_CAUSE_IN_USE;
		destroy->why = gone ? "it is gone, or going" : "another call on it is pending";
		vg_call_finish(&provider->loop, call, gone ? -ENODEV : -EBUSY);
		return;
	}
	instance->leave = destroy;
	destroy->timer.fn = miss;
	vg_timer_arm(&provider->loop, &destroy->timer, vg_now_ms() + (int64_t)destroy->deadline_ms);
	if (destroy->force || !vg_server_has_client(instance)) {
		have_client_leave(destroy);
	} else if (!ops->destroy) {
		finish(destroy, -EBUSY, VGPU_CAUSE_IN_USE, "a client uses it, and the provider knows no hot-unplug");
	} else {
		vg_request_issue(&instance->own, instance, take_consent);
		vg_request_settle(&instance->own, ops->destroy(instance, VGPU_PROVIDER_DESTROY_ASK, &instance->own));
	}
}

/* What was asked for, checked. */
static int prepare(struct vgpu_instance *instance, const struct vgpu_instance_destroy_opts *opts,
				   struct vg_destroy *destroy)
{
	struct vgpu_instance_destroy_opts known;
	int r = vg_opts_take(instance->provider->ctx, DESTROY, &known, sizeof(known), opts);

	if (r)
		return r;
	if (known.flags & ~VGPU_INSTANCE_FORCE)
		return vg_fail_invalid(instance->provider->ctx, DESTROY, instance->pair.uuid, "unknown flags");
	if (vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE)
		return vg_instance_fail_errno(instance, DESTROY, ENODEV, VGPU_CAUSE_GONE, "it is gone");
	destroy->force = known.flags & VGPU_INSTANCE_FORCE;
	destroy->deadline_ms = known.deadline_ms ? known.deadline_ms : instance->provider->opts.request_ms;
	if (destroy->force) /* which has two rests to wait for at most */
		destroy->deadline_ms += 2 * instance->provider->opts.quiesce_ms;
	return 0;
}

static void end(struct vg_call *call)
{
	struct vg_destroy *destroy = (struct vg_destroy *)call;
	vg_done_fn then = destroy->then;
	void *data = destroy->data;
	int r = call->result;

	if (r)
		vg_instance_fail_errno(destroy->instance, DESTROY, -r, destroy->cause, destroy->why);
	vgpu_instance_unref(destroy->instance);
	free(destroy);
	then(data, r);
}

int vg_destroy_begin(struct vgpu_instance *instance, const struct vgpu_instance_destroy_opts *opts, vg_done_fn then,
					 void *data)
{
	struct vg_destroy *destroy = calloc(1, sizeof(*destroy));
	int r;

	if (!destroy)
		return vg_fail_memory(instance->provider->ctx, DESTROY);
	*destroy =
		(struct vg_destroy){.call = {.start = start, .ended = end}, .instance = instance, .then = then, .data = data};
	r = prepare(instance, opts, destroy);
	if (r) {
		free(destroy);
		return r;
	}
	vgpu_instance_ref(instance);
	start(&destroy->call);
	return 0;
}

int vgpu_instance_destroy(struct vgpu_instance *instance, const struct vgpu_instance_destroy_opts *opts)
{
	struct vg_destroy destroy = {.call = {.start = start}, .instance = instance};
	int r;

	if (!instance)
		return -EINVAL;
	r = prepare(instance, opts, &destroy);
	if (r)
		return r;
	r = vg_loop_call(&instance->provider->loop, &destroy.call);
	if (r == -EDEADLK)
		destroy.why = "this is an op";
	return r ? vg_instance_fail_errno(instance, DESTROY, -r, destroy.cause, destroy.why) : 0;
}
