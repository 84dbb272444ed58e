/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks on files, with deadlines. */
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "sys/files.h"

#define POLL_MAX_MS 10

int vg_lock_take(const char *path, int64_t deadline)
{
	/* 0600: flock(2) needs no write access, so any reader of the file could hold everybody up */
	int fd = vg_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	int64_t wait = 1;

	if (fd < 0)
		return fd;
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		int err = errno;

		if (err == EINTR)
			continue;
		if (err != EWOULDBLOCK || vg_now_ms() >= deadline) {
			vg_close(fd);
			return err == EWOULDBLOCK ? -ETIMEDOUT : -err;
		}
		vg_sleep_ms(wait);
		if (wait < POLL_MAX_MS)
			wait *= 2;
	}
	return fd;
}

void vg_lock_drop(int fd)
{
	vg_close(fd);
}

int vg_life_take(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &lock))
		return errno == EACCES ? -EAGAIN : -errno;
	return 0;
}

void vg_life_drop(int fd)
{
	struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	fcntl(fd, F_OFD_SETLK, &lock);
}

bool vg_life_is_held(int dirfd, const char *name)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = vg_open(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	bool held;

	if (fd < 0)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	vg_close(fd);
	return held;
}
