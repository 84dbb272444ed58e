/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context from within: root directories, failing with a record, logging. */
#ifndef VG_CORE_CONTEXT_H
#define VG_CORE_CONTEXT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <vgpu/context.h>

#include "core/error.h"
#include "core/ref.h"
#include "util/str.h"

struct vg_thread_error;
struct vgpu_provider;

struct vgpu_context {
	struct vg_ref ref;
	bool is_host;     /* every directory is the host's own: what other programs keep there can be asked too (udev) */
	bool has_runtime; /* the caller has named runtime */
	const char *sys;  /* these seven in dirs, without a slash at the end */
	const char *dev;
	const char *proc;
	const char *run;
	const char *etc;
	const char *var;
	const char *runtime; /* sockets of providers */
	char *dirs[7];
	vgpu_log_fn log;
	void *log_data;
	int log_level;
	bool any_class;                  /* physical functions of every PCI class are parents */
	char boot[9];                    /* start of this boot's id, read once; "": not yet (model/record.c) */
	int helper_fd;                   /* socket to the helper process (sys/helper.h); -1: there is none */
	int helper_owner;                /* process that started it */
	pthread_mutex_t lock;            /* of errors and providers */
	struct vg_thread_error *errors;  /* one for each thread that ever failed here */
	atomic_bool lost_error;          /* there was no memory for one */
	struct vgpu_provider *providers; /* a list (provider/provider.h) */
};

/*
 * Makes the calling thread's error record and returns -failure->err. fmt says why, a phrase that goes on "PATH: ";
 * NULL: the errno's text.
 */
int vg_fail(struct vgpu_context *ctx, const struct vg_failure *failure, const char *fmt, ...) VG_PRINTF(3, 4);
/* The same with fewer words: operation, path, errno; cause and text from the errno. */
int vg_fail_errno(struct vgpu_context *ctx, const char *operation, const char *path, int err);
int vg_fail_invalid(struct vgpu_context *ctx, const char *operation, const char *value, const char *fmt, ...)
	VG_PRINTF(4, 5);
int vg_fail_memory(struct vgpu_context *ctx, const char *operation);
#if defined(__clang_analyzer__) && !defined(VG_FAIL_IS_HERE)
/* The analyzer looks at one file at a time: it is told that a failure is negative. */
#define vg_fail(...) (vg_fail(__VA_ARGS__), -1)
#define vg_fail_errno(...) (vg_fail_errno(__VA_ARGS__), -1)
#define vg_fail_invalid(...) (vg_fail_invalid(__VA_ARGS__), -1)
#define vg_fail_memory(...) (vg_fail_memory(__VA_ARGS__), -1)
#endif
/* Makes this the calling thread's record again; takes the reference over. */
void vg_context_set_error(struct vgpu_context *ctx, struct vgpu_error *error);
/* vg_opts_copy() that leaves a record when it fails. */
int vg_opts_take(struct vgpu_context *ctx, const char *operation, void *known, size_t known_size, const void *opts);

void vg_log(struct vgpu_context *ctx, int level, const char *fmt, ...) VG_PRINTF(3, 4);

#endif
