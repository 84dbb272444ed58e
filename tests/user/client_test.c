/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handle over a vfio-user socket: everything that it does for a device of the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run_suite.h"
#include "server.h"
#include "sys/unixsock.h"

static struct server server; /* large */
static struct vgpu_context *ctx;
static unsigned char buf[BAR2_SIZE];

static void setup(void)
{
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	server_init(&server);
}

static void teardown(void)
{
	server_free(&server);
	vgpu_context_unref(ctx);
}

static void expect_cause(enum vgpu_cause cause)
{
	const struct vgpu_error *error = vgpu_context_get_error(ctx);

	ck_assert_msg(vgpu_error_get_cause(error) == cause, "%s: %s", vgpu_cause_get_name(vgpu_error_get_cause(error)),
				  vgpu_error_get_message(error));
}

START_TEST(what_it_is)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);

	ck_assert_str_eq(vgpu_vfio_get_name(vfio), "scripted");
	ck_assert_int_eq(vgpu_vfio_get_access(vfio), VGPU_ACCESS_USER);
	ck_assert_uint_eq(vgpu_vfio_get_flags(vfio), VGPU_VFIO_FLAG_PCI | VGPU_VFIO_FLAG_RESET);
	ck_assert_uint_eq(vgpu_vfio_get_region_count(vfio), REGION_COUNT);
	ck_assert_uint_eq(vgpu_vfio_get_irq_count(vfio), 5);
	ck_assert_int_eq(vgpu_vfio_get_device_fd(vfio), -1);
	ck_assert_ptr_nonnull(vgpu_vfio_get_dma(vfio));
	vgpu_vfio_close(vfio);
}
END_TEST

START_TEST(regions)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	struct vgpu_region *region;
	uint64_t offset, size;

	ck_assert_int_eq(vgpu_region_find(vfio, VGPU_REGION_BAR0, &region), 0);
	ck_assert_uint_eq(vgpu_region_get_size(region), BAR0_SIZE);
	ck_assert_int_eq(vgpu_region_get_sparse(region), 1);
	ck_assert_uint_eq(vgpu_region_get_area_count(region), 2);
	ck_assert_int_eq(vgpu_region_get_area(region, 1, &offset, &size), 0);
	ck_assert_uint_eq(offset, 3 * 4096);
	vgpu_region_unref(region);
	ck_assert_int_eq(vgpu_region_find(vfio, EDID_REGION, &region), 0);
	ck_assert_str_eq(vgpu_region_get_name(region), "edid");
	ck_assert_uint_eq(vgpu_region_get_type(region), VGPU_REGION_TYPE_GFX);
	vgpu_vfio_close(vfio);
	ck_assert_uint_eq(vgpu_region_get_size(region), EDID_SIZE); /* it outlives the handle */
	vgpu_region_unref(region);
}
END_TEST

START_TEST(no_region)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	struct vgpu_region *region = NULL;

	ck_assert_int_eq(vgpu_region_find(vfio, 10, &region), -EINVAL);
	expect_cause(VGPU_CAUSE_NO_REGION);
	ck_assert_int_eq(vgpu_region_find(vfio, 0xffffffff, &region), -EINVAL);
	ck_assert_ptr_null(region);
	vgpu_vfio_close(vfio);
}
END_TEST

/* Of all sizes, more than one message too, and what is refused without a message. */
START_TEST(read_and_write)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	uint64_t value;
	size_t i;

	for (i = 0; i < BAR2_SIZE; i++)
		buf[i] = (unsigned char)(i * 31 + i / 4093);
	ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, buf, BAR2_SIZE), BAR2_SIZE);
	ck_assert_mem_eq(server.bar2, buf, BAR2_SIZE);
	memset(buf, 0, sizeof(buf));
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, buf, BAR2_SIZE), BAR2_SIZE);
	ck_assert_mem_eq(server.bar2, buf, BAR2_SIZE);
	for (i = 1; i <= 8; i *= 2) {
		ck_assert_int_eq(vgpu_region_write_value(vfio, VGPU_REGION_BAR2, 64, (unsigned)i, 0x11 * i), 0);
		ck_assert_int_eq(vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 64, (unsigned)i, &value), 0);
		ck_assert_uint_eq(value, 0x11 * i);
	}
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, BAR2_SIZE - 1, buf, 2), -ERANGE);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, buf, CONFIG_SIZE), CONFIG_SIZE);
	ck_assert_mem_eq(buf, "\x34\x12\x11\x11", 4);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR1, 0, buf, 1), -ERANGE);
	ck_assert_int_eq(vgpu_vfio_flush(vfio), 0);
	vgpu_vfio_close(vfio);
}
END_TEST

