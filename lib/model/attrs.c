/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vendor attributes that a new vGPU gets. */
#include "model/attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "model/write_failed.h"
#include "util/path.h"

static const char operation[] = "create";

struct attr {
	char name[VG_NAME_SIZE]; /* "GROUP/FILE" */
	const char *value;
};

static bool parse(const char *text, struct attr *out)
{
	const char *equals = strchr(text, '=');
	char group[VG_NAME_SIZE];
	char *file;

	if (!equals || (size_t)(equals - text) >= sizeof(out->name))
		return false;
	memcpy(out->name, text, (size_t)(equals - text));
	out->name[equals - text] = '\0';
	out->value = equals + 1;
	vg_strcopy(group, sizeof(group), out->name);
	file = strchr(group, '/');
	if (!file)
		return false;
	*file++ = '\0';
	return vg_name_is_plain(group) && vg_name_is_plain(file);
}

int vg_attrs_check(struct vgpu_context *ctx, const char *const *attrs)
{
	struct attr attr;
	size_t i;

	for (i = 0; attrs && attrs[i]; i++)
		if (!parse(attrs[i], &attr))
			return vg_fail_invalid(ctx, operation, attrs[i], "this is no GROUP/FILE=VALUE");
	return 0;
}

static int add_step(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const struct attr *attr,
					struct vg_plan *plan)
{
	char path[VG_PATH_SIZE], old[VG_NAME_SIZE];
	const struct vg_write undo = {path, old};
	bool can_undo = false;
	int r = vg_strf(path, sizeof(path), "%s/%s", plan->dir, attr->name);

	/* where the directory comes with the vGPU, the write will tell */
	if (r > 0 && (backend->is_placed || vg_exists(AT_FDCWD, plan->dir)) && !vg_exists(AT_FDCWD, path))
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = operation,
											.path = path,
											.value = attr->value,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "show lists the attributes that a vGPU has"},
					   "the driver does not give this attribute");
	if (r > 0 && backend->restores_attrs)
		can_undo = vg_read_text(AT_FDCWD, path, old, sizeof(old)) > 0;
	if (r > 0)
		r = vg_steps_add(&plan->steps, path, attr->value, can_undo ? &undo : NULL);
	return r < 0 ? vg_fail_errno(ctx, operation, attr->name, -r) : 0;
}

int vg_attrs_plan(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const char *const *attrs,
				  struct vg_plan *plan)
{
	struct attr attr;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && attrs && attrs[i]; i++)
		if (parse(attrs[i], &attr))
			r = add_step(ctx, backend, &attr, plan);
	return r;
}

int vg_attrs_failed(struct vgpu_context *ctx, const struct vg_plan *plan, int step_number, int err)
{
	struct vg_failure failure = {.operation = operation, .err = err, .cause = VGPU_CAUSE_REFUSED};
	struct vg_step step;
	struct stat st;

	vg_steps_get(&plan->steps, step_number, &step);
	failure.path = step.write.path;
	failure.value = step.write.value;
	if (err == EACCES && vg_stat(AT_FDCWD, step.write.path, &st) == 0 && !(st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)))
		return vg_fail(ctx, &failure, "the driver lets nobody write it");
	switch (err) {
	case ENOENT:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "show lists the attributes that a vGPU has";
		return vg_fail(ctx, &failure, "the driver does not give this attribute");
	case ENXIO:
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		return vg_fail(ctx, &failure, "this vGPU does not have the attribute");
	case EACCES:
	case EMEDIUMTYPE:
		return vg_write_failed(ctx, &failure);
	default:
		failure.hint = "see the kernel's log: the driver may have said why";
		return vg_fail(ctx, &failure, "the driver refused this value, so the vGPU was taken back: %s",
					   strerrordesc_np(err));
	}
}

void vg_attrs_compare(struct vgpu_context *ctx, const char *const *attrs, const struct vgpu_device *device)
{
	const char *base = device->attr_path ? device->attr_path : device->path;
	char path[VG_PATH_SIZE], text[VG_ATTR_SIZE];
	struct attr attr;
	size_t i;

	for (i = 0; attrs && attrs[i]; i++)
		if (parse(attrs[i], &attr) && vg_strf(path, sizeof(path), "%s/%s", base, attr.name) > 0 &&
			vg_read_text(AT_FDCWD, path, text, sizeof(text)) >= 0 && strcmp(text, attr.value) != 0)
			vg_log(ctx, VGPU_LOG_WARNING, "%s: %s was asked for, the driver made it '%s'", path, attr.value, text);
}
