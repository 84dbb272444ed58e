/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks on files, with deadlines; and a lock that tells whether a file's maker is still at work. */
#ifndef VG_SYS_LOCK_H
#define VG_SYS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Opens (makes) a lock file, mode 0600, and takes its flock by the deadline. A descriptor, -ETIMEDOUT, or -errno. */
int vg_lock_take(const char *path, int64_t deadline);
/* Lets go. */
void vg_lock_drop(int fd);

/*
 * A write lock on an open file description (fcntl(2), F_OFD_SETLK): held as long as any process has a copy of this
 * descriptor, so a killed process lets go of it. Takes it at once or returns -EAGAIN.
 */
int vg_life_take(int fd);
/* Lets go of it for every process that has this descriptor. */
void vg_life_drop(int fd);
/* Does anybody hold it? Needs read access only; readers cannot fake it, since a write lock needs a writer. */
bool vg_life_is_held(int dirfd, const char *name);

#endif
