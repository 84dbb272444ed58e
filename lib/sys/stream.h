/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to descriptors that bytes flow through: a driver's migration data, and a caller's file, pipe or socket.
 * Functions return -errno.
 */
#ifndef VG_SYS_STREAM_H
#define VG_SYS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* No deadline, on the clock of vg_now_ms(). */
#define VG_NEVER INT64_MAX

/* A transfer on a descriptor that does not block: bytes done, 0 at the end, -EAGAIN. Begun again after a signal. */
ssize_t vg_read(int fd, void *buf, size_t len);
ssize_t vg_write(int fd, const void *buf, size_t len);
/* Makes reads and writes return -EAGAIN rather than wait. -EBADF: it is no descriptor. */
int vg_set_nonblocking(int fd);
/* Waits until the descriptor is readable, or writable: 0, -ETIMEDOUT, or -EINTR. */
int vg_wait_for(int fd, bool writable, int64_t deadline);

/* A caller's descriptor, which may block or not. */
struct vg_stream {
	int fd;
	int64_t deadline;
	bool is_socket;
	bool is_pipe;
};

/* -EBADF: it is no descriptor, or not open for this. -EISDIR. */
int vg_stream_init(struct vg_stream *stream, int fd, bool writing, int64_t deadline);
/*
 * One transfer, waited for until the deadline: bytes done, 0 at the end of what is read, -ETIMEDOUT, -EINTR (after any
 * signal: the caller may want to give up), -EPIPE without SIGPIPE, or another -errno. A regular file is not waited for.
 */
ssize_t vg_stream_read(const struct vg_stream *stream, void *buf, size_t len);
ssize_t vg_stream_write(const struct vg_stream *stream, const void *buf, size_t len);

#endif
