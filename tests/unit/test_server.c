/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vfio-user server, command by command, as a client sees it. */
#include "run_suite.h"
#include "served.h"

#include <linux/vfio.h>
#include <sys/wait.h>

static uint64_t take(int eventfd)
{
	uint64_t n = 0;

	return read(eventfd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static int region_info(struct peer *peer, uint32_t index, uint32_t argsz, struct vg_user_region_info *out)
{
	struct vg_user_region_info info = {.argsz = argsz, .index = index};
	int r = peer_call(peer, VG_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info));

	if (r == 0)
		memcpy(out, peer->body, sizeof(*out));
	return r;
}

static int set_irqs(struct peer *peer, uint32_t flags, uint32_t index, uint32_t start, uint32_t count, const int *fds,
					size_t fd_count)
{
	struct vg_user_irq_set set = {sizeof(set), flags, index, start, count};

	return peer_call_fds(peer, VG_USER_DEVICE_SET_IRQS, &set, sizeof(set), fds, fd_count);
}

#define GIVE (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)

START_TEST(hello)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_new(served->socket), *second;

	ck_assert_int_eq(peer_version(peer, 0, PEER_QEMU_JSON), 0);
	ck_assert_uint_eq(((struct vg_user_version *)(void *)peer->body)->minor, 0);
	ck_assert_ptr_nonnull(strstr((char *)peer->body + 4, "write_multiple"));
	ck_assert_ptr_null(strstr((char *)peer->body + 4, "twin_socket")); /* it was not proposed */
	ck_assert_int_eq(vgpu_instance_get_state(served->instance), VGPU_INSTANCE_IN_USE);
	ck_assert_int_eq(vgpu_instance_get_client_pid(served->instance), getpid());
	second = peer_new(served->socket);
	ck_assert_int_eq(peer_version(second, 1, NULL), -EBUSY); /* an answer, then the end */
	ck_assert(!peer_receive(second));
	peer_free(second);
	ck_assert_int_eq(peer_version(peer, 0, NULL), -EINVAL); /* once is enough */
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_new(served->socket);
	ck_assert_int_eq(peer_version(peer, 1, NULL), 0); /* as SPDK: no JSON */
	ck_assert_uint_eq(((struct vg_user_version *)(void *)peer->body)->minor, 1);
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_new(served->socket); /* another command first */
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), -EINVAL);
	ck_assert(!peer_receive(peer));
	peer_free(peer);
	served_free_all(served);
}
END_TEST