/* The server takes less at once than others: no message is larger. */
static bool limit_data(struct server *s, struct vg_message *message)
{
	(void)s;
	if (message->header.command == VG_USER_REGION_WRITE)
		ck_assert_uint_le(message->size, 16 + 4096);
	return false;
}

START_TEST(small_server)
{
	struct vgpu_vfio *vfio;

	server.caps.max_data_xfer_size = 4096;
	server.hook = limit_data;
	vfio = server_open(&server, ctx, NULL, NULL);
	memset(buf, 0x5a, sizeof(buf));
	ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 1, buf, 100000), 100000);
	ck_assert_uint_eq(server.writes, 25);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, buf, 100002), 100002);
	ck_assert(buf[0] == 0 && buf[1] == 0x5a && buf[100000] == 0x5a && buf[100001] == 0);
	vgpu_vfio_close(vfio);
}
END_TEST

/* Plain loads and stores, and what the server reads is the same memory; it stays when the handle and the server go. */
START_TEST(map_bar)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	struct vgpu_mapping *mapping;
	unsigned char *address;
	uint32_t value = 0;

	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping), 0);
	ck_assert_uint_eq(vgpu_mapping_get_area_count(mapping), 2);
	address = vgpu_mapping_get_address(mapping);
	address[3 * 4096 + 5] = 0xab;
	ck_assert_uint_eq(server.bar0[3 * 4096 + 5], 0xab);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR0, 3 * 4096 + 5, &value, 1), 1);
	ck_assert_uint_eq(value, 0xab);
	server.bar0[4096] = 0x77;
	ck_assert_uint_eq(address[4096], 0x77);
	vgpu_vfio_close(vfio);
	server_stop(&server);
	address[4096]++;
	ck_assert_uint_eq(server.bar0[4096], 0x78);
	vgpu_mapping_unmap(mapping);
}
END_TEST

START_TEST(map_refused)
{
	struct vgpu_user_opts user = {.size = sizeof(user), .flags = _i == 1 ? VGPU_USER_MAP_UNSEALED : 0};
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_vfio *vfio;
	int r;

	server.is_unsealed = _i < 2;
	server.is_short = _i == 2;
	vfio = server_open(&server, ctx, NULL, &user);
	r = vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping);
	ck_assert_int_eq(r, _i == 1 ? 0 : -EOPNOTSUPP);
	if (r)
		expect_cause(VGPU_CAUSE_NOT_MAPPABLE);
	vgpu_mapping_unmap(mapping);
	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR2, NULL, &mapping), -EOPNOTSUPP);
	vgpu_vfio_close(vfio);
}
END_TEST

START_TEST(posted_writes)
{
	struct vgpu_user_opts user = {.size = sizeof(user), .flags = _i ? VGPU_USER_QUEUE : VGPU_USER_POST};
	struct vgpu_vfio *vfio;
	uint32_t i, value;

	server.caps.write_multiple = _i < 2;
	vfio = server_open(&server, ctx, NULL, &user);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 4 * i, &i, 4), 4);
	if (_i == 3)
		ck_assert_int_eq(vgpu_vfio_flush(vfio), 0);
	/* a read comes behind all of them */
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 4 * 999, &value, 4), 4);
	ck_assert_uint_eq(value, 999);
	for (i = 0; i < 1000; i++)
		ck_assert_mem_eq(server.bar2 + 4 * i, &i, 4);
	ck_assert_uint_eq(server.multi_writes, _i == 1 ? 1000 : 0);
	ck_assert_uint_eq(server.multis, _i == 1 ? 5 : 0);
	/* what is larger is answered */
	ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, buf, 4096), 4096);
	vgpu_vfio_close(vfio);
}
END_TEST

