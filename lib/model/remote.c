/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel's vGPUs and those of other processes must know of each other. */
#include "model/remote.h"

#include <errno.h>

#include "model/read_pair.h"

static const char operation[] = "create";

const struct vg_remote_ops *vg_remote_of(const struct vgpu_device *device)
{
	return vg_backend_find(device->backend)->remote;
}

static int fail_option(struct vgpu_context *ctx, const struct vg_request *request, const char *value, const char *why)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = request->parent->name,
										.value = value,
										.err = EOPNOTSUPP,
										.cause = VGPU_CAUSE_UNSUPPORTED},
				   "%s", why);
}

static int fail_exists(struct vgpu_context *ctx, struct vgpu_device *device)
{
	vg_fail(ctx,
			&(struct vg_failure){.operation = operation,
								 .path = device->name,
								 .value = device->parent_name,
								 .err = EEXIST,
								 .cause = VGPU_CAUSE_EXISTS,
								 .hint = "choose another UUID or instance, or destroy that one"},
			"it exists on parent %s", device->parent_name ? device->parent_name : "?");
	vgpu_device_unref(device);
	return -EEXIST;
}

static int read_remote(struct vgpu_context *ctx, const struct vg_pair *pair, struct vgpu_device **out)
{
	const struct vg_backend_ops *const *backend;
	char name[VG_NAME_SIZE];
	int r = -ENODEV;

	for (backend = vg_backends(); r == -ENODEV && *backend; backend++) {
		if (!(*backend)->remote)
			continue;
		(*backend)->name_of(pair, name);
		r = (*backend)->read_device(ctx, name, out);
	}
	return r;
}

/*
 * What the kernel makes and what other processes make share no lock: each of both only sees that the other has not yet
 * the pair. Among themselves the kernel's are told apart by records, and those of processes by their sockets.
 */
int vg_remote_check(struct vgpu_context *ctx, const struct vg_backend_ops *backend, const struct vg_request *request,
					const char *owner)
{
	struct vgpu_device *device;
	int r;

	if (backend->remote && owner)
		return fail_option(ctx, request, owner, "its provider decides who may open its socket");
	if (backend->remote && request->attrs && request->attrs[0])
		return fail_option(ctx, request, request->attrs[0], "a software GPU has no attributes that can be set");
	if (!backend->remote && request->params)
		return fail_option(ctx, request, request->params, "the kernel takes no parameters for a vGPU");
	r = backend->remote ? vg_read_pair(ctx, request->pair, &device) : read_remote(ctx, request->pair, &device);
	if (r == 0)
		return fail_exists(ctx, device);
	return r == -ENODEV ? 0 : r;
}
