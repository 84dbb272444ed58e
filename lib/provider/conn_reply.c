/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers to a vfio-user client's commands. */
#include <errno.h>
#include <string.h>

#include "provider/conn.h"

#define ERRNO_MAX 4095

static bool is_mute(const struct vg_conn *conn)
{
	return conn->closing || conn->command.flags & VG_USER_NO_REPLY;
}

static void reply(struct vg_conn *conn, const void *first, size_t first_size, const void *second, size_t second_size,
				  unsigned flags)
{
	struct iovec parts[] = {{NULL, first_size}, {NULL, second_size}};
	int r = 0;

	memcpy(&parts[0].iov_base, &first, sizeof(first));
	memcpy(&parts[1].iov_base, &second, sizeof(second));
	if (!is_mute(conn))
		r = vg_channel_reply(&conn->channel, &conn->command, parts,
							 second_size  ? 2
							 : first_size ? 1
										  : 0,
							 NULL, 0, flags);
	vg_conn_settle(conn, r);
}

void vg_conn_reply(struct vg_conn *conn, const void *first, size_t first_size, const void *second, size_t second_size)
{
	reply(conn, first, first_size, second, second_size, 0);
}

void vg_conn_reply_memory(struct vg_conn *conn, const void *head, size_t head_size, const void *memory, size_t size)
{
	/* the next answer is made when this one has gone: until then the buffer stays as it is */
	if (!vg_buffer_make_room(&conn->reply, head_size)) {
		vg_conn_fail(conn, -ENOMEM);
		return;
	}
	memcpy(conn->reply.bytes, head, head_size);
	reply(conn, conn->reply.bytes, head_size, memory, size, VG_SEND_BORROW);
}

void vg_conn_reply_fds(struct vg_conn *conn, const void *body, size_t size, const int *fds, size_t fd_count)
{
	struct iovec part = {NULL, size};
	int r = 0;

	memcpy(&part.iov_base, &body, sizeof(body));
	if (!is_mute(conn))
		r = vg_channel_reply(&conn->channel, &conn->command, &part, 1, fds, fd_count, 0);
	vg_conn_settle(conn, r);
}

void vg_conn_fail(struct vg_conn *conn, int err)
{
	const int known = err < 0 && err >= -ERRNO_MAX ? -err : EIO; /* an op can say anything */
	int r = is_mute(conn) ? 0 : vg_channel_reply_error(&conn->channel, &conn->command, known);

	vg_conn_settle(conn, r);
}
