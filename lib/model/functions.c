/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enabling and disabling the virtual functions of a parent. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "model/backend_ops.h"
#include "model/record.h"
#include "model/write_failed.h"
#include "sys/helper.h"
#include "sys/lock.h"

#define DEFAULT_TIMEOUT_MS 60000
#define RETRY_PAUSE_MAX_MS 1000

static const char operation[] = "set virtual functions";

struct change {
	const struct vgpu_parent *parent;
	const struct vg_backend_ops *backend;
	unsigned total, enabled, wanted;
	int guard; /* held while somebody changes it; kept by the helper */
	int64_t deadline;
};

static int read_count(const struct vgpu_parent *parent, const char *file, unsigned *out)
{
	char path[VG_PATH_SIZE];
	uint64_t value;
	int r;

	if (vg_strf(path, sizeof(path), "%s/%s", parent->path, file) < 0)
		return -ENAMETOOLONG;
	r = vg_read_u64(AT_FDCWD, path, 10, UINT16_MAX, &value);
	if (r == 0)
		*out = (unsigned)value;
	return r;
}

static int fail(struct vgpu_context *ctx, const struct change *change, int err, enum vgpu_cause cause, const char *hint,
				const char *message)
{
	return vg_fail(ctx,
				   &(struct vg_failure){
					   .operation = operation, .path = change->parent->name, .err = err, .cause = cause, .hint = hint},
				   "%s", message);
}

/* What can be told before anything is written. 1: there is nothing to do. */
static int check(struct vgpu_context *ctx, struct change *change, uint32_t count)
{
	if (!change->backend->plan_functions || read_count(change->parent, "sriov_totalvfs", &change->total) ||
		read_count(change->parent, "sriov_numvfs", &change->enabled))
		return fail(ctx, change, EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED, NULL,
					"its vGPUs do not live on virtual functions");
	change->wanted = count == VGPU_VFS_MAX ? change->total : count;
	if (change->wanted > change->total)
		return vg_fail(
			ctx,
			&(struct vg_failure){
				.operation = operation, .path = change->parent->name, .err = ERANGE, .cause = VGPU_CAUSE_OUT_OF_RANGE},
			"it has no more than %u virtual functions", change->total);
	if (change->wanted == change->enabled)
		return 1;
	if (change->wanted && change->enabled)
		return fail(ctx, change, EBUSY, VGPU_CAUSE_IN_USE, "disable them first",
					"some are enabled, and their number changes only through 0");
	return 0;
}

/* Under the lock: no vGPU there is, or is being made. */
static int check_idle(struct vgpu_context *ctx, const struct change *change)
{
	const struct vgpu_device_list_opts opts = {
		.size = sizeof(opts), .flags = VGPU_DEVICE_BRIEF, .parent = change->parent->name};
	struct vgpu_devices *devices;
	struct vg_records records;
	size_t i, count;
	bool live = false;
	int r = vgpu_device_list(ctx, &opts, &devices);

	if (r)
		return r;
	count = vgpu_devices_get_count(devices);
	vgpu_devices_unref(devices);
	r = vg_records_read(ctx, &records);
	if (r)
		return r;
	for (i = 0; i < records.count; i++)
		live = live || (!strcmp(records.items[i].parent, change->parent->name) &&
						vg_record_is_live(&records, &records.items[i]));
	vg_records_free(&records);
	if (count || live)
		return fail(ctx, change, EBUSY, VGPU_CAUSE_IN_USE, "destroy them first", "it has vGPUs");
	return 0;
}

