/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl start and shutdown: all vGPUs of a virtual machine. */
#include "vgpuctl.h"

static int run_start(struct app *app)
{
	struct vgpu_vm_opts opts = {.size = sizeof(opts)};
	int code = option_timeout(app, &opts.timeout_ms);

	if (code)
		return code;
	if (vgpu_vm_start(app->ctx, app->args.operands[0], &opts))
		return report_last(app);
	record_set_text(app->document, "started", app->args.operands[0]);
	return 0;
}

static int run_shutdown(struct app *app)
{
	struct vgpu_vm_opts opts = {.size = sizeof(opts)};
	struct vgpu_errors *errors = NULL;
	int code = option_timeout(app, &opts.timeout_ms);

	if (code)
		return code;
	if (vgpu_vm_shutdown(app->ctx, app->args.operands[0], &opts, &errors) == 0) {
		record_set_text(app->document, "shut_down", app->args.operands[0]);
		return 0;
	}
	if (!errors)
		return report_last(app);
	report_all(app, errors);
	code = exit_code_of_cause(vgpu_error_get_cause(vgpu_errors_get(errors, 0)));
	vgpu_errors_unref(errors);
	return code;
}

const struct command command_start = {
	.name = "start",
	.operands = "UUID",
	.summary = "tell all vGPUs of a virtual machine that it starts",
	.details = "All of them start, or none. Those of the kernel need nothing.\n",
	.min_operands = 1,
	.max_operands = 1,
	.options = {OPT_TIMEOUT},
	.keys = {"started"},
	.run = run_start,
};

const struct command command_shutdown = {
	.name = "shutdown",
	.operands = "UUID",
	.summary = "tell all vGPUs of a virtual machine that it has ended",
	.details = "One that fails does not keep the others from it.\n",
	.min_operands = 1,
	.max_operands = 1,
	.options = {OPT_TIMEOUT},
	.keys = {"shut_down"},
	.run = run_shutdown,
};
