/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control socket of a provider: connections of management clients. */
#include "provider/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/files.h"
#include "sys/listen.h"

#define OPEN "open a control socket"
/* One more ends the connection that was heard of least lately. */
#define MANAGERS_MAX 32u

static struct vg_loop *loop_of(const struct vg_control *control)
{
	return &control->provider->loop;
}

static void free_manager(struct vg_source *source)
{
	free(VG_OWNER(source, struct vg_manager, source));
}

static void take_out(struct vg_manager *manager)
{
	struct vg_control *control = manager->control;

	if (manager->prev)
		manager->prev->next = manager->next;
	else
		control->managers = manager->next;
	if (manager->next)
		manager->next->prev = manager->prev;
	control->count--;
}

static void put_first(struct vg_manager *manager)
{
	struct vg_control *control = manager->control;

	manager->prev = NULL;
	manager->next = control->managers;
	if (manager->next)
		manager->next->prev = manager;
	control->managers = manager;
	control->count++;
}

static bool is_closed(const struct vg_manager *manager)
{
	return !manager->source.fn;
}

/* What it has asked for goes on. It is there until the end of this turn. */
static void close_manager(struct vg_manager *manager)
{
	if (is_closed(manager))
		return;
	take_out(manager);
	if (manager->job)
		manager->job->manager = NULL;
	manager->source.free_fn = free_manager;
	vg_source_close(loop_of(manager->control), &manager->source);
	vg_channel_free(&manager->channel);
}

/* Of the last to be heard of, but those that wait for an answer or for events, if there is another. */
static void make_room(struct vg_control *control)
{
	struct vg_manager *manager, *last = NULL;

	if (control->count < MANAGERS_MAX)
		return;
	for (manager = control->managers; manager; manager = manager->next)
		if (!last || (!manager->job && !manager->wants_events) || last->job || last->wants_events)
			last = manager;
	if (last)
		close_manager(last);
}

/* Sends a message's JSON, which is given up; or closes the connection. */
static void send_object(struct vg_manager *manager, struct vg_user_header *header, struct json_object *object, int fd)
{
	struct iovec body;
	const char *text = object ? vg_json_print(object, &body.iov_len) : NULL;
	bool ok = text && body.iov_len <= VG_CONTROL_DATA;

	if (ok) {
		memcpy(&body.iov_base, &text, sizeof(text)); /* which is not written to */
		ok = (header->flags & VG_USER_NO_REPLY)
				 ? vg_channel_send(&manager->channel, header, &body, 1, NULL, 0, 0) == 0
				 : vg_channel_reply(&manager->channel, header, &body, 1, &fd, fd >= 0 ? 1 : 0, 0) == 0;
	}
	json_object_put(object);
	if (ok)
		vg_source_want(loop_of(manager->control), &manager->source,
					   VG_POLL_IN | (vg_channel_queued(&manager->channel) ? VG_POLL_OUT : 0u));
	else
		close_manager(manager);
}

struct json_object *vg_control_describe_error(const struct vgpu_error *error)
{
	struct json_object *object = json_object_new_object();
	int r = object ? 0 : -ENOMEM;

	if (r == 0)
		r = vg_json_add_text(object, "path", vgpu_error_get_path(error));
	if (r == 0)
		r = vg_json_add_text(object, "value", vgpu_error_get_value(error));
	if (r == 0)
		r = vg_json_add_number(object, "errno", vgpu_error_get_errno(error));
	if (r == 0)
		r = vg_json_add_text(object, "cause", vgpu_cause_get_name(vgpu_error_get_cause(error)));
	if (r == 0)
		r = vg_json_add_text(object, "message", vgpu_error_get_message(error));
	if (r == 0)
		r = vg_json_add_text(object, "hint", vgpu_error_get_hint(error));
	if (r == 0)
		return object;
	json_object_put(object);
	return NULL;
}

struct json_object *vg_control_new_reply(void)
{
	struct json_object *reply = json_object_new_object();

