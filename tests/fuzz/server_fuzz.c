/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clients say to a server. The first byte is how: whose vGPU it is, and what is negotiated (HOW_*). With HOW_RAW
 * the rest is sent as it is, in pieces: length (1 byte), bytes. Else it is messages after a hello, each: command (1
 * byte; 0x80 is 0x8000, and so on), flags (1 byte: bits 0-1 how many descriptors, bits 2-3 the id, bit 4 no reply, bit
 * 5 an error, bit 7 as a reply), size of the body (2 bytes), body. Commands from SLOW_FIRST on are what the device does
 * (slow_device.h).
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
#include "slow_device.h"

#define HELLO "{\"capabilities\":{\"max_msg_fds\":16,\"write_multiple\":true,\"vgpu_display\":1}}"
#define TWIN "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":4096,\"twin_socket\":{\"supported\":true}}}"

#define HOW_PROVIDER 3u    /* softgpu, or the slow device with a layout of messages (enum vgpu_message_layout, but 0) */
#define HOW_TWIN (1u << 2) /* a second socket */
#define HOW_RAW (1u << 3)  /* no hello, no frames */
#define HOW_FIXED (1u << 4)  /* guest memory can't shrink */
#define HOW_ALONE (1u << 5)  /* what is pending is completed only when the client has gone */
#define HOW_OTHERS (1u << 6) /* a second client says the same */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vgpu_provider *providers[4];

static void set_up(void)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "softgpu-0",
									  .message_layout = VGPU_MESSAGE_LAYOUT_SPEC,
									  .max_dma_maps = 64,
									  .quiesce_ms = 100000,
									  .request_ms = 100000};
	static const char *const names[] = {NULL, "spec", "qemu", "none"};
	static const uint32_t layouts[] = {0, VGPU_MESSAGE_LAYOUT_SPEC, VGPU_MESSAGE_LAYOUT_QEMU, VGPU_MESSAGE_LAYOUT_NONE};
	struct vgpu_context *ctx;
	unsigned i;

	if (vgpu_context_new(NULL, &ctx) || vgpu_softgpu_register(ctx, &opts, 64, &providers[0]))
		abort();
	for (i = 1; i < 4; i++) {
		opts.name = names[i];
		opts.message_layout = layouts[i];
		if (vgpu_provider_register(ctx, &opts, &slow_ops, NULL, &providers[i]))
			abort();
	}
}

/* The server of a vGPU, without a path. */
static struct vgpu_instance *make(struct vgpu_provider *provider, int *client)
{
	struct vgpu_instance_opts which = {.size = sizeof(which), .type = provider == providers[0] ? "softgpu-16" : "type"};
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

/* The second socket that came with an answer; the descriptors of others are closed. */
static int receive(int client)
{
	static char reply[1 << 16];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(32 * sizeof(int))];
	} control;
	struct iovec part = {reply, sizeof(reply)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes};
	struct cmsghdr *head;
	int twin = -1, fd;
	size_t i;

	message.msg_controllen = sizeof(control.bytes);
	while (recvmsg(client, &message, MSG_DONTWAIT) > 0) {
		for (head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
			for (i = 0; i < (head->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
				if (twin >= 0)
					close(twin);
				memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(fd));
				twin = fd;
			}
		}
		message.msg_controllen = sizeof(control.bytes);
	}
	return twin;
}

static void turn(struct vgpu_provider *provider, int client)
{
	int fd;

	vgpu_provider_process(provider);
	fd = receive(client);
	if (fd >= 0)
		close(fd);
}

