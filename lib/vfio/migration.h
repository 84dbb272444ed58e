/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A migration session from within: what the one-call transfers need beside the public calls. */
#ifndef VG_VFIO_MIGRATION_H
#define VG_VFIO_MIGRATION_H

#include <vgpu/migration.h>

#include "core/negative.h"
#include "vfio/handle.h"

/* The operation of all its records. */
#define VG_MIGRATE "migrate"

struct vgpu_migration {
	struct vgpu_vfio *vfio;
	uint64_t flags;
	pthread_mutex_t lock; /* of what follows, and over each call to the driver */
	uint32_t state;       /* as far as is known: a reset by somebody else changes it */
	int fd;               /* the stream's; -1: none, or the device has it without one */
	bool is_broken;       /* a write failed: the driver may not notice that the stream has a hole */
	bool is_begun;        /* this session began to bring the device into a state with a stream */
};

static inline bool vg_migration_is_pre_copy(uint32_t state)
{
	return state == VGPU_MIGRATION_STATE_PRE_COPY || state == VGPU_MIGRATION_STATE_PRE_COPY_P2P;
}

static inline bool vg_migration_is_saving(uint32_t state)
{
	return vg_migration_is_pre_copy(state) || state == VGPU_MIGRATION_STATE_STOP_COPY;
}

static inline bool vg_migration_has_stream(uint32_t state)
{
	return vg_migration_is_saving(state) || state == VGPU_MIGRATION_STATE_RESUMING;
}

/* Is there a stream now? */
static inline bool vg_migration_is_open(const struct vgpu_migration *m)
{
	return m->fd >= 0 || (m->vfio->place.ops && vg_migration_has_stream(m->state));
}

/* May a device be left in this state? */
bool vg_migration_is_resting(uint32_t state);
/* Has the driver this state? Else -EOPNOTSUPP with a record. */
int vg_migration_check_state(struct vgpu_migration *m, uint32_t state);
/* A failure of the driver, for which what it says is all that is known. Returns -err. */
int vg_migration_fail(struct vgpu_migration *m, int err, enum vgpu_cause cause, const char *what);

#define vg_migration_fail(...) vg_negative(vg_migration_fail(__VA_ARGS__))

#endif
