/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A migration session: the device's states, and the stream that some of them have. */
#include "vfio/migration.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "sys/stream.h"
#include "sys/uapi_migration.h"
#include "vfio/feature.h"

static const char *const state_names[] = {
	[VGPU_MIGRATION_STATE_ERROR] = "error",       [VGPU_MIGRATION_STATE_STOP] = "stop",
	[VGPU_MIGRATION_STATE_RUNNING] = "running",   [VGPU_MIGRATION_STATE_STOP_COPY] = "stop-copy",
	[VGPU_MIGRATION_STATE_RESUMING] = "resuming", [VGPU_MIGRATION_STATE_RUNNING_P2P] = "running-p2p",
	[VGPU_MIGRATION_STATE_PRE_COPY] = "pre-copy", [VGPU_MIGRATION_STATE_PRE_COPY_P2P] = "pre-copy-p2p",
};

const char *vgpu_migration_state_get_name(enum vgpu_migration_state state)
{
	return (size_t)state < VG_COUNT(state_names) ? state_names[state] : "unknown";
}

/* What a driver must have for a state. */
static uint64_t flags_of(uint32_t state)
{
	switch (state) {
	case VGPU_MIGRATION_STATE_RUNNING_P2P:
		return VGPU_MIGRATION_FLAG_P2P;
	case VGPU_MIGRATION_STATE_PRE_COPY:
		return VGPU_MIGRATION_FLAG_PRE_COPY;
	case VGPU_MIGRATION_STATE_PRE_COPY_P2P:
		return VGPU_MIGRATION_FLAG_P2P | VGPU_MIGRATION_FLAG_PRE_COPY;
	default:
		return 0;
	}
}

bool vg_migration_is_resting(uint32_t state)
{
	return state < VG_COUNT(state_names) && state != VGPU_MIGRATION_STATE_ERROR && !vg_migration_has_stream(state);
}

static const char *name_of(uint32_t state)
{
	return vgpu_migration_state_get_name((enum vgpu_migration_state)state);
}

int(vg_migration_fail)(struct vgpu_migration *m, int err, enum vgpu_cause cause, const char *what)
{
	return vg_fail(
		m->vfio->ctx,
		&(struct vg_failure){
			.operation = VG_MIGRATE, .path = m->vfio->name, .value = name_of(m->state), .err = err, .cause = cause},
		"%s: %s", what, strerrordesc_np(err) ?: "unknown error");
}

/* Ends the stream, if there is one. */
static void drop_stream(struct vgpu_migration *m)
{
	vg_close(m->fd);
	m->fd = -1;
	m->is_broken = false;
}

/* Asks the driver for the state. No record. */
static int get_state(struct vgpu_migration *m)
{
	struct vfio_device_feature_mig_state answer = {.data_fd = -1};
	int r = vg_feature_get(m->vfio, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, &answer, sizeof(answer));

	if (r)
		return r;
	if (answer.device_state >= VG_COUNT(state_names))
		return -EPROTO;
	m->state = answer.device_state;
	if (!vg_migration_has_stream(m->state))
		drop_stream(m);
	return 0;
}

/* Has the stream of this state come? A state change answers with a new descriptor, or the one before goes on. */
static int take_stream(struct vgpu_migration *m, uint32_t state, int fd)
{
	bool goes_on = vg_migration_is_open(m) &&
				   (state == m->state || (vg_migration_is_saving(state) && vg_migration_is_saving(m->state)));
	int r;

	if (fd < -1)
		return -EPROTO;
	if (m->vfio->place.ops) {
		m->is_broken = m->is_broken && goes_on;
		return 0;
	}
	if (!vg_migration_has_stream(state) || fd >= 0)
		drop_stream(m);
	if (!vg_migration_has_stream(state)) {
		vg_close(fd);
		return 0;
	}
	if (fd < 0)
		return goes_on ? 0 : -EPROTO;
	r = vg_set_nonblocking(fd);
	if (r) {
		vg_close(fd);
		return r == -EBADF ? -EPROTO : r;
	}
	m->fd = fd;
	return 0;
}

/* The driver is to bring the device into a state. No record. */
static int put_state(struct vgpu_migration *m, uint32_t state)
{
	struct vfio_device_feature_mig_state request = {.device_state = state, .data_fd = -1};
	int r;

	m->is_begun = m->is_begun || vg_migration_has_stream(state);
	r = vg_feature_set(m->vfio, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, &request, sizeof(request));
	if (r)
		return r;
	r = take_stream(m, state, request.data_fd);
	m->state = state;
	return r;
}