static int take_guard(struct vgpu_context *ctx, struct change *change)
{
	char path[VG_PATH_SIZE];
	int r;

	vg_strf(path, sizeof(path), "%s/vgpu/.functions-%s", ctx->run, change->parent->name);
	change->guard = vg_open(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	r = change->guard < 0 ? change->guard : vg_life_take(change->guard);
	if (r == -EAGAIN)
		return fail(ctx, change, EBUSY, VGPU_CAUSE_LOCKED, "wait for it; a function that is open holds it up",
					"its virtual functions are being changed by somebody else");
	return r ? vg_fail_errno(ctx, operation, path, -r) : 0;
}

static int claim(struct vgpu_context *ctx, struct change *change)
{
	int lock = vg_records_lock(ctx, operation, change->deadline);
	int r;

	if (lock < 0)
		return lock;
	r = check_idle(ctx, change);
	if (r == 0)
		r = take_guard(ctx, change);
	vg_lock_drop(lock);
	return r;
}

static int fail_pending(struct vgpu_context *ctx, const struct change *change)
{
	vg_helper_leave(ctx);
	return fail(ctx, change, ETIMEDOUT, VGPU_CAUSE_PENDING,
				change->wanted ? "see the kernel's log for what its driver waits for"
							   : "end the processes that have a function open; it then completes by itself",
				"the kernel has not answered in time, and still works on it");
}

static int fail_program(struct vgpu_context *ctx, const struct change *change, int err, const char *said)
{
	struct vg_failure failure = {.operation = operation, .path = change->backend->functions_program, .err = err};

	switch (err) {
	case ENOENT:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "install the vendor's driver for hosts of vGPUs";
		return vg_fail(ctx, &failure, "the driver takes no number, and the program that enables is not there");
	case ECANCELED:
		failure.cause = VGPU_CAUSE_REFUSED;
		failure.hint = "see the kernel's log too";
		return vg_fail(ctx, &failure, "it failed: %s", said[0] ? said : "without a word");
	default:
		return vg_write_failed(ctx, &failure);
	}
}

/* The vendor's program, again while it says that somebody is just at the driver. */
static int run_program(struct vgpu_context *ctx, const struct change *change)
{
	const char *program = change->backend->functions_program;
	char said[VG_SAID_SIZE] = "";
	int64_t pause = 50;
	int r;

	if (change->wanted && change->wanted != change->total)
		return fail(ctx, change, EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED, "enable all of them: max",
					"its driver enables all virtual functions or none");
	r = change->backend->check_program(ctx, change->parent);
	if (r)
		return r;
	for (;;) {
		vg_log(ctx, VGPU_LOG_INFO, "run %s for %s", program, change->parent->name);
		r = vg_helper_run(ctx, program, change->wanted ? "-e" : "-d", change->parent->name, change->guard);
		if (r == 0)
			r = vg_helper_wait_program(ctx, change->deadline, said);
		if (r == -ETIMEDOUT)
			return fail_pending(ctx, change);
		if (r != -ECANCELED || !strstr(said, "unbindLock") || vg_now_ms() + pause >= change->deadline)
			return r ? fail_program(ctx, change, -r, said) : 0;
		vg_sleep_ms(pause);
		if (pause < RETRY_PAUSE_MAX_MS)
			pause *= 2;
	}
}

static int fail_write(struct vgpu_context *ctx, const struct vg_steps *steps, int failed, int err)
{
	struct vg_failure failure = {.operation = operation, .err = err, .cause = VGPU_CAUSE_REFUSED};
	struct vg_step step;

	vg_steps_get(steps, failed, &step);
	failure.path = step.write.path;
	failure.value = step.write.value;
	if (err == EACCES || err == EROFS || err == EMEDIUMTYPE)
		return vg_write_failed(ctx, &failure);
	failure.hint = "see the kernel's log: its driver, the IOMMU and the firmware's settings must allow it";
	return vg_fail(ctx, &failure, "the kernel refused: %s", strerrordesc_np(err));
}

static int write_kernel(struct vgpu_context *ctx, const struct change *change)
{
	struct vg_steps steps;
	int failed = 0, r = change->backend->plan_functions(ctx, change->parent, change->wanted, &steps);

	if (r)
		return r;
	r = vg_helper_start(ctx, &steps, false, change->guard);
	if (r)
		return vg_fail_errno(ctx, "start the helper process", "", -r);
	r = vg_helper_wait(ctx, change->deadline, &failed);
	if (r == -ETIMEDOUT)
		return fail_pending(ctx, change);
	if (r == -ECONNRESET)
		return vg_fail_helper(ctx, operation, change->parent->path);
	/* NVIDIA's driver has no function for the kernel to call */
	if (r && r != -EACCES && r != -EROFS && r != -EMEDIUMTYPE && change->backend->functions_program)
		return run_program(ctx, change);
	return r ? fail_write(ctx, &steps, failed, -r) : 0;
}

static int carry_out(struct vgpu_context *ctx, struct change *change)
{
	unsigned now = 0;
	int r = claim(ctx, change);

	if (r == 0)
		r = write_kernel(ctx, change);
	vg_close(change->guard);
	if (r)
		return r;
	if (read_count(change->parent, "sriov_numvfs", &now) || now != change->wanted)
		return fail(ctx, change, EIO, VGPU_CAUSE_BAD_DATA, "see the kernel's log",
					"it did not become what was asked for");
	return 0;
}

int vgpu_parent_set_vfs(struct vgpu_context *ctx, const char *parent, const struct vgpu_parent_set_vfs_opts *opts)
{
	struct vgpu_parent_set_vfs_opts known;
	struct change change = {.guard = -1};
	struct vgpu_parents parents = {0};
	int r;

	if (!ctx || !parent || !opts)
		return -EINVAL;
	r = vg_opts_take(ctx, operation, &known, sizeof(known), opts);
	if (r)
		return r;
	change.deadline = vg_now_ms() + (known.timeout_ms ? known.timeout_ms : DEFAULT_TIMEOUT_MS);
	r = vg_parents_scan(ctx, operation, parent, &parents);
	if (r == 0) {
		change.parent = parents.vec.items[0];
		change.backend = vg_backend_find(change.parent->backend);
		r = check(ctx, &change, known.count);
		if (r == 0)
			r = carry_out(ctx, &change);
	}
	vg_parents_clear(&parents);
	return r < 0 ? r : 0;
}