START_TEST(infos)
{
	struct served *served = served_new(NULL);
	struct vg_user_device_info device = {.argsz = sizeof(device)};
	struct vg_user_irq_info irq = {.argsz = sizeof(irq), .index = VGPU_IRQ_MSIX};
	struct vfio_region_sparse_mmap_area area;
	struct vg_user_region_info info;
	struct peer *peer = peer_open(served->socket);
	const char *text;

	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_INFO, &device, sizeof(device)), 0);
	memcpy(&device, peer->body, sizeof(device));
	ck_assert_uint_eq(device.flags, VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI);
	ck_assert_uint_eq(device.num_regions, 10);
	ck_assert_uint_eq(device.num_irqs, 5);
	device.argsz = 4;
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_INFO, &device, sizeof(device)), -EINVAL);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_INFO, &device, 4), -EINVAL);

	ck_assert_int_eq(region_info(peer, 0, sizeof(info), &info), 0); /* too short for its areas */
	ck_assert_uint_eq(info.argsz, 80);
	ck_assert_uint_eq(info.cap_offset, 0);
	ck_assert_uint_eq(peer->fd_count, 0);
	ck_assert_int_eq(region_info(peer, 0, info.argsz, &info), 0);
	ck_assert_uint_eq(peer->size, 80);
	ck_assert_uint_eq(peer->fd_count, 1);
	ck_assert_uint_eq(info.size, SERVED_BAR0);
	memcpy(&area, peer->body + 64, sizeof(area));
	ck_assert_uint_eq(area.offset, 3 * SERVED_PAGE);
	ck_assert_int_eq(region_info(peer, 9, 4096, &info), 0);
	ck_assert_uint_eq(info.flags, VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_CAPS);
	ck_assert_uint_eq(peer->fd_count, 0);
	ck_assert_int_eq(region_info(peer, 1, 32, &info), 0); /* not there */
	ck_assert_uint_eq(info.size, 0);
	ck_assert_int_eq(region_info(peer, 10, 32, &info), -EINVAL);
	ck_assert_int_eq(region_info(peer, UINT32_MAX, 32, &info), -EINVAL);
	ck_assert_int_eq(region_info(peer, 0, 31, &info), -EINVAL);

	ck_assert_int_eq(region_info(peer, VGPU_REGION_ROM, 32, &info), 0); /* can be mapped, not written */
	ck_assert_uint_eq(peer->fd_count, 1);
	text = mmap(NULL, SERVED_PAGE, PROT_READ, MAP_SHARED, peer->fds[0], (off_t)info.offset);
	ck_assert_ptr_ne(text, MAP_FAILED);
	ck_assert_str_eq(text, "read-only");
	ck_assert_ptr_eq(mmap(NULL, SERVED_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, peer->fds[0], 0), MAP_FAILED);
	ck_assert_int_eq(ftruncate(peer->fds[0], 0), -1);
	ck_assert_int_eq(pwrite(peer->fds[0], "x", 1, 0), -1);
	ck_assert_int_eq(peer_region_write(peer, VGPU_REGION_ROM, 0, "x", 1), -EACCES);

	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq)), 0);
	memcpy(&irq, peer->body, sizeof(irq));
	ck_assert_uint_eq(irq.count, 8);
	irq.index = 5;
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq)), -EINVAL);
	ck_assert_int_eq(peer_call(peer, 14, NULL, 0), -EOPNOTSUPP);
	ck_assert_int_eq(peer_call(peer, 0xffff, NULL, 0), -EOPNOTSUPP);
	ck_assert_int_eq(peer_call(peer, VG_USER_DMA_READ, NULL, 0), -EOPNOTSUPP);
	ck_assert_int_eq(peer_call(peer, VG_USER_QUERY_GFX_PLANE, peer->body, sizeof(struct vg_user_gfx_plane)),
					 -EOPNOTSUPP); /* it was not agreed on */
	munmap((void *)(uintptr_t)text, SERVED_PAGE);
	peer_free(peer);
	served_free_all(served);
}
END_TEST

START_TEST(reading_and_writing)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	struct vg_user_region_access access = {.region = VGPU_REGION_BAR2, .count = 2 << 20};
	uint32_t value = 0x12345678, back = 0;
	unsigned char all[SERVED_PAGE];
	char *memory = vgpu_instance_get_memory(served->instance, 0);

	ck_assert_int_eq(peer_region_write(peer, 2, 16, &value, 4), 0);
	ck_assert_uint_eq(peer->size, sizeof(access)); /* the answer to a write has no data */
	ck_assert_int_eq(peer_region_read(peer, 2, 16, &back, 4), 0);
	ck_assert_uint_eq(back, value);
	ck_assert_int_eq(peer_region_read(peer, 2, 0, all, 0), 0);
	ck_assert_int_eq(peer_region_read(peer, 2, 0, all, sizeof(all)), 0);
	ck_assert_int_eq(served->reads, 2);
	memory[SERVED_PAGE + 5] = 'm'; /* memory is read without an op */
	ck_assert_int_eq(peer_region_read(peer, 0, SERVED_PAGE + 5, &back, 1), 0);
	ck_assert_int_eq(back & 0xff, 'm');
	ck_assert_int_eq(peer_region_write(peer, 0, 3 * SERVED_PAGE, "end", 4), 0);
	ck_assert_str_eq(memory + 3 * SERVED_PAGE, "end");
	ck_assert_int_eq(served->reads, 2);
	ck_assert_int_eq(peer_region_read(peer, 0, 0, &back, 4), -ENXIO); /* what the op says */
	ck_assert_int_eq(peer_region_read(peer, 0, 2 * SERVED_PAGE - 2, &back, 4), -ENXIO);
	ck_assert_int_eq(peer_region_read(peer, 2, SERVED_PAGE - 2, &back, 4), -EINVAL);
	ck_assert_int_eq(peer_region_read(peer, 2, UINT64_MAX - 1, &back, 4), -EINVAL);
	ck_assert_int_eq(peer_region_read(peer, 99, 0, &back, 4), -EINVAL);
	ck_assert_int_eq(peer_region_read(peer, 1, 0, &back, 4), -EINVAL);
	ck_assert_int_eq(peer_call(peer, VG_USER_REGION_READ, &access, sizeof(access)), -EINVAL);
	access.count = 8; /* and no data */
	ck_assert_int_eq(peer_call(peer, VG_USER_REGION_WRITE, &access, sizeof(access)), -EINVAL);
	ck_assert_int_eq(peer_call(peer, VG_USER_REGION_READ, &access, 3), -EINVAL);
	peer_free(peer);
	served_free_all(served);
}
END_TEST

