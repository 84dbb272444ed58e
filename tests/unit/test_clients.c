/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs' clients send, in their order and with their numbers, and what they insist on in the answers. */
#include "run_suite.h"
#include "served.h"

#include <linux/vfio.h>

static void ask_region(struct peer *peer, uint32_t index, uint32_t argsz, struct vg_user_region_info *info)
{
	struct vg_user_region_info ask = {.argsz = argsz, .index = index};

	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_REGION_INFO, &ask, sizeof(ask)), 0);
	ck_assert_uint_ge(peer->size, sizeof(*info));
	ck_assert_uint_le(peer->size, argsz);
	memcpy(info, peer->body, sizeof(*info));
	ck_assert_uint_eq(info->index, index);
}

static void set_irqs(struct peer *peer, uint32_t flags, uint32_t index, uint32_t start, uint32_t count, const int *fds,
					 size_t fd_count)
{
	struct vg_user_irq_set set = {sizeof(set), flags, index, start, count};

	ck_assert_int_eq(peer_call_fds(peer, VG_USER_DEVICE_SET_IRQS, &set, sizeof(set), fds, fd_count), 0);
	ck_assert_uint_eq(peer->size, 0);
}

#define GIVE (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define OFF (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)

/* QEMU 10.1 to 11: version 0.0; regions asked for twice where the first answer is short; posted writes; many maps whose
 * answers it looks at later; vectors without eventfd one by one. */
START_TEST(qemu)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_new(served->socket);
	struct vg_user_device_info device = {.argsz = sizeof(device)};
	struct vg_user_irq_info irq;
	struct vg_user_region_info info;
	struct vg_user_dma_map map;
	struct {
		struct vg_user_region_access access;
		uint32_t value;
		uint32_t unused; /* what would be padding is sent too */
	} posted = {{0x10, VGPU_REGION_CONFIG, 4}, UINT32_MAX, 0};
	unsigned char config[256];
	const char *json;
	uint32_t i, value;
	int fds[3], memory;
	void *at = peer_memory(8 * SERVED_PAGE, F_SEAL_SHRINK | F_SEAL_GROW, &memory);

	ck_assert_int_eq(peer_version(peer, 0, PEER_QEMU_JSON), 0);
	ck_assert_uint_eq(((uint16_t *)(void *)peer->body)[1], 0); /* it refuses a higher one */
	json = (char *)peer->body + 4;
	ck_assert_uint_eq(peer->body[peer->size - 1], '\0');
	ck_assert_ptr_null(strstr(json, "twin_socket"));
	ck_assert_ptr_null(strstr(json, "vgpu_display"));
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_INFO, &device, sizeof(device)), 0);
	memcpy(&device, peer->body, sizeof(device));
	ck_assert_uint_le(device.num_regions, 100);
	ck_assert_uint_le(device.num_irqs, 50);
	for (i = 0; i < device.num_regions; i++) {
		ask_region(peer, i, sizeof(info), &info);
		if (info.argsz > sizeof(info))
			ask_region(peer, i, info.argsz, &info);
		ck_assert_uint_eq(peer->fd_count, info.flags & VGPU_REGION_FLAG_MMAP ? 1 : 0);
	}
	for (i = 0; i < device.num_irqs; i++) {
		irq = (struct vg_user_irq_info){.argsz = sizeof(irq), .index = i};
		ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq)), 0);
	}
	ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 0, config, sizeof(config)), 0);
	for (i = 0; i < 8; i++) {
		map =
			(struct vg_user_dma_map){sizeof(map), 3, (uint64_t)i * SERVED_PAGE, (uint64_t)i * SERVED_PAGE, SERVED_PAGE};
		ck_assert(peer_send(peer, VG_USER_DMA_MAP, 0, &map, sizeof(map), &memory, 1));
	}
	for (i = 0; i < 8; i++) {
		ck_assert(peer_receive(peer));
		ck_assert_uint_eq(peer->header.flags, VG_USER_TYPE_REPLY);
	}
	ck_assert(peer_send(peer, VG_USER_REGION_WRITE, VG_USER_NO_REPLY, &posted, sizeof(posted), NULL, 0));
	ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 0x10, &value, 4), 0);
	ck_assert_uint_eq(value, ~(SERVED_BAR0 - 1) | 8); /* the size of BAR0, prefetchable */
	for (i = 0; i < 3; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	set_irqs(peer, GIVE, VGPU_IRQ_ERR, 0, 1, &fds[0], 1);
	set_irqs(peer, GIVE, VGPU_IRQ_REQ, 0, 1, &fds[1], 1);
	set_irqs(peer, GIVE, VGPU_IRQ_INTX, 0, 1, &fds[2], 1);
	set_irqs(peer, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, VGPU_IRQ_INTX, 0, 1, NULL, 0);
	set_irqs(peer, OFF, VGPU_IRQ_INTX, 0, 0, NULL, 0);
	set_irqs(peer, GIVE, VGPU_IRQ_MSIX, 0, 1, &fds[2], 1);
	set_irqs(peer, GIVE, VGPU_IRQ_MSIX, 1, 1, NULL, 0); /* one that KVM has not got yet */
	ck_assert_int_eq(vgpu_pci_trigger(served->instance, 1), 0);
	ck_assert_int_eq(read(fds[2], &(uint64_t){0}, 8), 8);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	for (i = 0; i < 8; i++)
		ck_assert_int_eq(peer_unmap(peer, (uint64_t)i * SERVED_PAGE, SERVED_PAGE), 0);
	set_irqs(peer, OFF, VGPU_IRQ_MSIX, 0, 0, NULL, 0);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	munmap(at, 8 * SERVED_PAGE);
	close(memory);
	peer_free(peer);
	served_free_all(served);
}
END_TEST