static bool is_signalled(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

/* More eventfds than go into one message, with gaps. */
START_TEST(interrupts)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	int fds[MSIX_COUNT], unmask;
	unsigned i;

	for (i = 0; i < MSIX_COUNT; i++)
		fds[i] = i == 7 || i == 8 ? -1 : eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, MSIX_COUNT, fds), 0);
	ck_assert_uint_eq(server.set_irqs_messages, 1 + 1 + 2); /* 7; 2 without; 16 and 15 */
	for (i = 0; i < MSIX_COUNT; i++)
		ck_assert_int_eq(server.irqs[VGPU_IRQ_MSIX][i] >= 0, fds[i] >= 0);
	ck_assert_int_eq(vgpu_irq_trigger(vfio, VGPU_IRQ_MSIX, 20, 2), 0);
	ck_assert(is_signalled(fds[20]) && is_signalled(fds[21]) && !is_signalled(fds[22]) && !is_signalled(fds[19]));
	ck_assert_int_eq(eventfd_write(server.irqs[VGPU_IRQ_MSIX][39], 1), 0);
	ck_assert(is_signalled(fds[39]));
	ck_assert_int_eq(vgpu_irq_mask(vfio, VGPU_IRQ_MSIX, 0, 1), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_irq_disable(vfio, VGPU_IRQ_MSIX), 0);
	ck_assert_int_eq(server.irqs[VGPU_IRQ_MSIX][20], -1);
	ck_assert_int_eq(vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, fds), 0);
	ck_assert_int_eq(vgpu_irq_mask(vfio, VGPU_IRQ_INTX, 0, 1), 0);
	ck_assert(server.masked[0]);
	ck_assert_int_eq(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1), 0);
	ck_assert(!server.masked[0]);
	unmask = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, unmask), 0);
	ck_assert_int_ge(server.unmask[0], 0);
	ck_assert_int_eq(vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, -1), 0);
	ck_assert_int_eq(server.unmask[0], -1);
	vgpu_vfio_close(vfio);
	for (i = 0; i < MSIX_COUNT; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close(unmask);
}
END_TEST

/* What the server does when config space is read: it asks for memory first. */
struct ask {
	uint16_t command;
	uint64_t address;
	uint32_t size;
	int result;
	unsigned char body[16 + 8192];
};

static bool ask_first(struct server *s, struct vg_message *message)
{
	struct ask *ask = s->hook_data;
	struct vg_user_dma_access access;
	struct vg_fds none = {0};
	struct vg_message copy = *message;
	unsigned char body[16];

	if (message->header.command != VG_USER_REGION_READ || !ask->size)
		return false;
	memcpy(body, message->body, sizeof(body)); /* what is received meanwhile takes its place */
	copy.body = body;
	copy.fds = &none;
	access = (struct vg_user_dma_access){ask->address, ask->size};
	memcpy(ask->body, &access, sizeof(access));
	ask->result = server_ask(s, ask->command, ask->body,
							 ask->command == VG_USER_DMA_WRITE ? sizeof(access) + ask->size : sizeof(access));
	server_answer(s, &copy);
	return true;
}

static int ask_for(struct vgpu_vfio *vfio, struct ask *ask, uint16_t command, uint64_t address, uint32_t size)
{
	uint32_t id;

	ask->command = command;
	ask->address = address;
	ask->size = size;
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &id, 4), 4);
	ck_assert_uint_eq(id, 0x11111234);
	return ask->result;
}

/* A blocked call serves the server's requests meanwhile; bounds and rights are ours. */
START_TEST(dma_by_messages)
{
	struct vgpu_user_opts user = {.size = sizeof(user)};
	static struct ask ask;
	struct vgpu_vfio *vfio;
	struct vgpu_dma *dma;
	unsigned char *memory;
	size_t i;

	user.flags = _i ? VGPU_USER_TWIN : 0;
	server.has_twin = _i;
	server.hook = ask_first;
	server.hook_data = &ask;
	ask.size = 0;
	vfio = server_open(&server, ctx, NULL, &user);
	dma = vgpu_vfio_get_dma(vfio);
	memory = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < 16 * 4096; i++)
		memory[i] = (unsigned char)(i * 7 + i / 4096);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x10000, memory, 4 * 4096, VGPU_DMA_READ | VGPU_DMA_WRITE), 0);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x14000, memory + 8 * 4096, 4096, VGPU_DMA_READ), 0);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x20000, memory + 12 * 4096, 4096, VGPU_DMA_WRITE), 0);
	ck_assert_uint_eq(server.map_count, 3);
	ck_assert_int_eq(server.maps[0].fd, -1);
	/* over the border of two mappings */
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, 0x13f00, 0x200), 0);
	ck_assert_uint_eq(server.reply_size, 16 + 0x200);
	ck_assert_mem_eq(server.reply_body + 16, memory + 0x3f00, 0x100);
	ck_assert_mem_eq(server.reply_body + 16 + 0x100, memory + 8 * 4096, 0x100);
	for (i = 0; i < 8192; i++)
		ask.body[16 + i] = (unsigned char)i;
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_WRITE, 0x10801, 8192), 0);
	ck_assert_uint_eq(server.reply_size, 16);
	ck_assert_mem_eq(memory + 0x801, ask.body + 16, 8192);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_WRITE, 0x14000, 1), EACCES);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, 0x20000, 1), EACCES);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, 0xffff, 1), EFAULT);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, 0x14fff, 2), EFAULT);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, UINT64_MAX, 1), EFAULT);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, UINT64_MAX - 4, 4096), EFAULT);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, 0x10000, 0xffffffff), EINVAL);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DEVICE_RESET, 0, 16), EOPNOTSUPP);
	/* memory that was taken away is an error, not our end */
	munmap(memory + 4096, 4096);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, 0x10800, 8192), EFAULT);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_WRITE, 0x11000, 8), EFAULT);
	ck_assert_int_eq(vgpu_dma_unmap(dma, 0x10000, 0x5000), 0);
	ck_assert_uint_eq(server.map_count, 1);
	ck_assert_int_eq(ask_for(vfio, &ask, VG_USER_DMA_READ, 0x10000, 8), EFAULT);
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	ck_assert_uint_eq(server.map_count, 0);
	vgpu_vfio_close(vfio);
	munmap(memory, 16 * 4096);
}
END_TEST

