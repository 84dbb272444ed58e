/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to what a loop waits for. */
#include "sys/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BATCH 16

static int control(int poll_fd, int operation, int fd, uint32_t events, void *data)
{
	struct epoll_event event = {.data.ptr = data};

	if (events & VG_POLL_IN)
		event.events |= EPOLLIN;
	if (events & VG_POLL_OUT)
		event.events |= EPOLLOUT;
	return epoll_ctl(poll_fd, operation, fd, &event) ? -errno : 0;
}

int vg_poll_watch(int poll_fd, int fd, uint32_t events, void *data)
{
	return control(poll_fd, EPOLL_CTL_ADD, fd, events, data);
}

int vg_poll_change(int poll_fd, int fd, uint32_t events, void *data)
{
	return control(poll_fd, EPOLL_CTL_MOD, fd, events, data);
}

void vg_poll_forget(int poll_fd, int fd)
{
	epoll_ctl(poll_fd, EPOLL_CTL_DEL, fd, NULL);
}

int vg_poll_wait(int poll_fd, struct vg_ready *out, size_t room, int timeout_ms)
{
	struct epoll_event events[BATCH];
	int i, n = epoll_wait(poll_fd, events, room < BATCH ? (int)room : BATCH, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < n; i++) {
		out[i].data = events[i].data.ptr;
		out[i].events = (events[i].events & EPOLLOUT ? VG_POLL_OUT : 0u) |
						(events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP) ? VG_POLL_IN : 0u);
	}
	return n;
}

int vg_timer_make(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void vg_timer_set(int fd, int64_t deadline)
{
	struct itimerspec when = {0};

	if (deadline != INT64_MAX) {
		/* 0 would be never */
		when.it_value.tv_sec = deadline > 0 ? deadline / 1000 : 0;
		when.it_value.tv_nsec = deadline > 0 ? deadline % 1000 * 1000000 : 1;
		if (!when.it_value.tv_sec && !when.it_value.tv_nsec)
			when.it_value.tv_nsec = 1;
	}
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void vg_eventfd_add(int fd)
{
	const uint64_t one = 1;
	ssize_t n;

	do
		n = write(fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}
