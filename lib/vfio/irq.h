/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which interrupts of an opened device are on, from within. */
#ifndef VG_VFIO_IRQ_H
#define VG_VFIO_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio/handle.h"

/* The eventfds of a vector, of the handle; -1: none. */
struct vg_vector {
	int trigger;
	int unmask;
};

/* An IRQ index that is, or was, on. Its handle's irq_lock protects it, and is held for all calls here. */
struct vg_irq_set {
	struct vg_irq_set *next;
	uint32_t index;
	uint32_t flags; /* as the driver says */
	uint32_t max;   /* vectors that it has, as the driver says */
	uint32_t count; /* vectors that are on; 0: it is off */
	bool is_own;    /* for the handle's events */
	struct vg_vector *vectors;
};

/* What the driver says of an index: 0 or -errno, without a record. */
int vg_irq_query(struct vgpu_vfio *vfio, uint32_t index, uint32_t *count, uint32_t *flags);
/* "msix 3-5"; one vector alone where they are the same. */
#define VG_IRQ_PLACE_SIZE 64
void vg_irq_describe(const struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count,
					 char out[VG_IRQ_PLACE_SIZE]);
/* The index's set; asks the driver at first. Fails with a record of this operation. */
int vg_irq_get(struct vgpu_vfio *vfio, const char *operation, uint32_t index, struct vg_irq_set **out);
/* The driver answered err (a positive errno) to an action on these vectors. Returns -err. */
int vg_irq_fail(struct vgpu_vfio *vfio, const char *operation, const struct vg_irq_set *set, uint32_t start,
				uint32_t count, int err);
/* A caller's eventfd can't be duplicated, or one be made, for err (a positive errno). Returns -err. */
int vg_irq_fail_eventfd(struct vgpu_vfio *vfio, const char *operation, int err);
/* vgpu_irq_enable() of a set; eventfds NULL: the handle's own. */
int vg_irq_enable(struct vgpu_vfio *vfio, struct vg_irq_set *set, uint32_t start, uint32_t count, const int *eventfds);
/* Closes all eventfds: the kernel's own references are the device's. */
void vg_irqs_free(struct vgpu_vfio *vfio);

#define vg_irq_fail(...) vg_negative(vg_irq_fail(__VA_ARGS__))
#define vg_irq_fail_eventfd(...) vg_negative(vg_irq_fail_eventfd(__VA_ARGS__))

#endif
