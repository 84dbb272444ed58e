/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capacity: what of each type can still be created, and what a mix of types would leave. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/capacity.h>

#include "core/list.h"
#include "model/type.h"

#define MIX_MAX 32
#define COUNT_MAX 65535

static const char operation[] = "list capacity";

struct vgpu_room {
	struct vgpu_type *type;
	int fits;
	int64_t left;
};

struct vgpu_rooms {
	struct vg_vec vec;
	struct vgpu_errors errors;
};

struct share {
	const char *type;
	int64_t count;
};

struct mix {
	char *text; /* that shares borrow from */
	struct share shares[MIX_MAX];
	size_t count;
};

static void room_free(void *data)
{
	struct vgpu_room *room = data;

	vgpu_type_unref(room->type);
	free(room);
}

VG_DEFINE_LIST(rooms, room, room_free)
VG_DEFINE_LIST_ERRORS(rooms)

static int parse_mix(struct vgpu_context *ctx, const char *text, struct mix *out)
{
	char *rest, *item, *equals;
	uint64_t count;

	if (!text)
		return 0;
	out->text = strdup(text);
	if (!out->text)
		return vg_fail_memory(ctx, operation);
	rest = out->text;
	while ((item = strsep(&rest, ","))) {
		equals = strrchr(item, '=');
		if (equals)
			*equals = '\0';
		if (!equals || equals == item || out->count == MIX_MAX || vg_parse_u64(equals + 1, 10, COUNT_MAX, &count))
			return vg_fail_invalid(ctx, operation, text, "this is no TYPE=N,TYPE=N with at most %d types", MIX_MAX);
		out->shares[out->count++] = (struct share){item, (int64_t)count};
	}
	return 0;
}

static bool same_parent(const struct vgpu_type *a, const struct vgpu_type *b)
{
	return strcmp(a->parent_name, b->parent_name) == 0;
}

static const struct vgpu_type *find_type(const struct vgpu_types *types, const struct vgpu_type *beside, const char *id)
{
	size_t i;

	for (i = 0; i < types->vec.count; i++) {
		const struct vgpu_type *type = types->vec.items[i];

		if (same_parent(type, beside) && strcmp(type->id, id) == 0)
			return type;
	}
	return NULL;
}

/* The framebuffer that is free: the most that any type says could be filled with it. -1: unknown. */
static int64_t free_framebuffer(const struct vgpu_types *types, const struct vgpu_type *beside)
{
	int64_t most = -1;
	size_t i;

	for (i = 0; i < types->vec.count; i++) {
		const struct vgpu_type *type = types->vec.items[i];

		if (!same_parent(type, beside))
			continue;
		if (type->available_instances < 0 || type->description.framebuffer_mib <= 0)
			return -1; /* one that does not say may take of it too */
		if (type->available_instances * type->description.framebuffer_mib > most)
			most = type->available_instances * type->description.framebuffer_mib;
	}
	return most;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What the mix takes of the parent that offers this type. */
struct demand {
	int64_t own;         /* of the type itself */
	int types;           /* that it is made of */
	int64_t framebuffer; /* MiB; -1: unknown */
	bool is_impossible;  /* some type is not offered, or can't be had so often */
	bool is_unknown;     /* of some type it is not known how often it can be had */
};

static struct demand add_up(const struct vgpu_types *types, const struct vgpu_type *type, const struct mix *mix)
{
	struct demand demand = {0};
	size_t i;

	for (i = 0; i < mix->count; i++) {
		const struct share *share = &mix->shares[i];
		const struct vgpu_type *other = find_type(types, type, share->type);

		if (share->count == 0)
			continue;
		demand.types++;
		demand.own += other == type ? share->count : 0;
		if (!other || vgpu_type_get_creatable(other) == 0 ||
			(other->available_instances >= 0 && share->count > other->available_instances))
			demand.is_impossible = true;
		else if (other->available_instances < 0 && share->count > 1)
			demand.is_unknown = true;
		if (!other || other->description.framebuffer_mib <= 0)
			demand.framebuffer = -1;
		else if (demand.framebuffer >= 0)
			demand.framebuffer += share->count * other->description.framebuffer_mib;
	}
	return demand;
}

static void judge(const struct vgpu_types *types, const struct mix *mix, struct vgpu_room *room)
{
	const struct vgpu_type *type = room->type;
	const struct demand demand = add_up(types, type, mix);
	const int64_t room_mib = free_framebuffer(types, type), available = type->available_instances;

	room->left = available;
	room->fits = 1;
	if (demand.types == 0)
		return;
	if (demand.is_impossible || (room_mib >= 0 && demand.framebuffer > room_mib)) {
		room->fits = 0;
		room->left = -1;
	} else if (room_mib >= 0 && demand.framebuffer >= 0) {
		room->left = least(available - demand.own, (room_mib - demand.framebuffer) / type->description.framebuffer_mib);
	} else { /* of one type the driver tells how many fit; how several share a parent it does not */
		room->fits = demand.types == 1 && !demand.is_unknown ? 1 : -1;
		room->left = demand.types == 1 && demand.own && available >= 0 ? available - demand.own : -1;
	}
}

static int fill(struct vgpu_types *types, const struct mix *mix, struct vgpu_rooms *rooms)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < types->vec.count; i++) {
		struct vgpu_room *room = calloc(1, sizeof(*room));

		if (!room)
			return -ENOMEM;
		room->type = vgpu_type_ref(types->vec.items[i]);
		judge(types, mix, room);
		r = vg_vec_add(&rooms->vec, room);
		if (r)
			room_free(room);
	}
	for (i = 0; r == 0 && i < types->errors.vec.count; i++)
		r = vg_errors_add(&rooms->errors, types->errors.vec.items[i]);
	return r;
}

int vgpu_room_list(struct vgpu_context *ctx, const struct vgpu_room_list_opts *opts, struct vgpu_rooms **out)
{
	struct vgpu_type_list_opts type_opts = {.size = sizeof(type_opts)};
	struct vgpu_room_list_opts known;
	struct vgpu_rooms *rooms = NULL;
	struct vgpu_types *types = NULL;
	struct mix mix = {0};
	int r;

	if (!ctx || !out)
		return -EINVAL;
	r = vg_opts_take(ctx, operation, &known, sizeof(known), opts);
	if (r)
		return r;
	type_opts.parent = known.parent;
	r = parse_mix(ctx, known.mix, &mix);
	if (r == 0)
		r = vgpu_type_list(ctx, &type_opts, &types);
	if (r == 0) {
		rooms = calloc(1, sizeof(*rooms));
		if (!rooms || fill(types, &mix, rooms))
			r = vg_fail_memory(ctx, operation);
	}
	vgpu_types_unref(types);
	free(mix.text);
	if (r)
		vgpu_rooms_unref(rooms);
	else
		*out = rooms;
	return r;
}

const char *vgpu_room_get_parent_name(const struct vgpu_room *room)
{
	return room->type->parent_name;
}

const char *vgpu_room_get_type(const struct vgpu_room *room)
{
	return room->type->id;
}

const char *vgpu_room_get_name(const struct vgpu_room *room)
{
	return room->type->name;
}

int64_t vgpu_room_get_available(const struct vgpu_room *room)
{
	return room->type->available_instances;
}

int vgpu_room_get_creatable(const struct vgpu_room *room)
{
	return vgpu_type_get_creatable(room->type);
}

int vgpu_room_get_fits(const struct vgpu_room *room)
{
	return room->fits;
}

int64_t vgpu_room_get_left(const struct vgpu_room *room)
{
	return room->left;
}
