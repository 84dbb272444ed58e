/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions: what the driver says of them, checked, and kept in the handle. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/caps.h"
#include "vfio/handle.h"

#define FIND "find"
/* A driver that asks for more room than this, or again and again, makes no sense. */
#define INFO_SIZE_MAX ((uint32_t)1 << 20)
#define INFO_TRIES 4

static void region_free(struct vgpu_region *region)
{
	vg_close(region->fd);
	free(region);
}

VG_DEFINE_REF(region, region_free)

static const char *region_name(const struct vgpu_vfio *vfio, uint32_t index, uint32_t type, uint32_t subtype)
{
	static const char *const names[] = {"bar0", "bar1", "bar2", "bar3", "bar4", "bar5", "rom", "config", "vga"};

	if (index < VG_COUNT(names) && vfio->flags & VGPU_VFIO_FLAG_PCI)
		return names[index];
	if (type == VGPU_REGION_TYPE_GFX && subtype == VGPU_REGION_SUBTYPE_GFX_EDID)
		return "edid";
	return NULL;
}

void vg_region_describe(const struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, char out[VG_PLACE_SIZE])
{
	const char *name = region_name(vfio, index, 0, 0);
	char number[24];

	vg_strf(number, sizeof(number), "region %u", index);
	vg_strf(out, VG_PLACE_SIZE, "%s+0x%llx", name ? name : number, (unsigned long long)offset);
}

int vg_region_fail(struct vgpu_vfio *vfio, const char *operation, uint32_t index, uint64_t offset, int err)
{
	struct vg_failure failure = {.operation = operation, .path = vfio->name, .err = err};
	char place[VG_PLACE_SIZE];

	vg_region_describe(vfio, index, offset, place);
	failure.value = place;
	if (err == EINVAL || err == EFAULT)
		failure.cause = VGPU_CAUSE_REFUSED;
	else if (err == EIO && vfio->flags & VGPU_VFIO_FLAG_PCI && index < VGPU_REGION_CONFIG)
		failure.hint = "is memory decoding on? (bit 1 of the command register, config+0x4)";
	return vg_fail(vfio->ctx, &failure, "%s: %s", place, strerrordesc_np(err) ?: "unknown error");
}

int vg_region_check_range(struct vgpu_vfio *vfio, const char *operation, const struct vgpu_region *region,
						  uint64_t offset, uint64_t len)
{
	char place[VG_PLACE_SIZE];

	if (offset <= region->size && len <= region->size - offset)
		return 0;
	vg_region_describe(vfio, region->index, offset, place);
	return vg_fail(vfio->ctx,
				   &(struct vg_failure){.operation = operation,
										.path = vfio->name,
										.value = place,
										.err = ERANGE,
										.cause = VGPU_CAUSE_OUT_OF_RANGE},
				   "%llu bytes at %s are not inside the region, whose size is 0x%llx", (unsigned long long)len, place,
				   (unsigned long long)region->size);
}

/* *fd: what comes with the answer to map the region by, or -1. */
static int ask(struct vgpu_vfio *vfio, struct vfio_region_info *info, int *fd)
{
	*fd = -1;
	if (vfio->place.ops)
		return vfio->place.ops->region_info(vfio->place.device, info, fd);
	return vg_ioctl(vfio->place.device_fd, VFIO_DEVICE_GET_REGION_INFO, info);
}

/*
 * Asks the driver. The room for capabilities grows only when it says so: mbochs refuses a struct that is too long.
 * Every field is taken from the last answer: NVIDIA's driver leaves those of a short struct unset.
 */
static int query(struct vgpu_vfio *vfio, uint32_t index, struct vfio_region_info **out, uint32_t *size_out, int *fd)
{
	uint32_t size = sizeof(struct vfio_region_info);
	struct vfio_region_info *info = NULL, *bigger;
	int r, tries;

	for (tries = 0; tries < INFO_TRIES; tries++) {
		bigger = realloc(info, size);
		if (!bigger) {
			free(info);
			return -ENOMEM;
		}
		info = bigger;
		memset(info, 0, size);
		info->argsz = size;
		info->index = index;
		r = ask(vfio, info, fd);
		if (r < 0 || info->argsz > INFO_SIZE_MAX)
			break;
		if (info->argsz <= size) {
			*out = info;
			*size_out = size;
			return 0;
		}
		size = info->argsz;
		vg_close(*fd);
	}
	if (tries < INFO_TRIES)
		vg_close(*fd);
	*fd = -1;
	free(info);
	return r < 0 ? r : -EPROTO;
}

