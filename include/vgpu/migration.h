/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Migration of an opened device: its states, and its state as a stream of bytes (the kernel's VFIO migration, v2).
 *
 * One call each way: vgpu_migration_save() and vgpu_migration_load(). What a VMM needs to interleave several devices
 * is a session (struct vgpu_migration): it moves the device from state to state, and where a state has a stream,
 * reads or writes it in chunks without blocking. For example, a live migration:
 *
 *     source: open, set PRE_COPY, read while the VM runs; set PRE_COPY_P2P for all devices, then STOP_COPY for all,
 *             read to the end, set STOP, close.
 *     target: open, set RESUMING, write all, set STOP (here the driver checks what came), RUNNING, close.
 *
 * The stream is the driver's own, with nothing added: it fits a device of the same type, and the driver is the judge.
 *
 * Threads: calls on one session may run at once from several threads, except vgpu_migration_close(); they are done one
 * after the other. Calls on different devices are independent. No call opens a path. System calls: ioctl, read,
 * write, fcntl, close, and futex where threads meet; save and load also newfstatat (of a descriptor), poll, recvfrom,
 * sendto, rt_sigprocmask, rt_sigpending, rt_sigtimedwait, clock_gettime, and what malloc needs.
 */
#ifndef VGPU_MIGRATION_H
#define VGPU_MIGRATION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_vfio;
struct vgpu_migration;

/** A device's states, the kernel's VFIO_DEVICE_STATE_*. */
enum vgpu_migration_state {
	VGPU_MIGRATION_STATE_ERROR = 0,       /* the driver failed; only vgpu_migration_stop() helps */
	VGPU_MIGRATION_STATE_STOP = 1,        /* it changes nothing, inside and outside */
	VGPU_MIGRATION_STATE_RUNNING = 2,     /* as it is opened */
	VGPU_MIGRATION_STATE_STOP_COPY = 3,   /* STOP, and a stream to read, with an end */
	VGPU_MIGRATION_STATE_RESUMING = 4,    /* STOP, and a stream to write */
	VGPU_MIGRATION_STATE_RUNNING_P2P = 5, /* RUNNING, but no DMA to other devices; with flag P2P */
	VGPU_MIGRATION_STATE_PRE_COPY = 6,    /* RUNNING, and a stream to read, without an end; with flag PRE_COPY */
	VGPU_MIGRATION_STATE_PRE_COPY_P2P = 7 /* both; with both flags */
};

/**
 * vgpu_migration_state_get_name() - the stable short name of a state
 * @state: an enum vgpu_migration_state
 *
 * Return: "error", "stop", "running", "stop-copy", "resuming", "running-p2p", "pre-copy" or "pre-copy-p2p", static;
 * "unknown" for a number it does not know.
 * Since: 0.1
 */
const char *vgpu_migration_state_get_name(enum vgpu_migration_state state);

/** What a driver can, the kernel's VFIO_MIGRATION_*. */
#define VGPU_MIGRATION_FLAG_STOP_COPY (1u << 0) /* STOP, STOP_COPY, RESUMING: every driver that can migrate */
#define VGPU_MIGRATION_FLAG_P2P (1u << 1)
#define VGPU_MIGRATION_FLAG_PRE_COPY (1u << 2)

/**
 * vgpu_migration_open() - take charge of a device's states
 * @vfio: the device; close the session before it
 * @out: receives the session; untouched on failure; close it with vgpu_migration_close()
 *
 * Changes nothing yet. A handle has one session at a time; a save or load is one too.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: an argument is NULL;
 *  * -EOPNOTSUPP: this kernel or this driver can't migrate the device (unsupported);
 *  * -EBUSY: the handle has a session (in-use);
 *  * -EPROTO: the driver says that it can migrate, but not what is the least (bad-data);
 *  * -ENOMEM, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_migration_open(struct vgpu_vfio *vfio, struct vgpu_migration **out);

/**
 * vgpu_migration_close() - give a device's states back
 * @migration: the session, or NULL
 *
 * A transfer that is under way is given up as by vgpu_migration_stop(). In the states STOP, RUNNING_P2P and RUNNING
 * the device stays; drivers may keep it stopped even beyond vgpu_vfio_close() (mtty does).
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_migration *vgpu_migration_close(struct vgpu_migration *migration);

/** vgpu_migration_get_flags() - VGPU_MIGRATION_FLAG_*, and bits that these headers do not know. Since: 0.1 */
uint64_t vgpu_migration_get_flags(const struct vgpu_migration *migration);

/**
 * vgpu_migration_get_fd() - the descriptor to poll
 * @migration: the session
 *
 * It is the stream's: ready to read or to write as poll(2) says. epoll(7) refuses it (EPERM) where the driver never
 * makes anybody wait (mtty). Read and write by the functions below, or another thread's state change may pull it away.
 *
 * Return: the descriptor (borrowed; another one after each state change); -1 in a state without a stream.
 * Since: 0.1
 */
int vgpu_migration_get_fd(struct vgpu_migration *migration);

/**
 * vgpu_migration_read_state() - ask the driver for the device's state
 * @migration: the session
 * @out: receives the state; untouched on failure
 *
 * Return: 0, -EINVAL (an argument is NULL), -EPROTO (the driver tells of a state that does not exist, bad-data), or
 * another -errno of the driver.
 * Since: 0.1
 */
int vgpu_migration_read_state(struct vgpu_migration *migration, enum vgpu_migration_state *out);

/**
 * vgpu_migration_set_state() - bring the device into a state
 * @migration: the session
 * @state: the state; the kernel takes the steps between, but none from STOP_COPY to PRE_COPY
 *
 * A state with a stream begins a new one, but from PRE_COPY over PRE_COPY_P2P to STOP_COPY it is the same that goes
 * on. Leaving RESUMING makes the driver take over what was written. Leaving the states with a stream ends it. Returns
 * when the device is in the new state.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: no such state, or NULL (invalid); the driver refuses the step (refused), or, on leaving RESUMING, what
 *    was written (bad-data);
 *  * -EOPNOTSUPP: the driver has no such state (unsupported);
 *  * -EIO: a write failed, so that nothing whole can come of the stream (bad-data); or the driver failed and the device
 *    is in the state ERROR (lost);
 *  * -EPROTO: the driver gives no stream, or a wrong one (bad-data); the device was brought back to RUNNING;
 *  * -EMFILE, -ENFILE: no descriptor is left for the stream, and the device may be in its state all the same;
 *  * or another -errno of the driver.
 * After a failure the device is in the state that it was in, or in one on the way: vgpu_migration_read_state().
 * Since: 0.1
 */
int vgpu_migration_set_state(struct vgpu_migration *migration, enum vgpu_migration_state state);

/**
 * vgpu_migration_stop() - give a transfer up: back to RUNNING, whatever it takes
 * @migration: the session
 *
 * From RESUMING and ERROR only a reset of the device leads back: it loses the state that it had.
 *
 * Return: 0, -EINVAL (@migration is NULL), or -EIO: not even a reset brings the device back (lost).
 * Since: 0.1
 */
int vgpu_migration_stop(struct vgpu_migration *migration);

/**
 * vgpu_migration_read() - read a chunk of the stream
 * @migration: the session, in PRE_COPY, PRE_COPY_P2P or STOP_COPY
 * @buf: receives the bytes
 * @len: bytes at most
 *
 * Never waits.
 *
 * Return: bytes read; 0 at the end of the stream (in PRE_COPY and PRE_COPY_P2P: for now); -EAGAIN: nothing yet, poll
 * (this leaves no error record); -EINVAL (a NULL argument, @len is 0, or a state without a stream to read); or another
 * -errno of the driver.
 * Since: 0.1
 */
ssize_t vgpu_migration_read(struct vgpu_migration *migration, void *buf, size_t len);

/**
 * vgpu_migration_write() - write a chunk of the stream
 * @migration: the session, in RESUMING
 * @buf: the bytes
 * @len: their number; chunks need not be those that were read
 *
 * Never waits. After any failure but -EAGAIN the stream can't be completed: vgpu_migration_stop().
 *
 * Return: bytes written, maybe less than @len; -EAGAIN: none now, poll (this leaves no error record); -EINVAL (a NULL
 * argument, @len is 0, or a state without a stream to write), -EIO (an earlier write failed), or another -errno of the
 * driver, which refuses the stream (bad-data) or has no room for so much (mtty: -ENOMEM).
 * Since: 0.1
 */
ssize_t vgpu_migration_write(struct vgpu_migration *migration, const void *buf, size_t len);

/**
 * struct vgpu_migration_progress - what a device in PRE_COPY has to tell; estimates
 * @initial_bytes: left of what was there at the start; at 0 it is time for STOP_COPY
 * @dirty_bytes: what changed since it was read
 */
struct vgpu_migration_progress {
	uint64_t initial_bytes;
	uint64_t dirty_bytes;
};

/**
 * vgpu_migration_read_progress() - how far pre-copy is
 * @migration: the session, in PRE_COPY or PRE_COPY_P2P
 * @out: receives the estimates; untouched on failure
 *
 * Return: 0, -EINVAL (a NULL argument, or another state), -EOPNOTSUPP (unsupported: a vfio-user server has no way to
 * say so; a read that gets less than it asks for has told what there was), or another -errno of the driver. Since: 0.1
 */
int vgpu_migration_read_progress(struct vgpu_migration *migration, struct vgpu_migration_progress *out);

/**
 * vgpu_migration_read_size() - estimate how much STOP_COPY will have to tell
 * @migration: the session, in any state
 * @out: receives a number of bytes; untouched on failure
 *
 * Return: 0, -EINVAL (an argument is NULL), -EOPNOTSUPP (the kernel, before 6.2, or the driver gives no estimate), or
 * another -errno of the driver.
 * Since: 0.1
 */
int vgpu_migration_read_size(struct vgpu_migration *migration, uint64_t *out);

/**
 * vgpu_migration_chunk_fn - is told of each chunk that vgpu_migration_save() or vgpu_migration_load() has moved
 * @data: the caller's
 * @bytes: the chunk; for this call only
 * @length: its length; 0: a signal came while the call waited
 * @done: bytes moved so far, with this chunk
 * @total: bytes that it will be: an estimate, exact where the length is known; 0: unknown
 *
 * May look at the bytes (to make a checksum), and must not use the session's device.
 *
 * Return: 0 to go on; anything else gives the transfer up.
 */
typedef int (*vgpu_migration_chunk_fn)(void *data, const void *bytes, size_t length, uint64_t done, uint64_t total);

/** Save: read what can be read before the device has to stop, where the driver can. */
#define VGPU_MIGRATION_SAVE_PRE_COPY (1u << 0)

/**
 * struct vgpu_migration_opts - how to save or load
 * @size: sizeof(struct vgpu_migration_opts)
 * @flags: VGPU_MIGRATION_SAVE_PRE_COPY, or 0
 * @state: the enum vgpu_migration_state that the device is left in: STOP, RUNNING or RUNNING_P2P; 0: STOP after a save,
 *   RUNNING after a load
 * @timeout_ms: deadline in milliseconds; 0: none
 * @length: load: how many bytes to take from the descriptor; 0: all, to its end
 * @chunk: is told of each chunk; NULL: nobody is
 * @data: for @chunk
 */
struct vgpu_migration_opts {
	size_t size;
	uint32_t flags;
	uint32_t state;
	uint32_t timeout_ms;
	uint64_t length;
	vgpu_migration_chunk_fn chunk;
	void *data;
};

/**
 * vgpu_migration_save() - write a device's state to a descriptor
 * @vfio: the device
 * @fd: a file (written from its position on), pipe or socket, open to write, blocking or not; the caller's
 * @opts: how, or NULL
 *
 * What is not a regular file is waited for, until the deadline; a wait in the driver, or in a file's own write(2), is
 * not cut short. A reader that has gone makes it fail without SIGPIPE. After a failure the device is RUNNING as before,
 * and @fd has part of a stream.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: an argument or an option makes no sense;
 *  * -EBADF: @fd is no descriptor, or not open to write; -EISDIR: a directory;
 *  * -EOPNOTSUPP, -EBUSY, -EPROTO: as vgpu_migration_open(), or @opts names a state that the driver has not;
 *  * -ETIMEDOUT: the deadline passed; -ECANCELED: @opts' function gave it up;
 *  * -EPIPE, -ENOSPC or another -errno of writing to @fd;
 *  * -EIO: the driver failed; with the cause lost: the device could not be brought back to RUNNING;
 *  * -E2BIG, -ENOMEM, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_migration_save(struct vgpu_vfio *vfio, int fd, const struct vgpu_migration_opts *opts);

/**
 * vgpu_migration_load() - give a device the state that is read from a descriptor
 * @vfio: the device, of the type of that which was saved
 * @fd: a file (read from its position on), pipe or socket, open to read, blocking or not; the caller's
 * @opts: how, or NULL
 *
 * Waits as vgpu_migration_save(). The device is touched when the first bytes are there; from then on the state that it
 * had is lost. After a failure it is RUNNING, if that was after the first bytes with a reset: as good as new, or as its
 * driver's reset leaves it.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: an argument or an option makes no sense; or the driver refuses the state that came, which is incomplete
 *    or of another device (bad-data);
 *  * -ENODATA: @fd is at its end at once, or before the length that @opts states (bad-data);
 *  * -EBADF: @fd is no descriptor, or not open to read; -EISDIR: a directory;
 *  * -EOPNOTSUPP, -EBUSY, -EPROTO, -ETIMEDOUT, -ECANCELED, -EIO, -E2BIG, -ENOMEM: as vgpu_migration_save();
 *  * another -errno of the driver, which refuses a part of the stream (bad-data).
 * Since: 0.1
 */
int vgpu_migration_load(struct vgpu_vfio *vfio, int fd, const struct vgpu_migration_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
