/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vGPU that is served over vfio-user by a thread of this process, for tests of the server. */
#ifndef TESTS_SERVED_H
#define TESTS_SERVED_H

#include <pthread.h>
#include <stdatomic.h>
#include <vgpu/vgpu.h>

#include "peer.h"

#define SERVED_UUID "c0ffee00-0000-4000-8000-000000000001"
#define SERVED_PAGE 4096u
/* BAR0: 4 pages of memory, of which the second and the fourth can be mapped; BAR2: a page of registers. */
#define SERVED_BAR0 (4 * SERVED_PAGE)
#define SERVED_BELL 0x100u /* a doorbell in BAR2 */
#define SERVED_SLOW 0x200u /* a write there is answered by vgpu_request_complete() */

struct served {
	char dir[64];
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	const char *socket;
	struct vgpu_provider_ops ops;
	unsigned char registers[SERVED_PAGE];
	atomic_int reads;
	atomic_int writes;
	atomic_int rings;
	atomic_int resets;
	atomic_int quiesces;
	atomic_int resumes;
	atomic_int last_why;
	atomic_int consents; /* what op destroy answers when it is asked */
	atomic_bool hold;    /* quiesce is pending until its request is completed */
	atomic_bool hold_write;
	atomic_uint write_us; /* how long op write takes */
	_Atomic(struct vgpu_request *) request;
	struct vgpu_plane_info plane; /* what the primary plane shows */
	atomic_int plane_result;
	atomic_int planes; /* how often it was asked */
	atomic_int freed;
};

static inline int served_get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	out->id = "type";
	out->available_instances = -1;
	return i ? -ERANGE : 0;
}

static inline void served_ring(struct vgpu_instance *instance, void *data)
{
	(void)instance;
	((struct served *)data)->rings++;
}

static inline void served_free(void *data)
{
	((struct served *)data)->freed++;
}

static inline int served_create(void *data, struct vgpu_instance *instance, const char *params,
								struct vgpu_request *request)
{
	const struct vgpu_pci_opts pci = {.size = sizeof(pci),
									  .vendor = 0x1234,
									  .device = 0x5678,
									  .class_code = 0x038000,
									  .interrupt_pin = 1,
									  .extended = 1};
	struct vgpu_region_info bar0 = {.size = sizeof(bar0),
									.length = SERVED_BAR0,
									.flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE | VGPU_REGION_FLAG_MMAP |
											 VGPU_REGION_BACKED,
									.fd = -1,
									.area_count = 2,
									.areas = {{SERVED_PAGE, SERVED_PAGE}, {3 * SERVED_PAGE, SERVED_PAGE}}};
	struct vgpu_region_info bar2 = {
		.size = sizeof(bar2), .length = SERVED_PAGE, .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE, .fd = -1};
	struct vgpu_region_info rom = {.size = sizeof(rom),
								   .length = SERVED_PAGE,
								   .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_MMAP | VGPU_REGION_BACKED,
								   .fd = -1};
	struct vgpu_region_info typed = {.size = sizeof(typed),
									 .length = SERVED_PAGE,
									 .flags = VGPU_REGION_FLAG_READ,
									 .type = VGPU_REGION_TYPE_GFX,
									 .subtype = VGPU_REGION_SUBTYPE_GFX_EDID,
									 .fd = -1};

	(void)params;
	(void)request;
	vgpu_instance_set_data(instance, data, served_free);
	if (vgpu_pci_set(instance, &pci) || vgpu_pci_set_bar(instance, 0, SERVED_BAR0, VGPU_PCI_BAR_PREFETCH) ||
		vgpu_pci_set_bar(instance, 2, SERVED_PAGE, 0) || vgpu_pci_add_pm(instance) < 0 ||
		vgpu_pci_add_msi(instance, 4) < 0 || vgpu_pci_add_msix(instance, 8, 2, 0x800, 0xc00) < 0 ||
		vgpu_instance_set_region(instance, VGPU_REGION_BAR0, &bar0) ||
		vgpu_instance_set_region(instance, VGPU_REGION_BAR2, &bar2) ||
		vgpu_instance_set_region(instance, VGPU_REGION_ROM, &rom) || vgpu_instance_set_region(instance, 9, &typed))
		return -EIO;
	memcpy(vgpu_instance_get_memory(instance, VGPU_REGION_ROM), "read-only", 10);
	return vgpu_instance_add_doorbell(instance, VGPU_REGION_BAR2, SERVED_BELL, 4, NULL, served_ring, data);
}

