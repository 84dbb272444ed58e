/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process from within, and what its caller sends it. */
#ifndef VG_SYS_HELPER_CHILD_H
#define VG_SYS_HELPER_CHILD_H

#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* The longest path and value that a job may name, twice. */
#define VG_HELPER_TEXT_MAX (2 * (4096 + 256))

enum vg_helper_kind {
	VG_HELPER_JOB = 'j',  /* with the record's descriptor; texts: path, value, and perhaps undo's path and value */
	VG_HELPER_UNDO = 'u', /* undo the last job */
};

/*
 * A message to the helper. It answers a job with an int, 0 or -errno, and an undo with another.
 *
 * A job that can be undone is settled when its record has grown: then the vGPU is its creator's. If the socket, or the
 * creator, ends before that, it is undone.
 */
struct vg_helper_message {
	char kind;
	bool is_host; /* no need to see that the files are the kernel's */
	bool has_undo;
	char text[VG_HELPER_TEXT_MAX]; /* terminated strings, one behind the other; no more is sent than they need */
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
