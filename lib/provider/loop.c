/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider's loop: who is on it, what it watches, timers. */
#include "provider/loop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "sys/devio.h"
#include "sys/files.h"

#define BATCH 16

static void take_wake(struct vg_source *source, uint32_t events)
{
	(void)events;
	vg_eventfd_take(source->fd); /* what it is for is looked at in every turn */
}

static void take_clock(struct vg_source *source, uint32_t events)
{
	struct vg_loop *loop = (struct vg_loop *)((char *)source - offsetof(struct vg_loop, clock));

	(void)events;
	vg_timer_set(source->fd, INT64_MAX);
	loop->armed = INT64_MAX;
}

int vg_source_open(struct vg_loop *loop, struct vg_source *source, uint32_t events)
{
	source->events = events;
	return vg_poll_watch(loop->poll_fd, source->fd, events, source);
}

void vg_source_want(struct vg_loop *loop, struct vg_source *source, uint32_t events)
{
	if (source->events == events)
		return;
	source->events = events;
	vg_poll_change(loop->poll_fd, source->fd, events, source);
}

void vg_source_close(struct vg_loop *loop, struct vg_source *source)
{
	vg_poll_forget(loop->poll_fd, source->fd);
	source->fn = NULL;
	if (loop->last == source)
		loop->last = NULL;
	if (!source->free_fn)
		return;
	source->next_dead = loop->dead;
	loop->dead = source;
}

void vg_timer_disarm(struct vg_timer *timer)
{
	if (!timer->armed)
		return;
	timer->prev->next = timer->next;
	timer->next->prev = timer->prev;
	timer->armed = false;
}

void vg_timer_arm(struct vg_loop *loop, struct vg_timer *timer, int64_t deadline)
{
	vg_timer_disarm(timer);
	timer->deadline = deadline;
	timer->next = &loop->timers;
	timer->prev = loop->timers.prev;
	timer->prev->next = timer;
	loop->timers.prev = timer;
	timer->armed = true;
	if (deadline < loop->armed) {
		loop->armed = deadline;
		vg_timer_set(loop->timer_fd, deadline);
	}
}

/* Calls those whose time has come; sets the clock for the next. */
static void run_timers(struct vg_loop *loop)
{
	int64_t now, next;
	struct vg_timer *timer;

	if (loop->timers.next == &loop->timers || loop->armed != INT64_MAX)
		return; /* there is none, or the first is still to come */
	now = vg_now_ms();
	for (timer = loop->timers.next; timer != &loop->timers;) {
		if (timer->deadline > now) {
			timer = timer->next;
			continue;
		}
		vg_timer_disarm(timer);
		timer->fn(timer);
		timer = loop->timers.next; /* others may be gone */
	}
	next = INT64_MAX;
	for (timer = loop->timers.next; timer != &loop->timers; timer = timer->next)
		if (timer->deadline < next)
			next = timer->deadline;
	if (next < loop->armed) {
		loop->armed = next;
		vg_timer_set(loop->timer_fd, next);
	}
}

bool vg_loop_post_locked(struct vg_loop *loop, struct vg_post *post)
{
	if (post->posted)
		return false;
	if (loop->wake_fd < 0)
		return false; /* it has ended */
	post->posted = true;
	post->next = NULL;
	*loop->posts_end = post;
	loop->posts_end = &post->next;
	vg_eventfd_add(loop->wake_fd);
	return true;
}

bool vg_loop_post(struct vg_loop *loop, struct vg_post *post)
{
	bool is_new;

	pthread_mutex_lock(&loop->lock);
	is_new = vg_loop_post_locked(loop, post);
	pthread_mutex_unlock(&loop->lock);
	return is_new;
}

void vg_loop_take_back_locked(struct vg_loop *loop, struct vg_post *post)
{
	struct vg_post **at;

	if (!post->posted)
		return;
	for (at = &loop->posts; *at != post; at = &(*at)->next)
		;
	*at = post->next;
	if (!post->next)
		loop->posts_end = at;
	post->posted = false;
}

