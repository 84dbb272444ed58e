/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a host offers no types. */
#include "model/why.h"

#include <errno.h>
#include <fcntl.h>

#include "model/host.h"
#include "sys/files.h"

struct reason {
	const char *path;
	enum vgpu_cause cause;
	int err;
	const char *message;
	const char *hint;
};

static struct reason find_reason(struct vgpu_context *ctx, const struct vgpu_parents *parents)
{
	if (parents->vec.count)
		return (struct reason){"class/mdev_bus", VGPU_CAUSE_NO_TYPE, ENODEV,
							   "parents are registered, but none offers a type",
							   "see the kernel's log for their drivers; a GPU with MIG on needs GPU instances first"};
	if (!vg_exists(AT_FDCWD, ctx->sys))
		return (struct reason){"", VGPU_CAUSE_UNSUPPORTED, ENOENT, "sysfs is not there",
							   "mount sysfs, or name the directory where it is"};
	if (!vg_host_has_module(ctx, "mdev"))
		return (struct reason){"bus/mdev", VGPU_CAUSE_MODULE_MISSING, ENODEV,
							   "no driver of this host offers vGPUs: module mdev is not loaded",
							   "load the vendor's vGPU driver; for i915, its parameter enable_gvt=1 and kvmgt"};
	return (struct reason){"class/mdev_bus", VGPU_CAUSE_NO_PARENT, ENODEV,
						   "module mdev is loaded, but no device is registered as a parent",
						   "load the vendor's vGPU driver; GPUs with SR-IOV need their virtual functions enabled"};
}

int vg_why_no_types(struct vgpu_context *ctx, const struct vgpu_parents *parents, struct vgpu_errors *out)
{
	struct reason reason = find_reason(ctx, parents);
	char path[VG_PATH_SIZE];

	vg_strf(path, sizeof(path), "%s/%s", ctx->sys, reason.path);
	vg_fail(ctx,
			&(struct vg_failure){
				.operation = "list types", .path = path, .err = reason.err, .cause = reason.cause, .hint = reason.hint},
			"%s", reason.message);
	return vg_errors_add(out, vgpu_context_get_error(ctx));
}
