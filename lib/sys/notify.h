/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to other people's eventfds. A write to one may wait for ever: its owner can fill it and clear O_NONBLOCK
 * between any check of ours and the write. So the kernel adds to it by itself, as the end of a read of nothing
 * (io_submit(2), IOCB_FLAG_RESFD), which never waits; where it is full, it stays full.
 */
#ifndef VG_SYS_NOTIFY_H
#define VG_SYS_NOTIFY_H

#include <stdbool.h>

struct vg_notify {
	unsigned long context; /* 0: there is none */
	int source;            /* an empty file, to read nothing from */
	int check;             /* a descriptor that can't be read */
};

/* 0, or -errno: -EAGAIN where fs.aio-max-nr is reached. */
int vg_notify_init(struct vg_notify *notify);
void vg_notify_free(struct vg_notify *notify);
/* Is it an eventfd? Adds nothing. */
bool vg_notify_fits(struct vg_notify *notify, int fd);
/* Adds 1 to an eventfd. From any thread. */
void vg_notify_add(struct vg_notify *notify, int fd);
/* Takes what is in an eventfd, never waiting, whatever its other owners do; false: there is nothing. */
bool vg_notify_take(int fd);

#endif
