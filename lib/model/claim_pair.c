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

/* Is this unfinished creation the one that is wanted: same parent, same type, and no attributes that may be unset? */
static bool is_same(const struct vg_records *records, const struct vg_record *record, const struct vg_request *request)
{
	const struct vgpu_parent *parent = request->parent;
	char type[VG_NAME_SIZE];

	return !request->attrs && strcmp(record->backend, parent->backend) == 0 &&
		   strcmp(record->parent, parent->name) == 0 &&
		   (!parent->function || !strcmp(record->name, parent->function)) &&
		   vg_record_get(records, record, "type", type, sizeof(type)) && strcmp(type, request->type) == 0;
}

static int remove_void(struct vgpu_context *ctx, const struct vg_records *records, const struct vg_record *record)
{
	int r = vg_unlink(records->dir, record->file);

	if (r && r != -ENOENT)
		return vg_fail_errno(ctx, "remove a record", record->file, -r);
	vg_log(ctx, VGPU_LOG_INFO, "removed a record of no vGPU: %s", record->file);
	return 0;
}

/* One earlier record of the pair: 0: it was void and is gone; or as vg_claim_pair(). */
static int settle(struct vgpu_context *ctx, struct vg_records *records, const struct vg_record *record,
				  const struct vg_request *request, struct vg_claim *out)
{
	const struct vg_backend_ops *backend = vg_backend_find(record->backend);
	int r;

	if (vg_record_is_live(records, record))
		return wait_or_fail(ctx, record);
	if (!backend || !vg_record_is_valid(records, record, backend->inode_of(ctx, record->name)))
		return remove_void(ctx, records, record);
	if (record->state != VG_RECORD_CREATING || !is_same(records, record, request))
		return fail_exists(ctx, record);
	vg_log(ctx, VGPU_LOG_INFO, "finishing a creation that was cut off: %s", record->file);
	r = vg_claim_take(ctx, records, record, out);
	return r ? r : VG_CLAIM_ADOPTED;
}

/* Chooses a place. Whatever records of it there are is void: nobody is at work on them, and there is no vGPU. */
static int place(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const struct vg_request *request,
				 struct vg_records *records, struct vg_plan *plan)
{
	size_t i;
	int r = backend->plan_create(ctx, request, records, plan);

	for (i = 0; r == 0 && i < records->count; i++)
		if (!strcmp(records->items[i].name, plan->name) && !strcmp(records->items[i].backend, backend->name) &&
			vg_pair_cmp(&records->items[i].pair, request->pair) != 0)
			r = remove_void(ctx, records, &records->items[i]);
	return r;
}

int vg_claim_pair(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const struct vg_request *request,
				  struct vg_plan *plan, struct vg_claim *out)
{
	struct vg_record record = {.pair = *request->pair, .state = VG_RECORD_CREATING};
	struct vg_records records;
	size_t i;
	int r = vg_records_read(ctx, &records);

	if (r)
		return r;
	for (i = 0; r == 0 && i < records.count; i++)
		if (vg_pair_cmp(&records.items[i].pair, request->pair) == 0)
			r = settle(ctx, &records, &records.items[i], request, out);
	if (r == 0 && backend->is_placed)
		r = place(ctx, backend, request, &records, plan);
	if (r == 0) {
		vg_strcopy(record.backend, sizeof(record.backend), backend->name);
		vg_strcopy(record.parent, sizeof(record.parent), request->parent->name);
		vg_strcopy(record.name, sizeof(record.name), plan->name);
		record.inode = plan->inode;
		r = vg_claim_new(ctx, &records, &record, request->type, out);
	}
	vg_records_free(&records);
	return r;
}
