/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking for another message of the client that had the last, before anything is waited for: messages often come one
 * after the other, and to wait costs a system call, and being woken up.
 */
#include "provider/loop.h"
#include "sys/files.h"

/* Things that one source may do, and times that it is looked at, before others have their turn. */
#define LOOKS 64u
/* How long a thread looks for the next of messages that come one after the other: about what waking up takes. */
#define LOOK_US 20
/* After so many times in vain it looks no less often than once in 2^n turns. */
#define MISSES_MAX 5

/* Does another thread want something done? */
static bool is_wanted(struct vg_loop *loop)
{
	bool wanted;

	pthread_mutex_lock(&loop->lock);
	wanted = loop->posts || loop->calls || loop->stop;
	pthread_mutex_unlock(&loop->lock);
	return wanted;
}

/* How long to look now. */
static int64_t looking_time(struct vg_loop *loop)
{
	if (loop->spin_us)
		return loop->spin_us;
	if (!loop->has_thread || loop->skips) { /* without a thread, it is the caller's time */
		loop->skips -= loop->has_thread;
		return 0;
	}
	return LOOK_US;
}

static void note_looking(struct vg_loop *loop, bool in_vain)
{
	loop->misses = !in_vain ? 0 : loop->misses < MISSES_MAX ? loop->misses + 1 : MISSES_MAX;
	loop->skips = in_vain ? (1u << loop->misses) - 1 : 0;
}

int vg_loop_look(struct vg_loop *loop)
{
	unsigned done = 0, tries;
	bool quiet = false;
	int r;

	if (!loop->look_until) {
		loop->look_us = loop->last ? looking_time(loop) : 0;
		if (!loop->look_us)
			return -1;
		loop->look_until = vg_now_us() + loop->look_us;
		loop->found = false;
	}
	for (tries = 0; !quiet && loop->last && done < LOOKS && tries < LOOKS && !is_wanted(loop); tries++) {
		r = loop->last->look_fn(loop->last);
		if (r > 0) {
			done += (unsigned)r;
			loop->look_until = vg_now_us() + loop->look_us;
			loop->found = true;
		} else {
			quiet = r < 0 || vg_now_us() >= loop->look_until;
		}
	}
	if (quiet || !loop->last) {
		note_looking(loop, !loop->found);
		loop->look_until = 0;
		quiet = true;
	}
	vg_loop_bury(loop);
	return quiet ? -1 : (int)done;
}

bool vg_loop_try(struct vg_loop *loop)
{
	int done;

	if (!loop->last || loop->skips || loop->tries >= LOOKS) {
		loop->tries = 0;
		loop->skips -= loop->skips != 0;
		return false;
	}
	done = loop->last->look_fn(loop->last);
	loop->tries = done > 0 ? loop->tries + (unsigned)done : 0;
	note_looking(loop, done <= 0);
	vg_loop_bury(loop);
	return done > 0;
}
