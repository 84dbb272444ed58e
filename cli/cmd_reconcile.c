/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl reconcile: mends records that disagree with the kernel. */
#include "vgpuctl.h"

static const struct column columns[] = {
	{"record", "RECORD", 0},
	{"uuid", "UUID", COLUMN_DEFAULT},
	{"instance", "INSTANCE", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"action", "ACTION", COLUMN_DEFAULT},
	{"reason", "REASON", COLUMN_DEFAULT | COLUMN_WRAP},
};

static const struct table table = {columns, COUNT(columns)};

static int run(struct app *app)
{
	struct vgpu_record_reconcile_opts opts = {
		.size = sizeof(opts),
		.flags = app->args.options[OPT_DRY_RUN] ? VGPU_RECONCILE_DRY_RUN : 0,
	};
	const struct vgpu_errors *errors;
	struct list *list;
	size_t i;
	int code = option_timeout(app, &opts.timeout_ms);

	if (code)
		return code;
	if (vgpu_record_reconcile(app->ctx, &opts, &app->mends))
		return report_last(app);
	list = record_set_list(app->document, "mends");
	for (i = 0; i < vgpu_mends_get_count(app->mends); i++) {
		const struct vgpu_mend *mend = vgpu_mends_get(app->mends, i);
		struct record *record = list_add_record(list);

		record_set_text(record, "record", vgpu_mend_get_record(mend));
		record_set_text(record, "uuid", vgpu_mend_get_uuid(mend));
		record_set_known(record, "instance", vgpu_mend_get_instance(mend));
		record_set_text(record, "action", vgpu_mend_get_action(mend));
		record_set_text(record, "reason", vgpu_mend_get_reason(mend));
	}
	errors = vgpu_mends_get_errors(app->mends);
	report_all(app, errors);
	if (!vgpu_errors_get_count(errors))
		return 0;
	return exit_code_of_cause(vgpu_error_get_cause(vgpu_errors_get(errors, 0)));
}

const struct command command_reconcile = {
	.name = "reconcile",
	.operands = "",
	.summary = "mend the records that disagree with the kernel",
	.options = {OPT_DRY_RUN, OPT_TIMEOUT, OPT_COLUMNS, OPT_NOHEADINGS},
	.keys = {"mends"},
	.table = &table,
	.run = run,
};
