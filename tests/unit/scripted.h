/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider's process as a script: listens on a control socket, and answers each request as the test says. */
#ifndef TESTS_UNIT_SCRIPTED_H
#define TESTS_UNIT_SCRIPTED_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "control/json.h"
#include "control/protocol.h"
#include "sys/files.h"
#include "sys/unixsock.h"
#include "tree.h"
#include "user/channel.h"

#define SCRIPT_LINES 16

/* Answers the first request whose text holds this. */
struct line {
	const char *request;
	const char *reply; /* NULL: the connection is closed; "": nothing is said */
};

struct scripted {
	int fd;
	pthread_t thread;
	struct line lines[SCRIPT_LINES];
	int calls[SCRIPT_LINES]; /* how often each was answered; after scripted_stop() */
	char last[SCRIPT_LINES][1024];
};

/* Binds the control socket of a provider of this name, in the runtime directory of root. */
static inline int scripted_bind(const char *root, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[PATH_MAX], file[128];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(file, sizeof(file), "run/vgpu/soft/%s.control", name);
	tree_path(root, file, path);
	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline const struct line *scripted_find(struct scripted *scripted, const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < SCRIPT_LINES && scripted->lines[i].request; i++)
		if (memmem(text, size, scripted->lines[i].request, strlen(scripted->lines[i].request))) {
			scripted->calls[i]++;
			snprintf(scripted->last[i], sizeof(scripted->last[i]), "%.*s", (int)size, text);
			return &scripted->lines[i];
		}
	return NULL;
}

static inline void scripted_converse(struct scripted *scripted, int fd)
{
	struct vg_channel channel;
	struct vg_message *message;
	const struct line *line;

	vg_socket_adopt(fd);
	vg_channel_init(&channel, fd, VG_CONTROL_DATA * 2, 0, 5000);
	for (;;) {
		int r = vg_channel_receive(&channel, &message);

		if (r < 0)
			break;
		if (r == 0) {
			vg_wait(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, INT64_MAX);
			continue;
		}
		line = scripted_find(scripted, (const char *)message->body, message->size);
		if (!line || !line->reply)
			break;
		if (line->reply[0]) {
			struct iovec body = {(char *)(uintptr_t)line->reply, strlen(line->reply)};

			vg_channel_reply(&channel, &message->header, &body, 1, NULL, 0, 0);
		}
	}
	vg_channel_free(&channel);
}

static inline void *scripted_run(void *data)
{
	struct scripted *scripted = data;
	int fd;

	while ((fd = accept4(scripted->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		scripted_converse(scripted, fd);
	return NULL;
}

/* Starts; scripted->lines were set. */
static inline void scripted_start(struct scripted *scripted, const char *root, const char *name)
{
	scripted->fd = scripted_bind(root, name);
	ck_assert_int_eq(listen(scripted->fd, 16), 0);
	ck_assert_int_eq(pthread_create(&scripted->thread, NULL, scripted_run, scripted), 0);
}

/* Its process is gone, and its socket left behind. */
static inline void scripted_stop(struct scripted *scripted)
{
	shutdown(scripted->fd, SHUT_RDWR);
	pthread_join(scripted->thread, NULL);
	close(scripted->fd);
}

#endif