/* A request comes while nobody calls: the descriptor tells, and processing serves it. */
static void *ask_alone(void *data)
{
	struct ask *ask = data;
	struct vg_user_dma_access access = {ask->address, ask->size};

	ask->result = server_ask(&server, ask->command, &access, sizeof(access));
	return NULL;
}

START_TEST(dma_by_events)
{
	struct vgpu_user_opts user = {.size = sizeof(user), .flags = VGPU_USER_TWIN};
	struct ask ask = {VG_USER_DMA_READ, 0x1000, 64, -1, {0}};
	unsigned char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vgpu_vfio *vfio;
	uint32_t events;
	pthread_t thread;
	int fd, tries = 0;

	server.has_twin = true;
	vfio = server_open(&server, ctx, NULL, &user);
	memset(memory, 0x3c, 4096);
	ck_assert_int_eq(vgpu_dma_map(vgpu_vfio_get_dma(vfio), 0x1000, memory, 4096, VGPU_DMA_READ), 0);
	ck_assert_int_eq(vgpu_vfio_start_events(vfio, &fd), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, ask_alone, &ask), 0);
	while (pthread_tryjoin_np(thread, NULL)) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		poll(&poll_fd, 1, 100);
		ck_assert_int_eq(vgpu_vfio_process(vfio, &events), 0);
		ck_assert_uint_eq(events, 0);
		ck_assert_int_lt(tries++, 100);
	}
	ck_assert_int_eq(ask.result, 0);
	ck_assert_uint_eq(server.reply_body[16 + 63], 0x3c);
	vgpu_vfio_close(vfio);
	munmap(memory, 4096);
}
END_TEST

/* With a file, the server gets it and the offset; a device that joins later gets what is mapped already. */
START_TEST(dma_by_file)
{
	int file = server_memory(8 * 4096, true);
	unsigned char *memory = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), *theirs;
	struct vgpu_dma_range range = {.size = sizeof(range),
								   .iova = 0x100000,
								   .address = memory + 4096,
								   .length = 2 * 4096,
								   .flags = VGPU_DMA_READ | VGPU_DMA_WRITE | VGPU_DMA_FD,
								   .fd = file,
								   .offset = 4096};
	static struct server second;
	struct vgpu_vfio *vfio, *other;
	struct vgpu_dma *dma;

	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	vfio = server_open(&server, ctx, dma, NULL);
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, &range, 1, 0), 0);
	ck_assert_uint_eq(server.map_count, 1);
	ck_assert_uint_eq(server.maps[0].map.offset, 4096);
	ck_assert_int_ge(server.maps[0].fd, 0);
	theirs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, server.maps[0].fd, 4096);
	memory[4096 + 9] = 0x42;
	ck_assert_uint_eq(theirs[9], 0x42);
	munmap(theirs, 4096);
	server_init(&second);
	other = server_open(&second, ctx, dma, NULL);
	ck_assert_uint_eq(second.map_count, 1);
	ck_assert_uint_eq(second.maps[0].map.address, 0x100000);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x100000, memory, 4096, VGPU_DMA_READ), -EEXIST);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x200000, memory, 4096, VGPU_DMA_READ), 0);
	ck_assert_uint_eq(second.map_count, 2);
	vgpu_vfio_close(other);
	server_free(&second);
	ck_assert_int_eq(vgpu_dma_unmap(dma, 0x100000, 2 * 4096), 0);
	ck_assert_uint_eq(server.map_count, 1);
	vgpu_vfio_close(vfio);
	vgpu_dma_unref(dma);
	munmap(memory, 8 * 4096);
	close(file);
}
END_TEST

