/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creating a vGPU: check, claim the pair, write, verify, wait until ready, commit. Until the record says "ready" the
 * helper process stands by to undo: a creator that fails, gives up, or is killed leaves nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "model/attrs.h"
#include "model/backend_ops.h"
#include "model/claim_pair.h"
#include "model/place.h"
#include "model/ready.h"
#include "model/remote.h"
#include "sys/devnode.h"
#include "sys/helper.h"
#include "sys/lock.h"

#define DEFAULT_TIMEOUT_MS 5000
/* What a failed creation may take beyond its deadline to be undone. */
#define UNDO_MS 2000
#define CLAIM_PAUSE_MAX_MS 16

static const char operation[] = "create";

struct creation {
	struct vgpu_device_create_opts opts;
	struct vg_pair pair;
	struct vgpu_parents parents;
	struct vg_request request;
	const struct vg_backend_ops *backend;
	struct vg_plan plan;
	int own_steps; /* of the plan: those behind them set attributes */
	struct vg_ready_opts ready;
	struct vg_claim claim;
};

static int check_wait(struct vgpu_context *ctx, struct creation *c)
{
	uint32_t wait = c->opts.wait;

	if (wait > VGPU_WAIT_NODE)
		return vg_fail_invalid(ctx, operation, "wait", "unknown value");
	if (c->opts.owner && (wait == VGPU_WAIT_NONE || wait == VGPU_WAIT_SYSFS))
		return vg_fail_invalid(ctx, operation, c->opts.owner, "nodes can be given away only if they are waited for");
	if (wait == VGPU_WAIT_DEFAULT)
		wait = vg_exists(AT_FDCWD, ctx->dev) ? VGPU_WAIT_NODE : VGPU_WAIT_SYSFS;
	c->ready.wait = wait;
	c->ready.owner = c->opts.owner;
	if (c->opts.owner && vg_owner_parse(c->opts.owner, &c->ready.uid, &c->ready.gid))
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = operation,
											.path = c->opts.owner,
											.value = c->opts.owner,
											.err = ENOENT,
											.cause = VGPU_CAUSE_INVALID,
											.hint = "USER, USER:GROUP or :GROUP, by name or number"},
					   "there is no such user or group");
	return 0;
}

static int check_opts(struct vgpu_context *ctx, const struct vgpu_device_create_opts *opts, struct creation *c)
{
	int r = vg_opts_take(ctx, operation, &c->opts, sizeof(c->opts), opts);

	if (r)
		return r;
	if (!c->opts.parent || !c->opts.type)
		return vg_fail_invalid(ctx, operation, c->opts.parent ? "type" : "parent", "it is not given");
	if (c->opts.flags & ~(VGPU_CREATE_PACK | VGPU_CREATE_NUMA))
		return vg_fail_invalid(ctx, operation, "flags", "unknown flag");
	if (!c->opts.device)
		vg_uuid_random(c->pair.uuid);
	else if (vg_pair_parse(c->opts.device, &c->pair))
		return vg_fail_invalid(ctx, operation, c->opts.device,
							   "this is no UUID[:INSTANCE] with an instance from 0 to 65535");
	c->ready.deadline = vg_now_ms() + (c->opts.timeout_ms ? c->opts.timeout_ms : DEFAULT_TIMEOUT_MS);
	r = vg_attrs_check(ctx, c->opts.attrs);
	return r ? r : check_wait(ctx, c);
}

static int plan(struct vgpu_context *ctx, struct creation *c, const struct vgpu_parent *parent)
{
	int r;

	c->request = (struct vg_request){
		.parent = parent, .type = c->opts.type, .pair = &c->pair, .attrs = c->opts.attrs, .params = c->opts.params};
	c->backend = vg_backend_find(parent->backend);
	r = vg_remote_check(ctx, c->backend, &c->request, c->opts.owner);
	if (r || c->backend->remote)
		return r;
	r = c->backend->prepare ? c->backend->prepare(ctx, &c->request, c->ready.deadline) : 0;
	return r ? r : c->backend->plan_create(ctx, &c->request, NULL, &c->plan);
}

static int last_errno(struct vgpu_context *ctx)
{
	return -vgpu_error_get_errno(vgpu_context_get_error(ctx));
}

/* Waits a little, longer each time. false: the deadline has passed. */
static bool pause_before_retry(const struct creation *c, int64_t *pause)
{
	if (vg_now_ms() >= c->ready.deadline)
		return false;
	vg_sleep_ms(*pause);
	if (*pause < CLAIM_PAUSE_MAX_MS)
		*pause *= 2;
	return true;
}

