/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* softgpu: types, the making of its vGPUs, and which register belongs to what. */
#include "provider/softgpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/pci.h>
#include <vgpu/region.h>
#include <vgpu/softgpu.h>

#include "util/str.h"

#define VENDOR 0x1234
#define DEVICE 0x1111
#define REGISTERS 4096u
#define MIB ((uint64_t)1 << 20)
#define VRAM_DEFAULT_MIB 1024u

static const struct type {
	const char *id;
	const char *name;
	uint32_t mib;
	uint32_t max_x;
	uint32_t max_y;
	const char *max_resolution;
} types[] = {
	{"softgpu-16", "Software GPU, 16 MiB", 16, 1920, 1080, "1920x1080"},
	{"softgpu-64", "Software GPU, 64 MiB", 64, 3840, 2160, "3840x2160"},
	{"softgpu-256", "Software GPU, 256 MiB", 256, 7680, 4320, "7680x4320"},
};

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	const struct vg_softgpu_parent *parent = data;

	if (i >= VG_COUNT(types))
		return -ERANGE;
	out->id = types[i].id;
	out->name = types[i].name;
	out->description = "bochs-display with a copy engine";
	out->available_instances = (int64_t)(parent->vram / (types[i].mib * MIB));
	out->max_instances = -1;
	out->framebuffer_mib = types[i].mib;
	out->heads = 1;
	out->max_resolution = types[i].max_resolution;
	return 0;
}

static struct vg_softgpu *gpu_of(struct vgpu_instance *instance)
{
	return vgpu_instance_get_data(instance);
}

static int get_attr(void *data, struct vgpu_instance *instance, size_t i, struct vgpu_attr_info *out)
{
	const struct vg_softgpu_parent *parent = data;

	if (i > 0)
		return -ERANGE;
	vg_strcopy(out->name, sizeof(out->name), instance ? "engine_commands" : "vram_left_mib");
	if (instance)
		vg_strf(out->value, sizeof(out->value), "%u", gpu_of(instance)->state.engine[11]);
	else
		vg_strf(out->value, sizeof(out->value), "%llu", (unsigned long long)(parent->vram / MIB));
	return 0;
}

static void free_gpu(void *data)
{
	struct vg_softgpu *gpu = data;

	vg_softgpu_stream_drop(gpu);
	free(gpu->bounce);
	free(gpu);
}

static int declare(struct vgpu_instance *instance, const struct vg_softgpu *gpu)
{
	const struct vgpu_pci_opts pci = {.size = sizeof(pci),
									  .vendor = VENDOR,
									  .device = DEVICE,
									  .subsystem_vendor = 0x1af4,
									  .subsystem = 0x1100,
									  .class_code = 0x038000,
									  .revision = 2,
									  .interrupt_pin = 1};
	struct vgpu_region_info memory = {.size = sizeof(memory),
									  .length = gpu->vram,
									  .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE | VGPU_REGION_FLAG_MMAP |
											   VGPU_REGION_BACKED,
									  .fd = -1};
	struct vgpu_region_info registers = {.size = sizeof(registers),
										 .length = REGISTERS,
										 .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE,
										 .fd = -1};
	struct vgpu_region_info edid = registers;
	int r = vgpu_pci_set(instance, &pci);

	edid.type = VGPU_REGION_TYPE_GFX;
	edid.subtype = VGPU_REGION_SUBTYPE_GFX_EDID;
	if (r == 0)
		r = vgpu_pci_set_bar(instance, 0, gpu->vram, VGPU_PCI_BAR_PREFETCH);
	if (r == 0)
		r = vgpu_pci_set_bar(instance, 2, REGISTERS, 0);
	if (r == 0)
		r = vgpu_pci_set_bar(instance, 4, REGISTERS, 0);
	if (r >= 0)
		r = vgpu_pci_add_pm(instance);
	if (r >= 0)
		r = vgpu_pci_add_msi(instance, 1);
	if (r >= 0)
		r = vgpu_instance_set_region(instance, VGPU_REGION_BAR0, &memory);
	if (r == 0)
		r = vgpu_instance_set_region(instance, VGPU_REGION_BAR2, &registers);
	if (r == 0)
		r = vgpu_instance_set_region(instance, VGPU_REGION_BAR4, &registers);
	return r ? r : vgpu_instance_set_region(instance, VG_SOFTGPU_EDID_REGION, &edid);
}

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	struct vg_softgpu_parent *parent = data;
	struct vg_softgpu *gpu;
	const struct type *type = types;
	int r;

	(void)request;
	if (params && *params)
		return -EINVAL; /* it knows none */
	while (strcmp(type->id, vgpu_instance_get_type(instance)) != 0)
		type++; /* the library has looked for it */
	gpu = calloc(1, sizeof(*gpu));
	if (!gpu)
		return -ENOMEM;
	gpu->instance = instance;
	gpu->parent = parent;
	gpu->vram = type->mib * MIB;
	gpu->max_x = type->max_x;
	gpu->max_y = type->max_y;
	vgpu_instance_set_data(instance, gpu, free_gpu);
	r = declare(instance, gpu);
	if (r)
		return r;
	gpu->memory = vgpu_instance_get_memory(instance, VGPU_REGION_BAR0);
	vg_softgpu_display_reset(gpu);
	vg_softgpu_engine_reset(gpu);
	parent->vram -= gpu->vram;
	return 0;
}