START_TEST(dma_limits)
{
	struct vgpu_dma_limits *limits;
	unsigned char *memory = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vgpu_vfio *vfio;
	struct vgpu_dma *dma;

	server.caps.max_dma_maps = 2;
	vfio = server_open(&server, ctx, NULL, NULL);
	dma = vgpu_vfio_get_dma(vfio);
	ck_assert_int_eq(vgpu_dma_limits_find(dma, &limits), 0);
	ck_assert_int_eq(vgpu_dma_limits_get_mapping_limit(limits), 2);
	ck_assert_int_eq(vgpu_dma_limits_get_mappings_left(limits), 2);
	vgpu_dma_limits_unref(limits);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x1000, memory, 4096, VGPU_DMA_READ), 0);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x3000, memory, 4096, VGPU_DMA_READ), 0);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x5000, memory, 4096, VGPU_DMA_READ), -ENOSPC);
	expect_cause(VGPU_CAUSE_LIMIT);
	ck_assert_int_eq(vgpu_dma_unmap(dma, 0x1000, 4096), 0);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x5000, memory, 4096, VGPU_DMA_READ), 0);
	ck_assert_int_eq(vgpu_dma_dirty_start(dma), -EOPNOTSUPP);
	vgpu_vfio_close(vfio);
	munmap(memory, 8 * 4096);
}
END_TEST

START_TEST(io_fds)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	struct vgpu_io_fd one = {.size = sizeof(one)};
	struct vgpu_io_fds *fds;
	uint64_t count;

	ck_assert_int_eq(vgpu_io_fds_find(vfio, VGPU_REGION_BAR2, &fds), -EOPNOTSUPP);
	expect_cause(VGPU_CAUSE_UNSUPPORTED);
	ck_assert_int_eq(vgpu_io_fds_find(vfio, VGPU_REGION_BAR0, &fds), 0);
	vgpu_vfio_close(vfio);
	ck_assert_uint_eq(vgpu_io_fds_get_count(fds), 20);
	ck_assert_int_eq(vgpu_io_fds_get(fds, 19, &one), 0);
	ck_assert_uint_eq(one.offset, 19 * 8);
	ck_assert_uint_eq(one.length, 4);
	ck_assert_uint_eq(one.type, VGPU_IO_FD_IOEVENTFD);
	ck_assert_uint_eq(one.data, 19);
	ck_assert_int_eq(read(one.fd, &count, 8), 8);
	ck_assert_uint_eq(count, 4);
	ck_assert_int_eq(vgpu_io_fds_get(fds, 20, &one), -ERANGE);
	vgpu_io_fds_unref(fds);
}
END_TEST

START_TEST(reset_and_migrate)
{
	static unsigned char saved[sizeof(server.state)];
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	struct vgpu_migration *m;
	size_t size = 0, at;
	ssize_t n;

	ck_assert_int_eq(vgpu_migration_open(vfio, &m), 0);
	ck_assert_uint_eq(vgpu_migration_get_flags(m), VGPU_MIGRATION_FLAG_STOP_COPY);
	ck_assert_int_eq(vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_STOP_COPY), 0);
	ck_assert_int_eq(vgpu_migration_get_fd(m), -1);
	while ((n = vgpu_migration_read(m, saved + size, 100000)) > 0)
		size += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(size, sizeof(saved));
	ck_assert_mem_eq(saved, server.state, size);
	ck_assert_int_eq(vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_RUNNING), 0);
	ck_assert_int_eq(vgpu_migration_read(m, saved, 1), -EINVAL);
	memset(server.state, 0, sizeof(server.state));
	ck_assert_int_eq(vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_RESUMING), 0);
	for (at = 0; at < size; at += (size_t)n) {
		n = vgpu_migration_write(m, saved + at, size - at < 7777 ? size - at : 7777);
		ck_assert_int_gt(n, 0);
	}
	ck_assert_int_eq(vgpu_migration_write(m, saved, 8), -EINVAL); /* more than there is room for */
	ck_assert_mem_eq(saved, server.state, size);
	ck_assert_int_lt(vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_RUNNING), 0);
	ck_assert_int_eq(vgpu_migration_stop(m), 0);
	ck_assert_uint_eq(server.resets, 1);
	ck_assert_uint_eq(server.mig_state, VFIO_DEVICE_STATE_RUNNING);
	vgpu_migration_close(m);
	ck_assert_int_eq(vgpu_vfio_reset(vfio), 0);
	ck_assert_uint_eq(server.resets, 2);
	ck_assert_int_eq(vgpu_vfio_hot_reset(vfio), -EOPNOTSUPP);
	vgpu_vfio_close(vfio);
}
END_TEST

