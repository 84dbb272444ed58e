/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PCI part of a vGPU: identity, BARs, reads and writes of config space. */
#include "provider/pci.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/pci.h>
#include <vgpu/region.h>

#include "core/opts.h"
#include "provider/provider.h"

#define SET "make a PCI device"
#define SIZE 256u
#define EXTENDED_SIZE 4096u

void vg_pci_free(struct vg_pci *pci)
{
	if (!pci)
		return;
	pthread_mutex_destroy(&pci->lock);
	free(pci->config);
	free(pci->table);
	free(pci);
}

static void put16(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char)value;
	at[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char *at, uint32_t value)
{
	put16(at, value & 0xffff);
	put16(at + 2, value >> 16);
}

static struct vg_pci *make(size_t size)
{
	struct vg_pci *pci = calloc(1, sizeof(*pci));

	if (!pci)
		return NULL;
	pci->config = calloc(3, size);
	if (!pci->config) {
		free(pci);
		return NULL;
	}
	pci->size = size;
	pci->writable = pci->config + size;
	pci->clears = pci->writable + size;
	pci->end = PCI_STD_HEADER_SIZEOF;
	pci->last = PCI_CAPABILITY_LIST;
	pthread_mutex_init(&pci->lock, NULL);
	return pci;
}

static void fill(struct vg_pci *pci, const struct vgpu_pci_opts *opts)
{
	unsigned char *config = pci->config;

	put16(config + PCI_VENDOR_ID, opts->vendor);
	put16(config + PCI_DEVICE_ID, opts->device);
	put16(config + PCI_SUBSYSTEM_VENDOR_ID, opts->subsystem_vendor);
	put16(config + PCI_SUBSYSTEM_ID, opts->subsystem);
	config[PCI_REVISION_ID] = opts->revision;
	config[PCI_CLASS_PROG] = (unsigned char)opts->class_code;
	put16(config + PCI_CLASS_DEVICE, opts->class_code >> 8);
	config[PCI_INTERRUPT_PIN] = opts->interrupt_pin;
	pci->writable[PCI_CACHE_LINE_SIZE] = 0xff;
	pci->writable[PCI_LATENCY_TIMER] = 0xff;
	pci->writable[PCI_INTERRUPT_LINE] = 0xff;
	put16(pci->writable + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
										   PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	put16(pci->clears + PCI_STATUS, PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT |
										PCI_STATUS_REC_MASTER_ABORT | PCI_STATUS_SIG_SYSTEM_ERROR |
										PCI_STATUS_DETECTED_PARITY);
}

int vgpu_pci_set(struct vgpu_instance *instance, const struct vgpu_pci_opts *opts)
{
	struct vgpu_region_info info = {
		.size = sizeof(info), .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE, .fd = -1};
	struct vgpu_pci_opts known;
	struct vgpu_context *ctx;
	struct vg_pci *pci;
	int r;

	if (!instance || !opts)
		return -EINVAL;
	ctx = instance->provider->ctx;
	r = vg_instance_check_making(instance, SET);
	if (r == 0)
		r = vg_opts_take(ctx, SET, &known, sizeof(known), opts);
	if (r)
		return r;
	if (instance->pci)
		return vg_instance_fail_errno(instance, SET, EEXIST, VGPU_CAUSE_EXISTS, "it is one already");
	if (known.class_code >> 24 || known.interrupt_pin > 4 || known.extended > 1)
		return vg_fail_invalid(ctx, SET, VG_INSTANCE_NAME(instance), "its class, or its interrupt pin, is none");
	info.length = known.extended ? EXTENDED_SIZE : SIZE;
	pci = make((size_t)info.length);
	if (!pci)
		return vg_fail_memory(ctx, SET);
	fill(pci, &known);
	r = vgpu_instance_set_region(instance, VGPU_REGION_CONFIG, &info);
	if (r) {
		vg_pci_free(pci);
		return r;
	}
	instance->pci = pci;
	if (known.interrupt_pin)
		instance->irqs.index[VGPU_IRQ_INTX].count = 1;
	return 0;
}

static bool bar_fits(uint32_t bar, uint64_t length, uint32_t flags)
{
	const bool is_io = flags & VGPU_PCI_BAR_IO, is_64 = flags & VGPU_PCI_BAR_64;

	if (flags & ~(VGPU_PCI_BAR_64 | VGPU_PCI_BAR_PREFETCH | VGPU_PCI_BAR_IO) || !length || length & (length - 1))
		return false;
	if (bar >= VG_PCI_BARS - (is_64 ? 1 : 0))
		return false;
	if (is_io)
		return flags == VGPU_PCI_BAR_IO && length >= 4 && length <= 256;
	return length >= 16 && (is_64 || length <= (uint64_t)1 << 31);
}

int vgpu_pci_set_bar(struct vgpu_instance *instance, uint32_t bar, uint64_t length, uint32_t flags)
{
	struct vg_pci *pci;
	uint64_t mask = ~(length - 1);
	uint32_t at, kind = 0;
	int r;

	if (!instance || !instance->pci)
		return -EINVAL;
	r = vg_instance_check_making(instance, SET);
	if (r)
		return r;
	if (!bar_fits(bar, length, flags))
		return vg_fail_invalid(instance->provider->ctx, SET, VG_INSTANCE_NAME(instance),
							   "BAR %u can't have 0x%llx bytes", bar, (unsigned long long)length);
	pci = instance->pci;
	if (pci->taken[bar] || (flags & VGPU_PCI_BAR_64 && pci->taken[bar + 1]))
		return vg_instance_fail_errno(instance, SET, EEXIST, VGPU_CAUSE_EXISTS, "the BAR is taken");
	at = PCI_BASE_ADDRESS_0 + 4 * bar;
	if (flags & VGPU_PCI_BAR_IO)
		kind = PCI_BASE_ADDRESS_SPACE_IO;
	if (flags & VGPU_PCI_BAR_PREFETCH)
		kind |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	if (flags & VGPU_PCI_BAR_64)
		kind |= PCI_BASE_ADDRESS_MEM_TYPE_64;
	put32(pci->config + at, kind);
	put32(pci->writable + at, (uint32_t)mask);
	pci->taken[bar] = true;
	if (flags & VGPU_PCI_BAR_64) {
		put32(pci->writable + at + 4, (uint32_t)(mask >> 32));
		pci->taken[bar + 1] = true;
	}
	return 0;
}

/* The part of MSI-X that holds all of a range, or NULL. */
static unsigned char *find_table(const struct vg_pci *pci, uint32_t region, uint64_t offset, size_t length)
{
	if (!pci->table || region != pci->table_bar)
		return NULL;
	if (offset >= pci->table_offset && offset - pci->table_offset < pci->table_size &&
		length <= pci->table_size - (offset - pci->table_offset))
		return pci->table + (offset - pci->table_offset);
	if (offset >= pci->pending_offset && offset - pci->pending_offset < pci->pending_size &&
		length <= pci->pending_size - (offset - pci->pending_offset))
		return pci->table + pci->table_size + (offset - pci->pending_offset);
	return NULL;
}

bool vg_pci_covers(const struct vgpu_instance *instance, uint32_t region, uint64_t offset, size_t length)
{
	if (!instance->pci)
		return false;
	return region == VGPU_REGION_CONFIG || find_table(instance->pci, region, offset, length);
}

static void write_config(struct vg_pci *pci, uint64_t offset, const unsigned char *from, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char *at = pci->config + offset + i;
		unsigned char writable = pci->writable[offset + i];

		*at = (unsigned char)((*at & ~writable) | (from[i] & writable));
		*at &= (unsigned char)~(from[i] & pci->clears[offset + i]);
	}
}