/* Those that were posted before: who posts himself again has his next turn after all others. */
static void run_posts(struct vg_loop *loop)
{
	struct vg_post *post;
	size_t n = 0;

	pthread_mutex_lock(&loop->lock);
	for (post = loop->posts; post; post = post->next)
		n++;
	pthread_mutex_unlock(&loop->lock);
	for (; n; n--) {
		void (*fn)(struct vg_post *) = NULL;

		pthread_mutex_lock(&loop->lock);
		post = loop->posts;
		if (post) {
			vg_loop_take_back_locked(loop, post);
			fn = post->fn; /* from now on it may be posted again */
		}
		pthread_mutex_unlock(&loop->lock);
		if (!fn)
			return;
		fn(post);
	}
}

static void run_calls(struct vg_loop *loop)
{
	struct vg_call *call;

	for (;;) {
		pthread_mutex_lock(&loop->lock);
		call = loop->calls;
		if (call) {
			loop->calls = call->next;
			if (!loop->calls)
				loop->calls_end = &loop->calls;
		}
		pthread_mutex_unlock(&loop->lock);
		if (!call)
			return;
		call->start(call);
	}
}

void vg_loop_bury(struct vg_loop *loop)
{
	struct vg_source *source;

	while ((source = loop->dead)) {
		loop->dead = source->next_dead;
		source->free_fn(source);
	}
}

void vg_loop_turn(struct vg_loop *loop, int timeout_ms)
{
	struct vg_ready ready[BATCH];
	int i, n = vg_poll_wait(loop->poll_fd, ready, BATCH, timeout_ms);

	for (i = 0; i < n; i++) {
		struct vg_source *source = ready[i].data;

		if (source->fn)
			source->fn(source, ready[i].events);
	}
	run_posts(loop);
	run_calls(loop);
	run_timers(loop);
	run_posts(loop);
	vg_loop_bury(loop);
}

bool vg_loop_is_here(struct vg_loop *loop)
{
	bool here;

	pthread_mutex_lock(&loop->lock);
	here = loop->busy && pthread_equal(loop->holder, pthread_self());
	pthread_mutex_unlock(&loop->lock);
	return here;
}

int vg_loop_enter(struct vg_loop *loop)
{
	int r = 0;

	pthread_mutex_lock(&loop->lock);
	if (loop->busy && pthread_equal(loop->holder, pthread_self())) {
		r = -EDEADLK;
	} else {
		while (loop->busy)
			pthread_cond_wait(&loop->changed, &loop->lock);
		loop->busy = true;
		loop->holder = pthread_self();
	}
	pthread_mutex_unlock(&loop->lock);
	return r;
}

void vg_loop_leave(struct vg_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->busy = false;
	pthread_cond_broadcast(&loop->changed);
	pthread_mutex_unlock(&loop->lock);
}

void vg_call_finish(struct vg_loop *loop, struct vg_call *call, int result)
{
	if (call->ended) {
		call->result = result;
		call->ended(call);
		return;
	}
	pthread_mutex_lock(&loop->lock);
	call->result = result;
	call->done = true;
	pthread_cond_broadcast(&loop->changed);
	pthread_mutex_unlock(&loop->lock);
}

/* The loop has a thread: it does the work. */
static int hand_over(struct vg_loop *loop, struct vg_call *call)
{
	pthread_mutex_lock(&loop->lock);
	call->next = NULL;
	*loop->calls_end = call;
	loop->calls_end = &call->next;
	vg_eventfd_add(loop->wake_fd);
	while (!call->done)
		pthread_cond_wait(&loop->changed, &loop->lock);
	pthread_mutex_unlock(&loop->lock);
	return call->result;
}

