/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software GPUs: vGPUs, as the processes of their providers describe them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backend/soft.h"
#include "control/protocol.h"
#include "sys/files.h"
#include "util/path.h"

/* More of one provider are not believed. */
#define DEVICES_MAX 65536
#define ATTRS_MAX 1024

static const char operation[] = "list vGPUs";

static int set_state(struct vgpu_device *device, struct json_object *entry)
{
	const char *state = vg_json_text(entry, "state", VG_SOFT_TEXT_MAX);

	if (!state)
		return -EPROTO;
	if (strcmp(state, "failed") == 0)
		device->state = vg_state_failed;
	else if (strcmp(state, "removing") == 0)
		device->state = vg_state_removing;
	else
		device->state = vg_state_ready;
	return 0;
}

static int set_user(struct vgpu_context *ctx, struct vgpu_device *device, struct json_object *entry)
{
	const int pid = (int)vg_json_number(entry, "client_pid", 1, INT_MAX, -1);

	if (pid > 0)
		return vg_device_set_user(ctx, device, VGPU_USER_SOCKET, pid);
	device->user_count = 0;
	device->users_complete = !vg_json_bool(entry, "in_use"); /* whose process can't be seen from there */
	return 0;
}

static int fill(struct vgpu_context *ctx, struct vgpu_device *device, struct json_object *entry)
{
	const char *type = vg_json_text(entry, "type", VG_SOFT_TEXT_MAX);
	const char *socket = vg_json_text(entry, "socket", PATH_MAX);

	if (!type || (socket && socket[0] != '/') || set_state(device, entry))
		return -EPROTO;
	device->owner = vg_owner_libvgpu;
	device->started = vg_json_bool(entry, "started");
	if (vg_dup(type, &device->type) || vg_dup(socket, &device->socket) ||
		vg_dup(vg_json_text(entry, "device_api", VG_SOFT_TEXT_MAX), &device->device_api))
		return -ENOMEM;
	return set_user(ctx, device, entry);
}

int vg_soft_new_device(struct vgpu_context *ctx, const struct vg_control_at *at, const char *parent,
					   struct json_object *entry, struct vgpu_device **out)
{
	const char *uuid = vg_json_text(entry, "uuid", VG_UUID_LEN);
	const int64_t instance = vg_json_number(entry, "instance", 0, VG_INSTANCE_MAX, -1);
	char name[VG_PAIR_SIZE];
	struct vgpu_device *device;
	struct vg_pair pair;
	int r;

	if (!parent || !parent[0] || !uuid || vg_uuid_parse(uuid, pair.uuid) || instance < 0)
		return -EPROTO;
	pair.instance = (uint32_t)instance;
	vg_pair_format(&pair, name);
	device = vg_device_new(vg_soft_name, name);
	if (!device)
		return -ENOMEM;
	device->pair = pair;
	device->has_pair = true;
	device->control_uid = at->owner;
	r = vg_dup(at->path, &device->control);
	if (r == 0)
		r = vg_dup(parent, &device->parent_name);
	if (r == 0)
		r = fill(ctx, device, entry);
	if (r) {
		vgpu_device_unref(device);
		return r;
	}
	*out = device;
	return 0;
}

/* Adds those of one reply; counts those that make no sense, of which the first is told of. */
static int add_all(struct vgpu_context *ctx, const struct vg_control_at *at, struct json_object *reply,
				   struct vgpu_devices *out, size_t *bad)
{
	const char *parent = vg_json_text(reply, "parent", VG_SOFT_TEXT_MAX);
	struct json_object *entries = vg_json_array(reply, "vgpus");
	size_t i, n = entries ? json_object_array_length(entries) : 0;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		struct vgpu_device *device = NULL;

