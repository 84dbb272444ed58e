/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first message of a vfio-user client: versions and capabilities. */
#include <errno.h>
#include <string.h>

#include "provider/conn.h"
#include "sys/files.h"
#include "sys/unixsock.h"

static void offer(const struct vg_conn *conn, struct vg_user_caps *own)
{
	const struct vgpu_provider_opts *opts = &conn->instance->provider->opts;

	vg_user_caps_init(own);
	own->named = VG_USER_CAP_MSG_FDS | VG_USER_CAP_DATA_SIZE | VG_USER_CAP_DMA_MAPS | VG_USER_CAP_PGSIZES |
				 VG_USER_CAP_TWIN_SOCKET | VG_USER_CAP_WRITE_MULTIPLE;
	own->max_msg_fds = VG_SERVER_FDS_MAX;
	own->max_data_xfer_size = VG_SERVER_DATA_MAX;
	own->max_dma_maps = opts->max_dma_maps;
	own->named |= VG_USER_CAP_DMA_MESSAGES;
	own->twin_socket = true;
	own->dma_messages = true;
	own->write_multiple = true;
	if (conn->instance->provider->ops.set_migration_state)
		own->named |= VG_USER_CAP_MIGRATION;
	if (conn->instance->provider->ops.get_plane)
		own->named |= VG_USER_CAP_DISPLAY;
	own->display = VG_USER_DISPLAY_VERSION;
}

/* A second socket for our messages: the other end of it is *out. */
static int make_twin(struct vg_conn *conn, int *out)
{
	struct vgpu_provider *provider = conn->instance->provider;
	int ends[2], r = vg_socket_pair(ends);

	if (r)
		return r;
	vg_channel_init(&conn->twin, ends[0], VG_SERVER_DATA_MAX, 0, (int64_t)provider->opts.request_ms);
	conn->twin_source.fd = ends[0];
	r = vg_source_open(&provider->loop, &conn->twin_source, VG_POLL_IN);
	if (r) {
		vg_channel_free(&conn->twin);
		conn->twin.fd = -1;
		vg_close(ends[1]);
		return r;
	}
	*out = ends[1];
	return 0;
}

static void connect_guest(struct vg_conn *conn)
{
	struct vg_guest *guest = &conn->instance->guest;

	conn->negotiated = true;
	vg_timer_disarm(&conn->timer);
	pthread_mutex_lock(&guest->lock);
	guest->connected = true;
	guest->can_message = conn->layout != VGPU_MESSAGE_LAYOUT_NONE;
	pthread_mutex_unlock(&guest->lock);
}

/* What is agreed on: caps; the answer has a descriptor for the twin socket. 0 or -errno. */
static int agree(struct vg_conn *conn, struct vg_user_version *version, struct vg_user_caps *answer)
{
	struct vg_user_caps own;
	int minor, r;

	memcpy(version, conn->body, sizeof(*version));
	minor = vg_user_minor(version->major, version->minor);
	if (minor < 0)
		return -EINVAL;
	version->minor = (uint16_t)minor;
	r = vg_user_caps_parse(conn->body + sizeof(*version), conn->size - sizeof(*version), &conn->caps);
	if (r)
		return r == -ENOMEM ? r : -EINVAL;
	offer(conn, &own);
	vg_user_caps_answer(&own, &conn->caps, answer);
	conn->display = answer->display;
	conn->layout = answer->dma_messages ? VGPU_MESSAGE_LAYOUT_SPEC : conn->instance->provider->opts.message_layout;
	conn->data_max =
		conn->caps.max_data_xfer_size < VG_SERVER_DATA_MAX ? conn->caps.max_data_xfer_size : VG_SERVER_DATA_MAX;
	return 0;
}

void vg_conn_negotiate(struct vg_conn *conn)
{
	struct {
		struct vg_user_version version;
		char json[VG_USER_JSON_SIZE];
	} reply;
	struct vg_user_caps answer = {0};
	int r = -EINVAL, size, twin = -1;

	if (conn->command.command != VG_USER_VERSION || conn->size < sizeof(reply.version)) {
		vg_conn_fail(conn, r);
		vg_conn_close(conn);
		return;
	}
	r = conn->refuse ? -conn->refuse : agree(conn, &reply.version, &answer);
	if (r == 0 && answer.named & VG_USER_CAP_TWIN_SOCKET && answer.twin_socket && make_twin(conn, &twin) == 0)
		answer.twin_index = 0;
	else if (r == 0)
		answer.named &= ~(uint32_t)VG_USER_CAP_TWIN_SOCKET;
	size = r == 0 ? vg_user_caps_write(&answer, reply.json, sizeof(reply.json)) : r;
	if (size < 0) {
		if (twin >= 0)
			vg_close(twin);
		vg_conn_fail(conn, size);
		vg_conn_close(conn);
		return;
	}
	connect_guest(conn);
	vg_conn_reply_fds(conn, &reply, sizeof(reply.version) + (size_t)size, &twin, twin >= 0 ? 1 : 0);
	if (twin >= 0)
		vg_close(twin);
}