START_TEST(posted_and_many_writes)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	struct {
		struct vg_user_write_multi multi;
		struct vg_user_write writes[300];
	} many = {.multi = {300}};
	struct {
		struct vg_user_region_access access;
		uint32_t value;
		uint32_t unused; /* what would be padding is sent too */
	} one = {{0, VGPU_REGION_BAR2, 4}, 0, 0};
	uint32_t i, back;

	for (i = 1; i <= 2000; i++) { /* without answers, then one that comes behind all of them */
		one.value = i;
		ck_assert(peer_send(peer, VG_USER_REGION_WRITE, VG_USER_NO_REPLY, &one, sizeof(one), NULL, 0));
	}
	one.access.offset = 1 << 20; /* an error of one without answer is told nobody */
	ck_assert(peer_send(peer, VG_USER_REGION_WRITE, VG_USER_NO_REPLY, &one, sizeof(one), NULL, 0));
	ck_assert_int_eq(peer_region_read(peer, 2, 0, &back, 4), 0);
	ck_assert_uint_eq(back, 2000);
	for (i = 0; i < 300; i++) {
		many.writes[i] = (struct vg_user_write){.offset = 4 * i, .region = VGPU_REGION_BAR2, .count = 4};
		memcpy(many.writes[i].data, &i, 4);
	}
	many.writes[7] = (struct vg_user_write){.offset = SERVED_PAGE, .region = 0, .count = 8, .data = "memory"};
	ck_assert_int_eq(peer_call(peer, VG_USER_REGION_WRITE_MULTI, &many, sizeof(many)), 0);
	ck_assert_uint_eq(peer->size, 8);
	ck_assert_int_eq(peer_region_read(peer, 2, 4 * 299, &back, 4), 0);
	ck_assert_uint_eq(back, 299);
	ck_assert_str_eq((char *)vgpu_instance_get_memory(served->instance, 0) + SERVED_PAGE, "memory");
	many.writes[200].count = 9;
	ck_assert_int_eq(peer_call(peer, VG_USER_REGION_WRITE_MULTI, &many, sizeof(many)), -EINVAL);
	many.writes[200].count = 4;
	many.multi.count = UINT64_MAX / 24 + 2;
	ck_assert_int_eq(peer_call(peer, VG_USER_REGION_WRITE_MULTI, &many, sizeof(many)), -EINVAL);
	many.multi.count = 0;
	ck_assert_int_eq(peer_call(peer, VG_USER_REGION_WRITE_MULTI, &many, sizeof(many.multi)), 0);
	peer_free(peer);
	served_free_all(served);
}
END_TEST

