/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program from within: its options, its commands, and how a command reports. */
#ifndef CLI_VGPUCTL_H
#define CLI_VGPUCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpu/vgpu.h>

#include "exitcode.h"
#include "record.h"
#include "render.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_OPERANDS 3
#define MAX_ATTRS 16

enum option_id {
	OPT_NONE, /* ends a command's list */
	OPT_ROOT,
	OPT_SYS,
	OPT_DEV,
	OPT_PROC,
	OPT_RUN,
	OPT_ETC,
	OPT_VAR,
	OPT_RUNTIME_DIR,
	OPT_ANY_CLASS,
	OPT_JSON,
	OPT_HELP,
	OPT_VERSION,
	OPT_COLUMNS,
	OPT_NOHEADINGS,
	OPT_PARENT,
	OPT_TYPE,
	OPT_USERS,
	OPT_WAIT,
	OPT_OWNER,
	OPT_TIMEOUT,
	OPT_FORCE,
	OPT_ACCESS,
	OPT_NO_OPEN,
	OPT_LENGTH,
	OPT_WIDTH,
	OPT_MAP,
	OPT_RAW,
	OPT_DRY_RUN,
	OPT_PRE_COPY,
	OPT_SET,
	OPT_LINK,
	OPT_ATTR,
	OPT_PARAMS,
	OPT_NAME,
	OPT_VRAM,
	OPT_NO_MAP,
	OPT_LAYOUT,
	OPT_POLICY,
	OPT_NUMA,
	OPT_BELOW,
	OPT_MIX,
	OPT_ENABLE,
	OPT_DISABLE,
	OPT_COUNT
};

/* What the command line says: the text of each option that was given ("" for one without a value), else NULL. */
struct args {
	const char *options[OPT_COUNT];
	const char *operands[MAX_OPERANDS];
	int operand_count;
	const char *attrs[MAX_ATTRS + 1]; /* each value of OPT_ATTR; NULL at the end */
	int attr_count;
};

struct app;

struct command {
	const char *name;
	const char *operands; /* as the synopsis shows them */
	const char *summary;
	const char *details; /* lines of help behind the options; NULL: none */
	int min_operands;
	int max_operands;
	enum option_id options[12];     /* beside the global ones; ends with OPT_NONE */
	const char *keys[4];            /* of its document; ends with NULL */
	const struct table *table;      /* how the list under the first key is shown; NULL: it is not a table */
	bool is_json;                   /* always JSON */
	int (*run)(struct app *app);    /* fills the document; returns an exit code */
	void (*print)(struct app *app); /* shows the document without --json where table does not; NULL: nothing */
};

extern const struct command command_parents, command_types, command_list, command_create, command_destroy, command_show,
	command_read, command_write, command_screenshot, command_edid, command_vfs, command_capacity, command_migrate,
	command_reconcile, command_doctor, command_serve, command_start, command_shutdown, command_qemu_args;

struct app {
	const struct command *command; /* NULL until it is known */
	struct args args;
	bool is_json;
	struct vgpu_context *ctx;
	struct arena *arena;
	struct record *document;
	struct list *errors;
	int output_error;    /* errno of what could not be written to standard output */
	const char *columns; /* what a table shows; NULL: its default */
	/* what records borrow text from: released in the end */
	struct vgpu_parents *parents;
	struct vgpu_types *types;
	struct vgpu_devices *devices;
	struct vgpu_device *device;
	struct vgpu_mends *mends;
	struct vgpu_checks *checks;
	struct vgpu_rooms *rooms;
	struct vgpu_vfio *vfio;
	struct vgpu_display *display;
};

/* options.c: everything that returns an exit code has reported why it is not 0. */
int options_parse(struct app *app, int argc, char **argv);
int option_number(struct app *app, enum option_id id, uint64_t max, uint64_t fallback, uint64_t *out);
/* Seconds with decimals, as milliseconds; 0 if it was not given. */
int option_timeout(struct app *app, uint32_t *out);
/* The position of the option's value in words[]; 0 if it was not given. */
int option_choice(struct app *app, enum option_id id, const char *const *words, size_t count, uint32_t *out);
/* "0x10" or "16"; nothing else. */
bool parse_number(const char *text, uint64_t max, uint64_t *out);
void help_print(const struct command *command);

/* main.c */
const struct command *const *commands_get(size_t *count);

/* report.c: each error goes to stderr and into the document. */
void report(struct app *app, struct vgpu_error *error);
void report_all(struct app *app, const struct vgpu_errors *errors);
/* Reports the context's last error; returns its exit code. */
int report_last(struct app *app);
/* Reports a mistake on the command line; what is the word in question. Returns EXIT_CODE_USAGE. */
int report_usage(struct app *app, const char *what, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Reports a failure that no error record of the library tells. Returns its exit code. */
int report_failure(struct app *app, const char *path, int err, enum vgpu_cause cause, const char *message);

/* parent.c: a parent as a record */
void parent_fill(struct record *record, const struct vgpu_parent *parent);

/* device.c: vGPUs as records */
void device_fill(struct record *record, const struct vgpu_device *device);
/* The same keys of a device that is no vGPU: it has a name, the rest is null. */
void device_fill_name(struct record *record, const char *name);
extern const struct table device_table;

#endif
