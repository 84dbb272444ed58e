/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interrupts of a vGPU: vectors, and the eventfds that its client gave. */
#ifndef VG_PROVIDER_IRQS_H
#define VG_PROVIDER_IRQS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_IRQ_INDEXES 5

struct vgpu_instance;
struct vg_source;

struct vg_irqs {
	pthread_mutex_t lock;
	struct vg_irq_vectors {
		uint32_t count; /* fixed after creation */
		uint32_t on;    /* how many of fd[] there are: 0, or count */
		int *fd;        /* eventfds, -1: none */
	} index[VG_IRQ_INDEXES];
	bool masked;  /* of INTx */
	bool pending; /* one came while it was masked */
	bool level;
	struct vg_unmask *unmask; /* an eventfd that unmasks INTx; on the loop */
};

/* What a client asks for, checked already: the action and data flags are one each, fds[] count or 0. */
struct vg_irq_order {
	uint32_t flags; /* VFIO_IRQ_SET_* */
	uint32_t index;
	uint32_t start;
	uint32_t count;
	const unsigned char *bools;
	int *fds; /* what is taken becomes -1 */
	size_t fd_count;
};

void vg_irqs_init(struct vg_irqs *irqs);
void vg_instance_irqs_free(struct vg_irqs *irqs);
uint32_t vg_irqs_flags(uint32_t index);
/* 0 or -errno. On the loop. */
int vg_irqs_order(struct vgpu_instance *instance, struct vg_irq_order *order);
/* The device was reset: eventfds stay. */
void vg_irqs_reset(struct vg_irqs *irqs);
/* The client has gone: all are off. On the loop. */
void vg_irqs_clear(struct vgpu_instance *instance);

#endif
