/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sriov: which function becomes the vGPU, how it is given to VFIO and taken back, and what the kernel's errors mean. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "backend/sriov.h"
#include "model/record.h"
#include "model/write_failed.h"
#include "util/path.h"

#define PCI_DRIVERS "bus/pci/drivers"
#define PREPARE_PAUSE_MS 20
/* What the kernel takes for no driver_override. */
#define NO_OVERRIDE "\n"

static const char operation[] = "create";

static int fail_type(struct vgpu_context *ctx, const struct vg_request *request)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = request->parent->name,
										.value = request->type,
										.err = ENODEV,
										.cause = VGPU_CAUSE_NO_TYPE,
										.hint = "list the types of this parent"},
				   "it offers no type '%s'", request->type);
}

/* Into how many functions the type cuts the device, and into how many it is cut. */
static int read_counts(struct vgpu_context *ctx, const struct vg_request *request, unsigned *wanted, unsigned *enabled)
{
	unsigned total;
	uint64_t number;
	int r = vg_sriov_counts(request->parent->path, enabled, &total);

	if (r)
		return vg_fail_errno(ctx, operation, request->parent->path, -r);
	if (strncmp(request->type, "vf-", 3) != 0 || vg_parse_u64(request->type + 3, 10, total, &number) || number == 0)
		return fail_type(ctx, request);
	*wanted = (unsigned)number;
	return 0;
}

int vg_sriov_prepare(struct vgpu_context *ctx, const struct vg_request *request, int64_t deadline)
{
	struct vgpu_parent_set_vfs_opts opts = {.size = sizeof(opts)};
	unsigned enabled;
	int64_t left;
	int r;

	for (;;) {
		r = read_counts(ctx, request, &opts.count, &enabled);
		if (r || enabled)
			return r;
		left = deadline - vg_now_ms();
		opts.timeout_ms = left > 1 ? (uint32_t)left : 1;
		r = vgpu_parent_set_vfs(ctx, request->parent->name, &opts);
		if (r != -EBUSY || vgpu_error_get_cause(vgpu_context_get_error(ctx)) == VGPU_CAUSE_PENDING || left <= 0)
			return r;
		vg_sleep_ms(PREPARE_PAUSE_MS); /* another creator does just that */
	}
}

/* The VFIO driver for the functions of this physical one. */
static int find_driver(struct vgpu_context *ctx, const struct vgpu_parent *parent, char driver[VG_NAME_SIZE])
{
	char path[VG_PATH_SIZE], own[VG_NAME_SIZE];

	vg_sriov_driver(AT_FDCWD, parent->path, own);
	/* Intel's own, which can migrate, where there is one */
	if (vg_strf(driver, VG_NAME_SIZE, "%s-vfio-pci", own) > 0 && own[0]) {
		vg_strf(path, sizeof(path), "%s/" PCI_DRIVERS "/%s", ctx->sys, driver);
		if (vg_exists(AT_FDCWD, path))
			return 0;
	}
	vg_strcopy(driver, VG_NAME_SIZE, "vfio-pci");
	vg_strf(path, sizeof(path), "%s/" PCI_DRIVERS "/vfio-pci", ctx->sys);
	if (vg_exists(AT_FDCWD, path))
		return 0;
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = path,
										.err = ENODEV,
										.cause = VGPU_CAUSE_MODULE_MISSING,
										.hint = "modprobe vfio-pci"},
				   "module vfio_pci is not loaded");
}

