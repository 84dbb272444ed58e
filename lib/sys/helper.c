/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process, as its caller sees it. */
#include "sys/helper.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/context.h"
#include "sys/files.h"
#include "sys/helper_child.h"

/*
 * fork(2) without what a library must not do to its caller: no SIGCHLD when the child ends (exit signal 0), none of
 * the caller's fork handlers. The child makes system calls only.
 */
static pid_t quiet_fork(void)
{
	return (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
}

int vg_helper_start(struct vgpu_context *ctx, struct vg_helper *helper, const struct vg_write *write,
					const struct vg_write *undo, int keep_fd)
{
	struct vg_helper_job job = {
		.path = write->path, .value = write->value, .keep_fd = keep_fd, .is_host = ctx->is_host};
	sigset_t all, old;
	int pair[2];
	pid_t pid;

	if (undo) {
		job.undo_path = undo->path;
		job.undo_value = undo->value;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	job.fd = pair[1];
	/* no signal handler of the caller may run in the child */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = quiet_fork();
	if (pid == 0)
		vg_helper_child(&job);
	if (pid < 0)
		pid = -errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	vg_close(pair[1]);
	if (pid < 0) {
		vg_close(pair[0]);
		return (int)pid;
	}
	*helper = (struct vg_helper){.fd = pair[0], .pid = pid};
	return 0;
}

int vg_helper_wait(struct vg_helper *helper, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = helper->fd, .events = POLLIN};
	int result;
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
		n = recv(helper->fd, &result, sizeof(result), 0);
	while (n < 0 && errno == EINTR);
	/* four bytes written at once to a local socket arrive at once */
	if (n != (ssize_t)sizeof(result))
		return -EIO;
	return result > 0 ? -EIO : result;
}

/* Waits for a helper that is about to end: its result has been read. */
void vg_helper_end(struct vg_helper *helper)
{
	vg_close(helper->fd);
	while (waitpid(helper->pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	*helper = (struct vg_helper){.fd = -1};
}

static void tell(struct vg_helper *helper, char word)
{
	while (send(helper->fd, &word, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void vg_helper_keep(struct vg_helper *helper)
{
	tell(helper, VG_HELPER_KEEP);
	vg_helper_end(helper);
}

int vg_helper_undo(struct vgpu_context *ctx, struct vg_helper *helper, int64_t deadline)
{
	int r;

	tell(helper, VG_HELPER_UNDO);
	r = vg_helper_wait(helper, deadline);
	if (r == -ETIMEDOUT)
		vg_helper_leave(ctx, helper);
	else
		vg_helper_end(helper);
	return r;
}

void vg_helper_leave(struct vgpu_context *ctx, struct vg_helper *helper)
{
	vg_close(helper->fd);
	/* without memory to remember it, it stays a zombie until its parent ends */
	vg_vec_add(&ctx->helpers, (void *)(intptr_t)helper->pid);
	*helper = (struct vg_helper){.fd = -1};
}

void vg_helper_reap(struct vgpu_context *ctx)
{
	size_t i = 0;

	while (i < ctx->helpers.count) {
		pid_t pid = (pid_t)(intptr_t)ctx->helpers.items[i];

		if (waitpid(pid, NULL, __WALL | WNOHANG) == 0)
			i++; /* still at work */
		else
			ctx->helpers.items[i] = ctx->helpers.items[--ctx->helpers.count];
	}
}
