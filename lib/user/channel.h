/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vfio-user connection's messages, either end: bytes of a UNIX stream socket in, whole messages out, and the other
 * way. Never blocks. Buffers are kept and used again: where their size has settled, no message allocates anything.
 *
 * Which descriptors belong to which message: the kernel ends what it hands out with the bytes of the sendmsg() that
 * had descriptors. Peers send a message with descriptors by a call of its own, so they are those of the last message
 * that starts within what was received, or of the one that goes on.
 *
 * Threads: one may receive while another sends; otherwise the caller takes care that calls do not run at once.
 */
#ifndef VG_USER_CHANNEL_H
#define VG_USER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "user/wire.h"

/* The most parts that the body of a message to send may have. */
#define VG_CHANNEL_PARTS 4
/* The most messages with descriptors that are queued. */
#define VG_CHANNEL_QUEUED_FDS 16

struct vg_fds {
	size_t count;
	int fd[VG_USER_FDS_MAX];
};

/* A received message. All of it is valid until the channel's next vg_channel_receive(). */
struct vg_message {
	struct vg_user_header header;
	const unsigned char *body; /* not aligned */
	size_t size;               /* of what is at body */
	size_t sunk;               /* bytes behind it that went where vg_channel_sink_fn said */
	struct vg_fds *fds;        /* never NULL; the next call closes them: take one out by vg_fds_take() */
	int refused;               /* a positive errno: too many descriptors came, or some were lost; it has none then */
};

/*
 * Where the data of a message whose header has come shall go: *to[*room], behind the first *head bytes of its body.
 * False: into the channel's own buffer. A message with more data than room breaks the connection.
 */
typedef bool (*vg_channel_sink_fn)(void *data, const struct vg_user_header *header, size_t *head, void **to,
								   size_t *room);

/* The receiving half. Offsets are into buf. */
struct vg_channel_in {
	unsigned char *buf;
	size_t room;
	size_t start; /* of the first message that was not handed out, or not wholly */
	size_t end;   /* of what was received */
	size_t used;  /* bytes of the message that was handed out last */
	bool checked; /* the header at start has been looked at */
	bool sinking; /* its data go elsewhere */
	size_t head;  /* then: bytes before them, header included; how many there are in all, and are missing */
	size_t sunk;
	unsigned char *to;
	size_t missing;
	int64_t since; /* when a part of it was first there and the rest was not; 0: not */
	/* descriptors of the message at start, and of a later one */
	struct vg_fds fds[2];
	size_t later_at; /* where that one starts; SIZE_MAX: there is none */
	int refused[2];  /* why theirs are refused; 0: they are not */
	unsigned first;  /* which of both is that of the message at start */
	struct vg_message message;
};

/* Descriptors that wait for their message's turn. */
struct vg_channel_pending {
	size_t at;   /* where the message starts, in buf */
	size_t size; /* of what is left of it */
	struct vg_fds *fds;
};

/* The sending half: messages that the socket had no room for, or that wait for a flush. */
struct vg_channel_out {
	unsigned char *buf;
	size_t room;
	size_t start;
	size_t end;
	int64_t since; /* when the peer last took something, or was asked to first; 0: nothing is left */
	struct vg_channel_pending pending[VG_CHANNEL_QUEUED_FDS];
	size_t pending_count;
	struct iovec borrowed[VG_CHANNEL_PARTS]; /* behind all that is in buf */
	size_t borrowed_at;                      /* the first that is left */
	size_t borrowed_count;
};

struct vg_channel {
	int fd;
	int in_error;      /* -errno that the receiving half ended with; 0: not yet */
	int out_error;     /* the same of the sending half */
	uint32_t max_size; /* of a received message */
	uint32_t max_fds;  /* of a received message */
	size_t max_queue;  /* bytes that wait to be sent */
	int64_t half_ms;   /* how long a half message may stay half, and the peer take nothing */
	vg_channel_sink_fn sink;
	void *sink_data;
	struct vg_channel_in in;
	struct vg_channel_out out;
};

/*
 * Starts with a connected socket, which becomes the channel's, for messages with at most max_data bytes of data and
 * max_fds descriptors. half_ms: how long a half message may stay so.
 */
void vg_channel_init(struct vg_channel *channel, int fd, uint32_t max_data, uint32_t max_fds, int64_t half_ms);
/* Closes everything. A channel that is all zero but for an fd of -1 is let through. */
void vg_channel_free(struct vg_channel *channel);
/* Other limits, such as the negotiated ones, from the next message on. */
void vg_channel_limit(struct vg_channel *channel, uint32_t max_data, uint32_t max_fds);

/*
 * The next message: 1; 0: there is none yet (poll for reading); or -errno, for ever: -ENODEV (the peer has gone),
 * -EPROTO (what it sends is no message), -EMSGSIZE (a message that is too long), -ETIMEDOUT (a half message for too
 * long), -ENOMEM.
 */
int vg_channel_receive(struct vg_channel *channel, struct vg_message **out);
/*
 * Waits for bytes, as long as vg_socket_set_wait() said, where the buffer has none (vg_channel_has_input()), and takes
 * them in: 1: vg_channel_receive() shall look at them; 0: none came; or -errno as there. Touches nothing that sending,
 * or asking who is where, looks at.
 */
int vg_channel_wait(struct vg_channel *channel);
/* Is another message, or a part of one, in the buffer? Then poll() does not tell. */
bool vg_channel_has_input(const struct vg_channel *channel);
/* Do bytes that are still to come go to buf[size]? */
bool vg_channel_sinks_into(const struct vg_channel *channel, const void *buf, size_t size);
/* Takes descriptor i out of a message: the caller closes it; -1 where there is none. */
int vg_fds_take(struct vg_fds *fds, size_t i);
void vg_fds_close(struct vg_fds *fds);

#define VG_SEND_LATER (1u << 0)  /* only queue it: until vg_channel_flush(), or a message without this */
#define VG_SEND_BORROW (1u << 1) /* the body stays as it is until nothing waits any more: it is not copied */

/*
 * Sends a message, or queues what the socket has no room for. header->size is set here; the descriptors stay the
 * caller's. 0; -EAGAIN: the queue is full, or ends with a borrowed body: nothing was taken (flush, poll for writing);
 * -ENOMEM, -EMFILE, -EBADF, -ETOOMANYREFS: nothing was taken; or -errno, for ever: -ENODEV (the peer has gone),
 * -ETIMEDOUT (it takes nothing).
 */
int vg_channel_send(struct vg_channel *channel, struct vg_user_header *header, const struct iovec *body, size_t parts,
					const int *fds, size_t fd_count, unsigned flags);
/* Answers a command, if it wants an answer. As vg_channel_send(). */
int vg_channel_reply(struct vg_channel *channel, const struct vg_user_header *command, const struct iovec *body,
					 size_t parts, const int *fds, size_t fd_count, unsigned flags);
/* Answers that it failed, with a positive errno, if it wants an answer. */
int vg_channel_reply_error(struct vg_channel *channel, const struct vg_user_header *command, int err);
/* Sends what waits: 0: all has gone; 1: some is left (poll for writing); or -errno as above. */
int vg_channel_flush(struct vg_channel *channel);
/* Bytes that wait to be sent. */
size_t vg_channel_queued(const struct vg_channel *channel);
/* Would a message of any size be refused for what waits already? Who answers messages takes none then. */
bool vg_channel_is_full(const struct vg_channel *channel);

/* When (vg_now_ms()) a half message, or the peer's taking nothing, becomes an error; INT64_MAX: nothing is half. */
int64_t vg_channel_deadline(const struct vg_channel *channel);

#endif
