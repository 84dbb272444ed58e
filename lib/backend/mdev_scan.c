/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mdev: parents and their types. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "backend/mdev.h"
#include "util/path.h"

/* The parent's directory: the class holds links to it. */
static int parent_path(struct vgpu_context *ctx, int dir, const char *name, char *buf)
{
	char base[VG_PATH_SIZE], target[VG_PATH_SIZE];
	int r = vg_read_link(dir, name, target, sizeof(target));

	vg_strf(base, sizeof(base), "%s/" MDEV_PARENTS, ctx->sys);
	if (r == -EINVAL) { /* no link: the directory itself */
		r = vg_strf(buf, VG_PATH_SIZE, "%s/%s", base, name);
		return r < 0 ? r : 0;
	}
	return r ? r : vg_path_resolve(base, target, buf, VG_PATH_SIZE);
}

int vg_mdev_scan_parents(struct vgpu_context *ctx, const char *text, struct vgpu_parents *out)
{
	struct vg_entries entries;
	char path[VG_PATH_SIZE];
	size_t i;
	int dir, r;

	vg_strf(path, sizeof(path), "%s/" MDEV_PARENTS, ctx->sys);
	dir = vg_open_dir(AT_FDCWD, path);
	if (dir == -ENOENT)
		return 0; /* module mdev is not loaded */
	r = dir < 0 ? dir : vg_entries_read_fd(dir, &entries);
	if (r) {
		vg_close(dir);
		return vg_fail_errno(ctx, "list parents", path, -r);
	}
	for (i = 0; r == 0 && i < entries.count; i++) {
		const char *name = entries.items[i].name;
		struct vgpu_parent *parent;

		if (text && !vg_parent_is(name, text))
			continue;
		r = parent_path(ctx, dir, name, path);
		if (r == -ENOENT) { /* unregistered meanwhile */
			r = 0;
			continue;
		}
		if (r) {
			vg_fail_errno(ctx, "list parents", name, -r);
			r = vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
			continue;
		}
		parent = vg_parent_new(vg_mdev_name, name, path);
		r = parent ? vg_vec_add(&out->vec, parent) : -ENOMEM;
		if (r)
			vgpu_parent_unref(parent);
	}
	vg_entries_free(&entries);
	vg_close(dir);
	return r ? vg_fail_memory(ctx, "list parents") : 0;
}

/* Adds an error of one attribute of a type; the type itself stays in the list. */
static int note(struct vgpu_context *ctx, struct vgpu_types *list, const char *dir, const char *attr, int r)
{
	char path[VG_PATH_SIZE];

	vg_strf(path, sizeof(path), "%s/%s", dir, attr);
	vg_fail(ctx,
			&(struct vg_failure){.operation = "list types",
								 .path = path,
								 .err = -r,
								 .cause = r == -EINVAL || r == -ENOENT ? VGPU_CAUSE_BAD_DATA : VGPU_CAUSE_NONE},
			r == -EINVAL   ? "holds no number from 0 to 4294967295"
			: r == -ENOENT ? "the driver does not give this attribute"
						   : NULL);
	return vg_errors_add(&list->errors, vgpu_context_get_error(ctx));
}

/* The text of an attribute that a type may lack; *out stays NULL then. */
static int read_text(struct vgpu_context *ctx, struct vgpu_types *list, int dir, const char *path, const char *attr,
					 bool optional, char **out)
{
	char text[VG_ATTR_SIZE + 1];
	ssize_t n = vg_read_text(dir, attr, text, sizeof(text));

	if (n == -ENOENT && optional)
		return 0;
	if (n < 0)
		return n == -ENODEV ? 0 : note(ctx, list, path, attr, (int)n);
	vg_make_printable(text);
	return vg_dup(text, out);
}

static int read_type(struct vgpu_context *ctx, struct vgpu_types *list, int dir, const char *path,
					 struct vgpu_type *type)
{
	char *description = NULL;
	uint64_t available;
	int r;

	r = read_text(ctx, list, dir, path, "name", true, &type->name);
	if (r == 0)
		r = read_text(ctx, list, dir, path, "device_api", false, &type->device_api);
	if (r == 0)
		r = read_text(ctx, list, dir, path, "description", true, &description);
	if (r == 0 && description)
		r = vg_type_set_description(type, description);
	free(description);
	if (r)
		return r;
	r = vg_read_u64(dir, "available_instances", 10, UINT32_MAX, &available);
	if (r == 0)
		type->available_instances = (int64_t)available;
	else if (r != -ENODEV)
		return note(ctx, list, path, "available_instances", r);
	return 0;
}

static int add_type(struct vgpu_context *ctx, const struct vgpu_parent *parent, int types_dir, const char *id,
					struct vgpu_types *out)
{
	char path[VG_PATH_SIZE];
	struct vgpu_type *type;
	int dir = vg_open_dir(types_dir, id);
	int r;

	if (dir == -ENOENT || dir == -ENOTDIR)
		return 0; /* gone meanwhile, or no type */
	vg_strf(path, sizeof(path), "%s/" MDEV_TYPES "/%s", parent->path, id);
	if (dir < 0) {
		vg_fail_errno(ctx, "list types", path, -dir);
		return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
	}
	type = vg_type_new(parent->name, id);
	r = type ? read_type(ctx, out, dir, path, type) : -ENOMEM;
	vg_close(dir);
	if (r == 0)
		r = vg_vec_add(&out->vec, type);
	if (r)
		vgpu_type_unref(type);
	return r;
}

int vg_mdev_scan_types(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out)
{
	struct vg_entries entries;
	char path[VG_PATH_SIZE];
	size_t i;
	int dir, r;

	vg_strf(path, sizeof(path), "%s/" MDEV_TYPES, parent->path);
	dir = vg_open_dir(AT_FDCWD, path);
	r = dir < 0 ? dir : vg_entries_read_fd(dir, &entries);
	if (r) {
		vg_close(dir);
		vg_fail(ctx,
				&(struct vg_failure){.operation = "list types",
									 .path = path,
									 .err = -r,
									 .cause = r == -ENOENT ? VGPU_CAUSE_BAD_DATA : VGPU_CAUSE_NONE,
									 .hint = r == -ENOENT ? "see the kernel's log for its driver" : NULL},
				r == -ENOENT ? "the parent is registered, but offers no directory of types" : NULL);
		return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
	}
	for (i = 0; r == 0 && i < entries.count; i++)
		r = add_type(ctx, parent, dir, entries.items[i].name, out);
	vg_entries_free(&entries);
	vg_close(dir);
	return r;
}

int vg_mdev_count(struct vgpu_context *ctx, struct vgpu_parent *parent)
{
	struct vg_entries entries;
	char path[VG_PATH_SIZE], uuid[VG_UUID_SIZE];
	size_t i;
	int r = vg_entries_read(AT_FDCWD, parent->path, &entries);

	if (r)
		return vg_fail_errno(ctx, "list parents", parent->path, -r);
	parent->devices = 0;
	for (i = 0; i < entries.count; i++)
		parent->devices += vg_uuid_parse(entries.items[i].name, uuid) == 0;
	vg_entries_free(&entries);
	vg_strf(path, sizeof(path), "%s/" MDEV_TYPES, parent->path);
	r = vg_entries_read(AT_FDCWD, path, &entries);
	if (r)
		return vg_fail_errno(ctx, "list parents", path, -r);
	parent->types = (int)entries.count;
	vg_entries_free(&entries);
	return 0;
}
