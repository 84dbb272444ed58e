/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to listening UNIX sockets. Functions return -errno. */
#ifndef VG_SYS_LISTEN_H
#define VG_SYS_LISTEN_H

#include <sys/types.h>

/*
 * Listens at a path, mode 0600, non-blocking. What a dead process left there is replaced: only whoever holds the flock
 * of PATH.lock, which *lock_fd receives, may have a socket there. -EADDRINUSE: somebody else holds it, or has bound it
 * without a lock and answers. A descriptor.
 */
int vg_listen_open(const char *path, int *lock_fd);
/* Gives a socket's file to others as well, who may be -1: 0, or -errno. */
int vg_listen_admit(const char *path, uid_t uid, gid_t gid);
/* Takes socket and lock away. */
void vg_listen_close(const char *path, int fd, int lock_fd);
/*
 * The next connection, non-blocking; -EAGAIN: there is none. Where there are no descriptors left, it is closed, for
 * which *spare, any descriptor that is good for nothing else, is given up for a moment; -EMFILE.
 */
int vg_listen_accept(int fd, int *spare);

#endif
