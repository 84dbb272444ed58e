/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that uses the installed libvgpu; its argument is an empty directory that stands for "/". */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpu/vgpu.h>

/* A host without vGPUs: an empty list that says why, and an error record. */
static int use(struct vgpu_context *ctx)
{
	struct vgpu_device *device;
	struct vgpu_types *types;
	size_t count, errors;

	if (vgpu_type_list(ctx, NULL, &types))
		return 1;
	count = vgpu_types_get_count(types);
	errors = vgpu_errors_get_count(vgpu_types_get_errors(types));
	vgpu_types_unref(types);
	if (count != 0 || errors == 0)
		return 1;
	if (vgpu_device_find(ctx, "c0ffee00-0000-4000-8000-000000000001:1", 0, &device) != -ENODEV)
		return 1;
	return vgpu_error_get_cause(vgpu_context_get_error(ctx)) != VGPU_CAUSE_NO_DEVICE;
}

int main(int argc, char **argv)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .root = argc > 1 ? argv[1] : "/"};
	struct vgpu_context *ctx;
	char version[32];
	int r;

	snprintf(version, sizeof(version), "%d.%d.%d", VGPU_VERSION_MAJOR, VGPU_VERSION_MINOR, VGPU_VERSION_PATCH);
	if (strcmp(version, vgpu_version_get()) != 0 || vgpu_context_new(&opts, &ctx))
		return 1;
	r = use(ctx);
	vgpu_context_unref(ctx);
	return r;
}
