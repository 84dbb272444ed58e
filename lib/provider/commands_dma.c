/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of a vfio-user client about its memory, and reset. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpu/guest.h>

#include "provider/conn.h"
#include "provider/pci.h"

#define UNMAP_ALL (1u << 1) /* not in the specification; libvfio-user and others have it */

void vg_command_dma_map(struct vg_conn *conn)
{
	struct vgpu_instance *instance = conn->instance;
	struct vg_user_dma_map map;
	struct vg_guest_map order;
	int r;

	if (conn->size < sizeof(map) || conn->fds->count > 1) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	memcpy(&map, conn->body, sizeof(map));
	order = (struct vg_guest_map){.iova = map.address,
								  .size = map.size,
								  .fd = conn->fds->count ? conn->fds->fd[0] : -1,
								  .offset = map.offset,
								  .trust = instance->provider->opts.flags & VGPU_PROVIDER_TRUST_MEMORY};
	if (map.flags & VG_USER_DMA_FLAG_READ)
		order.flags |= VGPU_GUEST_READ;
	if (map.flags & VG_USER_DMA_FLAG_WRITE)
		order.flags |= VGPU_GUEST_WRITE;
	r = vg_guest_add(&instance->guest, &order);
	if (r)
		vg_conn_fail(conn, r);
	else
		vg_conn_reply(conn, NULL, 0, NULL, 0);
}

static void unmap(struct vgpu_instance *instance)
{
	struct vg_conn *conn = instance->server->conn;
	struct vg_user_dma_unmap order;
	int r = 0;

	memcpy(&order, conn->reply.bytes, sizeof(order));
	if (order.flags & UNMAP_ALL)
		vg_guest_unmap_all(&instance->guest);
	else
		r = vg_guest_remove(&instance->guest, order.address, order.size);
	vg_quiesce_end(instance);
	if (r)
		vg_conn_fail(conn, r);
	else
		vg_conn_reply(conn, &order, sizeof(order), NULL, 0);
}

void vg_command_dma_unmap(struct vg_conn *conn)
{
	struct vg_user_dma_unmap order;
	int r = -EINVAL;

	if (conn->size >= sizeof(order)) {
		memcpy(&order, conn->body, sizeof(order));
		if (order.flags == UNMAP_ALL && !order.address && !order.size)
			r = 0;
		else if (!order.flags)
			r = vg_guest_has(&conn->instance->guest, order.address, order.size) ? 0 : -ENOENT;
	}
	if (r == 0 && !vg_buffer_make_room(&conn->reply, sizeof(order)))
		r = -ENOMEM;
	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	memcpy(conn->reply.bytes, &order, sizeof(order));
	vg_quiesce_begin(conn->instance, VGPU_QUIESCE_UNMAP, unmap);
}

static void end_reset(struct vgpu_request *request, ssize_t result)
{
	struct vg_conn *conn = VG_OWNER(request, struct vg_conn, request);
	struct vgpu_instance *instance = conn->instance;

	if (result >= 0) {
		vg_pci_reset(instance);
		vg_irqs_reset(&instance->irqs);
		instance->migration_state = VFIO_DEVICE_STATE_RUNNING;
	}
	if (conn->server)
		vg_quiesce_end(instance);
	if (result < 0)
		vg_conn_fail(conn, (int)result);
	else
		vg_conn_reply(conn, NULL, 0, NULL, 0);
}

static void reset(struct vgpu_instance *instance)
{
	struct vg_conn *conn = instance->server->conn;

	vg_request_issue(&conn->request, instance, end_reset);
	vg_request_settle(&conn->request, instance->provider->ops.reset(instance, &conn->request));
}

void vg_command_reset(struct vg_conn *conn)
{
	if (!conn->instance->provider->ops.reset)
		vg_conn_fail(conn, -EOPNOTSUPP);
	else
		vg_quiesce_begin(conn->instance, VGPU_QUIESCE_RESET, reset);
}