	if (reply && vg_json_add_number(reply, "version", VG_CONTROL_VERSION) == 0)
		return reply;
	json_object_put(reply);
	return NULL;
}

/* Answers with the record of what has failed. */
static void send_error(struct vg_manager *manager)
{
	struct vgpu_error *error = vgpu_context_get_error(manager->control->provider->ctx);
	struct json_object *reply = vg_control_new_reply();

	if (reply && vg_json_add(reply, "error", vg_control_describe_error(error))) {
		json_object_put(reply);
		reply = NULL;
	}
	send_object(manager, &manager->request, reply, -1);
}

static int fail_request(struct vg_control *control, int err, enum vgpu_cause cause, const char *value, const char *why)
{
	return vg_fail(
		control->provider->ctx,
		&(struct vg_failure){
			.operation = "answer", .path = control->provider->name, .value = value, .err = err, .cause = cause},
		"%s", why);
}

const char *vg_control_need_text(struct vg_control *control, struct json_object *request, const char *name)
{
	const char *text = vg_json_text(request, name, VG_CONTROL_DATA);

	if (!text)
		fail_request(control, EINVAL, VGPU_CAUSE_INVALID, name, "the request lacks a member that it needs");
	return text;
}

int vg_control_find_instance(struct vg_control *control, struct json_object *request, const char *operation,
							 struct vgpu_instance **out)
{
	const char *text = vg_control_need_text(control, request, "vgpu");
	struct vg_pair pair;

	if (!text)
		return -EINVAL;
	if (vg_pair_parse(text, &pair))
		return vg_fail_invalid(control->provider->ctx, operation, text, "this is no UUID[:INSTANCE]");
	if (vgpu_instance_find(control->provider, pair.uuid, pair.instance, out) == 0)
		return 0;
	return vg_fail(
		control->provider->ctx,
		&(struct vg_failure){
			.operation = operation, .path = text, .value = text, .err = ENODEV, .cause = VGPU_CAUSE_NO_DEVICE},
		"there is no such vGPU");
}

/* Begins what takes a while. 0, or -errno with a record. */
static int begin_job(struct vg_manager *manager, struct json_object *request, vg_begin_fn begin)
{
	struct vg_control *control = manager->control;
	struct vg_job *job = calloc(1, sizeof(*job));
	int r;

	if (!job)
		return vg_fail_memory(control->provider->ctx, "answer");
	job->control = control;
	job->manager = manager;
	job->request = json_object_get(request);
	manager->job = job;
	control->jobs++;
	r = begin(job);
	if (r == 0)
		return 0;
	manager->job = NULL;
	control->jobs--;
	json_object_put(job->request);
	vg_errors_clear(&job->power.errors);
	free(job);
	return r;
}

bool vg_job_is_wanted(const struct vg_job *job)
{
	return job->manager;
}

static struct json_object *make_reply(struct vg_job *job)
{
	struct json_object *reply = job->reply ? job->reply : vg_control_new_reply();

	job->reply = NULL;
	if (!reply || !job->fill || job->fill(job, reply) == 0)
		return reply;
	json_object_put(reply);
	return NULL;
}

void vg_job_end(void *data, int result)
{
	struct vg_job *job = data;
	struct vg_control *control = job->control;

	if (job->manager) {
		job->manager->job = NULL;
		if (result)
			send_error(job->manager);
		else
			send_object(job->manager, &job->manager->request, make_reply(job), -1);
	}
	json_object_put(job->reply);
	json_object_put(job->request);
	vg_errors_clear(&job->power.errors);
	free(job);
	control->jobs--;
	if (control->waiter && !control->jobs)
		vg_call_finish(loop_of(control), control->waiter, 0);
}

static void answer(struct vg_manager *manager, struct json_object *request, vg_answer_fn fn)
{
	struct json_object *reply = vg_control_new_reply();
	int fd = -1;

	if (!reply) {
		vg_fail_memory(manager->control->provider->ctx, "answer");
		send_error(manager);
	} else if (fn(manager->control, request, reply, &fd) == 0) {
		send_object(manager, &manager->request, reply, fd);
	} else {
		json_object_put(reply);
		send_error(manager);
	}
	vg_close(fd);
}