START_TEST(pending_write)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket), *other;
	struct {
		struct vg_user_region_access access;
		uint32_t value;
		uint32_t unused; /* what would be padding is sent too */
	} one = {{SERVED_SLOW, VGPU_REGION_BAR2, 4}, 9, 0};

	served->hold_write = true;
	ck_assert(peer_send(peer, VG_USER_REGION_WRITE, 0, &one, sizeof(one), NULL, 0));
	PEER_WAIT_FOR(served->request);
	one.access.offset = 0; /* it waits its turn */
	ck_assert(peer_send(peer, VG_USER_REGION_WRITE, 0, &one, sizeof(one), NULL, 0));
	other = peer_new(served->socket); /* others are served meanwhile */
	ck_assert_int_eq(peer_version(other, 0, NULL), -EBUSY);
	peer_free(other);
	ck_assert_int_eq(served->writes, 1);
	vgpu_request_complete(served->request, -EDOM);
	ck_assert(peer_receive(peer));
	ck_assert_uint_eq(peer->header.error, EDOM);
	ck_assert(peer_receive(peer));
	ck_assert_uint_eq(peer->header.flags, VG_USER_TYPE_REPLY);
	ck_assert_int_eq(served->writes, 2);

	served->request = NULL; /* the client goes while its op is pending */
	one.access.offset = SERVED_SLOW;
	ck_assert(peer_send(peer, VG_USER_REGION_WRITE, 0, &one, sizeof(one), NULL, 0));
	PEER_WAIT_FOR(served->request);
	peer_free(peer);
	usleep(20000);
	ck_assert_int_eq(vgpu_instance_get_state(served->instance), VGPU_INSTANCE_IN_USE);
	vgpu_request_complete(served->request, 0);
	served_await(served, VGPU_INSTANCE_FREE);
	served_free_all(served);
}
END_TEST

START_TEST(interrupts)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	int fds[4], unmask = eventfd(0, EFD_NONBLOCK), pipes[2];
	uint64_t full = UINT64_MAX - 1;
	uint32_t i;

	for (i = 0; i < 4; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_MSI, 0, 4, fds, 4), 0);
	ck_assert_int_eq(vgpu_pci_trigger(served->instance, 3), 0);
	ck_assert_uint_eq(take(fds[3]), 1);
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_MSI, 3, 1, NULL, 0), 0); /* this one goes off, others stay */
	ck_assert_int_eq(vgpu_instance_trigger_irq(served->instance, VGPU_IRQ_MSI, 3), 0);
	ck_assert_int_eq(vgpu_instance_trigger_irq(served->instance, VGPU_IRQ_MSI, 2), 0);
	ck_assert_uint_eq(take(fds[3]), 0);
	ck_assert_uint_eq(take(fds[2]), 1);
	ck_assert_int_eq(vgpu_instance_has_irq(served->instance, VGPU_IRQ_MSI, 2), 1);
	ck_assert_int_eq(vgpu_instance_trigger_irq(served->instance, VGPU_IRQ_MSI, 4), -EINVAL);

	/* a full eventfd, which would block, is not waited for */
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, 0), 0);
	ck_assert_int_eq(write(fds[0], &full, sizeof(full)), sizeof(full));
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(vgpu_instance_trigger_irq(served->instance, VGPU_IRQ_MSI, 0), 0);
	ck_assert_uint_ge(take(fds[0]), UINT64_MAX - 1);

	/* what is no eventfd is refused, and nothing changes */
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_MSI, 2, 1, &pipes[1], 1), -EINVAL);
	ck_assert_int_eq(vgpu_instance_trigger_irq(served->instance, VGPU_IRQ_MSI, 2), 0);
	ck_assert_uint_eq(take(fds[2]), 1);
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_MSI, 2, 3, fds, 3), -EINVAL);
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_MSI, UINT32_MAX, 2, fds, 2), -EINVAL);
	ck_assert_int_eq(set_irqs(peer, GIVE, 5, 0, 1, fds, 1), -EINVAL);
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_MSI, 0, 3, fds, 2), -EINVAL);
	ck_assert_int_eq(set_irqs(peer, GIVE | VFIO_IRQ_SET_DATA_NONE, VGPU_IRQ_MSI, 0, 1, fds, 1), -EINVAL);
	ck_assert_int_eq(set_irqs(peer, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, VGPU_IRQ_MSI, 0, 1, NULL, 0),
					 -EOPNOTSUPP);
	ck_assert_int_eq(set_irqs(peer, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, VGPU_IRQ_MSI, 0, 4, NULL, 0),
					 -EINVAL);

	/* the client triggers; then all go off */
	ck_assert_int_eq(set_irqs(peer, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, VGPU_IRQ_MSI, 1, 1, NULL, 0),
					 0);
	ck_assert_uint_eq(take(fds[1]), 1);
	ck_assert_int_eq(set_irqs(peer, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, VGPU_IRQ_MSI, 0, 0, NULL, 0),
					 0);
	ck_assert_int_eq(vgpu_instance_has_irq(served->instance, VGPU_IRQ_MSI, 2), 0);

	/* INTx: masks itself; a level that stays raised comes again; an eventfd unmasks */
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_INTX, 0, 1, fds, 1), 0);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(vgpu_instance_set_intx(served->instance, 1), 0);
	ck_assert_int_eq(vgpu_instance_set_intx(served->instance, 1), 0);
	ck_assert_uint_eq(take(fds[0]), 1);
	ck_assert_int_eq(set_irqs(peer, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, VGPU_IRQ_INTX, 0, 1, NULL, 0),
					 0);
	ck_assert_uint_eq(take(fds[0]), 1);
	ck_assert_int_eq(vgpu_instance_set_intx(served->instance, 0), 0);
	ck_assert_int_eq(
		set_irqs(peer, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK, VGPU_IRQ_INTX, 0, 1, &unmask, 1), 0);
	ck_assert_int_eq(vgpu_pci_trigger(served->instance, 0), 0); /* masked: it waits */
	ck_assert_uint_eq(take(fds[0]), 0);
	ck_assert_int_eq(write(unmask, &(uint64_t){1}, 8), 8);
	PEER_WAIT_FOR(poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, 0) == 1);

	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	ck_assert_int_eq(vgpu_instance_has_irq(served->instance, VGPU_IRQ_INTX, 0), 0);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	close(unmask);
	close(pipes[0]);
	close(pipes[1]);
	served_free_all(served);
}
END_TEST

