/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's calls: sending, waiting for a reply by id, and who of the waiting threads reads the socket. */
#include <errno.h>
#include <string.h>

#include "sys/files.h"
#include "sys/unixsock.h"
#include "user/client_impl.h"

/* How much longer than others a slow command may take. */
#define SLOW 6

void vg_client_break(struct vg_client *client, int error)
{
	unsigned i;

	if (client->error)
		return;
	client->error = error;
	for (i = 0; i < VG_CLIENT_CALLS; i++)
		if (client->slots[i].call && !client->slots[i].is_done) {
			client->slots[i].is_done = true;
			client->slots[i].result = error;
		}
	/* the server shall see the end, and a poll in another thread too */
	vg_socket_shutdown(client->main.fd);
	if (client->twin.fd >= 0)
		vg_socket_shutdown(client->twin.fd);
	pthread_cond_broadcast(&client->changed);
}

static struct vg_slot *find_slot(struct vg_client *client, const struct vg_user_header *header)
{
	struct vg_slot *slot = &client->slots[header->id % VG_CLIENT_CALLS];

	if ((header->flags & VG_USER_TYPE_MASK) != VG_USER_TYPE_REPLY || !slot->call || slot->is_done)
		return NULL;
	return slot->id == header->id ? slot : NULL;
}

bool vg_client_sink(void *data, const struct vg_user_header *header, size_t *head, void **to, size_t *room)
{
	const struct vg_slot *slot = find_slot(data, header);

	if (!slot || !slot->call->data || header->flags & VG_USER_ERROR || header->command != slot->call->command)
		return false;
	*head = slot->call->head_size;
	*to = slot->call->data;
	*room = slot->call->room;
	return true;
}

static int check_reply(const struct vg_call *call, const struct vg_message *message)
{
	const uint32_t error = message->header.error;

	if (message->header.command != call->command)
		return -EPROTO;
	if (message->header.flags & VG_USER_ERROR)
		return error && error < 4096 ? -(int)error : -EIO;
	if (message->refused)
		return -message->refused;
	return message->size < call->head_size ? -EPROTO : 0;
}

/* A reply has come: whose? One that nobody waits for any more is dropped. */
static void take_reply(struct vg_client *client, struct vg_message *message)
{
	struct vg_slot *slot = find_slot(client, &message->header);
	struct vg_call *call;
	size_t i;

	if (!slot)
		return;
	call = slot->call;
	slot->is_done = true;
	slot->result = check_reply(call, message);
	if (slot->result)
		return;
	if (call->head_size)
		memcpy(call->head, message->body, call->head_size);
	call->got = message->sunk;
	for (i = 0; i < message->fds->count && i < call->fd_room; i++)
		call->reply_fds[i] = vg_fds_take(message->fds, i);
	call->reply_fd_count = i;
}

static void read_channel(struct vg_client *client, struct vg_channel *channel)
{
	struct vg_message *message;
	int r;

	do {
		if (vg_channel_is_full(channel))
			return; /* no answer would fit: the server is to take some first */
		r = vg_channel_receive(channel, &message);
		if (r < 0)
			vg_client_break(client, r);
		if (r <= 0)
			return;
		if ((message->header.flags & VG_USER_TYPE_MASK) == VG_USER_TYPE_REPLY)
			take_reply(client, message);
		else
			vg_client_serve(client, channel, message);
	} while (!client->error && vg_channel_has_input(channel));
}

static void flush_channel(struct vg_client *client, struct vg_channel *channel)
{
	int r;

	if (client->error || !vg_channel_queued(channel))
		return;
	r = vg_channel_flush(channel);
	if (r < 0)
		vg_client_break(client, r);
}

void vg_client_read(struct vg_client *client)
{
	flush_channel(client, &client->main);
	if (!client->error)
		read_channel(client, &client->main);
	if (client->error || client->twin.fd < 0)
		return;
	flush_channel(client, &client->twin);
	if (!client->error)
		read_channel(client, &client->twin);
}

static size_t list_polls(const struct vg_client *client, struct pollfd out[2], int64_t *deadline)
{
	const struct vg_channel *const channels[] = {&client->main, &client->twin};
	size_t i, n = 0;

	for (i = 0; i < 2; i++) {
		const struct vg_channel *channel = channels[i];
		int64_t half;

		if (channel->fd < 0)
			continue;
		half = vg_channel_deadline(channel);
		if (half < *deadline)
			*deadline = half;
		out[n++] = (struct pollfd){
			.fd = channel->fd,
			.events = (short)((vg_channel_is_full(channel) ? 0 : POLLIN) | (vg_channel_queued(channel) ? POLLOUT : 0))};
	}
	return n;
}

