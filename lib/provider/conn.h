/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vfio-user client of a vGPU, as its server sees it. On the loop only.
 *
 * One command is worked on at a time; the next is looked at when it has been answered. Where messages to the client
 * are under way, and it has no second socket for them, commands that come before their replies are kept.
 */
#ifndef VG_PROVIDER_CONN_H
#define VG_PROVIDER_CONN_H

#include "provider/provider.h"
#include "user/caps.h"
#include "user/channel.h"
#include "user/wire.h"

/* What the server offers: as much as QEMU puts up with. */
#define VG_SERVER_DATA_MAX ((uint32_t)1 << 20)
#define VG_SERVER_FDS_MAX 16u

#define VG_SERVER_GUESTS_MAX 4 /* more are closed at once */

struct vg_server {
	struct vg_source source; /* the listening socket */
	struct vgpu_instance *instance;
	int lock_fd;
	struct vg_conn *conn;                         /* the client; NULL: there is none */
	struct vg_conn *guests[VG_SERVER_GUESTS_MAX]; /* connections that are turned away, until they have read why */
};

/* A command that came while another was worked on. */
struct vg_held {
	struct vg_held *next;
	struct vg_user_header header;
	struct vg_fds fds;
	size_t size;
	unsigned char body[];
};

/* A buffer that grows, and is used again. */
struct vg_buffer {
	unsigned char *bytes;
	size_t room;
};

struct vg_conn {
	struct vg_source source; /* the socket */
	struct vg_source twin_source;
	struct vg_channel channel;
	struct vg_channel twin; /* for messages to the client; fd -1: they go over the other */
	struct vg_server *server;
	struct vgpu_instance *instance;
	struct vg_timer timer;
	struct vg_post again; /* there is more in the buffer than was worked on in one go */
	int refuse;           /* a positive errno: it is turned away with that */
	bool negotiated;
	bool closing;
	bool serving;
	bool busy; /* a command is worked on */
	struct vg_user_caps caps;
	uint32_t layout;   /* of such a message: enum vgpu_message_layout */
	uint32_t data_max; /* of a message to the client */
	uint32_t display;  /* the version agreed on; 0: none */
	struct vg_user_header command;
	const unsigned char *body; /* of the command */
	size_t size;
	struct vg_fds *fds;
	struct vgpu_request request;
	struct vg_buffer reply;
	struct vg_buffer copy; /* of a body that an op may need for longer */
	size_t reply_size;
	uint64_t done; /* of several writes; the next four too */
	int failure;
	bool waits;
	bool writing;
	uint32_t target; /* the migration state that is asked for */
	struct vg_held *held;
	struct vg_held **held_end;
	struct vg_held *current; /* the one that is worked on */
	size_t held_bytes;
	struct vg_transfer *transfers; /* whose messages are under way */
	uint16_t next_id;
};

/* Makes room: false without memory, then what there was is kept. */
bool vg_buffer_make_room(struct vg_buffer *buffer, size_t size);

/* Starts with a new connection, which becomes the server's; refuse: a positive errno to turn it away with, or 0. */
int vg_conn_open(struct vg_server *server, int fd, int refuse);
/* Ends it: at once, or when the op that works for it is at its end. */
void vg_conn_close(struct vg_conn *conn);
/* Does what there is to do: how many things. */
unsigned vg_conn_serve(struct vg_conn *conn);
/* Sets the timer for what is awaited next. */
void vg_conn_set_timer(struct vg_conn *conn);
/* Waits for room in the sockets, where something waits to be sent. */
void vg_conn_watch(struct vg_conn *conn);

/* The channel that messages to the client go over. */
static inline struct vg_channel *vg_conn_back_channel(struct vg_conn *conn)
{
	return conn->twin.fd >= 0 ? &conn->twin : &conn->channel;
}

/* The command is answered: with a body of up to two parts, or with an error (a negative errno). It is not busy then. */
void vg_conn_reply(struct vg_conn *conn, const void *first, size_t first_size, const void *second, size_t second_size);
/* The second part is memory of the vGPU, which is not copied. */
void vg_conn_reply_memory(struct vg_conn *conn, const void *head, size_t head_size, const void *memory, size_t size);
void vg_conn_reply_fds(struct vg_conn *conn, const void *body, size_t size, const int *fds, size_t fd_count);
void vg_conn_fail(struct vg_conn *conn, int err);
/* What each of these ends with: the command is over. sent: 0, or the -errno of sending its answer. */
void vg_conn_settle(struct vg_conn *conn, int sent);

/* The data of the command's body, where an op can use them until it has completed. NULL without memory. */
const unsigned char *vg_conn_keep(struct vg_conn *conn, const unsigned char *data, size_t size);

/* Works on conn->command, which is then busy until one of these is called. */
void vg_conn_dispatch(struct vg_conn *conn);
void vg_conn_negotiate(struct vg_conn *conn);
void vg_command_info(struct vg_conn *conn);
void vg_command_region_info(struct vg_conn *conn);
void vg_command_region_io_fds(struct vg_conn *conn);
void vg_command_irq_info(struct vg_conn *conn);
void vg_command_set_irqs(struct vg_conn *conn);
void vg_command_read(struct vg_conn *conn);
void vg_command_write(struct vg_conn *conn);
void vg_command_write_multi(struct vg_conn *conn);
void vg_command_dma_map(struct vg_conn *conn);
void vg_command_dma_unmap(struct vg_conn *conn);
void vg_command_reset(struct vg_conn *conn);
void vg_command_feature(struct vg_conn *conn);
void vg_command_read_state(struct vg_conn *conn);
void vg_command_write_state(struct vg_conn *conn);
void vg_command_plane(struct vg_conn *conn);

/* Goes on with those that found no room. */
void vg_transfers_go_on(struct vg_conn *conn);
/* A reply to a message of ours. False: it makes no sense, and the connection must end. */
bool vg_transfer_take_reply(struct vg_conn *conn, const struct vg_message *message);
/* The client is gone, or late: fails those whose deadline is before now, or all (INT64_MAX). */
void vg_transfers_fail(struct vg_conn *conn, int64_t now, int err);
/* The first deadline; INT64_MAX: there is none. */
int64_t vg_transfers_deadline(const struct vg_conn *conn);

#endif