START_TEST(doorbells)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	struct vg_user_region_io_fds ask = {.argsz = 16, .index = VGPU_REGION_BAR2};
	struct vg_user_io_fd entry;
	uint32_t value = 1;
	int bell;

	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_REGION_IO_FDS, &ask, sizeof(ask)), 0);
	memcpy(&ask, peer->body, sizeof(ask));
	ck_assert_uint_eq(ask.argsz, 56);
	ck_assert_uint_eq(peer->fd_count, 0);
	ask.count = 0;
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_REGION_IO_FDS, &ask, sizeof(ask)), 0);
	ck_assert_uint_eq(peer->fd_count, 1);
	memcpy(&entry, peer->body + 16, sizeof(entry));
	ck_assert_uint_eq(entry.offset, SERVED_BELL);
	ck_assert_uint_eq(entry.size, 4);
	bell = dup(peer->fds[0]);
	fcntl(bell, F_SETFL, 0); /* a client that makes it block harms nobody */
	ck_assert_int_eq(write(bell, &(uint64_t){3}, 8), 8);
	PEER_WAIT_FOR(served->rings == 1);
	ck_assert_int_eq(peer_region_write(peer, 2, SERVED_BELL, &value, 4), 0); /* by message */
	ck_assert_int_eq(served->rings, 2);
	ck_assert_int_eq(served->writes, 0);
	ck_assert_int_eq(peer_region_write(peer, 2, SERVED_BELL, &value, 2), 0); /* another width is no ring */
	ck_assert_int_eq(served->writes, 1);
	ask.index = 99;
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_REGION_IO_FDS, &ask, sizeof(ask)), -EINVAL);
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	ck_assert_int_eq(write(bell, &(uint64_t){1}, 8), 8); /* what a client kept rings no more */
	usleep(20000);
	ck_assert_int_eq(served->rings, 2);
	close(bell);
	served_free_all(served);
}
END_TEST

START_TEST(resetting)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	uint16_t command = 7;

	ck_assert_int_eq(peer_region_write(peer, VGPU_REGION_CONFIG, 4, &command, 2), 0);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 4, &command, 2), 0);
	ck_assert_uint_eq(command, 0);
	ck_assert_int_eq(served->resets, 1);
	ck_assert_int_eq(served->quiesces, 1);
	ck_assert_int_eq(served->resumes, 1);
	ck_assert_int_eq(served->last_why, VGPU_QUIESCE_RESET);
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	ck_assert_int_eq(served->last_why, VGPU_QUIESCE_DISCONNECT);
	served_free_all(served);
}
END_TEST

