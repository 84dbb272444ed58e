/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vfio-user client's connection: what comes in, what goes out, and its end. */
#include "provider/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/files.h"
#include "sys/unixsock.h"

/* Messages worked on in one go, and how long that may take, so that other connections have their turn. */
#define SERVE_MAX 64
#define SERVE_MS 2
/* Commands that are kept while another is worked on; who sends more waits. */
#define HELD_MAX ((size_t)4 << 20)
/* What a descriptor of theirs counts as: no more than 64 are kept from others. */
#define HELD_FD (HELD_MAX / 64)
/* A body that is longer is not kept for the next time. */
#define KEEP_MAX ((size_t)64 << 10)

bool vg_buffer_make_room(struct vg_buffer *buffer, size_t size)
{
	size_t room = buffer->room ? buffer->room : 256; /* there is always something, also for nothing */
	unsigned char *bytes;

	if (buffer->bytes && size <= buffer->room)
		return true;
	while (room < size)
		room *= 2;
	bytes = realloc(buffer->bytes, room);
	if (!bytes)
		return false;
	buffer->bytes = bytes;
	buffer->room = room;
	return true;
}

static struct vg_loop *loop_of(const struct vg_conn *conn)
{
	return &conn->instance->provider->loop;
}

static void free_conn(struct vg_conn *conn)
{
	struct vg_held *held;

	vg_channel_free(&conn->channel);
	vg_channel_free(&conn->twin);
	while ((held = conn->held)) {
		conn->held = held->next;
		vg_fds_close(&held->fds);
		free(held);
	}
	if (conn->current)
		vg_fds_close(&conn->current->fds);
	free(conn->current);
	free(conn->reply.bytes);
	free(conn->copy.bytes);
	vgpu_instance_unref(conn->instance);
	free(conn);
}

static void free_source(struct vg_source *source)
{
	free_conn(VG_OWNER(source, struct vg_conn, source));
}

/* Nothing refers to it any more but events of this turn, and an op that still works for it. */
static void let_go(struct vg_conn *conn)
{
	struct vg_loop *loop = loop_of(conn);

	vg_timer_disarm(&conn->timer);
	pthread_mutex_lock(&loop->lock);
	vg_loop_take_back_locked(loop, &conn->again);
	pthread_mutex_unlock(&loop->lock);
	if (conn->refuse) {
		size_t i;

		for (i = 0; i < VG_SERVER_GUESTS_MAX; i++)
			if (conn->server->guests[i] == conn)
				conn->server->guests[i] = NULL;
	} else if (conn->server) {
		struct vgpu_provider *provider = conn->instance->provider;

		conn->server->conn = NULL;
		pthread_mutex_lock(&provider->lock);
		conn->instance->client_pid = -1;
		pthread_mutex_unlock(&provider->lock);
	}
	conn->server = NULL;
	if (vg_request_is_issued(&conn->request))
		return; /* vg_conn_reply() or vg_conn_fail() will come, and free it */
	conn->source.free_fn = free_source;
	conn->source.next_dead = loop->dead;
	loop->dead = &conn->source;
}

/* All that was the client's is taken back. */
static void take_back(struct vgpu_instance *instance)
{
	struct vg_guest *guest = &instance->guest;

	pthread_mutex_lock(&guest->lock);
	guest->connected = false;
	pthread_mutex_unlock(&guest->lock);
	vg_guest_clear(guest);
	vg_irqs_clear(instance);
	vg_doorbells_close(instance);
	vg_regions_forget(instance);
}

static void end(struct vgpu_instance *instance)
{
	struct vg_conn *conn = instance->server ? instance->server->conn : NULL;

	vgpu_instance_ref(instance);
	take_back(instance);
	vg_quiesce_end(instance);
	if (conn)
		let_go(conn);
	vg_destroy_go_on(instance);
	vgpu_instance_unref(instance);
}

