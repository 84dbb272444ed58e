/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The context: directories, options of other sizes, and an error record a thread. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <vgpu/vgpu.h>

#include "core/context.h"
#include "run_suite.h"

START_TEST(directories)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .root = "/tmp//", .sys = "/host/sys/"};
	struct vgpu_context *ctx;

	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), 0);
	ck_assert_str_eq(ctx->sys, "/host/sys");
	ck_assert_str_eq(ctx->dev, "/tmp/dev");
	ck_assert(!ctx->is_host);
	vgpu_context_unref(ctx);
	opts = (struct vgpu_context_opts){.size = sizeof(opts), .root = "/"};
	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), 0);
	ck_assert_str_eq(ctx->run, "/run");
	ck_assert(ctx->is_host);
	vgpu_context_unref(ctx);
	opts.root = "relative";
	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), -EINVAL);
	opts.root = "";
	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), -EINVAL);
}
END_TEST

START_TEST(option_sizes)
{
	struct {
		struct vgpu_context_opts opts;
		size_t later;
	} newer = {.opts = {.size = sizeof(newer)}};
	struct vgpu_context *ctx = NULL;

	ck_assert_int_eq(vgpu_context_new(&newer.opts, &ctx), 0);
	ctx = vgpu_context_unref(ctx);
	newer.later = 1;
	ck_assert_int_eq(vgpu_context_new(&newer.opts, &ctx), -E2BIG);
	newer.opts.size = sizeof(size_t);
	newer.opts.root = "an older caller has no root";
	ck_assert_int_eq(vgpu_context_new(&newer.opts, &ctx), 0);
	ctx = vgpu_context_unref(ctx);
	newer.opts.size = 0;
	ck_assert_int_eq(vgpu_context_new(&newer.opts, &ctx), -EINVAL);
	newer.opts.size = (size_t)-1;
	ck_assert_int_eq(vgpu_context_new(&newer.opts, &ctx), -EINVAL);
	ck_assert_ptr_null(ctx);
}
END_TEST

static void *fail_here(void *ctx)
{
	ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(ctx)), 0);
	vg_fail_errno(ctx, "test", "/there", ENODEV);
	return vgpu_error_ref(vgpu_context_get_error(ctx));
}

START_TEST(error_record)
{
	struct vg_failure failure = {.operation = "create", .path = "/x", .value = "v", .err = EEXIST, .hint = "h"};
	struct vgpu_context *ctx;
	struct vgpu_error *error;
	pthread_t thread;
	void *other;

	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	ck_assert_int_eq(vg_fail(ctx, &failure, "is %s\n\x1b", "there"), -EEXIST);
	ck_assert_int_eq(pthread_create(&thread, NULL, fail_here, ctx), 0);
	ck_assert_int_eq(pthread_join(thread, &other), 0);
	error = vgpu_error_ref(vgpu_context_get_error(ctx));
	/* a record outlives later failures, whose text may be the record's own, and the context */
	vg_fail(ctx, &(struct vg_failure){.err = EIO, .path = vgpu_error_get_path(error)}, NULL);
	ck_assert_str_eq(vgpu_error_get_path(vgpu_context_get_error(ctx)), "/x");
	vgpu_context_unref(ctx);
	ck_assert_str_eq(vgpu_error_get_operation(error), "create");
	ck_assert_str_eq(vgpu_error_get_value(error), "v");
	ck_assert_str_eq(vgpu_error_get_message(error), "is there\n?");
	ck_assert_str_eq(vgpu_error_get_hint(error), "h");
	ck_assert_int_eq(vgpu_error_get_errno(error), EEXIST);
	ck_assert_int_eq(vgpu_error_get_cause(error), VGPU_CAUSE_EXISTS);
	ck_assert_int_eq(vgpu_error_get_errno(other), ENODEV);
	vgpu_error_unref(error);
	vgpu_error_unref(other);
}
END_TEST

static void keep(void *data, int level, const char *message)
{
	snprintf(data, 64, "%d %s", level, message);
}

START_TEST(log_level)
{
	char text[64] = "";
	struct vgpu_context_opts opts = {.size = sizeof(opts), .log = keep, .log_data = text};
	struct vgpu_context *ctx;

	ck_assert_int_eq(setenv("VGPU_LOG_LEVEL", "6", 1), 0);
	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), 0);
	vg_log(ctx, VGPU_LOG_DEBUG, "no");
	ck_assert_str_eq(text, "");
	vg_log(ctx, VGPU_LOG_INFO, "yes\r");
	ck_assert_str_eq(text, "6 yes?");
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(names_of_causes)
{
	ck_assert_str_eq(vgpu_cause_get_name(VGPU_CAUSE_BAD_DATA), "bad-data");
	ck_assert_str_eq(vgpu_cause_get_name(VGPU_CAUSE_LOST), "lost");
	ck_assert_str_eq(vgpu_cause_get_name((enum vgpu_cause)9999), "other");
	ck_assert_str_eq(vgpu_version_get(), "0.1.0");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {directories, option_sizes, error_record, log_level, names_of_causes, NULL};

	return run_suite("context", tests);
}