static void send_message(int client, const struct vg_user_header *header, const void *body, const int *fds,
						 size_t fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = {{0}};
	struct iovec parts[] = {{NULL, sizeof(*header)}, {NULL, header->size - sizeof(*header)}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	memcpy(&parts[0].iov_base, &header, sizeof(header));
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
	sendmsg(client, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The second socket, or -1. */
static int say_hello(struct vgpu_provider *provider, int client, const char *json)
{
	char body[sizeof(struct vg_user_version) + sizeof(TWIN)] = {0};
	const size_t size = sizeof(struct vg_user_version) + strlen(json) + 1;
	struct vg_user_header header = {1, VG_USER_VERSION, (uint32_t)(sizeof(header) + size), 0, 0};

	memcpy(body + sizeof(struct vg_user_version), json, strlen(json));
	send_message(client, &header, body, NULL, 0);
	vgpu_provider_process(provider);
	return receive(client);
}

static void say_raw(struct vgpu_provider *provider, int client, const uint8_t *data, size_t size)
{
	size_t length;

	while (size) {
		length = data[0] < size - 1 ? data[0] : size - 1;
		send(client, data + 1, length, MSG_NOSIGNAL | MSG_DONTWAIT);
		turn(provider, client);
		data += 1 + length;
		size -= 1 + length;
	}
}

struct talk {
	struct vgpu_instance *instance;
	int client;
	int twin;
	int fds[3]; /* memory, eventfds */
};

static void say(const struct talk *talk, const uint8_t *data, size_t length)
{
	const uint16_t command = data[0] & 0x80 ? (uint16_t)(VG_USER_PRIVATE | (data[0] & 0x7f)) : data[0];
	const struct vg_user_header header = {.id = data[1] >> 2 & 3,
										  .command = command,
										  .size = (uint32_t)(sizeof(header) + length),
										  .flags = (data[1] & (VG_USER_NO_REPLY | VG_USER_ERROR)) | data[1] >> 7,
										  .error = data[1] & 31};
	const size_t count = data[1] & 3;
	/* eventfds for SET_IRQS, else memory first */
	const int *fds = data[0] == VG_USER_DEVICE_SET_IRQS && count < 3 ? talk->fds + 1 : talk->fds;
	const bool is_back = talk->twin >= 0 && data[1] >> 7;

	if (data[0] >= SLOW_FIRST && talk->instance->provider != providers[0])
		slow_act(talk->instance, data[0], data + 4, length);
	else
		send_message(is_back ? talk->twin : talk->client, &header, data + 4, fds, count);
	turn(talk->instance->provider, talk->client);
	if (talk->twin >= 0)
		receive(talk->twin);
}

static void say_all(const struct talk *talk, const uint8_t *data, size_t size)
{
	while (size >= 4) {
		size_t length = (size_t)data[2] | (size_t)data[3] << 8;

		if (length > size - 4)
			length = size - 4;
		say(talk, data, length);
		data += 4 + length;
		size -= 4 + length;
	}
}

/* One more who is turned away; what it says first is nonsense. */
static void add_guest(struct vgpu_instance *instance, const uint8_t *data, size_t size)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		abort();
	if (vg_conn_open(instance->server, ends[0], 16) == 0) { /* EBUSY */
		send(ends[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		say_hello(instance->provider, ends[1], HELLO);
	}
	close(ends[1]);
}

static void end(struct talk *talk, bool gone_first)
{
	const struct vgpu_instance_destroy_opts force = {.size = sizeof(force), .flags = VGPU_INSTANCE_FORCE};
	struct vgpu_provider *provider = talk->instance->provider;
	int i;

	if (gone_first) {
		close(talk->client);
		vgpu_provider_process(provider);
	}
	for (i = 0; i < 4 || slow_end(talk->instance); i++)
		vgpu_provider_process(provider);
	if (!gone_first)
		close(talk->client);
	vgpu_provider_process(provider);
	while (slow_end(talk->instance))
		vgpu_provider_process(provider);
	if (vgpu_instance_destroy(talk->instance, &force))
		abort();
	vgpu_instance_unref(talk->instance);
	vgpu_provider_process(provider);
	for (i = 0; i < 3; i++)
		close(talk->fds[i]);
	if (talk->twin >= 0)
		close(talk->twin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t how = size ? data[0] : 0;
	struct vgpu_provider *provider;
	struct talk talk = {.twin = -1};

	if (!providers[0])
		set_up();
	if (!size)
		return 0;
	provider = providers[how & HOW_PROVIDER];
	talk.instance = make(provider, &talk.client);
	talk.fds[0] = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	talk.fds[1] = eventfd(0, EFD_CLOEXEC);
	talk.fds[2] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ftruncate(talk.fds[0], 1 << 20) || (how & HOW_FIXED && fcntl(talk.fds[0], F_ADD_SEALS, F_SEAL_SHRINK)))
		abort();
	if (how & HOW_RAW) {
		say_raw(provider, talk.client, data + 1, size - 1);
	} else {
		talk.twin = say_hello(provider, talk.client, how & HOW_TWIN ? TWIN : HELLO);
		if (how & HOW_OTHERS)
			add_guest(talk.instance, data, size < 64 ? size : 64);
		say_all(&talk, data + 1, size - 1);
	}
	end(&talk, how & HOW_ALONE);
	return 0;
}
