/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's end of a vfio-user connection: calls and their replies, posted messages, and requests of the server,
 * which are served while a call waits. Any number of threads may call at once: one of those that wait reads the
 * socket for all. No error records: functions return -errno.
 */
#ifndef VG_USER_CLIENT_H
#define VG_USER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "user/caps.h"
#include "user/wire.h"

/* What the server may read and write: our memory, by its addresses for it. 0, or a positive errno for the server. */
typedef int (*vg_client_dma_fn)(void *data, uint64_t address, void *buf, size_t size, bool write);

struct vg_client_opts {
	int64_t timeout_ms; /* of a call, and of a half message */
	uint32_t spin_us;   /* how long a call looks for its reply before it sleeps */
	bool twin;          /* asks for a second socket, which the server's requests come by */
	vg_client_dma_fn dma;
	void *dma_data;
};

struct vg_client;

/*
 * Negotiates over a connected socket, which becomes the client's, also on failure. 0; -ENODEV (the server hung up);
 * -EPROTO (what it says makes no sense); -EPROTONOSUPPORT (it speaks another version); -ETIMEDOUT; -ENOMEM.
 */
int vg_client_new(int fd, const struct vg_client_opts *opts, struct vg_client **out);
/* Hangs up. No call is under way. */
void vg_client_free(struct vg_client *client);
/* What the server said of itself, its limits first. */
const struct vg_user_caps *vg_client_caps(const struct vg_client *client);

/* A command, and where its reply goes. */
struct vg_call {
	uint16_t command;
	bool is_slow; /* it may take the server longer than others do: a reset, a change of the migration's state */
	const struct iovec *body;
	size_t parts;
	const int *fds;
	size_t fd_count;
	void *head; /* where the first head_size bytes of the reply's body go: it has at least so many */
	size_t head_size;
	void *data; /* where the rest goes, of at most this room; NULL: it is ignored */
	size_t room;
	int *reply_fds; /* where the reply's descriptors go, the caller's then; those for which there is no room are closed
					 */
	size_t fd_room;
	size_t got;            /* receives how many bytes of data came */
	size_t reply_fd_count; /* receives how many descriptors came, at most fd_room */
};

/*
 * Calls the server, and waits for the reply. 0; -EIO or another -errno of the server; -ENODEV (it has gone); -EPROTO
 * (the reply makes no sense); -ETIMEDOUT (none came); -EMFILE, -E2BIG (descriptors of the reply were lost, or too
 * many); -EMSGSIZE, -ENOMEM.
 */
int vg_client_call(struct vg_client *client, struct vg_call *call);
/*
 * Writes up to 8 bytes into a region without an answer: the socket has taken it when this returns; or with later it
 * goes at the next flush or call.
 */
int vg_client_post(struct vg_client *client, uint32_t region, uint64_t offset, const void *data, size_t size,
				   bool later);
/* Sends what waits, and waits until the socket has taken it. */
int vg_client_flush(struct vg_client *client);
/* Serves what the server wants now, without waiting. 0, or -ENODEV or another -errno for which the connection ended. */
int vg_client_process(struct vg_client *client);
/* The descriptors to poll for reading: one, or two with a twin socket. */
size_t vg_client_fds(const struct vg_client *client, int out[2]);

#endif
