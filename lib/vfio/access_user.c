/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Access by a vfio-user socket: each device is a connection of its own, and has its table of mappings. */
#include <errno.h>
#include <stdlib.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/unixsock.h"
#include "vfio/dma.h"
#include "vfio/fail.h"
#include "vfio/user_device.h"

/* What a server does in time unless it is stuck. */
#define TIMEOUT_MS 10000u

static const struct vgpu_user_opts defaults = {.size = sizeof(defaults)};

/* The server reads or writes our memory. */
static int reach(void *data, uint64_t address, void *buf, size_t size, bool write)
{
	return vg_dma_copy(data, address, buf, size, write);
}

static int fail_connect(struct vgpu_context *ctx, const char *path, int err)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = path, .err = err};

	switch (err) {
	case ECONNREFUSED:
		failure.err = ENODEV;
		failure.cause = VGPU_CAUSE_GONE;
		failure.hint = "start its provider again";
		return vg_fail(ctx, &failure, "nobody serves this socket any more");
	case ETIMEDOUT:
		failure.cause = VGPU_CAUSE_NOT_READY;
		return vg_fail(ctx, &failure, "its provider takes no connection");
	case EACCES:
	case EPERM:
		failure.hint = "connecting needs the right to write to the socket";
		return vg_fail(ctx, &failure, "not allowed to connect to it");
	default:
		return vg_fail(ctx, &failure, NULL);
	}
}

/* Memory and interrupts go to whoever is there: it should be us, or root. */
static int check_peer(struct vgpu_context *ctx, const char *path, int fd, uint32_t flags)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = path, .err = EPERM, .cause = VGPU_CAUSE_PERMISSION};
	struct vg_peer peer;
	int r = vg_socket_peer(fd, &peer);

	if (r)
		return vg_fail_errno(ctx, VG_OPEN, path, -r);
	if (peer.uid == 0 || peer.uid == vg_own_uid() || flags & VGPU_USER_ANY_PEER)
		return 0;
	failure.hint = "if it shall have this program's memory, open it with VGPU_USER_ANY_PEER";
	return vg_fail(ctx, &failure, "user %lu provides it, who is neither root nor the user of this program",
				   (unsigned long)peer.uid);
}

static int fail_negotiate(struct vgpu_context *ctx, const char *path, int err)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = path, .err = err};

	switch (err) {
	case EPROTONOSUPPORT:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		return vg_fail(ctx, &failure, "its provider speaks another version of vfio-user");
	case EPROTO:
	case EMSGSIZE:
		failure.err = EPROTO;
		failure.cause = VGPU_CAUSE_BAD_DATA;
		return vg_fail(ctx, &failure, "what its provider says is not vfio-user");
	case EBUSY:
		failure.hint = "wait for the other client to close it";
		return vg_fail(ctx, &failure, "another client has it");
	case ETIMEDOUT:
		failure.cause = VGPU_CAUSE_NOT_READY;
		failure.hint = "another client may have it";
		return vg_fail(ctx, &failure, "its provider does not answer");
	case ENODEV:
		failure.hint = "another client may have it, or its provider has ended";
		return vg_fail(ctx, &failure, "its provider hung up");
	default:
		return vg_fail(ctx, &failure, NULL);
	}
}

/* A device over a connected socket, which it takes over. */
static int make_device(struct vgpu_context *ctx, const char *path, struct vgpu_dma *dma, int fd,
					   const struct vgpu_user_opts *opts, struct vg_user_device **out)
{
	const struct vg_client_opts client_opts = {.timeout_ms = opts->timeout_ms ? opts->timeout_ms : TIMEOUT_MS,
											   .spin_us = opts->spin_us,
											   .twin = opts->flags & VGPU_USER_TWIN,
											   .dma = reach,
											   .dma_data = dma};
	struct vg_user_device *device = calloc(1, sizeof(*device));
	const struct vg_user_caps *caps;
	int r;

	if (!device) {
		vg_close(fd);
		return vg_fail_memory(ctx, VG_OPEN);
	}
	r = vg_client_new(fd, &client_opts, &device->client);
	if (r) {
		free(device);
		return fail_negotiate(ctx, path, -r);
	}
	caps = vg_client_caps(device->client);
	device->flags = opts->flags;
	device->max_data = caps->max_data_xfer_size;
	device->max_fds = caps->max_msg_fds < VG_USER_FDS_MAX ? caps->max_msg_fds : VG_USER_FDS_MAX;
	device->has_planes = caps->display;
	*out = device;
	return 0;
}

/* The connection joins the space, which its table then belongs to. Takes fd over. */
static int join(struct vgpu_context *ctx, struct vg_space *space, const char *path, int fd,
				const struct vgpu_user_opts *opts, struct vg_place *out)
{
	struct vg_user_device *device = NULL;
	struct vg_table *table;
	int r = check_peer(ctx, path, fd, opts->flags);

	if (r) {
		vg_close(fd);
		return r;
	}
	table = vg_table_add(space, &vg_user_table_ops, -1, 0);
	if (!table) {
		vg_close(fd);
		return vg_fail_memory(ctx, VG_OPEN);
	}
	table->unmaps_one = true;
	r = make_device(ctx, path, vg_dma_of(space), fd, opts, &device);
	table->data = device;
	if (r == 0)
		r = vg_table_fill(ctx, VG_OPEN, space, table);
	if (r) {
		vg_table_put(space, table);
		return r;
	}
	*out = VG_PLACE_NONE;
	out->member = table;
	out->ops = &vg_user_device_ops;
	out->device = device;
	return 0;
}

static int user_open(struct vgpu_context *ctx, struct vg_space *space, const struct vg_target *target,
					 const struct vgpu_vfio_opts *opts, struct vg_place *out)
{
	const struct vgpu_user_opts *user = opts->user ? opts->user : &defaults;
	int64_t timeout = user->timeout_ms ? user->timeout_ms : TIMEOUT_MS;
	int fd = vg_socket_connect(target->socket, vg_now_ms() + timeout);

	if (fd < 0)
		return fail_connect(ctx, target->socket, -fd);
	return join(ctx, space, target->socket, fd, user, out);
}

static int user_adopt(struct vgpu_context *ctx, struct vg_space *space, const struct vgpu_vfio_fds *fds,
					  struct vg_place *out)
{
	int fd = vg_dup_fd(fds->socket_fd), r;

	if (fd < 0)
		return vg_vfio_fail_dup(ctx, fds->name, "socket_fd", -fd);
	r = vg_socket_adopt(fd);
	if (r) {
		vg_close(fd);
		return vg_vfio_fail_kind(ctx, fds->name, "socket_fd", "a connected UNIX stream socket");
	}
	return join(ctx, space, fds->name, fd, fds->user ? fds->user : &defaults, out);
}

static void user_close(struct vg_space *space, struct vg_place *place)
{
	vg_table_put(space, place->member);
}

const struct vg_access_ops vg_access_user = {
	.access = VGPU_ACCESS_USER,
	.mixes = true,
	.open = user_open,
	.adopt = user_adopt,
	.close = user_close,
};
