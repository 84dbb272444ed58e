/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl list: the vGPUs of the host. */
#include "vgpuctl.h"

static int list_one(struct app *app, struct list *list, uint32_t flags)
{
	if (app->args.options[OPT_PARENT])
		return report_usage(app, app->args.operands[0], "--parent and a DEVICE exclude each other");
	if (vgpu_device_find(app->ctx, app->args.operands[0], flags, &app->device))
		return report_last(app);
	device_fill(list_add_record(list), app->device);
	return 0;
}

/* Whether the output shows what a brief listing leaves out. */
static bool needs_all(const struct app *app)
{
	return app->is_json || table_shows(&device_table, app->columns, "iommu_group") ||
		   table_shows(&device_table, app->columns, "group_node") ||
		   table_shows(&device_table, app->columns, "cdev_node");
}

static int list_all(struct app *app, uint32_t flags)
{
	struct vgpu_device_list_opts opts = {
		.size = sizeof(opts),
		.flags = flags | (needs_all(app) ? 0 : VGPU_DEVICE_BRIEF),
		.parent = app->args.options[OPT_PARENT],
	};
	struct list *list;
	size_t i;

	if (vgpu_device_list(app->ctx, &opts, &app->devices))
		return report_last(app);
	list = record_set_list(app->document, "vgpus");
	for (i = 0; i < vgpu_devices_get_count(app->devices); i++)
		device_fill(list_add_record(list), vgpu_devices_get(app->devices, i));
	report_all(app, vgpu_devices_get_errors(app->devices));
	return 0;
}

static int run(struct app *app)
{
	bool wants_users = app->args.options[OPT_USERS] || table_shows(&device_table, app->columns, "users") ||
					   table_shows(&device_table, app->columns, "users_complete");
	uint32_t flags = wants_users ? VGPU_DEVICE_USERS : 0;

	if (wants_users && !app->columns)
		app->columns = "uuid,instance,owner,parent,type,iommu_group,state,users";
	if (app->args.operand_count)
		return list_one(app, record_set_list(app->document, "vgpus"), flags);
	return list_all(app, flags);
}

const struct command command_list = {
	.name = "list",
	.operands = "[DEVICE]",
	.summary = "list the vGPUs, or one of them",
	.max_operands = 1,
	.options = {OPT_PARENT, OPT_USERS, OPT_COLUMNS, OPT_NOHEADINGS},
	.keys = {"vgpus"},
	.table = &device_table,
	.run = run,
};
