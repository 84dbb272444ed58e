/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A KVM virtual machine with one processor, in which a few bytes of code tell of each interrupt that they get. */
#ifndef TESTS_VM_KVM_GUEST_H
#define TESTS_VM_KVM_GUEST_H

#include <stdint.h>

/* The two interrupt lines that the guest takes. The first comes first where both wait. */
#define GUEST_LEVEL_IRQ 5u /* by level */
#define GUEST_EDGE_IRQ 6u  /* by edge */

struct guest {
	int kvm_fd;
	int vm_fd;
	int vcpu_fd;
	uint8_t *memory;
	void *run; /* struct kvm_run */
	uint32_t run_size;
};

/* Only the machine, without a processor; guest_end() frees both. */
void guest_make_vm(struct guest *guest);
/* With interrupt controllers, memory and a processor. */
void guest_make(struct guest *guest);
void guest_end(struct guest *guest);
/* KVM_IRQFD: an event on fd raises the line; resample_fd (or -1): gets one when the guest has handled it. */
void guest_route(const struct guest *guest, unsigned irq, int fd, int resample_fd);
/* Runs the guest until it tells of the next interrupt, in its handler, before the end of interrupt. Which it was. */
unsigned guest_next_irq(struct guest *guest);
/* Runs it on until it has ended its handler and waits, and no interrupt came meanwhile: then it tells so itself. */
void guest_finish_irq(struct guest *guest);

#endif
