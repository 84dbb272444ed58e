/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an op that is pending is answered by. */
#ifndef VG_PROVIDER_REQUEST_H
#define VG_PROVIDER_REQUEST_H

#include <stdbool.h>
#include <sys/types.h>

#include "provider/loop.h"

struct vgpu_instance;

enum vg_request_state { VG_REQUEST_IDLE = 0, VG_REQUEST_ISSUED, VG_REQUEST_COMPLETED };

/* Made once for each vGPU and each connection, and used again and again. */
struct vgpu_request {
	struct vg_post post;            /* posted when it is completed */
	struct vgpu_instance *instance; /* a reference while it is issued */
	void (*then)(struct vgpu_request *request, ssize_t result);
	enum vg_request_state state; /* under the loop's lock, and the result */
	ssize_t result;
};

/* Hands the request to an op that is called next; what it returns goes to vg_request_settle(). On the loop. */
void vg_request_issue(struct vgpu_request *request, struct vgpu_instance *instance,
					  void (*then)(struct vgpu_request *request, ssize_t result));
/* Calls then, at once or, where the op is pending, when it is completed. */
void vg_request_settle(struct vgpu_request *request, ssize_t result);
/* To be then: nobody is interested. */
void vg_request_ignore(struct vgpu_request *request, ssize_t result);
bool vg_request_is_issued(const struct vgpu_request *request);

#endif
