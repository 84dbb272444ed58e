/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process, as its caller sees it. */
#include "sys/helper.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/context.h"
#include "sys/files.h"
#include "sys/helper_child.h"

/* For the process in between and the helper: a job, and a page of /proc/self/maps. */
#define STACK_SIZE ((size_t)128 * 1024)

/* Runs beside the suspended caller, in its memory: forks the helper, and ends, so that init becomes its parent. */
static int fork_helper(void *data)
{
	/* not fork(3): none of the caller's fork handlers may run, and exit signal 0 sends no SIGCHLD */
	if (syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL) == 0)
		vg_helper_child(data);
	_exit(0);
}

/* Starts a process whose parent is init. Where that fails, the socket that it would have had reads as ended. */
static int start_process(struct vg_helper_start *start)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, old;
	int pid, r = 0;

	if (stack == MAP_FAILED)
		return -errno;
	/* no signal handler of the caller may run in a child */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = clone(fork_helper, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, start);
	if (pid < 0)
		r = -errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	munmap(stack, STACK_SIZE);
	return r;
}

static int start_helper(struct vgpu_context *ctx)
{
	struct vg_helper_start start = {.caller = getpid()};
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	start.fd = pair[1];
	r = start_process(&start);
	vg_close(pair[1]);
	if (r) {
		vg_close(pair[0]);
		return r;
	}
	ctx->helper_fd = pair[0];
	ctx->helper_owner = start.caller;
	return 0;
}

/* Sends a message of size bytes, with the record's descriptor. */
static int send_job(int fd, const struct vg_helper_message *job, size_t size, int record_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec data = {(void *)(uintptr_t)job, size};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	struct cmsghdr *header;
	ssize_t n;

	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control.bytes);
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &record_fd, sizeof(int));
	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int start_job(struct vgpu_context *ctx, char kind, const struct vg_steps *steps, bool can_undo, int record_fd)
{
	struct vg_helper_message job = {.kind = kind, .is_host = ctx->is_host, .has_undo = can_undo};
	const size_t size = offsetof(struct vg_helper_message, steps.text) + steps->used;
	int r;

	job.steps.count = steps->count;
	job.steps.used = steps->used;
	memcpy(job.steps.text, steps->text, steps->used);
	/* a forked child of the caller must not talk to its parent's helper */
	if (ctx->helper_fd >= 0 && ctx->helper_owner != getpid())
		vg_helper_leave(ctx);
	if (ctx->helper_fd >= 0 && send_job(ctx->helper_fd, &job, size, record_fd) == 0)
		return 0;
	/* there is none, or it has just gone for want of work */
	vg_helper_leave(ctx);
	r = start_helper(ctx);
	if (r == 0)
		r = send_job(ctx->helper_fd, &job, size, record_fd);
	if (r)
		vg_helper_leave(ctx);
	return r == -EPIPE ? -ECONNRESET : r; /* killed before it could do anything */
}

int vg_helper_start(struct vgpu_context *ctx, const struct vg_steps *steps, bool can_undo, int record_fd)
{
	return start_job(ctx, VG_HELPER_JOB, steps, can_undo, record_fd);
}

int vg_helper_run(struct vgpu_context *ctx, const char *program, const char *option, const char *operand, int record_fd)
{
	struct vg_steps steps;
	int r;

	if (!ctx->is_host)
		return -EMEDIUMTYPE;
	vg_steps_clear(&steps);
	r = vg_steps_add(&steps, program, option, &(struct vg_write){operand, ""});
	return r ? r : start_job(ctx, VG_HELPER_RUN, &steps, false, record_fd);
}

static int wait_for_answer(struct vgpu_context *ctx, int64_t deadline, struct vg_helper_answer *answer)
{
	struct pollfd poll_fd = {.fd = ctx->helper_fd, .events = POLLIN};
	ssize_t n;

	for (;;) {
		int64_t left = deadline - vg_now_ms();
		int r = poll(&poll_fd, 1, left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);

		if (r == 0 && left <= 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			break;
	}
	do
		n = recv(ctx->helper_fd, answer, sizeof(*answer), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*answer)) {
		vg_helper_leave(ctx);
		return -ECONNRESET;
	}
	if (answer->result == -ETIMEDOUT) /* a driver's own: the write has ended */
		return -ETIME;
	return answer->result > 0 ? -EIO : answer->result;
}

int vg_helper_wait(struct vgpu_context *ctx, int64_t deadline, int *step)
{
	struct vg_helper_answer answer = {0};
	int r = wait_for_answer(ctx, deadline, &answer);

	if (step)
		*step = answer.step;
	return r;
}

int vg_helper_wait_program(struct vgpu_context *ctx, int64_t deadline, char said[VG_SAID_SIZE])
{
	struct vg_helper_answer answer = {0};
	int r = wait_for_answer(ctx, deadline, &answer);

	answer.text[VG_SAID_SIZE - 1] = '\0';
	vg_strcopy(said, VG_SAID_SIZE, answer.text);
	vg_make_printable(said);
	vg_chomp(said);
	return r;
}

int vg_fail_helper(struct vgpu_context *ctx, const char *operation, const char *path)
{
	return vg_fail(
		ctx,
		&(struct vg_failure){
			.operation = operation, .path = path, .err = ECONNRESET, .cause = VGPU_CAUSE_OTHER, .hint = "try again"},
		"the helper process that writes to it was killed");
}

int vg_helper_undo(struct vgpu_context *ctx, int64_t deadline)
{
	const char word = VG_HELPER_UNDO;
	int r;

	if (ctx->helper_fd < 0)
		return -ECONNRESET;
	while (send(ctx->helper_fd, &word, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
	r = vg_helper_wait(ctx, deadline, NULL);
	if (r == -ETIMEDOUT)
		vg_helper_leave(ctx);
	return r;
}

void vg_helper_leave(struct vgpu_context *ctx)
{
	vg_close(ctx->helper_fd);
	ctx->helper_fd = -1;
}
