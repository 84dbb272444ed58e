/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The regions of a vGPU: declaring them, what clients are told, and access. */
#include "provider/region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/region.h>

#include "core/opts.h"
#include "provider/pci.h"
#include "provider/provider.h"
#include "sys/devio.h"
#include "sys/files.h"
#include "sys/memory.h"

#define DECLARE "declare a region"
#define FLAGS (VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE | VGPU_REGION_FLAG_MMAP | (uint32_t)VGPU_REGION_BACKED)
#define LENGTH_MAX ((uint64_t)1 << 40)
#define PCI_REGIONS 9u

/* Do areas lie in the region, in whole pages, in order? */
static bool areas_fit(const struct vgpu_region_info *info)
{
	const uint64_t mask = vg_page_size() - 1;
	uint64_t end = 0;
	uint32_t i;

	if (info->area_count > VGPU_REGION_AREAS)
		return false;
	for (i = 0; i < info->area_count; i++) {
		const struct vgpu_area_info *area = &info->areas[i];

		if (!area->length || (area->offset | area->length) & mask || area->offset < end ||
			area->offset > info->length || area->length > info->length - area->offset)
			return false;
		end = area->offset + area->length;
	}
	return true;
}

static int check_info(struct vgpu_instance *instance, uint32_t index, const struct vgpu_region_info *info)
{
	struct vgpu_context *ctx = instance->provider->ctx;
	const char *name = VG_INSTANCE_NAME(instance);

	if (index >= VGPU_INSTANCE_REGIONS)
		return vg_fail_invalid(ctx, DECLARE, name, "region %u: indexes end before %u", index, VGPU_INSTANCE_REGIONS);
	if (info->flags & ~FLAGS || info->length > LENGTH_MAX)
		return vg_fail_invalid(ctx, DECLARE, name, "region %u: unknown flags, or too long", index);
	if (info->flags & VGPU_REGION_FLAG_MMAP && !(info->flags & VGPU_REGION_BACKED))
		return vg_fail_invalid(ctx, DECLARE, name, "region %u: what is mapped must be backed", index);
	if (info->flags & VGPU_REGION_BACKED && (!info->length || info->length & (vg_page_size() - 1)))
		return vg_fail_invalid(ctx, DECLARE, name, "region %u: what is backed is a multiple of a page", index);
	if (info->fd >= 0 && info->flags & VGPU_REGION_BACKED &&
		(info->fd_offset & (vg_page_size() - 1) || info->fd_offset > (uint64_t)INT64_MAX - info->length))
		return vg_fail_invalid(ctx, DECLARE, name, "region %u: its offset is no multiple of a page", index);
	if (!areas_fit(info))
		return vg_fail_invalid(ctx, DECLARE, name, "region %u: its areas don't fit", index);
	return 0;
}

/* What is behind the region. */
static int back(struct vg_region *region)
{
	const struct vgpu_region_info *info = &region->info;
	struct vg_memory_kind kind;
	void *memory = NULL;
	int r;

	if (!(info->flags & VGPU_REGION_BACKED))
		return 0;
	if (info->fd < 0) {
		r = vg_memfd_make("vgpu-region", info->length, !(info->flags & VGPU_REGION_FLAG_WRITE), &memory);
		if (r < 0)
			return r;
		region->fd = r;
		region->info.fd_offset = 0;
	} else {
		region->fd = vg_dup_fd(info->fd);
		if (region->fd < 0)
			return region->fd;
		r = vg_memory_look(region->fd, &kind);
		if (r == 0 && (info->fd_offset | info->length) & (kind.page - 1))
			r = -EINVAL; /* huge pages are mapped, and unmapped, as a whole */
		if (r)
			return r;
		r = vg_map_shared(region->fd, info->fd_offset, (size_t)info->length, true, true, &memory);
		if (r == -EACCES && !(info->flags & VGPU_REGION_FLAG_WRITE))
			r = vg_map_shared(region->fd, info->fd_offset, (size_t)info->length, true, false, &memory);
		if (r)
			return r;
	}
	region->memory = memory;
	return 0;
}

static void free_region(struct vg_region *region)
{
	if (!region)
		return;
	if (region->memory)
		vg_unmap(region->memory, (size_t)region->info.length);
	if (region->fd >= 0)
		vg_close(region->fd);
	free(region);
}

void vg_instance_regions_free(struct vgpu_instance *instance)
{
	uint32_t i;

	for (i = 0; i < VGPU_INSTANCE_REGIONS; i++)
		free_region(instance->regions[i]);
}

int vgpu_instance_set_region(struct vgpu_instance *instance, uint32_t index, const struct vgpu_region_info *info)
{
	struct vg_region *region;
	struct vgpu_context *ctx;
	int r;

	if (!instance || !info)
		return -EINVAL;
	ctx = instance->provider->ctx;
	r = vg_instance_check_making(instance, DECLARE);
	if (r)
		return r;
	region = calloc(1, sizeof(*region));
	if (!region)
		return vg_fail_memory(ctx, DECLARE);
	region->fd = -1;
	r = vg_opts_take(ctx, DECLARE, &region->info, sizeof(region->info), info);
	if (r == 0)
		r = check_info(instance, index, &region->info);
	if (r == 0) {
		r = back(region);
		if (r)
			r = vg_fail_errno(ctx, DECLARE, VG_INSTANCE_NAME(instance), -r);
	}
	if (r) {
		free_region(region);
		return r;
	}
	free_region(instance->regions[index]);
	instance->regions[index] = region;
	return 0;
}

