/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting and shutting down all vGPUs of a virtual machine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "provider/provider.h"
#include "sys/files.h"
#include "util/vec.h"

#define START "start"
#define SHUTDOWN "shut down"
/* What those have that come behind the deadline: to be undone, or shut down all the same. */
#define LATE_MS 1000

struct power {
	struct vg_call call;
	struct vgpu_provider *provider;
	struct vg_vec vec; /* the vGPUs, references, by number */
	int *results;      /* of each */
	bool *done;        /* those that this call has started */
	size_t i;
	bool is_start;
	bool back;     /* it undoes what it has started */
	bool waits;    /* for an answer */
	bool stepping; /* whoever answers now need not go on */
	int result;
	struct vg_timer timer;
	struct vg_power_opts *opts; /* of one that nobody waits for, as the next two */
	vg_done_fn then;
	void *data;
};

static struct power *current(const struct vgpu_instance *instance)
{
	return (struct power *)instance->caller;
}

static void step(struct power *power);

static void set_started(struct vgpu_instance *instance, bool started)
{
	pthread_mutex_lock(&instance->provider->lock);
	instance->started = started;
	pthread_mutex_unlock(&instance->provider->lock);
	vg_event_push(instance->provider, instance, started ? VGPU_PROVIDER_EVENT_ONLINE : VGPU_PROVIDER_EVENT_OFFLINE);
	vg_control_tell(instance->provider, &instance->pair, started ? "online" : "offline");
}

static void take_answer(struct vgpu_request *request, ssize_t result)
{
	struct vgpu_instance *instance = VG_OWNER(request, struct vgpu_instance, own);
	struct power *power = current(instance);
	bool starts;

	if (!power) { /* nobody waits any more */
		if (result >= 0)
			set_started(instance, instance->starting);
		return;
	}
	starts = power->is_start && !power->back;
	instance->caller = NULL;
	if (result >= 0) {
		set_started(instance, starts);
		power->done[power->i] = starts;
	} else if (!power->back) {
		power->results[power->i] = (int)result;
		if (!power->result)
			power->result = (int)result;
	}
	if (!power->back)
		power->i++;
	if (result < 0 && starts)
		power->back = true;
	power->waits = false;
	if (!power->stepping)
		step(power);
}

/* Calls the op for one, if there is something to do; whether it was called. */
static bool act(struct power *power, struct vgpu_instance *instance, bool starts)
{
	const struct vgpu_provider_ops *ops = &power->provider->ops;
	ssize_t r = 0;

	if (vgpu_instance_is_started(instance) == (starts ? 1 : 0))
		return false;
	if (vg_request_is_issued(&instance->own) || vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE) {
		power->results[power->i] = vg_request_is_issued(&instance->own) ? -EBUSY : -ENODEV;
		if (!power->result)
			power->result = power->results[power->i];
		power->back = starts;
		return false;
	}
	power->waits = true;
	instance->starting = starts;
	instance->caller = &power->call;
	vg_request_issue(&instance->own, instance, take_answer);
	if (starts && ops->start)
		r = ops->start(instance, &instance->own);
	else if (!starts && ops->shutdown)
		r = ops->shutdown(instance, &instance->own);
	vg_request_settle(&instance->own, r);
	return true;
}

static void step(struct power *power)
{
	power->stepping = true;
	while (!power->waits && !power->back && power->i < power->vec.count)
		if (!act(power, power->vec.items[power->i], power->is_start) && !power->back)
			power->i++;
	while (!power->waits && power->back && power->i > 0) {
		power->i--;
		if (power->done[power->i])
			act(power, power->vec.items[power->i], false);
	}
	power->stepping = false;
	if (power->waits)
		return;
	vg_timer_disarm(&power->timer);
	vg_call_finish(&power->provider->loop, &power->call, power->result);
}

/* The one that it waits for is left to itself. */
static void miss(struct vg_timer *timer)
{
	struct power *power = VG_OWNER(timer, struct power, timer);
	struct vgpu_instance *instance = power->vec.items[power->i];

	instance->caller = NULL;
	power->waits = false;
	if (!power->back) {
		power->results[power->i] = -ETIMEDOUT;
		if (!power->result)
			power->result = -ETIMEDOUT;
		if (power->is_start)
			power->back = true;
		else
			power->i++;
	}
	vg_timer_arm(&power->provider->loop, &power->timer, vg_now_ms() + LATE_MS);
	step(power);
}

static void start(struct vg_call *call)
{
	step((struct power *)call);
}

static int compare(const void *a, const void *b)
{
	return vg_pair_cmp(&((const struct vgpu_instance *)a)->pair, &((const struct vgpu_instance *)b)->pair);
}

static void unref(void *instance)
{
	vgpu_instance_unref(instance);
}

/* References to all vGPUs of this UUID, or only these (not NULL). 0 or -ENOMEM. */
static int collect(struct vgpu_provider *provider, const char *uuid, const struct vg_instances *only,
				   struct vg_vec *vec)
{
	struct vgpu_instance *instance;
	size_t i;
	int r = 0;

	pthread_mutex_lock(&provider->lock);
	for (i = 0; i < VG_BUCKETS; i++) {
		for (instance = provider->buckets[i]; instance && r == 0; instance = instance->next) {
			if (instance->stage == VG_STAGE_MAKING || strcmp(instance->pair.uuid, uuid) != 0 ||
				(only && !vg_instances_have(only, instance->pair.instance)))
				continue;
			r = vg_vec_add(vec, instance);
			if (r == 0)
				vgpu_instance_ref(instance);
		}
	}
	pthread_mutex_unlock(&provider->lock);
	vg_vec_sort(vec, compare);
	return r;
}