void vg_pci_access(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *to, const void *from,
				   size_t length)
{
	struct vg_pci *pci = instance->pci;
	unsigned char *table = region == VGPU_REGION_CONFIG ? NULL : find_table(pci, region, offset, length);

	pthread_mutex_lock(&pci->lock);
	if (to)
		memcpy(to, table ? table : pci->config + offset, length);
	else if (!table)
		write_config(pci, offset, from, length);
	else if (table < pci->table + pci->table_size) /* pending bits are read-only */
		memcpy(table, from, length);
	pthread_mutex_unlock(&pci->lock);
}

static int check_range(const struct vgpu_instance *instance, uint32_t offset, const void *buf, size_t length)
{
	if (!instance || !instance->pci || !buf)
		return -EINVAL;
	return offset > instance->pci->size || length > instance->pci->size - offset ? -ERANGE : 0;
}

int vgpu_pci_read(struct vgpu_instance *instance, uint32_t offset, void *buf, size_t length)
{
	int r = check_range(instance, offset, buf, length);

	if (r == 0)
		vg_pci_access(instance, VGPU_REGION_CONFIG, offset, buf, NULL, length);
	return r;
}

int vgpu_pci_write(struct vgpu_instance *instance, uint32_t offset, const void *buf, size_t length)
{
	int r = check_range(instance, offset, buf, length);

	if (r)
		return r;
	pthread_mutex_lock(&instance->pci->lock);
	memcpy(instance->pci->config + offset, buf, length);
	pthread_mutex_unlock(&instance->pci->lock);
	return 0;
}

void vg_pci_reset(struct vgpu_instance *instance)
{
	struct vg_pci *pci = instance->pci;
	size_t i;

	if (!pci)
		return;
	pthread_mutex_lock(&pci->lock);
	for (i = 0; i < pci->size; i++)
		pci->config[i] &= (unsigned char)~pci->writable[i];
	if (pci->table) {
		memset(pci->table, 0, pci->table_size + pci->pending_size);
		for (i = 12; i < pci->table_size; i += 16)
			pci->table[i] = 1; /* each vector is masked */
	}
	pthread_mutex_unlock(&pci->lock);
}

int vgpu_pci_trigger(struct vgpu_instance *instance, uint32_t vector)
{
	static const uint32_t ways[] = {VGPU_IRQ_MSIX, VGPU_IRQ_MSI};
	uint32_t i, index = VGPU_IRQ_INTX;
	bool is_on;

	if (!instance)
		return -EINVAL;
	for (i = 0; i < 2 && index == VGPU_IRQ_INTX; i++) {
		pthread_mutex_lock(&instance->irqs.lock);
		is_on = instance->irqs.index[ways[i]].on;
		pthread_mutex_unlock(&instance->irqs.lock);
		if (is_on)
			index = ways[i];
	}
	if (index == VGPU_IRQ_INTX && !instance->irqs.index[index].count)
		return vgpu_instance_get_state(instance) == VGPU_INSTANCE_GONE ? -ENODEV : 0;
	return vgpu_instance_trigger_irq(instance, index, vgpu_instance_has_irq(instance, index, vector) ? vector : 0);
}
