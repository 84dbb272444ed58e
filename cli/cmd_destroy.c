/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl destroy: destroys a vGPU. */
#include "vgpuctl.h"

static int run(struct app *app)
{
	struct vgpu_device_destroy_opts opts = {
		.size = sizeof(opts),
		.flags = app->args.options[OPT_FORCE] ? VGPU_DESTROY_FORCE : 0,
	};
	const char *device = app->args.operands[0];
	int code = option_timeout(app, &opts.timeout_ms);

	if (code)
		return code;
	if (vgpu_device_destroy(app->ctx, device, &opts))
		return report_last(app);
	record_set_text(app->document, "destroyed", device);
	return 0;
}

const struct command command_destroy = {
	.name = "destroy",
	.operands = "DEVICE",
	.summary = "destroy a vGPU",
	.details = "A vGPU in use is left alone, unless forced: then it goes when its last user lets go.\n",
	.min_operands = 1,
	.max_operands = 1,
	.options = {OPT_TIMEOUT, OPT_FORCE},
	.keys = {"destroyed"},
	.run = run,
};
