/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to files: open, read, write, stat; and the clock. */
#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/str.h"

int vg_open(int dirfd, const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dirfd, path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int vg_open_dir(int dirfd, const char *path)
{
	return vg_open(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
}

void vg_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

ssize_t vg_read_text(int dirfd, const char *path, char *buf, size_t size)
{
	/* a dump may hold anything where sysfs has an attribute: do not hang on a FIFO */
	int fd = vg_open(dirfd, path, O_RDONLY | O_NONBLOCK, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	/* sysfs and the small files of procfs come whole in one read */
	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		n = -errno;
	else if ((size_t)n == size)
		n = -EFBIG;
	vg_close(fd);
	if (n < 0)
		return n;
	buf[n] = '\0';
	vg_chomp(buf);
	return (ssize_t)strlen(buf);
}

int vg_read_u64(int dirfd, const char *path, unsigned base, uint64_t max, uint64_t *out)
{
	char text[64];
	ssize_t n = vg_read_text(dirfd, path, text, sizeof(text));

	if (n < 0)
		return n == -EFBIG ? -EINVAL : (int)n;
	return vg_parse_u64(text, base, max, out);
}

int vg_read_link(int dirfd, const char *path, char *buf, size_t size)
{
	ssize_t n = readlinkat(dirfd, path, buf, size);

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}

int vg_read_link_name(int dirfd, const char *path, char *buf, size_t size)
{
	char target[VG_PATH_SIZE];
	int r = vg_read_link(dirfd, path, target, sizeof(target));

	if (r == 0)
		r = vg_strcopy(buf, size, vg_basename(target));
	return r < 0 ? r : 0;
}

int vg_stat(int dirfd, const char *path, struct stat *out)
{
	return fstatat(dirfd, path, out, 0) ? -errno : 0;
}

bool vg_exists(int dirfd, const char *path)
{
	struct stat st;

	return vg_stat(dirfd, path, &st) == 0;
}

int vg_real_path(const char *path, char *buf)
{
	_Static_assert(VG_PATH_SIZE >= PATH_MAX, "realpath writes PATH_MAX bytes");
	return realpath(path, buf) ? 0 : -errno;
}

int vg_append(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOSPC;
}

int vg_make_file(int dirfd, const char *name, mode_t mode, const char *text)
{
	int fd = vg_open(dirfd, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
	int r;

	if (fd < 0)
		return fd;
	r = fchmod(fd, mode) ? -errno : vg_append(fd, text);
	if (r) {
		vg_unlink(dirfd, name);
		vg_close(fd);
		return r;
	}
	return fd;
}

int vg_rename(int dirfd, const char *from, const char *to)
{
	return renameat(dirfd, from, dirfd, to) ? -errno : 0;
}

int vg_unlink(int dirfd, const char *name)
{
	return unlinkat(dirfd, name, 0) ? -errno : 0;
}

int64_t vg_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t vg_now_ms(void)
{
	return vg_now_us() / 1000;
}

void vg_sleep_ms(int64_t ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}
