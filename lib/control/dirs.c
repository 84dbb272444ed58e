/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The runtime directories, in which providers have their sockets. */
#include "control/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "control/protocol.h"
#include "sys/files.h"
#include "sys/rundir.h"
#include "sys/unixsock.h"
#include "util/path.h"

static const char operation[] = "look for providers";

typedef int (*each_fn)(struct vgpu_context *ctx, const struct vg_control_at *at, void *data);

struct search {
	const char *dir;
	const char *name; /* of the provider, or NULL */
	bool is_named;    /* the caller has named the directory: whoever owns it is trusted */
	bool is_own;
	each_fn fn;
	void *data;
	struct vgpu_errors *errors;
};

static int note(struct vgpu_context *ctx, const struct search *search, int err)
{
	vg_fail_errno(ctx, operation, search->dir, err);
	return vg_errors_add(search->errors, vgpu_context_get_error(ctx));
}

static int note_foreign(struct vgpu_context *ctx, const struct search *search, const struct stat *st)
{
	const struct vg_failure failure = {.operation = operation,
									   .path = search->dir,
									   .err = EPERM,
									   .cause = VGPU_CAUSE_PERMISSION,
									   .hint = "it has to be yours or root's, and writable by its owner only"};

	vg_fail(ctx, &failure, "it belongs to user %u, with mode %04o, and is not looked into", (unsigned)st->st_uid,
			(unsigned)(st->st_mode & 07777));
	return vg_errors_add(search->errors, vgpu_context_get_error(ctx));
}

/* Is this the control socket of a provider, of the wanted one? */
static bool is_wanted(const char *file, const char *name)
{
	size_t length = strlen(file), suffix = strlen(VG_CONTROL_SUFFIX);

	if (length <= suffix || strcmp(file + length - suffix, VG_CONTROL_SUFFIX) != 0)
		return false;
	return !name || (strlen(name) == length - suffix && strncmp(file, name, length - suffix) == 0);
}

static int each_entry(struct vgpu_context *ctx, const struct search *search, int dir, uid_t owner)
{
	struct vg_entries entries;
	char path[VG_PATH_SIZE];
	size_t i;
	int r = vg_entries_read_fd(dir, &entries);

	if (r)
		return r == -ENOMEM ? r : note(ctx, search, -r);
	vg_entries_sort(&entries);
	for (i = 0; r == 0 && i < entries.count; i++)
		if (is_wanted(entries.items[i].name, search->name) &&
			vg_strf(path, sizeof(path), "%s/%s", search->dir, entries.items[i].name) > 0)
			r = search->fn(ctx, &(struct vg_control_at){path, search->is_named ? owner : 0}, search->data);
	vg_entries_free(&entries);
	return r;
}

static int each_in(struct vgpu_context *ctx, const struct search *search)
{
	const int dir = vg_open_dir(AT_FDCWD, search->dir);
	struct stat st;
	int r;

	/* root's is closed to those whom it admits nothing of */
	if (dir == -ENOENT || dir == -ENOTDIR || (dir == -EACCES && !search->is_own && !search->is_named))
		return 0;
	if (dir < 0)
		return note(ctx, search, -dir);
	r = vg_stat(dir, ".", &st);
	if (r)
		r = note(ctx, search, -r);
	else if ((st.st_uid != vg_own_uid() && st.st_uid != 0 && !search->is_named) || (st.st_mode & 022))
		r = note_foreign(ctx, search, &st);
	else
		r = each_entry(ctx, search, dir, st.st_uid);
	vg_close(dir);
	return r;
}

int vg_control_each_in(struct vgpu_context *ctx, const char *dir, each_fn fn, void *data, struct vgpu_errors *errors)
{
	return each_in(ctx, &(struct search){.dir = dir, .is_named = true, .fn = fn, .data = data, .errors = errors});
}

int vg_control_each(struct vgpu_context *ctx, const char *name, each_fn fn, void *data, struct vgpu_errors *errors)
{
	struct search search = {.dir = ctx->runtime,
							.name = name,
							.is_named = ctx->has_runtime,
							.is_own = true,
							.fn = fn,
							.data = data,
							.errors = errors};
	char roots[VG_PATH_SIZE];
	int r = each_in(ctx, &search);

	vg_strf(roots, sizeof(roots), "%s/vgpu/soft", ctx->run);
	if (r || ctx->has_runtime || strcmp(roots, ctx->runtime) == 0)
		return r;
	search.dir = roots;
	search.is_own = false;
	return each_in(ctx, &search);
}

int vgpu_context_make_runtime_dir(struct vgpu_context *ctx, const char *owner)
{
	static const char making[] = "make the runtime directory";
	char above[VG_PATH_SIZE];
	int r = 0;

	if (!ctx)
		return -EINVAL;
	vg_strcopy(above, sizeof(above), ctx->runtime);
	vg_path_parent(above);
	if (!ctx->has_runtime && strcmp(vg_basename(ctx->runtime), "soft") == 0) /* root's own: that of the records */
		r = vg_rundir_make(above);
	if (r)
		return vg_fail_errno(ctx, making, above, -r);
	r = vg_socketdir_make(ctx->runtime, owner);
	if (r == -EPERM)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = making,
											.path = ctx->runtime,
											.err = EPERM,
											.cause = VGPU_CAUSE_PERMISSION,
											.hint = "name another directory"},
					   "it is not yours, or others can write to it");
	return r ? vg_fail_errno(ctx, making, ctx->runtime, -r) : 0;
}
