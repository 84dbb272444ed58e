/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts of devices on their way into a KVM guest by irqfd, and back by resample. */
#include <sys/eventfd.h>
#include <unistd.h>

#include "kvm_test.h"

/* edu's registers in BAR0. */
#define EDU_RAISE 0x60u
#define EDU_ACK 0x64u

static struct vgpu_context *ctx;
static struct guest guest;
static struct vgpu_kvm *kvm;
static int event, resample;

static void setup(void)
{
	ctx = new_context();
	guest_make(&guest);
	kvm = kvm_of(ctx, &guest);
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	resample = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert(event >= 0 && resample >= 0);
}

static void teardown(void)
{
	close(event);
	close(resample);
	vgpu_kvm_unref(kvm);
	guest_end(&guest);
	vgpu_context_unref(ctx);
}

/* The vector's interrupts go to the event. */
static void enable(struct vgpu_vfio *vfio, uint32_t index)
{
	int r = vgpu_irq_enable(vfio, index, 0, 1, &event);

	ck_assert_msg(r == 0, "enable: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

static void write_bar(struct vgpu_vfio *vfio, uint64_t offset, unsigned width, uint32_t value)
{
	ck_assert_int_eq(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, offset, width, value), 0);
}

static struct vgpu_vfio *open_edu(enum vgpu_access access)
{
	struct vgpu_vfio *vfio = open_in_vm(ctx, "EDU", access, NULL, kvm);

	/* memory enable, bus master: an MSI is a write of the device's */
	ck_assert_int_eq(vgpu_config_write(vfio, 4, 2, config(vfio, 4, 2) | 6u), 0);
	return vfio;
}

/*
 * The guest ends its handler: KVM sees that and lets vfio-pci unmask the line. Where the device still raises it, the
 * next interrupt comes; where it does not any more, none does. No code of ours runs in between.
 */
START_TEST(intx_of_pci)
{
	struct vgpu_vfio *vfio = open_edu(path_of(_i));

	enable(vfio, VGPU_IRQ_INTX);
	ck_assert_int_eq(vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, resample), 0);
	guest_route(&guest, GUEST_LEVEL_IRQ, event, resample);
	write_bar(vfio, EDU_RAISE, 4, 1);
	ck_assert_uint_eq(guest_next_irq(&guest), GUEST_LEVEL_IRQ);
	ck_assert_uint_eq(guest_next_irq(&guest), GUEST_LEVEL_IRQ); /* not acknowledged yet */
	ck_assert_uint_eq(guest_next_irq(&guest), GUEST_LEVEL_IRQ);
	write_bar(vfio, EDU_ACK, 4, 1);
	guest_finish_irq(&guest);
	write_bar(vfio, EDU_RAISE, 4, 2);
	ck_assert_uint_eq(guest_next_irq(&guest), GUEST_LEVEL_IRQ);
	write_bar(vfio, EDU_ACK, 4, 2);
	guest_finish_irq(&guest);
	vgpu_vfio_close(vfio);
}
END_TEST

START_TEST(msi_of_pci)
{
	struct vgpu_vfio *vfio = open_edu(path_of(_i));
	int i;

	enable(vfio, VGPU_IRQ_MSI);
	guest_route(&guest, GUEST_EDGE_IRQ, event, -1);
	for (i = 0; i < 3; i++) {
		write_bar(vfio, EDU_RAISE, 4, 1);
		ck_assert_uint_eq(guest_next_irq(&guest), GUEST_EDGE_IRQ);
		write_bar(vfio, EDU_ACK, 4, 1);
		guest_finish_irq(&guest);
	}
	vgpu_vfio_close(vfio);
}
END_TEST

/* The UART asks for data to send as soon as it may. */
static void trigger_mtty(struct vgpu_vfio *vfio)
{
	write_bar(vfio, 1, 1, 2);
}

/* mtty takes no eventfd to unmask, so the VMM hears the guest's end of interrupt and unmasks. */
START_TEST(intx_of_mdev)
{
	struct vgpu_vfio *vfio = open_in_vm(ctx, "MTTY", path_of(_i), NULL, kvm);
	eventfd_t count;
	int i;

	enable(vfio, VGPU_IRQ_INTX);
	guest_route(&guest, GUEST_LEVEL_IRQ, event, resample);
	for (i = 0; i < 3; i++) {
		trigger_mtty(vfio);
		ck_assert_uint_eq(guest_next_irq(&guest), GUEST_LEVEL_IRQ);
		ck_assert_int_eq(eventfd_read(resample, &count), -1);
		guest_finish_irq(&guest);
		ck_assert_int_eq(eventfd_read(resample, &count), 0);
		ck_assert_int_eq(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1), 0);
	}
	vgpu_vfio_close(vfio);
}
END_TEST

START_TEST(msi_of_mdev)
{
	struct vgpu_vfio *vfio = open_in_vm(ctx, "MTTY2", path_of(_i), NULL, kvm);
	int i;

	enable(vfio, VGPU_IRQ_MSI);
	guest_route(&guest, GUEST_EDGE_IRQ, event, -1);
	for (i = 0; i < 3; i++) {
		trigger_mtty(vfio);
		ck_assert_uint_eq(guest_next_irq(&guest), GUEST_EDGE_IRQ);
		guest_finish_irq(&guest);
	}
	vgpu_vfio_close(vfio);
}
END_TEST

void add_irqfd_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("irqfd");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, intx_of_pci, 0, paths);
	tcase_add_loop_test(tcase, msi_of_pci, 0, paths);
	tcase_add_loop_test(tcase, intx_of_mdev, 0, paths);
	tcase_add_loop_test(tcase, msi_of_mdev, 0, paths);
	suite_add_tcase(suite, tcase);
}
