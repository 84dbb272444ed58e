/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories below the run directory that only their owner writes to. */
#ifndef VG_SYS_RUNDIR_H
#define VG_SYS_RUNDIR_H

/* Makes a directory, mode 0755, or checks that it is a directory of ours that nobody else can write to. 0 or -errno. */
int vg_rundir_make(const char *path);

#endif