static void work_on(struct vg_manager *manager, struct json_object *request)
{
	struct vg_control *control = manager->control;
	const char *command = vg_json_text(request, "command", 64);
	vg_answer_fn fn = vg_control_find_answer(command);
	vg_begin_fn begin = vg_control_find_begin(command);

	if (vg_json_number(request, "version", 1, INT32_MAX, 0) != VG_CONTROL_VERSION) {
		fail_request(control, EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED, NULL, "this is another version of the protocol");
		send_error(manager);
	} else if (fn) {
		answer(manager, request, fn);
	} else if (begin) {
		if (begin_job(manager, request, begin))
			send_error(manager);
	} else if (command && strcmp(command, "events") == 0) {
		manager->wants_events = true;
		send_object(manager, &manager->request, vg_control_new_reply(), -1);
	} else {
		fail_request(control, EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED, command, "there is no such command");
		send_error(manager);
	}
}

/* False: this is no request. */
static bool take_message(struct vg_manager *manager, struct vg_message *message)
{
	struct json_object *request;

	if ((message->header.flags & VG_USER_TYPE_MASK) != VG_USER_TYPE_COMMAND ||
		(message->header.flags & VG_USER_NO_REPLY) || message->header.command != VG_CONTROL_COMMAND || manager->job ||
		message->refused || vg_json_parse(message->body, message->size, &request))
		return false; /* who does not wait for the reply, or speaks something else, is not answered */
	manager->request = message->header;
	work_on(manager, request);
	json_object_put(request);
	return true;
}

static void serve(struct vg_source *source, uint32_t events)
{
	struct vg_manager *manager = VG_OWNER(source, struct vg_manager, source);
	struct vg_message *message;
	int r;

	take_out(manager);
	put_first(manager);
	if (events & VG_POLL_OUT) {
		if (vg_channel_flush(&manager->channel) < 0) {
			close_manager(manager);
			return;
		}
		vg_source_want(loop_of(manager->control), source,
					   VG_POLL_IN | (vg_channel_queued(&manager->channel) ? VG_POLL_OUT : 0u));
	}
	r = vg_channel_receive(&manager->channel, &message);
	if (r > 0 && !take_message(manager, message))
		r = -EPROTO;
	/* who sends more before the reply has come breaks the rules */
	if (!is_closed(manager) && (r < 0 || (r > 0 && vg_channel_has_input(&manager->channel))))
		close_manager(manager);
}

static void take_in(struct vg_source *source, uint32_t events)
{
	struct vg_control *control = VG_OWNER(source, struct vg_control, source);
	struct vg_manager *manager;
	struct vg_peer peer;
	int fd = vg_listen_accept(source->fd, &loop_of(control)->spare_fd);

	(void)events;
	if (fd < 0)
		return;
	manager = vg_provider_admits(control->provider, fd, &peer) ? calloc(1, sizeof(*manager)) : NULL;
	if (!manager) {
		vg_close(fd);
		return;
	}
	make_room(control);
	vg_channel_init(&manager->channel, fd, VG_CONTROL_DATA, 0, VG_CONTROL_HALF_MS);
	manager->control = control;
	manager->source = (struct vg_source){.fn = serve, .fd = fd};
	if (vg_source_open(loop_of(control), &manager->source, VG_POLL_IN)) {
		vg_channel_free(&manager->channel);
		free(manager);
		return;
	}
	put_first(manager);
}

