/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl migrate: saves the state of a device to a file, or restores it from one. */
#include <signal.h>
#include <string.h>

#include "access.h"
#include "migrate.h"

static volatile sig_atomic_t interrupted; /* the signal's number */

static void on_signal(int number)
{
	interrupted = number;
}

bool migrate_is_interrupted(void)
{
	return interrupted;
}

void migrate_catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal}, before;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		sigaction(numbers[i], NULL, &before);
		if (before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static enum vgpu_cause cause_of(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
	case EROFS:
		return VGPU_CAUSE_PERMISSION;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return VGPU_CAUSE_LIMIT;
	default:
		return VGPU_CAUSE_OTHER;
	}
}

int migrate_fail_file(struct migration *m, int err)
{
	return report_failure(m->app, m->file, err, cause_of(err), strerror(err));
}

int migrate_fail_content(struct migration *m, const char *what)
{
	return report_failure(m->app, m->file, EBADMSG, VGPU_CAUSE_BAD_DATA, what);
}

static bool is_no_vgpu(const struct app *app)
{
	return vgpu_error_get_cause(vgpu_context_get_error(app->ctx)) == VGPU_CAUSE_NO_DEVICE;
}

/* A device that is no vGPU has no type: its PCI ids have to do. */
int migrate_identify(struct migration *m)
{
	struct app *app = m->app;
	const char *type = NULL, *api = NULL;

	if (vgpu_device_find(app->ctx, m->device, 0, &app->device) && !is_no_vgpu(app))
		return report_last(app);
	if (app->device) {
		type = vgpu_device_get_type(app->device);
		api = vgpu_device_get_device_api(app->device);
	}
	if (!state_text(m->identity.type, sizeof(m->identity.type), type ?: "") ||
		!state_text(m->identity.api, sizeof(m->identity.api), api ?: ""))
		return report_failure(app, m->device, EINVAL, VGPU_CAUSE_BAD_DATA, "its type has a name that makes no sense");
	return 0;
}

static int read_pci_ids(struct migration *m)
{
	static const uint32_t offsets[] = {0x00, 0x02, 0x2c, 0x2e};
	uint32_t value;
	size_t i;

	for (i = 0; i < COUNT(offsets) && vgpu_vfio_get_flags(m->app->vfio) & VGPU_VFIO_FLAG_PCI; i++) {
		if (vgpu_config_read(m->app->vfio, offsets[i], 2, &value))
			return report_last(m->app);
		m->identity.pci_ids[i] = (uint16_t)value;
	}
	return 0;
}

int migrate_open(struct migration *m)
{
	int code = access_open_device(m->app, m->device);

	if (!code)
		code = read_pci_ids(m);
	if (!code && !state_text(m->identity.name, sizeof(m->identity.name), vgpu_vfio_get_name(m->app->vfio)))
		memset(m->identity.name, 0, sizeof(m->identity.name));
	return code;
}

static void fill(struct migration *m)
{
	struct record *record = record_set_record(m->app->document, "migrate");
	char *hex = arena_alloc(m->app->arena, STATEFILE_HEX_SIZE);

	state_hex(m->tail, hex);
	record_set_text(record, "action", m->action);
	record_set_text(record, "device", arena_printf(m->app->arena, "%s", m->identity.name));
	record_set_text(record, "type", m->identity.type[0] ? arena_printf(m->app->arena, "%s", m->identity.type) : NULL);
	record_set_text(record, "file", m->file);
	record_set_number(record, "length", m->sum.length);
	record_set_text(record, "sha256", hex);
}

static int run(struct app *app)
{
	struct migration m = {
		.app = app, .action = app->args.operands[0], .device = app->args.operands[1], .file = app->args.operands[2]};
	bool is_save = !strcmp(m.action, "save");
	int code = option_timeout(app, &m.timeout_ms);

	if (code)
		return code;
	if (!is_save && strcmp(m.action, "restore") != 0)
		return report_usage(app, m.action, "this is neither save nor restore");
	if (!is_save && app->args.options[OPT_PRE_COPY])
		return report_usage(app, "--pre-copy", "makes sense with save only");
	if (is_save && app->is_json && !strcmp(m.file, "-"))
		return report_usage(app, "--json", "excludes a state on standard output");
	code = is_save ? migrate_save(&m) : migrate_restore(&m);
	progress_end(&m.progress);
	if (code && interrupted) { /* end as the signal would have ended us */
		signal(interrupted, SIG_DFL);
		raise(interrupted);
	}
	if (!code)
		fill(&m);
	return code;
}

const struct command command_migrate = {
	.name = "migrate",
	.operands = "save|restore DEVICE FILE",
	.summary = "save the state of a device to a file, or restore it from one",
	.details = "FILE - is standard output or input.\n",
	.min_operands = 3,
	.max_operands = 3,
	.options = {OPT_PRE_COPY, OPT_TIMEOUT, OPT_ACCESS},
	.keys = {"migrate"},
	.run = run,
};
