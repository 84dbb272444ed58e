/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl vfs: the virtual functions of a parent. */
#include <string.h>

#include "vgpuctl.h"

/* What --enable and --disable ask for; *asked: one of them was given. */
static int read_count(struct app *app, uint32_t *out, bool *asked)
{
	const char *text = app->args.options[OPT_ENABLE];
	uint64_t count;

	*asked = text || app->args.options[OPT_DISABLE];
	*out = 0;
	if (text && app->args.options[OPT_DISABLE])
		return report_usage(app, "--disable", "--enable and --disable exclude each other");
	if (!text)
		return 0;
	if (!strcmp(text, "max")) {
		*out = VGPU_VFS_MAX;
		return 0;
	}
	if (!parse_number(text, UINT16_MAX, &count) || !count)
		return report_usage(app, text, "--enable wants a number from 1 to %d, or max", UINT16_MAX);
	*out = (uint32_t)count;
	return 0;
}

static int run(struct app *app)
{
	struct vgpu_parent_set_vfs_opts set = {.size = sizeof(set)};
	struct vgpu_parent_list_opts opts = {.size = sizeof(opts), .parent = app->args.operands[0]};
	struct list *list;
	bool asked;
	int code = read_count(app, &set.count, &asked);

	if (!code)
		code = option_timeout(app, &set.timeout_ms);
	if (code)
		return code;
	if (asked && vgpu_parent_set_vfs(app->ctx, app->args.operands[0], &set))
		return report_last(app);
	if (vgpu_parent_list(app->ctx, &opts, &app->parents))
		return report_last(app);
	list = record_set_list(app->document, "parents");
	parent_fill(list_add_record(list), vgpu_parents_get(app->parents, 0));
	report_all(app, vgpu_parents_get_errors(app->parents));
	return 0;
}

static void print(struct app *app)
{
	const struct vgpu_parent *parent = vgpu_parents_get(app->parents, 0);

	if (parent && vgpu_parent_get_vf_total(parent) >= 0)
		printf("%s: %d of %d virtual functions enabled\n", vgpu_parent_get_name(parent),
			   vgpu_parent_get_vf_count(parent), vgpu_parent_get_vf_total(parent));
	else if (parent)
		printf("%s: no virtual functions\n", vgpu_parent_get_name(parent));
}

const struct command command_vfs = {
	.name = "vfs",
	.operands = "PARENT",
	.summary = "show, enable or disable the virtual functions of a parent",
	.details = "Their number changes only through 0, and never while the parent has vGPUs.\n",
	.min_operands = 1,
	.max_operands = 1,
	.options = {OPT_ENABLE, OPT_DISABLE, OPT_TIMEOUT},
	.keys = {"parents"},
	.run = run,
	.print = print,
};
