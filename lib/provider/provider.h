/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers and their vGPUs, from within. */
#ifndef VG_PROVIDER_PROVIDER_H
#define VG_PROVIDER_PROVIDER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <vgpu/instance.h>
#include <vgpu/irq.h>
#include <vgpu/provider.h>

#include "core/error.h"
#include "core/negative.h"
#include "core/ref.h"
#include "provider/guest_table.h"
#include "provider/irqs.h"
#include "provider/loop.h"
#include "provider/region.h"
#include "provider/request.h"
#include "sys/notify.h"
#include "sys/unixsock.h"
#include "util/pair.h"

#define VG_TYPE_ID_SIZE 64
#define VG_BUCKETS 256 /* a power of two */

struct vg_pci;
struct vg_server;
struct vg_destroy;
struct vg_event;
struct vg_control;

struct vgpu_provider {
	struct vg_ref ref; /* the caller's, and one of each vGPU */
	struct vgpu_context *ctx;
	struct vgpu_provider *next; /* in the context's list, under its lock */
	struct vgpu_provider_opts opts;
	struct vgpu_provider_ops ops;
	void *data;
	void (*free_data)(void *data); /* NULL: it is the caller's */
	char *name;
	char *vendor_name;
	char *device_name;
	char *socket_dir;
	uid_t owner; /* who may connect, beside us and root; -1: nobody, or no group */
	gid_t group;
	struct vg_control *control; /* NULL: no management client finds it */
	struct vg_loop loop;
	struct vg_notify notify;
	pthread_mutex_t lock; /* of what follows, and of the lists in vGPUs */
	struct vgpu_instance *buckets[VG_BUCKETS];
	size_t count;
	int event_fd;
	struct vg_event *events;
	struct vg_event **events_end;
	size_t event_count;
};

/* The stages of a vGPU. */
enum vg_stage {
	VG_STAGE_MAKING = 0, /* op create has not answered: nobody finds it */
	VG_STAGE_READY,
	VG_STAGE_LEAVING, /* it is being destroyed */
	VG_STAGE_GONE
};

struct vgpu_instance {
	struct vg_ref ref;
	struct vgpu_provider *provider; /* a reference */
	struct vgpu_instance *next;     /* in its bucket */
	struct vg_pair pair;
	char type[VG_TYPE_ID_SIZE];
	char *socket;
	void *data;
	void (*free_fn)(void *data);
	enum vg_stage stage; /* under the provider's lock, as the next three */
	bool failed;
	bool started;
	int64_t client_pid; /* -1: there is no client */
	struct vg_region *regions[VGPU_INSTANCE_REGIONS];
	struct vg_pci *pci;
	struct vg_doorbell *doorbells;
	struct vg_irqs irqs;
	struct vg_guest guest;
	uint32_t migration_state;
	bool starting;            /* what own is for, of start and shutdown */
	struct vgpu_request own;  /* of ops that no client has asked for */
	struct vg_call *caller;   /* who waits for an op of it: create, start, shutdown */
	struct vg_destroy *leave; /* who destroys it */
	struct vg_quiesce {       /* one at a time: of what the client asked for, or of its end */
		struct vgpu_request request;
		struct vg_timer timer;
		enum vgpu_quiesce why;
		void (*then)(struct vgpu_instance *instance);
		bool waits; /* for borrowed memory */
	} quiesce;
	struct vg_server *server; /* NULL: it has no socket */
	struct vg_post kick;
};

#define VG_QUIESCE_MS 5000
#define VG_REQUEST_MS 5000
#define VG_DMA_MAPS 4096

/* "UUID:INSTANCE" of a vGPU, for error records. */
/* The object that has this member. */
#define VG_OWNER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define VG_INSTANCE_NAME(instance) (vg_instance_name((instance), (char[VG_PAIR_SIZE]){0}))
const char *vg_instance_name(const struct vgpu_instance *instance, char *buf);

/* A call on the loop about a provider, or one of its vGPUs. */
struct vg_provider_call {
	struct vg_call call;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	size_t i;
	void *out;
};

struct vg_instance_call {
	struct vg_call call;
	struct vgpu_instance *instance;
};

/* vgpu_provider_register() for providers of our own, whose data end with them. */
int vg_provider_register(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts,
						 const struct vgpu_provider_ops *ops, void *data, void (*free_data)(void *data),
						 struct vgpu_provider **out);
void vg_provider_unref(struct vgpu_provider *provider);
/* Type number i, as the provider says it. On the loop. */
int vg_provider_ask_type(struct vgpu_provider *provider, size_t i, struct vgpu_type_info *out);
/* Attribute number i, of the parent where instance is NULL. On the loop. */
int vg_provider_ask_attr(struct vgpu_provider *provider, struct vgpu_instance *instance, size_t i,
						 struct vgpu_attr_info *out);
