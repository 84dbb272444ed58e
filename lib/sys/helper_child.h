/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process from within. */
#ifndef VG_SYS_HELPER_CHILD_H
#define VG_SYS_HELPER_CHILD_H

#include <stdbool.h>
#include <stdnoreturn.h>

/* What the caller says to a helper that has reported success. Silence, the end of the caller too, means undo. */
#define VG_HELPER_KEEP 'k'
#define VG_HELPER_UNDO 'u'

struct vg_helper_job {
	int fd;       /* socket to the caller: results as int, 0 or -errno */
	int keep_fd;  /* kept open; -1: none */
	bool is_host; /* no need to see that the files are the kernel's */
	const char *path;
	const char *value;
	const char *undo_path; /* NULL: nothing to undo */
	const char *undo_value;
};

/*
 * Runs in a forked child of a caller that may have threads: async-signal-safe calls only, no allocation, no lock, no
 * stdio.
 */
noreturn void vg_helper_child(const struct vg_helper_job *job);

#endif
