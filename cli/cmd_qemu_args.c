/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl qemu-args: the arguments by which QEMU is given a vGPU. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "vgpuctl.h"

/* In an option's value QEMU wants each comma twice. */
static const char *escape(struct app *app, const char *text)
{
	char *copy = arena_alloc(app->arena, 2 * strlen(text) + 1), *at = copy;

	for (; *text; text++) {
		if (*text == ',')
			*at++ = ',';
		*at++ = *text;
	}
	*at = '\0';
	return copy;
}

static const char *user_device(struct app *app, const char *path)
{
	struct json_object *text = json_object_new_string(path);
	const char *quoted = text ? json_object_to_json_string_ext(text, JSON_C_TO_STRING_NOSLASHESCAPE) : "\"\"";
	const char *value =
		arena_printf(app->arena, "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":%s}}", quoted);

	json_object_put(text);
	return value;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return path[0] == '/' && !stat(path, &st) && S_ISSOCK(st.st_mode);
}

/* What is before the path says which of QEMU's devices it is: vfio-pci, vfio-ccw, vfio-ap. */
static const char *kernel_device(struct app *app, const struct vgpu_device *device)
{
	const char *api = vgpu_device_get_device_api(device) ?: "vfio-pci";

	if (vgpu_device_get_physfn(device))
		return arena_printf(app->arena, "%s,host=%s", api, vgpu_device_get_name(device));
	return arena_printf(app->arena, "%s,sysfsdev=%s", api, escape(app, vgpu_device_get_sysfs_path(device)));
}

static int run(struct app *app)
{
	const char *text = app->args.operands[0], *value;
	struct list *list;

	if (is_socket(text)) { /* whoever serves it */
		value = user_device(app, text);
	} else if (vgpu_device_find(app->ctx, text, 0, &app->device)) {
		return report_last(app);
	} else if (vgpu_device_get_socket(app->device)) {
		value = user_device(app, vgpu_device_get_socket(app->device));
	} else if (vgpu_device_get_sysfs_path(app->device)) {
		value = kernel_device(app, app->device);
	} else {
		return report_failure(app, text, ENODEV, VGPU_CAUSE_GONE, "it is being removed");
	}
	list = record_set_list(app->document, "arguments");
	list_add_text(list, "-device");
	list_add_text(list, value);
	return 0;
}

static void print(struct app *app)
{
	const struct value *value = record_get(app->document, "arguments");
	size_t i;

	for (i = 0; value && i < value->list->count; i++)
		puts(value->list->items[i].text);
}

const struct command command_qemu_args = {
	.name = "qemu-args",
	.operands = "DEVICE",
	.summary = "print the arguments that give a vGPU to QEMU",
	.details = "One argument a line.\n",
	.min_operands = 1,
	.max_operands = 1,
	.keys = {"arguments"},
	.run = run,
	.print = print,
};