/* Looks for a while without sleeping. Holds the lock, which others need only now and then. */
static bool spin(struct vg_client *client, const struct vg_slot *slot)
{
	int64_t end = vg_now_us() + client->opts.spin_us;

	do
		vg_client_read(client);
	while (!slot->is_done && vg_now_us() < end);
	return slot->is_done;
}

/* Can it wait in receiving, which saves a system call: for nothing but a new message, and with time left? */
static bool can_receive(const struct vg_client *client, int64_t deadline)
{
	return client->wait_ms && client->twin.fd < 0 && !client->main.in_error && !vg_channel_queued(&client->main) &&
		   !vg_channel_has_input(&client->main) && deadline - vg_now_ms() >= client->wait_ms;
}

/* Reads for all: waits without the lock, and takes what has come. */
static void read_for_all(struct vg_client *client, int64_t deadline)
{
	const bool receives = can_receive(client, deadline);
	struct pollfd polls[2];
	size_t n = receives ? 0 : list_polls(client, polls, &deadline);

	client->has_reader = true;
	pthread_mutex_unlock(&client->lock);
	if (receives)
		vg_channel_wait(&client->main); /* what it fails with, the next call says */
	else
		vg_wait(polls, n, deadline);
	pthread_mutex_lock(&client->lock);
	client->has_reader = false;
	if (!client->error)
		vg_client_read(client);
	if (client->waiting) /* their replies, or their turn to read */
		pthread_cond_broadcast(&client->changed);
}

static void wait_for_change(struct vg_client *client, int64_t deadline)
{
	struct timespec until = {deadline / 1000, deadline % 1000 * 1000000};

	client->waiting++;
	pthread_cond_timedwait(&client->changed, &client->lock, &until);
	client->waiting--;
}

/* Waits for whatever may help a call, at most until the deadline. */
static void wait_a_turn(struct vg_client *client, int64_t deadline)
{
	struct pollfd poll = {.fd = client->main.fd, .events = POLLOUT};

	if (!client->has_reader) {
		read_for_all(client, deadline);
		return;
	}
	if (!vg_channel_queued(&client->main)) {
		wait_for_change(client, deadline);
		return;
	}
	pthread_mutex_unlock(&client->lock); /* the reader does not know that something waits to be sent */
	vg_wait(&poll, 1, deadline);
	pthread_mutex_lock(&client->lock);
	flush_channel(client, &client->main);
}

static int64_t deadline_of(const struct vg_client *client, bool is_slow)
{
	return vg_now_ms() + client->opts.timeout_ms * (is_slow ? SLOW : 1);
}

/* Sends a message once there is room for it. deadline 0: the usual one, from when there was none. */
static int send_message(struct vg_client *client, struct vg_user_header *header, const struct vg_call *call,
						unsigned flags, int64_t deadline)
{
	int r;

	for (;;) {
		if (client->error)
			return client->error;
		r = vg_channel_send(&client->main, header, call->body, call->parts, call->fds, call->fd_count, flags);
		if (client->main.out_error)
			vg_client_break(client, client->main.out_error);
		if (r != -EAGAIN || client->error)
			return r;
		if (!deadline)
			deadline = deadline_of(client, false);
		else if (vg_now_ms() >= deadline)
			return -ETIMEDOUT;
		wait_a_turn(client, deadline);
	}
}

/* The writes that wait become one message. */
static int send_writes(struct vg_client *client, unsigned flags, int64_t deadline)
{
	struct vg_user_header header = {.command = VG_USER_REGION_WRITE_MULTI, .flags = VG_USER_NO_REPLY};
	struct vg_user_write_multi multi = {client->write_count};
	struct iovec body[2] = {{&multi, sizeof(multi)}, {client->writes, client->write_count * sizeof(client->writes[0])}};
	const struct vg_call call = {.body = body, .parts = 2};
	int r;

	if (!client->write_count)
		return 0;
	client->write_count = 0;
	r = send_message(client, &header, &call, flags, deadline);
	return r;
}

/* A free place in the table, waited for. */
static int get_slot(struct vg_client *client, struct vg_call *call, int64_t deadline, struct vg_slot **out)
{
	unsigned i, at;

	for (;;) {
		for (i = 0; i < VG_CLIENT_CALLS; i++) {
			at = (client->next_slot + i) % VG_CLIENT_CALLS;
			if (client->slots[at].call)
				continue;
			client->next_slot = at + 1;
			client->slots[at] =
				(struct vg_slot){.call = call, .id = (uint16_t)(client->slots[at].id + VG_CLIENT_CALLS)};
			client->slots[at].id = (uint16_t)(client->slots[at].id - client->slots[at].id % VG_CLIENT_CALLS + at);
			*out = &client->slots[at];
			return 0;
		}
		if (client->error)
			return client->error;
		if (vg_now_ms() >= deadline)
			return -ETIMEDOUT;
		wait_a_turn(client, deadline);
	}
}

