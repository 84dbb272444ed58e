/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling KVM of VFIO files, and taking them back. */
#ifndef VG_VFIO_KVM_H
#define VG_VFIO_KVM_H

#include <vgpu/kvm.h>

#include "core/context.h"
#include "core/negative.h"

/*
 * Tells KVM of the file behind fd (a group's, or a cdev's that is not bound yet), name for people. 0, 1 where somebody
 * else has told KVM before (and takes it back himself), or -errno with a record of operation "open".
 */
int vg_kvm_add(struct vgpu_context *ctx, struct vgpu_kvm *kvm, int fd, const char *name);
/* Takes back what vg_kvm_add() told. KVM holds the file open until then. */
void vg_kvm_remove(struct vgpu_kvm *kvm, int fd);

#endif
