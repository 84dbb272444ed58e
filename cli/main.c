/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl: reads the command line, runs one command, and shows what it found. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vgpuctl.h"

static const struct command *const commands[] = {
	&command_parents, &command_types,    &command_list,     &command_create,     &command_destroy,
	&command_show,    &command_read,     &command_write,    &command_screenshot, &command_edid,
	&command_vfs,     &command_capacity, &command_migrate,  &command_reconcile,  &command_doctor,
	&command_serve,   &command_start,    &command_shutdown, &command_qemu_args,
};

const struct command *const *commands_get(size_t *count)
{
	*count = COUNT(commands);
	return commands;
}

static void log_to_stderr(void *data, int level, const char *message)
{
	(void)data;
	(void)level;
	fprintf(stderr, "vgpuctl: %s\n", message);
}

/* The library wants directories that do not depend on where we are. */
static const char *absolute(struct app *app, enum option_id id)
{
	const char *dir = app->args.options[id];
	char cwd[PATH_MAX];

	if (!dir || dir[0] == '/' || !dir[0] || !getcwd(cwd, sizeof(cwd)))
		return dir;
	return arena_printf(app->arena, "%s/%s", cwd, dir);
}

static int make_context(struct app *app)
{
	struct vgpu_context_opts opts = {
		.size = sizeof(opts),
		.root = absolute(app, OPT_ROOT),
		.sys = absolute(app, OPT_SYS),
		.dev = absolute(app, OPT_DEV),
		.proc = absolute(app, OPT_PROC),
		.run = absolute(app, OPT_RUN),
		.etc = absolute(app, OPT_ETC),
		.var = absolute(app, OPT_VAR),
		.runtime_dir = absolute(app, OPT_RUNTIME_DIR),
		.log = log_to_stderr,
		.any_class = app->args.options[OPT_ANY_CLASS] != NULL,
	};
	int r = vgpu_context_new(&opts, &app->ctx);

	if (r == -EINVAL || r == -ENAMETOOLONG)
		return report_usage(app, "DIR",
							r == -EINVAL ? "a directory has no name" : "the name of a directory is too long");
	if (r)
		return report_failure(app, "context", -r, VGPU_CAUSE_OTHER, strerror(-r));
	return 0;
}

static int check_columns(struct app *app)
{
	const struct table *table = app->command->table;
	const struct column *columns[MAX_COLUMNS];
	const char *bad;
	size_t length;

	app->columns = app->args.options[OPT_COLUMNS];
	if (!app->columns || table_choose(table, app->columns, columns, &bad, &length) >= 0)
		return 0;
	return report_usage(app, arena_printf(app->arena, "%.*s", (int)length, bad), "no such column");
}

static int run(struct app *app)
{
	int code = check_columns(app);

	if (!code)
		code = make_context(app);
	if (!code)
		code = app->command->run(app);
	return code;
}

/* What a failed command did not get to is unknown: null. */
static void show_json(struct app *app)
{
	const struct command *command = app->command;
	size_t i;

	for (i = 0; command && command->keys[i]; i++)
		if (!record_get(app->document, command->keys[i]))
			record_set_null(app->document, command->keys[i]);
	record_put_list(app->document, "errors", app->errors);
	app->output_error = render_json(app->document);
}

static void show_table(struct app *app)
{
	const struct value *value = record_get(app->document, app->command->keys[0]);

	if (value)
		app->output_error =
			render_table(app->command->table, value->list, app->columns, !app->args.options[OPT_NOHEADINGS]);
}

static void show(struct app *app)
{
	if (app->is_json)
		show_json(app);
	else if (app->command && app->command->table)
		show_table(app);
	else if (app->command && app->command->print)
		app->command->print(app);
}

/* Whoever closed the pipe has read enough; a full disk is an error. */
static int finish_output(const struct app *app, int code)
{
	int err = app->output_error;

	errno = 0;
	if ((fflush(stdout) || ferror(stdout)) && !err)
		err = errno ?: EIO;
	if (!err || err == EPIPE)
		return code;
	fprintf(stderr, "vgpuctl: write: standard output: %s\n", strerror(err));
	return code ?: EXIT_CODE_FAILED;
}

static void release(struct app *app)
{
	vgpu_display_close(app->display);
	vgpu_vfio_close(app->vfio);
	vgpu_parents_unref(app->parents);
	vgpu_types_unref(app->types);
	vgpu_devices_unref(app->devices);
	vgpu_device_unref(app->device);
	vgpu_mends_unref(app->mends);
	vgpu_checks_unref(app->checks);
	vgpu_rooms_unref(app->rooms);
	vgpu_context_unref(app->ctx);
	arena_free(app->arena);
}

int main(int argc, char **argv)
{
	struct app app = {.arena = arena_new()};
	int code;

	app.document = record_new(app.arena);
	app.errors = list_new(app.arena);
	record_set_number(app.document, "schema", 1);
	code = options_parse(&app, argc, argv);
	if (!code && app.args.options[OPT_HELP]) {
		help_print(app.command);
	} else if (!code && app.args.options[OPT_VERSION]) {
		printf("vgpuctl %d.%d.%d (libvgpu %s)\n", VGPU_VERSION_MAJOR, VGPU_VERSION_MINOR, VGPU_VERSION_PATCH,
			   vgpu_version_get());
	} else {
		if (!code)
			code = run(&app);
		show(&app);
	}
	code = finish_output(&app, code);
	release(&app);
	return code;
}
