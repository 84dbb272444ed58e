/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interrupts of an opened device: what it has, and to which eventfds they go.
 *
 * The kernel adds 1 to a vector's eventfd for each interrupt: to wait for one is to poll and read the eventfd, and
 * costs no call of this library. Which vectors are on, and their eventfds, is the handle's to know: whoever uses its
 * device descriptor for interrupts beside it makes it wrong. Calls may run at once from several threads.
 */
#ifndef VGPU_IRQ_H
#define VGPU_IRQ_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_vfio;
struct vgpu_irq;

/** IRQ indexes of a PCI device. */
enum vgpu_irq_index { VGPU_IRQ_INTX = 0, VGPU_IRQ_MSI = 1, VGPU_IRQ_MSIX = 2, VGPU_IRQ_ERR = 3, VGPU_IRQ_REQ = 4 };

/** IRQ flags, the kernel's VFIO_IRQ_INFO_*. */
#define VGPU_IRQ_FLAG_EVENTFD (1u << 0)    /* can be sent to eventfds */
#define VGPU_IRQ_FLAG_MASKABLE (1u << 1)   /* vgpu_irq_mask() and vgpu_irq_unmask() work */
#define VGPU_IRQ_FLAG_AUTOMASKED (1u << 2) /* masked by each interrupt: none comes until it is unmasked */
#define VGPU_IRQ_FLAG_NORESIZE (1u << 3)   /* to turn on more vectors than at first, all are turned off in between */

/**
 * vgpu_irq_find() - ask the driver about an IRQ index
 * @vfio: the device
 * @index: IRQ index
 * @out: receives a snapshot, a new reference; untouched on failure
 *
 * Return: 0, -EINVAL (the driver has no such index, or a NULL argument), -ENODEV, -ENOMEM, or another -errno of
 * the driver.
 * Since: 0.1
 */
int vgpu_irq_find(struct vgpu_vfio *vfio, uint32_t index, struct vgpu_irq **out);

/** vgpu_irq_ref() - take a reference to @irq (NULL is let through). Return: @irq. Since: 0.1 */
struct vgpu_irq *vgpu_irq_ref(struct vgpu_irq *irq);

/** vgpu_irq_unref() - drop a reference to @irq (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_irq *vgpu_irq_unref(struct vgpu_irq *irq);

/** vgpu_irq_get_index() - its index. Since: 0.1 */
uint32_t vgpu_irq_get_index(const struct vgpu_irq *irq);

/** vgpu_irq_get_name() - "intx", "msi", "msix", "err", "req"; NULL for others. Since: 0.1 */
const char *vgpu_irq_get_name(const struct vgpu_irq *irq);

/** vgpu_irq_get_count() - number of vectors; 0: not implemented by this device. Since: 0.1 */
uint32_t vgpu_irq_get_count(const struct vgpu_irq *irq);

/** vgpu_irq_get_flags() - VGPU_IRQ_FLAG_*. Since: 0.1 */
uint32_t vgpu_irq_get_flags(const struct vgpu_irq *irq);

/**
 * vgpu_irq_enable() - turn vectors on, or give them other eventfds
 * @vfio: the device
 * @index: IRQ index
 * @start: the first vector
 * @count: how many vectors, at least 1
 * @eventfds: an eventfd for each of them, -1 for a vector without; the handle keeps a duplicate of each, the caller's
 *            stay the caller's; NULL: the handle makes them, non-blocking (vgpu_irq_get_eventfd())
 *
 * Vectors that are on already and not named stay as they are. More vectors than are on: where the index has
 * VGPU_IRQ_FLAG_NORESIZE all are turned off and on again, and an interrupt in between is lost; so whoever knows how
 * many will be used turns on all at first, those not needed yet with -1. INTx, MSI and MSI-X of a PCI device exclude
 * each other. For INTx, an automasked index sends one interrupt and then none until it is unmasked; enabling it does
 * not mask or unmask.
 *
 * On failure the earlier set-up is in force: some drivers lose it, then it is made again from the handle's duplicates,
 * and an interrupt in between is lost. If that is impossible, all vectors of the index are off, and the cause is
 * "lost".
 *
 * Return: 0, or
 *  * -EINVAL: no such index or no vector (invalid), a descriptor that is no eventfd (refused);
 *  * -ERANGE: the index has fewer vectors (out-of-range);
 *  * -EBADF: a descriptor that is not open (invalid);
 *  * -EBUSY: another of INTx, MSI and MSI-X is on; or the index is the handle's own for events (in-use);
 *  * -EOPNOTSUPP: the driver sends it to no eventfd (unsupported);
 *  * -ENOSPC: the host has fewer vectors left; the message says how many (limit);
 *  * -EMFILE, -ENOMEM, -ENODEV, or another -errno of the driver. Any of these may have the cause lost.
 * Since: 0.1
 */
