/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to listening UNIX sockets. */
#include "sys/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/lock.h"
#include "sys/unixsock.h"
#include "util/str.h"

#define BACKLOG 8

static int lock_path(const char *path, char out[VG_PATH_SIZE])
{
	return vg_strf(out, VG_PATH_SIZE, "%s.lock", path) < 0 ? -ENAMETOOLONG : 0;
}

/* The lock counts only while its file is the one at the path: who held it before may have taken it away. */
static int take_lock(const char *path)
{
	char name[VG_PATH_SIZE];
	struct stat mine, there;
	int fd;

	if (lock_path(path, name))
		return -ENAMETOOLONG;
	for (;;) {
		fd = vg_lock_take(name, vg_now_ms());
		if (fd < 0)
			return fd == -ETIMEDOUT ? -EADDRINUSE : fd;
		if (fstat(fd, &mine) == 0 && stat(name, &there) == 0 && mine.st_ino == there.st_ino &&
			mine.st_dev == there.st_dev)
			return fd;
		vg_lock_drop(fd);
	}
}

/* Somebody without a lock (another library) may have a socket there: then it answers. */
static int clear(const char *path)
{
	struct stat there;
	int fd;

	if (lstat(path, &there))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(there.st_mode))
		return -EADDRINUSE;
	fd = vg_socket_connect(path, vg_now_ms());
	if (fd >= 0)
		vg_close(fd);
	if (fd >= 0 || fd == -ETIMEDOUT)
		return -EADDRINUSE;
	return unlink(path) ? -errno : 0;
}

static int bind_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, r = 0;

	if (vg_strcopy(address.sun_path, sizeof(address.sun_path), path) < 0)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* fchmod() of the socket before it is bound decides the mode of its file */
	if (fchmod(fd, 0600) || bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, BACKLOG))
		r = -errno;
	if (r) {
		vg_close(fd);
		return r;
	}
	return fd;
}

int vg_listen_open(const char *path, int *lock_fd)
{
	int r, lock = take_lock(path);

	if (lock < 0)
		return lock;
	r = clear(path);
	if (r == 0)
		r = bind_to(path);
	if (r < 0) {
		vg_listen_close(NULL, -1, lock);
		return r;
	}
	*lock_fd = lock;
	return r;
}

int vg_listen_admit(const char *path, uid_t uid, gid_t gid)
{
	if (lchown(path, uid, gid))
		return -errno;
	return chmod(path, gid == (gid_t)-1 ? 0600 : 0660) ? -errno : 0;
}

void vg_listen_close(const char *path, int fd, int lock_fd)
{
	char name[VG_PATH_SIZE];

	if (path) {
		unlink(path);
		if (lock_path(path, name) == 0)
			unlink(name);
	}
	if (fd >= 0)
		vg_close(fd);
	if (lock_fd >= 0)
		vg_lock_drop(lock_fd);
}

static int accept_one(int fd)
{
	int connection;

	do
		connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
	return connection < 0 ? -errno : connection;
}

int vg_listen_accept(int fd, int *spare)
{
	int connection = accept_one(fd);

	if ((connection != -EMFILE && connection != -ENFILE) || *spare < 0)
		return connection;
	/* else it would wait, and the socket be ready, as long as there is none */
	vg_close(*spare);
	connection = accept_one(fd);
	if (connection >= 0)
		vg_close(connection);
	*spare = vg_eventfd_make();
	return -EMFILE;
}
