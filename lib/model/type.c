/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types: listing and getters. */
#include "model/type.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "model/backend_ops.h"
#include "model/why.h"

static void type_free(struct vgpu_type *type)
{
	free(type->parent_name);
	free(type->id);
	free(type->name);
	free(type->text);
	free(type->device_api);
	free(type);
}

VG_DEFINE_REF(type, type_free)

struct vgpu_type *vg_type_new(const char *parent_name, const char *id)
{
	struct vgpu_type *type = calloc(1, sizeof(*type));

	if (!type)
		return NULL;
	vg_ref_init(&type->ref);
	vg_description_parse("", &type->description);
	type->available_instances = type->creatable = -1;
	type->parent_name = strdup(parent_name);
	type->id = strdup(id);
	if (!type->parent_name || !type->id)
		return vgpu_type_unref(type);
	return type;
}

int vg_type_set_description(struct vgpu_type *type, const char *text)
{
	vg_description_parse(text, &type->description);
	if (type->description.width >= 0)
		vg_strf(type->max_resolution, sizeof(type->max_resolution), "%lldx%lld", (long long)type->description.width,
				(long long)type->description.height);
	return vg_dup(text, &type->text);
}

static void unref_type(void *type)
{
	vgpu_type_unref(type);
}

void vg_types_clear(struct vgpu_types *types)
{
	vg_vec_clear(&types->vec, unref_type);
	vg_errors_clear(&types->errors);
}

static int cmp_types(const void *a, const void *b)
{
	const struct vgpu_type *x = a, *y = b;
	int cmp = vg_natural_cmp(x->parent_name, y->parent_name);

	return cmp ? cmp : vg_natural_cmp(x->id, y->id);
}

static bool any_creatable(const struct vgpu_types *list, size_t first)
{
	size_t i;

	for (i = first; i < list->vec.count; i++)
		if (vgpu_type_get_creatable(list->vec.items[i]) != 0)
			return true;
	return false;
}

/* The types of one parent, and why none of them can be created where that is so and known. */
static int scan_parent(struct vgpu_context *ctx, struct vgpu_types *list, const struct vgpu_parent *parent)
{
	const struct vg_backend_ops *backend = vg_backend_find(parent->backend);
	const size_t first = list->vec.count;
	int r = backend->scan_types(ctx, parent, list);

	if (r || !backend->explain || any_creatable(list, first))
		return r;
	backend->explain(ctx, parent);
	return vg_errors_add(&list->errors, vgpu_context_get_error(ctx));
}

static int scan(struct vgpu_context *ctx, struct vgpu_types *list, const struct vgpu_parents *parents)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < parents->vec.count; i++)
		r = scan_parent(ctx, list, parents->vec.items[i]);
	for (i = 0; r == 0 && i < parents->errors.vec.count; i++)
		r = vg_errors_add(&list->errors, parents->errors.vec.items[i]);
	if (r == 0 && !list->vec.count && !list->errors.vec.count)
		r = vg_why_no_types(ctx, parents, &list->errors);
	vg_vec_sort(&list->vec, cmp_types);
	return r;
}

int vgpu_type_list(struct vgpu_context *ctx, const struct vgpu_type_list_opts *opts, struct vgpu_types **out)
{
	static const char operation[] = "list types";
	struct vgpu_parents parents = {0};
	struct vgpu_type_list_opts known;
	struct vgpu_types *list;
	int r;

	if (!ctx || !out)
		return -EINVAL;
	r = vg_opts_take(ctx, operation, &known, sizeof(known), opts);
	if (r)
		return r;
	if (known.flags)
		return vg_fail_invalid(ctx, operation, "flags", "unknown flag");
	list = calloc(1, sizeof(*list));
	if (!list)
		return vg_fail_memory(ctx, operation);
	r = vg_parents_scan(ctx, operation, known.parent, &parents);
	if (r == 0 && scan(ctx, list, &parents))
		r = vg_fail_memory(ctx, operation);
	vg_parents_clear(&parents);
	if (r) {
		vgpu_types_unref(list);
		return r;
	}
	*out = list;
	return 0;
}

VG_DEFINE_LIST(types, type, unref_type)
VG_DEFINE_LIST_ERRORS(types)

const char *vgpu_type_get_parent_name(const struct vgpu_type *type)
{
	return type->parent_name;
}

const char *vgpu_type_get_id(const struct vgpu_type *type)
{
	return type->id;
}

const char *vgpu_type_get_name(const struct vgpu_type *type)
{
	return type->name;
}

const char *vgpu_type_get_description(const struct vgpu_type *type)
{
	return type->text;
}

const char *vgpu_type_get_device_api(const struct vgpu_type *type)
{
	return type->device_api;
}

int64_t vgpu_type_get_available_instances(const struct vgpu_type *type)
{
	return type->available_instances;
}

int vgpu_type_get_creatable(const struct vgpu_type *type)
{
	if (type->creatable >= 0 || type->available_instances < 0)
		return type->creatable;
	return type->available_instances > 0;
}

int64_t vgpu_type_get_max_instances(const struct vgpu_type *type)
{
	return type->description.max_instances;
}

int64_t vgpu_type_get_framebuffer_mib(const struct vgpu_type *type)
{
	return type->description.framebuffer_mib;
}

int64_t vgpu_type_get_heads(const struct vgpu_type *type)
{
	return type->description.heads;
}

const char *vgpu_type_get_max_resolution(const struct vgpu_type *type)
{
	return type->max_resolution[0] ? type->max_resolution : NULL;
}

int64_t vgpu_type_get_frame_rate_limit(const struct vgpu_type *type)
{
	return type->description.frame_rate_limit;
}
