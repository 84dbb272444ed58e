/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts: what the driver says of them. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <vgpu/irq.h>

#include "sys/devio.h"
#include "vfio/handle.h"

#define FIND "find"

struct vgpu_irq {
	struct vg_ref ref;
	uint32_t index;
	uint32_t count;
	uint32_t flags;
	const char *name; /* static; NULL: none */
};

static void irq_free(struct vgpu_irq *irq)
{
	free(irq);
}

VG_DEFINE_REF(irq, irq_free)

static const char *irq_name(const struct vgpu_vfio *vfio, uint32_t index)
{
	static const char *const names[] = {"intx", "msi", "msix", "err", "req"};

	return index < VG_COUNT(names) && vfio->flags & VGPU_VFIO_FLAG_PCI ? names[index] : NULL;
}

int vgpu_irq_find(struct vgpu_vfio *vfio, uint32_t index, struct vgpu_irq **out)
{
	/* flags are 0 on the way in: mdpy leaves them as they are */
	struct vfio_irq_info info = {.argsz = sizeof(info), .index = index};
	struct vg_failure failure = {.operation = FIND};
	struct vgpu_irq *irq;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, FIND, vfio->name, "there is no place for the IRQ");
	r = vg_ioctl(vfio->place.device_fd, VFIO_DEVICE_GET_IRQ_INFO, &info);
	if (r < 0) {
		failure.path = vfio->name;
		failure.err = -r;
		failure.cause = r == -EINVAL ? VGPU_CAUSE_UNSUPPORTED : VGPU_CAUSE_NONE;
		return r == -EINVAL ? vg_fail(vfio->ctx, &failure, "it has no IRQ index %u", index)
							: vg_fail(vfio->ctx, &failure, NULL);
	}
	irq = calloc(1, sizeof(*irq));
	if (!irq)
		return vg_fail_memory(vfio->ctx, FIND);
	vg_ref_init(&irq->ref);
	irq->index = index;
	irq->count = info.count;
	irq->flags = info.flags;
	irq->name = irq_name(vfio, index);
	*out = irq;
	return 0;
}

uint32_t vgpu_irq_get_index(const struct vgpu_irq *irq)
{
	return irq->index;
}

const char *vgpu_irq_get_name(const struct vgpu_irq *irq)
{
	return irq->name;
}

uint32_t vgpu_irq_get_count(const struct vgpu_irq *irq)
{
	return irq->count;
}

uint32_t vgpu_irq_get_flags(const struct vgpu_irq *irq)
{
	return irq->flags;
}