START_TEST(save_and_load)
{
	static unsigned char before[sizeof(server.state)];
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	int file = memfd_create("state", MFD_CLOEXEC);

	memcpy(before, server.state, sizeof(before));
	ck_assert_int_eq(vgpu_migration_save(vfio, file, NULL), 0);
	memset(server.state, 0, sizeof(server.state));
	ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
	ck_assert_msg(vgpu_migration_load(vfio, file, NULL) == 0, "%s",
				  vgpu_error_get_message(vgpu_context_get_error(ctx)));
	ck_assert_mem_eq(before, server.state, sizeof(before));
	vgpu_vfio_close(vfio);
	close(file);
}
END_TEST

/* The log of dirty pages by the device, in parts that fit into messages. */
START_TEST(dirty_log)
{
	const struct vgpu_dirty_range range = {0x100000, 0x4000000};
	uint64_t page = 4096, bits[256];
	struct vgpu_vfio *vfio;

	server.caps.max_bitmap_size = 64;
	vfio = server_open(&server, ctx, NULL, NULL);
	ck_assert_int_eq(vgpu_dirty_find(vfio), 0);
	ck_assert_int_eq(vgpu_dirty_start(vfio, &range, 1, &page), 0);
	ck_assert_uint_eq(page, 8192);
	ck_assert_int_eq(vgpu_dirty_read(vfio, 0x100000, 0x4000000 - 8192, page, bits, 256), 0);
	ck_assert_uint_eq(bits[0], 1 | 0x100000ull << 8);
	ck_assert_uint_eq(bits[1], 0);
	ck_assert_uint_eq(bits[8], 1 | (0x100000ull + 8 * 64 * 8192) << 8);
	ck_assert_int_eq(vgpu_dirty_stop(vfio), 0);
	vgpu_vfio_close(vfio);
}
END_TEST

START_TEST(request_event)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	struct pollfd poll_fd = {.events = POLLIN};
	uint32_t events;

	ck_assert_int_eq(vgpu_vfio_start_events(vfio, &poll_fd.fd), 0);
	ck_assert_int_eq(poll(&poll_fd, 1, 0), 0);
	ck_assert_int_eq(eventfd_write(server.irqs[VGPU_IRQ_REQ][0], 1), 0);
	ck_assert_int_eq(poll(&poll_fd, 1, 1000), 1);
	ck_assert_int_eq(vgpu_vfio_process(vfio, &events), 0);
	ck_assert_uint_eq(events, VGPU_VFIO_EVENT_REQUEST);
	vgpu_vfio_close(vfio);
}
END_TEST

/* A dead server: an event, once; an error from each call; no other effect. */
START_TEST(dead_server)
{
	struct vgpu_vfio *vfio = server_open(&server, ctx, NULL, NULL);
	unsigned char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pollfd poll_fd = {.events = POLLIN};
	struct vgpu_dma *dma = vgpu_vfio_get_dma(vfio);
	struct vgpu_region *region;
	uint32_t events, value;

	ck_assert_int_eq(vgpu_dma_map(dma, 0, memory, 4096, VGPU_DMA_READ), 0);
	ck_assert_int_eq(vgpu_vfio_start_events(vfio, &poll_fd.fd), 0);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), 4);
	server_stop(&server);
	if (_i) /* the call finds out first */
		ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), -ENODEV);
	ck_assert_int_eq(poll(&poll_fd, 1, 1000), 1);
	ck_assert_int_eq(vgpu_vfio_process(vfio, &events), 0);
	ck_assert_uint_eq(events, VGPU_VFIO_EVENT_ERROR);
	ck_assert_int_eq(poll(&poll_fd, 1, 0), 0);
	ck_assert_int_eq(vgpu_vfio_process(vfio, &events), 0);
	ck_assert_uint_eq(events, 0);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), -ENODEV);
	expect_cause(VGPU_CAUSE_GONE);
	ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, &value, 4), -ENODEV);
	ck_assert_int_eq(vgpu_region_find(vfio, VGPU_REGION_BAR0, &region), -ENODEV);
	ck_assert_int_eq(vgpu_irq_trigger(vfio, VGPU_IRQ_MSIX, 0, 1), -ENODEV);
	ck_assert_int_eq(vgpu_dma_map(dma, 0x1000, memory, 4096, VGPU_DMA_READ), -ENODEV);
	ck_assert_int_eq(vgpu_dma_unmap(dma, 0, 4096), 0); /* it reaches nothing any more */
	vgpu_vfio_close(vfio);
	munmap(memory, 4096);
}
END_TEST

