/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Claiming a pair for a new vGPU, whatever an earlier owner of the name left. */
#include "model/claim_pair.h"

#include <errno.h>
#include <string.h>

#include "model/backend_ops.h"

/* Somebody is at work on it. A creation ends soon, either way; a removal may wait for its last user. */
static int wait_or_fail(struct vgpu_context *ctx, const struct vg_record *record)
{
	bool creating = record->state == VG_RECORD_CREATING || record->state == VG_RECORD_READY;
	struct vg_failure failure = {.operation = "create", .value = record->parent, .cause = VGPU_CAUSE_EXISTS};
	char pair[VG_PAIR_SIZE];

	vg_pair_format(&record->pair, pair);
	failure.path = pair;
	failure.err = creating ? EEXIST : EAGAIN;
	if (creating) {
		failure.hint = "it is theirs; take another UUID or instance";
		vg_fail(ctx, &failure, "another process is creating it on parent %s", record->parent);
		return VG_CLAIM_WAIT;
	}
	failure.hint = "end the process that still uses it, then try again";
	return vg_fail(ctx, &failure, "it is still being removed from parent %s", record->parent);
}

static int fail_exists(struct vgpu_context *ctx, const struct vg_record *record)
{
	char pair[VG_PAIR_SIZE];

	vg_pair_format(&record->pair, pair);
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = "create",
										.path = pair,
										.value = record->parent,
										.err = EEXIST,
										.cause = VGPU_CAUSE_EXISTS,
										.hint = "choose another UUID or instance, or destroy that one"},
				   "it exists on parent %s", record->parent);
}

/* Is this unfinished creation the one that is wanted: same parent, same type? */
static bool is_same(const struct vg_records *records, const struct vg_record *record, const struct vg_record *wanted,
					const char *type)
{
	char made_type[VG_NAME_SIZE];

	return strcmp(record->backend, wanted->backend) == 0 && strcmp(record->parent, wanted->parent) == 0 &&
		   vg_record_get(records, record, "type", made_type, sizeof(made_type)) && strcmp(made_type, type) == 0;
}

/* One earlier record of the pair: 0: it was void and is gone; or as vg_claim_pair(). */
static int settle(struct vgpu_context *ctx, struct vg_records *records, const struct vg_record *record,
				  const struct vg_record *wanted, const char *type, struct vg_claim *out)
{
	const struct vg_backend_ops *backend = vg_backend_find(record->backend);
	int r;

	if (vg_record_is_live(records, record))
		return wait_or_fail(ctx, record);
	if (backend && vg_record_is_valid(records, record, backend->inode_of(ctx, record->name))) {
		if (record->state != VG_RECORD_CREATING || !is_same(records, record, wanted, type))
			return fail_exists(ctx, record);
		vg_log(ctx, VGPU_LOG_INFO, "finishing a creation that was cut off: %s", record->file);
		r = vg_claim_take(ctx, records, record, out);
		return r ? r : VG_CLAIM_ADOPTED;
	}
	r = vg_unlink(records->dir, record->file);
	if (r && r != -ENOENT)
		return vg_fail_errno(ctx, "remove a record", record->file, -r);
	vg_log(ctx, VGPU_LOG_INFO, "removed a record of no vGPU: %s", record->file);
	return 0;
}

int vg_claim_pair(struct vgpu_context *ctx, const struct vg_record *wanted, const char *type, struct vg_claim *out)
{
	struct vg_records records;
	size_t i;
	int r = vg_records_read(ctx, &records);

	if (r)
		return r;
	for (i = 0; r == 0 && i < records.count; i++)
		if (vg_pair_cmp(&records.items[i].pair, &wanted->pair) == 0)
			r = settle(ctx, &records, &records.items[i], wanted, type, out);
	if (r == 0)
		r = vg_claim_new(ctx, &records, wanted, type, out);
	vg_records_free(&records);
	return r;
}
