/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl types: the kinds of vGPU that the parents offer. */
#include "vgpuctl.h"

static const struct column columns[] = {
	{"parent", "PARENT", COLUMN_DEFAULT},
	{"id", "ID", COLUMN_DEFAULT},
	{"name", "NAME", COLUMN_DEFAULT},
	{"description", "DESCRIPTION", COLUMN_CUT},
	{"device_api", "API", COLUMN_DEFAULT},
	{"available_instances", "AVAILABLE", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"creatable", "CREATABLE", 0},
	{"max_instances", "MAX", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"framebuffer_mib", "MIB", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"heads", "HEADS", COLUMN_RIGHT},
	{"max_resolution", "RESOLUTION", COLUMN_RIGHT},
	{"frame_rate_limit", "FPS", COLUMN_RIGHT},
};

static const struct table table = {columns, COUNT(columns)};

static void fill(struct record *record, const struct vgpu_type *type)
{
	record_set_text(record, "parent", vgpu_type_get_parent_name(type));
	record_set_text(record, "id", vgpu_type_get_id(type));
	record_set_text(record, "name", vgpu_type_get_name(type));
	record_set_text(record, "description", vgpu_type_get_description(type));
	record_set_text(record, "device_api", vgpu_type_get_device_api(type));
	record_set_known(record, "available_instances", vgpu_type_get_available_instances(type));
	if (vgpu_type_get_creatable(type) < 0)
		record_set_null(record, "creatable");
	else
		record_set_bool(record, "creatable", vgpu_type_get_creatable(type));
	record_set_known(record, "max_instances", vgpu_type_get_max_instances(type));
	record_set_known(record, "framebuffer_mib", vgpu_type_get_framebuffer_mib(type));
	record_set_known(record, "heads", vgpu_type_get_heads(type));
	record_set_text(record, "max_resolution", vgpu_type_get_max_resolution(type));
	record_set_known(record, "frame_rate_limit", vgpu_type_get_frame_rate_limit(type));
}

static int run(struct app *app)
{
	struct vgpu_type_list_opts opts = {.size = sizeof(opts), .parent = app->args.options[OPT_PARENT]};
	struct list *list;
	size_t i;

	if (vgpu_type_list(app->ctx, &opts, &app->types))
		return report_last(app);
	list = record_set_list(app->document, "types");
	for (i = 0; i < vgpu_types_get_count(app->types); i++)
		fill(list_add_record(list), vgpu_types_get(app->types, i));
	report_all(app, vgpu_types_get_errors(app->types));
	return 0;
}

const struct command command_types = {
	.name = "types",
	.operands = "",
	.summary = "list the types of vGPU that the parents offer",
	.options = {OPT_PARENT, OPT_COLUMNS, OPT_NOHEADINGS},
	.keys = {"types"},
	.table = &table,
	.run = run,
};