static int fill(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_vfs *vfs,
				const struct vg_vf *vf, struct vg_plan *out)
{
	char driver[VG_NAME_SIZE], override[VG_PATH_SIZE], bind[VG_PATH_SIZE], unbind[VG_PATH_SIZE];
	const struct vg_write undo_override = {override, NO_OVERRIDE}, undo_bind = {unbind, vf->name};
	int r = find_driver(ctx, request->parent, driver);

	if (r)
		return r;
	vg_strcopy(out->name, sizeof(out->name), vf->name);
	out->inode = vg_vf_identity(vf->inode, (unsigned)vfs->count);
	vg_sriov_attr_path(request->parent->path, vf->number, out->dir);
	r = vg_strf(override, sizeof(override), "%s/%s/driver_override", vfs->dir, vf->name);
	if (r > 0)
		r = vg_strf(bind, sizeof(bind), "%s/" PCI_DRIVERS "/%s/bind", ctx->sys, driver);
	if (r > 0)
		r = vg_strf(unbind, sizeof(unbind), "%s/" PCI_DRIVERS "/%s/unbind", ctx->sys, driver);
	vg_steps_clear(&out->steps);
	if (r > 0)
		r = vg_steps_add(&out->steps, override, driver, &undo_override);
	if (r == 0)
		r = vg_steps_add(&out->steps, bind, vf->name, &undo_bind);
	return r < 0 ? vg_fail_errno(ctx, operation, vfs->dir, -r) : 0;
}

static int choose(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_vfs *vfs,
				  struct vg_records *records, struct vg_plan *out)
{
	size_t i, claimed = 0;
	int r;

	for (i = 0; i < vfs->count; i++) {
		const struct vg_vf *vf = &vfs->items[i];

		if (request->parent->function && strcmp(request->parent->function, vf->name) != 0)
			continue;
		if (vg_vf_is_claimed(records, vg_sriov_name, vf->name))
			claimed++;
		else if (vg_sriov_is_free(ctx, vfs, vf))
			return fill(ctx, request, vfs, vf, out);
	}
	r = vg_vf_fail_capacity(ctx, request,
							"destroy a vGPU of this parent, unbind what else has a function, or take another",
							claimed ? "others are at work on the last functions" : "no virtual function is free");
	return claimed && r < 0 ? VG_RETRY : r;
}

int vg_sriov_plan_create(struct vgpu_context *ctx, const struct vg_request *request, struct vg_records *records,
						 struct vg_plan *out)
{
	unsigned wanted = 0, enabled = 0;
	struct vg_vfs vfs;
	int r = read_counts(ctx, request, &wanted, &enabled);

	if (r)
		return r;
	if (wanted != enabled)
		return vg_vf_fail_capacity(ctx, request,
								   "take the type that there is, or disable the functions first (vgpuctl vfs)",
								   "it is cut into another number of functions, which changes only through 0");
	r = vg_vfs_read(request->parent->path, &vfs);
	if (r)
		return r == -ENOMEM ? vg_fail_memory(ctx, operation) : vg_fail_errno(ctx, operation, request->parent->path, -r);
	r = choose(ctx, request, &vfs, records, out);
	vg_vfs_free(&vfs);
	return r;
}

/* Source: drivers/base/bus.c, drivers/pci/pci-driver.c, drivers/vfio/pci. */
int vg_sriov_create_failed(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_plan *plan,
						   int step_number, int err)
{
	struct vg_failure failure = {.operation = operation, .err = err, .cause = VGPU_CAUSE_REFUSED};
	struct vg_step step;
	int r;

	(void)request;
	vg_steps_get(&plan->steps, step_number, &step);
	failure.path = step.write.path;
	failure.value = step.write.value;
	switch (err) {
	case ENOENT: /* the function went, or something else gave it another driver */
	case ENODEV:
	case EBUSY:
		failure.err = EBUSY;
		failure.cause = VGPU_CAUSE_IN_USE;
		failure.hint = "try again";
		r = vg_fail(ctx, &failure, "something else took the function meanwhile, or the driver does not take it");
		return r < 0 ? VG_RETRY : r;
	case EINVAL:
		failure.cause = VGPU_CAUSE_IOMMU_OFF;
		failure.hint = "switch on the IOMMU in the firmware and on the kernel's command line; see the kernel's log";
		return vg_fail(ctx, &failure, "VFIO does not take the function: without an IOMMU it can not");
	default:
		failure.hint = "see the kernel's log";
		return vg_write_failed(ctx, &failure);
	}
}

