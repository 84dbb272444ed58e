/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors: each one to standard error, and into the document. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "vgpuctl.h"

struct failure {
	const char *operation;
	const char *path;
	const char *value;
	int err;
	enum vgpu_cause cause;
	const char *message;
	const char *hint;
};

/* What the user typed, fit for a terminal and for JSON. */
static const char *printable(struct app *app, const char *text)
{
	char *copy = arena_printf(app->arena, "%s", *text ? text : "''"), *p;

	for (p = copy; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return copy;
}

static void report_failed(struct app *app, const struct failure *failure)
{
	struct record *record = list_add_record(app->errors);

	record_set_text(record, "operation", failure->operation);
	record_set_text(record, "path", failure->path);
	record_set_text(record, "value", failure->value);
	record_set_number(record, "errno", (uint64_t)failure->err);
	record_set_text(record, "cause", vgpu_cause_get_name(failure->cause));
	record_set_text(record, "message", failure->message);
	record_set_text(record, "hint", failure->hint);
	fprintf(stderr, "vgpuctl: %s%s%s: %s%s%s\n", failure->operation, failure->path ? ": " : "", failure->path ?: "",
			failure->message, failure->hint ? "; " : "", failure->hint ?: "");
}

static const char *copy_known(struct app *app, const char *text)
{
	return *text ? arena_printf(app->arena, "%s", text) : NULL;
}

void report(struct app *app, struct vgpu_error *error)
{
	struct failure failure = {
		.operation = copy_known(app, vgpu_error_get_operation(error)) ?: app->command->name,
		.path = copy_known(app, vgpu_error_get_path(error)),
		.value = copy_known(app, vgpu_error_get_value(error)),
		.err = vgpu_error_get_errno(error),
		.cause = vgpu_error_get_cause(error),
		.message = copy_known(app, vgpu_error_get_message(error)) ?: "failed",
		.hint = copy_known(app, vgpu_error_get_hint(error)),
	};

	report_failed(app, &failure);
}

void report_all(struct app *app, const struct vgpu_errors *errors)
{
	size_t i;

	for (i = 0; i < vgpu_errors_get_count(errors); i++)
		report(app, vgpu_errors_get(errors, i));
}

int report_last(struct app *app)
{
	struct vgpu_error *error = vgpu_context_get_error(app->ctx);

	report(app, error);
	return exit_code_of_cause(vgpu_error_get_cause(error));
}

int report_usage(struct app *app, const char *what, const char *fmt, ...)
{
	const char *name = app->command ? app->command->name : NULL;
	char message[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	report_failed(app, &(struct failure){
						   .operation = name ?: "usage",
						   .path = printable(app, what),
						   .err = EINVAL,
						   .cause = VGPU_CAUSE_INVALID,
						   .message = printable(app, message),
						   .hint = name ? arena_printf(app->arena, "see vgpuctl %s -h", name) : "see vgpuctl -h",
					   });
	return EXIT_CODE_USAGE;
}

int report_failure(struct app *app, const char *path, int err, enum vgpu_cause cause, const char *message)
{
	report_failed(app, &(struct failure){
						   .operation = app->command->name,
						   .path = path,
						   .err = err,
						   .cause = cause,
						   .message = message,
					   });
	return exit_code_of_cause(cause);
}
