/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl serve: runs a provider of software GPUs in the foreground. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vgpuctl.h"

#define VRAM_MAX (1024 * 1024)

static const char *const layouts[] = {[VGPU_MESSAGE_LAYOUT_SPEC] = "spec", [VGPU_MESSAGE_LAYOUT_QEMU] = "qemu"};

/* Each vGPU takes some descriptors; the soft limit is what select(2) wants, which nothing here calls. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Tells the service manager, if there is one (sd_notify(3)). */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (length < 2 || length > sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

/* A descriptor that tells of signals to end, which otherwise do nothing. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int loop(struct app *app, struct vgpu_provider *provider, int signals)
{
	struct pollfd fds[] = {{.fd = vgpu_provider_get_fd(provider), .events = POLLIN}, {.fd = signals, .events = POLLIN}};

	while (!fds[1].revents) {
		if (poll(fds, COUNT(fds), -1) < 0 && errno != EINTR)
			return report_failure(app, "poll", errno, VGPU_CAUSE_OTHER, strerror(errno));
		if (fds[0].revents)
			vgpu_provider_process(provider);
	}
	return 0;
}

static int read_options(struct app *app, struct vgpu_provider_opts *opts, uint64_t *vram)
{
	int code = option_number(app, OPT_VRAM, VRAM_MAX, 0, vram);

	if (code)
		return code;
	if (strcmp(app->args.operands[0], "softgpu") != 0)
		return report_usage(app, app->args.operands[0], "there is no such provider: there is softgpu");
	if (app->args.options[OPT_NO_MAP])
		opts->flags |= VGPU_PROVIDER_NO_MAP;
	opts->name = app->args.options[OPT_NAME] ?: "softgpu";
	opts->owner = app->args.options[OPT_OWNER];
	return option_choice(app, OPT_LAYOUT, layouts, COUNT(layouts), &opts->message_layout);
}

static void fill(struct app *app, const struct vgpu_provider_opts *opts)
{
	struct record *record = record_set_record(app->document, "provider");

	record_set_text(record, "name", opts->name);
	record_set_text(record, "runtime_dir", opts->socket_dir);
}

static int serve(struct app *app, struct vgpu_provider *provider, const struct vgpu_provider_opts *opts)
{
	int code, signals = open_signals();

	if (signals < 0)
		return report_failure(app, "signalfd", errno, VGPU_CAUSE_OTHER, strerror(errno));
	if (vgpu_provider_open_control(provider)) {
		code = report_last(app);
	} else {
		fill(app, opts);
		if (!app->is_json) {
			printf("%s is ready in %s\n", opts->name, opts->socket_dir);
			fflush(stdout);
		}
		notify("READY=1");
		code = loop(app, provider, signals);
		notify("STOPPING=1");
	}
	close(signals);
	return code;
}

static int run(struct app *app)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .socket_dir = vgpu_context_get_runtime_dir(app->ctx)};
	struct vgpu_provider *provider;
	uint64_t vram;
	int code = read_options(app, &opts, &vram);

	if (code)
		return code;
	raise_limit();
	if (vgpu_context_make_runtime_dir(app->ctx, opts.owner) ||
		vgpu_softgpu_register(app->ctx, &opts, (uint32_t)vram, &provider))
		return report_last(app);
	code = serve(app, provider, &opts);
	vgpu_provider_unregister(provider);
	return code;
}

const struct command command_serve = {
	.name = "serve",
	.operands = "softgpu",
	.summary = "provide software GPUs, until it is ended",
	.details = "Runs in the foreground. SIGTERM destroys its vGPUs and ends it.\n",
	.min_operands = 1,
	.max_operands = 1,
	.options = {OPT_NAME, OPT_VRAM, OPT_NO_MAP, OPT_LAYOUT, OPT_OWNER},
	.keys = {"provider"},
	.run = run,
};
