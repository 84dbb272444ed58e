/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that uses the installed libvgpu; its argument is an empty directory that stands for "/". */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpu/vgpu.h>

int main(int argc, char **argv)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .root = argc > 1 ? argv[1] : "/"};
	struct vgpu_context *ctx;
	char version[32];

	snprintf(version, sizeof(version), "%d.%d.%d", VGPU_VERSION_MAJOR, VGPU_VERSION_MINOR, VGPU_VERSION_PATCH);
	if (strcmp(version, vgpu_version_get()) != 0 || vgpu_context_new(&opts, &ctx))
		return 1;
	if (vgpu_error_get_errno(vgpu_context_get_error(ctx)) != 0)
		return 1;
	vgpu_context_unref(ctx);
	puts(vgpu_version_get());
	return 0;
}
