/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What management clients ask of a provider, and are answered at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provider/control.h"
#include "provider/region.h"
#include "sys/memory.h"
#include "util/vec.h"

#define TYPES_MAX 4096u
#define ATTRS_MAX 1024u
/* Longer text of a provider is left out: an entry must fit into a page. */
#define TEXT_MAX 2048u

static int fail_memory(struct vg_control *control)
{
	return vg_fail_memory(control->provider->ctx, "answer");
}

static int fail_op(struct vg_control *control, int err)
{
	return vg_fail_errno(control->provider->ctx, "ask the provider", control->provider->name, err);
}

/* Entries of a reply, as many as it holds. */
struct page {
	struct json_object *array;
	size_t size;
};

/* Adds an entry, which is given up: 1; 0: the page is full; or -ENOMEM. */
static int add_entry(struct page *page, struct json_object *entry)
{
	size_t size;
	int r;

	if (!entry || !vg_json_print(entry, &size)) {
		json_object_put(entry);
		return -ENOMEM;
	}
	if (page->size + size > VG_CONTROL_PAGE) {
		json_object_put(entry);
		return 0;
	}
	page->size += size + 1;
	r = vg_json_append(page->array, entry);
	return r ? r : 1;
}

static int add_short(struct json_object *to, const char *name, const char *text)
{
	return text && strnlen(text, TEXT_MAX + 1) <= TEXT_MAX ? vg_json_add_text(to, name, text) : 0;
}

static uint32_t count_types(struct vgpu_provider *provider)
{
	struct vgpu_type_info info;
	uint32_t i;

	for (i = 0; i < TYPES_MAX && vg_provider_ask_type(provider, i, &info) == 0; i++)
		;
	return i;
}

static int answer_parent(struct vg_control *control, struct json_object *request, struct json_object *reply, int *fd)
{
	struct vgpu_provider *provider = control->provider;
	struct json_object *parent = json_object_new_object();
	size_t count;
	int r = vg_json_add(reply, "parent", parent);

	(void)request, (void)fd;
	pthread_mutex_lock(&provider->lock);
	count = provider->count;
	pthread_mutex_unlock(&provider->lock);
	if (r == 0)
		r = vg_json_add_text(parent, "name", provider->name);
	if (r == 0 && provider->opts.vendor) {
		r = vg_json_add_number(parent, "vendor", provider->opts.vendor);
		if (r == 0)
			r = vg_json_add_number(parent, "device", provider->opts.device);
	}
	if (r == 0)
		r = add_short(parent, "vendor_name", provider->vendor_name);
	if (r == 0)
		r = add_short(parent, "device_name", provider->device_name);
	if (r == 0)
		r = vg_json_add_number(parent, "types", count_types(provider));
	if (r == 0)
		r = vg_json_add_number(parent, "vgpus", (int64_t)count);
	return r ? fail_memory(control) : 0;
}

static struct json_object *describe_type(const struct vgpu_type_info *info)
{
	struct json_object *type = json_object_new_object();
	int r = type ? vg_json_add_text(type, "id", info->id) : -ENOMEM;

	if (r == 0)
		r = add_short(type, "name", info->name ? info->name : info->id);
	if (r == 0)
		r = add_short(type, "description", info->description);
	if (r == 0)
		r = vg_json_add_number(type, "available_instances", info->available_instances);
	if (r == 0)
		r = vg_json_add_number(type, "max_instances", info->max_instances);
	if (r == 0 && info->framebuffer_mib && info->framebuffer_mib <= INT64_MAX)
		r = vg_json_add_number(type, "framebuffer_mib", (int64_t)info->framebuffer_mib);
	if (r == 0 && info->heads)
		r = vg_json_add_number(type, "heads", info->heads);
	if (r == 0)
		r = add_short(type, "max_resolution", info->max_resolution);
	if (r == 0)
		return type;
	json_object_put(type);
	return NULL;
}

static int answer_types(struct vg_control *control, struct json_object *request, struct json_object *reply, int *fd)
{
	uint32_t i = (uint32_t)vg_json_number(request, "first", 0, TYPES_MAX, 0);
	struct page page = {.array = json_object_new_array()};
	struct vgpu_type_info info;
	int r = vg_json_add(reply, "types", page.array) ? -ENOMEM : 1;

	(void)fd;
	for (; r > 0 && i < TYPES_MAX; i++) {
		int asked = vg_provider_ask_type(control->provider, i, &info);

		if (asked == -ERANGE)
			return 0;
		if (asked)
			return fail_op(control, -asked);
		if (!vg_provider_name_fits(info.id, VG_TYPE_ID_SIZE))
			return fail_op(control, EPROTO);
		r = add_entry(&page, describe_type(&info));
		if (r == 0)
			break;
	}
	if (r >= 0 && i < TYPES_MAX)
		r = vg_json_add_number(reply, "next", i);
	return r < 0 ? fail_memory(control) : 0;
}

