/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mending records that disagree with the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "model/backend_ops.h"
#include "model/record.h"
#include "sys/lock.h"
#include "util/vec.h"

#define DEFAULT_TIMEOUT_MS 5000

static const char operation[] = "reconcile";

struct vgpu_mend {
	char *record;
	struct vg_pair pair;
	const char *action; /* static, as reason */
	const char *reason;
};

struct vgpu_mends {
	struct vg_vec vec;
	struct vgpu_errors errors;
};

/* What to do with a record. */
struct verdict {
	const char *action; /* NULL: nothing */
	const char *reason;
};

static const char removed[] = "removed", completed[] = "completed", restored[] = "restored";

static struct verdict judge(struct vgpu_context *ctx, const struct vg_records *records, const struct vg_record *record,
							uint64_t *inode)
{
	const struct vg_backend_ops *backend = vg_backend_find(record->backend);

	if (vg_record_is_live(records, record))
		return (struct verdict){0};
	if (!backend)
		return (struct verdict){0}; /* a later libvgpu's */
	*inode = backend->inode_of(ctx, record->name);
	if (!records->boot[0])
		return (struct verdict){0};
	if (strcmp(records->boot, record->boot) != 0)
		return (struct verdict){removed, "it is of an earlier boot"};
	if (!*inode)
		return (struct verdict){removed, "its vGPU does not exist"};
	if (!vg_record_is_valid(records, record, *inode))
		return (struct verdict){removed, "somebody else has made another vGPU of this name since"};
	switch (record->state) {
	case VG_RECORD_CREATING:
		return (struct verdict){completed, "its creation was cut off, but the kernel has made the vGPU"};
	case VG_RECORD_REMOVING:
		return (struct verdict){restored, "its removal was cut off, and the vGPU exists"};
	case VG_RECORD_FOREIGN:
		return (struct verdict){removed, "the removal of this foreign vGPU was cut off, and it exists"};
	case VG_RECORD_READY:
	default:
		return (struct verdict){0};
	}
}

/* Under the lock, on a record that nobody is at work on. */
static int carry_out(struct vgpu_context *ctx, const struct vg_records *records, const struct vg_record *record,
					 const struct verdict *verdict, uint64_t inode)
{
	struct vg_record changed = *record;
	int r;

	if (verdict->action == removed)
		r = vg_unlink(records->dir, record->file);
	else
		r = vg_record_set(records->dir, &changed, VG_RECORD_READY, inode);
	return r && r != -ENOENT ? vg_fail_errno(ctx, operation, record->file, -r) : 0;
}

static void mend_free(void *data)
{
	struct vgpu_mend *mend = data;

	free(mend->record);
	free(mend);
}

static int add(struct vgpu_mends *mends, const struct vg_record *record, const struct verdict *verdict)
{
	struct vgpu_mend *mend = calloc(1, sizeof(*mend));

	if (!mend)
		return -ENOMEM;
	*mend = (struct vgpu_mend){
		.record = strdup(record->file), .pair = record->pair, .action = verdict->action, .reason = verdict->reason};
	if (mend->record && vg_vec_add(&mends->vec, mend) == 0)
		return 0;
	mend_free(mend);
	return -ENOMEM;
}

static int mend_records(struct vgpu_context *ctx, struct vg_records *records, bool dry, struct vgpu_mends *mends)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < records->count; i++) {
		const struct vg_record *record = &records->items[i];
		uint64_t inode = 0;
		struct verdict verdict = judge(ctx, records, record, &inode);

		if (!verdict.action)
			continue;
		if (!dry && carry_out(ctx, records, record, &verdict, inode))
			r = vg_errors_add(&mends->errors, vgpu_context_get_error(ctx));
		else
			r = add(mends, record, &verdict);
	}
	return r;
}

static int reconcile(struct vgpu_context *ctx, const struct vgpu_record_reconcile_opts *opts, struct vgpu_mends *mends)
{
	bool dry = opts->flags & VGPU_RECONCILE_DRY_RUN;
	struct vg_records records;
	int lock = -1, r;

	if (!dry) {
		lock =
			vg_records_lock(ctx, operation, vg_now_ms() + (opts->timeout_ms ? opts->timeout_ms : DEFAULT_TIMEOUT_MS));
		if (lock < 0)
			return lock;
	}
	r = vg_records_read(ctx, &records);
	if (r == 0) {
		r = mend_records(ctx, &records, dry, mends);
		if (r)
			vg_fail_memory(ctx, operation);
		vg_records_free(&records);
	}
	if (!dry)
		vg_lock_drop(lock);
	return r;
}

int vgpu_record_reconcile(struct vgpu_context *ctx, const struct vgpu_record_reconcile_opts *opts,
						  struct vgpu_mends **out)
{
	struct vgpu_record_reconcile_opts known;
	struct vgpu_mends *mends;
	int r;

	if (!ctx)
		return -EINVAL;
	r = vg_opts_take(ctx, operation, &known, sizeof(known), opts);
	if (r)
		return r;
	if (known.flags & ~VGPU_RECONCILE_DRY_RUN)
		return vg_fail_invalid(ctx, operation, "flags", "unknown flag");
	mends = calloc(1, sizeof(*mends));
	if (!mends)
		return vg_fail_memory(ctx, operation);
	r = reconcile(ctx, &known, mends);
	if (r || !out)
		vgpu_mends_unref(mends);
	else
		*out = mends;
	return r;
}

VG_DEFINE_LIST(mends, mend, mend_free)
VG_DEFINE_LIST_ERRORS(mends)

const char *vgpu_mend_get_record(const struct vgpu_mend *mend)
{
	return mend->record;
}

const char *vgpu_mend_get_uuid(const struct vgpu_mend *mend)
{
	return mend->pair.uuid;
}

int vgpu_mend_get_instance(const struct vgpu_mend *mend)
{
	return (int)mend->pair.instance;
}

const char *vgpu_mend_get_action(const struct vgpu_mend *mend)
{
	return mend->action;
}

const char *vgpu_mend_get_reason(const struct vgpu_mend *mend)
{
	return mend->reason;
}