/* cloud-hypervisor: version 0.1, small promises; never looks at errors; eventfds in batches of 16. */
START_TEST(cloud_hypervisor)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_new(served->socket);
	struct vg_user_device_info device = {.argsz = sizeof(device)};
	struct vg_user_region_info info;
	int fds[8], memory;
	void *at = peer_memory(2 * SERVED_PAGE, 0, &memory); /* shared=on, not sealed */
	uint32_t i;

	ck_assert_int_eq(peer_version(peer, 1,
								  "{\"capabilities\":{\"max_msg_fds\":1,\"max_data_xfer_size\":1048576,"
								  "\"migration\":{\"pgsize\":4096}}}"),
					 0);
	ck_assert_ptr_null(strstr((char *)peer->body + 4, "write_multiple"));
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_INFO, &device, sizeof(device)), 0);
	memcpy(&device, peer->body, sizeof(device));
	for (i = 0; i < device.num_regions; i++) {
		ask_region(peer, i, sizeof(info), &info);
		if (info.argsz > sizeof(info))
			ask_region(peer, i, info.argsz, &info);
	}
	ck_assert_int_eq(peer_map(peer, 0, 2 * SERVED_PAGE, 3, memory), 0);
	ck_assert_int_eq(vgpu_guest_write(served->instance, 4094, "abc", 4), 0);
	ck_assert_str_eq((char *)at + 4094, "abc");
	for (i = 0; i < 8; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	set_irqs(peer, GIVE, VGPU_IRQ_MSIX, 0, 8, fds, 8);
	ck_assert_int_eq(vgpu_pci_trigger(served->instance, 7), 0);
	ck_assert_int_eq(read(fds[7], &(uint64_t){0}, 8), 8);
	set_irqs(peer, OFF, VGPU_IRQ_MSIX, 0, 0, NULL, 0);
	ck_assert_int_eq(peer_unmap(peer, 0, 2 * SERVED_PAGE), 0);
	for (i = 0; i < 8; i++)
		close(fds[i]);
	munmap(at, 2 * SERVED_PAGE);
	close(memory);
	peer_free(peer);
	served_free_all(served);
}
END_TEST

/* SPDK: version 0.1 without JSON; a page of room for each answer; maps memory, no IRQs. */
START_TEST(spdk)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_new(served->socket);
	struct vg_user_device_info device = {.argsz = sizeof(device)};
	struct vg_user_region_info info;
	unsigned char config[256];
	char *bar;
	int memory;
	void *at = peer_memory(2 * SERVED_PAGE, F_SEAL_SHRINK, &memory);
	uint32_t i, command = 0x406;

	ck_assert_int_eq(peer_version(peer, 1, NULL), 0);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_INFO, &device, sizeof(device)), 0);
	memcpy(&device, peer->body, sizeof(device));
	for (i = 0; i < 9; i++) {
		ask_region(peer, i, 4096, &info);
		ck_assert_uint_le(peer->fd_count, 1);
		if (i > 0)
			continue;
		bar = mmap(NULL, SERVED_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, peer->fds[0],
				   (off_t)info.offset + SERVED_PAGE); /* its first area */
		ck_assert_ptr_ne(bar, MAP_FAILED);
		memcpy(bar, "direct", 7);
		munmap(bar, SERVED_PAGE);
	}
	ck_assert_str_eq((char *)vgpu_instance_get_memory(served->instance, 0) + SERVED_PAGE, "direct");
	ck_assert_int_eq(peer_map(peer, 0x200000, 2 * SERVED_PAGE, 3, memory), 0);
	ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 0, config, sizeof(config)), 0);
	ck_assert_uint_eq(config[0] | config[1] << 8, 0x1234);
	ck_assert_int_eq(peer_region_write(peer, VGPU_REGION_CONFIG, 4, &command, 4), 0);
	ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 4, config, 2), 0);
	ck_assert_uint_eq(config[0] | config[1] << 8, 0x406);
	ck_assert_int_eq(peer_unmap(peer, 0x200000, 2 * SERVED_PAGE), 0);
	munmap(at, 2 * SERVED_PAGE);
	close(memory);
	peer_free(peer);
	served_free_all(served);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {qemu, cloud_hypervisor, spdk, NULL};

	return run_suite("clients", tests);
}