struct json_object *vg_control_describe(struct vgpu_instance *instance)
{
	struct json_object *vgpu = json_object_new_object();
	const int64_t pid = vgpu_instance_get_client_pid(instance);
	const char *state = "ready";
	bool leaving, failed, used;
	int r = vgpu ? 0 : -ENOMEM;

	pthread_mutex_lock(&instance->provider->lock);
	leaving = instance->stage == VG_STAGE_LEAVING;
	failed = instance->failed;
	used = instance->client_pid >= 0;
	pthread_mutex_unlock(&instance->provider->lock);
	if (leaving || failed)
		state = leaving ? "removing" : "failed";
	if (r == 0)
		r = vg_json_add_text(vgpu, "uuid", instance->pair.uuid);
	if (r == 0)
		r = vg_json_add_number(vgpu, "instance", instance->pair.instance);
	if (r == 0)
		r = vg_json_add_text(vgpu, "type", instance->type);
	if (r == 0)
		r = vg_json_add_text(vgpu, "state", state);
	if (r == 0)
		r = vg_json_add_bool(vgpu, "started", vgpu_instance_is_started(instance));
	if (r == 0)
		r = vg_json_add_bool(vgpu, "in_use", used);
	if (r == 0 && pid > 0)
		r = vg_json_add_number(vgpu, "client_pid", pid);
	if (r == 0)
		r = vg_json_add_text(vgpu, "socket", instance->socket);
	if (r == 0 && instance->pci)
		r = vg_json_add_text(vgpu, "device_api", "vfio-pci");
	if (r == 0)
		return vgpu;
	json_object_put(vgpu);
	return NULL;
}

static void unref(void *instance)
{
	vgpu_instance_unref(instance);
}

static int compare(const void *a, const void *b)
{
	return vg_pair_cmp(&((const struct vgpu_instance *)a)->pair, &((const struct vgpu_instance *)b)->pair);
}

/* References to all behind a pair, in order. */
static int collect(struct vgpu_provider *provider, const struct vg_pair *after, struct vg_vec *vec)
{
	struct vgpu_instance *instance;
	size_t i;
	int r = 0;

	pthread_mutex_lock(&provider->lock);
	for (i = 0; i < VG_BUCKETS; i++)
		for (instance = provider->buckets[i]; instance && r == 0; instance = instance->next) {
			if (instance->stage == VG_STAGE_MAKING || vg_pair_cmp(&instance->pair, after) <= 0)
				continue;
			r = vg_vec_add(vec, instance);
			if (r == 0)
				vgpu_instance_ref(instance);
		}
	pthread_mutex_unlock(&provider->lock);
	vg_vec_sort(vec, compare);
	return r;
}

static int list_all(struct vg_control *control, struct json_object *request, struct json_object *reply,
					struct json_object *array)
{
	const char *text = vg_json_text(request, "after", VG_PAIR_SIZE);
	struct page page = {.array = array};
	struct vg_pair after = {0};
	struct vg_vec vec = {0};
	char name[VG_PAIR_SIZE];
	size_t i;
	int r;

	if (text && vg_pair_parse(text, &after))
		return vg_fail_invalid(control->provider->ctx, "list", text, "this is no UUID[:INSTANCE]");
	r = collect(control->provider, &after, &vec) ? -ENOMEM : 1;
	for (i = 0; r > 0 && i < vec.count; i++) {
		r = add_entry(&page, vg_control_describe(vec.items[i]));
		if (r == 0) /* an entry is much shorter than a page: there is one before it */
			r = vg_json_add_text(reply, "next", vg_instance_name(vec.items[i - 1], name));
	}
	vg_vec_clear(&vec, unref);
	return r < 0 ? fail_memory(control) : 0;
}

