/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing a client's memory by messages to it. */
#include <errno.h>
#include <string.h>

#include "provider/conn.h"
#include "sys/files.h"

/* Bytes that wait to be sent, beyond which no message is added. */
#define QUEUE_MAX ((size_t)256 << 10)

static bool is_short(const struct vg_conn *conn)
{
	return conn->layout == VGPU_MESSAGE_LAYOUT_QEMU;
}

/* The next message of a transfer, for transfer->part bytes at most. 0, -EAGAIN (no room now), or -errno. */
static int send(struct vg_conn *conn, struct vg_transfer *transfer)
{
	struct vg_user_dma_access access;
	struct vg_user_header header = {.id = conn->next_id,
									.command = transfer->is_write ? VG_USER_DMA_WRITE : VG_USER_DMA_READ};
	char tail[VG_USER_DMA_SHORT_TAIL] = {0};
	struct iovec parts[3] = {{&access, is_short(conn) ? sizeof(struct vg_user_dma_access_short) : sizeof(access)}};
	struct vg_channel *channel = vg_conn_back_channel(conn);
	int r;

	if (vg_channel_queued(channel) > QUEUE_MAX)
		return -EAGAIN;
	if (transfer->part > conn->data_max)
		transfer->part = conn->data_max;
	access = (struct vg_user_dma_access){transfer->iova + transfer->done, transfer->part};
	if (is_short(conn)) {
		struct vg_user_dma_access_short brief = {access.address, (uint32_t)access.count};

		memcpy(&access, &brief, sizeof(brief));
	}
	if (transfer->is_write)
		parts[1] = (struct iovec){transfer->buf + transfer->done, transfer->part};
	parts[2] = (struct iovec){tail, is_short(conn) ? sizeof(tail) : 0};
	r = vg_channel_send(channel, &header, parts, 3, NULL, 0, 0);
	if (r)
		return r;
	transfer->id = conn->next_id++;
	transfer->deadline = vg_now_ms() + (int64_t)conn->instance->provider->opts.request_ms;
	return 0;
}

static void enlist(struct vg_conn *conn, struct vg_transfer *transfer)
{
	struct vg_transfer **at;

	for (at = &conn->transfers; *at; at = &(*at)->next)
		;
	transfer->next = NULL;
	*at = transfer;
}

static void delist(struct vg_conn *conn, struct vg_transfer *transfer)
{
	struct vg_transfer **at;

	for (at = &conn->transfers; *at && *at != transfer; at = &(*at)->next)
		;
	if (*at)
		*at = transfer->next;
}

/* Sends its next message, or is at its end. It is not listed. */
static void go_on(struct vg_conn *conn, struct vg_transfer *transfer)
{
	int r = vg_transfer_go_on(&conn->instance->guest, transfer);

	if (r == -EINPROGRESS)
		r = conn->closing ? -ENODEV : send(conn, transfer);
	else if (r == 0) {
		transfer->end(transfer, 0);
		return;
	}
	if (r == -EAGAIN) { /* it waits until a reply has come, or until there is room */
		transfer->deadline = 0;
		r = 0;
	}
	if (r)
		transfer->end(transfer, r);
	else
		enlist(conn, transfer);
}

void vg_transfers_go_on(struct vg_conn *conn)
{
	struct vg_transfer *transfer;

	for (;;) {
		for (transfer = conn->transfers; transfer && transfer->deadline; transfer = transfer->next)
			;
		if (!transfer || vg_channel_queued(vg_conn_back_channel(conn)))
			return;
		delist(conn, transfer);
		go_on(conn, transfer);
	}
}

void vg_server_transfer(struct vgpu_instance *instance)
{
	struct vg_conn *conn = instance->server ? instance->server->conn : NULL;
	struct vg_transfer *transfer;

	while ((transfer = vg_transfer_take(&instance->guest))) {
		if (conn && !conn->closing)
			go_on(conn, transfer);
		else
			transfer->end(transfer, -ENODEV);
	}
	if (conn)
		vg_conn_watch(conn);
}

/* What the reply says: 0, -errno of the client, or -EPROTO. */
static int read_reply(const struct vg_conn *conn, const struct vg_transfer *transfer, const struct vg_message *message)
{
	const size_t head = is_short(conn) ? sizeof(struct vg_user_dma_access_short) : sizeof(struct vg_user_dma_access);
	const size_t tail = is_short(conn) ? VG_USER_DMA_SHORT_TAIL : 0;
	static const char no_tail[VG_USER_DMA_SHORT_TAIL];
	struct vg_user_dma_access access = {0};

	if (message->header.flags & VG_USER_ERROR) {
		int err = (int)message->header.error;

		return err > 0 && err < 4096 && err != EINPROGRESS && err != EPROTO ? -err : -EIO;
	}
	if (transfer->is_write)
		return 0; /* QEMU answers with a header alone */
	if (message->size != head + transfer->part + tail)
		return -EPROTO;
	memcpy(&access, message->body, head);
	if (access.address != transfer->iova + transfer->done || access.count != transfer->part)
		return -EPROTO;
	if (memcmp(message->body + head + transfer->part, no_tail, tail) != 0)
		return -EPROTO; /* these are data: its layout is the other one */
	memcpy(transfer->buf + transfer->done, message->body + head, transfer->part);
	return 0;
}

bool vg_transfer_take_reply(struct vg_conn *conn, const struct vg_message *message)
{
	struct vg_transfer *transfer;
	int r;

	for (transfer = conn->transfers; transfer; transfer = transfer->next)
		if (transfer->deadline && transfer->id == message->header.id)
			break;
	if (!transfer) /* one that comes too late is no fault; one that nobody asked for changes nothing */
		return true;
	if (message->header.command != (transfer->is_write ? VG_USER_DMA_WRITE : VG_USER_DMA_READ))
		return false;
	r = read_reply(conn, transfer, message);
	delist(conn, transfer);
	if (r) {
		transfer->end(transfer, r == -EPROTO ? -EIO : r);
		return r != -EPROTO;
	}
	if (transfer->is_write)
		vg_guest_mark(&conn->instance->guest, transfer->iova + transfer->done, transfer->part);
	transfer->done += transfer->part;
	go_on(conn, transfer);
	vg_transfers_go_on(conn);
	return true;
}

void vg_transfers_fail(struct vg_conn *conn, int64_t now, int err)
{
	struct vg_transfer *transfer;

	for (;;) {
		for (transfer = conn->transfers; transfer && transfer->deadline > now; transfer = transfer->next)
			;
		if (!transfer)
			return;
		delist(conn, transfer);
		transfer->end(transfer, err);
	}
}

int64_t vg_transfers_deadline(const struct vg_conn *conn)
{
	const struct vg_transfer *transfer;
	int64_t deadline = INT64_MAX;

	for (transfer = conn->transfers; transfer; transfer = transfer->next)
		if (transfer->deadline && transfer->deadline < deadline)
			deadline = transfer->deadline;
	return deadline;
}
