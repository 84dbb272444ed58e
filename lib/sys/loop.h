/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to what a loop waits for: many descriptors behind one, and a timer. Functions return -errno. */
#ifndef VG_SYS_LOOP_H
#define VG_SYS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_POLL_IN (1u << 0)  /* readable, or an end that must be read */
#define VG_POLL_OUT (1u << 1) /* writable */

struct vg_ready {
	void *data;
	uint32_t events; /* VG_POLL_* */
};

/* To a descriptor of vg_poll_make() (sys/devio.h): watch fd for events, hand data out; change; stop. */
int vg_poll_watch(int poll_fd, int fd, uint32_t events, void *data);
int vg_poll_change(int poll_fd, int fd, uint32_t events, void *data);
void vg_poll_forget(int poll_fd, int fd);
/* Up to room ready ones; waits for timeout_ms (-1: for ever). A signal ends it with none. */
int vg_poll_wait(int poll_fd, struct vg_ready *out, size_t room, int timeout_ms);

/* A descriptor that is readable from a time on. */
int vg_timer_make(void);
/* That time, of vg_now_ms(); INT64_MAX: never. What had become readable is taken back. */
void vg_timer_set(int fd, int64_t deadline);

/* Adds 1 to an eventfd of our own, so that it is readable. */
void vg_eventfd_add(int fd);

#endif
