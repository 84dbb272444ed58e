/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A KVM virtual machine with one processor, in which a few bytes of code tell of each interrupt that they get. */
#include "kvm_guest.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_SIZE 0x10000u
#define CODE_AT 0x1000u
#define STACK_AT 0x8000u
#define VECTORS_AT 0x20u /* of the first interrupt controller, as the code sets it up */
#define PORT_IRQ 0x81u
#define PORT_IDLE 0x82u

/*
 * Real mode. Sets the first 8259 up for the two lines, and waits. It does not halt: the emulation at times lets an
 * interrupt in between sti and hlt, and then nothing wakes it.
 */
static const uint8_t code_main[] = {
	0xfa,                   /* cli */
	0xb0, 0x11, 0xe6, 0x20, /* ICW1: edge unless ELCR says otherwise, cascade, ICW4 comes */
	0xb0, 0x20, 0xe6, 0x21, /* ICW2: vectors from 0x20 */
	0xb0, 0x04, 0xe6, 0x21, /* ICW3: the second controller is at line 2 */
	0xb0, 0x01, 0xe6, 0x21, /* ICW4: 8086 */
	0xb0, 0x9f, 0xe6, 0x21, /* mask: lines 5 and 6 only */
	0xba, 0xd0, 0x04,       /* mov dx, 0x4d0 (ELCR) */
	0xb0, 0x20, 0xee,       /* line 5 is by level */
	0xfb, 0x90, 0xfa,       /* idle: sti; nop; cli */
	0xe6, 0x82,             /* out 0x82, al: no interrupt waits */
	0xeb, 0xf9,             /* jmp idle */
};

/* Handlers: the line to al, and on to the common end. */
#define HANDLER_AT 0x40u
#define HANDLER_SIZE 4u
#define TELL_AT (HANDLER_AT + 2 * HANDLER_SIZE)
static const uint8_t code_tell[] = {
	0xe6, 0x81,             /* out 0x81, al */
	0xb0, 0x20, 0xe6, 0x20, /* end of interrupt */
	0xcf,                   /* iret */
};

static int do_ioctl(int fd, unsigned long request, void *arg, const char *what)
{
	int r = ioctl(fd, request, arg);

	ck_assert_msg(r >= 0, "%s: %s", what, strerror(errno));
	return r;
}

void guest_make_vm(struct guest *guest)
{
	memset(guest, 0, sizeof(*guest));
	guest->vcpu_fd = -1;
	guest->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	ck_assert_msg(guest->kvm_fd >= 0, "/dev/kvm: %s", strerror(errno));
	guest->vm_fd = do_ioctl(guest->kvm_fd, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
}

static void put_handler(struct guest *guest, unsigned number, unsigned irq)
{
	uint8_t *vector = guest->memory + (size_t)(VECTORS_AT + irq) * 4;
	unsigned at = HANDLER_AT + number * HANDLER_SIZE;
	uint8_t *handler = guest->memory + CODE_AT + at;

	handler[0] = 0xb0; /* mov al, irq */
	handler[1] = (uint8_t)irq;
	handler[2] = 0xeb; /* jmp tell */
	handler[3] = (uint8_t)(TELL_AT - (at + HANDLER_SIZE));
	vector[0] = (uint8_t)at;
	vector[1] = (uint8_t)((CODE_AT + at) >> 8); /* segment 0 follows */
}

static void put_code(struct guest *guest)
{
	memcpy(guest->memory + CODE_AT, code_main, sizeof(code_main));
	put_handler(guest, 0, GUEST_LEVEL_IRQ);
	put_handler(guest, 1, GUEST_EDGE_IRQ);
	memcpy(guest->memory + CODE_AT + TELL_AT, code_tell, sizeof(code_tell));
}

static void start_in_real_mode(const struct guest *guest)
{
	struct kvm_regs regs = {.rip = CODE_AT, .rsp = STACK_AT, .rflags = 2};
	struct kvm_sregs sregs;

	do_ioctl(guest->vcpu_fd, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	do_ioctl(guest->vcpu_fd, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	do_ioctl(guest->vcpu_fd, KVM_SET_REGS, &regs, "KVM_SET_REGS");
}

void guest_make(struct guest *guest)
{
	struct kvm_userspace_memory_region region = {.memory_size = MEMORY_SIZE};

	guest_make_vm(guest);
	do_ioctl(guest->vm_fd, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
	guest->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guest->memory, MAP_FAILED);
	put_code(guest);
	region.userspace_addr = (uintptr_t)guest->memory;
	do_ioctl(guest->vm_fd, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	guest->vcpu_fd = do_ioctl(guest->vm_fd, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	guest->run_size = (uint32_t)do_ioctl(guest->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	guest->run = mmap(NULL, guest->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->vcpu_fd, 0);
	ck_assert_ptr_ne(guest->run, MAP_FAILED);
	start_in_real_mode(guest);
	guest_finish_irq(guest); /* its set-up is done */
}

void guest_end(struct guest *guest)
{
	if (guest->vcpu_fd >= 0) {
		munmap(guest->run, guest->run_size);
		munmap(guest->memory, MEMORY_SIZE);
		close(guest->vcpu_fd);
	}
	close(guest->vm_fd);
	close(guest->kvm_fd);
}

void guest_route(const struct guest *guest, unsigned irq, int fd, int resample_fd)
{
	struct kvm_irqfd irqfd = {.fd = (uint32_t)fd, .gsi = irq};

	if (resample_fd >= 0) {
		irqfd.flags = KVM_IRQFD_FLAG_RESAMPLE;
		irqfd.resamplefd = (uint32_t)resample_fd;
	}
	do_ioctl(guest->vm_fd, KVM_IRQFD, &irqfd, "KVM_IRQFD");
}

/* Runs the guest until it writes to one of the two ports. The port, and the byte. */
static unsigned run(struct guest *guest, unsigned *byte)
{
	const struct kvm_run *run = guest->run;

	do_ioctl(guest->vcpu_fd, KVM_RUN, NULL, "KVM_RUN");
	ck_assert_msg(run->exit_reason == KVM_EXIT_IO, "the guest has ended with %u, %llx", run->exit_reason,
				  run->exit_reason == KVM_EXIT_FAIL_ENTRY ? run->fail_entry.hardware_entry_failure_reason
														  : run->hw.hardware_exit_reason);
	ck_assert(run->io.port == PORT_IRQ || run->io.port == PORT_IDLE);
	*byte = ((const uint8_t *)run)[run->io.data_offset];
	return run->io.port;
}

unsigned guest_next_irq(struct guest *guest)
{
	unsigned irq;

	while (run(guest, &irq) != PORT_IRQ)
		;
	return irq;
}

void guest_finish_irq(struct guest *guest)
{
	unsigned irq, port = run(guest, &irq);

	ck_assert_msg(port == PORT_IDLE, "the guest got interrupt %u", irq);
}
