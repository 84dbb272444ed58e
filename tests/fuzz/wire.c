/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vfio-user server without a thread. */
#include "wire.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/unixsock.h"

const uint8_t *wire_data;
size_t wire_size;
static struct vg_channel server = {.fd = -1};
static wire_fn answer_fn;
static int64_t clock_ms = 1000;

#define WAIT_MS 1000

int __wrap_vg_wait(struct pollfd *fds, size_t count, int64_t deadline);
int __wrap_vg_channel_wait(struct vg_channel *channel);
int __real_vg_channel_wait(struct vg_channel *channel);
int64_t __wrap_vg_now_us(void);
int64_t __wrap_vg_now_ms(void);

int64_t __wrap_vg_now_us(void)
{
	return clock_ms * 1000;
}

int64_t __wrap_vg_now_ms(void)
{
	return clock_ms;
}

size_t wire_take(void *to, size_t size)
{
	size_t n = size < wire_size ? size : wire_size;

	memset(to, 0, size);
	memcpy(to, wire_data, n);
	wire_data += n;
	wire_size -= n;
	return n;
}

int wire_file(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("bar", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (fd < 0 || ftruncate(fd, 1 << 20) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
			abort();
	}
	return fd;
}

void wire_send(const void *bytes, size_t size, unsigned fd_count)
{
	struct iovec part = {(void *)(uintptr_t)bytes, size};
	int fds[64];
	unsigned i;

	for (i = 0; i < 64; i++)
		fds[i] = wire_file();
	if (size)
		vg_socket_send(server.fd, &part, 1, fds, fd_count % 64);
}

void wire_close(void)
{
	vg_channel_free(&server);
}

static void take_turn(void)
{
	struct vg_message *message;

	if (server.fd < 0)
		return;
	vg_channel_flush(&server);
	if (vg_channel_receive(&server, &message) == 1 &&
		(message->header.flags & VG_USER_TYPE_MASK) == VG_USER_TYPE_COMMAND && !answer_fn(message))
		wire_close();
}

/* Waiting, the one way and the other: the server has its turn, and if nothing comes of it, the time is over. */
int __wrap_vg_channel_wait(struct vg_channel *channel)
{
	struct pollfd ready = {.fd = channel->fd, .events = POLLIN};

	take_turn();
	if (poll(&ready, 1, 0) > 0)
		return __real_vg_channel_wait(channel);
	clock_ms += WAIT_MS;
	return 0;
}

int __wrap_vg_wait(struct pollfd *fds, size_t count, int64_t deadline)
{
	int n;

	take_turn();
	n = poll(fds, count, 0);
	if (n <= 0 && deadline != INT64_MAX)
		clock_ms = deadline > clock_ms ? deadline : clock_ms + 1;
	return n;
}

bool wire_answer_open(struct vg_message *message)
{
	static const char version[] = "\0\0\0\0{\"capabilities\":{\"vgpu_display\":1}}";
	const struct vg_user_device_info info = {sizeof(info), VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, 10, 5};
	const bool is_version = message->header.command == VG_USER_VERSION;
	struct iovec part = {(void *)(uintptr_t)&info, sizeof(info)};

	if (!is_version && message->header.command != VG_USER_DEVICE_GET_INFO)
		return false;
	if (is_version)
		part = (struct iovec){(void *)(uintptr_t)version, sizeof(version)};
	vg_channel_reply(&server, &message->header, &part, 1, NULL, 0, 0);
	return true;
}

struct vgpu_vfio *wire_open(struct vgpu_context *ctx, wire_fn answer)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	struct vgpu_vfio *vfio = NULL;
	int pair[2];

	if (vg_socket_pair(pair))
		abort();
	vg_channel_init(&server, pair[1], VG_USER_DEFAULT_DATA, 64, 1000000);
	answer_fn = answer;
	fds.name = "fuzz";
	fds.socket_fd = pair[0];
	vgpu_vfio_open_fds(ctx, &fds, &vfio);
	close(pair[0]);
	return vfio;
}
