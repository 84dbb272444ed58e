/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Destroying a vGPU: note it, see that nobody uses it and keep it so, write, forget it. What blocks beyond the deadline
 * goes on in the helper process, whose record lists it as "removing".
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "model/backend_ops.h"
#include "model/record.h"
#include "model/snapshot.h"
#include "sys/devnode.h"
#include "sys/helper.h"
#include "sys/lock.h"

#define DEFAULT_TIMEOUT_MS 15000
#define RETRY_PAUSE_MAX_MS 64
#define RETRY_ANSWER_MS 500

static const char operation[] = "destroy";
/* In the record of a vGPU without a pair. */
static const char no_uuid[] = "00000000-0000-0000-0000-000000000000";

struct destruction {
	struct vgpu_device_destroy_opts opts;
	struct vgpu_device *device;
	const struct vg_backend_ops *backend;
	struct vg_plan plan;
	struct vg_claim claim;
	struct vg_pair pair; /* by which it was named */
	bool has_pair;
	bool was_ours;
	int64_t deadline;
};

static int fail_removing(struct vgpu_context *ctx, const char *name)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = name,
										.err = EAGAIN,
										.cause = VGPU_CAUSE_IN_USE,
										.hint = "wait for it; it ends when the last user lets go"},
				   "somebody else is already at work on it");
}

/* The users, for a message; "" if none was seen. */
static void describe_users(struct vgpu_context *ctx, const struct vgpu_device *device, char *buf, size_t size)
{
	struct vg_holders holders;

	buf[0] = '\0';
	if (vg_holders_scan(ctx, &holders))
		return;
	vg_holders_describe(&holders, device->path, device->group_node, device->cdev_node, buf, size);
	vg_holders_free(&holders);
}

/* Is there the vGPU still, and not another of its name? */
static bool is_there(struct vgpu_context *ctx, const struct destruction *d)
{
	return d->backend->inode_of(ctx, d->device->name) == d->device->inode;
}

/*
 * A function stays when its vGPU goes, and may have become another meanwhile: what it is now, and for whom, decides.
 * Under the lock; record: that of the function.
 */
static bool is_still_meant(struct vgpu_context *ctx, const struct destruction *d, const struct vg_record *record)
{
	if (!d->backend->is_placed)
		return true;
	return is_there(ctx, d) && (!d->has_pair || (record && vg_pair_cmp(&record->pair, &d->pair) == 0));
}

static int fail_gone(struct vgpu_context *ctx, const struct destruction *d)
{
	return vg_fail(
		ctx,
		&(struct vg_failure){.operation = operation, .path = d->device->name, .err = ENODEV, .cause = VGPU_CAUSE_GONE},
		"somebody else removed it meanwhile");
}

/* Under the lock: the vGPU's own record, or a new one where it has none, says that it is being removed. */
static int claim(struct vgpu_context *ctx, struct vg_records *records, struct destruction *d)
{
	struct vg_record fresh = {.pair = d->device->pair, .state = VG_RECORD_FOREIGN, .inode = d->device->inode};
	struct vg_record *record = vg_records_find(records, d->backend->name, d->device->name);
	int r;

	if (!is_still_meant(ctx, d, record))
		return record && vg_record_is_live(records, record) ? fail_removing(ctx, d->device->name) : fail_gone(ctx, d);
	if (record && record->state != VG_RECORD_FOREIGN && vg_record_is_valid(records, record, d->device->inode)) {
		d->was_ours = true;
		r = vg_claim_take(ctx, records, record, &d->claim);
		if (r)
			return r == -EAGAIN ? fail_removing(ctx, d->device->name) : r;
		r = vg_record_set(d->claim.dir, &d->claim.record, VG_RECORD_REMOVING, d->device->inode);
		if (r == 0)
			return 0;
		vg_claim_end(&d->claim);
		return vg_fail_errno(ctx, "write a record", record->file, -r);
	}
	if (record && vg_record_is_live(records, record))
		return fail_removing(ctx, d->device->name);
	if (record) /* void: of another vGPU of this name */
		vg_unlink(records->dir, record->file);
	if (!d->device->has_pair)
		vg_strcopy(fresh.pair.uuid, sizeof(fresh.pair.uuid), no_uuid);
	vg_strcopy(fresh.backend, sizeof(fresh.backend), d->backend->name);
	vg_strcopy(fresh.parent, sizeof(fresh.parent), d->device->parent_name ? d->device->parent_name : "-");
	vg_strcopy(fresh.name, sizeof(fresh.name), d->device->name);
	return vg_claim_new(ctx, records, &fresh, d->device->type, &d->claim);
}

/* Notes in a record that the vGPU is being removed, and takes that record's life lock. */
static int note(struct vgpu_context *ctx, struct destruction *d)
{
	struct vg_records records;
	int lock = vg_records_lock(ctx, operation, d->deadline);
	int r;

	if (lock < 0)
		return lock;
	r = vg_records_read(ctx, &records);
	if (r == 0) {
		r = claim(ctx, &records, d);
		vg_records_free(&records);
	}
	vg_lock_drop(lock);
	return r;
}

/* The vGPU stays: so does its record. */
static void take_note_back(struct vgpu_context *ctx, struct destruction *d)
{
	if (!d->was_ours) {
		vg_claim_remove(ctx, &d->claim);
		return;
	}
	vg_record_set(d->claim.dir, &d->claim.record, VG_RECORD_READY, d->device->inode);
	vg_claim_end(&d->claim);
}

/* Opens the group's node, which says whether anybody uses it, and while open keeps anybody from it. *fd: -1: no node.
 */