/* 0, VG_CLAIM_ADOPTED, or -errno. Waits for others who create the same vGPU: they may fail, or have been killed. */
static int claim(struct vgpu_context *ctx, struct creation *c)
{
	int64_t pause = 1;
	int r;

	for (;;) {
		int lock = vg_records_lock(ctx, operation, c->ready.deadline);

		if (lock < 0)
			return lock;
		r = vg_claim_pair(ctx, c->backend, &c->request, &c->plan, &c->claim);
		vg_lock_drop(lock);
		if (r != VG_CLAIM_WAIT)
			return r;
		if (!pause_before_retry(c, &pause))
			return last_errno(ctx);
	}
}

/* Did the kernel make what was planned? */
static bool is_made(struct vgpu_context *ctx, const struct creation *c)
{
	uint64_t inode = c->backend->inode_of(ctx, c->plan.name);

	return inode && (!c->plan.inode || c->plan.inode == inode);
}

static int fail_blocked(struct vgpu_context *ctx, const struct creation *c)
{
	struct vg_step step;

	vg_steps_get(&c->plan.steps, 0, &step);
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = step.write.path,
										.value = step.write.value,
										.err = ETIMEDOUT,
										.cause = VGPU_CAUSE_PENDING,
										.hint = "see the kernel's log for what its driver waits for"},
				   "the kernel has not answered in time; if it makes the vGPU later, that is taken back");
}

/* What the helper that stood by would have done. */
static int undo_anew(struct vgpu_context *ctx, struct creation *c, int64_t deadline)
{
	struct vg_steps reverse;
	int r = vg_steps_reverse(&c->plan.steps, &reverse);

	if (r == 0)
		r = vg_helper_start(ctx, &reverse, false, c->claim.fd);
	return r ? r : vg_helper_wait(ctx, deadline, NULL);
}

/*
 * The helper was killed. What the kernel has made is ours all the same: the pair is claimed, and what makes it a vGPU
 * is the last of its own steps. Of steps behind these nobody knows how many were done.
 */
static int take_over(struct vgpu_context *ctx, struct creation *c)
{
	const int64_t deadline = vg_now_ms() + UNDO_MS;
	struct vg_step step;

	if (is_made(ctx, c)) {
		if (c->plan.steps.count == c->own_steps)
			return 0;
		while (undo_anew(ctx, c, deadline) == -ECONNRESET && vg_now_ms() < deadline)
			; /* that helper was killed too */
	}
	vg_steps_get(&c->plan.steps, 0, &step);
	return vg_fail_helper(ctx, operation, step.write.path);
}

static int write_kernel(struct vgpu_context *ctx, struct creation *c)
{
	struct vg_step step;
	int failed, r = c->backend->check_create ? c->backend->check_create(ctx, &c->plan) : 0;

	c->own_steps = c->plan.steps.count;
	if (r == 0)
		r = vg_attrs_plan(ctx, c->backend, c->opts.attrs, &c->plan);
	if (r)
		return r;
	for (failed = 0; vg_steps_get(&c->plan.steps, failed, &step); failed++)
		vg_log(ctx, VGPU_LOG_DEBUG, "write %s to %s", step.write.value, step.write.path);
	r = vg_helper_start(ctx, &c->plan.steps, true, c->claim.fd);
	if (r)
		return vg_fail_errno(ctx, "start the helper process", "", -r);
	r = vg_helper_wait(ctx, c->ready.deadline, &failed);
	if (r == -ETIMEDOUT) {
		vg_helper_leave(ctx);
		return fail_blocked(ctx, c);
	}
	if (r == -ECONNRESET)
		return take_over(ctx, c);
	if (r && failed >= c->own_steps)
		return vg_attrs_failed(ctx, &c->plan, failed, -r);
	return r ? c->backend->create_failed(ctx, &c->request, &c->plan, failed, -r) : 0;
}

/* What the kernel made is what was asked for. */
static int verify(struct vgpu_context *ctx, const struct creation *c, const struct vgpu_device *device)
{
	const struct vg_failure failure = {
		.operation = operation, .path = c->plan.name, .value = c->opts.type, .err = EIO, .cause = VGPU_CAUSE_BAD_DATA};

	if (device->parent_name && strcmp(device->parent_name, c->request.parent->name) == 0 &&
		(!device->type || strcmp(device->type, c->opts.type) == 0))
		return 0;
	return vg_fail(ctx, &failure, "the kernel made something else of this name");
}

static int finish(struct vgpu_context *ctx, struct creation *c, struct vgpu_device **out)
{
	struct vgpu_device *device;
	int r = vg_ready_wait(ctx, c->backend, c->plan.name, &c->ready, &device);

	if (r)
		return r;
	r = verify(ctx, c, device);
	if (r == 0) {
		r = vg_claim_commit(&c->claim, device->inode);
		if (r)
			vg_fail_errno(ctx, "write a record", c->claim.record.file, -r);
	}
	if (r) {
		vgpu_device_unref(device);
		return r;
	}
	vg_attrs_compare(ctx, c->opts.attrs, device);
	device->owner = vg_owner_libvgpu;
	device->pair = c->pair;
	device->has_pair = true;
	*out = device;
	return 0;
}

