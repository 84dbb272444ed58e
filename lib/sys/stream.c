/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to descriptors that bytes flow through. */
#include "sys/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/files.h"

ssize_t vg_read(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t vg_write(int fd, const void *buf, size_t len)
{
	ssize_t n;

	do
		n = write(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int vg_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

int vg_wait_for(int fd, bool writable, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = fd, .events = writable ? POLLOUT : POLLIN};
	int64_t left = -1;
	int n;

	if (deadline != VG_NEVER) {
		left = deadline - vg_now_ms();
		left = left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
	}
	n = poll(&poll_fd, 1, (int)left);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

int vg_stream_init(struct vg_stream *stream, int fd, bool writing, int64_t deadline)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if ((flags & O_ACCMODE) == (writing ? O_RDONLY : O_WRONLY) || flags & O_PATH)
		return -EBADF;
	*stream = (struct vg_stream){
		.fd = fd, .deadline = deadline, .is_socket = S_ISSOCK(st.st_mode), .is_pipe = S_ISFIFO(st.st_mode)};
	return 0;
}

/* Only a transfer that would wait is waited for: a file is always ready, and says so for nothing. */
static int wait_first(const struct vg_stream *stream, bool writing)
{
	return stream->deadline == VG_NEVER || stream->is_socket ? 0 : vg_wait_for(stream->fd, writing, stream->deadline);
}

ssize_t vg_stream_read(const struct vg_stream *stream, void *buf, size_t len)
{
	ssize_t n;
	int r = wait_first(stream, false);

	while (r == 0) {
		n = stream->is_socket ? recv(stream->fd, buf, len, MSG_DONTWAIT) : read(stream->fd, buf, len);
		if (n >= 0)
			return n;
		if (errno != EAGAIN)
			return -errno;
		r = vg_wait_for(stream->fd, false, stream->deadline);
	}
	return r;
}

/* write(2) that raises no SIGPIPE: it would go to this thread, which takes it, unless one was pending already. */
static ssize_t write_quietly(int fd, const void *buf, size_t len)
{
	const struct timespec now = {0};
	sigset_t sigpipe, before, pending;
	ssize_t n;
	int err;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
	n = write(fd, buf, len);
	err = errno;
	if (n < 0 && err == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&sigpipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return n < 0 ? -err : n;
}

ssize_t vg_stream_write(const struct vg_stream *stream, const void *buf, size_t len)
{
	ssize_t n;
	int r = wait_first(stream, true);

	/* a pipe that is ready takes this much, and blocks for more */
	if (stream->is_pipe && stream->deadline != VG_NEVER && len > PIPE_BUF)
		len = PIPE_BUF;
	while (r == 0) {
		if (stream->is_socket) {
			n = send(stream->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
			n = n < 0 ? -errno : n;
		} else {
			n = write_quietly(stream->fd, buf, len);
		}
		if (n != -EAGAIN)
			return n;
		r = vg_wait_for(stream->fd, true, stream->deadline);
	}
	return r;
}
