/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sending half of a channel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/unixsock.h"
#include "user/channel.h"

#define ROOM_FIRST ((size_t)4096)
/* Messages up to this are copied behind what waits, so that one call sends all. */
#define SMALL ((size_t)4096)
/* The kernel takes a message up to this wholly, or not at all. */
#define ATOMIC ((size_t)16 * 1024)

static bool is_empty(const struct vg_channel_out *out)
{
	return out->start == out->end && !out->borrowed_count;
}

/* What a call of the socket failed with is for ever, if it is. */
static int note(struct vg_channel *channel, ssize_t n)
{
	if (n == -EPIPE || n == -ECONNRESET || n == -ENOTCONN)
		channel->out_error = -ENODEV;
	return channel->out_error ? channel->out_error : (int)n;
}

/* Room for size bytes more behind the end. */
static int make_room(struct vg_channel_out *out, size_t size)
{
	unsigned char *bigger;
	size_t i, room;

	if (out->room - out->end >= size)
		return 0;
	if (out->start) {
		memmove(out->buf, out->buf + out->start, out->end - out->start);
		for (i = 0; i < out->pending_count; i++)
			out->pending[i].at -= out->start;
		out->end -= out->start;
		out->start = 0;
	}
	if (out->room - out->end >= size)
		return 0;
	for (room = out->room ? out->room : ROOM_FIRST; room - out->end < size; room *= 2)
		; /* the queue's limit, of which the caller takes care, keeps this small */
	bigger = realloc(out->buf, room);
	if (!bigger)
		return -ENOMEM;
	out->buf = bigger;
	out->room = room;
	return 0;
}

/* Duplicates of descriptors that go with a message of this size, which starts at the end of the queue. */
static int queue_fds(struct vg_channel_out *out, size_t size, const int *fds, size_t count)
{
	struct vg_fds *copy;
	int fd;

	if (out->pending_count == VG_CHANNEL_QUEUED_FDS)
		return -EAGAIN;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (copy->count = 0; copy->count < count; copy->count++) {
		fd = vg_dup_fd(fds[copy->count]);
		if (fd < 0) {
			vg_fds_close(copy);
			free(copy);
			return fd;
		}
		copy->fd[copy->count] = fd;
	}
	out->pending[out->pending_count++] = (struct vg_channel_pending){out->end, size, copy};
	return 0;
}

/* Appends what is behind the first skip bytes of the parts; room was made. */
static void append(struct vg_channel_out *out, const struct iovec *parts, size_t count, size_t skip)
{
	size_t i;

	for (i = 0; i < count; i++) {
		size_t from = skip < parts[i].iov_len ? skip : parts[i].iov_len;

		skip -= from;
		if (parts[i].iov_len > from)
			memcpy(out->buf + out->end, (const char *)parts[i].iov_base + from, parts[i].iov_len - from);
		out->end += parts[i].iov_len - from;
	}
}

/* The same, but what is behind the header is only remembered. */
static void borrow(struct vg_channel_out *out, const struct iovec *parts, size_t count, size_t skip)
{
	size_t i;

	if (skip < parts[0].iov_len)
		append(out, parts, 1, skip);
	skip -= skip < parts[0].iov_len ? skip : parts[0].iov_len;
	out->borrowed_at = out->borrowed_count = 0;
	for (i = 1; i < count; i++) {
		size_t from = skip < parts[i].iov_len ? skip : parts[i].iov_len;

		skip -= from;
		if (parts[i].iov_len > from)
			out->borrowed[out->borrowed_count++] =
				(struct iovec){(char *)parts[i].iov_base + from, parts[i].iov_len - from};
	}
}

/* n bytes of what waits have gone. */
static void consume(struct vg_channel_out *out, size_t n)
{
	size_t of_buf = n < out->end - out->start ? n : out->end - out->start;

	if (out->pending_count && out->pending[0].at == out->start && n) {
		vg_fds_close(out->pending[0].fds);
		free(out->pending[0].fds);
		memmove(out->pending, out->pending + 1, --out->pending_count * sizeof(out->pending[0]));
	}
	out->start += of_buf;
	for (n -= of_buf; n;) {
		struct iovec *part = &out->borrowed[out->borrowed_at];
		size_t of_part = n < part->iov_len ? n : part->iov_len;

		part->iov_base = (char *)part->iov_base + of_part;
		part->iov_len -= of_part;
		n -= of_part;
		if (!part->iov_len)
			out->borrowed_at++;
	}
	if (out->borrowed_at == out->borrowed_count)
		out->borrowed_at = out->borrowed_count = 0;
	if (out->start == out->end)
		out->start = out->end = 0;
}

/* Sends what one call may: up to the next message with descriptors; or that message alone. */
static ssize_t send_some(struct vg_channel *channel)
{
	struct vg_channel_out *out = &channel->out;
	struct iovec parts[1 + VG_CHANNEL_PARTS];
	const struct vg_channel_pending *next = out->pending_count ? &out->pending[0] : NULL;
	const struct vg_fds *fds = NULL;
	size_t end = out->end, count = 0, i;

	if (next && next->at == out->start) {
		fds = next->fds;
		end = out->start + next->size < out->end ? out->start + next->size : out->end;
	} else if (next) {
		end = next->at;
	}
	if (out->start < end)
		parts[count++] = (struct iovec){out->buf + out->start, end - out->start};
	for (i = out->borrowed_at; end == out->end && i < out->borrowed_count; i++)
		parts[count++] = out->borrowed[i];
	return vg_socket_send(channel->fd, parts, count, fds ? fds->fd : NULL, fds ? fds->count : 0);
}

