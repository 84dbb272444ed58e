/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A provider's loop: one descriptor for all that comes in, and one thread at a time that is "on the loop" and may
 * call ops. No lock is held meanwhile: who is on the loop is a mark, not a mutex.
 */
#ifndef VG_PROVIDER_LOOP_H
#define VG_PROVIDER_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/loop.h"

/* Something to watch. The rest is used on the loop only, and so are timers. */
struct vg_source {
	void (*fn)(struct vg_source *source, uint32_t events); /* NULL: it has been closed */
	void (*free_fn)(struct vg_source *source);             /* called when no event can refer to it any more */
	int (*look_fn)(struct vg_source *source);              /* how many things there were, and are done; -1: not now */
	struct vg_source *next_dead;
	int fd;
	uint32_t events;
};

struct vg_timer {
	void (*fn)(struct vg_timer *timer);
	int64_t deadline; /* of vg_now_ms() */
	struct vg_timer *next;
	struct vg_timer *prev;
	bool armed;
};

/* What another thread wants done on the loop. */
struct vg_call {
	struct vg_call *next;
	void (*start)(struct vg_call *call);
	void (*ended)(struct vg_call *call); /* called on the loop by vg_call_finish(); NULL: a thread waits */
	bool done;
	int result;
};

/* What any thread wants looked at on the loop; while it waits, posting it again changes nothing. */
struct vg_post {
	struct vg_post *next;
	void (*fn)(struct vg_post *post);
	bool posted; /* under the loop's lock */
};

struct vg_loop {
	int poll_fd;
	int wake_fd;
	int timer_fd;
	int spare_fd;         /* for vg_listen_accept() */
	pthread_mutex_t lock; /* of these */
	pthread_cond_t changed;
	bool busy;
	bool stop;
	pthread_t holder; /* the thread that is on the loop, if busy */
	struct vg_call *calls;
	struct vg_call **calls_end;
	struct vg_post *posts;
	struct vg_post **posts_end;
	bool has_thread;
	pthread_t thread;
	struct vg_source wake; /* from here on: on the loop */
	struct vg_source clock;
	struct vg_source *dead;
	struct vg_timer timers; /* head of a ring */
	int64_t armed;          /* what the timer's descriptor is set to */
	struct vg_source *last; /* the last that had something and can be looked at again; NULL: none */
	int64_t look_until;     /* vg_now_us(); 0: it is not looked at */
	int64_t look_us;
	uint32_t spin_us; /* how long it is looked at before others are waited for; 0: as it pays */
	unsigned misses;  /* times in a row that looking was in vain */
	unsigned skips;   /* turns that nothing is looked at */
	unsigned tries;   /* in a row that found something */
	bool found;       /* something, while it was looked at */
};

int vg_loop_init(struct vg_loop *loop);
/* Closes its descriptors: what is posted then is not called. Then it can be freed. */
void vg_loop_close(struct vg_loop *loop);
/* Calls post->fn, on a loop that is closed. */
void vg_loop_run_late(struct vg_loop *loop, struct vg_post *post);
void vg_loop_free(struct vg_loop *loop);
/* The loop's own thread. 0 or -errno. */
int vg_loop_start_thread(struct vg_loop *loop);
void vg_loop_stop_thread(struct vg_loop *loop);

/* Is the calling thread on the loop? */
bool vg_loop_is_here(struct vg_loop *loop);
/* Does what is ready, once; waits for it timeout_ms (-1: for ever). On the loop. */
void vg_loop_turn(struct vg_loop *loop, int timeout_ms);
/*
 * Looks at loop->last for more, until there was nothing for spin_us. How many things were done, when others should have
 * their turn; it goes on then; -1: the time is over, or looking does not pay. On the loop.
 */
int vg_loop_look(struct vg_loop *loop);
/* Looks at loop->last once, where it pays: something was done, and others may wait for their turn. On the loop. */
bool vg_loop_try(struct vg_loop *loop);
/* Frees what was closed, and no event can refer to. On the loop. */
void vg_loop_bury(struct vg_loop *loop);
/* Comes onto the loop, waiting for others; -EDEADLK if the thread is on it. Leaves it. */
int vg_loop_enter(struct vg_loop *loop);
void vg_loop_leave(struct vg_loop *loop);
/* Has call->start called on the loop, and waits until vg_call_finish(). Its result, or -EDEADLK. */
int vg_loop_call(struct vg_loop *loop, struct vg_call *call);
/* The call is at its end; it must not be touched after this. On the loop. */
void vg_call_finish(struct vg_loop *loop, struct vg_call *call, int result);
/* Has post->fn called on the loop. From any thread; false: it was posted already. */
bool vg_loop_post(struct vg_loop *loop, struct vg_post *post);
/* The same, or taking it back, under the loop's lock. */
bool vg_loop_post_locked(struct vg_loop *loop, struct vg_post *post);
void vg_loop_take_back_locked(struct vg_loop *loop, struct vg_post *post);

int vg_source_open(struct vg_loop *loop, struct vg_source *source, uint32_t events);
void vg_source_want(struct vg_loop *loop, struct vg_source *source, uint32_t events);
/* Ends watching; free_fn (if any) is called at the end of this turn. Does not close the descriptor. */
void vg_source_close(struct vg_loop *loop, struct vg_source *source);

void vg_timer_arm(struct vg_loop *loop, struct vg_timer *timer, int64_t deadline);
void vg_timer_disarm(struct vg_timer *timer);

#endif