		r = vg_soft_new_device(ctx, at, parent, json_object_array_get_idx(entries, i), &device);
		if (r == 0)
			r = vg_vec_add(&out->vec, device);
		if (r == -EPROTO) {
			vg_soft_fail_bad(ctx, operation, at->path);
			r = (*bad)++ ? 0 : vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
		} else if (r) {
			vgpu_device_unref(device);
		}
	}
	return r;
}

/* Where the next page begins: 1 behind *after, which becomes that; 0: there is none; or -EPROTO. */
static int go_behind(struct json_object *reply, struct vg_pair *after)
{
	const char *next = vg_json_text(reply, "next", VG_PAIR_SIZE);
	struct vg_pair pair;

	if (!next)
		return 0;
	if (vg_pair_parse(next, &pair) || (after->uuid[0] && vg_pair_cmp(&pair, after) <= 0))
		return -EPROTO; /* it would never end */
	*after = pair;
	return 1;
}

static struct json_object *list_request(const char *member, const struct vg_pair *pair)
{
	struct json_object *request = vg_control_request("list");
	char text[VG_PAIR_SIZE];

	if (!request || !pair->uuid[0])
		return request;
	vg_pair_format(pair, text);
	if (vg_json_add_text(request, member, text) == 0)
		return request;
	json_object_put(request);
	return NULL;
}

static int scan_pages(struct vgpu_context *ctx, const struct vg_control_at *at, struct vgpu_devices *out)
{
	const int64_t deadline = vg_now_ms() + VG_SOFT_READ_MS;
	struct vg_pair after = {0};
	struct json_object *reply;
	size_t first = out->vec.count, bad = 0, before;
	int r, more = 1;

	while (more) {
		r = vg_control_call(ctx, operation, at, list_request("after", &after), deadline, &reply, NULL);
		if (r)
			return r;
		before = out->vec.count + bad;
		r = add_all(ctx, at, reply, out, &bad);
		more = go_behind(reply, &after);
		json_object_put(reply);
		if (r)
			return r;
		/* pages that hold nothing would never end either */
		if (more < 0 || out->vec.count + bad - first > DEVICES_MAX || (more && out->vec.count + bad == before))
			return vg_soft_fail_bad(ctx, operation, at->path);
	}
	return 0;
}

/* Those of one provider; what is wrong with it becomes an error of the list, but one whose process has gone is none. */
static int scan_provider(struct vgpu_context *ctx, const struct vg_control_at *at, void *data)
{
	struct vgpu_devices *out = data;
	int r = scan_pages(ctx, at, out);

	if (r == -ENOTCONN)
		return 0;
	return r && r != -ENOMEM ? vg_errors_add(&out->errors, vgpu_context_get_error(ctx)) : r;
}

int vg_soft_scan_devices(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out)
{
	int r = vg_control_each(ctx, NULL, scan_provider, out, &out->errors);

	(void)brief;
	return r ? vg_fail_memory(ctx, operation) : 0;
}

/* A search for one vGPU. */
struct search {
	struct vg_pair pair;
	struct vgpu_devices found; /* with the errors of providers that could not be asked */
};

static int ask_provider(struct vgpu_context *ctx, const struct vg_control_at *at, void *data)
{
	struct search *search = data;
	char path[VG_PATH_SIZE], name[VG_PAIR_SIZE];
	struct json_object *reply;
	size_t bad = 0;
	int r;

	/* without its socket beside the provider's there is no need to ask */
	vg_pair_format(&search->pair, name);
	if (vg_strf(path, sizeof(path), "%.*s%s" VG_CONTROL_SOCKET_SUFFIX, (int)(vg_basename(at->path) - at->path),
				at->path, name) < 0 ||
		!vg_exists(AT_FDCWD, path))
		return 0;
	r = vg_control_call(ctx, "find", at, list_request("vgpu", &search->pair), vg_now_ms() + VG_SOFT_READ_MS, &reply,
						NULL);
	if (r == 0) {
		r = add_all(ctx, at, reply, &search->found, &bad);
		json_object_put(reply);
	} else if (r == -ENOTCONN) {
		r = 0;
	} else if (r != -ENOMEM) {
		r = vg_errors_add(&search->found.errors, vgpu_context_get_error(ctx));
	}
	return r ? r : search->found.vec.count > 0;
}