static inline int served_destroy(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request)
{
	struct served *served = vgpu_instance_get_data(instance);

	(void)request;
	return flags & VGPU_PROVIDER_DESTROY_ASK ? (int)served->consents : 0;
}

static inline ssize_t served_read(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf,
								  size_t len, struct vgpu_request *request)
{
	struct served *served = vgpu_instance_get_data(instance);

	(void)request;
	served->reads++;
	if (region != VGPU_REGION_BAR2)
		return -ENXIO;
	memcpy(buf, served->registers + offset, len);
	return 0;
}

static inline ssize_t served_write(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
								   size_t len, struct vgpu_request *request)
{
	struct served *served = vgpu_instance_get_data(instance);

	if (region != VGPU_REGION_BAR2)
		return -ENXIO;
	memcpy(served->registers + offset, buf, len);
	served->writes++;
	if (served->write_us)
		usleep(served->write_us);
	if (offset != SERVED_SLOW || !served->hold_write)
		return 0;
	served->request = request;
	return -EINPROGRESS;
}

static inline int served_quiesce(struct vgpu_instance *instance, enum vgpu_quiesce why, struct vgpu_request *request)
{
	struct served *served = vgpu_instance_get_data(instance);

	served->last_why = (int)why;
	served->quiesces++;
	if (!served->hold)
		return 0;
	served->request = request;
	return -EINPROGRESS;
}

static inline void served_resume(struct vgpu_instance *instance)
{
	((struct served *)vgpu_instance_get_data(instance))->resumes++;
}

static inline int served_reset(struct vgpu_instance *instance, struct vgpu_request *request)
{
	struct served *served = vgpu_instance_get_data(instance);

	(void)request;
	served->resets++;
	memset(served->registers, 0, sizeof(served->registers));
	return 0;
}

static inline int served_get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out)
{
	struct served *served = vgpu_instance_get_data(instance);

	served->planes++;
	if (type == VGPU_PLANE_PRIMARY)
		*out = served->plane;
	return served->plane_result;
}

/* opts: what is not set is chosen here; NULL: all. flags: who drives it. */
static inline struct served *served_make(const struct vgpu_provider_opts *wanted, uint32_t flags)
{
	struct vgpu_provider_opts opts = wanted ? *wanted : (struct vgpu_provider_opts){0};
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = SERVED_UUID, .type = "type"};
	struct served *served = calloc(1, sizeof(*served));

	ck_assert_ptr_nonnull(served);
	served->ops = (struct vgpu_provider_ops){.size = sizeof(served->ops),
											 .get_type = served_get_type,
											 .create = served_create,
											 .destroy = served_destroy,
											 .read = served_read,
											 .write = served_write,
											 .quiesce = served_quiesce,
											 .resume = served_resume,
											 .reset = served_reset,
											 .get_plane = served_get_plane};
	memcpy(served->dir, "/tmp/vgpu-served.XXXXXX", 24);
	ck_assert_ptr_nonnull(mkdtemp(served->dir));
	opts.size = sizeof(opts);
	opts.name = "served";
	opts.flags |= flags;
	opts.socket_dir = served->dir;
	ck_assert_int_eq(vgpu_context_new(NULL, &served->ctx), 0);
	ck_assert_int_eq(vgpu_provider_register(served->ctx, &opts, &served->ops, served, &served->provider), 0);
	ck_assert_int_eq(vgpu_instance_create(served->provider, &which, &served->instance), 0);
	served->socket = vgpu_instance_get_socket(served->instance);
	return served;
}

static inline struct served *served_new(const struct vgpu_provider_opts *wanted)
{
	return served_make(wanted, VGPU_PROVIDER_THREAD);
}

static inline void served_free_all(struct served *served)
{
	vgpu_provider_unregister(served->provider);
	vgpu_instance_unref(served->instance);
	ck_assert_int_eq(served->freed, 1);
	vgpu_context_unref(served->ctx);
	ck_assert_msg(rmdir(served->dir) == 0, "something is left in %s", served->dir);
	free(served);
}

static inline void served_await(struct served *served, enum vgpu_instance_state state)
{
	PEER_WAIT_FOR(vgpu_instance_get_state(served->instance) == state);
}

/* The server still works, for somebody else and after all of it. */
static inline void served_still_works(struct served *served)
{
	uint32_t value = 0;
	struct peer *peer;

	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_open(served->socket);
	ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 0, &value, 4), 0);
	ck_assert_uint_eq(value, 0x56781234);
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
}

#endif
