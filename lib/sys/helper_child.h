/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process from within, and what its caller sends it. */
#ifndef VG_SYS_HELPER_CHILD_H
#define VG_SYS_HELPER_CHILD_H

#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* What the caller says to a helper that has reported success. Silence, the end of the caller too, means undo. */
#define VG_HELPER_KEEP 'k'
#define VG_HELPER_UNDO 'u'

struct vg_helper_write {
	char path[4096];
	char value[256];
};

/*
 * A message to the helper, the record's descriptor with it. It answers the write with an int, 0 or -errno. With an
 * undo, success is followed by a word, and that by a second int: 0 for a write that is kept, else the undo's result.
 */
struct vg_helper_job {
	bool is_host; /* no need to see that the files are the kernel's */
	bool has_undo;
	struct vg_helper_write write;
	struct vg_helper_write undo;
};

struct vg_helper_start {
	int fd; /* socket to the caller */
	pid_t caller;
};

/*
 * Runs in a forked child of a caller that may have threads: async-signal-safe calls only, no allocation, no lock, no
 * stdio.
 */
noreturn void vg_helper_child(const struct vg_helper_start *start);

#endif