/* Replies in another order than the calls: each thread gets its own. Reads of config space are never kept. */
static bool reverse(struct server *s, struct vg_message *message)
{
	static struct {
		struct vg_user_header header;
		struct vg_user_region_access access;
	} kept;
	static bool has_kept;
	struct vg_user_region_access access;
	struct vg_message old = {0};
	struct vg_fds none = {0};

	if (message->header.command != VG_USER_REGION_READ)
		return false;
	memcpy(&access, message->body, sizeof(access));
	if (!has_kept && access.region != VGPU_REGION_CONFIG) {
		kept.header = message->header;
		memcpy(&kept.access, message->body, sizeof(kept.access));
		has_kept = true;
		return true;
	}
	server_answer(s, message);
	if (has_kept) {
		has_kept = false;
		old.header = kept.header;
		old.body = (const unsigned char *)&kept.access;
		old.size = sizeof(kept.access);
		old.fds = &none;
		server_answer(s, &old);
	}
	return true;
}

struct reader {
	struct vgpu_vfio *vfio;
	unsigned number;
	int bad;
};

static void *read_much(void *data)
{
	struct reader *reader = data;
	unsigned char mine[20000];
	unsigned i, j;

	for (i = 0; i < 300; i++) {
		size_t size = i % 10 ? 4 : sizeof(mine), at = reader->number * 0x10000 + i;

		if (vgpu_region_read(reader->vfio, VGPU_REGION_BAR2, at, mine, size) != (ssize_t)size)
			reader->bad++;
		for (j = 0; j < size; j++)
			reader->bad += mine[j] != server.bar2[at + j];
		memset(mine, 0, sizeof(mine));
	}
	return NULL;
}

START_TEST(threads)
{
	struct vgpu_user_opts user = {.size = sizeof(user), .spin_us = _i ? 50 : 0};
	struct reader readers[8];
	pthread_t all[8];
	struct vgpu_vfio *vfio;
	size_t i;

	for (i = 0; i < BAR2_SIZE; i++)
		server.bar2[i] = (unsigned char)(i * 31 + i / 4093);
	server.hook = reverse;
	vfio = server_open(&server, ctx, NULL, &user);
	for (i = 0; i < 8; i++) {
		readers[i] = (struct reader){vfio, (unsigned)i, 0};
		ck_assert_int_eq(pthread_create(&all[i], NULL, read_much, &readers[i]), 0);
	}
	for (i = 0; i < 8; i++) {
		while (pthread_tryjoin_np(all[i], NULL)) {
			uint32_t value;

			/* gives back what is kept */
			ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &value, 4), 4);
			ck_assert_uint_eq(value, 0x11111234);
		}
		ck_assert_int_eq(readers[i].bad, 0);
	}
	vgpu_vfio_close(vfio);
}
END_TEST

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(path), sizeof(address.sun_path));
	strcpy(address.sun_path, path); /* NOLINT: its length was checked */
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static void *accept_one(void *data)
{
	int fd = accept4(*(int *)data, NULL, NULL, SOCK_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	server_start_with(&server, fd);
	return NULL;
}

/* By path: DEVICE is the socket. */
START_TEST(by_path)
{
	char dir[] = "/tmp/vgpu-user-XXXXXX", path[64];
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = VGPU_ACCESS_GROUP};
	struct vgpu_vfio *vfio = NULL;
	pthread_t thread;
	int listener;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	listener = listen_at(path);
	ck_assert_int_eq(vgpu_vfio_open(ctx, path, &opts, &vfio), -EOPNOTSUPP);
	opts.access = _i ? VGPU_ACCESS_USER : VGPU_ACCESS_AUTO;
	ck_assert_int_eq(pthread_create(&thread, NULL, accept_one, &listener), 0);
	ck_assert_int_eq(vgpu_vfio_open(ctx, path, &opts, &vfio), 0);
	pthread_join(thread, NULL);
	ck_assert_str_eq(vgpu_vfio_get_name(vfio), path);
	ck_assert_int_eq(vgpu_vfio_get_access(vfio), VGPU_ACCESS_USER);
	vgpu_vfio_close(vfio);
	close(listener);
	ck_assert_int_eq(vgpu_vfio_open(ctx, path, &opts, &vfio), -ENODEV); /* nobody listens */
	expect_cause(VGPU_CAUSE_GONE);
	unlink(path);
	ck_assert_int_eq(vgpu_vfio_open(ctx, path, &opts, &vfio), -ENODEV);
	expect_cause(VGPU_CAUSE_NO_DEVICE);
	rmdir(dir);
}
END_TEST

