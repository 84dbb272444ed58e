/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl create: creates a vGPU. */
#include <limits.h>
#include <string.h>

#include "vgpuctl.h"

static const char *const waits[] = {[VGPU_WAIT_NONE] = "none", [VGPU_WAIT_SYSFS] = "sysfs", [VGPU_WAIT_NODE] = "node"};

static const char *const policies[] = {"spread", "pack"};

/* Where to: only of use where any parent may be taken. */
static int read_place(struct app *app, struct vgpu_device_create_opts *opts)
{
	static const enum option_id wishes[] = {OPT_POLICY, OPT_NUMA, OPT_BELOW};
	const char *numa = app->args.options[OPT_NUMA];
	uint32_t policy;
	uint64_t node;
	size_t i;
	int code = option_choice(app, OPT_POLICY, policies, COUNT(policies), &policy);

	if (code)
		return code;
	for (i = 0; strcmp(opts->parent, "auto") != 0 && i < COUNT(wishes); i++)
		if (app->args.options[wishes[i]])
			return report_usage(app, app->args.options[wishes[i]], "only with --parent auto there is a choice");
	opts->flags = policy ? VGPU_CREATE_PACK : 0;
	opts->below = app->args.options[OPT_BELOW];
	if (!numa)
		return 0;
	if (!parse_number(numa, INT_MAX, &node))
		return report_usage(app, numa, "--numa wants a number from 0 to %d", INT_MAX);
	opts->flags |= VGPU_CREATE_NUMA;
	opts->numa_node = (int)node;
	return 0;
}

static int read_options(struct app *app, struct vgpu_device_create_opts *opts)
{
	int code;

	if (!opts->parent || !opts->type)
		return report_usage(app, opts->parent ? "--type" : "--parent", "missing");
	code = read_place(app, opts);
	code = code ?: option_choice(app, OPT_WAIT, waits, COUNT(waits), &opts->wait);
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
		.params = app->args.options[OPT_PARAMS],
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
	.options = {OPT_PARENT, OPT_TYPE, OPT_POLICY, OPT_NUMA, OPT_BELOW, OPT_ATTR, OPT_PARAMS, OPT_WAIT, OPT_OWNER,
				OPT_TIMEOUT},
	.keys = {"vgpus"},
	.run = run,
	.print = print,
};
