/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of a vfio-user client: which is which, and those about devices, regions and IRQs. */
#include <errno.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/region.h>

#include "provider/conn.h"

void vg_conn_dispatch(struct vg_conn *conn)
{
	static void (*const commands[])(struct vg_conn * conn) = {
		[VG_USER_DMA_MAP] = vg_command_dma_map,
		[VG_USER_DMA_UNMAP] = vg_command_dma_unmap,
		[VG_USER_DEVICE_GET_INFO] = vg_command_info,
		[VG_USER_DEVICE_GET_REGION_INFO] = vg_command_region_info,
		[VG_USER_DEVICE_GET_REGION_IO_FDS] = vg_command_region_io_fds,
		[VG_USER_DEVICE_GET_IRQ_INFO] = vg_command_irq_info,
		[VG_USER_DEVICE_SET_IRQS] = vg_command_set_irqs,
		[VG_USER_REGION_READ] = vg_command_read,
		[VG_USER_REGION_WRITE] = vg_command_write,
		[VG_USER_DEVICE_RESET] = vg_command_reset,
		[VG_USER_REGION_WRITE_MULTI] = vg_command_write_multi,
		[VG_USER_DEVICE_FEATURE] = vg_command_feature,
		[VG_USER_MIG_DATA_READ] = vg_command_read_state,
		[VG_USER_MIG_DATA_WRITE] = vg_command_write_state,
	};
	const uint16_t command = conn->command.command;

	if (!conn->negotiated)
		vg_conn_negotiate(conn);
	else if (command == VG_USER_VERSION)
		vg_conn_fail(conn, -EINVAL);
	else if (command == VG_USER_QUERY_GFX_PLANE && conn->display)
		vg_command_plane(conn);
	else if (command >= sizeof(commands) / sizeof(commands[0]) || !commands[command])
		vg_conn_fail(conn, -EOPNOTSUPP);
	else
		commands[command](conn);
}

void vg_command_info(struct vg_conn *conn)
{
	const struct vgpu_instance *instance = conn->instance;
	struct vg_user_device_info info;

	if (conn->size < sizeof(info)) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	memcpy(&info, conn->body, sizeof(info));
	if (info.argsz < sizeof(info)) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	info = (struct vg_user_device_info){
		.argsz = sizeof(info), .num_regions = vg_regions_count(instance), .num_irqs = VG_IRQ_INDEXES};
	if (instance->provider->ops.reset)
		info.flags |= VFIO_DEVICE_FLAGS_RESET;
	if (instance->pci)
		info.flags |= VFIO_DEVICE_FLAGS_PCI;
	vg_conn_reply(conn, &info, sizeof(info), NULL, 0);
}

/* A region's info with both capabilities that there can be. */
struct region_reply {
	struct vg_user_region_info info;
	unsigned char caps[sizeof(struct vfio_region_info_cap_type) + sizeof(struct vfio_region_info_cap_sparse_mmap) +
					   VGPU_REGION_AREAS * sizeof(struct vfio_region_sparse_mmap_area)];
};

static void add_type(struct region_reply *reply, size_t *size, const struct vgpu_region_info *info, bool more)
{
	struct vfio_region_info_cap_type cap = {
		.header = {.id = VFIO_REGION_INFO_CAP_TYPE, .version = 1}, .type = info->type, .subtype = info->subtype};

	if (more)
		cap.header.next = (uint32_t)(*size + sizeof(cap));
	memcpy((char *)reply + *size, &cap, sizeof(cap));
	*size += sizeof(cap);
}

static void add_sparse(struct region_reply *reply, size_t *size, const struct vgpu_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap cap = {.header = {.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1},
												   .nr_areas = info->area_count};
	uint32_t i;

	memcpy((char *)reply + *size, &cap, sizeof(cap));
	*size += sizeof(cap);
	for (i = 0; i < info->area_count; i++) {
		struct vfio_region_sparse_mmap_area area = {info->areas[i].offset, info->areas[i].length};

		memcpy((char *)reply + *size, &area, sizeof(area));
		*size += sizeof(area);
	}
}

static size_t describe(struct region_reply *reply, uint32_t index, const struct vg_region *region)
{
	const struct vgpu_region_info *info = &region->shown;
	const bool is_sparse = info->flags & VGPU_REGION_FLAG_MMAP && info->area_count;
	size_t size = sizeof(reply->info);

	*reply = (struct region_reply){.info = {.index = index, .size = info->length}};
	reply->info.flags = info->flags & ~(uint32_t)VGPU_REGION_BACKED;
	if (info->flags & VGPU_REGION_FLAG_MMAP)
		reply->info.offset = info->fd_offset;
	if (info->type)
		add_type(reply, &size, info, is_sparse);
	if (is_sparse)
		add_sparse(reply, &size, info);
	if (size > sizeof(reply->info)) {
		reply->info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		reply->info.cap_offset = sizeof(reply->info);
	}
	reply->info.argsz = (uint32_t)size;
	return size;
}

