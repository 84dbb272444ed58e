/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bare vfio-user peer for tests: it sends what it is told to, right or wrong, and waits for what comes. */
#ifndef TESTS_PEER_H
#define TESTS_PEER_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "user/wire.h"

#define PEER_WAIT_MS 20000

struct peer {
	int fd;
	uint16_t id;
	struct vg_user_header header; /* of the last message that came */
	unsigned char body[(1 << 20) + 4096];
	size_t size;
	int fds[16];
	size_t fd_count;
};

static inline int peer_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_msg(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s: %s", path, strerror(errno));
	return fd;
}

static inline struct peer *peer_new(const char *path)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	ck_assert_ptr_nonnull(peer);
	peer->fd = peer_connect(path);
	return peer;
}

static inline void peer_drop_fds(struct peer *peer)
{
	while (peer->fd_count)
		close(peer->fds[--peer->fd_count]);
}

static inline void peer_free(struct peer *peer)
{
	peer_drop_fds(peer);
	if (peer->fd >= 0)
		close(peer->fd);
	free(peer);
}

/* Sends bytes as they are; false: the other end has closed. */
static inline bool peer_send_raw(struct peer *peer, const void *bytes, size_t size, const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control;
	struct iovec part = {NULL, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	memcpy(&part.iov_base, &bytes, sizeof(bytes));
	if (fd_count) {
		struct cmsghdr *header;

		memset(&control, 0, sizeof(control));
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
	}
	while (part.iov_len) {
		n = sendmsg(peer->fd, &message, MSG_NOSIGNAL);
		if (n < 0)
			return false;
		message.msg_control = NULL;
		message.msg_controllen = 0;
		part.iov_base = (char *)part.iov_base + n;
		part.iov_len -= (size_t)n;
	}
	return true;
}

/* Sends a command or reply; size of the body. */
static inline bool peer_send(struct peer *peer, uint16_t command, uint32_t flags, const void *body, size_t size,
							 const int *fds, size_t fd_count)
{
	struct vg_user_header header = {++peer->id, command, (uint32_t)(sizeof(header) + size), flags, 0};
	unsigned char *all = malloc(sizeof(header) + size);
	bool sent;

	ck_assert_ptr_nonnull(all);
	memcpy(all, &header, sizeof(header));
	if (size)
		memcpy(all + sizeof(header), body, size);
	sent = peer_send_raw(peer, all, sizeof(header) + size, fds, fd_count);
	free(all);
	return sent;
}

static inline bool peer_read(struct peer *peer, void *to, size_t size)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control;
	char *at = to;

	while (size) {
		struct iovec part = {at, size};
		struct msghdr message = {
			.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
		struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
		struct cmsghdr *header;
		ssize_t n;

		ck_assert_msg(poll(&ready, 1, PEER_WAIT_MS) > 0, "nothing comes");
		n = recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC);
		if (n <= 0)
			return false;
		for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
			size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

			ck_assert_uint_le(peer->fd_count + count, 16);
			memcpy(peer->fds + peer->fd_count, CMSG_DATA(header), count * sizeof(int));
			peer->fd_count += count;
		}
		at += n;
		size -= (size_t)n;
	}
	return true;
}

/* Waits for a message; false: the other end has closed. */
static inline bool peer_receive(struct peer *peer)
{
	peer_drop_fds(peer);
	if (!peer_read(peer, &peer->header, sizeof(peer->header)))
		return false;
	ck_assert_uint_ge(peer->header.size, sizeof(peer->header));
	peer->size = peer->header.size - sizeof(peer->header);
	ck_assert_uint_le(peer->size, sizeof(peer->body));
	return peer_read(peer, peer->body, peer->size);
}

/* Sends a command and waits for its reply: 0, the error of the reply (-errno), or -EPIPE: the other end has closed. */
static inline int peer_call_fds(struct peer *peer, uint16_t command, const void *body, size_t size, const int *fds,
								size_t fd_count)
{
	if (!peer_send(peer, command, 0, body, size, fds, fd_count) || !peer_receive(peer))
		return -EPIPE;
	ck_assert_uint_eq(peer->header.id, peer->id);
	ck_assert_uint_eq(peer->header.command, command);
	ck_assert_uint_eq(peer->header.flags & VG_USER_TYPE_MASK, VG_USER_TYPE_REPLY);
	if (peer->header.flags & VG_USER_ERROR) {
		ck_assert_uint_eq(peer->size, 0);
		ck_assert_uint_ne(peer->header.error, 0);
		return -(int)peer->header.error;
	}
	return 0;
}

