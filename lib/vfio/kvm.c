/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A virtual machine's VFIO device in KVM, which wants to know the files of the VM's devices. */
#include "vfio/kvm.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>

#include "core/ref.h"
#include "sys/devio.h"
#include "sys/files.h"
#include "sys/uapi.h"
#include "vfio/fail.h"

#define NEW "new"

struct vgpu_kvm {
	struct vg_ref ref;
	int fd; /* of the VM's VFIO device */
};

static void kvm_free(struct vgpu_kvm *kvm)
{
	vg_close(kvm->fd);
	free(kvm);
}

VG_DEFINE_REF(kvm, kvm_free)

/* Why a descriptor of the caller's is not taken. */
static int fail(struct vgpu_context *ctx, const char *field, const char *wanted, int err)
{
	struct vg_failure failure = {.operation = NEW, .path = field, .err = err, .cause = VGPU_CAUSE_INVALID};

	switch (err) {
	case ENOTTY: /* no such call there */
	case EINVAL: /* /dev/kvm, or a virtual processor */
	case ENXIO:  /* another device of KVM's */
		failure.err = EINVAL;
		return vg_fail(ctx, &failure, "%s is not %s", field, wanted);
	case EBADF:
		return vg_fail(ctx, &failure, "%s is not open", field);
	case EIO:
		failure.cause = VGPU_CAUSE_REFUSED;
		failure.hint = "KVM wants it from the process that made the VM; a forked child is another one";
		return vg_fail(ctx, &failure, "the VM belongs to another process, or is dead");
	case EBUSY:
	case EEXIST:
		failure.cause = VGPU_CAUSE_IN_USE;
		failure.hint =
			"a VM has one for all its devices: hand its descriptor over as device_fd, or use the object that "
			"made it";
		return vg_fail(ctx, &failure, "the VM has a VFIO device already");
	case ENODEV:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "use a kernel that has CONFIG_KVM_VFIO";
		return vg_fail(ctx, &failure, "this kernel's KVM has no VFIO device");
	default:
		failure.cause = VGPU_CAUSE_NONE;
		return vg_fail(ctx, &failure, NULL);
	}
}

/* Makes the VM's VFIO device. */
static int make_device(struct vgpu_context *ctx, int vm_fd, int *out)
{
	struct kvm_create_device create = {.type = KVM_DEV_TYPE_VFIO};
	int r = vg_ioctl(vm_fd, KVM_CREATE_DEVICE, &create);

	if (r < 0)
		return fail(ctx, "vm_fd", "a KVM virtual machine", -r);
	*out = (int)create.fd; /* closed on exec: KVM sees to it */
	return 0;
}

/* Duplicates a VFIO device of KVM's, once it is known to be one. */
static int take_device(struct vgpu_context *ctx, int fd, int *out)
{
	struct kvm_device_attr attr = {.group = VG_KVM_DEV_VFIO_FILE, .attr = VG_KVM_DEV_VFIO_FILE_ADD};
	int r = vg_ioctl(fd, KVM_HAS_DEVICE_ATTR, &attr);

	if (r >= 0)
		r = vg_dup_fd(fd);
	if (r < 0)
		return fail(ctx, "device_fd", "a VM's VFIO device", -r);
	*out = r;
	return 0;
}

int vgpu_kvm_new(struct vgpu_context *ctx, const struct vgpu_kvm_opts *opts, struct vgpu_kvm **out)
{
	struct vgpu_kvm_opts known;
	struct vgpu_kvm *kvm;
	int r;

	if (!ctx)
		return -EINVAL;
	if (!opts || !out)
		return vg_fail_invalid(ctx, NEW, NULL, "no virtual machine is named, or there is no place for the object");
	if (opts->size < sizeof(known)) /* fields that are missing would be descriptor 0 */
		return vg_fail_invalid(ctx, NEW, "size", "the size is not that of struct vgpu_kvm_opts");
	r = vg_opts_take(ctx, NEW, &known, sizeof(known), opts);
	if (r)
		return r;
	if ((known.vm_fd >= 0) == (known.device_fd >= 0))
		return vg_fail_invalid(ctx, NEW, NULL, "one of vm_fd and device_fd is needed, and not both");
	kvm = calloc(1, sizeof(*kvm));
	if (!kvm)
		return vg_fail_memory(ctx, NEW);
	r = known.vm_fd >= 0 ? make_device(ctx, known.vm_fd, &kvm->fd) : take_device(ctx, known.device_fd, &kvm->fd);
	if (r) {
		free(kvm);
		return r;
	}
	vg_ref_init(&kvm->ref);
	*out = kvm;
	return 0;
}

int vgpu_kvm_get_device_fd(const struct vgpu_kvm *kvm)
{
	return kvm->fd;
}

/* The numbers are those of the older GROUP_ADD and GROUP_DEL, so that one call speaks to every kernel. */
static int change(struct vgpu_kvm *kvm, uint64_t what, int32_t fd)
{
	struct kvm_device_attr attr = {.group = VG_KVM_DEV_VFIO_FILE, .attr = what, .addr = (uintptr_t)&fd};

	return vg_ioctl(kvm->fd, KVM_SET_DEVICE_ATTR, &attr);
}

int vg_kvm_add(struct vgpu_context *ctx, struct vgpu_kvm *kvm, int fd, const char *name)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = name, .cause = VGPU_CAUSE_REFUSED};
	int r = change(kvm, VG_KVM_DEV_VFIO_FILE_ADD, fd);

	if (r >= 0)
		return 0;
	if (r == -EEXIST)
		return 1;
	failure.err = -r;
	if (r == -EIO)
		failure.hint = "KVM wants it from the process that made the VM; a forked child is another one";
	if (r == -ENOMEM)
		failure.cause = VGPU_CAUSE_NONE;
	return vg_fail(ctx, &failure, "the VM's VFIO device in KVM does not take it: %s",
				   strerrordesc_np(-r) ?: "unknown error");
}

void vg_kvm_remove(struct vgpu_kvm *kvm, int fd)
{
	change(kvm, VG_KVM_DEV_VFIO_FILE_DEL, fd); /* it fails if the caller has done it himself, or the VM is dead */
}
