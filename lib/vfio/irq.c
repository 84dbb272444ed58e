/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts: what the driver says of them. */
#include "vfio/irq.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <vgpu/irq.h>

#include "sys/devio.h"

#define FIND "find"
/* More vectors are not believed; MSI-X ends at 2048 (PCI Express Base Specification, 7.7.2). */
#define VECTORS_MAX 65536u

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

int vg_irq_query(struct vgpu_vfio *vfio, uint32_t index, uint32_t *count, uint32_t *flags)
{
	/* flags are 0 on the way in: mdpy leaves them as they are */
	struct vfio_irq_info info = {.argsz = sizeof(info), .index = index};
	int r = vg_device_control(vfio, VFIO_DEVICE_GET_IRQ_INFO, &info);

	if (r < 0)
		return r;
	*count = info.count < VECTORS_MAX ? info.count : VECTORS_MAX;
	*flags = info.flags;
	return 0;
}

static int fail_query(struct vgpu_vfio *vfio, const char *operation, uint32_t index, int err)
{
	struct vg_failure failure = {.operation = operation, .path = vfio->name, .err = err};

	if (err != EINVAL)
		return vg_fail(vfio->ctx, &failure, NULL);
	failure.cause = VGPU_CAUSE_UNSUPPORTED;
	return vg_fail(vfio->ctx, &failure, "it has no IRQ index %u", index);
}

int vgpu_irq_find(struct vgpu_vfio *vfio, uint32_t index, struct vgpu_irq **out)
{
	uint32_t count, flags;
	struct vgpu_irq *irq;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, FIND, vfio->name, "there is no place for the IRQ");
	r = vg_irq_query(vfio, index, &count, &flags);
	if (r < 0)
		return fail_query(vfio, FIND, index, -r);
	irq = calloc(1, sizeof(*irq));
	if (!irq)
		return vg_fail_memory(vfio->ctx, FIND);
	vg_ref_init(&irq->ref);
	irq->index = index;
	irq->count = count;
	irq->flags = flags;
	irq->name = irq_name(vfio, index);
	*out = irq;
	return 0;
}

void vg_irq_describe(const struct vgpu_vfio *vfio, uint32_t index, uint32_t start, uint32_t count,
					 char out[VG_IRQ_PLACE_SIZE])
{
	const char *name = irq_name(vfio, index);
	char number[24];

	vg_strf(number, sizeof(number), "irq %u,", index);
	if (count > 1)
		vg_strf(out, VG_IRQ_PLACE_SIZE, "%s %u-%llu", name ? name : number, start,
				(unsigned long long)start + count - 1);
	else
		vg_strf(out, VG_IRQ_PLACE_SIZE, "%s %u", name ? name : number, start);
}

int vg_irq_get(struct vgpu_vfio *vfio, const char *operation, uint32_t index, struct vg_irq_set **out)
{
	struct vg_irq_set *set;
	uint32_t max, flags;
	int r;

	for (set = vfio->irqs; set && set->index != index; set = set->next)
		;
	if (!set) {
		r = vg_irq_query(vfio, index, &max, &flags);
		if (r < 0)
			return fail_query(vfio, operation, index, -r);
		set = calloc(1, sizeof(*set));
		if (!set)
			return vg_fail_memory(vfio->ctx, operation);
		*set = (struct vg_irq_set){.next = vfio->irqs, .index = index, .max = max, .flags = flags};
		vfio->irqs = set;
	}
	*out = set;
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
