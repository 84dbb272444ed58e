/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl create: creates a vGPU. */
#include "vgpuctl.h"

static const char *const waits[] = {[VGPU_WAIT_NONE] = "none", [VGPU_WAIT_SYSFS] = "sysfs", [VGPU_WAIT_NODE] = "node"};

static int read_options(struct app *app, struct vgpu_device_create_opts *opts)
{
	int code;

	if (!opts->parent || !opts->type)
		return report_usage(app, opts->parent ? "--type" : "--parent", "missing");
	code = option_choice(app, OPT_WAIT, waits, COUNT(waits), &opts->wait);
	return code ?: option_timeout(app, &opts->timeout_ms);
}

static int run(struct app *app)
{
	struct vgpu_device_create_opts opts = {
		.size = sizeof(opts),
		.parent = app->args.options[OPT_PARENT],
		.type = app->args.options[OPT_TYPE],
		.device = app->args.operands[0],
		.owner = app->args.options[OPT_OWNER],
		.attrs = app->args.attr_count ? app->args.attrs : NULL,
	};
	struct list *list = record_set_list(app->document, "vgpus");
	int code = read_options(app, &opts);

	if (code)
		return code;
	if (vgpu_device_create(app->ctx, &opts, &app->device))
		return report_last(app);
	device_fill(list_add_record(list), app->device);
	return 0;
}

static void print(struct app *app)
{
	if (app->device)
		printf("%s:%d\n", vgpu_device_get_uuid(app->device), vgpu_device_get_instance(app->device));
}

const struct command command_create = {
	.name = "create",
	.operands = "-p PARENT -t TYPE [UUID[:INSTANCE]]",
	.summary = "create a vGPU, and print its UUID:INSTANCE",
	.details = "Without a UUID: a random one. INSTANCE is 0 to 65535, without it 0.\n",
	.max_operands = 1,
	.options = {OPT_PARENT, OPT_TYPE, OPT_ATTR, OPT_WAIT, OPT_OWNER, OPT_TIMEOUT},
	.keys = {"vgpus"},
	.run = run,
	.print = print,
};
