/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A KVM virtual machine that vGPUs belong to: KVM is told of each before it is opened, and drivers may need it. */
#ifndef VGPU_KVM_H
#define VGPU_KVM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_kvm;

/**
 * struct vgpu_kvm_opts - which virtual machine
 * @size: sizeof(struct vgpu_kvm_opts)
 * @vm_fd: the VM (what KVM_CREATE_VM gave): its VFIO device is made; borrowed for the call; -1: none
 * @device_fd: the VFIO device that the VM has already (what KVM_CREATE_DEVICE gave); duplicated; -1: none
 *
 * Start from VGPU_KVM_OPTS_INIT, and set one of the two.
 */
struct vgpu_kvm_opts {
	size_t size;
	int vm_fd;
	int device_fd;
};

/** A struct vgpu_kvm_opts that names no descriptor. */
#define VGPU_KVM_OPTS_INIT                                                                                             \
	{                                                                                                                  \
		sizeof(struct vgpu_kvm_opts), -1, -1                                                                           \
	}

/**
 * vgpu_kvm_new() - name the virtual machine that vGPUs shall belong to
 * @ctx: the context
 * @opts: which
 * @out: receives the object, a new reference; untouched on failure
 *
 * A VM has one VFIO device (KVM_DEV_TYPE_VFIO) at most, so all vGPUs of a VM are opened with one object: see
 * struct vgpu_vfio_opts and struct vgpu_vfio_fds. KVM is told of a group's file once, however many of its devices are
 * opened, of a device's own node each time, before the device is opened; when the last of them is closed it is taken
 * back. A file that KVM was told of by somebody else is left to him.
 *
 * KVM lets nobody but the process that made the VM use it, not even a forked child. The VM lives as long as the
 * object, and as long as devices that were opened with it, even when its own descriptor is closed.
 *
 * Interrupts go to the VM by irqfd (KVM_IRQFD), which is the caller's: the eventfd of vgpu_irq_enable() is its fd, for
 * INTx with KVM_IRQFD_FLAG_RESAMPLE and the eventfd of vgpu_irq_set_unmask_eventfd() as resamplefd.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: not exactly one descriptor is given, or it is of the wrong kind (invalid);
 *  * -EBADF: it is not open (invalid);
 *  * -EBUSY: the VM has a VFIO device already: hand over the descriptor of that one (in-use);
 *  * -EIO: the VM is another process's, or dead (refused);
 *  * -EOPNOTSUPP: this kernel's KVM has no VFIO device (unsupported);
 *  * -E2BIG, -EMFILE, -ENOMEM, or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_kvm_new(struct vgpu_context *ctx, const struct vgpu_kvm_opts *opts, struct vgpu_kvm **out);

/** vgpu_kvm_ref() - take a reference to @kvm (NULL is let through). Return: @kvm. Since: 0.1 */
struct vgpu_kvm *vgpu_kvm_ref(struct vgpu_kvm *kvm);

/**
 * vgpu_kvm_unref() - drop a reference to a virtual machine's object
 * @kvm: the object, or NULL
 *
 * Opened devices hold it: its descriptor is closed when the last of them is closed too.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_kvm *vgpu_kvm_unref(struct vgpu_kvm *kvm);

/**
 * vgpu_kvm_get_device_fd() - the VM's VFIO device
 * @kvm: the object
 *
 * Return: its descriptor (borrowed), for KVM_SET_DEVICE_ATTR; never -1.
 * Since: 0.1
 */
int vgpu_kvm_get_device_fd(const struct vgpu_kvm *kvm);

#ifdef __cplusplus
}
#endif
#endif