int vgpu_irq_enable(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count, const int *eventfds);

/**
 * vgpu_irq_disable() - turn all vectors of an index off
 * @vfio: the device
 * @index: IRQ index
 *
 * Eventfds that the handle has made or duplicated are closed. One vector alone is silenced by vgpu_irq_enable() with
 * -1. What is off already is a success.
 *
 * Return: 0, -EBUSY (the index is the handle's own for events), or an -errno of the driver: then it is on as before.
 * Since: 0.1
 */
int vgpu_irq_disable(struct vgpu_vfio *vfio, uint32_t index);

/**
 * vgpu_irq_get_eventfd() - where a vector's interrupts go
 * @vfio: the device
 * @index: IRQ index
 * @vector: the vector
 *
 * Return: the handle's descriptor of the eventfd (borrowed, valid until the vector is given another or the index is
 * turned off); -1 if it has none.
 * Since: 0.1
 */
int vgpu_irq_get_eventfd(struct vgpu_vfio *vfio, uint32_t index, uint32_t vector);

/**
 * vgpu_irq_mask() - hold interrupts back
 * @vfio: the device
 * @index: IRQ index, which has VGPU_IRQ_FLAG_MASKABLE
 * @start: the first vector
 * @count: how many vectors, at least 1
 *
 * Return: 0, or
 *  * -EINVAL: it is not on (invalid);
 *  * -ERANGE: the index has fewer vectors (out-of-range);
 *  * -EOPNOTSUPP: the driver can't (unsupported); or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_irq_mask(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count);

/**
 * vgpu_irq_unmask() - let interrupts through (again)
 * @vfio: the device
 * @index: IRQ index, which has VGPU_IRQ_FLAG_MASKABLE
 * @start: the first vector
 * @count: how many vectors, at least 1
 *
 * To be called after each interrupt of an index with VGPU_IRQ_FLAG_AUTOMASKED, when its cause in the device has been
 * dealt with. Where the line is still, or again, asserted, the next interrupt comes at once.
 *
 * Return: as vgpu_irq_mask().
 * Since: 0.1
 */
int vgpu_irq_unmask(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count);

/**
 * vgpu_irq_set_unmask_eventfd() - unmask whenever an eventfd is written to
 * @vfio: the device
 * @index: IRQ index
 * @vector: the vector
 * @eventfd: the eventfd, of which the handle keeps a duplicate; -1: none any more
 *
 * The kernel then unmasks without this process. With KVM it makes INTx resample: give KVM the vector's eventfd as irqfd
 * and this one as resamplefd (KVM_IRQFD_FLAG_RESAMPLE), and the guest's end of interrupt unmasks. Turning the index off
 * ends it. On failure the earlier one stays, or the cause is lost.
 *
 * Return: 0, or
 *  * -EINVAL: the vector is not on (invalid), or the descriptor is no eventfd (refused);
 *  * -ERANGE, -EBADF, -EMFILE, -ENOMEM as vgpu_irq_enable();
 *  * -EOPNOTSUPP: the driver can't (unsupported); or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_irq_set_unmask_eventfd(struct vgpu_vfio *vfio, uint32_t index, uint32_t vector, int eventfd);

/**
 * vgpu_irq_trigger() - send interrupts as if the device had
 * @vfio: the device
 * @index: IRQ index
 * @start: the first vector
 * @count: how many vectors, at least 1; those without an eventfd are passed over
 *
 * For tests of the way to a guest, and after migration. Asked for with VFIO_IRQ_SET_DATA_BOOL: for one driver (mtty on
 * Linux 6.1, which then does nothing) VFIO_IRQ_SET_DATA_NONE means to turn the index off, whatever the count.
 *
 * Return: as vgpu_irq_mask().
 * Since: 0.1
 */
int vgpu_irq_trigger(struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