/* What the capabilities say. Areas stay raw; the first capability of a kind counts. */
struct caps {
	bool sparse;
	bool typed;
	bool msix_mappable;
	bool flawed;
	uint32_t type;
	uint32_t subtype;
	uint32_t area_count;
	const unsigned char *areas; /* in the driver's answer, not aligned */
};

static void take_sparse(struct caps *caps, const struct vg_cap *cap)
{
	const size_t head = sizeof(struct vfio_region_info_cap_sparse_mmap) - sizeof(struct vfio_info_cap_header);
	size_t room;

	if (caps->sparse)
		return;
	caps->sparse = true; /* even if it is flawed: then less, not more, can be mapped */
	if (cap->version != 1 || cap->size < head) {
		caps->flawed = true;
		return;
	}
	memcpy(&caps->area_count, cap->data, sizeof(caps->area_count));
	room = (cap->size - head) / sizeof(struct vfio_region_sparse_mmap_area);
	if (caps->area_count > room) {
		caps->area_count = (uint32_t)room;
		caps->flawed = true;
	}
	caps->areas = cap->data + head;
}

static void take_type(struct caps *caps, const struct vg_cap *cap)
{
	uint32_t pair[2];

	if (caps->typed)
		return;
	if (cap->version != 1 || cap->size < sizeof(pair)) {
		caps->flawed = true;
		return;
	}
	memcpy(pair, cap->data, sizeof(pair));
	caps->typed = true;
	caps->type = pair[0];
	caps->subtype = pair[1];
}

