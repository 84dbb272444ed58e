/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the host: what of it works for vGPUs, and for all that does not, why and what to do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vgpu/check.h>
#include <vgpu/record.h>

#include "core/list.h"
#include "model/backend_ops.h"
#include "model/host.h"
#include "sys/devnode.h"
#include "sys/udev.h"

struct vgpu_check {
	char *name;
	int ok;
	char *detail;
	char *hint;
};

struct vgpu_checks {
	struct vg_vec vec;
	struct vgpu_errors errors; /* none: what can't be looked at is a check that fails */
};

static void check_free(void *data)
{
	struct vgpu_check *check = data;

	free(check->name);
	free(check->detail);
	free(check->hint);
	free(check);
}

static int add(struct vgpu_checks *checks, const char *name, bool ok, const char *hint, const char *fmt, ...)
	VG_PRINTF(5, 6);

static int add(struct vgpu_checks *checks, const char *name, bool ok, const char *hint, const char *fmt, ...)
{
	struct vgpu_check *check = calloc(1, sizeof(*check));
	char detail[512];
	va_list args;

	if (!check)
		return -ENOMEM;
	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	vg_make_printable(detail);
	check->ok = ok;
	check->name = strdup(name);
	check->detail = strdup(detail);
	check->hint = strdup(ok ? "" : hint);
	if (check->name && check->detail && check->hint && vg_vec_add(&checks->vec, check) == 0)
		return 0;
	check_free(check);
	return -ENOMEM;
}

static int check_sysfs(struct vgpu_context *ctx, struct vgpu_checks *checks)
{
	char path[VG_PATH_SIZE];
	bool ok;

	vg_strf(path, sizeof(path), "%s/bus", ctx->sys);
	ok = vg_exists(AT_FDCWD, path);
	return add(checks, "sysfs", ok, "mount sysfs there, or name the directory where it is", "%s is %s", ctx->sys,
			   ok ? "mounted" : "no sysfs");
}

static int check_iommu(struct vgpu_context *ctx, struct vgpu_checks *checks)
{
	bool ok = vg_host_has_iommu(ctx);

	return add(
		checks, "iommu", ok,
		"switch it on in the firmware, and with intel_iommu=on or amd_iommu=on on the kernel's command line; mdevs "
		"without a PCI device of their own work without it",
		ok ? "the kernel uses an IOMMU" : "the kernel uses no IOMMU");
}

static int check_module(struct vgpu_context *ctx, struct vgpu_checks *checks, const char *name, const char *what)
{
	bool ok = vg_host_has_module(ctx, name);
	char hint[96];

	vg_strf(hint, sizeof(hint), "modprobe %s", name);
	return add(checks, name, ok, hint, "%s: module %s is %s", what, name, ok ? "loaded" : "not loaded");
}

/* A node that the calling process must be able to open for reading and writing. */
static int check_node(struct vgpu_context *ctx, struct vgpu_checks *checks, const char *name, const char *node,
					  const char *hint)
{
	char path[VG_PATH_SIZE];

	vg_strf(path, sizeof(path), "%s/%s", ctx->dev, node);
	if (!vg_exists(AT_FDCWD, path))
		return add(checks, name, false, hint, "%s does not exist", path);
	if (!vg_node_may_open(path))
		return add(checks, name, false, "run as root, or give yourself access with a udev rule",
				   "%s exists, but may not be opened by user %u", path, (unsigned)geteuid());
	return add(checks, name, true, NULL, "%s may be opened", path);
}

static int check_types(struct vgpu_context *ctx, struct vgpu_checks *checks)
{
	struct vgpu_parents *parents;
	struct vgpu_types *types = NULL;
	size_t i, creatable = 0;
	int r = vgpu_parent_list(ctx, NULL, &parents);

	if (r == 0) {
		r = vgpu_type_list(ctx, NULL, &types);
		if (r)
			vgpu_parents_unref(parents);
	}
	if (r == -ENOMEM)
		return r;
	if (r)
		return add(checks, "parents", false, vgpu_error_get_hint(vgpu_context_get_error(ctx)), "%s: %s",
				   vgpu_error_get_path(vgpu_context_get_error(ctx)),
				   vgpu_error_get_message(vgpu_context_get_error(ctx)));
	for (i = 0; i < types->vec.count; i++)
		creatable += vgpu_type_get_creatable(types->vec.items[i]) > 0;
	r = add(checks, "parents", parents->vec.count > 0, "load the vendor's vGPU driver", "%zu registered",
			parents->vec.count);
	if (r == 0 && !creatable && types->errors.vec.count)
		r = add(checks, "types", false, vgpu_error_get_hint(types->errors.vec.items[0]), "%s",
				vgpu_error_get_message(types->errors.vec.items[0]));
	else if (r == 0)
		r = add(checks, "types", creatable > 0, "destroy a vGPU that is not needed",
				"%zu offered, of %zu of them one more can be created", types->vec.count, creatable);
	vgpu_parents_unref(parents);
	vgpu_types_unref(types);
	return r;
}