int vg_loop_call(struct vg_loop *loop, struct vg_call *call)
{
	call->done = false;
	if (vg_loop_is_here(loop))
		return -EDEADLK;
	if (loop->has_thread)
		return hand_over(loop, call);
	vg_loop_enter(loop);
	call->start(call);
	while (!call->done) {
		run_posts(loop);
		if (!call->done)
			vg_loop_turn(loop, -1);
	}
	vg_loop_bury(loop);
	vg_loop_leave(loop);
	return call->result;
}

/* On its thread it is on the loop all the time: whoever else comes hands his call over. */
static void *run_thread(void *data)
{
	struct vg_loop *loop = data;
	bool stop;

	vg_loop_enter(loop);
	do {
		vg_loop_turn(loop, vg_loop_look(loop) < 0 ? -1 : 0);
		pthread_mutex_lock(&loop->lock);
		stop = loop->stop;
		pthread_mutex_unlock(&loop->lock);
	} while (!stop);
	vg_loop_leave(loop);
	return NULL;
}

int vg_loop_start_thread(struct vg_loop *loop)
{
	sigset_t all, old;
	int err;

	/* signals are for the caller's threads */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	loop->has_thread = true;
	err = pthread_create(&loop->thread, NULL, run_thread, loop);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		loop->has_thread = false;
	return -err;
}

void vg_loop_stop_thread(struct vg_loop *loop)
{
	if (!loop->has_thread)
		return;
	pthread_mutex_lock(&loop->lock);
	loop->stop = true;
	pthread_mutex_unlock(&loop->lock);
	vg_eventfd_add(loop->wake_fd);
	pthread_join(loop->thread, NULL);
	loop->has_thread = false;
}

int vg_loop_init(struct vg_loop *loop)
{
	int r;

	*loop = (struct vg_loop){.poll_fd = -1, .wake_fd = -1, .timer_fd = -1, .spare_fd = -1, .armed = INT64_MAX};
	loop->calls_end = &loop->calls;
	loop->posts_end = &loop->posts;
	loop->timers.next = loop->timers.prev = &loop->timers;
	pthread_mutex_init(&loop->lock, NULL);
	pthread_cond_init(&loop->changed, NULL);
	r = loop->poll_fd = vg_poll_make();
	if (r >= 0)
		r = loop->wake_fd = vg_eventfd_make();
	if (r >= 0)
		r = loop->timer_fd = vg_timer_make();
	if (r >= 0)
		r = loop->spare_fd = vg_eventfd_make();
	if (r >= 0) {
		loop->wake = (struct vg_source){.fn = take_wake, .fd = loop->wake_fd};
		r = vg_source_open(loop, &loop->wake, VG_POLL_IN);
	}
	if (r >= 0) {
		loop->clock = (struct vg_source){.fn = take_clock, .fd = loop->timer_fd};
		r = vg_source_open(loop, &loop->clock, VG_POLL_IN);
	}
	if (r < 0)
		vg_loop_free(loop);
	return r < 0 ? r : 0;
}

void vg_loop_close(struct vg_loop *loop)
{
	int *const fds[] = {&loop->poll_fd, &loop->wake_fd, &loop->timer_fd, &loop->spare_fd};
	const int r = vg_loop_enter(loop);
	size_t i;

	pthread_mutex_lock(&loop->lock);
	while (loop->posts) { /* one that came at the last moment */
		pthread_mutex_unlock(&loop->lock);
		run_posts(loop);
		pthread_mutex_lock(&loop->lock);
	}
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			vg_close(*fds[i]);
		*fds[i] = -1;
	}
	pthread_mutex_unlock(&loop->lock);
	vg_loop_bury(loop);
	if (r == 0)
		vg_loop_leave(loop);
}

void vg_loop_run_late(struct vg_loop *loop, struct vg_post *post)
{
	int r = vg_loop_enter(loop); /* others may be late, too */

	post->fn(post);
	vg_loop_bury(loop);
	if (r == 0)
		vg_loop_leave(loop);
}

void vg_loop_free(struct vg_loop *loop)
{
	vg_loop_close(loop);
	pthread_cond_destroy(&loop->changed);
	pthread_mutex_destroy(&loop->lock);
}
