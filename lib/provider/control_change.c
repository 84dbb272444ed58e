/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What management clients have a provider change, which may take a while. */
#include <errno.h>
#include <string.h>

#include "provider/control.h"
#include "sys/files.h"

/* How long an op may take where the request does not say. */
#define TIMEOUT_MS 15000
#define TIMEOUT_MAX_MS (24 * 3600 * 1000)

static uint32_t timeout_of(struct json_object *request)
{
	return (uint32_t)vg_json_number(request, "timeout_ms", 1, TIMEOUT_MAX_MS, TIMEOUT_MS);
}

static int fill_created(struct vg_job *job, struct json_object *reply)
{
	struct vgpu_instance *instance;
	int r;

	if (vgpu_instance_find(job->control->provider, job->pair.uuid, job->pair.instance, &instance))
		return -ENOMEM; /* it has gone in the same turn: there is nothing to tell */
	r = vg_json_add(reply, "vgpu", vg_control_describe(instance));
	vgpu_instance_unref(instance);
	return r;
}

/* Who gave up, or was killed, leaves nothing behind. */
static void end_create(void *data, int result)
{
	const struct vgpu_instance_destroy_opts opts = {.size = sizeof(opts), .flags = VGPU_INSTANCE_FORCE};
	struct vg_job *job = data;
	struct vgpu_instance *instance = NULL;

	if (result == 0 && !vg_job_is_wanted(job) &&
		vgpu_instance_find(job->control->provider, job->pair.uuid, job->pair.instance, &instance) == 0 &&
		vg_destroy_begin(instance, &opts, vg_job_end, job) == 0)
		job = NULL; /* that ends it */
	vgpu_instance_unref(instance);
	if (job)
		vg_job_end(job, result);
}

static int begin_create(struct vg_job *job)
{
	struct vg_control *control = job->control;
	const char *type = vg_control_need_text(control, job->request, "type");
	const char *uuid = type ? vg_control_need_text(control, job->request, "uuid") : NULL;
	const struct vgpu_instance_opts opts = {
		.size = sizeof(opts),
		.uuid = uuid,
		.instance = (uint32_t)vg_json_number(job->request, "instance", 0, VG_INSTANCE_MAX, VG_INSTANCE_MAX + 1),
		.type = type,
		.params = vg_json_text(job->request, "params", VG_CONTROL_DATA),
		.deadline_ms = timeout_of(job->request)};

	if (!uuid)
		return -EINVAL;
	if (vg_uuid_parse(uuid, job->pair.uuid))
		return vg_fail_invalid(control->provider->ctx, "create", uuid, "it is not a UUID");
	job->pair.instance = opts.instance;
	job->fill = fill_created;
	return vg_create_begin(control->provider, &opts, end_create, job);
}

static int begin_destroy(struct vg_job *job)
{
	const struct vgpu_instance_destroy_opts opts = {.size = sizeof(opts),
													.flags =
														vg_json_bool(job->request, "force") ? VGPU_INSTANCE_FORCE : 0,
													.deadline_ms = timeout_of(job->request)};
	struct vgpu_instance *instance;
	int r = vg_control_find_instance(job->control, job->request, "destroy", &instance);

	if (r)
		return r;
	r = vg_destroy_begin(instance, &opts, vg_job_end, job);
	vgpu_instance_unref(instance);
	return r;
}

static int fill_started(struct vg_job *job, struct json_object *reply)
{
	return vg_json_add_instances(reply, "started", &job->power.changed);
}

static int begin_power(struct vg_job *job, bool is_start, vg_done_fn then)
{
	const char *uuid = vg_control_need_text(job->control, job->request, "uuid");
	struct json_object *only = vg_json_array(job->request, "instances");

	if (!uuid)
		return -EINVAL;
	vg_json_instances(only, &job->only);
	job->power = (struct vg_power_opts){.uuid = uuid,
										.is_start = is_start,
										.only = only ? &job->only : NULL,
										.deadline = vg_now_ms() + (int64_t)timeout_of(job->request)};
	return vg_power_begin(job->control->provider, &job->power, then, job);
}

static int begin_start(struct vg_job *job)
{
	job->fill = fill_started;
	return begin_power(job, true, vg_job_end);
}

/* Each vGPU that could not be shut down has an error of its own; the request has not failed. */
static int fill_shut_down(struct vg_job *job, struct json_object *reply)
{
	struct json_object *array = json_object_new_array();
	size_t i;
	int r = vg_json_add(reply, "errors", array);

	for (i = 0; r == 0 && i < job->power.errors.vec.count; i++)
		r = vg_json_append(array, vg_control_describe_error(job->power.errors.vec.items[i]));
	return r;
}

static void end_shutdown(void *data, int result)
{
	struct vg_job *job = data;

	vg_job_end(job, job->power.errors.vec.count ? 0 : result);
}

static int begin_shutdown(struct vg_job *job)
{
	job->fill = fill_shut_down;
	return begin_power(job, false, end_shutdown);
}

vg_begin_fn vg_control_find_begin(const char *command)
{
	static const struct {
		const char *name;
		vg_begin_fn fn;
	} begins[] = {
		{"create", begin_create}, {"destroy", begin_destroy}, {"start", begin_start}, {"shutdown", begin_shutdown}};
	size_t i;

	for (i = 0; command && i < VG_COUNT(begins); i++)
		if (strcmp(begins[i].name, command) == 0)
			return begins[i].fn;
	return NULL;
}