void vg_control_tell(struct vgpu_provider *provider, const struct vg_pair *pair, const char *event)
{
	struct vg_manager *manager = provider->control ? provider->control->managers : NULL, *next;

	for (; manager; manager = next) {
		struct vg_user_header header = {.command = VG_CONTROL_COMMAND,
										.flags = VG_USER_TYPE_COMMAND | VG_USER_NO_REPLY};
		struct json_object *object;

		next = manager->next;
		if (!manager->wants_events)
			continue;
		object = vg_control_new_reply();
		if (object && (vg_json_add_text(object, "event", event) || vg_json_add_text(object, "uuid", pair->uuid) ||
					   vg_json_add_number(object, "instance", pair->instance))) {
			json_object_put(object);
			object = NULL;
		}
		send_object(manager, &header, object, -1); /* who does not read, or misses one, is let go */
	}
}

static void free_control(struct vg_source *source)
{
	struct vg_control *control = VG_OWNER(source, struct vg_control, source);

	free(control->path);
	free(control);
}

/* On the loop. */
static void open_source(struct vg_call *call)
{
	struct vg_provider_call *of = (struct vg_provider_call *)call;
	struct vg_control *control = of->out;
	int r = vg_source_open(&of->provider->loop, &control->source, VG_POLL_IN);

	if (r == 0)
		of->provider->control = control;
	vg_call_finish(&of->provider->loop, call, r);
}

static void close_all(struct vg_call *call)
{
	struct vg_provider_call *of = (struct vg_provider_call *)call;
	struct vg_control *control = of->provider->control;

	of->provider->control = NULL;
	while (control->managers)
		close_manager(control->managers);
	vg_source_close(&of->provider->loop, &control->source); /* nothing frees it before there is free_fn */
	vg_listen_close(control->path, control->source.fd, control->lock_fd);
	control->waiter = call;
	if (!control->jobs)
		vg_call_finish(&of->provider->loop, call, 0);
}

void vg_control_close(struct vgpu_provider *provider)
{
	struct vg_control *control = provider->control;
	struct vg_provider_call call = {.call = {.start = close_all}, .provider = provider};

	if (!control)
		return;
	vg_loop_call(&provider->loop, &call.call);
	free_control(&control->source);
}

static int make_path(struct vgpu_provider *provider, char **out)
{
	if (!provider->socket_dir)
		return vg_fail_invalid(provider->ctx, OPEN, provider->name, "the provider has no directory for sockets");
	if (provider->control)
		return vg_fail(
			provider->ctx,
			&(struct vg_failure){.operation = OPEN, .path = provider->name, .err = EEXIST, .cause = VGPU_CAUSE_EXISTS},
			"it has one");
	*out = vg_asprintf("%s/%s" VG_CONTROL_SUFFIX, provider->socket_dir, provider->name);
	return *out ? 0 : vg_fail_memory(provider->ctx, OPEN);
}

static int fail_listen(struct vgpu_provider *provider, const char *path, int err)
{
	if (err == EEXIST)
		return vg_fail(provider->ctx,
					   &(struct vg_failure){.operation = OPEN,
											.path = path,
											.value = provider->name,
											.err = EEXIST,
											.cause = VGPU_CAUSE_EXISTS,
											.hint = "give this one another name, or end that process"},
					   "another process has a provider of this name");
	return vg_fail_errno(provider->ctx, OPEN, path, err);
}

int vgpu_provider_open_control(struct vgpu_provider *provider)
{
	struct vg_provider_call call = {.call = {.start = open_source}, .provider = provider};
	struct vg_control *control;
	char *path;
	int r;

	if (!provider)
		return -EINVAL;
	r = make_path(provider, &path);
	if (r)
		return r;
	control = calloc(1, sizeof(*control));
	if (!control) {
		free(path);
		return vg_fail_memory(provider->ctx, OPEN);
	}
	control->provider = provider;
	control->path = path;
	control->source = (struct vg_source){.fn = take_in, .fd = vg_provider_listen(provider, path, &control->lock_fd)};
	r = control->source.fd;
	call.out = control;
	if (r >= 0) {
		r = vg_loop_call(&provider->loop, &call.call);
		if (r)
			vg_listen_close(path, control->source.fd, control->lock_fd);
	}
	if (r < 0) {
		fail_listen(provider, path, -r);
		free_control(&control->source);
	}
	return r < 0 ? r : 0;
}
