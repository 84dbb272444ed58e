/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to UNIX stream sockets: connections, peers, and bytes with descriptors. Functions return -errno. */
#ifndef VG_SYS_UNIXSOCK_H
#define VG_SYS_UNIXSOCK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* As many descriptors as the kernel sends with one call (SCM_MAX_FD). */
#define VG_SOCKET_FDS_MAX 253

struct vg_peer {
	pid_t pid; /* 0: of another PID namespace */
	uid_t uid;
	gid_t gid;
};

/* A new non-blocking socket, connected to a path of any length; waits until deadline (vg_now_ms()) for its turn. */
int vg_socket_connect(const char *path, int64_t deadline);
/* Two non-blocking sockets, connected to each other. */
int vg_socket_pair(int out[2]);
/* Is it a connected UNIX stream socket? 0, or -ENOTSOCK, -EPROTOTYPE, -ENOTCONN. Makes it non-blocking. */
int vg_socket_adopt(int fd);
/* Who made the connection's other end. */
int vg_socket_peer(int fd, struct vg_peer *out);
/* Is the one who made the other end in this group, be it not his first? */
bool vg_socket_peer_is_in(int fd, gid_t group);
/* Our own effective user. */
uid_t vg_own_uid(void);
/* Ends the connection both ways, whoever else has the socket open. */
void vg_socket_shutdown(int fd);

/* How long receiving waits where it is to wait, in milliseconds (not 0; the kernel rounds to its ticks). 0 or -errno.
 */
int vg_socket_set_wait(int fd, int64_t wait_ms);
/*
 * Receives what is there, and with wait waits for it, as long as vg_socket_set_wait() said: bytes received, 0 at the
 * end of the stream, -EAGAIN where nothing is there. fds[VG_SOCKET_FDS_MAX] get the descriptors that came with it,
 * close-on-exec. *truncated: some were lost.
 */
ssize_t vg_socket_receive(int fd, struct iovec *parts, size_t count, bool wait, int *fds, size_t *fd_count,
						  bool *truncated);
/* Sends what there is room for, without waiting: bytes sent (the descriptors went with the first), or -EAGAIN. */
ssize_t vg_socket_send(int fd, struct iovec *parts, size_t count, const int *fds, size_t fd_count);
/* Waits until deadline (vg_now_ms(); INT64_MAX: for ever): how many are ready, 0 at the deadline; goes on after
 * signals.
 */
int vg_wait(struct pollfd *fds, size_t count, int64_t deadline);

#endif
