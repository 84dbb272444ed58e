/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of kvm_test. */
#ifndef TESTS_VM_KVM_TEST_H
#define TESTS_VM_KVM_TEST_H

#include "kvm_guest.h"
#include "vfio_test.h"

/* The VM's object, or the test fails. */
struct vgpu_kvm *kvm_of(struct vgpu_context *ctx, const struct guest *guest);
/* Opens what the variable names for the VM, or fails the test. dma may be NULL. */
struct vgpu_vfio *open_in_vm(struct vgpu_context *ctx, const char *variable, enum vgpu_access access,
							 struct vgpu_dma *dma, struct vgpu_kvm *kvm);

void add_irqfd_tests(Suite *suite, int paths);
void add_thread_tests(Suite *suite, int paths);

#endif