void *vgpu_instance_get_memory(struct vgpu_instance *instance, uint32_t index)
{
	if (!instance || index >= VGPU_INSTANCE_REGIONS || !instance->regions[index])
		return NULL;
	return instance->regions[index]->memory;
}

uint32_t vg_regions_count(const struct vgpu_instance *instance)
{
	uint32_t n = VGPU_INSTANCE_REGIONS;

	while (n > 0 && !instance->regions[n - 1])
		n--;
	return instance->pci && n < PCI_REGIONS ? PCI_REGIONS : n;
}

/* The provider may change what is mapped and what is trapped, not what the region is. */
static int ask(struct vgpu_instance *instance, uint32_t index, struct vgpu_region_info *info)
{
	const uint32_t choice = VGPU_REGION_FLAG_MMAP | (info->flags & (uint32_t)VGPU_REGION_BACKED);
	struct vgpu_region_info answer = *info;
	int r;

	if (instance->provider->ops.get_region_info) {
		r = instance->provider->ops.get_region_info(instance, index, &answer);
		if (r)
			return r < 0 ? r : -EIO;
		answer.length = info->length;
		if (!areas_fit(&answer))
			return -EIO;
		info->flags = (info->flags & ~choice) | (answer.flags & choice);
		info->area_count = answer.area_count;
		memcpy(info->areas, answer.areas, sizeof(info->areas));
	}
	if (!(info->flags & VGPU_REGION_BACKED) || instance->provider->opts.flags & VGPU_PROVIDER_NO_MAP)
		info->flags &= ~VGPU_REGION_FLAG_MMAP;
	return 0;
}

/* Once a connection. */
static int ask_once(struct vgpu_instance *instance, uint32_t index, struct vg_region *region)
{
	int r;

	if (region->asked)
		return 0;
	region->shown = region->info;
	r = ask(instance, index, &region->shown);
	region->asked = r == 0;
	return r;
}

int vg_region_show(struct vgpu_instance *instance, uint32_t index, const struct vg_region **out)
{
	static const struct vg_region none = {.fd = -1, .asked = true};
	struct vg_region *region;

	if (index >= vg_regions_count(instance))
		return -EINVAL;
	region = instance->regions[index];
	*out = region ? region : &none;
	return region ? ask_once(instance, index, region) : 0;
}

void vg_regions_forget(struct vgpu_instance *instance)
{
	uint32_t i;

	for (i = 0; i < VGPU_INSTANCE_REGIONS; i++)
		if (instance->regions[i])
			instance->regions[i]->asked = false;
}

int vg_region_check(struct vgpu_instance *instance, uint32_t index, uint64_t offset, uint64_t length, bool is_write)
{
	struct vg_region *region = index < VGPU_INSTANCE_REGIONS ? instance->regions[index] : NULL;

	if (!region || offset > region->info.length || length > region->info.length - offset)
		return -EINVAL;
	if (!(region->info.flags & (is_write ? VGPU_REGION_FLAG_WRITE : VGPU_REGION_FLAG_READ)))
		return -EACCES;
	return ask_once(instance, index, region);
}

char *vg_region_memory(const struct vgpu_instance *instance, uint32_t index, uint64_t offset, size_t length)
{
	const struct vg_region *region = instance->regions[index];
	uint32_t i;

	if (!(region->shown.flags & VGPU_REGION_BACKED))
		return NULL;
	for (i = 0; i < region->shown.area_count; i++) {
		const struct vgpu_area_info *area = &region->shown.areas[i];

		if (offset >= area->offset && offset - area->offset < area->length &&
			length <= area->length - (offset - area->offset))
			return region->memory + offset;
	}
	return region->shown.area_count ? NULL : region->memory + offset;
}

ssize_t vg_region_read(struct vgpu_instance *instance, uint32_t index, uint64_t offset, void *buf, size_t length,
					   struct vgpu_request *request)
{
	if (vg_pci_covers(instance, index, offset, length)) {
		vg_pci_access(instance, index, offset, buf, NULL, length);
		return 0;
	}
	if (!instance->provider->ops.read)
		return -EOPNOTSUPP;
	return instance->provider->ops.read(instance, index, offset, buf, length, request);
}

ssize_t vg_region_write(struct vgpu_instance *instance, uint32_t index, uint64_t offset, const void *buf, size_t length,
						struct vgpu_request *request)
{
	if (vg_pci_covers(instance, index, offset, length)) {
		vg_pci_access(instance, index, offset, NULL, buf, length);
		return 0;
	}
	if (vg_doorbell_ring(instance, index, offset, buf, length))
		return 0;
	if (!instance->provider->ops.write)
		return -EOPNOTSUPP;
	return instance->provider->ops.write(instance, index, offset, buf, length, request);
}
