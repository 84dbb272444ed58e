/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an op that is pending is answered by. */
#include "provider/request.h"

#include <errno.h>
#include <vgpu/provider.h>

#include "provider/provider.h"

#define ERRNO_MAX 4095

static void end(struct vgpu_request *request, ssize_t result)
{
	struct vgpu_instance *instance = request->instance;

	request->instance = NULL;
	request->then(request, result < -ERRNO_MAX ? -EIO : result);
	vgpu_instance_unref(instance);
}

static void finish(struct vg_post *post)
{
	struct vgpu_request *request = VG_OWNER(post, struct vgpu_request, post);

	request->state = VG_REQUEST_IDLE;
	end(request, request->result);
}

void vg_request_issue(struct vgpu_request *request, struct vgpu_instance *instance,
					  void (*then)(struct vgpu_request *request, ssize_t result))
{
	request->instance = vgpu_instance_ref(instance);
	request->then = then;
	request->post.fn = finish;
	request->state = VG_REQUEST_ISSUED; /* before the op, who alone can tell others of it, is called */
}

void vg_request_settle(struct vgpu_request *request, ssize_t result)
{
	struct vg_loop *loop = &request->instance->provider->loop;

	if (result == -EINPROGRESS)
		return;
	pthread_mutex_lock(&loop->lock);
	vg_loop_take_back_locked(loop, &request->post); /* where the op has both completed it and returned */
	request->state = VG_REQUEST_IDLE;
	pthread_mutex_unlock(&loop->lock);
	end(request, result);
}

void vg_request_ignore(struct vgpu_request *request, ssize_t result)
{
	(void)request;
	(void)result;
}

bool vg_request_is_issued(const struct vgpu_request *request)
{
	return request->instance;
}

void vgpu_request_complete(struct vgpu_request *request, ssize_t result)
{
	struct vgpu_provider *provider;
	struct vg_loop *loop;
	bool is_late = false;

	if (!request || !request->instance)
		return;
	provider = request->instance->provider;
	loop = &provider->loop;
	pthread_mutex_lock(&loop->lock);
	if (request->state == VG_REQUEST_ISSUED) {
		request->state = VG_REQUEST_COMPLETED;
		request->result = result == -EINPROGRESS ? -EIO : result;
		is_late = !vg_loop_post_locked(loop, &request->post);
		if (is_late)
			vg_ref_get(&provider->ref); /* the request may hold the last vGPU, and this the provider */
	}
	pthread_mutex_unlock(&loop->lock);
	if (!is_late)
		return;
	vg_loop_run_late(loop, &request->post);
	vg_provider_unref(provider);
}