/* A socket whose path is longer than an address. */
START_TEST(long_path)
{
	char dir[] = "/tmp/vgpu-user-XXXXXX", deep[300], path[320];
	struct vgpu_vfio *vfio = NULL;
	pthread_t thread;
	int listener, here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(deep, sizeof(deep), "%s/%0200d", dir, 7);
	ck_assert_int_eq(mkdir(deep, 0700), 0);
	snprintf(path, sizeof(path), "%s/socket", deep);
	ck_assert_int_eq(chdir(deep), 0);
	listener = listen_at("socket");
	ck_assert_int_eq(fchdir(here), 0);
	close(here);
	ck_assert_int_eq(pthread_create(&thread, NULL, accept_one, &listener), 0);
	ck_assert_int_eq(vgpu_vfio_open(ctx, path, NULL, &vfio), 0);
	pthread_join(thread, NULL);
	vgpu_vfio_close(vfio);
	close(listener);
	unlink(path);
	rmdir(deep);
	rmdir(dir);
}
END_TEST

/* A server of another user is refused, unless it is admitted. Only root can make one. */
START_TEST(other_user)
{
	char dir[] = "/tmp/vgpu-user-XXXXXX", path[64];
	struct vgpu_user_opts user = {.size = sizeof(user), .timeout_ms = 200};
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .user = &user};
	struct vgpu_vfio *vfio = NULL;
	pid_t child;
	int ready[2];
	char byte;

	server.stop = true; /* not started */
	server.bar0 = NULL;
	server.memory_fd = server.wake = -1;
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0777), 0); /* NOLINT */
	snprintf(path, sizeof(path), "%s/socket", dir);
	child = fork();
	if (child == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		listen_at(path);
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(vgpu_vfio_open(ctx, path, &opts, &vfio), -EPERM);
	expect_cause(VGPU_CAUSE_PERMISSION);
	user.flags = VGPU_USER_ANY_PEER;
	ck_assert_int_eq(vgpu_vfio_open(ctx, path, &opts, &vfio), -ETIMEDOUT); /* it never answers */
	expect_cause(VGPU_CAUSE_NOT_READY);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unlink(path);
	rmdir(dir);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

START_TEST(arguments)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	struct vgpu_user_opts user = {.size = sizeof(user), .flags = 0x80};
	struct vgpu_vfio *vfio = NULL;
	int pair[2], file = memfd_create("x", MFD_CLOEXEC);

	server.stop = true; /* not started */
	server.memory_fd = server.wake = -1;
	fds.name = "x";
	fds.socket_fd = file;
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), -EINVAL);
	fds.device_fd = file;
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), -EINVAL);
	fds.device_fd = -1;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	fds.socket_fd = pair[0];
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), -EINVAL);
	fds.user = &user;
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), -EINVAL);
	fds.socket_fd = 1000;
	fds.user = NULL;
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), -EBADF);
	ck_assert_ptr_null(vfio);
	close(pair[0]);
	close(pair[1]);
	close(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user client");
	TCase *tcase = tcase_create("user client");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_it_is);
	tcase_add_test(tcase, regions);
	tcase_add_test(tcase, no_region);
	tcase_add_test(tcase, read_and_write);
	tcase_add_test(tcase, small_server);
	tcase_add_test(tcase, map_bar);
	tcase_add_loop_test(tcase, map_refused, 0, 3);
	tcase_add_loop_test(tcase, posted_writes, 0, 4);
	tcase_add_test(tcase, interrupts);
	tcase_add_loop_test(tcase, dma_by_messages, 0, 2);
	tcase_add_test(tcase, dma_by_events);
	tcase_add_test(tcase, dma_by_file);
	tcase_add_test(tcase, dma_limits);
	tcase_add_test(tcase, io_fds);
	tcase_add_test(tcase, reset_and_migrate);
	tcase_add_test(tcase, save_and_load);
	tcase_add_test(tcase, dirty_log);
	tcase_add_test(tcase, request_event);
	tcase_add_loop_test(tcase, dead_server, 0, 2);
	tcase_add_loop_test(tcase, threads, 0, 2);
	tcase_add_loop_test(tcase, by_path, 0, 2);
	tcase_add_test(tcase, long_path);
	tcase_add_test(tcase, other_user);
	tcase_add_test(tcase, arguments);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
