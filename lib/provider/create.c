/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Creating a vGPU: claim the pair, ask the provider, open its socket; or nothing is left of it. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "core/opts.h"
#include "provider/provider.h"
#include "sys/files.h"
#include "util/str.h"

#define CREATE "create"

struct create {
	struct vg_call call;
	struct vgpu_instance *instance;
	const char *params;
	int64_t deadline;
	struct vg_timer timer;
	enum vgpu_cause cause;
	const char *why;
	vg_accept_fn accept; /* of one that nobody waits for; and the next two */
	vg_done_fn then;
	void *data;
};

/* The op has made it, but it can't stay, or nobody wants it any more. */
static void undo(struct vgpu_instance *instance)
{
	const struct vgpu_provider_ops *ops = &instance->provider->ops;

	if (ops->destroy) {
		vg_request_issue(&instance->own, instance, vg_request_ignore);
		vg_request_settle(&instance->own, ops->destroy(instance, VGPU_PROVIDER_DESTROY_FORCE, &instance->own));
	}
	vg_instance_end(instance);
}

static void finish(struct create *create, int r, enum vgpu_cause cause, const char *why)
{
	vg_timer_disarm(&create->timer);
	create->instance->caller = NULL;
	create->cause = cause;
	create->why = why;
	vg_call_finish(&create->instance->provider->loop, &create->call, r);
}

static void take_answer(struct vgpu_request *request, ssize_t result)
{
	struct vgpu_instance *instance = VG_OWNER(request, struct vgpu_instance, own);
	struct create *create = (struct create *)instance->caller;
	int r;

	if (result < 0) {
		vg_instance_end(instance);
		if (create)
			finish(create, (int)result, VGPU_CAUSE_REFUSED, "the provider refuses to make it");
		return;
	}
	if (!create) { /* the deadline is over, or even the provider is: then no op is called any more */
		if (vgpu_instance_get_state(instance) != VGPU_INSTANCE_GONE)
			undo(instance);
		return;
	}
	r = vg_server_open(instance);
	if (r) {
		undo(instance);
		finish(create, r, r == -EEXIST ? VGPU_CAUSE_EXISTS : VGPU_CAUSE_NONE,
			   r == -EEXIST ? "another process has its socket" : "its socket can't be made");
		return;
	}
	r = create->accept ? create->accept(create->data, instance) : 0;
	if (r) {
		undo(instance);
		finish(create, r, VGPU_CAUSE_NONE, "nobody can be told of it");
		return;
	}
	pthread_mutex_lock(&instance->provider->lock);
	instance->stage = VG_STAGE_READY;
	pthread_mutex_unlock(&instance->provider->lock);
	finish(create, 0, VGPU_CAUSE_NONE, NULL);
}

static void miss(struct vg_timer *timer)
{
	struct create *create = VG_OWNER(timer, struct create, timer);

	finish(create, -ETIMEDOUT, VGPU_CAUSE_NOT_READY, "the provider did not make it in time");
}

static void start(struct vg_call *call)
{
	struct create *create = (struct create *)call;
	struct vgpu_instance *instance = create->instance;
	struct vgpu_provider *provider = instance->provider;
	const struct vgpu_provider_ops *ops = &provider->ops;
	struct vgpu_type_info type;
	int r = vg_provider_find_type(provider, instance->type, &type);

	if (r) {
		finish(create, r, r == -ENOENT ? VGPU_CAUSE_NO_TYPE : VGPU_CAUSE_REFUSED, "the provider has no such type");
		return;
	}
	if (type.available_instances == 0) {
		finish(create, -ENOSPC, VGPU_CAUSE_NO_CAPACITY, "no instance of the type is left");
		return;
	}
	if (vg_instance_add(instance)) {
		finish(create, -EEXIST, VGPU_CAUSE_EXISTS, "there is a vGPU of this name");
		return;
	}
	instance->caller = call;
	create->timer.fn = miss;
	vg_timer_arm(&provider->loop, &create->timer, create->deadline);
	vg_request_issue(&instance->own, instance, take_answer);
	r = ops->create ? ops->create(provider->data, instance, create->params, &instance->own) : 0;
	vg_request_settle(&instance->own, r);
}

