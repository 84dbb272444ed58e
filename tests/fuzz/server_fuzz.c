/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients say to a server: a softgpu vGPU is made, a client says hello, and then sends the input's messages.
 * Each is: command (1 byte), flags (1 byte: bits 0-1 how many descriptors, bit 4 no reply, bit 7 as a reply), size of
 * the body (2 bytes), body.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vgpu/softgpu.h>

#include "provider/conn.h"

#define HELLO "{\"capabilities\":{\"max_msg_fds\":16,\"write_multiple\":true}}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vgpu_provider *provider;

static void set_up(void)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "softgpu-0",
									  .message_layout = VGPU_MESSAGE_LAYOUT_SPEC,
									  .max_dma_maps = 64,
									  .quiesce_ms = 100000};
	struct vgpu_context *ctx;

	if (vgpu_context_new(NULL, &ctx) || vgpu_softgpu_register(ctx, &opts, 64, &provider))
		abort();
}

/* The server of a vGPU, without a path. */
static struct vgpu_instance *make(int *client)
{
	struct vgpu_instance_opts which = {.size = sizeof(which), .type = "softgpu-16"};
	struct vgpu_instance *instance;
	int ends[2];

	if (vgpu_instance_create(provider, &which, &instance) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		abort();
	instance->server = calloc(1, sizeof(*instance->server));
	instance->server->instance = instance;
	instance->server->lock_fd = -1;
	instance->server->source.fd = -1;
	if (vg_conn_open(instance->server, ends[0], 0))
		abort();
	*client = ends[1];
	return instance;
}

static void turn(int client)
{
	static char reply[1 << 16];

	vgpu_provider_process(provider);
	while (recv(client, reply, sizeof(reply), MSG_DONTWAIT) > 0)
		;
}

static void send_message(int client, uint16_t command, uint32_t flags, const void *body, size_t size, const int *fds,
						 size_t fd_count)
{
	struct vg_user_header header = {1, command, (uint32_t)(sizeof(header) + size), flags, 0};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = {{0}};
	struct iovec parts[] = {{&header, sizeof(header)}, {NULL, size}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	memcpy(&parts[1].iov_base, &body, sizeof(body));
	if (fd_count) {
		struct cmsghdr *head;

		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(head), fds, fd_count * sizeof(int));
	}
	if (sendmsg(client, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		turn(client);
}

static void say_hello(int client)
{
	char body[sizeof(struct vg_user_version) + sizeof(HELLO)] = {0};

	memcpy(body + sizeof(struct vg_user_version), HELLO, sizeof(HELLO));
	send_message(client, VG_USER_VERSION, 0, body, sizeof(body), NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vgpu_instance_destroy_opts force = {.size = sizeof(force), .flags = VGPU_INSTANCE_FORCE};
	struct vgpu_instance *instance;
	int client, fds[3], i;

	if (!provider)
		set_up();
	instance = make(&client);
	fds[0] = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fds[1] = eventfd(0, EFD_CLOEXEC);
	fds[2] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ftruncate(fds[0], 1 << 20) || (size & 1 && fcntl(fds[0], F_ADD_SEALS, F_SEAL_SHRINK)))
		abort();
	say_hello(client);
	while (size >= 4) {
		size_t length = (size_t)data[2] | (size_t)data[3] << 8;
		const unsigned count = data[1] & 3;

		if (length > size - 4)
			length = size - 4;
		/* eventfds for SET_IRQS, else memory first */
		send_message(client, data[0], (data[1] & VG_USER_NO_REPLY) | data[1] >> 7, data + 4, length,
					 data[0] == VG_USER_DEVICE_SET_IRQS && count < 3 ? fds + 1 : fds, count);
		data += 4 + length;
		size -= 4 + length;
	}
	for (i = 0; i < 4; i++)
		turn(client);
	close(client);
	vgpu_provider_process(provider);
	if (vgpu_instance_destroy(instance, &force))
		abort();
	vgpu_instance_unref(instance);
	vgpu_provider_process(provider);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	return 0;
}