/* Back to RUNNING. The record that there is stays, unless this fails too. */
static int recover(struct vgpu_migration *m)
{
	int r = get_state(m);

	if (r == 0 && m->state != VGPU_MIGRATION_STATE_ERROR && m->state != VGPU_MIGRATION_STATE_RESUMING)
		r = put_state(m, VGPU_MIGRATION_STATE_RUNNING);
	else
		r = -EIO;
	if (r)
		r = vg_device_control(m->vfio, VFIO_DEVICE_RESET, NULL);
	if (r >= 0)
		r = get_state(m);
	drop_stream(m);
	if (r == 0 && m->state == VGPU_MIGRATION_STATE_RUNNING)
		return 0;
	return vg_fail(m->vfio->ctx,
				   &(struct vg_failure){.operation = VG_MIGRATE,
										.path = m->vfio->name,
										.value = name_of(m->state),
										.err = EIO,
										.cause = VGPU_CAUSE_LOST,
										.hint = "close the device, and destroy and create it anew"},
				   "the transfer was given up, and not even a reset brings the device back to running: %s",
				   r ? strerrordesc_np(-r) ?: "unknown error" : name_of(m->state));
}

/* A step failed: where is the device now, and why? */
static int fail_step(struct vgpu_migration *m, uint32_t state, int err)
{
	uint32_t before = m->state;
	struct vg_failure failure = {.operation = VG_MIGRATE, .path = m->vfio->name, .value = name_of(state), .err = err};
	char way[64];

	vg_strf(way, sizeof(way), "from %s to %s", name_of(before), name_of(state));
	if (err == EPROTO) {
		int r = recover(m);

		failure.cause = VGPU_CAUSE_BAD_DATA;
		failure.hint = "tell the maker of its driver";
		return r ?: vg_fail(m->vfio->ctx, &failure, "%s the driver gives no stream that makes sense", way);
	}
	if (get_state(m) == 0 && m->state == VGPU_MIGRATION_STATE_ERROR) {
		failure.err = EIO;
		failure.cause = VGPU_CAUSE_LOST;
		failure.hint = "give the transfer up: that resets the device";
		return vg_fail(m->vfio->ctx, &failure, "%s the driver failed, and the device is in the state error: %s", way,
					   strerrordesc_np(err) ?: "unknown error");
	}
	if (before == VGPU_MIGRATION_STATE_RESUMING && err == EINVAL) {
		failure.cause = VGPU_CAUSE_BAD_DATA;
		failure.hint = "was it saved by a device of the same type, with the same driver, and is all of it there?";
		return vg_fail(m->vfio->ctx, &failure, "the driver does not accept the state that was loaded");
	}
	failure.cause = err == EINVAL ? VGPU_CAUSE_REFUSED : VGPU_CAUSE_NONE;
	return vg_fail(m->vfio->ctx, &failure, "the driver refuses the step %s: %s", way,
				   strerrordesc_np(err) ?: "unknown error");
}

int vg_migration_check_state(struct vgpu_migration *m, uint32_t state)
{
	if (!(flags_of(state) & ~m->flags))
		return 0;
	return vg_fail(m->vfio->ctx,
				   &(struct vg_failure){.operation = VG_MIGRATE,
										.path = m->vfio->name,
										.value = name_of(state),
										.err = EOPNOTSUPP,
										.cause = VGPU_CAUSE_UNSUPPORTED},
				   "its driver has no state %s", name_of(state));
}

static int change_state(struct vgpu_migration *m, uint32_t state)
{
	struct vg_failure failure = {.operation = VG_MIGRATE, .path = m->vfio->name, .value = name_of(state)};
	int r = vg_migration_check_state(m, state);

	if (r)
		return r;

	if (m->is_broken) {
		failure.err = EIO;
		failure.cause = VGPU_CAUSE_BAD_DATA;
		failure.hint = "give the transfer up";
		return vg_fail(m->vfio->ctx, &failure, "a part of the state could not be written to the device");
	}
	r = put_state(m, state);
	return r ? fail_step(m, state, -r) : 0;
}

