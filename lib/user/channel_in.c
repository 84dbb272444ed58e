/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The receiving half of a channel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/files.h"
#include "sys/unixsock.h"
#include "user/channel.h"

/* Room for a few hundred small messages that one call receives. */
#define ROOM_FIRST ((size_t)16 * 1024)
#define ROOM_STEP ((size_t)4096)
#define HEADER sizeof(struct vg_user_header)

int vg_fds_take(struct vg_fds *fds, size_t i)
{
	int fd;

	if (i >= fds->count)
		return -1;
	fd = fds->fd[i];
	fds->fd[i] = -1;
	return fd;
}

void vg_fds_close(struct vg_fds *fds)
{
	size_t i;

	for (i = 0; i < fds->count; i++)
		if (fds->fd[i] >= 0)
			vg_close(fds->fd[i]);
	fds->count = 0;
}

void vg_channel_limit(struct vg_channel *channel, uint32_t max_data, uint32_t max_fds)
{
	uint32_t size;

	if (__builtin_add_overflow(max_data, (uint32_t)HEADER + VG_USER_OVERHEAD, &size))
		size = UINT32_MAX;
	channel->max_size = size;
	channel->max_fds = max_fds < VG_USER_FDS_MAX ? max_fds : VG_USER_FDS_MAX;
	/* the largest message that a peer with the same limits gets, and some small ones */
	channel->max_queue = (size_t)size + ROOM_FIRST * 4;
}

void vg_channel_init(struct vg_channel *channel, int fd, uint32_t max_data, uint32_t max_fds, int64_t half_ms)
{
	memset(channel, 0, sizeof(*channel));
	channel->fd = fd;
	channel->half_ms = half_ms;
	channel->in.later_at = SIZE_MAX;
	vg_channel_limit(channel, max_data, max_fds);
}

void vg_channel_free(struct vg_channel *channel)
{
	size_t i;

	vg_fds_close(&channel->in.fds[0]);
	vg_fds_close(&channel->in.fds[1]);
	for (i = 0; i < channel->out.pending_count; i++) {
		vg_fds_close(channel->out.pending[i].fds);
		free(channel->out.pending[i].fds);
	}
	free(channel->in.buf);
	free(channel->out.buf);
	if (channel->fd >= 0)
		vg_close(channel->fd);
	memset(channel, 0, sizeof(*channel));
	channel->fd = -1;
}

bool vg_channel_has_input(const struct vg_channel *channel)
{
	return channel->in.end - channel->in.start > channel->in.used;
}

bool vg_channel_sinks_into(const struct vg_channel *channel, const void *buf, size_t size)
{
	const unsigned char *start = buf;

	return channel->in.sinking && channel->in.missing && channel->in.to >= start && channel->in.to <= start + size;
}

/* Done with the message that was handed out last. */
static void release(struct vg_channel_in *in)
{
	if (!in->used)
		return;
	vg_fds_close(&in->fds[in->first]);
	in->refused[in->first] = 0;
	in->start += in->used;
	in->used = 0;
	in->checked = in->sinking = false;
	if (in->later_at == in->start) {
		in->first ^= 1;
		in->later_at = SIZE_MAX;
	}
	if (in->start == in->end)
		in->start = in->end = 0;
}

/* The first message's bytes start the buffer. */
static void compact(struct vg_channel_in *in)
{
	if (!in->start)
		return;
	memmove(in->buf, in->buf + in->start, in->end - in->start);
	if (in->later_at != SIZE_MAX)
		in->later_at -= in->start;
	in->end -= in->start;
	in->start = 0;
}

