/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers: registering and unregistering, types, attributes, the loop as the caller sees it. */
#include "provider/provider.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/format.h>

#include "core/context.h"
#include "core/opts.h"
#include "sys/devio.h"
#include "sys/devnode.h"
#include "sys/files.h"
#include "util/path.h"
#include "util/str.h"

#define REGISTER "register a provider"
#define FLAGS (VGPU_PROVIDER_THREAD | VGPU_PROVIDER_NO_MAP | VGPU_PROVIDER_TRUST_MEMORY | VGPU_PROVIDER_PRE_COPY)
#define WORK_MAX 1024  /* messages in one go */
#define TYPES_MAX 4096 /* an op that never ends is a mistake */

bool vg_provider_name_fits(const char *name, size_t size)
{
	size_t i;

	if (!name || !vg_name_is_plain(name))
		return false;
	for (i = 0; name[i]; i++)
		if (i + 1 >= size || (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i])))
			return false;
	return true;
}

static int check_opts(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts)
{
	if (!vg_provider_name_fits(opts->name, VG_TYPE_ID_SIZE))
		return vg_fail_invalid(ctx, REGISTER, opts->name, "a name has 1 to 63 of the characters A-Z a-z 0-9 . _ -");
	if (opts->flags & ~FLAGS || opts->message_layout > VGPU_MESSAGE_LAYOUT_QEMU)
		return vg_fail_invalid(ctx, REGISTER, opts->name, "unknown flags, or an unknown layout of messages");
	if (opts->socket_dir && opts->socket_dir[0] != '/')
		return vg_fail_invalid(ctx, REGISTER, opts->socket_dir, "the directory of sockets is not absolute");
	return 0;
}

/* Who is admitted. */
static int take_owner(struct vgpu_context *ctx, const char *owner, struct vgpu_provider *provider)
{
	provider->owner = (uid_t)-1;
	provider->group = (gid_t)-1;
	if (!owner || vg_owner_parse(owner, &provider->owner, &provider->group) == 0)
		return 0;
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = REGISTER,
										.path = owner,
										.value = owner,
										.err = ENOENT,
										.cause = VGPU_CAUSE_INVALID,
										.hint = "USER, USER:GROUP or :GROUP, by name or number"},
				   "there is no such user or group");
}

static void use_defaults(struct vgpu_provider_opts *opts)
{
	if (!opts->quiesce_ms)
		opts->quiesce_ms = VG_QUIESCE_MS;
	if (!opts->request_ms)
		opts->request_ms = VG_REQUEST_MS;
	if (!opts->max_dma_maps)
		opts->max_dma_maps = VG_DMA_MAPS;
}

static int copy_texts(struct vgpu_provider *provider)
{
	const struct vgpu_provider_opts *opts = &provider->opts;

	if (vg_dup(opts->name, &provider->name) || vg_dup(opts->vendor_name, &provider->vendor_name) ||
		vg_dup(opts->device_name, &provider->device_name) || vg_dup(opts->socket_dir, &provider->socket_dir))
		return -ENOMEM;
	return 0;
}

static void free_provider(struct vgpu_provider *provider)
{
	if (provider->free_data)
		provider->free_data(provider->data);
	vg_notify_free(&provider->notify);
	vg_events_free(provider);
	if (provider->event_fd >= 0)
		vg_close(provider->event_fd);
	vg_loop_free(&provider->loop);
	pthread_mutex_destroy(&provider->lock);
	free(provider->name);
	free(provider->vendor_name);
	free(provider->device_name);
	free(provider->socket_dir);
	vgpu_context_unref(provider->ctx);
	free(provider);
}

void vg_provider_unref(struct vgpu_provider *provider)
{
	if (vg_ref_put(&provider->ref))
		free_provider(provider);
}

