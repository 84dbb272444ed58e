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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/helper_program.h"

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

static void report(int fd, int result, int step)
{
	const struct vg_helper_answer answer = {.result = result, .step = step};

	while (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_size;
}

/* A job, and its record. */
struct job {
	struct vg_helper_message message;
	int record_fd;
	off_t record_size; /* before the writes */
};

/* The first steps, as many as were done, in reverse. Goes on past one that fails; the first error. */
static int undo_steps(const struct job *job, int done)
{
	struct vg_step step;
	int result = 0, r;

	while (done-- > 0) {
		if (!vg_steps_get(&job->message.steps, done, &step) || !step.undo.path[0])
			continue;
		r = do_write(step.undo.path, step.undo.value, job->message.is_host);
		if (result == 0)
			result = r;
	}
	return result;
}

/* All steps, or none. *failed: the step that did. */
static int do_steps(const struct job *job, int *failed)
{
	struct vg_step step;
	int i, r;

	*failed = 0;
	for (i = 0; i < job->message.steps.count; i++) {
		r = vg_steps_get(&job->message.steps, i, &step)
				? do_write(step.write.path, step.write.value, job->message.is_host)
				: -EBADMSG;
		if (r) {
			*failed = i;
			undo_steps(job, i);
			return r;
		}
	}
	return 0;
}

/* The next job; false: there is none. */
static bool receive_job(int fd, struct job *job)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = {&job->message, sizeof(job->message)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	struct cmsghdr *header;
	ssize_t n;

	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control.bytes);
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)offsetof(struct vg_helper_message, steps.text) ||
		(job->message.kind != VG_HELPER_JOB && job->message.kind != VG_HELPER_RUN))
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
		return false;
	memcpy(&job->record_fd, CMSG_DATA(header), sizeof(int));
	job->record_size = size_of(job->record_fd);
	return job->message.steps.used == (size_t)n - offsetof(struct vg_helper_message, steps.text);
}

static bool wait_for_job(int fd, struct job *job)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int r;

	do
		r = poll(&poll_fd, 1, IDLE_MS);
	while (r < 0 && errno == EINTR);
	/* from here on the caller can't send any more: what it has sent is still done */
	if (r == 0)
		shutdown(fd, SHUT_RD);
	return receive_job(fd, job);
}

/*
 * Is the vGPU its creator's now? The end of the creator is told by its pidfd: its socket may live on in processes that
 * it forked. *asked: it wants the vGPU undone, and waits for the result.
 */
static bool is_kept(int fd, int caller, const struct job *job, bool *asked)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = caller, .events = POLLIN}};

	for (;;) {
		char kind = 0;
		int r = poll(fds, 2, IDLE_MS);

		if (r < 0 && errno == EINTR)
			continue;
		if (size_of(job->record_fd) > job->record_size)
			return true;
		if (r == 0)
			continue; /* its creator waits until it is ready */
		*asked = recv(fd, &kind, 1, MSG_DONTWAIT) == 1 && kind == VG_HELPER_UNDO;
		return false;
	}
}

static void do_job(int fd, int caller, const struct job *job)
{
	bool asked = true;
	int failed, r = do_steps(job, &failed);

	if (r == 0 && job->message.has_undo) {
		report(fd, 0, 0);
		asked = false;
		if (!is_kept(fd, caller, job, &asked))
			r = undo_steps(job, job->message.steps.count);
	}
	/* before the last word: who has heard it finds nobody at work on the record */
	close(job->record_fd);
	if (asked)
		report(fd, r, failed);
}

static void run(int fd, const struct job *job)
{
	struct vg_helper_answer answer = {.result = -EBADMSG};
	struct vg_step step;

	if (vg_steps_get(&job->message.steps, 0, &step))
		answer.result =
			vg_run_program(step.write.path, step.write.value, step.undo.path, answer.text, sizeof(answer.text));
	close(job->record_fd);
	while (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

noreturn void vg_helper_child(const struct vg_helper_start *start)
{
	int fd = start->fd, caller;
	struct job job;

	setsid();
	prctl(PR_SET_NAME, "vgpu-helper");
	if (chdir("/")) {
		/* the caller's directory stays in use: no reason to fail */
	}
	close_others(fd);
	unmap_devices();
	caller = (int)syscall(SYS_pidfd_open, start->caller, 0);
	while (wait_for_job(fd, &job)) {
		if (job.message.kind == VG_HELPER_RUN)
			run(fd, &job);
		else
			do_job(fd, caller, &job);
	}
	_exit(0);
}