static int wait_for_reply(struct vg_client *client, const struct vg_slot *slot, int64_t deadline)
{
	const struct vg_call *call = slot->call;

	if (client->opts.spin_us && !client->has_reader && spin(client, slot))
		return slot->result;
	while (!slot->is_done) {
		if (vg_now_ms() >= deadline) {
			if (call->data && vg_channel_sinks_into(&client->main, call->data, call->room))
				vg_client_break(client, -ETIMEDOUT); /* the rest would go into memory that is the caller's again */
			return -ETIMEDOUT;
		}
		wait_a_turn(client, deadline);
	}
	return slot->result;
}

int vg_client_call(struct vg_client *client, struct vg_call *call)
{
	const int64_t deadline = deadline_of(client, call->is_slow);
	struct vg_user_header header = {.command = call->command};
	struct vg_slot *slot;
	int r;

	call->got = call->reply_fd_count = 0;
	pthread_mutex_lock(&client->lock);
	r = send_writes(client, VG_SEND_LATER, deadline);
	if (r == 0)
		r = get_slot(client, call, deadline, &slot);
	if (r == 0) {
		header.id = slot->id;
		r = send_message(client, &header, call, 0, deadline);
		if (r == 0)
			r = wait_for_reply(client, slot, deadline);
		slot->call = NULL;
		if (client->waiting)
			pthread_cond_broadcast(&client->changed);
	}
	pthread_mutex_unlock(&client->lock);
	return r;
}

/* Waits until the socket has taken what waits. deadline 0: the usual one. */
static int wait_until_sent(struct vg_client *client, int64_t deadline)
{
	while (!client->error && vg_channel_queued(&client->main)) {
		if (!deadline)
			deadline = deadline_of(client, false);
		else if (vg_now_ms() >= deadline)
			return -ETIMEDOUT;
		wait_a_turn(client, deadline);
	}
	return client->error;
}

int vg_client_post(struct vg_client *client, uint32_t region, uint64_t offset, const void *data, size_t size,
				   bool later)
{
	struct vg_user_header header = {.command = VG_USER_REGION_WRITE, .flags = VG_USER_NO_REPLY};
	struct vg_user_region_access access = {offset, region, (uint32_t)size};
	struct iovec body[2] = {{&access, sizeof(access)}, {(void *)(uintptr_t)data, size}};
	const struct vg_call call = {.body = body, .parts = 2};
	int r = 0;

	if (size > sizeof(client->writes[0].data))
		return -EMSGSIZE;
	pthread_mutex_lock(&client->lock);
	if (client->error) {
		r = client->error;
	} else if (later && client->caps.write_multiple) {
		struct vg_user_write *write;

		if (client->write_count == VG_CLIENT_WRITES)
			r = send_writes(client, VG_SEND_LATER, 0);
		if (r == 0) {
			write = &client->writes[client->write_count++];
			*write = (struct vg_user_write){.offset = offset, .region = region, .count = (uint32_t)size};
			memcpy(write->data, data, size);
		}
	} else {
		r = send_writes(client, VG_SEND_LATER, 0);
		if (r == 0)
			r = send_message(client, &header, &call, later ? VG_SEND_LATER : 0, 0);
		if (r == 0 && !later)
			r = wait_until_sent(client, 0); /* nobody may call again, who would send the rest */
	}
	pthread_mutex_unlock(&client->lock);
	return r;
}

int vg_client_flush(struct vg_client *client)
{
	const int64_t deadline = deadline_of(client, false);
	int r;

	pthread_mutex_lock(&client->lock);
	r = client->error;
	if (r == 0)
		r = send_writes(client, 0, deadline);
	flush_channel(client, &client->main);
	if (r == 0)
		r = wait_until_sent(client, deadline);
	pthread_mutex_unlock(&client->lock);
	return r;
}

int vg_client_process(struct vg_client *client)
{
	int r;

	pthread_mutex_lock(&client->lock);
	if (!client->error && !client->has_reader) {
		vg_client_read(client);
		if (client->waiting)
			pthread_cond_broadcast(&client->changed);
	}
	r = client->error;
	pthread_mutex_unlock(&client->lock);
	return r;
}
