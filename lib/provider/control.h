/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control socket of a provider: management clients, and what they ask for. On the loop only. */
#ifndef VG_PROVIDER_CONTROL_H
#define VG_PROVIDER_CONTROL_H

#include "control/json.h"
#include "control/protocol.h"
#include "provider/provider.h"
#include "user/channel.h"

struct vg_control {
	struct vg_source source; /* the listening socket */
	struct vgpu_provider *provider;
	char *path;
	int lock_fd;
	struct vg_manager *managers; /* the one that was heard of last first */
	size_t count;
	size_t jobs;
	struct vg_call *waiter; /* who waits until there is no job */
};

/* A management client's connection. */
struct vg_manager {
	struct vg_source source;
	struct vg_channel channel;
	struct vg_control *control;
	struct vg_manager *next;
	struct vg_manager *prev;
	struct vg_user_header request;
	struct vg_job *job; /* that works for it; NULL: it may ask */
	bool wants_events;
};

/* A change that takes as long as the provider's ops do; goes on when the client has gone. */
struct vg_job {
	struct vg_control *control;
	struct vg_manager *manager;  /* NULL: it has gone */
	struct json_object *request; /* a reference */
	struct vg_instances only;
	struct vg_power_opts power;
	struct json_object *reply; /* made before the end; NULL: it is made then */
	/* The rest of the reply, after a success. 0 or -ENOMEM. */
	int (*fill)(struct vg_job *job, struct json_object *reply);
};

/* Commands that are answered at once: fill the reply, and a descriptor (borrowed). 0, or -errno with a record. */
typedef int (*vg_answer_fn)(struct vg_control *control, struct json_object *request, struct json_object *reply,
							int *fd);
/* The one of this name, or NULL. */
vg_answer_fn vg_control_find_answer(const char *command);
/* Commands that take a while: 0, and vg_job_end() is called, perhaps before they return; or -errno with a record. */
typedef int (*vg_begin_fn)(struct vg_job *job);
vg_begin_fn vg_control_find_begin(const char *command);
/* The job is at its end; is freed. data: the job. */
void vg_job_end(void *data, int result);
/* Is there still somebody whom the job is for? */
bool vg_job_is_wanted(const struct vg_job *job);

/* A reply without anything in it, or NULL without memory. */
struct json_object *vg_control_new_reply(void);
/* "vgpu" of a reply: a new object, or NULL without memory. */
struct json_object *vg_control_describe(struct vgpu_instance *instance);
/* An error's record as an object, or NULL without memory. */
struct json_object *vg_control_describe_error(const struct vgpu_error *error);
/* The vGPU that "vgpu" of a request names, a new reference. 0, or -errno with a record. */
int vg_control_find_instance(struct vg_control *control, struct json_object *request, const char *operation,
							 struct vgpu_instance **out);
/* A member of a request that must be there: text, or NULL with a record. */
const char *vg_control_need_text(struct vg_control *control, struct json_object *request, const char *name);

#endif
