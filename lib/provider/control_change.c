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

/* Who gave up, or was killed, leaves nothing behind; nor does one whom there is no memory to tell. */
static int accept_created(void *data, struct vgpu_instance *instance)
{
	struct vg_job *job = data;
	size_t size;

	if (!vg_job_is_wanted(job))
		return -ECANCELED;
	job->reply = vg_control_new_reply();
	if (!job->reply || vg_json_add(job->reply, "vgpu", vg_control_describe(instance)) ||
		!vg_json_print(job->reply, &size)) /* which is kept, so that it can't fail later */
		return -ENOMEM;
	return 0;
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
	return vg_create_begin(control->provider, &opts, accept_created, vg_job_end, job);
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