/* May the one who made this connection use the sockets? */
bool vg_provider_admits(const struct vgpu_provider *provider, int fd, struct vg_peer *peer);
/* Listens at a path for those: a descriptor, or -errno (-EEXIST: somebody else does). */
int vg_provider_listen(const struct vgpu_provider *provider, const char *path, int *lock_fd);

/* What begins on the loop, and ends there: a failure has left a record. */
typedef void (*vg_done_fn)(void *data, int result);
/* A vGPU has been made, and nobody finds it yet. 0; -errno: it is undone. */
typedef int (*vg_accept_fn)(void *data, struct vgpu_instance *instance);
/*
 * As the public calls, but nothing waits: then is called at the end, perhaps before they return. On the loop. 0, or
 * -errno with a record: then is not called. What opts points to has to stay until the end.
 */
int vg_create_begin(struct vgpu_provider *provider, const struct vgpu_instance_opts *opts, vg_accept_fn accept,
					vg_done_fn then, void *data);
int vg_destroy_begin(struct vgpu_instance *instance, const struct vgpu_instance_destroy_opts *opts, vg_done_fn then,
					 void *data);

/* Starting or shutting down those of a virtual machine. */
struct vg_power_opts {
	const char *uuid;
	bool is_start;
	const struct vg_instances *only; /* NULL: all */
	int64_t deadline;                /* INT64_MAX: none */
	struct vg_instances changed;     /* receives those that were started, or shut down */
	struct vgpu_errors errors;       /* receives each failure */
};
int vg_power_begin(struct vgpu_provider *provider, struct vg_power_opts *opts, vg_done_fn then, void *data);
/* What the display shows, checked. On the loop. */
int vg_instance_ask_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out);

/* Adds a vGPU, if no provider of the context has its pair. 0 or -EEXIST. */
int vg_instance_add(struct vgpu_instance *instance);
/* Takes it out of its provider; nobody finds it any more. */
void vg_instance_remove(struct vgpu_instance *instance);
/* May it be declared what it is (op create is running)? 0, or -EBUSY with a record. */
int vg_instance_check_making(struct vgpu_instance *instance, const char *operation);
/* It can't be used any more, but destroyed by force: its client is disconnected. On the loop. */
void vg_instance_fail(struct vgpu_instance *instance, const char *why);
bool vg_instance_is_failed(struct vgpu_instance *instance);
/* Fails with a record that names the vGPU. */
int vg_instance_fail_errno(struct vgpu_instance *instance, const char *operation, int err, enum vgpu_cause cause,
						   const char *why);
/* Has the loop look at transfers and at borrowed memory. From any thread. */
void vg_instance_kick(struct vgpu_instance *instance);
/* The client has left, or the vGPU has failed: whoever destroys it may wait for that. On the loop. */
void vg_destroy_go_on(struct vgpu_instance *instance);
/* Ends a vGPU for which op create has succeeded or was not called. On the loop. */
void vg_instance_end(struct vgpu_instance *instance);

/* Is this a name of letters, digits, '.', '_' and '-', that fits into size? */
bool vg_provider_name_fits(const char *name, size_t size);
/* The type of this id: 0, -ENOENT, or what the op said. On the loop. */
int vg_provider_find_type(struct vgpu_provider *provider, const char *id, struct vgpu_type_info *out);

/* Ends what vgpu_provider_open_control() began; waits for requests that are worked on. Not on the loop. */
void vg_control_close(struct vgpu_provider *provider);
/* Tells management clients. On the loop. */
void vg_control_tell(struct vgpu_provider *provider, const struct vg_pair *pair, const char *event);

void vg_event_push(struct vgpu_provider *provider, const struct vgpu_instance *instance, uint32_t type);
void vg_events_free(struct vgpu_provider *provider);

/*
 * Has the vGPU come to rest, then calls then, which must call vg_quiesce_end() once it has done what it is for. At the
 * deadline the vGPU fails, and then is never called. On the loop.
 */
void vg_quiesce_begin(struct vgpu_instance *instance, enum vgpu_quiesce why,
					  void (*then)(struct vgpu_instance *instance));
void vg_quiesce_end(struct vgpu_instance *instance);
/* Has borrowed memory come back? On the loop. */
void vg_quiesce_look(struct vgpu_instance *instance);
/* Is one under way? */
bool vg_quiesce_is_on(const struct vgpu_instance *instance);

/* What the client of a vGPU is for the rest: the server's. On the loop. */
int vg_server_open(struct vgpu_instance *instance);
void vg_server_close(struct vgpu_instance *instance);
/* Sends what transfers need. */
void vg_server_transfer(struct vgpu_instance *instance);
bool vg_server_has_client(const struct vgpu_instance *instance);
/* Ends the connection; what it leaves is taken back in its own time: then vg_destroy_go_on(). */
void vg_server_disconnect(struct vgpu_instance *instance);

#endif