/* It does not come to rest: this vGPU alone goes to error. */
START_TEST(restless)
{
	const struct vgpu_provider_opts opts = {.quiesce_ms = 100};
	struct served *served = served_new(&opts);
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = SERVED_UUID, .instance = 1, .type = "type"};
	struct vgpu_instance_destroy_opts force = {.size = sizeof(force), .flags = VGPU_INSTANCE_FORCE};
	struct vgpu_instance *other;
	struct peer *peer = peer_open(served->socket), *second;
	int err = eventfd(0, EFD_NONBLOCK);

	ck_assert_int_eq(vgpu_instance_create(served->provider, &which, &other), 0);
	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_ERR, 0, 1, &err, 1), 0);
	served->hold = true;
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), -EPIPE); /* disconnected */
	ck_assert_uint_eq(take(err), 1);
	served_await(served, VGPU_INSTANCE_ERROR);
	second = peer_new(served->socket);
	ck_assert_int_eq(peer_version(second, 0, NULL), -EIO);
	peer_free(second);
	served->hold = false;
	second = peer_open(vgpu_instance_get_socket(other)); /* the other works */
	ck_assert_int_eq(peer_call(second, VG_USER_DEVICE_RESET, NULL, 0), 0);
	peer_free(second);
	vgpu_request_complete(served->request, 0); /* too late */
	ck_assert_int_eq(vgpu_instance_destroy(served->instance, NULL), -ETIMEDOUT);
	ck_assert_int_eq(vgpu_instance_destroy(served->instance, &force), 0);
	served_await(served, VGPU_INSTANCE_GONE);
	vgpu_instance_destroy(other, &force);
	vgpu_instance_unref(other);
	PEER_WAIT_FOR(served->freed == 1); /* the other's */
	served->freed = 0;
	peer_free(peer);
	close(err);
	served_free_all(served);
}
END_TEST

static void *drop_later(void *data)
{
	struct pollfd ready = {.fd = ((int *)data)[0], .events = POLLIN};

	poll(&ready, 1, PEER_WAIT_MS);
	shutdown(((int *)data)[1], SHUT_RDWR);
	return NULL;
}

START_TEST(destroying_in_use)
{
	struct served *served = served_new(NULL);
	struct vgpu_instance_destroy_opts opts = {.size = sizeof(opts), .deadline_ms = 50};
	struct peer *peer = peer_open(served->socket);
	int req = eventfd(0, EFD_NONBLOCK), ends[2] = {req, peer->fd};
	pthread_t thread;

	ck_assert_int_eq(set_irqs(peer, GIVE, VGPU_IRQ_REQ, 0, 1, &req, 1), 0);
	served->consents = -EBUSY;
	ck_assert_int_eq(vgpu_instance_destroy(served->instance, NULL), -EBUSY);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(served->ctx)), VGPU_CAUSE_IN_USE);
	ck_assert_uint_eq(take(req), 0);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0); /* intact */
	served->consents = 0;                                                /* asked to leave, but it stays */
	ck_assert_int_eq(vgpu_instance_destroy(served->instance, &opts), -ETIMEDOUT);
	ck_assert_str_eq(vgpu_error_get_message(vgpu_context_get_error(served->ctx)),
					 "its client was asked, and did not leave");
	ck_assert_uint_eq(take(req), 1);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	ck_assert_int_eq(vgpu_instance_get_state(served->instance), VGPU_INSTANCE_IN_USE);
	if (_i) {
		opts.flags = VGPU_INSTANCE_FORCE;
		ck_assert_int_eq(vgpu_instance_destroy(served->instance, &opts), 0);
		ck_assert(!peer_receive(peer));
	} else {
		ck_assert_int_eq(pthread_create(&thread, NULL, drop_later, ends), 0);
		ck_assert_int_eq(vgpu_instance_destroy(served->instance, NULL), 0);
		pthread_join(thread, NULL);
	}
	ck_assert_int_eq(access(served->socket, F_OK), -1);
	peer_free(peer);
	close(req);
	served_free_all(served);
}
END_TEST

