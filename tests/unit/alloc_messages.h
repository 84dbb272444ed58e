/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the client sends to a provider whose allocations fail: 0, the error of the reply, or -EPIPE. */
#ifndef TESTS_UNIT_ALLOC_MESSAGES_H
#define TESTS_UNIT_ALLOC_MESSAGES_H

#include <linux/vfio.h>

#include "alloc_gpu.h"

#define GUEST (64 * SERVED_PAGE)

static int info(void)
{
	struct vg_user_device_info body = {.argsz = sizeof(body)};

	return call(VG_USER_DEVICE_GET_INFO, &body, sizeof(body));
}

static int region_info(void)
{
	struct vg_user_region_info body = {.argsz = 4096, .index = VGPU_REGION_BAR0};

	return call(VG_USER_DEVICE_GET_REGION_INFO, &body, sizeof(body));
}

static int io_fds(void)
{
	struct vg_user_region_io_fds body = {.argsz = 4096, .index = VGPU_REGION_BAR2};

	return call(VG_USER_DEVICE_GET_REGION_IO_FDS, &body, sizeof(body));
}

static int set_irqs(uint32_t index, uint32_t action)
{
	struct vg_user_irq_set body = {sizeof(body), VFIO_IRQ_SET_DATA_EVENTFD | action, index, 0, 1};
	int fd = eventfd(0, EFD_NONBLOCK), r;

	r = call_fds(gpu.client, VG_USER_DEVICE_SET_IRQS, &body, sizeof(body), &fd, 1, true);
	close(fd);
	return r;
}

static int irqs(void)
{
	return set_irqs(VGPU_IRQ_MSIX, VFIO_IRQ_SET_ACTION_TRIGGER);
}

static int unmasker(void)
{
	return set_irqs(VGPU_IRQ_INTX, VFIO_IRQ_SET_ACTION_UNMASK);
}

static int read_access(uint32_t region, uint32_t count)
{
	struct vg_user_region_access body = {0, region, count};

	return call(VG_USER_REGION_READ, &body, sizeof(body));
}

static int read_registers(void)
{
	return read_access(VGPU_REGION_BAR2, 2048);
}

static int read_memory(void)
{
	return read_access(VGPU_REGION_ROM, 4096);
}

static int write_registers(void)
{
	struct vg_user_region_access access = {0, VGPU_REGION_BAR2, 2048};

	memcpy(big, &access, sizeof(access));
	return call(VG_USER_REGION_WRITE, big, sizeof(access) + access.count);
}

static int write_multi(void)
{
	struct {
		struct vg_user_write_multi head;
		struct vg_user_write writes[2];
	} body = {{2}, {{0, VGPU_REGION_BAR2, 4, {0}}, {4, VGPU_REGION_BAR2, 4, {0}}}};

	return call(VG_USER_REGION_WRITE_MULTI, &body, sizeof(body));
}

static int map(uint64_t address, int fd)
{
	struct vg_user_dma_map body = {.argsz = sizeof(body), .flags = 3, .address = address, .size = GUEST};

	return call_fds(gpu.client, VG_USER_DMA_MAP, &body, sizeof(body), &fd, fd >= 0, true);
}

static int map_file(void)
{
	return map(0, gpu.memory);
}

static int map_nothing(void)
{
	return map(GUEST, -1);
}

static int unmap(void)
{
	struct vg_user_dma_unmap body = {.argsz = sizeof(body), .address = 0, .size = GUEST};

	return call(VG_USER_DMA_UNMAP, &body, sizeof(body));
}

static int reset(void)
{
	return call(VG_USER_DEVICE_RESET, NULL, 0);
}

static int feature(uint32_t flags, uint64_t first, uint64_t second, uint64_t third)
{
	struct {
		struct vg_user_feature head;
		uint64_t data[3];
	} body = {{4096, flags}, {first, second, third}};

	return call(VG_USER_DEVICE_FEATURE, &body, sizeof(body));
}

static int log_start(void)
{
	return feature(VFIO_DEVICE_FEATURE_SET | 6, 4096, 0, 0);
}

static int log_report(void)
{
	return feature(VFIO_DEVICE_FEATURE_GET | 8, 0, GUEST, 4096);
}

static int stop_copy(void)
{
	return feature(VFIO_DEVICE_FEATURE_SET | 2, VFIO_DEVICE_STATE_STOP_COPY, 0, 0);
}

static int resuming(void)
{
	return feature(VFIO_DEVICE_FEATURE_SET | 2, VFIO_DEVICE_STATE_RESUMING, 0, 0);
}

static int save_state(void)
{
	struct vg_user_mig_data body = {1 << 16, 4096};

	return call(VG_USER_MIG_DATA_READ, &body, sizeof(body));
}

static int load_state(void)
{
	struct vg_user_mig_data body = {1 << 16, 4096};

	memcpy(big, &body, sizeof(body));
	return call(VG_USER_MIG_DATA_WRITE, big, sizeof(body) + 4096);
}

static int held_result;

static void copied(void *data, int result)
{
	(void)data;
	held_result = result;
}

static void answer_read(void)
{
	struct {
		struct vg_user_header header;
		struct vg_user_dma_access access;
		uint32_t value;
	} reply = {.header = gpu.client->header, .access = {GUEST, 4}};

	reply.header.flags = VG_USER_TYPE_REPLY;
	reply.header.size = (uint32_t)offsetof(__typeof__(reply), value) + 4;
	if (peer_send_raw(gpu.client, &reply, reply.header.size, NULL, 0))
		pump(true);
}

/* The device reads memory by a message, while a write is pending, behind which another command waits. */
static int held(void)
{
	struct vg_user_region_access access = {0, VGPU_REGION_BAR2, 4};
	static uint32_t value;
	int r;

	held_result = 1;
	failing.armed = true;
	r = vgpu_guest_start_read(gpu.mine, GUEST, &value, sizeof(value), copied, NULL);
	failing.armed = false;
	if (r != -EINPROGRESS) {
		held_result = r;
		return r;
	}
	gpu.slow = true;
	gpu.request = NULL;
	memcpy(big, &access, sizeof(access));
	if (peer_send(gpu.client, VG_USER_REGION_WRITE, 0, big, sizeof(access) + 4, NULL, 0))
		pump(true);
	gpu.slow = false;
	if (peer_send(gpu.client, VG_USER_REGION_READ, 0, &access, sizeof(access), NULL, 0))
		pump(true);
	vgpu_request_complete(gpu.request, 0);
	pump(true);
	do {
		r = take_reply(gpu.client);
		if (r == 0 && gpu.client->header.command == VG_USER_DMA_READ)
			answer_read();
	} while (r == 0 && gpu.client->header.command != VG_USER_REGION_READ);
	pump(false);
	return r ? r : held_result;
}

#endif
