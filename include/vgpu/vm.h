/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtual machines: the start and shutdown of all vGPUs of one, before its VMM begins, and after it has ended.
 *
 * The kernel's vGPUs need neither: they take part, and nothing is done for them. Providers of software GPUs
 * (vgpu/provider.h) are told.
 */
#ifndef VGPU_VM_H
#define VGPU_VM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_errors;

/**
 * struct vgpu_vm_opts - how to start or shut down
 * @size: sizeof(struct vgpu_vm_opts)
 * @timeout_ms: deadline in milliseconds for the whole call; 0: 15000
 */
struct vgpu_vm_opts {
	size_t size;
	uint32_t timeout_ms;
};

/**
 * vgpu_vm_start() - start all vGPUs of a virtual machine
 * @ctx: the context
 * @uuid: the virtual machine's UUID, in any case
 * @opts: how, or NULL
 *
 * Those that are started already are passed over. When one fails, those that this call has started are shut down again,
 * for which it may take five seconds beyond the deadline.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: a NULL argument, or @uuid is none (invalid); -E2BIG: @opts;
 *  * -ENODEV: it has no vGPU here (no-such-device);
 *  * -ETIMEDOUT: a provider has not answered in time; what it still does is not undone (pending);
 *  * -ENOTCONN: a provider's process is gone (gone); -EPERM, -EACCES: not allowed to talk to it;
 *  * -EPROTO: what it answers makes no sense (bad-data); -ENOMEM; or an -errno of the provider.
 * Since: 0.1
 */
int vgpu_vm_start(struct vgpu_context *ctx, const char *uuid, const struct vgpu_vm_opts *opts);

/**
 * vgpu_vm_shutdown() - shut down all vGPUs of a virtual machine
 * @ctx: the context
 * @uuid: the virtual machine's UUID, in any case
 * @opts: how, or NULL
 * @errors: receives an error for each vGPU, or process of a provider, that failed (new; vgpu_errors_unref() it);
 *          untouched where none did; or NULL
 *
 * Goes on after a failure; a vGPU that failed stays started.
 *
 * Return: 0, or the first failure, as vgpu_vm_start().
 * Since: 0.1
 */
int vgpu_vm_shutdown(struct vgpu_context *ctx, const char *uuid, const struct vgpu_vm_opts *opts,
					 struct vgpu_errors **errors);

#ifdef __cplusplus
}
#endif
#endif
