/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of a vfio-user client that read and write regions. */
#include <errno.h>
#include <string.h>

#include "provider/conn.h"

static struct vg_conn *owner(struct vgpu_request *request)
{
	return VG_OWNER(request, struct vg_conn, request);
}

/* The head of a read or write, checked; data: bytes that must follow it. 0 or -errno. */
static int parse(const struct vg_conn *conn, struct vg_user_region_access *access, bool is_write)
{
	if (conn->size < sizeof(*access))
		return -EINVAL;
	memcpy(access, conn->body, sizeof(*access));
	if (access->count > VG_SERVER_DATA_MAX || (is_write && access->count > conn->size - sizeof(*access)))
		return -EINVAL;
	return vg_region_check(conn->instance, access->region, access->offset, access->count, is_write);
}

static void end_read(struct vgpu_request *request, ssize_t result)
{
	struct vg_conn *conn = owner(request);

	if (result < 0)
		vg_conn_fail(conn, (int)result);
	else
		vg_conn_reply(conn, conn->reply.bytes, conn->reply_size, NULL, 0);
}

void vg_command_read(struct vg_conn *conn)
{
	struct vg_user_region_access access;
	const char *memory;
	unsigned char *data;
	int r = parse(conn, &access, false);

	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	memory = access.count ? vg_region_memory(conn->instance, access.region, access.offset, access.count) : NULL;
	if (memory || !access.count) {
		vg_conn_reply_memory(conn, &access, sizeof(access), memory, access.count);
		return;
	}
	conn->reply_size = sizeof(access) + access.count;
	if (!vg_buffer_make_room(&conn->reply, conn->reply_size)) {
		vg_conn_fail(conn, -ENOMEM);
		return;
	}
	memcpy(conn->reply.bytes, &access, sizeof(access));
	data = conn->reply.bytes + sizeof(access);
	memset(data, 0, access.count); /* what an op leaves is nobody else's */
	vg_request_issue(&conn->request, conn->instance, end_read);
	vg_request_settle(&conn->request,
					  vg_region_read(conn->instance, access.region, access.offset, data, access.count, &conn->request));
}

static void end_write(struct vgpu_request *request, ssize_t result)
{
	struct vg_conn *conn = owner(request);

	if (result < 0)
		vg_conn_fail(conn, (int)result);
	else
		vg_conn_reply(conn, conn->reply.bytes, conn->reply_size, NULL, 0);
}

void vg_command_write(struct vg_conn *conn)
{
	struct vg_user_region_access access;
	const unsigned char *data;
	char *memory;
	int r = parse(conn, &access, true);

	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	data = conn->body + sizeof(access);
	memory = access.count ? vg_region_memory(conn->instance, access.region, access.offset, access.count) : NULL;
	if (memory)
		memcpy(memory, data, access.count);
	if (memory || !access.count) {
		vg_conn_reply(conn, &access, sizeof(access), NULL, 0);
		return;
	}
	data = vg_conn_keep(conn, data, access.count);
	conn->reply_size = sizeof(access);
	if (!data || !vg_buffer_make_room(&conn->reply, conn->reply_size)) {
		vg_conn_fail(conn, -ENOMEM);
		return;
	}
	memcpy(conn->reply.bytes, &access, sizeof(access));
	vg_request_issue(&conn->request, conn->instance, end_write);
	vg_request_settle(&conn->request, vg_region_write(conn->instance, access.region, access.offset, data, access.count,
													  &conn->request));
}

static void write_on(struct vg_conn *conn);

static void end_one(struct vgpu_request *request, ssize_t result)
{
	struct vg_conn *conn = owner(request);

	if (result < 0)
		conn->failure = (int)result;
	else if (!conn->server) /* the vGPU has not waited for it */
		conn->failure = -ENODEV;
	else
		conn->done++;
	conn->waits = false;
	if (!conn->writing)
		write_on(conn);
}

/* One write of many. 0 or -errno; an op may be pending. */
static int write_one(struct vg_conn *conn, struct vg_user_write *write)
{
	struct vgpu_instance *instance = conn->instance;
	char *memory;
	int r;

	if (write->count > sizeof(write->data))
		return -EINVAL;
	r = vg_region_check(instance, write->region, write->offset, write->count, true);
	if (r)
		return r;
	memory = write->count ? vg_region_memory(instance, write->region, write->offset, write->count) : NULL;
	if (memory)
		memcpy(memory, write->data, write->count);
	if (memory || !write->count) {
		conn->done++;
		return 0;
	}
	conn->waits = true;
	vg_request_issue(&conn->request, instance, end_one);
	vg_request_settle(&conn->request, vg_region_write(instance, write->region, write->offset, write->data, write->count,
													  &conn->request));
	return 0;
}

/* Goes on with the writes of the body, until an op is pending. */
static void write_on(struct vg_conn *conn)
{
	struct vg_user_write_multi multi;
	int r;

	memcpy(&multi, conn->body, sizeof(multi));
	conn->writing = true;
	while (!conn->waits && !conn->failure && conn->done < multi.count) {
		struct vg_user_write *write = (struct vg_user_write *)(void *)conn->reply.bytes; /* an op may need it longer */

		memcpy(write, conn->body + sizeof(multi) + conn->done * sizeof(*write), sizeof(*write));
		r = write_one(conn, write);
		if (r)
			conn->failure = r;
	}
	conn->writing = false;
	if (conn->waits)
		return;
	if (conn->failure)
		vg_conn_fail(conn, conn->failure);
	else
		vg_conn_reply(conn, &multi, sizeof(multi), NULL, 0);
}

void vg_command_write_multi(struct vg_conn *conn)
{
	struct vg_user_write_multi multi;

	if (conn->size < sizeof(multi)) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	memcpy(&multi, conn->body, sizeof(multi));
	if (multi.count > (conn->size - sizeof(multi)) / sizeof(struct vg_user_write)) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	conn->body = vg_conn_keep(conn, conn->body, conn->size);
	if (!conn->body || !vg_buffer_make_room(&conn->reply, sizeof(struct vg_user_write))) {
		vg_conn_fail(conn, -ENOMEM);
		return;
	}
	conn->done = 0;
	conn->failure = 0;
	conn->waits = false;
	write_on(conn);
}