void vg_command_region_info(struct vg_conn *conn)
{
	const struct vg_region *region;
	struct vg_user_region_info info;
	struct region_reply reply;
	size_t size;
	int r = -EINVAL;

	if (conn->size >= sizeof(info)) {
		memcpy(&info, conn->body, sizeof(info));
		if (info.argsz >= sizeof(info))
			r = vg_region_show(conn->instance, info.index, &region);
	}
	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	size = describe(&reply, info.index, region);
	if (size > info.argsz) { /* it asks again, with room */
		size = sizeof(reply.info);
		reply.info.cap_offset = 0;
		vg_conn_reply(conn, &reply, size, NULL, 0);
	} else if (reply.info.flags & VGPU_REGION_FLAG_MMAP) {
		vg_conn_reply_fds(conn, &reply, size, &region->fd, 1);
	} else {
		vg_conn_reply(conn, &reply, size, NULL, 0);
	}
}

/* The doorbells of a region, at most as many as the client takes descriptors. How many, or -errno. */
static int list_doorbells(struct vg_conn *conn, uint32_t index, struct vg_user_io_fd *entries, int *fds)
{
	struct vg_doorbell *doorbell;
	uint32_t n = 0;
	int fd;

	for (doorbell = conn->instance->doorbells; doorbell; doorbell = doorbell->next) {
		if (doorbell->region != index || n == VG_DOORBELLS || n >= conn->caps.max_msg_fds)
			continue;
		fd = vg_doorbell_fd(doorbell);
		if (fd < 0)
			return fd;
		fds[n] = fd;
		entries[n] = (struct vg_user_io_fd){.offset = doorbell->offset,
											.size = doorbell->length,
											.fd_index = n,
											.type = VG_USER_IO_FD_IOEVENTFD,
											.flags = doorbell->has_value ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0,
											.datamatch = doorbell->value};
		n++;
	}
	return (int)n;
}

void vg_command_region_io_fds(struct vg_conn *conn)
{
	struct {
		struct vg_user_region_io_fds head;
		struct vg_user_io_fd entries[VG_DOORBELLS];
	} reply;
	struct vg_user_region_io_fds head = {0};
	int fds[VG_DOORBELLS], n = -EINVAL;
	size_t size;

	if (conn->size >= sizeof(head))
		memcpy(&head, conn->body, sizeof(head));
	if (head.argsz >= sizeof(head) && !head.flags && head.index < vg_regions_count(conn->instance))
		n = list_doorbells(conn, head.index, reply.entries, fds);
	if (n < 0) {
		vg_conn_fail(conn, n);
		return;
	}
	size = sizeof(head) + (size_t)n * sizeof(reply.entries[0]);
	reply.head = (struct vg_user_region_io_fds){.argsz = (uint32_t)size, .index = head.index, .count = (uint32_t)n};
	if (size > head.argsz)
		vg_conn_reply(conn, &reply, sizeof(reply.head), NULL, 0);
	else
		vg_conn_reply_fds(conn, &reply, size, fds, (size_t)n);
}

void vg_command_irq_info(struct vg_conn *conn)
{
	struct vg_user_irq_info info = {0};

	if (conn->size >= sizeof(info))
		memcpy(&info, conn->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VG_IRQ_INDEXES) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	info = (struct vg_user_irq_info){
		.argsz = sizeof(info), .index = info.index, .count = conn->instance->irqs.index[info.index].count};
	info.flags = info.count ? vg_irqs_flags(info.index) : 0;
	vg_conn_reply(conn, &info, sizeof(info), NULL, 0);
}

void vg_command_set_irqs(struct vg_conn *conn)
{
	struct vg_user_irq_set set;
	struct vg_irq_order order;
	int r;

	if (conn->size < sizeof(set)) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	memcpy(&set, conn->body, sizeof(set));
	order = (struct vg_irq_order){.flags = set.flags,
								  .index = set.index,
								  .start = set.start,
								  .count = set.count,
								  .fds = conn->fds->fd,
								  .fd_count = conn->fds->count};
	if (set.flags & VFIO_IRQ_SET_DATA_BOOL) {
		order.bools = conn->body + sizeof(set);
		if (set.count > conn->size - sizeof(set)) {
			vg_conn_fail(conn, -EINVAL);
			return;
		}
	}
	r = vg_irqs_order(conn->instance, &order);
	if (r)
		vg_conn_fail(conn, r);
	else
		vg_conn_reply(conn, NULL, 0, NULL, 0);
}
