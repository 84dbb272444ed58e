/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software GPUs: what the processes of their providers are asked to do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/soft.h"
#include "sys/files.h"

/* What a request takes from us, so that the provider's answer comes before our deadline. */
#define ANSWER_MS 200
#define TEXT_MAX 1024

/* Adds how long the provider may take; a request that is not whole is given up. */
static struct json_object *finish_request(struct json_object *request, int r, int64_t deadline)
{
	int64_t left = deadline - vg_now_ms() - ANSWER_MS;

	if (request && r == 0)
		r = vg_json_add_number(request, "timeout_ms", left > 1 ? left : 1);
	if (r == 0)
		return request;
	json_object_put(request);
	return NULL;
}

static int create(struct vgpu_context *ctx, const struct vg_request *wanted, int64_t deadline, struct vgpu_device **out)
{
	const struct vg_control_at at = {wanted->parent->control, wanted->parent->control_uid};
	struct json_object *reply, *request;
	int r;

	request = vg_control_request("create");
	r = request ? vg_json_add_text(request, "uuid", wanted->pair->uuid) : -ENOMEM;
	if (r == 0)
		r = vg_json_add_number(request, "instance", wanted->pair->instance);
	if (r == 0)
		r = vg_json_add_text(request, "type", wanted->type);
	if (r == 0)
		r = vg_json_add_text(request, "params", wanted->params);
	r = vg_control_call(ctx, "create", &at, finish_request(request, r, deadline), deadline, &reply, NULL);
	if (r)
		return r;
	r = vg_soft_new_device(ctx, &at, wanted->parent->name, vg_json_object(reply, "vgpu"), out);
	json_object_put(reply);
	if (r == -EPROTO)
		return vg_soft_fail_bad(ctx, "create", at.path);
	return r ? vg_fail_memory(ctx, "create") : 0;
}

/* Who uses it is known from here, if anybody can know it. */
static int fail_in_use(struct vgpu_context *ctx, const struct vgpu_device *device)
{
	const struct vg_failure failure = {.operation = "destroy",
									   .path = device->name,
									   .err = EBUSY,
									   .cause = VGPU_CAUSE_IN_USE,
									   .hint = "end it first; or force it: the provider then disconnects it"};

	if (device->user_count > 0)
		return vg_fail(ctx, &failure, "in use by %s (pid %d)",
					   device->users[0].command[0] ? device->users[0].command : "a process", device->users[0].pid);
	return vg_fail(ctx, &failure, "in use by a process that can't be seen from here");
}

static int destroy(struct vgpu_context *ctx, const struct vgpu_device *device, bool force, int64_t deadline)
{
	const struct vg_control_at at = {device->control, device->control_uid};
	struct json_object *reply, *request = vg_control_request("destroy");
	int r = request ? vg_json_add_text(request, "vgpu", device->name) : -ENOMEM;

	if (r == 0)
		r = vg_json_add_bool(request, "force", force);
	r = vg_control_call(ctx, "destroy", &at, finish_request(request, r, deadline), deadline, &reply, NULL);
	if (r == -EBUSY)
		return fail_in_use(ctx, device);
	if (r == 0)
		json_object_put(reply);
	return r;
}

static int start(struct vgpu_context *ctx, const struct vgpu_device *device, int64_t deadline,
				 struct vg_instances *started)
{
	const struct vg_control_at at = {device->control, device->control_uid};
	struct json_object *reply, *request = vg_control_request("start");
	int r = request ? vg_json_add_text(request, "uuid", device->pair.uuid) : -ENOMEM;

	r = vg_control_call(ctx, "start", &at, finish_request(request, r, deadline), deadline, &reply, NULL);
	if (r)
		return r;
	vg_json_instances(vg_json_array(reply, "started"), started);
	json_object_put(reply);
	return 0;
}

/* One vGPU that could not be shut down. */
static int add_error(struct vgpu_context *ctx, const struct vgpu_device *device, struct json_object *entry,
					 struct vgpu_errors *errors)
{
	const char *path = vg_json_text(entry, "path", TEXT_MAX), *message = vg_json_text(entry, "message", TEXT_MAX);
	const struct vg_failure failure = {.operation = "shutdown",
									   .path = path ? path : device->pair.uuid,
									   .err = (int)vg_json_number(entry, "errno", 1, 4095, EIO),
									   .cause = vg_cause_parse(vg_json_text(entry, "cause", TEXT_MAX)),
									   .hint = vg_json_text(entry, "hint", TEXT_MAX)};

	vg_fail(ctx, &failure, message ? "%s" : NULL, message);
	return errors ? vg_errors_add(errors, vgpu_context_get_error(ctx)) : 0;
}

static int read_errors(struct vgpu_context *ctx, const struct vgpu_device *device, struct json_object *reply,
					   struct vgpu_errors *errors)
{
	struct json_object *entries = vg_json_array(reply, "errors");
	size_t i, n = entries ? json_object_array_length(entries) : 0;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++)
		r = add_error(ctx, device, json_object_array_get_idx(entries, i), errors);
	if (r)
		return vg_fail_memory(ctx, "shutdown");
	return n ? -vgpu_error_get_errno(vgpu_context_get_error(ctx)) : 0;
}

static int shut_down(struct vgpu_context *ctx, const struct vgpu_device *device, const struct vg_instances *only,
					 int64_t deadline, struct vgpu_errors *errors)
{
	const struct vg_control_at at = {device->control, device->control_uid};
	struct json_object *reply, *request = vg_control_request("shutdown");
	int r = request ? vg_json_add_text(request, "uuid", device->pair.uuid) : -ENOMEM;

	if (r == 0 && only)
		r = vg_json_add_instances(request, "instances", only);
	r = vg_control_call(ctx, "shutdown", &at, finish_request(request, r, deadline), deadline, &reply, NULL);
	if (r == 0) {
		r = read_errors(ctx, device, reply, errors);
		json_object_put(reply);
	} else if (errors && vg_errors_add(errors, vgpu_context_get_error(ctx))) {
		r = vg_fail_memory(ctx, "shutdown");
	}
	return r;
}

const struct vg_remote_ops vg_soft_remote = {
	.create = create,
	.destroy = destroy,
	.read_attrs = vg_soft_read_attrs,
	.find_socket = vg_soft_find_socket,
	.take_picture = vg_soft_take_picture,
	.start = start,
	.shutdown = shut_down,
};
