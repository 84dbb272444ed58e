/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's end of a vfio-user connection, from within. */
#ifndef VG_USER_CLIENT_IMPL_H
#define VG_USER_CLIENT_IMPL_H

#include <pthread.h>

#include "user/channel.h"
#include "user/client.h"

/* Calls that may wait for their replies at once; more wait for their turn. A power of two. */
#define VG_CLIENT_CALLS 64u
/* Writes that are joined to one message. */
#define VG_CLIENT_WRITES 200u
/* Descriptors that we take in one message. */
#define VG_CLIENT_FDS 32u

/* A call that waits. Its id is its place in the table, and how often this was used. */
struct vg_slot {
	struct vg_call *call; /* NULL: the place is free */
	uint16_t id;
	bool is_done;
	int result;
};

struct vg_client {
	struct vg_client_opts opts;
	struct vg_user_caps caps; /* the server's */
	pthread_mutex_t lock;     /* of all below; not held while somebody polls */
	pthread_cond_t changed;   /* a call is done, a place is free, nobody reads any more */
	unsigned waiting;         /* threads that wait for this */
	bool has_reader;          /* somebody polls, and will read */
	int error;                /* -errno that the connection ended with; 0: it goes on */
	struct vg_slot slots[VG_CLIENT_CALLS];
	unsigned next_slot;
	struct vg_channel main;
	struct vg_channel twin; /* fd -1: there is none */
	/* the writes that wait to be sent as one message */
	struct vg_user_write writes[VG_CLIENT_WRITES];
	unsigned write_count;
	int64_t wait_ms;        /* how long receiving waits; 0: it does not */
	unsigned char *scratch; /* memory on its way to the server */
	size_t scratch_size;
};

/* Ends the connection: all calls fail with this -errno. */
void vg_client_break(struct vg_client *client, int error);
/* Serves a request of the server that came by this channel. */
void vg_client_serve(struct vg_client *client, struct vg_channel *channel, const struct vg_message *message);
/* Takes all that has come. */
void vg_client_read(struct vg_client *client);
/* vg_channel_sink_fn of the main channel. */
bool vg_client_sink(void *data, const struct vg_user_header *header, size_t *head, void **to, size_t *room);

#endif