static int prepare(struct power *power, const char *operation, const char *uuid, const struct vg_instances *only)
{
	struct vgpu_context *ctx = power->provider->ctx;
	char lower[VG_UUID_SIZE];

	if (vg_uuid_parse(uuid, lower))
		return vg_fail_invalid(ctx, operation, uuid, "it is not a UUID");
	if (collect(power->provider, lower, only, &power->vec))
		return vg_fail_memory(ctx, operation);
	if (!power->vec.count)
		return vg_fail(
			ctx,
			&(struct vg_failure){.operation = operation, .path = lower, .err = ENODEV, .cause = VGPU_CAUSE_NO_DEVICE},
			"the virtual machine has no vGPU here");
	power->results = calloc(power->vec.count, sizeof(*power->results));
	power->done = calloc(power->vec.count, sizeof(*power->done));
	return power->results && power->done ? 0 : vg_fail_memory(ctx, operation);
}

static void clean_up(struct power *power)
{
	vg_vec_clear(&power->vec, unref);
	free(power->results);
	free(power->done);
}

static int fail_one(struct power *power, const char *operation, size_t i)
{
	if (power->results[i] == -ETIMEDOUT)
		return vg_instance_fail_errno(power->vec.items[i], operation, ETIMEDOUT, VGPU_CAUSE_PENDING,
									  "the provider did not answer in time");
	return vg_instance_fail_errno(power->vec.items[i], operation, -power->results[i],
								  power->results[i] == -EBUSY ? VGPU_CAUSE_IN_USE : VGPU_CAUSE_REFUSED,
								  "the provider refuses");
}

int vgpu_provider_start(struct vgpu_provider *provider, const char *uuid)
{
	struct power power = {.call = {.start = start}, .provider = provider, .is_start = true};
	size_t i;
	int r;

	if (!provider || !uuid)
		return -EINVAL;
	r = prepare(&power, START, uuid, NULL);
	if (r == 0)
		r = vg_loop_call(&provider->loop, &power.call);
	for (i = 0; r && power.results && i < power.vec.count; i++)
		if (power.results[i])
			fail_one(&power, START, i);
	clean_up(&power);
	return r;
}

/* A list of those that failed; the record is of the first. */
static int report(struct power *power, struct vgpu_errors **out)
{
	struct vgpu_errors *errors = NULL;
	size_t i;

	if (out) {
		errors = calloc(1, sizeof(*errors));
		if (!errors)
			return vg_fail_memory(power->provider->ctx, SHUTDOWN);
	}
	for (i = power->vec.count; i-- > 0;) {
		if (!power->results[i])
			continue;
		fail_one(power, SHUTDOWN, i);
		if (errors && vg_errors_add(errors, vgpu_context_get_error(power->provider->ctx))) {
			vgpu_errors_unref(errors);
			return vg_fail_memory(power->provider->ctx, SHUTDOWN);
		}
	}
	if (out)
		*out = errors;
	return power->result;
}

int vgpu_provider_shutdown(struct vgpu_provider *provider, const char *uuid, struct vgpu_errors **errors)
{
	struct power power = {.call = {.start = start}, .provider = provider};
	int r;

	if (!provider || !uuid)
		return -EINVAL;
	r = prepare(&power, SHUTDOWN, uuid, NULL);
	if (r == 0) {
		r = vg_loop_call(&provider->loop, &power.call);
		if (power.result)
			r = report(&power, errors);
		else if (r == 0 && errors)
			*errors = NULL;
	}
	clean_up(&power);
	return r;
}

/* What has come of it, for whoever began it. */
static int give_results(struct power *power)
{
	const char *operation = power->is_start ? START : SHUTDOWN;
	const struct vgpu_instance *instance;
	size_t i;

	for (i = power->vec.count; i-- > 0;) { /* so that the record is of the first */
		instance = power->vec.items[i];
		if (power->done[i])
			vg_instances_add(&power->opts->changed, instance->pair.instance);
		if (!power->results[i])
			continue;
		fail_one(power, operation, i);
		if (vg_errors_add(&power->opts->errors, vgpu_context_get_error(power->provider->ctx)))
			return vg_fail_memory(power->provider->ctx, operation);
	}
	return power->result;
}

static void end(struct vg_call *call)
{
	struct power *power = (struct power *)call;
	vg_done_fn then = power->then;
	void *data = power->data;
	int r = give_results(power);

	clean_up(power);
	free(power);
	then(data, r);
}

int vg_power_begin(struct vgpu_provider *provider, struct vg_power_opts *opts, vg_done_fn then, void *data)
{
	struct power *power = calloc(1, sizeof(*power));
	int r;

	if (!power)
		return vg_fail_memory(provider->ctx, opts->is_start ? START : SHUTDOWN);
	*power = (struct power){.call = {.start = start, .ended = end},
							.provider = provider,
							.is_start = opts->is_start,
							.timer = {.fn = miss},
							.opts = opts,
							.then = then,
							.data = data};
	r = prepare(power, opts->is_start ? START : SHUTDOWN, opts->uuid, opts->only);
	if (r) {
		clean_up(power);
		free(power);
		return r;
	}
	if (opts->deadline != INT64_MAX)
		vg_timer_arm(&provider->loop, &power->timer, opts->deadline);
	step(power);
	return 0;
}