/* A provider that nobody knows yet. On failure a record is made. */
static int make(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts, struct vgpu_provider **out)
{
	struct vgpu_provider *provider = calloc(1, sizeof(*provider));
	int r;

	if (!provider)
		return vg_fail_memory(ctx, REGISTER);
	vg_ref_init(&provider->ref);
	provider->opts = *opts;
	provider->events_end = &provider->events;
	provider->event_fd = -1;
	provider->notify = (struct vg_notify){.source = -1, .check = -1};
	r = vg_loop_init(&provider->loop);
	if (r) {
		free(provider);
		return vg_fail_errno(ctx, REGISTER, opts->name, -r);
	}
	provider->loop.spin_us = opts->spin_us;
	provider->ctx = vgpu_context_ref(ctx);
	pthread_mutex_init(&provider->lock, NULL);
	r = copy_texts(provider);
	if (r == 0)
		r = vg_notify_init(&provider->notify);
	if (r >= 0)
		r = provider->event_fd = vg_eventfd_make();
	if (r < 0) {
		free_provider(provider);
		return vg_fail_errno(ctx, REGISTER, opts->name, -r);
	}
	*out = provider;
	return 0;
}

/* Into the context's list. */
static int add(struct vgpu_provider *provider)
{
	struct vgpu_context *ctx = provider->ctx;
	struct vgpu_provider **at;
	int r = 0;

	pthread_mutex_lock(&ctx->lock);
	for (at = &ctx->providers; *at && r == 0; at = &(*at)->next)
		if (strcmp((*at)->name, provider->name) == 0)
			r = -EEXIST;
	if (r == 0)
		*at = provider;
	pthread_mutex_unlock(&ctx->lock);
	return r;
}

static void take_out(struct vgpu_provider *provider)
{
	struct vgpu_context *ctx = provider->ctx;
	struct vgpu_provider **at;

	pthread_mutex_lock(&ctx->lock);
	for (at = &ctx->providers; *at && *at != provider; at = &(*at)->next)
		;
	if (*at)
		*at = provider->next;
	pthread_mutex_unlock(&ctx->lock);
}

int vg_provider_register(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts,
						 const struct vgpu_provider_ops *ops, void *data, void (*free_data)(void *data),
						 struct vgpu_provider **out)
{
	struct vgpu_provider *provider;
	struct vgpu_provider_opts known;
	int r;

	if (!ctx)
		return -EINVAL;
	if (!opts || !ops || !out)
		return vg_fail_invalid(ctx, REGISTER, NULL, "an argument is NULL");
	r = vg_opts_take(ctx, REGISTER, &known, sizeof(known), opts);
	if (r == 0)
		r = check_opts(ctx, &known);
	if (r)
		return r;
	use_defaults(&known);
	r = make(ctx, &known, &provider);
	if (r)
		return r;
	provider->data = data;
	provider->opts.owner = NULL; /* it is the caller's */
	r = take_owner(ctx, known.owner, provider);
	if (r == 0)
		r = vg_opts_take(ctx, REGISTER, &provider->ops, sizeof(provider->ops), ops);
	if (r == 0 && add(provider))
		r = vg_fail(
			ctx,
			&(struct vg_failure){.operation = REGISTER, .path = known.name, .err = EEXIST, .cause = VGPU_CAUSE_EXISTS},
			"there is a provider of this name");
	if (r) {
		vg_provider_unref(provider);
		return r;
	}
	if (known.flags & VGPU_PROVIDER_THREAD) {
		r = vg_loop_start_thread(&provider->loop);
		if (r) {
			take_out(provider);
			vg_provider_unref(provider);
			return vg_fail_errno(ctx, REGISTER, known.name, -r);
		}
	}
	provider->free_data = free_data;
	*out = provider;
	return 0;
}

int vgpu_provider_register(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts,
						   const struct vgpu_provider_ops *ops, void *data, struct vgpu_provider **out)
{
	return vg_provider_register(ctx, opts, ops, data, NULL, out);
}

static struct vgpu_instance *any_instance(struct vgpu_provider *provider)
{
	struct vgpu_instance *instance = NULL;
	size_t i;