/* Room for the rest of the first message, and for at least one byte. */
static int make_room(struct vg_channel_in *in, const struct vg_user_header *header)
{
	size_t need = in->sinking ? in->head : in->checked ? header->size : HEADER, room;
	unsigned char *bigger;

	if (in->room - in->start < need || in->end == in->room)
		compact(in);
	if (in->room >= need && in->end < in->room)
		return 0;
	room = need < ROOM_FIRST ? ROOM_FIRST : (need + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
	if (in->end == room)
		room += ROOM_STEP;
	bigger = realloc(in->buf, room);
	if (!bigger)
		return -ENOMEM;
	in->buf = bigger;
	in->room = room;
	return 0;
}

/* Where the last message starts of which something is in the buffer. */
static size_t last_start(const struct vg_channel *channel)
{
	const struct vg_channel_in *in = &channel->in;
	struct vg_user_header header;
	size_t at = in->start, next;

	for (;;) {
		if (at == in->start && in->sinking) {
			next = at + in->head;
			if (in->missing)
				return at;
		} else {
			if (in->end - at < HEADER)
				return at;
			memcpy(&header, in->buf + at, HEADER);
			if (header.size < HEADER || header.size > channel->max_size)
				return at; /* it is the end of this connection */
			next = at + header.size;
		}
		if (next >= in->end)
			return at;
		at = next;
	}
}

/* Descriptors that came with the last bytes go to their message; fds is emptied. */
static void keep_fds(struct vg_channel *channel, struct vg_fds *fds, bool truncated)
{
	struct vg_channel_in *in = &channel->in;
	size_t at = last_start(channel), i;
	unsigned which = in->first;
	struct vg_fds *mine;

	if (at != in->start) {
		which ^= 1;
		in->later_at = at;
	}
	mine = &in->fds[which];
	if (truncated)
		in->refused[which] = EMFILE;
	else if (fds->count > channel->max_fds - mine->count)
		in->refused[which] = E2BIG;
	if (in->refused[which]) {
		vg_fds_close(fds);
		vg_fds_close(mine);
		return;
	}
	for (i = 0; i < fds->count; i++)
		mine->fd[mine->count++] = fds->fd[i];
}

/* Receives more: 1; 0: there is nothing now, or, with wait, for a while; or -errno. */
static int fill(struct vg_channel *channel, bool wait)
{
	struct vg_channel_in *in = &channel->in;
	int r = make_room(in, &in->message.header);
	struct iovec parts[2];
	size_t count = 0, got;
	struct vg_fds fds;
	bool truncated;
	ssize_t n;

	if (r)
		return r;
	if (in->sinking && in->end - in->start >= in->head)
		parts[count++] = (struct iovec){in->to, in->missing};
	parts[count++] = (struct iovec){in->buf + in->end, in->room - in->end};
	n = vg_socket_receive(channel->fd, parts, count, wait, fds.fd, &fds.count, &truncated);
	if (n == -EAGAIN)
		return 0;
	if (n == 0 || n == -ECONNRESET)
		return -ENODEV;
	if (n < 0)
		return (int)n;
	got = (size_t)n;
	if (count == 2) {
		size_t sunk = got < in->missing ? got : in->missing;

		in->to += sunk;
		in->missing -= sunk;
		got -= sunk;
	}
	in->end += got;
	if (fds.count || truncated)
		keep_fds(channel, &fds, truncated);
	return 1;
}

/* Looks at the header of the first message. */
static int check_header(struct vg_channel *channel)
{
	struct vg_channel_in *in = &channel->in;
	struct vg_user_header *header = &in->message.header;
	size_t head = 0, room = 0;
	void *to = NULL;

	memcpy(header, in->buf + in->start, HEADER);
	if (header->size < HEADER || (header->flags & VG_USER_TYPE_MASK) > VG_USER_TYPE_REPLY)
		return -EPROTO;
	if (header->size > channel->max_size)
		return -EMSGSIZE;
	in->checked = true;
	if (!channel->sink || !channel->sink(channel->sink_data, header, &head, &to, &room))
		return 0;
	head += HEADER;
	if (header->size <= head)
		return 0;
	if (header->size - head > room)
		return -EPROTO;
	in->sinking = true;
	in->head = head;
	in->to = to;
	in->sunk = in->missing = header->size - head;
	return 0;
}

/* What of the first message's data is in the buffer goes to where it shall be. */
static void sink(struct vg_channel_in *in)
{
	unsigned char *data = in->buf + in->start + in->head;
	size_t there = in->end - in->start - in->head;
	size_t n = there < in->missing ? there : in->missing;

	if (!n)
		return;
	memcpy(in->to, data, n);
	memmove(data, data + n, there - n);
	in->end -= n;
	if (in->later_at != SIZE_MAX)
		in->later_at -= n;
	in->to += n;
	in->missing -= n;
}

/* Is the first message whole? 1, 0, or -errno. */
static int complete(struct vg_channel *channel)
{
	struct vg_channel_in *in = &channel->in;
	size_t there = in->end - in->start;
	int r;

	if (!in->checked) {
		if (there < HEADER)
			return 0;
		r = check_header(channel);
		if (r)
			return r;
	}
	if (!in->sinking) {
		in->used = there < in->message.header.size ? 0 : in->message.header.size;
		return in->used != 0;
	}
	if (there < in->head)
		return 0;
	if (in->missing)
		sink(in);
	in->used = in->missing ? 0 : in->head;
	return in->used != 0;
}

/* A message that is not whole is there for too long? */
static int check_half(struct vg_channel *channel)
{
	struct vg_channel_in *in = &channel->in;
	int64_t now;

	if (in->start == in->end)
		return 0;
	now = vg_now_ms();
	if (!in->since)
		in->since = now;
	return now - in->since < channel->half_ms ? 0 : -ETIMEDOUT;
}

int vg_channel_receive(struct vg_channel *channel, struct vg_message **out)
{
	struct vg_channel_in *in = &channel->in;
	int r;

	if (channel->in_error)
		return channel->in_error;
	release(in);
	do
		r = complete(channel);
	while (r == 0 && (r = fill(channel, false)) == 1);
	if (r == 0)
		r = check_half(channel);
	if (r < 0)
		channel->in_error = r;
	if (r <= 0)
		return r;
	in->since = 0;
	in->message.body = in->buf + in->start + HEADER;
	in->message.size = in->used - HEADER;
	in->message.sunk = in->sinking ? in->sunk : 0;
	in->message.fds = &in->fds[in->first];
	in->message.refused = in->refused[in->first];
	*out = &in->message;
	return 1;
}

int vg_channel_wait(struct vg_channel *channel)
{
	int r;

	if (channel->in_error)
		return channel->in_error;
	release(&channel->in);
	r = fill(channel, true);
	if (r < 0)
		channel->in_error = r;
	return r;
}

int64_t vg_channel_deadline(const struct vg_channel *channel)
{
	int64_t in = channel->in.since ? channel->in.since + channel->half_ms : INT64_MAX;
	int64_t out = channel->out.since ? channel->out.since + channel->half_ms : INT64_MAX;

	return in < out ? in : out;
}