int vgpu_migration_set_state(struct vgpu_migration *m, enum vgpu_migration_state state)
{
	int r;

	if (!m)
		return -EINVAL;
	if ((uint32_t)state >= VG_COUNT(state_names) || state == VGPU_MIGRATION_STATE_ERROR)
		return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "a device can't be brought into the state %s",
							   name_of((uint32_t)state));
	pthread_mutex_lock(&m->lock);
	r = change_state(m, (uint32_t)state);
	pthread_mutex_unlock(&m->lock);
	return r;
}

static int fail_state(struct vgpu_migration *m, int err)
{
	return vg_migration_fail(m, err, err == EPROTO ? VGPU_CAUSE_BAD_DATA : VGPU_CAUSE_NONE,
							 "the driver does not tell the device's state");
}

int vgpu_migration_read_state(struct vgpu_migration *m, enum vgpu_migration_state *out)
{
	int r;

	if (!m)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "there is no place for the state");
	pthread_mutex_lock(&m->lock);
	r = get_state(m);
	if (r == 0)
		*out = (enum vgpu_migration_state)m->state;
	else
		r = fail_state(m, -r);
	pthread_mutex_unlock(&m->lock);
	return r;
}

int vgpu_migration_stop(struct vgpu_migration *m)
{
	int r;

	if (!m)
		return -EINVAL;
	pthread_mutex_lock(&m->lock);
	r = recover(m);
	pthread_mutex_unlock(&m->lock);
	return r;
}

/* What the driver can. */
static int find_flags(struct vgpu_vfio *vfio, uint64_t *out)
{
	struct vg_failure failure = {.operation = VG_MIGRATE, .path = vfio->name};
	struct vfio_device_feature_migration answer = {0};
	int r = vg_feature_get(vfio, VFIO_DEVICE_FEATURE_MIGRATION, &answer, sizeof(answer));

	if (r == -EOPNOTSUPP || ((r == -ENOTTY || r == -EINVAL) && vfio->place.ops)) {
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		return vg_fail(vfio->ctx, &failure, "its provider can't migrate it");
	}
	if (r == -ENOTTY || r == -EINVAL) {
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "a newer driver may";
		return vg_fail(vfio->ctx, &failure, "the driver that this kernel has can't migrate it");
	}
	if (r)
		return vg_fail_errno(vfio->ctx, VG_MIGRATE, vfio->name, -r);
	if (!(answer.flags & VGPU_MIGRATION_FLAG_STOP_COPY)) {
		failure.err = EPROTO;
		failure.cause = VGPU_CAUSE_BAD_DATA;
		failure.hint = "tell the maker of its driver";
		return vg_fail(vfio->ctx, &failure, "its driver claims to migrate, but can't save the device's state");
	}
	*out = answer.flags;
	return 0;
}

int vgpu_migration_open(struct vgpu_vfio *vfio, struct vgpu_migration **out)
{
	struct vgpu_migration *m;
	uint64_t flags;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, VG_MIGRATE, vfio->name, "there is no place for the session");
	r = find_flags(vfio, &flags);
	if (r)
		return r;
	if (atomic_exchange(&vfio->is_migrating, true))
		return vg_fail(
			vfio->ctx,
			&(struct vg_failure){.operation = VG_MIGRATE, .path = vfio->name, .err = EBUSY, .cause = VGPU_CAUSE_IN_USE},
			"a migration of it is under way");
	m = calloc(1, sizeof(*m));
	if (!m) {
		atomic_store(&vfio->is_migrating, false);
		return vg_fail_memory(vfio->ctx, VG_MIGRATE);
	}
	m->vfio = vfio;
	m->flags = flags;
	m->fd = -1;
	pthread_mutex_init(&m->lock, NULL);
	r = get_state(m);
	if (r) {
		r = fail_state(m, -r);
		vgpu_migration_close(m);
		return r;
	}
	*out = m;
	return 0;
}

struct vgpu_migration *vgpu_migration_close(struct vgpu_migration *m)
{
	if (!m)
		return NULL;
	if (m->is_begun && !vg_migration_is_resting(m->state))
		vgpu_migration_stop(m);
	drop_stream(m);
	atomic_store(&m->vfio->is_migrating, false);
	pthread_mutex_destroy(&m->lock);
	free(m);
	return NULL;
}

uint64_t vgpu_migration_get_flags(const struct vgpu_migration *m)
{
	return m->flags;
}
