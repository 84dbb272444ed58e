/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to other people's eventfds. */
#include "sys/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "sys/files.h"

/* Reads of nothing are complete at once; so many threads may be between theirs and taking its result. */
#define SLOTS 64
#define TRIES 8

int vg_notify_init(struct vg_notify *notify)
{
	aio_context_t context = 0;
	int pipe_fds[2];

	*notify = (struct vg_notify){.source = -1, .check = -1};
	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	vg_close(pipe_fds[0]);
	notify->check = pipe_fds[1];
	notify->source = memfd_create("vgpu-nothing", MFD_CLOEXEC);
	if (notify->source < 0 || syscall(SYS_io_setup, SLOTS, &context)) {
		int err = errno;

		vg_notify_free(notify);
		return -err;
	}
	notify->context = context;
	return 0;
}

void vg_notify_free(struct vg_notify *notify)
{
	if (notify->context)
		syscall(SYS_io_destroy, notify->context);
	if (notify->source >= 0)
		vg_close(notify->source);
	if (notify->check >= 0)
		vg_close(notify->check);
	*notify = (struct vg_notify){.source = -1, .check = -1};
}

static int submit(struct vg_notify *notify, int source, int fd)
{
	static char nothing;
	struct iocb block = {.aio_lio_opcode = IOCB_CMD_PREAD,
						 .aio_fildes = (uint32_t)source,
						 .aio_buf = (uintptr_t)&nothing,
						 .aio_flags = IOCB_FLAG_RESFD,
						 .aio_resfd = (uint32_t)fd};
	struct iocb *blocks[] = {&block};

	return syscall(SYS_io_submit, notify->context, 1L, blocks) < 0 ? -errno : 0;
}

bool vg_notify_fits(struct vg_notify *notify, int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	/* the kernel looks at the eventfd before it finds that the other can't be read; that nothing is open is the same */
	return flags >= 0 && !(flags & O_PATH) && submit(notify, notify->check, fd) == -EBADF;
}

void vg_notify_add(struct vg_notify *notify, int fd)
{
	struct io_event events[SLOTS];
	struct timespec now = {0};
	int tries, r;

	for (tries = 0; tries < TRIES; tries++) {
		r = submit(notify, notify->source, fd);
		syscall(SYS_io_getevents, notify->context, 0L, (long)SLOTS, events, &now);
		if (r != -EAGAIN)
			return;
	}
}

bool vg_notify_take(int fd)
{
	uint64_t count;
	struct iovec part = {&count, sizeof(count)};

	/* not by O_NONBLOCK, which its other owners can clear */
	return preadv2(fd, &part, 1, -1, RWF_NOWAIT) == (ssize_t)sizeof(count);
}
