/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The helper process: does writes to the kernel that may block, unkillably, so that the caller need not. A process,
 * not a thread: a thread that blocks there keeps its process from exiting. It has no descriptor but its socket, a
 * pidfd of its caller, and the record that it works for (whose life lock it so keeps); no memory of a device mapped; no
 * controlling terminal. It is no child of the caller: no SIGCHLD, no zombie.
 *
 * Making a process costs more than the writes, so a helper that has done its work waits a second for more, in the same
 * context. One that blocks is left to its work, and the next call gets another.
 *
 * A creation is undone by the helper unless its caller takes delivery: a caller that fails, gives up at its deadline,
 * or is killed leaves nothing behind.
 */
#ifndef VG_SYS_HELPER_H
#define VG_SYS_HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "util/steps.h"

struct vgpu_context;

#define VG_SAID_SIZE 256

/*
 * Has the helper begin the steps, of which it does all or undoes what it did. record_fd: kept open by the helper until
 * all is done; with can_undo, what is made is the caller's only when something has been appended to this file. 0 or
 * -errno.
 */
int vg_helper_start(struct vgpu_context *ctx, const struct vg_steps *steps, bool can_undo, int record_fd);
/* Likewise, a program of the host's: "PROGRAM OPTION OPERAND". -EMEDIUMTYPE: the context is not the host's own. */
int vg_helper_run(struct vgpu_context *ctx, const char *program, const char *option, const char *operand,
				  int record_fd);
/*
 * Waits for the result of the steps: 0, or the kernel's -errno with *step (may be NULL) the one that failed;
 * -EMEDIUMTYPE: a file is none of the kernel's; -ETIMEDOUT: it still blocks; -ECONNRESET: the helper was killed, and
 * may have done some.
 */
int vg_helper_wait(struct vgpu_context *ctx, int64_t deadline, int *step);
/* The same for a program: -ECANCELED: it failed; said receives what it printed first. */
int vg_helper_wait_program(struct vgpu_context *ctx, int64_t deadline, char said[VG_SAID_SIZE]);
/* Fails with the record of a killed helper. */
int vg_fail_helper(struct vgpu_context *ctx, const char *operation, const char *path);
/* After success of a write that can be undone: has it undone, and waits as vg_helper_wait(); -ECONNRESET: it was not
 * undone. */
int vg_helper_undo(struct vgpu_context *ctx, int64_t deadline);
/* Leaves the helper to its work: it goes on, undoes what can be undone, and ends. */
void vg_helper_leave(struct vgpu_context *ctx);

#endif
