/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest writes to config space and to an MSI-X table: ids, capabilities and sizes stay what they are. The input
 * is a list of writes: 0 or 1 (which region), offset (2 bytes), length (1 byte), data.
 */
#include <stdlib.h>
#include <string.h>
#include <vgpu/pci.h>
#include <vgpu/region.h>

#include "provider/pci.h"
#include "provider/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vgpu_instance *instance;

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	out->id = "type";
	out->available_instances = -1;
	return i ? -34 : 0; /* -ERANGE */
}

static int create(void *data, struct vgpu_instance *made, const char *params, struct vgpu_request *request)
{
	const struct vgpu_pci_opts pci = {
		.size = sizeof(pci), .vendor = 0x1234, .device = 1, .class_code = 0x038000, .interrupt_pin = 1, .extended = 1};
	const struct vgpu_region_info bar = {
		.size = sizeof(bar), .length = 4096, .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE, .fd = -1};

	(void)data;
	(void)params;
	(void)request;
	if (vgpu_pci_set(made, &pci) || vgpu_pci_set_bar(made, 0, 4096, 0) ||
		vgpu_pci_set_bar(made, 2, (uint64_t)1 << 33, VGPU_PCI_BAR_64 | VGPU_PCI_BAR_PREFETCH) ||
		vgpu_pci_set_bar(made, 5, 64, VGPU_PCI_BAR_IO) || vgpu_pci_add_pm(made) < 0 || vgpu_pci_add_express(made) < 0 ||
		vgpu_pci_add_msi(made, 32) < 0 || vgpu_pci_add_msix(made, 17, 0, 0x100, 0x800) < 0 ||
		vgpu_pci_add_vendor(made, "vendor", 6) < 0 || vgpu_instance_set_region(made, 0, &bar))
		abort();
	return 0;
}

static void set_up(void)
{
	static const struct vgpu_provider_ops ops = {.size = sizeof(ops), .get_type = get_type, .create = create};
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "pci"};
	struct vgpu_instance_opts which = {.size = sizeof(which), .type = "type"};
	struct vgpu_provider *provider;
	struct vgpu_context *ctx;

	if (vgpu_context_new(NULL, &ctx) || vgpu_provider_register(ctx, &opts, &ops, NULL, &provider) ||
		vgpu_instance_create(provider, &which, &instance))
		abort();
}

static void access_region(uint32_t region, uint64_t offset, const uint8_t *from, size_t length)
{
	unsigned char to[256];

	if (vg_region_check(instance, region, offset, length, true))
		return;
	vg_region_write(instance, region, offset, from, length, NULL);
	vg_region_read(instance, region, offset, to, length, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char before[4096];
	const struct vg_pci *pci;
	size_t i;

	if (!instance)
		set_up();
	vg_pci_reset(instance);
	pci = instance->pci;
	memcpy(before, pci->config, sizeof(before));
	while (size >= 4) {
		size_t length = data[3] < size - 4 ? data[3] : size - 4;

		access_region(data[0] & 1 ? VGPU_REGION_CONFIG : 0, data[1] | data[2] << 8, data + 4, length);
		data += 4 + length;
		size -= 4 + length;
	}
	for (i = 0; i < sizeof(before); i++)
		if ((pci->config[i] ^ before[i]) & ~(pci->writable[i] | pci->clears[i]))
			abort();
	return 0;
}
