/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to UNIX stream sockets. */
#include "sys/unixsock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/files.h"
#include "util/str.h"

#define SMALL ((size_t)128)

/* Room for more descriptors than the kernel sends: what is lost then is lost for want of descriptors here. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(VG_SOCKET_FDS_MAX * sizeof(int))];
};

/* A path that is too long for an address is named by its directory's descriptor. */
static int make_address(const char *path, struct sockaddr_un *address, int *dir)
{
	char parent[VG_PATH_SIZE];
	const char *name = vg_basename(path);

	*dir = -1;
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (vg_strcopy(address->sun_path, sizeof(address->sun_path), path) >= 0)
		return 0;
	if (name == path || vg_strcopy(parent, sizeof(parent), path) < 0)
		return -ENAMETOOLONG;
	parent[name - path] = '\0';
	*dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return -errno;
	if (vg_strf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", *dir, name) >= 0)
		return 0;
	vg_close(*dir);
	return -ENAMETOOLONG;
}

/* The server's queue may be full: it says EAGAIN, and nothing tells when it no longer is. */
static int connect_until(int fd, const struct sockaddr_un *address, int64_t deadline)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address))) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (vg_now_ms() >= deadline)
			return -ETIMEDOUT;
		vg_sleep_ms(5);
	}
	return 0;
}

int vg_socket_connect(const char *path, int64_t deadline)
{
	struct sockaddr_un address;
	int dir, fd, r = make_address(path, &address, &dir);

	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : connect_until(fd, &address, deadline);
	if (dir >= 0)
		vg_close(dir);
	if (r == 0)
		return fd;
	if (fd >= 0)
		vg_close(fd);
	return r;
}

int vg_socket_pair(int out[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out) ? -errno : 0;
}

int vg_socket_adopt(int fd)
{
	struct sockaddr_un address = {0};
	socklen_t size = sizeof(address);
	int type = 0, flags;

	if (getpeername(fd, (struct sockaddr *)&address, &size))
		return -errno;
	size = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size))
		return -errno;
	if (address.sun_family != AF_UNIX || type != SOCK_STREAM)
		return -EPROTOTYPE;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	return 0;
}

int vg_socket_peer(int fd, struct vg_peer *out)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return -errno;
	*out = (struct vg_peer){peer.pid, peer.uid, peer.gid};
	return 0;
}

bool vg_socket_peer_is_in(int fd, gid_t group)
{
	gid_t groups[1024]; /* who is in more, is taken to be in none of them */
	socklen_t size = sizeof(groups);
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		return false;
	for (i = 0; i < size / sizeof(groups[0]); i++)
		if (groups[i] == group)
			return true;
	return false;
}

uid_t vg_own_uid(void)
{
	return geteuid();
}

void vg_socket_shutdown(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

/* The descriptors of a received message. */
static void take_fds(struct msghdr *message, int *fds, size_t *fd_count)
{
	struct cmsghdr *header;
	size_t n;

	*fd_count = 0;
	for (header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > VG_SOCKET_FDS_MAX - *fd_count)
			n = VG_SOCKET_FDS_MAX - *fd_count; /* never: the kernel makes one such message, of at most so many */
		memcpy(fds + *fd_count, CMSG_DATA(header), n * sizeof(int));
		*fd_count += n;
	}
}

int vg_socket_set_wait(int fd, int64_t wait_ms)
{
	const struct timeval wait = {wait_ms / 1000, wait_ms % 1000 * 1000};
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK))
		return -errno;
	return 0;
}

ssize_t vg_socket_receive(int fd, struct iovec *parts, size_t count, bool wait, int *fds, size_t *fd_count,
						  bool *truncated)
{
	union control control; /* not cleared: the kernel says how much of it is set */
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
	ssize_t n;

	message.msg_control = control.bytes;
	do {
		message.msg_controllen = sizeof(control.bytes);
		n = recvmsg(fd, &message, (wait ? 0 : MSG_DONTWAIT) | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*fd_count = 0;
	if (message.msg_controllen)
		take_fds(&message, fds, fd_count);
	*truncated = message.msg_flags & MSG_CTRUNC;
	return n;
}

static size_t total(const struct iovec *parts, size_t count)
{
	size_t size = 0, i;

	for (i = 0; i < count && size <= SMALL; i++)
		size += parts[i].iov_len <= SMALL ? parts[i].iov_len : SMALL + 1;
	return size;
}

/* The kernel takes one part faster than several: for a small message that is a tenth of the call. */
static ssize_t send_small(int fd, const struct iovec *parts, size_t count)
{
	char bytes[SMALL];
	size_t size = 0, i;
	ssize_t n;

	for (i = 0; i < count; i++) {
		if (parts[i].iov_len)
			memcpy(bytes + size, parts[i].iov_base, parts[i].iov_len);
		size += parts[i].iov_len;
	}
	do
		n = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t vg_socket_send(int fd, struct iovec *parts, size_t count, const int *fds, size_t fd_count)
{
	union control control;
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
	struct cmsghdr *header;
	ssize_t n;

	if (fd_count > VG_SOCKET_FDS_MAX)
		return -EINVAL;
	if (!fd_count && total(parts, count) <= SMALL)
		return send_small(fd, parts, count);
	if (fd_count) {
		memset(&control, 0, CMSG_SPACE(fd_count * sizeof(int)));
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
	}
	do
		n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int vg_wait(struct pollfd *fds, size_t count, int64_t deadline)
{
	for (;;) {
		int timeout = -1, n;

		if (deadline != INT64_MAX) {
			int64_t left = deadline - vg_now_ms();

			timeout = left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
		}
		n = poll(fds, count, timeout);
		if (n > 0 || (n == 0 && timeout < INT_MAX))
			return n;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}
