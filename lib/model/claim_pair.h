/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Claiming a pair for a new vGPU, whatever an earlier owner of the name left. */
#ifndef VG_MODEL_CLAIM_PAIR_H
#define VG_MODEL_CLAIM_PAIR_H

#include "model/backend_ops.h"
#include "model/record.h"

/* What vg_claim_pair() may return beside 0 (claimed anew) and -errno. */
enum {
	VG_CLAIM_ADOPTED = 1,     /* an unfinished creation of the very same vGPU was taken over: it exists */
	VG_CLAIM_WAIT = VG_RETRY, /* somebody is creating it, or taking that back, or the last place for it */
};

/*
 * Under the records' lock. Void records of the pair are removed; where the backend places its vGPUs the plan is made
 * here, so that no two claim the same place. -EEXIST, or -EAGAIN (it is being removed), or another -errno, with an
 * error record. What was adopted is named by out->record.
 */
int vg_claim_pair(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const struct vg_request *request,
				  struct vg_plan *plan, struct vg_claim *out);

#endif
