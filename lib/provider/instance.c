/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider's vGPUs: their table, references, getters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/context.h"
#include "provider/pci.h"
#include "provider/provider.h"

const char *vg_instance_name(const struct vgpu_instance *instance, char *buf)
{
	vg_pair_format(&instance->pair, buf);
	return buf;
}

static size_t bucket_of(const struct vg_pair *pair)
{
	uint32_t hash = 2166136261u ^ pair->instance; /* FNV-1a */
	const char *at;

	for (at = pair->uuid; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	return hash & (VG_BUCKETS - 1);
}

/* Under the provider's lock. */
static struct vgpu_instance **look_up(struct vgpu_provider *provider, const struct vg_pair *pair)
{
	struct vgpu_instance **at = &provider->buckets[bucket_of(pair)];

	while (*at && vg_pair_cmp(&(*at)->pair, pair) != 0)
		at = &(*at)->next;
	return at;
}

int vg_instance_add(struct vgpu_instance *instance)
{
	struct vgpu_context *ctx = instance->provider->ctx;
	struct vgpu_provider *provider;
	bool taken = false;

	pthread_mutex_lock(&ctx->lock); /* so that nobody else adds the same elsewhere */
	for (provider = ctx->providers; provider && !taken; provider = provider->next) {
		pthread_mutex_lock(&provider->lock);
		taken = *look_up(provider, &instance->pair);
		pthread_mutex_unlock(&provider->lock);
	}
	if (!taken) {
		provider = instance->provider;
		pthread_mutex_lock(&provider->lock);
		*look_up(provider, &instance->pair) = vgpu_instance_ref(instance);
		provider->count++;
		pthread_mutex_unlock(&provider->lock);
	}
	pthread_mutex_unlock(&ctx->lock);
	return taken ? -EEXIST : 0;
}

void vg_instance_remove(struct vgpu_instance *instance)
{
	struct vgpu_provider *provider = instance->provider;
	struct vgpu_instance **at;
	bool found;

	pthread_mutex_lock(&provider->lock);
	at = look_up(provider, &instance->pair);
	found = *at == instance;
	if (found) {
		*at = instance->next;
		provider->count--;
	}
	instance->stage = VG_STAGE_GONE;
	pthread_mutex_unlock(&provider->lock);
	if (found)
		vgpu_instance_unref(instance);
}

int vgpu_instance_find(struct vgpu_provider *provider, const char *uuid, uint32_t number, struct vgpu_instance **out)
{
	struct vgpu_instance *instance;
	struct vg_pair pair = {.instance = number};

	if (!provider || !uuid || !out || number > VG_INSTANCE_MAX || vg_uuid_parse(uuid, pair.uuid))
		return -EINVAL;
	pthread_mutex_lock(&provider->lock);
	instance = *look_up(provider, &pair);
	if (instance && instance->stage != VG_STAGE_MAKING)
		*out = vgpu_instance_ref(instance);
	else
		instance = NULL;
	pthread_mutex_unlock(&provider->lock);
	return instance ? 0 : -ENODEV;
}

static void free_instance(struct vgpu_instance *instance)
{
	struct vgpu_provider *provider = instance->provider;

	if (instance->free_fn)
		instance->free_fn(instance->data);
	vg_doorbells_free(instance);
	vg_instance_regions_free(instance);
	vg_pci_free(instance->pci);
	vg_instance_irqs_free(&instance->irqs);
	vg_guest_free(&instance->guest);
	free(instance->socket);
	free(instance);
	vg_provider_unref(provider);
}

VG_DEFINE_REF(instance, free_instance)

int vg_instance_check_making(struct vgpu_instance *instance, const char *operation)
{
	bool making;

	pthread_mutex_lock(&instance->provider->lock);
	making = instance->stage == VG_STAGE_MAKING;
	pthread_mutex_unlock(&instance->provider->lock);
	if (making)
		return 0;
	return vg_instance_fail_errno(instance, operation, EBUSY, VGPU_CAUSE_IN_USE, "its creation is over");
}

int vg_instance_fail_errno(struct vgpu_instance *instance, const char *operation, int err, enum vgpu_cause cause,
						   const char *why)
{
	char name[VG_PAIR_SIZE];

	return vg_fail(instance->provider->ctx,
				   &(struct vg_failure){
					   .operation = operation, .path = vg_instance_name(instance, name), .err = err, .cause = cause},
				   "%s", why);
}

static void look(struct vg_post *post)
{
	struct vgpu_instance *instance = VG_OWNER(post, struct vgpu_instance, kick);

	vg_server_transfer(instance);
	vg_quiesce_look(instance);
	vgpu_instance_unref(instance);
}

void vg_instance_kick(struct vgpu_instance *instance)
{
	struct vg_loop *loop = &instance->provider->loop;

	pthread_mutex_lock(&loop->lock);
	instance->kick.fn = look;
	if (vg_loop_post_locked(loop, &instance->kick))
		vgpu_instance_ref(instance);
	pthread_mutex_unlock(&loop->lock);
}

void vg_instance_fail(struct vgpu_instance *instance, const char *why)
{
	char name[VG_PAIR_SIZE];

	vg_log(instance->provider->ctx, VGPU_LOG_WARNING, "%s: %s: it can only be destroyed now, by force",
		   vg_instance_name(instance, name), why);
	vgpu_instance_trigger_irq(instance, VGPU_IRQ_ERR, 0);
	pthread_mutex_lock(&instance->provider->lock);
	instance->failed = true;
	pthread_mutex_unlock(&instance->provider->lock);
	vg_server_disconnect(instance);
	vg_destroy_go_on(instance);
}

bool vg_instance_is_failed(struct vgpu_instance *instance)
{
	bool failed;

	pthread_mutex_lock(&instance->provider->lock);
	failed = instance->failed;
	pthread_mutex_unlock(&instance->provider->lock);
	return failed;
}

const char *vgpu_instance_get_uuid(const struct vgpu_instance *instance)
{
	return instance->pair.uuid;
}

uint32_t vgpu_instance_get_instance(const struct vgpu_instance *instance)
{
	return instance->pair.instance;
}

const char *vgpu_instance_get_type(const struct vgpu_instance *instance)
{
	return instance->type;
}

struct vgpu_provider *vgpu_instance_get_provider(const struct vgpu_instance *instance)
{
	return instance->provider;
}

const char *vgpu_instance_get_socket(const struct vgpu_instance *instance)
{
	return instance->socket;
}

enum vgpu_instance_state vgpu_instance_get_state(struct vgpu_instance *instance)
{
	enum vgpu_instance_state state = VGPU_INSTANCE_FREE;

	pthread_mutex_lock(&instance->provider->lock);
	if (instance->stage == VG_STAGE_GONE)
		state = VGPU_INSTANCE_GONE;
	else if (instance->failed)
		state = VGPU_INSTANCE_ERROR;
	else if (instance->client_pid >= 0)
		state = VGPU_INSTANCE_IN_USE;
	pthread_mutex_unlock(&instance->provider->lock);
	return state;
}

int64_t vgpu_instance_get_client_pid(struct vgpu_instance *instance)
{
	int64_t pid;

	pthread_mutex_lock(&instance->provider->lock);
	pid = instance->client_pid > 0 ? instance->client_pid : 0;
	pthread_mutex_unlock(&instance->provider->lock);
	return pid;
}

int vgpu_instance_is_started(struct vgpu_instance *instance)
{
	bool started;

	pthread_mutex_lock(&instance->provider->lock);
	started = instance->started;
	pthread_mutex_unlock(&instance->provider->lock);
	return started;
}

void vgpu_instance_set_data(struct vgpu_instance *instance, void *data, void (*free_fn)(void *data))
{
	instance->data = data;
	instance->free_fn = free_fn;
}

void *vgpu_instance_get_data(const struct vgpu_instance *instance)
{
	return instance->data;
}