	pthread_mutex_lock(&provider->lock);
	for (i = 0; i < VG_BUCKETS && !instance; i++)
		instance = vgpu_instance_ref(provider->buckets[i]);
	pthread_mutex_unlock(&provider->lock);
	return instance;
}

static void abandon(struct vg_call *call)
{
	struct vg_instance_call *of = (struct vg_instance_call *)call;

	vg_instance_end(of->instance);
	vg_call_finish(&of->instance->provider->loop, call, 0);
}

static void nothing(struct vg_call *call)
{
	struct vg_provider_call *of = (struct vg_provider_call *)call;

	vg_call_finish(&of->provider->loop, call, 0);
}

struct vgpu_provider *vgpu_provider_unregister(struct vgpu_provider *provider)
{
	const struct vgpu_instance_destroy_opts opts = {.size = sizeof(opts), .flags = VGPU_INSTANCE_FORCE};
	struct vg_provider_call last = {.call = {.start = nothing}, .provider = provider};
	struct vgpu_instance *instance;

	if (!provider || vg_loop_is_here(&provider->loop))
		return NULL;
	vg_control_close(provider);
	while ((instance = any_instance(provider))) {
		struct vg_instance_call call = {.call = {.start = abandon}, .instance = instance};

		if (vgpu_instance_destroy(instance, &opts)) /* an op that never completes */
			vg_loop_call(&provider->loop, &call.call);
		vgpu_instance_unref(instance);
	}
	vg_loop_call(&provider->loop, &last.call); /* what was posted meanwhile has been looked at */
	vg_loop_stop_thread(&provider->loop);
	take_out(provider);
	vg_loop_close(&provider->loop);
	vg_provider_unref(provider);
	return NULL;
}

const char *vgpu_provider_get_name(const struct vgpu_provider *provider)
{
	return provider->name;
}

int vgpu_provider_get_fd(const struct vgpu_provider *provider)
{
	return provider->loop.poll_fd;
}

int vgpu_provider_process(struct vgpu_provider *provider)
{
	int r, left;

	if (!provider)
		return -EINVAL;
	if (provider->loop.has_thread)
		return 0;
	r = vg_loop_enter(&provider->loop);
	if (r)
		return r;
	if (!vg_loop_try(&provider->loop))
		vg_loop_turn(&provider->loop, 0);
	for (left = WORK_MAX; left > 0 && (r = vg_loop_look(&provider->loop)) >= 0; left -= r)
		vg_loop_turn(&provider->loop, 0);
	vg_loop_leave(&provider->loop);
	return 0;
}

/* Hands a struct that the library filled to a caller whose own may be shorter. */
static int give(void *out, const void *known, size_t known_size)
{
	size_t size;

	memcpy(&size, out, sizeof(size));
	if (size < sizeof(size))
		return -EINVAL;
	if (size > known_size)
		return -E2BIG;
	memcpy((char *)out + sizeof(size), (const char *)known + sizeof(size), size - sizeof(size));
	return 0;
}

int vg_provider_ask_type(struct vgpu_provider *provider, size_t i, struct vgpu_type_info *out)
{
	*out = (struct vgpu_type_info){.size = sizeof(*out)};
	if (!provider->ops.get_type)
		return -ERANGE;
	return provider->ops.get_type(provider->data, i, out);
}

int vg_provider_find_type(struct vgpu_provider *provider, const char *id, struct vgpu_type_info *out)
{
	size_t i;
	int r = 0;

	for (i = 0; i < TYPES_MAX && r == 0; i++) {
		r = vg_provider_ask_type(provider, i, out);
		if (r == 0 && vg_provider_name_fits(out->id, VG_TYPE_ID_SIZE) && strcmp(out->id, id) == 0)
			return 0;
	}
	return r == 0 || r == -ERANGE ? -ENOENT : r;
}

