/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl capacity: what can still be created, and what a mix of types would leave. */
#include "vgpuctl.h"

static const struct column columns[] = {
	{"parent", "PARENT", COLUMN_DEFAULT},
	{"type", "TYPE", COLUMN_DEFAULT},
	{"name", "NAME", COLUMN_DEFAULT},
	{"available_instances", "AVAILABLE", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"creatable", "CREATABLE", COLUMN_DEFAULT},
	{"fits", "FITS", 0},
	{"left", "LEFT", COLUMN_RIGHT},
};

static const struct table table = {columns, COUNT(columns)};

static void set_known(struct record *record, const char *key, int value)
{
	if (value < 0)
		record_set_null(record, key);
	else
		record_set_bool(record, key, value);
}

static void fill(struct record *record, const struct vgpu_room *room)
{
	record_set_text(record, "parent", vgpu_room_get_parent_name(room));
	record_set_text(record, "type", vgpu_room_get_type(room));
	record_set_text(record, "name", vgpu_room_get_name(room));
	record_set_known(record, "available_instances", vgpu_room_get_available(room));
	set_known(record, "creatable", vgpu_room_get_creatable(room));
	set_known(record, "fits", vgpu_room_get_fits(room));
	record_set_known(record, "left", vgpu_room_get_left(room));
}

static int run(struct app *app)
{
	struct vgpu_room_list_opts opts = {
		.size = sizeof(opts), .parent = app->args.options[OPT_PARENT], .mix = app->args.options[OPT_MIX]};
	struct list *list;
	size_t i;

	if (opts.mix && !app->columns)
		app->columns = "parent,type,name,available_instances,fits,left";
	if (vgpu_room_list(app->ctx, &opts, &app->rooms))
		return report_last(app);
	list = record_set_list(app->document, "capacity");
	for (i = 0; i < vgpu_rooms_get_count(app->rooms); i++)
		fill(list_add_record(list), vgpu_rooms_get(app->rooms, i));
	report_all(app, vgpu_rooms_get_errors(app->rooms));
	return 0;
}

const struct command command_capacity = {
	.name = "capacity",
	.operands = "",
	.summary = "list what can still be created, and what a mix of types would leave",
	.options = {OPT_PARENT, OPT_MIX, OPT_COLUMNS, OPT_NOHEADINGS},
	.keys = {"capacity"},
	.table = &table,
	.run = run,
};