/* Quotas go back to what means the driver's default. */
static int add_resets(const char *base, const char *dir, struct vg_steps *steps)
{
	struct vg_entries files;
	char path[VG_PATH_SIZE];
	uint64_t value;
	struct stat st;
	size_t i;
	int r = 0;

	if (vg_strf(path, sizeof(path), "%s/%s", base, dir) < 0 || vg_entries_read(AT_FDCWD, path, &files))
		return 0; /* a file */
	for (i = 0; r == 0 && i < files.count; i++)
		if (vg_strf(path, sizeof(path), "%s/%s/%s", base, dir, files.items[i].name) > 0 && !files.items[i].is_link &&
			vg_stat(AT_FDCWD, path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IWUSR) &&
			vg_read_u64(AT_FDCWD, path, 10, UINT64_MAX, &value) == 0 && value)
			r = vg_steps_add(steps, path, "0", NULL);
	vg_entries_free(&files);
	return r;
}

int vg_sriov_plan_remove(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out)
{
	char path[VG_PATH_SIZE];
	struct vg_entries dirs;
	size_t i;
	int r = 0;

	vg_strcopy(out->name, sizeof(out->name), device->name);
	out->inode = device->inode;
	vg_steps_clear(&out->steps);
	if (vg_entries_read(AT_FDCWD, device->attr_path, &dirs) == 0) {
		for (i = 0; r == 0 && i < dirs.count; i++)
			if (!dirs.items[i].is_link)
				r = add_resets(device->attr_path, dirs.items[i].name, &out->steps);
		vg_entries_free(&dirs);
	}
	if (r == 0)
		r = vg_strf(path, sizeof(path), "%s/" PCI_DRIVERS "/%s/unbind", ctx->sys, device->driver);
	if (r > 0)
		r = vg_steps_add(&out->steps, path, device->name, NULL);
	if (r == 0)
		r = vg_strf(path, sizeof(path), "%s/driver_override", device->path);
	if (r > 0)
		r = vg_steps_add(&out->steps, path, NO_OVERRIDE, NULL);
	return r < 0 ? vg_fail_errno(ctx, "destroy", device->path, -r) : 0;
}

int vg_sriov_remove_failed(struct vgpu_context *ctx, const struct vg_plan *plan, int step_number, int err)
{
	struct vg_failure failure = {.operation = "destroy", .value = plan->name, .err = err};
	struct vg_step step;

	vg_steps_get(&plan->steps, step_number, &step);
	failure.path = step.write.path;
	if (err == ENODEV || err == ENOENT) {
		failure.err = ENODEV;
		failure.cause = VGPU_CAUSE_GONE;
		return vg_fail(ctx, &failure, "somebody else took it from its driver meanwhile");
	}
	return vg_write_failed(ctx, &failure);
}

int vg_sriov_plan_functions(struct vgpu_context *ctx, const struct vgpu_parent *parent, unsigned count,
							struct vg_steps *out)
{
	char path[VG_PATH_SIZE], autoprobe[VG_PATH_SIZE], value[16];
	const struct vg_write on = {autoprobe, "1"};
	int r = vg_strf(path, sizeof(path), "%s/sriov_numvfs", parent->path);

	vg_strf(value, sizeof(value), "%u", count);
	vg_steps_clear(out);
	if (r > 0)
		r = vg_strf(autoprobe, sizeof(autoprobe), "%s/sriov_drivers_autoprobe", parent->path);
	/* no driver of the host's is to take functions that are meant for guests */
	if (r > 0)
		r = count ? vg_steps_add(out, autoprobe, "0", &on) : 0;
	if (r == 0)
		r = vg_steps_add(out, path, value, NULL);
	if (r == 0 && !count)
		r = vg_steps_add(out, autoprobe, "1", NULL);
	return r < 0 ? vg_fail_errno(ctx, "set virtual functions", parent->path, -r) : 0;
}