/* No command is worked on any more. */
static void end_client(struct vg_conn *conn)
{
	struct vgpu_instance *instance = conn->instance;

	vg_timer_disarm(&conn->timer);
	if (conn->negotiated && !vg_instance_is_failed(instance)) {
		vg_quiesce_begin(instance, VGPU_QUIESCE_DISCONNECT, end);
		return;
	}
	vgpu_instance_ref(instance);
	take_back(instance);
	let_go(conn);
	vg_destroy_go_on(instance);
	vgpu_instance_unref(instance);
}

static void stop_watching(struct vg_conn *conn)
{
	if (conn->source.fn)
		vg_source_close(loop_of(conn), &conn->source);
	if (conn->twin.fd >= 0 && conn->twin_source.fn)
		vg_source_close(loop_of(conn), &conn->twin_source);
}

void vg_conn_close(struct vg_conn *conn)
{
	struct vgpu_instance *instance = conn->instance;
	const bool failed = vg_instance_is_failed(instance);

	if (conn->closing && !failed)
		return;
	if (!conn->closing) {
		conn->closing = true;
		stop_watching(conn);
		vg_socket_shutdown(conn->channel.fd);
		if (conn->twin.fd >= 0)
			vg_socket_shutdown(conn->twin.fd);
		vg_transfers_fail(conn, INT64_MAX, -ENODEV);
	}
	if (!conn->server)
		return; /* it has been let go */
	if (conn->refuse) {
		let_go(conn);
		return;
	}
	if (failed || !conn->busy)
		end_client(conn);
	else /* an op works for it: it has a while to come to its end */
		vg_timer_arm(loop_of(conn), &conn->timer, vg_now_ms() + (int64_t)instance->provider->opts.quiesce_ms);
}

static void miss(struct vg_timer *timer)
{
	struct vg_conn *conn = VG_OWNER(timer, struct vg_conn, timer);
	int64_t now = vg_now_ms();

	if (conn->closing) {
		vg_instance_fail(conn->instance, "an op did not complete after its client had gone");
		return;
	}
	vg_transfers_fail(conn, now, -ETIMEDOUT);
	if (!conn->negotiated || vg_channel_deadline(&conn->channel) <= now ||
		(conn->twin.fd >= 0 && vg_channel_deadline(&conn->twin) <= now))
		vg_conn_close(conn);
	else
		vg_conn_set_timer(conn);
}

void vg_conn_set_timer(struct vg_conn *conn)
{
	int64_t deadline = vg_transfers_deadline(conn), other = vg_channel_deadline(&conn->channel);

	if (conn->closing || !conn->negotiated)
		return; /* its timer is set for that */
	if (other < deadline)
		deadline = other;
	if (conn->twin.fd >= 0) {
		other = vg_channel_deadline(&conn->twin);
		if (other < deadline)
			deadline = other;
	}
	if (deadline == INT64_MAX)
		vg_timer_disarm(&conn->timer);
	else if (!conn->timer.armed || conn->timer.deadline != deadline)
		vg_timer_arm(loop_of(conn), &conn->timer, deadline);
}

/* Must what comes be read now, although a command is worked on: replies to our messages? */
static bool must_read(const struct vg_conn *conn)
{
	return conn->transfers && conn->twin.fd < 0 && conn->held_bytes < HELD_MAX;
}

void vg_conn_watch(struct vg_conn *conn)
{
	const bool waits = conn->busy ? !must_read(conn) : vg_channel_queued(&conn->channel) > 0;
	uint32_t in = waits ? 0 : VG_POLL_IN;

	if (conn->closing)
		return;
	vg_source_want(loop_of(conn), &conn->source, in | (vg_channel_queued(&conn->channel) ? VG_POLL_OUT : 0));
	if (conn->twin.fd >= 0)
		vg_source_want(loop_of(conn), &conn->twin_source,
					   VG_POLL_IN | (vg_channel_queued(&conn->twin) ? VG_POLL_OUT : 0));
	vg_conn_set_timer(conn);
}

static size_t cost(const struct vg_held *held)
{
	return sizeof(*held) + held->size + held->fds.count * HELD_FD;
}

