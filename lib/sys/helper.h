/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The helper process: does a write to the kernel that may block, unkillably, so that the caller need not. A process,
 * not a thread: a thread that blocks there keeps its process from exiting. It has no descriptor but its socket and the
 * record that it works for (whose life lock it so keeps), no memory of a device mapped, no controlling terminal, and
 * sends no SIGCHLD.
 *
 * A creation is undone by the helper unless its caller takes delivery: a caller that fails, gives up at its deadline,
 * or is killed leaves nothing behind.
 */
#ifndef VG_SYS_HELPER_H
#define VG_SYS_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct vgpu_context;

struct vg_helper {
	int fd;
	pid_t pid;
};

struct vg_write {
	const char *path;
	const char *value;
};

/*
 * Starts the helper on its first write. undo: NULL: there is nothing to undo. keep_fd: a descriptor that it keeps
 * open, or -1. 0 or -errno.
 */
int vg_helper_start(struct vgpu_context *ctx, struct vg_helper *helper, const struct vg_write *write,
					const struct vg_write *undo, int keep_fd);
/*
 * Waits for the result of the write: 0, or the kernel's -errno; -EMEDIUMTYPE: the file is none of the kernel's;
 * -ETIMEDOUT: it still blocks; -EIO: the helper died.
 */
int vg_helper_wait(struct vg_helper *helper, int64_t deadline);
/* Takes delivery: nothing is undone. Ends the helper. */
void vg_helper_keep(struct vg_helper *helper);
/* Asks for the undo and waits for it, as vg_helper_wait(). Then ends the helper, or leaves it to its work. */
int vg_helper_undo(struct vgpu_context *ctx, struct vg_helper *helper, int64_t deadline);
/* Ends a helper whose write has failed, or that had nothing to undo. */
void vg_helper_end(struct vg_helper *helper);
/* Leaves the helper to its work: it goes on, and undoes what can be undone. A later vg_helper_reap() collects it. */
void vg_helper_leave(struct vgpu_context *ctx, struct vg_helper *helper);
/* Collects left helpers that have ended, so that they stay no zombies. */
void vg_helper_reap(struct vgpu_context *ctx);

#endif