static void take_cap(void *data, const struct vg_cap *cap)
{
	struct caps *caps = data;

	if (cap->id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
		take_sparse(caps, cap);
	else if (cap->id == VFIO_REGION_INFO_CAP_TYPE)
		take_type(caps, cap);
	else if (cap->id == VFIO_REGION_INFO_CAP_MSIX_MAPPABLE)
		caps->msix_mappable = true;
}

/* Which areas can be mapped: room for them is there. Returns how many had to be changed. */
static size_t set_areas(struct vgpu_region *region, const struct caps *caps)
{
	size_t flawed = 0, count = 1;

	if (!(region->flags & VGPU_REGION_FLAG_MMAP) || !region->size)
		return 0;
	if (caps->sparse) {
		_Static_assert(sizeof(struct vg_area) == sizeof(struct vfio_region_sparse_mmap_area), "copied as one");
		count = caps->area_count;
		if (count)
			memcpy(region->areas, caps->areas, count * sizeof(struct vg_area));
	} else {
		region->areas[0] = (struct vg_area){0, region->size};
	}
	region->area_count = vg_areas_normalise(region->areas, count, region->size, vg_page_size(), &flawed);
	return flawed;
}

/* Makes the snapshot of an answer. */
static int digest(struct vgpu_vfio *vfio, uint32_t index, const struct vfio_region_info *info, uint32_t size,
				  struct vgpu_region **out)
{
	struct vgpu_region *region;
	struct caps caps = {0};
	uint64_t end;

	if (info->size &&
		(__builtin_add_overflow(info->offset, info->size, &end) || end > (uint64_t)INT64_MAX - vg_page_size()))
		return -EPROTO;
	if (info->flags & VFIO_REGION_INFO_FLAG_CAPS &&
		vg_caps_walk(info, size, sizeof(*info), info->cap_offset, take_cap, &caps))
		caps.flawed = true;
	region = calloc(1, sizeof(*region) + (caps.area_count + (size_t)1) * sizeof(struct vg_area));
	if (!region)
		return -ENOMEM;
	vg_ref_init(&region->ref);
	region->index = index;
	region->fd = -1;
	region->flags = info->flags;
	region->size = info->size;
	region->offset = info->offset;
	region->type = caps.type;
	region->subtype = caps.subtype;
	region->msix_mappable = caps.msix_mappable;
	region->sparse = caps.sparse;
	region->name = region_name(vfio, index, caps.type, caps.subtype);
	if (set_areas(region, &caps) || caps.flawed)
		vg_log(vfio->ctx, VGPU_LOG_WARNING, "%s: region %u: the driver's capabilities are malformed; left out in part",
			   vfio->name, index);
	*out = region;
	return 0;
}

static int fail_query(struct vgpu_vfio *vfio, const char *operation, uint32_t index, int err)
{
	struct vg_failure failure = {.operation = operation, .path = vfio->name, .err = err};
	char number[24];

	vg_strf(number, sizeof(number), "%u", index);
	failure.value = number;
	switch (err) {
	case EINVAL:
		failure.cause = VGPU_CAUSE_NO_REGION;
		return vg_fail(vfio->ctx, &failure, "it has no region %u", index);
	case EPROTO:
		failure.cause = VGPU_CAUSE_BAD_DATA;
		return vg_fail(vfio->ctx, &failure, "what the driver says of region %u makes no sense", index);
	default:
		return vg_fail(vfio->ctx, &failure, NULL);
	}
}

static bool is_near(const struct vgpu_vfio *vfio, uint32_t index)
{
	return index < VG_NEAR_REGIONS && !vfio->place.ops;
}

/* The region if it is known already, else NULL. */
static struct vgpu_region *find_known(struct vgpu_vfio *vfio, uint32_t index)
{
	struct vgpu_region *region;

	if (is_near(vfio, index))
		return vg_region_near(vfio, index);
	region = atomic_load_explicit(&vfio->far_regions, memory_order_acquire);
	while (region && region->index != index)
		region = region->next;
	return region;
}

/* Puts it into the cache, or drops it for what another thread put there meanwhile. */
static struct vgpu_region *keep(struct vgpu_vfio *vfio, struct vgpu_region *region)
{
	struct vgpu_region *known;

	pthread_mutex_lock(&vfio->lock);
	known = find_known(vfio, region->index);
	if (!known && is_near(vfio, region->index)) {
		atomic_store_explicit(&vfio->near_regions[region->index], region, memory_order_release);
	} else if (!known) {
		region->next = atomic_load_explicit(&vfio->far_regions, memory_order_relaxed);
		atomic_store_explicit(&vfio->far_regions, region, memory_order_release);
	}
	pthread_mutex_unlock(&vfio->lock);
	if (!known)
		return region;
	vgpu_region_unref(region);
	return known;
}

int vg_region_get(struct vgpu_vfio *vfio, const char *operation, uint32_t index, struct vgpu_region **out)
{
	struct vgpu_region *region = find_known(vfio, index);
	struct vfio_region_info *info;
	uint32_t size;
	int r, fd;

	if (!region) {
		r = query(vfio, index, &info, &size, &fd);
		if (r == 0) {
			r = digest(vfio, index, info, size, &region);
			free(info);
			if (r == 0)
				region->fd = fd;
			else
				vg_close(fd);
		}
		if (r)
			return vg_negative(fail_query(vfio, operation, index, -r));
		region = keep(vfio, region);
	}
	*out = region;
	return 0;
}

void vg_regions_free(struct vgpu_vfio *vfio)
{
	struct vgpu_region *region = atomic_load(&vfio->far_regions), *next;
	size_t i;

	for (; region; region = next) {
		next = region->next;
		vgpu_region_unref(region);
	}
	for (i = 0; i < VG_NEAR_REGIONS; i++)
		vgpu_region_unref(atomic_load(&vfio->near_regions[i]));
}

int vgpu_region_find(struct vgpu_vfio *vfio, uint32_t index, struct vgpu_region **out)
{
	struct vgpu_region *region;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, FIND, vfio->name, "there is no place for the region");
	r = vg_region_get(vfio, FIND, index, &region);
	if (r == 0)
		*out = vgpu_region_ref(region);
	return r;
}

uint32_t vgpu_region_get_index(const struct vgpu_region *region)
{
	return region->index;
}

const char *vgpu_region_get_name(const struct vgpu_region *region)
{
	return region->name;
}

uint64_t vgpu_region_get_size(const struct vgpu_region *region)
{
	return region->size;
}

uint64_t vgpu_region_get_offset(const struct vgpu_region *region)
{
	return region->offset;
}

uint32_t vgpu_region_get_flags(const struct vgpu_region *region)
{
	return region->flags;
}

uint32_t vgpu_region_get_type(const struct vgpu_region *region)
{
	return region->type;
}

uint32_t vgpu_region_get_subtype(const struct vgpu_region *region)
{
	return region->subtype;
}

int vgpu_region_get_msix_mappable(const struct vgpu_region *region)
{
	return region->msix_mappable;
}

int vgpu_region_get_sparse(const struct vgpu_region *region)
{
	return region->sparse;
}

size_t vgpu_region_get_area_count(const struct vgpu_region *region)
{
	return region->area_count;
}

int vgpu_region_get_area(const struct vgpu_region *region, size_t i, uint64_t *offset, uint64_t *size)
{
	if (i >= region->area_count)
		return -ERANGE;
	*offset = region->areas[i].offset;
	*size = region->areas[i].size;
	return 0;
}
