/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper process from within, and what its caller sends it. */
#ifndef VG_SYS_HELPER_CHILD_H
#define VG_SYS_HELPER_CHILD_H

#include <stdbool.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#include "sys/helper.h"
#include "util/steps.h"

enum vg_helper_kind {
	VG_HELPER_JOB = 'j',  /* with the record's descriptor */
	VG_HELPER_UNDO = 'u', /* undo the last job */
	VG_HELPER_RUN = 'r',  /* a job whose one step is a program (path), its option (value) and operand (undo's path) */
};

/*
 * A message to the helper. It answers a job with a struct vg_helper_answer, and an undo with another.
 *
 * A job that can be undone is settled when its record has grown: then the vGPU is its creator's. If the socket, or the
 * creator, ends before that, it is undone. Of a job that fails in the middle, what was done is undone at once.
 */
struct vg_helper_message {
	char kind;
	bool is_host; /* no need to see that the files are the kernel's */
	bool has_undo;
	struct vg_steps steps; /* no more of its text is sent than is used */
};

struct vg_helper_answer {
	int result;              /* 0 or -errno */
	int step;                /* that failed */
	char text[VG_SAID_SIZE]; /* what a program said */
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
