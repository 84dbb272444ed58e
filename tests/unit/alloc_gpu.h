/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider whose allocations fail while it is at work, and those who talk to it. All on one thread. */
#ifndef TESTS_UNIT_ALLOC_GPU_H
#define TESTS_UNIT_ALLOC_GPU_H

#include "failing_system.h"
#include "served.h"

#define OTHER_UUID "c0ffee00-0000-4000-8000-000000000002"

/* A provider without a thread, and its clients: one of vGPU "mine", which goes through it all, one of "other". */
static struct {
	char dir[64];
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_instance *mine;
	struct vgpu_instance *other;
	struct peer *client;
	struct peer *neighbour;
	int control; /* a management client */
	int memory;
	struct vgpu_request *request;
	bool slow; /* the next write is pending */
} gpu;

static unsigned char big[1 << 20];

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	return served_get_type(data, i, out);
}

static int get_attr(void *data, struct vgpu_instance *instance, size_t i, struct vgpu_attr_info *out)
{
	(void)data, (void)instance;
	memcpy(out->name, "a", 2);
	memcpy(out->value, "b", 2);
	return i ? -ERANGE : 0;
}

/* As that of served.h. */
static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	static struct served served;
	int r = served_create(&served, instance, params, request);

	(void)data;
	return r ? -ENOMEM : 0;
}

static int ask_destroy(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request)
{
	(void)instance, (void)flags, (void)request;
	return 0;
}

static int power(struct vgpu_instance *instance, struct vgpu_request *request)
{
	(void)instance, (void)request;
	return 0;
}

static ssize_t read_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
						   struct vgpu_request *request)
{
	(void)instance, (void)region, (void)request;
	memset(buf, (int)offset, len);
	return 0;
}

static ssize_t write_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
							size_t len, struct vgpu_request *request)
{
	(void)instance, (void)region, (void)offset, (void)buf, (void)len;
	if (!gpu.slow)
		return 0;
	gpu.request = request;
	return -EINPROGRESS;
}

static int set_state(struct vgpu_instance *instance, uint32_t from, uint32_t to, struct vgpu_request *request)
{
	(void)instance, (void)from, (void)to, (void)request;
	return 0;
}

static ssize_t save(struct vgpu_instance *instance, void *buf, size_t len, struct vgpu_request *request)
{
	(void)instance, (void)request;
	memset(buf, 1, len);
	return (ssize_t)len;
}

static ssize_t load(struct vgpu_instance *instance, const void *buf, size_t len, struct vgpu_request *request)
{
	(void)instance, (void)request, (void)buf;
	return (ssize_t)len;
}

static int get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out)
{
	(void)instance, (void)type;
	*out =
		(struct vgpu_plane_info){.size = out->size, .format = 1, .width = 16, .height = 4, .stride = 64, .length = 256};
	return 0;
}

static const struct vgpu_provider_ops ops = {.size = sizeof(ops),
											 .get_type = get_type,
											 .get_attr = get_attr,
											 .create = create,
											 .destroy = ask_destroy,
											 .start = power,
											 .shutdown = power,
											 .read = read_region,
											 .write = write_region,
											 .reset = power,
											 .set_migration_state = set_state,
											 .read_migration = save,
											 .write_migration = load,
											 .get_plane = get_plane};

/* The provider does what there is to do. */
static void pump(bool armed)
{
	struct pollfd ready = {.fd = vgpu_provider_get_fd(gpu.provider), .events = POLLIN};
	int i, r = 0;

	failing.armed = armed;
	for (i = 0; i < 50 && r == 0 && poll(&ready, 1, 0) > 0; i++)
		r = vgpu_provider_process(gpu.provider);
	failing.armed = false;
	ck_assert_int_eq(r, 0);
}

/* The reply's: 0, its error, or -EPIPE: it was disconnected. */
static int take_reply(struct peer *peer)
{
	if (!peer_receive(peer))
		return -EPIPE;
	return peer->header.flags & VG_USER_ERROR ? -(int)peer->header.error : 0;
}

static int call_fds(struct peer *peer, uint16_t command, const void *body, size_t size, const int *fds, size_t fd_count,
					bool armed)
{
	if (!peer_send(peer, command, 0, body, size, fds, fd_count))
		return -EPIPE;
	pump(armed);
	return take_reply(peer);
}

static int call(uint16_t command, const void *body, size_t size)
{
	return call_fds(gpu.client, command, body, size, NULL, 0, true);
}

/* A client, let in. */
static int connect_to(const struct vgpu_instance *instance, const char *json, bool armed, struct peer **out)
{
	unsigned char body[256] = {0};
	struct peer *peer = peer_new(vgpu_instance_get_socket(instance));
	int r;

	memcpy(body + sizeof(struct vg_user_version), json, strlen(json) + 1);
	pump(armed);
	r = call_fds(peer, VG_USER_VERSION, body, sizeof(struct vg_user_version) + strlen(json) + 1, NULL, 0, armed);
	if (r == 0)
		*out = peer;
	else
		peer_free(peer);
	return r;
}

/* Whatever happens to others: an access of the neighbour is answered, while everything may fail. */
static void ask_neighbour(void)
{
	struct vg_user_region_access access = {0, VGPU_REGION_CONFIG, 4};
	int r = call_fds(gpu.neighbour, VG_USER_REGION_READ, &access, sizeof(access), NULL, 0, failing.go_on);

	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(*(uint32_t *)(void *)(gpu.neighbour->body + sizeof(access)), 0x56781234);
}

static int make_vgpu(const char *uuid, bool armed, struct vgpu_instance **out)
{
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = uuid, .type = "type"};
	int r;

	failing.armed = armed;
	r = vgpu_instance_create(gpu.provider, &which, out);
	failing.armed = false;
	return r;
}

#endif