static bool hold(struct vg_conn *conn, struct vg_message *message)
{
	struct vg_held *held = malloc(sizeof(*held) + message->size);

	if (!held)
		return false;
	held->next = NULL;
	held->header = message->header;
	held->fds = *message->fds;
	message->fds->count = 0;
	held->size = message->size;
	memcpy(held->body, message->body, message->size);
	*conn->held_end = held;
	conn->held_end = &held->next;
	conn->held_bytes += cost(held);
	return true;
}

static void begin(struct vg_conn *conn, const struct vg_user_header *header, const unsigned char *body, size_t size,
				  struct vg_fds *fds)
{
	conn->command = *header;
	conn->body = body;
	conn->size = size;
	conn->fds = fds;
	conn->busy = true;
	vg_conn_dispatch(conn);
}

static void begin_held(struct vg_conn *conn)
{
	struct vg_held *held = conn->held;

	conn->held = held->next;
	if (!conn->held)
		conn->held_end = &conn->held;
	conn->held_bytes -= cost(held);
	conn->current = held;
	begin(conn, &held->header, held->body, held->size, &held->fds);
}

static void take_message(struct vg_conn *conn, struct vg_message *message)
{
	const uint32_t type = message->header.flags & VG_USER_TYPE_MASK;

	if (type == VG_USER_TYPE_REPLY) {
		if (!vg_transfer_take_reply(conn, message))
			vg_conn_close(conn);
	} else if (type != VG_USER_TYPE_COMMAND) {
		vg_conn_close(conn);
	} else if (conn->busy) {
		if (message->refused || !hold(conn, message))
			vg_conn_close(conn);
	} else if (message->refused) {
		conn->command = message->header;
		conn->busy = true;
		vg_conn_fail(conn, -message->refused);
	} else {
		begin(conn, &message->header, message->body, message->size, message->fds);
	}
}

/* One thing; false: there is nothing to do now. */
static bool serve_one(struct vg_conn *conn)
{
	struct vg_message *message;
	int r;

	if (!conn->busy && conn->held) {
		begin_held(conn);
		return true;
	}
	if (conn->busy ? !must_read(conn) : vg_channel_queued(&conn->channel) > 0)
		return false; /* who does not take answers gets no more of them */
	r = vg_channel_receive(&conn->channel, &message);
	if (r < 0)
		vg_conn_close(conn);
	else if (r > 0)
		take_message(conn, message);
	return r > 0;
}

/* Is there something to do that no descriptor tells of? What else has come is told of again. */
static bool has_more(const struct vg_conn *conn)
{
	return conn->busy ? must_read(conn) : conn->held || vg_channel_has_input(&conn->channel);
}

unsigned vg_conn_serve(struct vg_conn *conn)
{
	struct vgpu_instance *instance = conn->instance;
	unsigned done = 0;
	int64_t until = 0; /* not for one message alone */
	bool more = true;

	if (conn->serving || conn->closing)
		return 0;
	conn->serving = true;
	vgpu_instance_ref(instance);
	while (more && done < SERVE_MAX && !conn->closing) {
		more = serve_one(conn);
		done += more;
		more = more && has_more(conn);
		if (more && !until)
			until = vg_now_ms() + SERVE_MS;
		else if (more && vg_now_ms() > until)
			break;
	}
	conn->serving = false;
	if (!conn->closing) {
		if (more)
			vg_loop_post(loop_of(conn), &conn->again);
		vg_conn_watch(conn);
	}
	vgpu_instance_unref(instance);
	return done;
}

/* Messages often come one after the other. */
static int look(struct vg_source *source)
{
	struct vg_conn *conn = VG_OWNER(source, struct vg_conn, source);

	if (conn->busy || vg_channel_queued(&conn->channel))
		return -1;
	return (int)vg_conn_serve(conn);
}

static void serve_again(struct vg_post *post)
{
	vg_conn_serve(VG_OWNER(post, struct vg_conn, again));
}

static void hear(struct vg_source *source, uint32_t events)
{
	struct vg_conn *conn = VG_OWNER(source, struct vg_conn, source);

	if (events & VG_POLL_OUT && vg_channel_flush(&conn->channel) < 0) {
		vg_conn_close(conn);
		return;
	}
	vg_transfers_go_on(conn);
	/* an end of the stream is told even where it was not asked for */
	if (events & VG_POLL_IN && !(source->events & VG_POLL_IN))
		vg_conn_close(conn);
	else if (vg_conn_serve(conn) && !conn->closing)
		loop_of(conn)->last = source;
}

