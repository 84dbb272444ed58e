/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context: its directories, and the error record of each thread. */
#define VG_FAIL_IS_HERE
#include "core/context.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpu/version.h>

#include "core/opts.h"

/*
 * Records are kept in the context, by thread, instead of in thread-local storage: nothing is left behind when the
 * library is unloaded, and a process may have more contexts than there are keys for thread-specific data.
 */
struct vg_thread_error {
	struct vg_thread_error *next;
	pthread_t thread;
	struct vgpu_error *error;
};

#define STRING(x) #x
#define VERSION(a, b, c) STRING(a) "." STRING(b) "." STRING(c)

const char *vgpu_version_get(void)
{
	return VERSION(VGPU_VERSION_MAJOR, VGPU_VERSION_MINOR, VGPU_VERSION_PATCH);
}

static void context_free(struct vgpu_context *ctx)
{
	struct vg_thread_error *slot, *next;
	size_t i;

	for (slot = ctx->errors; slot; slot = next) {
		next = slot->next;
		vgpu_error_unref(slot->error);
		free(slot);
	}
	for (i = 0; i < VG_COUNT(ctx->dirs); i++)
		free(ctx->dirs[i]);
	if (ctx->helper_fd >= 0)
		close(ctx->helper_fd); /* its helper process then ends */
	pthread_mutex_destroy(&ctx->lock);
	free(ctx);
}

VG_DEFINE_REF(context, context_free)

/* One of the first six: what is given, else root + its usual name, without slashes at the end. */
static int set_dir(char **out, const char *root, const char *given, const char *usual)
{
	char *dir;
	size_t n;

	if ((given && given[0] != '/') || (!given && root && root[0] != '/'))
		return -EINVAL;
	dir = given ? strdup(given) : vg_asprintf("%s%s", root ? root : "", usual);
	if (!dir)
		return -ENOMEM;
	n = strlen(dir);
	while (n > 1 && dir[n - 1] == '/')
		dir[--n] = '\0';
	*out = dir;
	return n > PATH_MAX / 2 ? -ENAMETOOLONG : 0;
}

/* Where sockets of providers are, once the others are set. */
static int set_runtime(struct vgpu_context *ctx, const char *given)
{
	const char *user = !ctx->is_host || geteuid() == 0 ? NULL : secure_getenv("XDG_RUNTIME_DIR");
	char usual[64];

	ctx->has_runtime = given;
	if (given)
		return set_dir(&ctx->dirs[6], NULL, given, "");
	if (!ctx->is_host || geteuid() == 0)
		return set_dir(&ctx->dirs[6], ctx->run, NULL, "/vgpu/soft");
	if (user && user[0] == '/')
		return set_dir(&ctx->dirs[6], user, NULL, "/vgpu");
	vg_strf(usual, sizeof(usual), "/tmp/vgpu-%u", (unsigned)geteuid());
	return set_dir(&ctx->dirs[6], NULL, NULL, usual);
}

static int set_dirs(struct vgpu_context *ctx, const struct vgpu_context_opts *opts)
{
	const char *const given[] = {opts->sys, opts->dev, opts->proc, opts->run, opts->etc, opts->var};
	static const char *const usual[] = {"/sys", "/dev", "/proc", "/run", "/etc", "/var"};
	char *root = NULL;
	size_t i, n;
	int r = vg_dup(opts->root, &root);

	n = root ? strlen(root) : 0;
	while (n > 0 && root[n - 1] == '/')
		root[--n] = '\0';
	if (root && n == 0 && opts->root[0] == '/') { /* "/" itself */
		free(root);
		root = NULL;
	}
	ctx->is_host = true;
	for (i = 0; r == 0 && i < VG_COUNT(given); i++) {
		r = set_dir(&ctx->dirs[i], root, given[i], usual[i]);
		if (r == 0 && strcmp(ctx->dirs[i], usual[i]) != 0)
			ctx->is_host = false;
	}
	free(root);
	ctx->sys = ctx->dirs[0];
	ctx->dev = ctx->dirs[1];
	ctx->proc = ctx->dirs[2];
	ctx->run = ctx->dirs[3];
	ctx->etc = ctx->dirs[4];
	ctx->var = ctx->dirs[5];
	if (r == 0)
		r = set_runtime(ctx, opts->runtime_dir);
	ctx->runtime = ctx->dirs[6];
	return r;
}

static int log_level(int wanted)
{
	const char *text = wanted ? NULL : secure_getenv("VGPU_LOG_LEVEL");
	uint64_t level;

	if (wanted)
		return wanted;
	if (text && vg_parse_u64(text, 10, VGPU_LOG_DEBUG, &level) == 0)
		return (int)level;
	return VGPU_LOG_WARNING;
}