/* A client that left before the loop had its turn is not in the way of the next one. */
START_TEST(left_at_once)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "soft"};
	const struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = SERVED_UUID, .type = "softgpu-16"};
	const struct vg_user_version version = {0, 0};
	char dir[] = "/tmp/vgpu-left.XXXXXX";
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	struct vgpu_context *ctx;
	struct peer *peer;
	int fd, i;

	opts.socket_dir = mkdtemp(dir);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	ck_assert_int_eq(vgpu_softgpu_register(ctx, &opts, 0, &provider), 0);
	ck_assert_int_eq(vgpu_instance_create(provider, &which, &instance), 0);
	fd = peer_connect(vgpu_instance_get_socket(instance));
	ck_assert_int_eq(write(fd, "half", 4), 4);
	close(fd);
	peer = peer_new(vgpu_instance_get_socket(instance));
	ck_assert(peer_send(peer, VG_USER_VERSION, 0, &version, sizeof(version), NULL, 0));
	for (i = 0; i < 10; i++)
		vgpu_provider_process(provider);
	ck_assert(peer_receive(peer));
	ck_assert_uint_eq(peer->header.error, 0);
	peer_free(peer);
	vgpu_provider_unregister(provider);
	vgpu_instance_unref(instance);
	vgpu_context_unref(ctx);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(coming_back)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	uint32_t value = 77, back = 0;
	int status, fd;
	pid_t pid;

	ck_assert_int_eq(peer_region_write(peer, 2, 8, &value, 4), 0);
	ck_assert_int_eq(peer_map(peer, 0x1000, 0x1000, 3, -1), 0);
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	fflush(NULL);
	pid = fork();
	if (pid == 0) { /* a client that dies in the middle of a message */
		fd = peer_connect(served->socket);
		_exit(write(fd, "half", 4) != 4);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_open(served->socket);
	ck_assert_int_eq(peer_region_read(peer, 2, 8, &back, 4), 0);
	ck_assert_uint_eq(back, value);
	ck_assert_int_eq(peer_map(peer, 0x1000, 0x1000, 3, -1), 0); /* the earlier one is gone */
	peer_free(peer);
	served_free_all(served);
}
END_TEST

/* A socket file that nobody listens at is replaced; one that somebody has, is not. */
START_TEST(sockets)
{
	struct served *served = served_new(NULL);
	struct vgpu_provider_opts opts = {
		.size = sizeof(opts), .name = "other", .flags = VGPU_PROVIDER_THREAD, .socket_dir = served->dir};
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = SERVED_UUID, .type = "type"};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct vgpu_context *ctx;
	struct vgpu_provider *other;
	struct stat st;
	int fd;

	ck_assert_int_eq(stat(served->socket, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0); /* as another process */
	ck_assert_int_eq(vgpu_provider_register(ctx, &opts, &served->ops, served, &other), 0);
	ck_assert_int_eq(vgpu_instance_create(other, &which, NULL), -EEXIST);
	PEER_WAIT_FOR(served->freed == 1);
	peer_free(peer_open(served->socket)); /* the first still listens */
	which.instance = 1;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" SERVED_UUID ":1.sock", served->dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(vgpu_instance_create(other, &which, NULL), -EEXIST); /* somebody without a lock */
	close(fd);
	ck_assert_int_eq(vgpu_instance_create(other, &which, NULL), 0); /* he is dead now */
	peer_free(peer_open(address.sun_path));
	vgpu_provider_unregister(other);
	vgpu_context_unref(ctx);
	PEER_WAIT_FOR(served->freed == 3);
	served->freed = 0;
	served_free_all(served);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server");
	TCase *tcase = tcase_create("server");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, hello);
	tcase_add_test(tcase, infos);
	tcase_add_test(tcase, reading_and_writing);
	tcase_add_test(tcase, posted_and_many_writes);
	tcase_add_test(tcase, pending_write);
	tcase_add_test(tcase, interrupts);
	tcase_add_test(tcase, doorbells);
	tcase_add_test(tcase, resetting);
	tcase_add_test(tcase, restless);
	tcase_add_loop_test(tcase, destroying_in_use, 0, 2);
	tcase_add_test(tcase, left_at_once);
	tcase_add_test(tcase, coming_back);
	tcase_add_test(tcase, sockets);
	return run_checks(suite);
}