int vg_channel_flush(struct vg_channel *channel)
{
	struct vg_channel_out *out = &channel->out;
	bool moved = false;
	ssize_t n = 0;
	int64_t now;

	if (channel->out_error)
		return channel->out_error;
	while (!is_empty(out) && (n = send_some(channel)) > 0) {
		consume(out, (size_t)n);
		moved = true;
	}
	if (is_empty(out)) {
		out->since = 0;
		return 0;
	}
	if (n != -EAGAIN) {
		note(channel, n);
		if (!channel->out_error)
			channel->out_error = (int)n;
		return channel->out_error;
	}
	now = vg_now_ms();
	if (moved || !out->since)
		out->since = now;
	if (now - out->since >= channel->half_ms)
		channel->out_error = -ETIMEDOUT;
	return channel->out_error ? channel->out_error : 1;
}

/* Queues parts[0..count), of which the first skip bytes have gone. The queue takes all of it, or nothing. */
static int queue(struct vg_channel *channel, const struct iovec *parts, size_t count, size_t size, size_t skip,
				 const int *fds, size_t fd_count, unsigned flags)
{
	struct vg_channel_out *out = &channel->out;
	const bool borrows = flags & VG_SEND_BORROW && size > SMALL;
	size_t left = borrows ? parts[0].iov_len : size - skip;
	int r;

	if (out->borrowed_count || out->end - out->start + left > channel->max_queue)
		return -EAGAIN;
	r = make_room(out, left);
	if (r == 0 && fd_count && !skip)
		r = queue_fds(out, size, fds, fd_count);
	if (r)
		return r;
	if (borrows)
		borrow(out, parts, count, skip);
	else
		append(out, parts, count, skip);
	return 0;
}

/* Sends what the socket takes now, and queues the rest: nothing waits before it. */
static int send_now(struct vg_channel *channel, struct iovec *parts, size_t count, size_t size, const int *fds,
					size_t fd_count, unsigned flags)
{
	ssize_t n;
	int r;

	if (size > channel->max_queue)
		return -EMSGSIZE;
	if (size > ATOMIC) { /* else it would be too late to find that there is no memory for the rest */
		r = make_room(&channel->out, flags & VG_SEND_BORROW ? parts[0].iov_len : size);
		if (r)
			return r;
	}
	n = vg_socket_send(channel->fd, parts, count, fds, fd_count);
	if (n == (ssize_t)size)
		return 0;
	if (n < 0 && n != -EAGAIN)
		return note(channel, n);
	if (n == -EAGAIN)
		n = 0;
	r = queue(channel, parts, count, size, (size_t)n, fds, fd_count, flags);
	if (r == 0)
		channel->out.since = vg_now_ms();
	else if (n)
		channel->out_error = r; /* a message that was cut off: nothing can follow it */
	return r;
}

int vg_channel_send(struct vg_channel *channel, struct vg_user_header *header, const struct iovec *body, size_t parts,
					const int *fds, size_t fd_count, unsigned flags)
{
	struct iovec all[1 + VG_CHANNEL_PARTS] = {{header, sizeof(*header)}};
	size_t size = sizeof(*header), i;
	int r;

	if (channel->out_error)
		return channel->out_error;
	if (parts > VG_CHANNEL_PARTS || fd_count > VG_USER_FDS_MAX)
		return -EINVAL;
	for (i = 0; i < parts; i++) {
		all[1 + i] = body[i];
		if (__builtin_add_overflow(size, body[i].iov_len, &size))
			return -EMSGSIZE;
	}
	if (size > UINT32_MAX)
		return -EMSGSIZE;
	header->size = (uint32_t)size;
	if (flags & VG_SEND_LATER)
		return queue(channel, all, 1 + parts, size, 0, fds, fd_count, 0);
	if (!is_empty(&channel->out) && size > SMALL) {
		r = vg_channel_flush(channel);
		if (r < 0)
			return r;
	}
	if (is_empty(&channel->out))
		return send_now(channel, all, 1 + parts, size, fds, fd_count, flags);
	r = queue(channel, all, 1 + parts, size, 0, fds, fd_count, flags);
	if (r)
		return r;
	r = vg_channel_flush(channel);
	return r < 0 ? r : 0;
}

int vg_channel_reply(struct vg_channel *channel, const struct vg_user_header *command, const struct iovec *body,
					 size_t parts, const int *fds, size_t fd_count, unsigned flags)
{
	struct vg_user_header header = {.id = command->id, .command = command->command, .flags = VG_USER_TYPE_REPLY};

	if (command->flags & VG_USER_NO_REPLY)
		return 0;
	return vg_channel_send(channel, &header, body, parts, fds, fd_count, flags);
}

int vg_channel_reply_error(struct vg_channel *channel, const struct vg_user_header *command, int err)
{
	struct vg_user_header header = {.id = command->id,
									.command = command->command,
									.flags = VG_USER_TYPE_REPLY | VG_USER_ERROR,
									.error = (uint32_t)err};

	if (command->flags & VG_USER_NO_REPLY)
		return 0;
	return vg_channel_send(channel, &header, NULL, 0, NULL, 0, 0);
}

size_t vg_channel_queued(const struct vg_channel *channel)
{
	size_t i, n = channel->out.end - channel->out.start;

	for (i = channel->out.borrowed_at; i < channel->out.borrowed_count; i++)
		n += channel->out.borrowed[i].iov_len;
	return n;
}

bool vg_channel_is_full(const struct vg_channel *channel)
{
	return channel->out.borrowed_count ||
		   channel->out.end - channel->out.start + channel->max_size > channel->max_queue;
}