static int list_one(struct vg_control *control, const char *text, struct json_object *array)
{
	struct vgpu_instance *instance;
	struct vg_pair pair;
	int r;

	if (vg_pair_parse(text, &pair))
		return vg_fail_invalid(control->provider->ctx, "list", text, "this is no UUID[:INSTANCE]");
	if (vgpu_instance_find(control->provider, pair.uuid, pair.instance, &instance))
		return 0;
	r = vg_json_append(array, vg_control_describe(instance));
	vgpu_instance_unref(instance);
	return r ? fail_memory(control) : 0;
}

static int answer_list(struct vg_control *control, struct json_object *request, struct json_object *reply, int *fd)
{
	const char *one = vg_json_text(request, "vgpu", VG_PAIR_SIZE);
	struct json_object *array = json_object_new_array();

	(void)fd;
	if (vg_json_add(reply, "vgpus", array) || vg_json_add_text(reply, "parent", control->provider->name))
		return fail_memory(control);
	return one ? list_one(control, one, array) : list_all(control, request, reply, array);
}

/* Without "vgpu": those of the parent. */
static int answer_attributes(struct vg_control *control, struct json_object *request, struct json_object *reply,
							 int *fd)
{
	struct page page = {.array = json_object_new_array()};
	struct vgpu_instance *instance = NULL;
	struct vgpu_attr_info info;
	int r = vg_json_add(reply, "attributes", page.array);
	uint32_t i;

	(void)fd;
	if (r)
		return fail_memory(control);
	if (vg_json_text(request, "vgpu", VG_PAIR_SIZE))
		r = vg_control_find_instance(control, request, "read attributes", &instance);
	if (r)
		return r;
	for (i = 0, r = 1; r > 0 && i < ATTRS_MAX; i++) {
		struct json_object *entry;

		if (vg_provider_ask_attr(control->provider, instance, i, &info))
			break;
		entry = json_object_new_object();
		if (entry && (vg_json_add_text(entry, "name", info.name) || vg_json_add_text(entry, "value", info.value))) {
			json_object_put(entry);
			entry = NULL;
		}
		r = add_entry(&page, entry);
	}
	vgpu_instance_unref(instance);
	return r < 0 ? fail_memory(control) : 0;
}

static int describe_plane(const struct vgpu_plane_info *info, uint64_t fd_offset, struct json_object *to)
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{"format", info->format},         {"width", info->width}, {"height", info->height},
		{"stride", info->stride},         {"x", info->x},         {"y", info->y},
		{"hot_x", info->hot_x},           {"hot_y", info->hot_y}, {"offset", (int64_t)(fd_offset + info->offset)},
		{"length", (int64_t)info->length}};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < VG_COUNT(numbers); i++)
		r = vg_json_add_number(to, numbers[i].name, numbers[i].value);
	return r;
}

/* What the plane shows, and the descriptor in which it lies. */
static int answer_plane(struct vg_control *control, struct json_object *request, struct json_object *reply, int *fd)
{
	const uint32_t type = (uint32_t)vg_json_number(request, "plane", 1, 2, 1);
	struct json_object *plane = json_object_new_object();
	const struct vg_region *region;
	struct vgpu_plane_info info;
	struct vgpu_instance *instance;
	int r;

	if (vg_json_add(reply, "plane", plane))
		return fail_memory(control);
	r = vg_control_find_instance(control, request, "take a picture", &instance);
	if (r)
		return r;
	r = vg_instance_ask_plane(instance, type, &info);
	region = r == 0 && info.format ? instance->regions[info.region] : NULL;
	if (region) { /* else nothing is shown */
		*fd = region->fd < 0 ? -EOPNOTSUPP : vg_memory_open_to_read(region->fd);
		r = *fd < 0 ? *fd : 0;
	}
	if (r) {
		r = vg_instance_fail_errno(instance, "take a picture", -r, VGPU_CAUSE_NONE,
								   r == -EOPNOTSUPP ? "it has no display that can be looked at" : strerrordesc_np(-r));
	} else if (region) {
		r = describe_plane(&info, region->info.fd_offset, plane) ? fail_memory(control) : 0;
	}
	vgpu_instance_unref(instance);
	return r;
}

vg_answer_fn vg_control_find_answer(const char *command)
{
	static const struct {
		const char *name;
		vg_answer_fn fn;
	} answers[] = {{"parent", answer_parent},
				   {"types", answer_types},
				   {"list", answer_list},
				   {"attributes", answer_attributes},
				   {"plane", answer_plane}};
	size_t i;

	for (i = 0; command && i < VG_COUNT(answers); i++)
		if (strcmp(answers[i].name, command) == 0)
			return answers[i].fn;
	return NULL;
}
