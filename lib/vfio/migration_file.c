/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving a device's state to a descriptor, and loading it from one, in one call each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/files.h"
#include "sys/stream.h"
#include "vfio/migration.h"

#define CHUNK_SIZE ((size_t)256 << 10)

struct transfer {
	struct vgpu_vfio *vfio;
	struct vgpu_migration *session;
	struct vgpu_migration_opts opts;
	struct vg_stream stream; /* the caller's */
	int64_t deadline;
	uint64_t done;
	uint64_t total; /* 0: unknown */
	unsigned char *buf;
};

static int fail_late(const struct transfer *t)
{
	return vg_fail(t->vfio->ctx,
				   &(struct vg_failure){
					   .operation = VG_MIGRATE, .path = t->vfio->name, .err = ETIMEDOUT, .cause = VGPU_CAUSE_OTHER},
				   "not done within %u ms: given up", t->opts.timeout_ms);
}

/* Tells the caller, who may have had enough. length 0: a signal came. */
static int tell(struct transfer *t, size_t length)
{
	t->done += length;
	if (t->total && t->total < t->done)
		t->total = t->done;
	if (t->opts.chunk && t->opts.chunk(t->opts.data, t->buf, length, t->done, t->total))
		return vg_fail(t->vfio->ctx,
					   &(struct vg_failure){
						   .operation = VG_MIGRATE, .path = t->vfio->name, .err = ECANCELED, .cause = VGPU_CAUSE_OTHER},
					   "given up, as asked");
	if (t->deadline != VG_NEVER && vg_now_ms() >= t->deadline)
		return fail_late(t);
	return 0;
}

/* A transfer on the caller's descriptor, or a wait, ended with err: 0 where it was but a signal. */
static int fail_transfer(struct transfer *t, int err, const char *what)
{
	struct vg_failure failure = {.operation = VG_MIGRATE, .path = t->vfio->name, .err = err};

	if (err == EINTR)
		return tell(t, 0);
	if (err == ETIMEDOUT)
		return fail_late(t);
	failure.cause = VGPU_CAUSE_OTHER;
	if (err == ENOSPC || err == EDQUOT || err == EFBIG)
		failure.cause = VGPU_CAUSE_LIMIT;
	return vg_fail(t->vfio->ctx, &failure, "the state can't be %s: %s", what, strerrordesc_np(err) ?: "unknown error");
}

/* Waits until the driver has, or takes, more. */
static int wait_for_driver(struct transfer *t, bool writable)
{
	int r = vg_wait_for(vgpu_migration_get_fd(t->session), writable, t->deadline);

	return r ? fail_transfer(t, -r, "waited for") : 0;
}

static int write_out(struct transfer *t, size_t length)
{
	size_t done = 0;
	ssize_t n;
	int r;

	while (done < length) {
		n = vg_stream_write(&t->stream, t->buf + done, length - done);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		r = fail_transfer(t, n ? (int)-n : EIO, "written");
		if (r)
			return r;
	}
	return tell(t, length);
}

/*
 * Has the device told what it had when pre-copy began? One that does not say so is not waited for. Over vfio-user it
 * has when it gave n bytes, less than it was asked for.
 */
static bool is_told(struct transfer *t, ssize_t n)
{
	struct vgpu_migration_progress progress;

	if (t->vfio->place.ops)
		return (size_t)n < CHUNK_SIZE;
	return vgpu_migration_read_progress(t->session, &progress) || !progress.initial_bytes;
}

/* From the device to the caller, to the end of the stream; in pre-copy, until it is time to stop the device. */
static int copy_out(struct transfer *t, bool is_pre_copy)
{
	ssize_t n;
	int r;

	do {
		n = vgpu_migration_read(t->session, t->buf, CHUNK_SIZE);
		if (n == -EAGAIN)
			r = wait_for_driver(t, false);
		else
			r = n > 0 ? write_out(t, (size_t)n) : (int)n;
	} while (r == 0 && n != 0 && !(is_pre_copy && n > 0 && is_told(t, n)));
	return r;
}

static int save(struct transfer *t)
{
	int r = 0;

	if (vgpu_migration_read_size(t->session, &t->total))
		t->total = 0;
	if (t->opts.flags & VGPU_MIGRATION_SAVE_PRE_COPY &&
		vgpu_migration_get_flags(t->session) & VGPU_MIGRATION_FLAG_PRE_COPY) {
		r = vgpu_migration_set_state(t->session, VGPU_MIGRATION_STATE_PRE_COPY);
		if (r == 0)
			r = copy_out(t, true);
	}
	if (r == 0)
		r = vgpu_migration_set_state(t->session, VGPU_MIGRATION_STATE_STOP_COPY);
	if (r == 0)
		r = copy_out(t, false);
	return r;
}

