/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities in a vGPU's config space. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/pci.h>
#include <vgpu/region.h>

#include "provider/pci.h"
#include "provider/provider.h"

#define ADD "add a capability"
#define CONFIG_SIZE 256u /* capabilities of this kind end there */
#define BODY_MAX (CONFIG_SIZE - PCI_STD_HEADER_SIZEOF - 2)

/* Adds it; clears: bits that a client's 1 clears, or NULL. */
static int add(struct vgpu_instance *instance, uint8_t id, const void *body, const void *writable, const void *clears,
			   size_t length)
{
	struct vg_pci *pci;
	size_t at;
	int r;

	if (!instance || !instance->pci || (!body && length))
		return -EINVAL;
	r = vg_instance_check_making(instance, ADD);
	if (r)
		return r;
	pci = instance->pci;
	at = (pci->end + 3) & ~(size_t)3;
	if (length > BODY_MAX || at + 2 + length > CONFIG_SIZE)
		return vg_instance_fail_errno(instance, ADD, ENOSPC, VGPU_CAUSE_LIMIT, "its config space has no room left");
	pci->config[at] = id;
	if (length)
		memcpy(pci->config + at + 2, body, length);
	if (writable)
		memcpy(pci->writable + at + 2, writable, length);
	if (clears)
		memcpy(pci->clears + at + 2, clears, length);
	pci->config[pci->last] = (unsigned char)at;
	pci->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	pci->last = at + 1;
	pci->end = at + 2 + length;
	return (int)at;
}

int vgpu_pci_add_capability(struct vgpu_instance *instance, uint8_t id, const void *body, const void *writable,
							size_t length)
{
	return add(instance, id, body, writable, NULL, length);
}

int vgpu_pci_add_pm(struct vgpu_instance *instance)
{
	/* PM_PMC: version 3; PM_CTRL: no soft reset, so that D3hot loses nothing */
	static const unsigned char body[] = {0x03, 0x00, 0x08, 0x00, 0x00, 0x00};
	static const unsigned char writable[] = {0x00, 0x00, 0x03, 0x00, 0x00, 0x00};

	return add(instance, PCI_CAP_ID_PM, body, writable, NULL, sizeof(body));
}

int vgpu_pci_add_express(struct vgpu_instance *instance)
{
	unsigned char body[58] = {0}, writable[58] = {0}, clears[58] = {0};

	body[0] = 0x02 | PCI_EXP_TYPE_RC_END << 4; /* version 2 */
	body[2] = 0x00;                            /* device capabilities: payloads of 128 bytes */
	body[3] = 0x80;                            /* role-based error reporting */
	writable[6] = 0xff;                        /* device control */
	writable[7] = 0x7f;
	clears[8] = 0x0f; /* device status */
	return add(instance, PCI_CAP_ID_EXP, body, writable, clears, sizeof(body));
}

int vgpu_pci_add_msi(struct vgpu_instance *instance, uint32_t vectors)
{
	unsigned char body[12] = {0}, writable[12] = {0};
	int r;

	if (!vectors || vectors > 32 || vectors & (vectors - 1))
		return -EINVAL;
	/* message control: how many, 64 bits; how many are on, and whether at all, is the client's */
	body[0] = (unsigned char)((uint32_t)__builtin_ctz(vectors) << 1 | PCI_MSI_FLAGS_64BIT);
	writable[0] = PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE;
	writable[2] = 0xfc; /* address */
	memset(writable + 3, 0xff, 7);
	memset(writable + 10, 0xff, 2); /* data */
	r = add(instance, PCI_CAP_ID_MSI, body, writable, NULL, sizeof(body));
	if (r >= 0)
		instance->irqs.index[VGPU_IRQ_MSI].count = vectors;
	return r;
}

static void put32(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char)value;
	at[1] = (unsigned char)(value >> 8);
	at[2] = (unsigned char)(value >> 16);
	at[3] = (unsigned char)(value >> 24);
}

int vgpu_pci_add_msix(struct vgpu_instance *instance, uint32_t vectors, uint32_t bar, uint32_t table, uint32_t pending)
{
	const uint32_t table_size = 16 * vectors, pending_size = (vectors + 63) / 64 * 8;
	unsigned char body[10] = {0}, writable[10] = {0}, *memory;
	struct vg_pci *pci;
	int r;

	if (!instance || !instance->pci || !vectors || vectors > 2048 || bar >= VG_PCI_BARS || (table | pending) & 7 ||
		table > UINT32_MAX - table_size || pending > UINT32_MAX - pending_size || instance->pci->table)
		return -EINVAL;
	if (table < pending ? table + table_size > pending : pending + pending_size > table)
		return -EINVAL;
	pci = instance->pci;
	memory = calloc(1, table_size + pending_size);
	if (!memory)
		return vg_fail_memory(instance->provider->ctx, ADD);
	body[0] = (unsigned char)(vectors - 1);
	body[1] = (unsigned char)((vectors - 1) >> 8);
	writable[1] = (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8;
	put32(body + 2, table | bar);
	put32(body + 6, pending | bar);
	r = add(instance, PCI_CAP_ID_MSIX, body, writable, NULL, sizeof(body));
	if (r < 0) {
		free(memory);
		return r;
	}
	pci->table = memory;
	pci->table_bar = bar;
	pci->table_offset = table;
	pci->table_size = table_size;
	pci->pending_offset = pending;
	pci->pending_size = pending_size;
	instance->irqs.index[VGPU_IRQ_MSIX].count = vectors;
	vg_pci_reset(instance);
	return r;
}

int vgpu_pci_add_vendor(struct vgpu_instance *instance, const void *body, size_t length)
{
	unsigned char all[BODY_MAX];

	if (length > sizeof(all) - 1 || (!body && length))
		return -EINVAL;
	all[0] = (unsigned char)(length + 3);
	if (length)
		memcpy(all + 1, body, length);
	return add(instance, PCI_CAP_ID_VNDR, all, NULL, NULL, length + 1);
}