static void unref_device(void *device)
{
	vgpu_device_unref(device);
}

static int end_search(struct vgpu_context *ctx, struct search *search, int r, struct vgpu_device **out)
{
	struct vgpu_device *device = vg_vec_get(&search->found.vec, 0);
	struct vgpu_error *error = vgpu_errors_get(&search->found.errors, 0);

	if (r < 0) {
		r = vg_fail_memory(ctx, "find");
	} else if (device && vg_pair_cmp(&device->pair, &search->pair) == 0) {
		*out = vgpu_device_ref(device);
		r = 0;
	} else if (error) { /* perhaps it is there */
		r = -vgpu_error_get_errno(error);
	} else {
		r = -ENODEV;
	}
	vg_vec_clear(&search->found.vec, unref_device);
	vg_errors_clear(&search->found.errors);
	return r;
}

int vg_soft_read_device(struct vgpu_context *ctx, const char *name, struct vgpu_device **out)
{
	struct search search = {0};

	if (!strchr(name, ':') || vg_pair_parse(name, &search.pair))
		return -ENODEV;
	return end_search(ctx, &search, vg_control_each(ctx, NULL, ask_provider, &search, &search.found.errors), out);
}

int vg_soft_find_socket(struct vgpu_context *ctx, const char *path, struct vgpu_device **out)
{
	const size_t suffix = strlen(VG_CONTROL_SOCKET_SUFFIX);
	struct search search = {0};
	char dir[VG_PATH_SIZE], name[VG_PAIR_SIZE];
	size_t length = strlen(vg_basename(path));

	if (length <= suffix || length - suffix >= sizeof(name) || vg_strcopy(dir, sizeof(dir), path) < 0)
		return -ENODEV;
	vg_strf(name, sizeof(name), "%.*s", (int)(length - suffix), vg_basename(path));
	if (vg_pair_parse(name, &search.pair))
		return -ENODEV;
	vg_path_parent(dir);
	return end_search(ctx, &search, vg_control_each_in(ctx, dir, ask_provider, &search, &search.found.errors), out);
}

static int add_attr(struct vgpu_device *device, struct json_object *entry)
{
	const char *name = vg_json_text(entry, "name", VG_SOFT_TEXT_MAX);
	struct vg_attr *attrs;
	struct vg_attr attr = {0};

	if (!name || device->attr_count == ATTRS_MAX)
		return 0;
	attrs = reallocarray(device->attrs, device->attr_count + 1, sizeof(*attrs));
	if (!attrs)
		return -ENOMEM;
	device->attrs = attrs;
	if (vg_dup(name, &attr.name) || vg_dup(vg_json_text(entry, "value", VG_SOFT_TEXT_MAX), &attr.value)) {
		free(attr.name);
		return -ENOMEM;
	}
	attrs[device->attr_count++] = attr;
	return 0;
}

int vg_soft_read_attrs(struct vgpu_context *ctx, struct vgpu_device *device)
{
	const struct vg_control_at at = {device->control, device->control_uid};
	struct json_object *reply, *entries, *request = vg_control_request("attributes");
	size_t i;
	int r;

	if (request && vg_json_add_text(request, "vgpu", device->name)) {
		json_object_put(request);
		request = NULL;
	}
	r = vg_control_call(ctx, "read attributes", &at, request, vg_now_ms() + VG_SOFT_READ_MS, &reply, NULL);
	if (r)
		return r;
	entries = vg_json_array(reply, "attributes");
	for (i = 0; r == 0 && entries && i < json_object_array_length(entries); i++)
		r = add_attr(device, json_object_array_get_idx(entries, i));
	json_object_put(reply);
	return r;
}
