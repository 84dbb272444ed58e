/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl parents: the GPUs on which vGPUs can be created. */
#include "vgpuctl.h"

static const struct column columns[] = {
	{"name", "NAME", COLUMN_DEFAULT},
	{"backend", "BACKEND", COLUMN_DEFAULT},
	{"driver", "DRIVER", COLUMN_DEFAULT},
	{"pci_address", "PCI_ADDRESS", 0},
	{"vendor", "VENDOR", 0},
	{"vendor_name", "VENDOR_NAME", COLUMN_CUT},
	{"device", "DEVICE", 0},
	{"device_name", "DEVICE_NAME", COLUMN_DEFAULT | COLUMN_CUT},
	{"class", "CLASS", 0},
	{"class_name", "CLASS_NAME", COLUMN_CUT},
	{"numa_node", "NUMA", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"iommu_group", "GROUP", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"vf_count", "VFS", COLUMN_RIGHT},
	{"vf_total", "VFS_TOTAL", COLUMN_RIGHT},
	{"types", "TYPES", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"vgpus", "VGPUS", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"sysfs_path", "SYSFS_PATH", 0},
};

static const struct table table = {columns, COUNT(columns)};

/* Names come from a database that costs some milliseconds. */
static bool wants_names(const struct app *app)
{
	return app->is_json || table_shows(&table, app->columns, "vendor_name") ||
		   table_shows(&table, app->columns, "device_name") || table_shows(&table, app->columns, "class_name");
}

static int run(struct app *app)
{
	struct vgpu_parent_list_opts opts = {
		.size = sizeof(opts),
		.flags = wants_names(app) ? VGPU_PARENT_NAMES : 0,
		.parent = app->args.options[OPT_PARENT],
	};
	struct list *list;
	size_t i;

	if (vgpu_parent_list(app->ctx, &opts, &app->parents))
		return report_last(app);
	list = record_set_list(app->document, "parents");
	for (i = 0; i < vgpu_parents_get_count(app->parents); i++)
		parent_fill(list_add_record(list), vgpu_parents_get(app->parents, i));
	report_all(app, vgpu_parents_get_errors(app->parents));
	return 0;
}

const struct command command_parents = {
	.name = "parents",
	.operands = "",
	.summary = "list the parent GPUs, on which vGPUs can be created",
	.options = {OPT_PARENT, OPT_COLUMNS, OPT_NOHEADINGS},
	.keys = {"parents"},
	.table = &table,
	.run = run,
};
