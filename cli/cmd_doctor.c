/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl doctor: what of this host works for vGPUs. */
#include "vgpuctl.h"

static const struct column columns[] = {
	{"name", "NAME", COLUMN_DEFAULT},
	{"ok", "OK", COLUMN_DEFAULT},
	{"detail", "DETAIL", COLUMN_DEFAULT | COLUMN_WRAP},
	{"hint", "HINT", COLUMN_DEFAULT | COLUMN_WRAP},
};

static const struct table table = {columns, COUNT(columns)};

static int run(struct app *app)
{
	struct list *list;
	size_t i;

	if (vgpu_check_list(app->ctx, &app->checks))
		return report_last(app);
	list = record_set_list(app->document, "checks");
	for (i = 0; i < vgpu_checks_get_count(app->checks); i++) {
		const struct vgpu_check *check = vgpu_checks_get(app->checks, i);
		struct record *record = list_add_record(list);
		const char *hint = vgpu_check_get_hint(check);

		record_set_text(record, "name", vgpu_check_get_name(check));
		record_set_bool(record, "ok", vgpu_check_get_ok(check));
		record_set_text(record, "detail", vgpu_check_get_detail(check));
		record_set_text(record, "hint", *hint ? hint : NULL);
	}
	return 0;
}

const struct command command_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "check what of this host works for vGPUs, and what to do about the rest",
	.options = {OPT_COLUMNS, OPT_NOHEADINGS},
	.keys = {"checks"},
	.table = &table,
	.run = run,
};
