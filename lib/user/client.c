/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's end of a vfio-user connection: its beginning and its end. */
#include "user/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/files.h"
#include "sys/unixsock.h"
#include "user/client_impl.h"

/* A call waits up to so many times in receiving before it looks at its deadline more closely. */
#define WAITS 8

/* What we say of ourselves. */
static void own_caps(struct vg_user_caps *caps, bool twin)
{
	vg_user_caps_init(caps);
	caps->named = VG_USER_CAP_MSG_FDS | VG_USER_CAP_DATA_SIZE | VG_USER_CAP_DMA_MAPS | VG_USER_CAP_PGSIZES |
				  VG_USER_CAP_WRITE_MULTIPLE | VG_USER_CAP_MIGRATION | VG_USER_CAP_DISPLAY;
	caps->max_msg_fds = VG_CLIENT_FDS;
	caps->twin_socket = twin;
	if (twin)
		caps->named |= VG_USER_CAP_TWIN_SOCKET;
	caps->write_multiple = true;
	caps->display = VG_USER_DISPLAY_VERSION;
	caps->named |= VG_USER_CAP_DMA_MESSAGES;
	caps->dma_messages = true;
}

/* The twin socket, if the server gave one. */
static int take_twin(struct vg_client *client, int *fds, size_t count)
{
	int r;

	if (!client->caps.twin_socket)
		return 0;
	if (client->caps.twin_index < 0 || (size_t)client->caps.twin_index >= count)
		return -EPROTO;
	r = vg_socket_adopt(fds[client->caps.twin_index]);
	if (r)
		return -EPROTO;
	vg_channel_init(&client->twin, fds[client->caps.twin_index], VG_USER_DEFAULT_DATA, 0, client->opts.timeout_ms);
	fds[client->caps.twin_index] = -1;
	return 0;
}

static int take_version(struct vg_client *client, const struct vg_user_version *version, const void *json, size_t size)
{
	int r;

	if (version->major != VG_USER_MAJOR || version->minor > VG_USER_MINOR)
		return -EPROTONOSUPPORT;
	r = vg_user_caps_parse(json, size, &client->caps);
	if (r == 0 && client->caps.max_data_xfer_size > VG_USER_DEFAULT_DATA)
		client->caps.max_data_xfer_size = VG_USER_DEFAULT_DATA; /* replies are to fit, too */
	if (r == 0 && client->caps.display > VG_USER_DISPLAY_VERSION)
		client->caps.display = 0; /* that is no answer to what we proposed */
	return r;
}

static int negotiate(struct vg_client *client)
{
	char ours[VG_USER_JSON_SIZE], theirs[VG_USER_JSON_SIZE];
	struct vg_user_version version = {VG_USER_MAJOR, VG_USER_MINOR}, answer;
	struct iovec body[2] = {{&version, sizeof(version)}, {ours, 0}};
	int fds[VG_CLIENT_FDS], r;
	struct vg_user_caps own;
	struct vg_call call = {.command = VG_USER_VERSION,
						   .body = body,
						   .parts = 2,
						   .head = &answer,
						   .head_size = sizeof(answer),
						   .data = theirs,
						   .room = sizeof(theirs),
						   .reply_fds = fds,
						   .fd_room = VG_CLIENT_FDS};

	own_caps(&own, client->opts.twin);
	r = vg_user_caps_write(&own, ours, sizeof(ours));
	if (r < 0)
		return r;
	body[1].iov_len = (size_t)r;
	r = vg_client_call(client, &call);
	if (r)
		return r;
	r = take_version(client, &answer, theirs, call.got);
	if (r == 0)
		r = take_twin(client, fds, call.reply_fd_count);
	while (call.reply_fd_count)
		if (fds[--call.reply_fd_count] >= 0)
			vg_close(fds[call.reply_fd_count]);
	return r;
}

int vg_client_new(int fd, const struct vg_client_opts *opts, struct vg_client **out)
{
	struct vg_client *client = calloc(1, sizeof(*client));
	pthread_condattr_t attr;
	int r;

	if (!client) {
		vg_close(fd);
		return -ENOMEM;
	}
	client->opts = *opts;
	vg_user_caps_init(&client->caps);
	pthread_mutex_init(&client->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&client->changed, &attr);
	pthread_condattr_destroy(&attr);
	vg_channel_init(&client->main, fd, VG_USER_DEFAULT_DATA, VG_CLIENT_FDS, opts->timeout_ms);
	client->main.sink = vg_client_sink;
	client->main.sink_data = client;
	client->twin.fd = -1;
	if (opts->timeout_ms >= WAITS && vg_socket_set_wait(fd, opts->timeout_ms / WAITS) == 0)
		client->wait_ms = opts->timeout_ms / WAITS;
	r = negotiate(client);
	if (r)
		vg_client_free(client);
	else
		*out = client;
	return r;
}

void vg_client_free(struct vg_client *client)
{
	if (!client)
		return;
	vg_channel_free(&client->twin);
	vg_channel_free(&client->main);
	pthread_cond_destroy(&client->changed);
	pthread_mutex_destroy(&client->lock);
	free(client->scratch);
	free(client);
}

const struct vg_user_caps *vg_client_caps(const struct vg_client *client)
{
	return &client->caps;
}

size_t vg_client_fds(const struct vg_client *client, int out[2])
{
	out[0] = client->main.fd;
	out[1] = client->twin.fd;
	return client->twin.fd >= 0 ? 2 : 1;
}