static void hear_twin(struct vg_source *source, uint32_t events)
{
	struct vg_conn *conn = VG_OWNER(source, struct vg_conn, twin_source);
	struct vg_message *message;
	unsigned i;
	int r = events & VG_POLL_OUT ? vg_channel_flush(&conn->twin) : 0;

	for (i = 0; r >= 0 && i < SERVE_MAX && !conn->closing; i++) {
		r = vg_channel_receive(&conn->twin, &message);
		if (r <= 0)
			break;
		if ((message->header.flags & VG_USER_TYPE_MASK) != VG_USER_TYPE_REPLY || !vg_transfer_take_reply(conn, message))
			r = -EPROTO;
	}
	if (r >= 0)
		vg_transfers_go_on(conn);
	if (r < 0)
		vg_conn_close(conn);
	else
		vg_conn_watch(conn);
}

static bool add_guest(struct vg_server *server, struct vg_conn *conn)
{
	size_t i;

	for (i = 0; i < VG_SERVER_GUESTS_MAX; i++) {
		if (!server->guests[i]) {
			server->guests[i] = conn;
			return true;
		}
	}
	return false;
}

int vg_conn_open(struct vg_server *server, int fd, int refuse)
{
	struct vgpu_provider *provider = server->instance->provider;
	struct vg_conn *conn = calloc(1, sizeof(*conn));
	int r;

	if (!conn) {
		vg_close(fd);
		return -ENOMEM;
	}
	vg_channel_init(&conn->channel, fd, VG_SERVER_DATA_MAX, VG_SERVER_FDS_MAX, (int64_t)provider->opts.request_ms);
	conn->channel.max_queue *= 3; /* a message to the client may wait where an answer comes */
	conn->twin.fd = -1;
	conn->server = server;
	conn->instance = vgpu_instance_ref(server->instance);
	conn->refuse = refuse;
	conn->held_end = &conn->held;
	conn->timer.fn = miss;
	conn->again.fn = serve_again;
	conn->source = (struct vg_source){.fn = hear, .look_fn = look, .fd = fd};
	conn->twin_source = (struct vg_source){.fn = hear_twin, .fd = -1};
	r = vg_source_open(&provider->loop, &conn->source, VG_POLL_IN);
	if (r) {
		free_conn(conn);
		return r;
	}
	if (!refuse)
		server->conn = conn;
	else if (!add_guest(server, conn)) {
		stop_watching(conn);
		free_conn(conn);
		return -EBUSY;
	}
	vg_timer_arm(&provider->loop, &conn->timer, vg_now_ms() + (int64_t)provider->opts.request_ms);
	return 0;
}

void vg_conn_settle(struct vg_conn *conn, int sent)
{
	struct vg_held *held = conn->current;

	conn->busy = false;
	if (held) {
		vg_fds_close(&held->fds);
		free(held);
		conn->current = NULL;
	}
	if (conn->copy.room > KEEP_MAX) {
		free(conn->copy.bytes);
		conn->copy = (struct vg_buffer){0};
	}
	if (!conn->server) { /* an op came to its end long after the client */
		conn->source.free_fn = free_source;
		conn->source.next_dead = loop_of(conn)->dead;
		loop_of(conn)->dead = &conn->source;
	} else if (conn->closing) {
		end_client(conn);
	} else if (sent < 0) {
		vg_conn_close(conn);
	} else {
		vg_conn_serve(conn);
	}
}

const unsigned char *vg_conn_keep(struct vg_conn *conn, const unsigned char *data, size_t size)
{
	/* what else comes over the same socket takes the place of this message */
	if (conn->twin.fd >= 0 || conn->current || !conn->instance->guest.can_message)
		return data;
	if (!vg_buffer_make_room(&conn->copy, size))
		return NULL;
	memcpy(conn->copy.bytes, data, size);
	return conn->copy.bytes;
}
