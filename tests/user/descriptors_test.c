/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors of any kind, that a server hands over as memory, as its second socket, and as IO descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "run_suite.h"
#include "server.h"
#include "user/wire.h"

#define KINDS 12
#define FILE_KIND 4 /* one that fits */

static struct server server; /* large */
static int fds[KINDS];
static int ends[4];

static void make_all(void)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0); /* which would block */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends + 2), 0);
	fds[0] = dup(ends[0]);
	fds[1] = dup(ends[1]);
	fds[2] = dup(ends[2]);
	fds[3] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[FILE_KIND] = server_memory(BAR0_SIZE, true);
	fds[5] = server_memory(4096, true); /* too short */
	fds[6] = eventfd(0, EFD_CLOEXEC);
	fds[7] = epoll_create1(EPOLL_CLOEXEC);
	fds[8] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	fds[9] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[10] = open("/", O_PATH | O_CLOEXEC);
	fds[11] = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
}

static void close_all(void)
{
	size_t i;

	for (i = 0; i < KINDS; i++) {
		ck_assert_int_ge(fds[i], 0);
		close(fds[i]);
	}
	for (i = 0; i < 4; i++)
		close(ends[i]);
}

/* Answers with this descriptor what the honest server answers with another. */
static bool answer(struct server *s, struct vg_message *message)
{
	static const char twin[] = "\0\0\0\0{\"capabilities\":{\"twin_socket\":{\"supported\":true,\"fd_index\":0}}}";
	const struct {
		struct vg_user_region_info info;
	} bar0 = {{.argsz = sizeof(bar0), .flags = 7, .size = BAR0_SIZE}};
	const struct {
		struct vg_user_region_io_fds head;
		struct vg_user_io_fd entry;
	} io = {{.argsz = sizeof(io), .count = 1}, {.size = 4}};
	struct iovec part;
	const int *fd = s->hook_data;

	if (message->header.command == VG_USER_VERSION && s->has_twin)
		part = (struct iovec){(void *)(uintptr_t)twin, sizeof(twin)};
	else if (message->header.command == VG_USER_DEVICE_GET_REGION_INFO && !message->body[8])
		part = (struct iovec){(void *)(uintptr_t)&bar0, sizeof(bar0)};
	else if (message->header.command == VG_USER_DEVICE_GET_REGION_IO_FDS)
		part = (struct iovec){(void *)(uintptr_t)&io, sizeof(io)};
	else
		return false;
	vg_channel_reply(&s->channel, &message->header, &part, 1, fd, 1, 0);
	return true;
}

static void set_up(bool has_twin, int *fd)
{
	make_all();
	server_init(&server);
	server.has_twin = has_twin;
	server.hook = answer;
	server.hook_data = fd;
}

START_TEST(as_memory)
{
	struct vgpu_mapping *mapping;
	struct vgpu_context *ctx;
	struct vgpu_io_fds *io;
	struct vgpu_vfio *vfio;
	uint32_t id;
	int r;

	set_up(false, &fds[_i]);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	vfio = server_open(&server, ctx, NULL, NULL);
	r = vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping);
	ck_assert_int_eq(r == 0, _i == FILE_KIND);
	if (r == 0)
		vgpu_mapping_unmap(mapping);
	if (vgpu_io_fds_find(vfio, VGPU_REGION_BAR0, &io) == 0)
		vgpu_io_fds_unref(io);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &id, 4), 4); /* it goes on */
	vgpu_vfio_close(vfio);
	server_free(&server);
	vgpu_context_unref(ctx);
	close_all();
}
END_TEST

/* Only a connected stream socket could be one; a call takes no longer than it may. */
START_TEST(as_second_socket)
{
	struct vgpu_context *ctx;
	int r;

	set_up(true, &fds[_i]);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	r = server_try_open(&server, ctx);
	if (_i != 2)
		ck_assert_msg(r < 0, "descriptor %d: %d", _i, r);
	server_free(&server);
	vgpu_context_unref(ctx);
	close_all();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user descriptors");
	TCase *tcase = tcase_create("user descriptors");

	tcase_add_loop_test(tcase, as_memory, 0, KINDS);
	tcase_add_loop_test(tcase, as_second_socket, 0, KINDS);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