static int hold(struct vgpu_context *ctx, const struct destruction *d, int *fd)
{
	int r = d->device->group_node ? vg_group_hold(d->device->group_node) : -ENOENT;
	char users[512];

	if (r >= 0) {
		*fd = r;
		return 0;
	}
	if (r != -EBUSY || (d->opts.flags & VGPU_DESTROY_FORCE)) {
		if (r != -EBUSY && r != -ENOENT)
			vg_log(ctx, VGPU_LOG_WARNING, "%s can't be opened to see whether it is in use: %s", d->device->group_node,
				   strerrordesc_np(-r));
		return 0;
	}
	describe_users(ctx, d->device, users, sizeof(users));
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = d->device->group_node,
										.value = d->device->name,
										.err = EBUSY,
										.cause = VGPU_CAUSE_IN_USE,
										.hint = "end them first; or force it: the kernel then removes it when the "
												"last user lets go"},
				   "in use by %s", users[0] ? users : "a process that can't be seen from here");
}

static int fail_pending(struct vgpu_context *ctx, const struct destruction *d)
{
	char users[512];

	describe_users(ctx, d->device, users, sizeof(users));
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = d->device->path,
										.value = d->device->name,
										.err = ETIMEDOUT,
										.cause = VGPU_CAUSE_PENDING,
										.hint = "end the users; the removal then completes by itself, and its name "
												"is free again"},
				   "the removal is pending at the deadline, held up by %s",
				   users[0] ? users : "a process that can't be seen from here");
}

/* Has the helper do the steps. 0, or -errno with its record; VG_RETRY: the driver says busy, but not for long. */
static int remove_once(struct vgpu_context *ctx, struct destruction *d, int64_t deadline)
{
	int failed, r = vg_helper_start(ctx, &d->plan.steps, false, d->claim.fd);

	if (r)
		return vg_fail_errno(ctx, "start the helper process", "", -r);
	r = vg_helper_wait(ctx, deadline, &failed);
	if (r == -ETIMEDOUT) {
		vg_helper_leave(ctx);
		return fail_pending(ctx, d);
	}
	if (r == -ECONNRESET)
		return is_there(ctx, d) ? vg_fail_helper(ctx, operation, d->device->path) : 0;
	return r ? d->backend->remove_failed(ctx, &d->plan, failed, -r) : 0;
}

static int write_kernel(struct vgpu_context *ctx, struct destruction *d)
{
	int64_t pause = 1;
	struct vg_step step;
	int i, r;

	for (i = 0; vg_steps_get(&d->plan.steps, i, &step); i++)
		vg_log(ctx, VGPU_LOG_DEBUG, "write %s to %s", step.write.value, step.write.path);
	r = remove_once(ctx, d, d->deadline);
	while (r == VG_RETRY && vg_now_ms() + pause < d->deadline) {
		vg_sleep_ms(pause);
		if (pause < RETRY_PAUSE_MAX_MS)
			pause *= 2;
		/* a driver that says busy does so at once: the deadline must not take that for a write that blocks */
		r = remove_once(ctx, d, d->deadline + RETRY_ANSWER_MS);
	}
	if (r == VG_RETRY)
		r = -vgpu_error_get_errno(vgpu_context_get_error(ctx));
	if (r == -ETIMEDOUT) /* the helper keeps the record */
		vg_claim_leave(&d->claim);
	else if (r && is_there(ctx, d))
		take_note_back(ctx, d);
	else
		vg_claim_remove(ctx, &d->claim);
	return r;
}

/* Some say by whom a vGPU was made only by their records: what these do not know is left alone. */
static int check_foreign(struct vgpu_context *ctx, const struct destruction *d)
{
	if (d->was_ours || !d->backend->guards_foreign || (d->opts.flags & VGPU_DESTROY_FORCE))
		return 0;
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = d->device->name,
										.err = EPERM,
										.cause = VGPU_CAUSE_REFUSED,
										.hint = "force it if nobody needs it"},
				   "libvgpu has not made it");
}

static int destroy(struct vgpu_context *ctx, struct destruction *d)
{
	int group = -1, r;

	d->backend = vg_backend_find(d->device->backend);
	if (d->backend->remote)
		return d->backend->remote->destroy(ctx, d->device, d->opts.flags & VGPU_DESTROY_FORCE, d->deadline);
	if (!d->device->path)
		return fail_removing(ctx, d->device->name);
	r = d->backend->plan_remove(ctx, d->device, &d->plan);
	if (r == 0)
		r = note(ctx, d);
	if (r)
		return r;
	r = check_foreign(ctx, d);
	if (r == 0)
		r = hold(ctx, d, &group);
	if (r == 0)
		r = write_kernel(ctx, d);
	else
		take_note_back(ctx, d);
	vg_close(group);
	return r;
}

int vgpu_device_destroy(struct vgpu_context *ctx, const char *device, const struct vgpu_device_destroy_opts *opts)
{
	struct destruction d = {.claim = {.dir = -1, .fd = -1}};
	int r;

	if (!ctx || !device)
		return -EINVAL;
	r = vg_opts_take(ctx, operation, &d.opts, sizeof(d.opts), opts);
	if (r)
		return r;
	if (d.opts.flags & ~VGPU_DESTROY_FORCE)
		return vg_fail_invalid(ctx, operation, "flags", "unknown flag");
	d.deadline = vg_now_ms() + (d.opts.timeout_ms ? d.opts.timeout_ms : DEFAULT_TIMEOUT_MS);
	d.has_pair = vg_pair_parse(device, &d.pair) == 0;
	r = vg_snapshot_read(ctx, operation, device, &d.device);
	if (r == -ENODEV) /* perhaps it is only being removed */
		r = vg_snapshot_find(ctx, operation, device, &d.device);
	if (r)
		return r;
	r = destroy(ctx, &d);
	vgpu_device_unref(d.device);
	return r;
}