static int make(struct vgpu_provider *provider, const struct vgpu_instance_opts *opts, struct vgpu_instance **out)
{
	struct vgpu_context *ctx = provider->ctx;
	struct vgpu_instance *instance;
	struct vg_pair pair = {.instance = opts->instance};

	if (opts->uuid && vg_uuid_parse(opts->uuid, pair.uuid))
		return vg_fail_invalid(ctx, CREATE, opts->uuid, "it is not a UUID");
	if (!opts->uuid)
		vg_uuid_random(pair.uuid);
	if (opts->instance > VG_INSTANCE_MAX)
		return vg_fail_invalid(ctx, CREATE, pair.uuid, "instances end at %u", VG_INSTANCE_MAX);
	if (!vg_provider_name_fits(opts->type, VG_TYPE_ID_SIZE))
		return vg_fail_invalid(ctx, CREATE, opts->type, "it is not a type's id");
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return vg_fail_memory(ctx, CREATE);
	vg_ref_init(&instance->ref);
	instance->pair = pair;
	vg_strcopy(instance->type, sizeof(instance->type), opts->type);
	vg_ref_get(&provider->ref);
	instance->provider = provider;
	instance->client_pid = -1;
	instance->migration_state = VFIO_DEVICE_STATE_RUNNING;
	vg_irqs_init(&instance->irqs);
	vg_guest_init(&instance->guest, provider->opts.max_dma_maps);
	*out = instance;
	return 0;
}

/* What was asked for, checked. */
static int prepare(struct vgpu_provider *provider, const struct vgpu_instance_opts *opts, struct create *create)
{
	struct vgpu_instance_opts known;
	int r = vg_opts_take(provider->ctx, CREATE, &known, sizeof(known), opts);

	if (r == 0)
		r = make(provider, &known, &create->instance);
	create->params = known.params;
	create->deadline = vg_now_ms() + (int64_t)(known.deadline_ms ? known.deadline_ms : VG_REQUEST_MS);
	return r;
}

static void end(struct vg_call *call)
{
	struct create *create = (struct create *)call;
	vg_done_fn then = create->then;
	void *data = create->data;
	int r = call->result;

	if (r)
		vg_instance_fail_errno(create->instance, CREATE, -r, create->cause, create->why);
	vgpu_instance_unref(create->instance);
	free(create);
	then(data, r);
}

int vg_create_begin(struct vgpu_provider *provider, const struct vgpu_instance_opts *opts, vg_accept_fn accept,
					vg_done_fn then, void *data)
{
	struct create *create = calloc(1, sizeof(*create));
	int r;

	if (!create)
		return vg_fail_memory(provider->ctx, CREATE);
	*create = (struct create){.call = {.start = start, .ended = end}, .accept = accept, .then = then, .data = data};
	r = prepare(provider, opts, create);
	if (r) {
		free(create);
		return r;
	}
	start(&create->call);
	return 0;
}

int vgpu_instance_create(struct vgpu_provider *provider, const struct vgpu_instance_opts *opts,
						 struct vgpu_instance **out)
{
	struct create create = {.call = {.start = start}};
	int r;

	if (!provider || !opts)
		return -EINVAL;
	r = prepare(provider, opts, &create);
	if (r)
		return r;
	r = vg_loop_call(&provider->loop, &create.call);
	if (r == 0 && out)
		*out = vgpu_instance_ref(create.instance);
	else if (r == -EDEADLK)
		create.why = "this is an op";
	if (r)
		r = vg_instance_fail_errno(create.instance, CREATE, -r, create.cause, create.why);
	vgpu_instance_unref(create.instance);
	return r;
}
