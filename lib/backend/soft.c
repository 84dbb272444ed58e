/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software GPUs: parents and types, as the processes of their providers describe them. */
#include "backend/soft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char vg_soft_name[] = "soft";

struct scan {
	const char *text;
	struct vgpu_parents *out;
};

int vg_soft_fail_bad(struct vgpu_context *ctx, const char *operation, const char *path)
{
	return vg_fail(
		ctx, &(struct vg_failure){.operation = operation, .path = path, .err = EPROTO, .cause = VGPU_CAUSE_BAD_DATA},
		"what the provider answers makes no sense");
}

static int dup_member(struct json_object *from, const char *name, char **out)
{
	return vg_dup(vg_json_text(from, name, VG_SOFT_TEXT_MAX), out);
}

/* What "parent" in a reply says, beside the name that its socket has. */
static int fill_parent(const struct vg_control_at *at, struct json_object *entry, struct vgpu_parent *parent)
{
	parent->control_uid = at->owner;
	parent->vendor = (int)vg_json_number(entry, "vendor", 1, 0xffff, -1);
	parent->device = (int)vg_json_number(entry, "device", 0, 0xffff, -1);
	parent->types = (int)vg_json_number(entry, "types", 0, INT32_MAX, -1);
	parent->devices = (int)vg_json_number(entry, "vgpus", 0, INT32_MAX, -1);
	if (vg_dup(at->path, &parent->control) || dup_member(entry, "vendor_name", &parent->vendor_name) ||
		dup_member(entry, "device_name", &parent->device_name))
		return -ENOMEM;
	return 0;
}

static int add_parent(const struct vg_control_at *at, struct json_object *entry, const char *name,
					  struct vgpu_parents *out)
{
	struct vgpu_parent *parent = vg_parent_new(vg_soft_name, name, NULL);
	int r = parent ? fill_parent(at, entry, parent) : -ENOMEM;

	if (r == 0)
		r = vg_vec_add(&out->vec, parent);
	if (r)
		vgpu_parent_unref(parent);
	return r;
}

/* A provider; what is wrong with it becomes an error of the list, but one whose process has gone is none. */
static int scan_parent(struct vgpu_context *ctx, const struct vg_control_at *at, void *data)
{
	static const char operation[] = "list parents";
	struct scan *scan = data;
	struct json_object *reply, *entry;
	const char *name;
	int r =
		vg_control_call(ctx, operation, at, vg_control_request("parent"), vg_now_ms() + VG_SOFT_READ_MS, &reply, NULL);

	if (r == 0) {
		entry = vg_json_object(reply, "parent");
		name = vg_json_text(entry, "name", VG_SOFT_TEXT_MAX);
		if (!name || !name[0])
			r = vg_soft_fail_bad(ctx, operation, at->path);
		else if (!scan->text || strcmp(name, scan->text) == 0)
			r = add_parent(at, entry, name, scan->out);
		json_object_put(reply);
	}
	if (r == -ENOTCONN)
		return 0;
	return r && r != -ENOMEM ? vg_errors_add(&scan->out->errors, vgpu_context_get_error(ctx)) : r;
}

static int scan_parents(struct vgpu_context *ctx, const char *text, struct vgpu_parents *out)
{
	struct scan scan = {text, out};
	int r = vg_control_each(ctx, text, scan_parent, &scan, &out->errors);

	return r ? vg_fail_memory(ctx, "list parents") : 0;
}

static int fill_type(struct json_object *entry, struct vgpu_type *type)
{
	const char *resolution = vg_json_text(entry, "max_resolution", sizeof(type->max_resolution) - 1);

	type->available_instances = vg_json_number(entry, "available_instances", 0, INT64_MAX, -1);
	type->description.max_instances = vg_json_number(entry, "max_instances", 0, INT64_MAX, -1);
	type->description.framebuffer_mib = vg_json_number(entry, "framebuffer_mib", 0, INT64_MAX, -1);
	type->description.heads = vg_json_number(entry, "heads", 0, INT64_MAX, -1);
	if (resolution)
		vg_strcopy(type->max_resolution, sizeof(type->max_resolution), resolution);
	if (dup_member(entry, "name", &type->name) || dup_member(entry, "device_api", &type->device_api) ||
		vg_dup(vg_json_text(entry, "description", 4096), &type->text))
		return -ENOMEM;
	return 0;
}

/* More of one provider are not believed; none has as many. */
#define TYPES_MAX 4096

static int add_type(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct json_object *entry,
					struct vgpu_types *out)
{
	const char *id = vg_json_text(entry, "id", VG_SOFT_TEXT_MAX);
	struct vgpu_type *type;
	int r;

	if (!id || !id[0]) {
		vg_soft_fail_bad(ctx, "list types", parent->control);
		return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
	}
	type = vg_type_new(parent->name, id);
	r = type ? fill_type(entry, type) : -ENOMEM;
	if (r == 0)
		r = vg_vec_add(&out->vec, type);
	if (r)
		vgpu_type_unref(type);
	return r;
}

/* One page of types, from number *first on, which becomes the first of the next; 0: there is none. */
static int scan_page(struct vgpu_context *ctx, const struct vgpu_parent *parent, int64_t *first, int64_t deadline,
					 struct vgpu_types *out)
{
	struct json_object *reply, *types, *request = vg_control_request("types");
	const struct vg_control_at at = {parent->control, parent->control_uid};
	size_t i;
	int r;

	if (request && vg_json_add_number(request, "first", *first)) {
		json_object_put(request);
		request = NULL;
	}
	r = vg_control_call(ctx, "list types", &at, request, deadline, &reply, NULL);
	if (r)
		return r;
	types = vg_json_array(reply, "types");
	for (i = 0; r == 0 && types && i < json_object_array_length(types); i++)
		r = add_type(ctx, parent, json_object_array_get_idx(types, i), out);
	*first = vg_json_number(reply, "next", *first + 1, UINT16_MAX, 0);
	json_object_put(reply);
	return r;
}

static int scan_types(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out)
{
	const int64_t deadline = vg_now_ms() + VG_SOFT_READ_MS;
	const size_t before = out->vec.count + out->errors.vec.count;
	int64_t first = 0;
	int r;

	do {
		r = scan_page(ctx, parent, &first, deadline, out);
		if (r == 0 && out->vec.count + out->errors.vec.count - before > TYPES_MAX)
			r = vg_soft_fail_bad(ctx, "list types", parent->control);
	} while (r == 0 && first);
	if (r == -ENOMEM)
		return vg_fail_memory(ctx, "list types");
	return r ? vg_errors_add(&out->errors, vgpu_context_get_error(ctx)) : 0;
}

/* It was counted when it was found. */
static int count(struct vgpu_context *ctx, struct vgpu_parent *parent)
{
	(void)ctx, (void)parent;
	return 0;
}

static void name_of(const struct vg_pair *pair, char out[VG_NAME_SIZE])
{
	vg_pair_format(pair, out);
}

/* No record tells of it. */
static uint64_t inode_of(struct vgpu_context *ctx, const char *name)
{
	(void)ctx, (void)name;
	return 0;
}

const struct vg_backend_ops vg_backend_soft = {
	.name = vg_soft_name,
	.scan_parents = scan_parents,
	.scan_types = scan_types,
	.count = count,
	.scan_devices = vg_soft_scan_devices,
	.read_device = vg_soft_read_device,
	.name_of = name_of,
	.inode_of = inode_of,
	.remote = &vg_soft_remote,
};