/* After a failure behind the kernel's write. The error record stays that of the failure. */
static void undo(struct vgpu_context *ctx, struct creation *c)
{
	const int64_t deadline = vg_now_ms() + UNDO_MS;
	int r = vg_helper_undo(ctx, deadline);

	if (r == -ECONNRESET) /* the helper that stood by was killed */
		r = undo_anew(ctx, c, deadline);
	if (r && r != -ENOENT && r != -ENODEV) { /* it may go on: until that has ended the record claims the pair */
		vg_log(ctx, VGPU_LOG_WARNING, "%s: it is not taken back yet: %s", c->claim.record.file, strerrordesc_np(-r));
		vg_helper_leave(ctx);
		vg_record_set(c->claim.dir, &c->claim.record, VG_RECORD_CREATING, c->plan.inode);
		vg_claim_leave(&c->claim);
		return;
	}
	vg_claim_remove(ctx, &c->claim);
}

/* With the pair claimed. */
static int make(struct vgpu_context *ctx, struct creation *c, struct vgpu_device **out)
{
	int r = write_kernel(ctx, c);

	if (r == 0) {
		r = finish(ctx, c, out);
		if (r)
			undo(ctx, c);
		else
			vg_claim_end(&c->claim);
		return r;
	}
	if (r == -ETIMEDOUT) /* the helper keeps the record */
		vg_claim_leave(&c->claim);
	else
		vg_claim_remove(ctx, &c->claim);
	return r;
}

static int claim_and_make(struct vgpu_context *ctx, struct creation *c, struct vgpu_device **out)
{
	int r = claim(ctx, c);

	if (r == 0)
		return make(ctx, c, out);
	if (r == VG_CLAIM_ADOPTED) { /* the kernel has made it; whatever comes of it here, it stays */
		vg_strcopy(c->plan.name, sizeof(c->plan.name), c->claim.record.name);
		r = finish(ctx, c, out);
		vg_claim_end(&c->claim);
	}
	return r;
}

static int create_on(struct vgpu_context *ctx, struct creation *c, const struct vgpu_parent *parent,
					 struct vgpu_device **out)
{
	int64_t pause = 1;
	int r = plan(ctx, c, parent);

	if (r == 0 && c->backend->remote) /* another process makes it: it is there and ready when that says so */
		return c->backend->remote->create(ctx, &c->request, c->ready.deadline, out);
	while (r == 0) {
		r = claim_and_make(ctx, c, out);
		if (r != VG_RETRY)
			return r;
		r = pause_before_retry(c, &pause) ? 0 : last_errno(ctx);
	}
	return r == VG_RETRY ? last_errno(ctx) : r;
}

/* On the first parent that takes it. Only want of the type or of room is a reason to try the next one. */
static int create_anywhere(struct vgpu_context *ctx, struct creation *c, struct vgpu_device **out)
{
	struct vgpu_parents *parents;
	bool is_full = false;
	size_t i;
	int r = vg_place_rank(ctx, &c->opts, &parents);

	if (r)
		return r;
	for (i = 0; i < parents->vec.count; i++) {
		enum vgpu_cause cause;

		r = create_on(ctx, c, parents->vec.items[i], out);
		cause = r ? vgpu_error_get_cause(vgpu_context_get_error(ctx)) : VGPU_CAUSE_NONE;
		is_full = is_full || cause == VGPU_CAUSE_NO_CAPACITY;
		/* an id of another backend's is no id of a type there */
		if (r == 0 || (cause != VGPU_CAUSE_NO_CAPACITY && cause != VGPU_CAUSE_NO_TYPE && cause != VGPU_CAUSE_INVALID))
			break;
	}
	if (i == parents->vec.count)
		r = vg_place_fail(ctx, c->opts.type, is_full);
	vgpu_parents_unref(parents);
	return r;
}

static int create(struct vgpu_context *ctx, struct creation *c, struct vgpu_device **out)
{
	int r;

	if (strcmp(c->opts.parent, VG_PLACE_AUTO) == 0)
		return create_anywhere(ctx, c, out);
	r = vg_parents_scan(ctx, operation, c->opts.parent, &c->parents);
	return r ? r : create_on(ctx, c, c->parents.vec.items[0], out);
}

int vgpu_device_create(struct vgpu_context *ctx, const struct vgpu_device_create_opts *opts, struct vgpu_device **out)
{
	struct vgpu_device *device = NULL;
	struct creation c = {.claim = {.dir = -1, .fd = -1}};
	int r;

	if (!ctx || !opts)
		return -EINVAL;
	r = check_opts(ctx, opts, &c);
	if (r == 0)
		r = create(ctx, &c, &device);
	vg_parents_clear(&c.parents);
	if (r)
		return r;
	if (out)
		*out = device;
	else
		vgpu_device_unref(device);
	return 0;
}