/* The next chunk from the caller: its length, 0 at the end, or the failure. */
static ssize_t read_in(struct transfer *t)
{
	uint64_t left = t->opts.length ? t->opts.length - t->done : CHUNK_SIZE;
	ssize_t n;
	int r;

	if (!left)
		return 0;
	do {
		n = vg_stream_read(&t->stream, t->buf, left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE);
		r = n < 0 ? fail_transfer(t, (int)-n, "read") : 0;
	} while (n < 0 && r == 0);
	if (r || n > 0 || (t->done && !t->opts.length))
		return r ?: n;
	return vg_fail(t->vfio->ctx,
				   &(struct vg_failure){
					   .operation = VG_MIGRATE, .path = t->vfio->name, .err = ENODATA, .cause = VGPU_CAUSE_BAD_DATA},
				   "the stream ends after %llu bytes, too early", (unsigned long long)t->done);
}

static int write_in(struct transfer *t, size_t length)
{
	size_t done = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && done < length) {
		n = vgpu_migration_write(t->session, t->buf + done, length - done);
		if (n == -EAGAIN)
			r = wait_for_driver(t, true);
		else if (n < 0)
			r = (int)n;
		else
			done += (size_t)n;
	}
	return r ?: tell(t, length);
}

/* The device is touched when there is something to load. */
static int load(struct transfer *t)
{
	ssize_t n = read_in(t);
	int r = n < 0 ? (int)n : vgpu_migration_set_state(t->session, VGPU_MIGRATION_STATE_RESUMING);

	t->total = t->opts.length;
	while (r == 0 && n > 0) {
		r = write_in(t, (size_t)n);
		if (r == 0)
			n = read_in(t);
	}
	return r ?: (int)n;
}

static int check_opts(struct transfer *t, const struct vgpu_migration_opts *opts, bool is_saving)
{
	struct vgpu_context *ctx = t->vfio->ctx;
	int r = vg_opts_take(ctx, VG_MIGRATE, &t->opts, sizeof(t->opts), opts);

	if (r)
		return r;
	if (t->opts.flags & ~VGPU_MIGRATION_SAVE_PRE_COPY || (!is_saving && t->opts.flags))
		return vg_fail_invalid(ctx, VG_MIGRATE, t->vfio->name, "there are no such flags: 0x%x", t->opts.flags);
	if (is_saving && t->opts.length)
		return vg_fail_invalid(ctx, VG_MIGRATE, t->vfio->name, "a length makes no sense for a save");
	if (!t->opts.state)
		t->opts.state = is_saving ? VGPU_MIGRATION_STATE_STOP : VGPU_MIGRATION_STATE_RUNNING;
	if (!vg_migration_is_resting(t->opts.state))
		return vg_fail_invalid(ctx, VG_MIGRATE, t->vfio->name, "a device can't be left in the state %s",
							   vgpu_migration_state_get_name((enum vgpu_migration_state)t->opts.state));
	t->deadline = t->opts.timeout_ms ? vg_now_ms() + t->opts.timeout_ms : VG_NEVER;
	return 0;
}

static int open_stream(struct transfer *t, int fd, bool is_saving)
{
	int r = vg_stream_init(&t->stream, fd, is_saving, t->deadline);

	if (r == 0)
		return 0;
	return vg_fail(t->vfio->ctx,
				   &(struct vg_failure){.operation = VG_MIGRATE, .path = "fd", .err = -r, .cause = VGPU_CAUSE_INVALID},
				   r == -EBADF ? "the descriptor is not open to be %s" : "the descriptor can't be %s",
				   is_saving ? "written" : "read");
}

/* A transfer that somebody left unfinished is given up first: its stream is lost. */
static int tidy(struct vgpu_migration *session)
{
	return vg_migration_is_resting(session->state) ? 0 : vgpu_migration_stop(session);
}

static int transfer(struct transfer *t, bool is_saving)
{
	int r = vgpu_migration_open(t->vfio, &t->session), stopped;

	if (r)
		return r;
	r = vg_migration_check_state(t->session, t->opts.state);
	if (r == 0)
		r = tidy(t->session);
	if (r == 0) {
		r = is_saving ? save(t) : load(t);
		if (r == 0)
			r = vgpu_migration_set_state(t->session, (enum vgpu_migration_state)t->opts.state);
		stopped = r && t->session->is_begun ? vgpu_migration_stop(t->session) : 0;
		r = stopped ?: r;
	}
	vgpu_migration_close(t->session);
	return r;
}

static int transfer_all(struct vgpu_vfio *vfio, int fd, const struct vgpu_migration_opts *opts, bool is_saving)
{
	struct transfer t = {.vfio = vfio};
	int r;

	if (!vfio)
		return -EINVAL;
	r = check_opts(&t, opts, is_saving);
	if (r == 0)
		r = open_stream(&t, fd, is_saving);
	if (r)
		return r;
	t.buf = malloc(CHUNK_SIZE);
	if (!t.buf)
		return vg_fail_memory(vfio->ctx, VG_MIGRATE);
	r = transfer(&t, is_saving);
	free(t.buf);
	return r;
}

int vgpu_migration_save(struct vgpu_vfio *vfio, int fd, const struct vgpu_migration_opts *opts)
{
	return transfer_all(vfio, fd, opts, true);
}

int vgpu_migration_load(struct vgpu_vfio *vfio, int fd, const struct vgpu_migration_opts *opts)
{
	return transfer_all(vfio, fd, opts, false);
}