static inline int peer_call(struct peer *peer, uint16_t command, const void *body, size_t size)
{
	return peer_call_fds(peer, command, body, size, NULL, 0);
}

/* The first message; json NULL: none. */
static inline int peer_version(struct peer *peer, uint16_t minor, const char *json)
{
	unsigned char body[4096];
	struct vg_user_version version = {0, minor};
	size_t size = sizeof(version);

	memcpy(body, &version, sizeof(version));
	if (json) {
		memcpy(body + size, json, strlen(json) + 1);
		size += strlen(json) + 1;
	}
	return peer_call(peer, VG_USER_VERSION, body, size);
}

/* A connected peer that has said hello as QEMU does. */
#define PEER_QEMU_JSON                                                                                                 \
	"{\"capabilities\": {\"migration\": {\"pgsize\": 4096, \"max_bitmap_size\": 268435456}, \"max_msg_fds\": 16, "     \
	"\"max_data_xfer_size\": 1048576, \"pgsizes\": 4096, \"max_dma_maps\": 65535, \"write_multiple\": true}}"
#define PEER_DISPLAY_JSON "{\"capabilities\": {\"vgpu_display\": 1, \"max_msg_fds\": 16}}"
#define PEER_TWIN_JSON "{\"capabilities\": {\"twin_socket\": {\"supported\": true}, \"max_msg_fds\": 16}}"

static inline struct peer *peer_open(const char *path)
{
	struct peer *peer = peer_new(path);

	ck_assert_int_eq(peer_version(peer, 0, PEER_QEMU_JSON), 0);
	return peer;
}

/* Waits until the server has seen that nobody is connected: state is polled by the caller's function. */
#define PEER_WAIT_FOR(condition)                                                                                       \
	do {                                                                                                               \
		int tries_;                                                                                                    \
                                                                                                                       \
		for (tries_ = 0; tries_ < 2000 && !(condition); tries_++)                                                      \
			usleep(5000);                                                                                              \
		ck_assert_msg(condition, "it does not become true: " #condition);                                              \
	} while (0)

static inline int peer_region_read(struct peer *peer, uint32_t region, uint64_t offset, void *buf, uint32_t count)
{
	struct vg_user_region_access access = {offset, region, count};
	int r = peer_call(peer, VG_USER_REGION_READ, &access, sizeof(access));

	if (r)
		return r;
	ck_assert_uint_eq(peer->size, sizeof(access) + count);
	memcpy(buf, peer->body + sizeof(access), count);
	return 0;
}

static inline int peer_region_write(struct peer *peer, uint32_t region, uint64_t offset, const void *buf,
									uint32_t count)
{
	struct vg_user_region_access access = {offset, region, count};
	unsigned char *body = malloc(sizeof(access) + count);
	int r;

	ck_assert_ptr_nonnull(body);
	memcpy(body, &access, sizeof(access));
	memcpy(body + sizeof(access), buf, count);
	r = peer_call(peer, VG_USER_REGION_WRITE, body, sizeof(access) + count);
	free(body);
	return r;
}

/* Guest memory: a memfd, sealed or not, mapped here; fd -1: memory without a descriptor. */
static inline void *peer_memory(size_t size, int seals, int *fd)
{
	void *at;

	*fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ck_assert_int_ge(*fd, 0);
	ck_assert_int_eq(ftruncate(*fd, (off_t)size), 0);
	if (seals)
		ck_assert_int_eq(fcntl(*fd, F_ADD_SEALS, seals), 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static inline int peer_map(struct peer *peer, uint64_t address, uint64_t size, uint32_t flags, int fd)
{
	struct vg_user_dma_map map = {.argsz = sizeof(map), .flags = flags, .address = address, .size = size};

	return peer_call_fds(peer, VG_USER_DMA_MAP, &map, sizeof(map), &fd, fd >= 0 ? 1 : 0);
}

static inline int peer_unmap(struct peer *peer, uint64_t address, uint64_t size)
{
	struct vg_user_dma_unmap unmap = {.argsz = sizeof(unmap), .address = address, .size = size};

	return peer_call(peer, VG_USER_DMA_UNMAP, &unmap, sizeof(unmap));
}

#endif