int vgpu_context_new(const struct vgpu_context_opts *opts, struct vgpu_context **out)
{
	struct vgpu_context_opts known;
	struct vgpu_context *ctx;
	int r = vg_opts_copy(&known, sizeof(known), opts);

	if (!out)
		return -EINVAL;
	if (r)
		return r;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	vg_ref_init(&ctx->ref);
	ctx->helper_fd = -1;
	pthread_mutex_init(&ctx->lock, NULL);
	ctx->log = known.log;
	ctx->log_data = known.log_data;
	ctx->log_level = log_level(known.log_level);
	ctx->any_class = known.any_class != 0;
	r = set_dirs(ctx, &known);
	if (r) {
		context_free(ctx);
		return r;
	}
	*out = ctx;
	return 0;
}

const char *vgpu_context_get_runtime_dir(const struct vgpu_context *ctx)
{
	return ctx->runtime;
}

/* The calling thread's slot, made if asked for; NULL if there is none (or no memory). */
static struct vg_thread_error *thread_slot(struct vgpu_context *ctx, bool make)
{
	struct vg_thread_error *slot;

	pthread_mutex_lock(&ctx->lock);
	for (slot = ctx->errors; slot; slot = slot->next)
		if (pthread_equal(slot->thread, pthread_self()))
			break;
	if (!slot && make) {
		slot = calloc(1, sizeof(*slot));
		if (slot) {
			slot->thread = pthread_self();
			slot->error = vg_error_none();
			slot->next = ctx->errors;
			ctx->errors = slot;
		} else {
			ctx->lost_error = true;
		}
	}
	pthread_mutex_unlock(&ctx->lock);
	return slot;
}

struct vgpu_error *vgpu_context_get_error(struct vgpu_context *ctx)
{
	struct vg_thread_error *slot = thread_slot(ctx, false);

	if (slot)
		return slot->error;
	return ctx->lost_error ? vg_error_no_memory() : vg_error_none();
}

VG_PRINTF(3, 0)
static int fail(struct vgpu_context *ctx, const struct vg_failure *failure, const char *fmt, va_list args)
{
	struct vg_thread_error *slot = thread_slot(ctx, true);

	if (slot) {
		struct vgpu_error *old = slot->error;

		/* the new one first: its texts may come from the old one */
		slot->error = vg_error_new(failure, fmt, args);
		vgpu_error_unref(old);
	}
	return -failure->err;
}

void vg_context_set_error(struct vgpu_context *ctx, struct vgpu_error *error)
{
	struct vg_thread_error *slot = thread_slot(ctx, true);
	struct vgpu_error *old = error;

	if (slot) {
		old = slot->error;
		slot->error = error;
	}
	vgpu_error_unref(old);
}

int vg_fail(struct vgpu_context *ctx, const struct vg_failure *failure, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = fail(ctx, failure, fmt, args);
	va_end(args);
	return r;
}

int vg_fail_errno(struct vgpu_context *ctx, const char *operation, const char *path, int err)
{
	return vg_fail(ctx, &(struct vg_failure){.operation = operation, .path = path, .err = err}, NULL);
}

int vg_fail_invalid(struct vgpu_context *ctx, const char *operation, const char *value, const char *fmt, ...)
{
	struct vg_failure failure = {
		.operation = operation, .path = value, .value = value, .err = EINVAL, .cause = VGPU_CAUSE_INVALID};
	va_list args;
	int r;

	va_start(args, fmt);
	r = fail(ctx, &failure, fmt, args);
	va_end(args);
	return r;
}

int vg_fail_memory(struct vgpu_context *ctx, const char *operation)
{
	return vg_fail_errno(ctx, operation, NULL, ENOMEM);
}

int vg_opts_take(struct vgpu_context *ctx, const char *operation, void *known, size_t known_size, const void *opts)
{
	int r = vg_opts_copy(known, known_size, opts);

	if (r == -EINVAL)
		return vg_fail_invalid(ctx, operation, "size", "the options' size is not set");
	if (r == -E2BIG)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = operation,
											.path = "size",
											.err = E2BIG,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "install the libvgpu that the program was built for"},
					   "the options ask for something that libvgpu %s does not know", vgpu_version_get());
	return r;
}

void vg_log(struct vgpu_context *ctx, int level, const char *fmt, ...)
{
	char message[1024];
	va_list args;

	if (!ctx->log || level > ctx->log_level)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	vg_make_printable(message);
	ctx->log(ctx->log_data, level, message);
}