static void get_type(struct vg_call *call)
{
	struct vg_provider_call *of = (struct vg_provider_call *)call;
	struct vgpu_type_info info;
	int r = vg_provider_ask_type(of->provider, of->i, &info);

	if (r == 0 && !vg_provider_name_fits(info.id, VG_TYPE_ID_SIZE))
		r = -EPROTO;
	vg_call_finish(&of->provider->loop, call, r ? r : give(of->out, &info, sizeof(info)));
}

int vgpu_provider_get_type(struct vgpu_provider *provider, size_t i, struct vgpu_type_info *out)
{
	struct vg_provider_call call = {.call = {.start = get_type}, .provider = provider, .i = i, .out = out};

	return provider && out ? vg_loop_call(&provider->loop, &call.call) : -EINVAL;
}

int vg_provider_ask_attr(struct vgpu_provider *provider, struct vgpu_instance *instance, size_t i,
						 struct vgpu_attr_info *out)
{
	int r;

	*out = (struct vgpu_attr_info){.size = sizeof(*out)};
	if (instance && vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE)
		return -ENODEV;
	r = provider->ops.get_attr ? provider->ops.get_attr(provider->data, instance, i, out) : -ERANGE;
	out->name[sizeof(out->name) - 1] = '\0';
	out->value[sizeof(out->value) - 1] = '\0';
	return r;
}

static void get_attr(struct vg_call *call)
{
	struct vg_provider_call *of = (struct vg_provider_call *)call;
	struct vgpu_attr_info info;
	int r = vg_provider_ask_attr(of->provider, of->instance, of->i, &info);

	vg_call_finish(&of->provider->loop, call, r ? r : give(of->out, &info, sizeof(info)));
}

int vgpu_provider_get_attr(struct vgpu_provider *provider, struct vgpu_instance *instance, size_t i,
						   struct vgpu_attr_info *out)
{
	struct vg_provider_call call = {
		.call = {.start = get_attr}, .provider = provider, .instance = instance, .i = i, .out = out};

	if (!provider || !out || (instance && instance->provider != provider))
		return -EINVAL;
	return vg_loop_call(&provider->loop, &call.call);
}

static int check_plane(const struct vgpu_instance *instance, const struct vgpu_plane_info *info)
{
	const uint64_t row = (uint64_t)info->width * (vgpu_format_get_pixel_size(info->format) ?: 1);
	const struct vg_region *region;

	if (!info->format)
		return 0;
	if (info->region >= VGPU_INSTANCE_REGIONS || !instance->regions[info->region])
		return -EPROTO;
	region = instance->regions[info->region];
	if (info->offset > region->info.length || info->length > region->info.length - info->offset)
		return -EPROTO;
	if (!row || !info->height || info->stride < row || row > info->length ||
		(uint64_t)info->stride * (info->height - 1) > info->length - row)
		return -EPROTO;
	return 0;
}

int vg_instance_ask_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out)
{
	int r;

	*out = (struct vgpu_plane_info){.size = sizeof(*out)};
	if (!instance->provider->ops.get_plane)
		return -EOPNOTSUPP;
	if (vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE)
		return -ENODEV;
	r = instance->provider->ops.get_plane(instance, type, out);
	return r ? r : check_plane(instance, out);
}

static void get_plane(struct vg_call *call)
{
	struct vg_provider_call *of = (struct vg_provider_call *)call;
	struct vgpu_plane_info info;
	int r = vg_instance_ask_plane(of->instance, (uint32_t)of->i, &info);

	vg_call_finish(&of->provider->loop, call, r ? r : give(of->out, &info, sizeof(info)));
}

int vgpu_instance_get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out)
{
	struct vg_provider_call call = {.call = {.start = get_plane}, .instance = instance, .i = type, .out = out};

	if (!instance || !out || type < 1 || type > 2)
		return -EINVAL;
	if (vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE)
		return -ENODEV;
	call.provider = instance->provider;
	return vg_loop_call(&instance->provider->loop, &call.call);
}
