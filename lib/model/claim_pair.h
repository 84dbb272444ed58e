/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Claiming a pair for a new vGPU, whatever an earlier owner of the name left. */
#ifndef VG_MODEL_CLAIM_PAIR_H
#define VG_MODEL_CLAIM_PAIR_H

#include "model/record.h"

/* What vg_claim_pair() may return beside 0 (claimed anew) and -errno. */
enum {
	VG_CLAIM_ADOPTED = 1, /* an unfinished creation of the very same vGPU was taken over: it exists */
	VG_CLAIM_WAIT = 2,    /* somebody is creating it, or taking that back: try again; the error record says -EEXIST */
};

/*
 * Under the records' lock. wanted: pair, backend, parent, kernel name. Void records of the pair are removed. -EEXIST,
 * or -EAGAIN (it is being removed), or another -errno, with an error record.
 */
int vg_claim_pair(struct vgpu_context *ctx, const struct vg_record *wanted, const char *type, struct vg_claim *out);

#endif
