/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts of an opened device: what it has. Immutable snapshots. */
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
#define VGPU_IRQ_FLAG_EVENTFD (1u << 0)
#define VGPU_IRQ_FLAG_MASKABLE (1u << 1)
#define VGPU_IRQ_FLAG_AUTOMASKED (1u << 2)
#define VGPU_IRQ_FLAG_NORESIZE (1u << 3)

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

#ifdef __cplusplus
}
#endif
#endif