static int destroy(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request)
{
	struct vg_softgpu *gpu = gpu_of(instance);

	(void)request;
	if (flags & VGPU_PROVIDER_DESTROY_ASK)
		return 0; /* PCI hot-unplug is fine with it */
	gpu->parent->vram += gpu->vram;
	return 0;
}

static ssize_t read_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
						   struct vgpu_request *request)
{
	(void)request;
	if (region == VGPU_REGION_BAR2)
		vg_softgpu_display_read(gpu_of(instance), offset, buf, len);
	else if (region == VGPU_REGION_BAR4)
		vg_softgpu_engine_read(gpu_of(instance), offset, buf, len);
	else
		vg_softgpu_edid_read(gpu_of(instance), offset, buf, len);
	return 0;
}

static ssize_t write_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
							size_t len, struct vgpu_request *request)
{
	(void)request;
	if (region == VGPU_REGION_BAR2)
		vg_softgpu_display_write(gpu_of(instance), offset, buf, len);
	else if (region == VGPU_REGION_BAR4)
		vg_softgpu_engine_write(gpu_of(instance), offset, buf, len);
	else
		vg_softgpu_edid_write(gpu_of(instance), offset, buf, len);
	return 0;
}

/* What the engine has under way counts as borrowed: it is waited for, and nothing more is begun. */
static int quiesce(struct vgpu_instance *instance, enum vgpu_quiesce why, struct vgpu_request *request)
{
	(void)why;
	(void)request;
	gpu_of(instance)->at_rest = true;
	return 0;
}

static void resume(struct vgpu_instance *instance)
{
	gpu_of(instance)->at_rest = false;
	vg_softgpu_engine_kick(gpu_of(instance));
}

static int reset(struct vgpu_instance *instance, struct vgpu_request *request)
{
	struct vg_softgpu *gpu = gpu_of(instance);

	(void)request;
	gpu->stopped = false;
	vg_softgpu_stream_drop(gpu);
	vg_softgpu_display_reset(gpu);
	vg_softgpu_engine_reset(gpu);
	return 0;
}

static const struct vgpu_provider_ops softgpu_ops = {
	.size = sizeof(softgpu_ops),
	.get_type = get_type,
	.get_attr = get_attr,
	.create = create,
	.destroy = destroy,
	.read = read_region,
	.write = write_region,
	.quiesce = quiesce,
	.resume = resume,
	.reset = reset,
	.set_migration_state = vg_softgpu_set_state,
	.read_migration = vg_softgpu_save,
	.write_migration = vg_softgpu_load,
	.get_plane = vg_softgpu_get_plane,
};

int vgpu_softgpu_register(struct vgpu_context *ctx, const struct vgpu_provider_opts *opts, uint32_t vram_mib,
						  struct vgpu_provider **out)
{
	struct vg_softgpu_parent *parent;
	struct vgpu_provider_opts known;
	int r;

	if (!ctx)
		return -EINVAL;
	if (!opts || !out)
		return vg_fail_invalid(ctx, "register softgpu", NULL, "an argument is NULL");
	r = vg_opts_take(ctx, "register softgpu", &known, sizeof(known), opts);
	if (r)
		return r;
	if (!known.vendor) {
		known.vendor = VENDOR;
		known.device = DEVICE;
	}
	known.flags |= VGPU_PROVIDER_PRE_COPY;
	parent = calloc(1, sizeof(*parent));
	if (!parent)
		return vg_fail_memory(ctx, "register softgpu");
	parent->vram = (vram_mib ? vram_mib : VRAM_DEFAULT_MIB) * MIB;
	r = vg_provider_register(ctx, &known, &softgpu_ops, parent, free, out);
	if (r)
		free(parent);
	return r;
}
