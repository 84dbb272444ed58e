/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vfio-user server for tests of the client: a thread with a small PCI device. It can be told to say anything else
 * instead: that is what it is for.
 */
#ifndef TESTS_USER_SERVER_H
#define TESTS_USER_SERVER_H

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <vgpu/vgpu.h>

#include "user/caps.h"
#include "user/channel.h"

#define BAR0_SIZE 0x10000u  /* in a sealed file; pages 1 and 3 can be mapped */
#define BAR2_SIZE 0x280000u /* by messages only */
#define CONFIG_SIZE 256u
#define EDID_REGION 9u
#define EDID_SIZE 4096u
#define MSIX_COUNT 40u
#define REGION_COUNT 10u
#define MAPS_MAX 64u

struct server;
/* Looks at a command first. True: it was answered, or shall have no answer. */
typedef bool (*server_fn)(struct server *server, struct vg_message *message);

struct server_map {
	struct vg_user_dma_map map;
	int fd;
};

struct server {
	/* set before the start */
	struct vg_user_caps caps;
	uint16_t minor;
	bool has_twin;
	bool is_unsealed; /* BAR0's file */
	bool is_short;
	server_fn hook;
	void *hook_data;
	/* the server's */
	pthread_t thread;
	struct vg_channel channel;
	struct vg_channel twin; /* fd -1: none */
	int wake;               /* an eventfd: look at stop and at requests */
	atomic_bool stop;
	int memory_fd;
	unsigned char *bar0;
	unsigned char bar2[BAR2_SIZE];
	unsigned char config[CONFIG_SIZE];
	unsigned char edid[EDID_SIZE];
	int irqs[5][MSIX_COUNT]; /* eventfds, -1: none */
	int unmask[MSIX_COUNT];
	bool masked[MSIX_COUNT];
	unsigned set_irqs_messages;
	unsigned writes; /* REGION_WRITE, without answers too */
	unsigned multis; /* WRITE_MULTI */
	unsigned multi_writes;
	struct server_map maps[MAPS_MAX];
	unsigned map_count;
	unsigned resets;
	uint32_t mig_state;
	unsigned char state[300000]; /* what is saved, or loaded */
	size_t state_at;
	uint64_t log_page;
	struct vg_user_gfx_plane plane; /* the primary one; the cursor shows nothing */
	unsigned plane_messages;
	unsigned char reply_body[1 << 16]; /* of server_ask() */
	size_t reply_size;
};

/* Sets it up as the honest device. */
void server_init(struct server *server);
/* Starts its thread with one end of a pair; the other end is the client's. */
int server_start(struct server *server);
/* The same with a socket that is connected already. */
void server_start_with(struct server *server, int fd);
/* Hangs up, and ends the thread. */
void server_stop(struct server *server);
void server_free(struct server *server);
/* Opens the device of a server that is started here. Closes nothing. */
struct vgpu_vfio *server_open(struct server *server, struct vgpu_context *ctx, struct vgpu_dma *dma,
							  const struct vgpu_user_opts *user);
/* What opening comes to: 0 (it is closed again) or -errno. */
int server_try_open(struct server *server, struct vgpu_context *ctx);

/* In the server's thread, from a hook: asks the client, and waits for its answer: 0, or a positive errno. */
int server_ask(struct server *server, uint16_t command, const void *body, size_t size);
/* Answers with a body of our choice. */
void server_reply(struct server *server, const struct vg_message *message, const void *body, size_t size);
void server_error(struct server *server, const struct vg_message *message, int err);
/* The honest answer. */
void server_answer(struct server *server, struct vg_message *message);
/* A new sealed file of this size. */
int server_memory(size_t size, bool sealed);

#endif
