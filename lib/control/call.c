/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to the process of a provider. */
#include "control/call.h"

#include <errno.h>
#include <string.h>

#include "control/protocol.h"
#include "core/negative.h"
#include "sys/files.h"
#include "sys/unixsock.h"
#include "user/channel.h"

#define TEXT_MAX 1024
#define ERRNO_MAX 4095

struct call {
	struct vgpu_context *ctx;
	const char *operation;
	const struct vg_control_at *at;
	int64_t deadline;
	struct vg_channel channel;
};

static int fail(const struct call *call, int err, enum vgpu_cause cause, const char *why, const char *hint)
{
	return vg_fail(call->ctx,
				   &(struct vg_failure){
					   .operation = call->operation, .path = call->at->path, .err = err, .cause = cause, .hint = hint},
				   "%s", why);
}

static int fail_bad(const struct call *call)
{
	return fail(call, EPROTO, VGPU_CAUSE_BAD_DATA, "what the provider answers makes no sense", NULL);
}

static int fail_late(const struct call *call)
{
	return fail(call, ETIMEDOUT, VGPU_CAUSE_PENDING, "the provider has not answered in time",
				"see whether its process runs");
}

/* What the connection failed with. */
static int fail_connection(const struct call *call, int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
	case ENODEV:
		return fail(call, ENOTCONN, VGPU_CAUSE_GONE, "the provider's process is gone", "start it again");
	case ETIMEDOUT:
		return fail_late(call);
	case EPROTO:
	case EMSGSIZE:
		return fail_bad(call);
	default:
		return vg_fail_errno(call->ctx, call->operation, call->at->path, err);
	}
}

/* Who listens there could be anybody who can write to the directory. */
static int check_peer(const struct call *call, int fd)
{
	struct vg_peer peer;
	int r = vg_socket_peer(fd, &peer);

	if (r)
		return fail_connection(call, -r);
	if (peer.uid == 0 || peer.uid == vg_own_uid() || peer.uid == call->at->owner)
		return 0;
	return vg_fail(
		call->ctx,
		&(struct vg_failure){
			.operation = call->operation, .path = call->at->path, .err = EPERM, .cause = VGPU_CAUSE_PERMISSION},
		"a process of user %u listens there, who is neither you nor root", (unsigned)peer.uid);
}

static int send_request(struct call *call, struct json_object *request)
{
	struct vg_user_header header = {.id = 1, .command = VG_CONTROL_COMMAND, .flags = VG_USER_TYPE_COMMAND};
	struct iovec body;
	const char *text = vg_json_print(request, &body.iov_len);
	int r;

	if (!text)
		return vg_fail_memory(call->ctx, call->operation);
	if (body.iov_len > VG_CONTROL_DATA)
		return vg_fail(
			call->ctx,
			&(struct vg_failure){
				.operation = call->operation, .path = call->at->path, .err = EMSGSIZE, .cause = VGPU_CAUSE_INVALID},
			"the request is too long");
	memcpy(&body.iov_base, &text, sizeof(text)); /* which is not written to */
	r = vg_channel_send(&call->channel, &header, &body, 1, NULL, 0, 0);
	return r < 0 ? fail_connection(call, -r) : 0;
}

/* Waits for the reply's message. */
static int receive(struct call *call, struct vg_message **out)
{
	struct pollfd wait = {.fd = call->channel.fd};
	int r;

	for (;;) {
		r = vg_channel_flush(&call->channel);
		if (r < 0)
			return fail_connection(call, -r);
		wait.events = (short)(POLLIN | (r ? POLLOUT : 0));
		r = vg_channel_receive(&call->channel, out);
		if (r > 0)
			return 0;
		if (r < 0)
			return fail_connection(call, -r);
		r = vg_wait(&wait, 1, call->deadline);
		if (r < 0)
			return fail_connection(call, -r);
		if (r == 0)
			return fail_late(call);
	}
}

/* The provider's own failure, as its record. */
static int fail_as_said(const struct call *call, struct json_object *error)
{
	const char *path = vg_json_text(error, "path", TEXT_MAX);
	const int err = (int)vg_json_number(error, "errno", 1, ERRNO_MAX, EPROTO);
	const struct vg_failure failure = {.operation = call->operation,
									   .path = path && path[0] ? path : call->at->path,
									   .value = vg_json_text(error, "value", TEXT_MAX),
									   .err = err,
									   .cause = vg_cause_parse(vg_json_text(error, "cause", TEXT_MAX)),
									   .hint = vg_json_text(error, "hint", TEXT_MAX)};
	const char *message = vg_json_text(error, "message", TEXT_MAX);

	return vg_fail(call->ctx, &failure, message ? "%s" : NULL, message);
}

static int read_reply(const struct call *call, struct vg_message *message, struct json_object **reply, int *fd)
{
	struct json_object *object, *error;
	int r;

	if ((message->header.flags & VG_USER_TYPE_MASK) != VG_USER_TYPE_REPLY || message->header.id != 1 ||
		message->header.command != VG_CONTROL_COMMAND || message->refused)
		return fail_bad(call);
	r = vg_json_parse(message->body, message->size, &object);
	if (r)
		return r == -ENOMEM ? vg_fail_memory(call->ctx, call->operation) : fail_bad(call);
	error = vg_json_object(object, "error");
	if (error)
		r = fail_as_said(call, error);
	else if (vg_json_number(object, "version", 1, INT32_MAX, 0) != VG_CONTROL_VERSION)
		r = fail(call, EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED,
				 "the provider speaks another version of the control protocol",
				 "use the libvgpu that the provider was made with, or a newer one");
	if (r) {
		json_object_put(object);
		return r;
	}
	if (fd)
		*fd = vg_fds_take(message->fds, 0);
	*reply = object;
	return 0;
}

static int converse(struct call *call, struct json_object *request, struct json_object **reply, int *fd)
{
	struct vg_message *message;
	int r, connection = vg_socket_connect(call->at->path, call->deadline);

	if (connection < 0)
		return fail_connection(call, -connection);
	vg_channel_init(&call->channel, connection, VG_CONTROL_DATA, fd ? 1 : 0, VG_CONTROL_HALF_MS);
	r = check_peer(call, connection);
	if (r == 0)
		r = send_request(call, request);
	if (r == 0)
		r = receive(call, &message);
	if (r == 0)
		r = read_reply(call, message, reply, fd);
	vg_channel_free(&call->channel);
	return r;
}

struct json_object *vg_control_request(const char *command)
{
	struct json_object *request = json_object_new_object();

	if (!request)
		return NULL;
	if (vg_json_add_number(request, "version", VG_CONTROL_VERSION) || vg_json_add_text(request, "command", command)) {
		json_object_put(request);
		return NULL;
	}
	return request;
}

int vg_control_call(struct vgpu_context *ctx, const char *operation, const struct vg_control_at *at,
					struct json_object *request, int64_t deadline, struct json_object **reply, int *fd)
{
	struct call call = {.ctx = ctx, .operation = operation, .at = at, .deadline = deadline};
	int r = -ENOMEM;

	if (request)
		r = converse(&call, request, reply, fd);
	else
		vg_fail_memory(ctx, operation);
	json_object_put(request);
	return r;
}
