/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process from within: gets rid of what it inherited, writes, reports, and perhaps undoes. */
#include "sys/helper_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

static void close_others(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (b < 0)
		low = high = (unsigned)a;
	if (low > 0)
		close_range(0, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uintptr_t parse_hex(const char **s)
{
	uintptr_t value = 0;
	int digit;

	for (; (digit = hex_digit(**s)) >= 0; (*s)++)
		value = value << 4 | (unsigned)digit;
	return value;
}

/* "START-END PERMS OFFSET DEV INODE PATH": memory of a VFIO device keeps that device in use. */
static void unmap_line(const char *line)
{
	uintptr_t start, end;

	if (!strstr(line, "anon_inode:[vfio") && !strstr(line, "/dev/vfio/"))
		return;
	start = parse_hex(&line);
	if (*line++ != '-')
		return;
	end = parse_hex(&line);
	if (end > start)
		munmap((void *)start, end - start); /* NOLINT(performance-no-int-to-ptr): an address is what maps holds */
}

/* Mappings that the caller made past this library, which would have been spared the fork. */
static void unmap_devices(void)
{
	char buf[4096];
	size_t used = 0;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, buf + used, sizeof(buf) - 1 - used)) > 0) {
		char *line = buf, *end;

		used += (size_t)n;
		buf[used] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			unmap_line(line);
			line = end + 1;
		}
		used = strlen(line);
		if (used == sizeof(buf) - 1)
			used = 0; /* a path of this length is no device's */
		memmove(buf, line, used);
	}
	close(fd);
}

/* Never write to a copy of a host: it would grow a file and tell a lie. */
static int check_kernel(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return -errno;
	return fs.f_type == SYSFS_MAGIC ? 0 : -EMEDIUMTYPE;
}

static int do_write(const char *path, const char *value, bool is_host)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = strlen(value);
	int r;
	ssize_t n;

	if (fd < 0)
		return -errno;
	r = is_host ? 0 : check_kernel(fd);
	if (r == 0) {
		n = write(fd, value, len);
		if (n < 0)
			r = -errno;
		else if ((size_t)n != len)
			r = -EIO;
	}
	close(fd);
	return r;
}

static void report(int fd, int result)
{
	while (send(fd, &result, sizeof(result), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static bool is_kept(int fd)
{
	char word = 0;
	ssize_t n;

	do
		n = recv(fd, &word, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1 && word == VG_HELPER_KEEP;
}

noreturn void vg_helper_child(const struct vg_helper_job *job)
{
	int r;

	setsid();
	prctl(PR_SET_NAME, "vgpu-helper");
	if (chdir("/")) {
		/* the caller's directory stays in use: no reason to fail */
	}
	close_others(job->fd, job->keep_fd);
	unmap_devices();
	r = do_write(job->path, job->value, job->is_host);
	report(job->fd, r);
	if (r == 0 && job->undo_path && !is_kept(job->fd)) {
		r = do_write(job->undo_path, job->undo_value, job->is_host);
		report(job->fd, r);
	}
	_exit(0);
}
