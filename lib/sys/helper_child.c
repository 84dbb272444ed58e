/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process from within: gets rid of what it inherited; then writes, reports, and perhaps undoes. */
#include "sys/helper_child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* How long a helper without work waits for more. */
#define IDLE_MS 1000

static void close_others(int fd)
{
	if (fd > 0)
		close_range(0, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0U, 0);
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

static int do_write(const struct vg_helper_write *job, bool is_host)
{
	int fd = open(job->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = strnlen(job->value, sizeof(job->value));
	int r;
	ssize_t n;

	if (fd < 0)
		return -errno;
	r = is_host ? 0 : check_kernel(fd);
	if (r == 0) {
		n = write(fd, job->value, len);
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

/*
 * Waits for a word, or for the end of the caller: its socket may live on in processes that it forked, so its pidfd is
 * watched too.
 */
static bool is_kept(int fd, int caller)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = caller, .events = POLLIN}};
	char word = 0;
	ssize_t n;
	int r;

	do
		r = poll(fds, 2, -1);
	while (r < 0 && errno == EINTR);
	/* a word that was said before the end counts */
	do
		n = recv(fd, &word, 1, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n == 1 && word == VG_HELPER_KEEP;
}

/* The next job and its record's descriptor; false: there is none. */
static bool receive_job(int fd, struct vg_helper_job *job, int *record_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = {job, sizeof(*job)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	struct cmsghdr *header;
	ssize_t n;

	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control.bytes);
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*job))
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
		return false;
	memcpy(record_fd, CMSG_DATA(header), sizeof(int));
	return true;
}

static bool wait_for_job(int fd, struct vg_helper_job *job, int *record_fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int r;

	do
		r = poll(&poll_fd, 1, IDLE_MS);
	while (r < 0 && errno == EINTR);
	/* from here on the caller can't send any more: what it has sent is still done */
	if (r == 0)
		shutdown(fd, SHUT_RD);
	return receive_job(fd, job, record_fd);
}

noreturn void vg_helper_child(const struct vg_helper_start *start)
{
	int fd = start->fd, caller, record_fd, r;
	struct vg_helper_job job;

	setsid();
	prctl(PR_SET_NAME, "vgpu-helper");
	if (chdir("/")) {
		/* the caller's directory stays in use: no reason to fail */
	}
	close_others(fd);
	unmap_devices();
	caller = (int)syscall(SYS_pidfd_open, start->caller, 0);
	while (wait_for_job(fd, &job, &record_fd)) {
		r = do_write(&job.write, job.is_host);
		if (r == 0 && job.has_undo) {
			report(fd, r);
			if (!is_kept(fd, caller))
				r = do_write(&job.undo, job.is_host);
		}
		/* before the last word: who has heard it finds nobody at work on the record */
		close(record_fd);
		report(fd, r);
	}
	_exit(0);
}
