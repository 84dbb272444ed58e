/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI for providers: a vGPU's config space with capabilities, BARs and their sizing, and its interrupts.
 *
 * vgpu_pci_set() makes region 7, which the library then reads and writes by itself: ids are read-only, BARs answer
 * sizing, the command register, interrupt line and the control bits of capabilities can be written. All of it in op
 * create.
 */
#ifndef VGPU_PCI_H
#define VGPU_PCI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_instance;

/**
 * struct vgpu_pci_opts - identity of a PCI device
 * @size: sizeof(struct vgpu_pci_opts)
 * @vendor: vendor id
 * @device: device id
 * @subsystem_vendor: subsystem's vendor id
 * @subsystem: subsystem id
 * @class_code: class, subclass and programming interface, for example 0x038000
 * @revision: revision
 * @interrupt_pin: 1 (INTA) to 4, which gives it INTx; 0: none
 * @extended: 1: 4096 bytes of config space instead of 256
 */
struct vgpu_pci_opts {
	size_t size;
	uint16_t vendor;
	uint16_t device;
	uint16_t subsystem_vendor;
	uint16_t subsystem;
	uint32_t class_code;
	uint8_t revision;
	uint8_t interrupt_pin;
	uint8_t extended;
};

/**
 * vgpu_pci_set() - make a vGPU a PCI device
 * @instance: the vGPU
 * @opts: its identity
 *
 * Return: 0, -EINVAL, -EBUSY (op create is over), -EEXIST (it is one already), -E2BIG or -ENOMEM.
 * Since: 0.1
 */
int vgpu_pci_set(struct vgpu_instance *instance, const struct vgpu_pci_opts *opts);

/** Flags of a BAR. */
#define VGPU_PCI_BAR_64 (1u << 0)       /* 64 bits: takes the next BAR's register too */
#define VGPU_PCI_BAR_PREFETCH (1u << 1) /* prefetchable */
#define VGPU_PCI_BAR_IO (1u << 2)       /* IO ports instead of memory */

/**
 * vgpu_pci_set_bar() - give it a BAR
 * @instance: the vGPU
 * @bar: 0 to 5 (0 to 4 with VGPU_PCI_BAR_64)
 * @length: a power of two: from 16 bytes (4 of IO ports, to 256); beyond 2 GiB with VGPU_PCI_BAR_64 only
 * @flags: VGPU_PCI_BAR_*
 *
 * What is behind it is the region of the same index: vgpu_instance_set_region().
 *
 * Return: 0, -EINVAL, -EEXIST (the register is taken), or -EBUSY.
 * Since: 0.1
 */
int vgpu_pci_set_bar(struct vgpu_instance *instance, uint32_t bar, uint64_t length, uint32_t flags);

/**
 * vgpu_pci_add_capability() - add a capability
 * @instance: the vGPU
 * @id: capability id
 * @body: what follows id and next pointer
 * @writable: for each byte of @body the bits that the client can write; NULL: none
 * @length: of @body in bytes
 *
 * Return: its offset in config space, -EINVAL, -ENOSPC (there is no room left), or -EBUSY.
 * Since: 0.1
 */
int vgpu_pci_add_capability(struct vgpu_instance *instance, uint8_t id, const void *body, const void *writable,
							size_t length);

/** vgpu_pci_add_pm() - power management with D0 and D3hot; as vgpu_pci_add_capability(). Since: 0.1 */
int vgpu_pci_add_pm(struct vgpu_instance *instance);

/** vgpu_pci_add_express() - PCI Express, an integrated endpoint; as vgpu_pci_add_capability(). Since: 0.1 */
int vgpu_pci_add_express(struct vgpu_instance *instance);

/**
 * vgpu_pci_add_msi() - MSI, with 64-bit addresses
 * @instance: the vGPU
 * @vectors: 1, 2, 4, 8, 16 or 32
 *
 * Return: as vgpu_pci_add_capability().
 * Since: 0.1
 */
int vgpu_pci_add_msi(struct vgpu_instance *instance, uint32_t vectors);

/**
 * vgpu_pci_add_msix() - MSI-X
 * @instance: the vGPU
 * @vectors: 1 to 2048
 * @bar: the BAR of table and pending bits
 * @table: where the table is in it, a multiple of 8; 16 bytes a vector
 * @pending: where the pending bits are in it, a multiple of 8
 *
 * The library keeps the table and the pending bits; accesses there do not come to ops. The region of @bar must be one
 * that is not backed there.
 *
 * Return: as vgpu_pci_add_capability(), -ENOMEM.
 * Since: 0.1
 */
int vgpu_pci_add_msix(struct vgpu_instance *instance, uint32_t vectors, uint32_t bar, uint32_t table, uint32_t pending);

/**
 * vgpu_pci_add_vendor() - a vendor's capability
 * @instance: the vGPU
 * @body: what follows id, next pointer and length
 * @length: of @body in bytes
 *
 * Return: as vgpu_pci_add_capability().
 * Since: 0.1
 */
int vgpu_pci_add_vendor(struct vgpu_instance *instance, const void *body, size_t length);

/**
 * vgpu_pci_read() - read config space as the client sees it
 * @instance: the vGPU
 * @offset: where
 * @buf: receives the bytes
 * @length: how many
 *
 * From any thread.
 *
 * Return: 0, -ERANGE (outside), or -EINVAL (it is no PCI device).
 * Since: 0.1
 */
int vgpu_pci_read(struct vgpu_instance *instance, uint32_t offset, void *buf, size_t length);

/** vgpu_pci_write() - write config space as the device does, read-only bits too; as vgpu_pci_read(). Since: 0.1 */
int vgpu_pci_write(struct vgpu_instance *instance, uint32_t offset, const void *buf, size_t length);

/**
 * vgpu_pci_trigger() - send an interrupt the way the client has chosen
 * @instance: the vGPU
 * @vector: the vector
 *
 * MSI-X where it has eventfds, else MSI, else INTx. A vector that the way chosen does not have is sent as its vector 0.
 * From any thread.
 *
 * Return: as vgpu_instance_trigger_irq().
 * Since: 0.1
 */
int vgpu_pci_trigger(struct vgpu_instance *instance, uint32_t vector);

#ifdef __cplusplus
}
#endif
#endif