static int check_records(struct vgpu_context *ctx, struct vgpu_checks *checks)
{
	const struct vgpu_record_reconcile_opts opts = {.size = sizeof(opts), .flags = VGPU_RECONCILE_DRY_RUN};
	struct vgpu_mends *mends;
	size_t count;
	int r = vgpu_record_reconcile(ctx, &opts, &mends);

	if (r == -ENOMEM)
		return r;
	if (r)
		return add(checks, "records", false, vgpu_error_get_hint(vgpu_context_get_error(ctx)), "%s/vgpu: %s", ctx->run,
				   vgpu_error_get_message(vgpu_context_get_error(ctx)));
	count = vgpu_mends_get_count(mends);
	vgpu_mends_unref(mends);
	return add(checks, "records", count == 0, "reconcile them", "%s/vgpu: %zu disagree with the kernel", ctx->run,
			   count);
}

static int check_process(struct vgpu_context *ctx, struct vgpu_checks *checks)
{
	struct rlimit limit;
	bool root = geteuid() == 0, enough;
	int r;

	r = add(checks, "root", root, "run as root to create and destroy; listing works for everybody", "user %u",
			(unsigned)geteuid());
	if (r)
		return r;
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return 0;
	enough = limit.rlim_cur == RLIM_INFINITY || root;
	r = add(checks, "memlock", enough, "raise RLIMIT_MEMLOCK to more than the guest's memory (ulimit -l unlimited)",
			limit.rlim_cur == RLIM_INFINITY ? "unlimited" : "%llu KiB may be locked for DMA",
			(unsigned long long)limit.rlim_cur / 1024);
	if (r)
		return r;
	return add(checks, "udev", vg_udev_runs(ctx), "nodes then keep the owner that the kernel gives them",
			   vg_udev_runs(ctx) ? "it runs" : "it does not run, or this is not the host's own root");
}

static int check_all(struct vgpu_context *ctx, struct vgpu_checks *checks)
{
	int r = check_sysfs(ctx, checks);

	if (r == 0)
		r = check_process(ctx, checks);
	if (r == 0)
		r = check_iommu(ctx, checks);
	if (r == 0)
		r = check_module(ctx, checks, "vfio", "VFIO");
	if (r == 0)
		r = check_module(ctx, checks, "vfio_iommu_type1", "DMA by group and container");
	if (r == 0)
		r = check_module(ctx, checks, "vfio_pci", "PCI devices by VFIO");
	if (r == 0)
		r = check_module(ctx, checks, "mdev", "mediated devices");
	if (r == 0)
		r = check_node(ctx, checks, "vfio-container", "vfio/vfio", "modprobe vfio; the node comes with it");
	if (r == 0)
		r = check_node(
			ctx, checks, "iommufd", "iommu",
			"needs Linux 6.6 with CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV; group and container do without");
	if (r == 0)
		r = check_types(ctx, checks);
	return r ? r : check_records(ctx, checks);
}

int vgpu_check_list(struct vgpu_context *ctx, struct vgpu_checks **out)
{
	struct vgpu_checks *checks;

	if (!ctx || !out)
		return -EINVAL;
	checks = calloc(1, sizeof(*checks));
	if (!checks || check_all(ctx, checks)) {
		vgpu_checks_unref(checks);
		return vg_fail_memory(ctx, "check the host");
	}
	*out = checks;
	return 0;
}

VG_DEFINE_LIST(checks, check, check_free)

const char *vgpu_check_get_name(const struct vgpu_check *check)
{
	return check->name;
}

int vgpu_check_get_ok(const struct vgpu_check *check)
{
	return check->ok;
}

const char *vgpu_check_get_detail(const struct vgpu_check *check)
{
	return check->detail;
}

const char *vgpu_check_get_hint(const struct vgpu_check *check)
{
	return check->hint;
}
