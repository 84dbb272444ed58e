/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories below the run directory that only their owner writes to. */
#ifndef VG_SYS_RUNDIR_H
#define VG_SYS_RUNDIR_H

#include <stdbool.h>

/* Makes a directory, mode 0755, or checks that it is a directory of ours that nobody else can write to. 0 or -errno. */
int vg_rundir_make(const char *path);

/*
 * Likewise a directory of sockets: only ours, mode 0700; public: others may look into it (0755), then and later on. 0
 * or -errno.
 */
int vg_socketdir_make(const char *path, bool is_public);

#endif
