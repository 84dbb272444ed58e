/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping regions: addresses for the whole range are reserved, and the areas that can be mapped laid over them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "vfio/handle.h"

#define MAP "map"
/* The largest page that the kernel maps device memory with. */
#define ALIGN_MAX ((size_t)1 << 30)
#define HINT_READ "use vgpu_region_read() and vgpu_region_write(), or vgpuctl without --map"

struct vgpu_mapping {
	char *address; /* of the first byte, in the first page */
	size_t length; /* of all pages */
	uint64_t offset;
	size_t size; /* what of it lies in the region */
	size_t area_count;
	struct vg_area areas[];
};

/* What shall be mapped: [start, end) in whole pages. */
struct request {
	const struct vgpu_region *region;
	uint64_t start;
	uint64_t end;
	bool whole; /* each byte of it */
	bool readable;
	bool writable;
};

static int fail_mappable(struct vgpu_vfio *vfio, const struct request *request, const char *why)
{
	struct vg_failure failure = {
		.operation = MAP, .path = vfio->name, .err = EOPNOTSUPP, .cause = VGPU_CAUSE_NOT_MAPPABLE, .hint = HINT_READ};
	char place[VG_PLACE_SIZE];

	vg_region_describe(vfio, request->region->index, request->start, place);
	failure.value = place;
	return vg_fail(vfio->ctx, &failure, "%s cannot be mapped: %s", place, why);
}

/* flags into readable and writable. */
static int check_flags(struct vgpu_vfio *vfio, uint32_t flags, struct request *request)
{
	const uint32_t can = request->region->flags;
	char place[VG_PLACE_SIZE];

	if (flags & ~(VGPU_MAP_READ | VGPU_MAP_WRITE))
		return vg_fail_invalid(vfio->ctx, MAP, vfio->name, "there are no mapping flags 0x%x", flags);
	request->readable = flags ? flags & VGPU_MAP_READ : can & VGPU_REGION_FLAG_READ;
	request->writable = flags ? flags & VGPU_MAP_WRITE : can & VGPU_REGION_FLAG_WRITE;
	if ((!request->readable || can & VGPU_REGION_FLAG_READ) && (!request->writable || can & VGPU_REGION_FLAG_WRITE))
		return 0;
	vg_region_describe(vfio, request->region->index, request->start, place);
	return vg_fail(
		vfio->ctx,
		&(struct vg_failure){
			.operation = MAP, .path = vfio->name, .value = place, .err = EACCES, .cause = VGPU_CAUSE_PERMISSION},
		"the driver does not let %s be %s", place, request->writable ? "written" : "read");
}

static uint64_t round_up(uint64_t n, uint64_t page)
{
	return (n + page - 1) & ~(page - 1); /* a region ends far below the limit: it was checked */
}

static int make_request(struct vgpu_vfio *vfio, const struct vgpu_region *region,
						const struct vgpu_region_map_opts *opts, struct request *out)
{
	const uint64_t page = vg_page_size();
	int r;

	*out = (struct request){.region = region, .start = opts->offset, .whole = opts->length != 0};
	if (opts->offset % page)
		return vg_fail_invalid(vfio->ctx, MAP, vfio->name, "offset 0x%llx is not a multiple of the page size",
							   (unsigned long long)opts->offset);
	if (!(region->flags & VGPU_REGION_FLAG_MMAP))
		return fail_mappable(vfio, out, "the driver does not offer it");
	r = vg_region_check_range(vfio, MAP, region, opts->offset, opts->length ? opts->length : 1);
	if (r == 0)
		r = check_flags(vfio, opts->flags, out);
	out->end = round_up(opts->length ? opts->offset + opts->length : region->size, page);
	return r;
}

/* The areas of the request, in a mapping that is not mapped yet. */
static int new_mapping(struct vgpu_vfio *vfio, const struct request *request, struct vgpu_mapping **out)
{
	const struct vgpu_region *region = request->region;
	struct vgpu_mapping *mapping;
	uint64_t covered, last, region_end = region->size;

	mapping = calloc(1, sizeof(*mapping) + region->area_count * sizeof(struct vg_area));
	if (!mapping)
		return vg_fail_memory(vfio->ctx, MAP);
	last = request->end < region_end ? request->end : region_end;
	mapping->area_count =
		vg_areas_clip(region->areas, region->area_count, request->start, last, mapping->areas, &covered);
	if (!mapping->area_count || (request->whole && covered < last)) {
		free(mapping);
		return fail_mappable(vfio, request, "the driver offers other parts of the region, or none");
	}
	mapping->offset = request->start;
	mapping->length = (size_t)(request->end - request->start);
	mapping->size = (size_t)(last - request->start);
	*out = mapping;
	return 0;
}

/*
 * The largest power of two in the length, from a page to 1 GiB: where the addresses agree with the region's offsets
 * modulo this, the kernel can use pages as large as that.
 */
static size_t alignment(size_t length)
{
	size_t align = vg_page_size();

	while (align < ALIGN_MAX && align * 2 <= length)
		align *= 2;
	return align;
}

static int fail_map(struct vgpu_vfio *vfio, const struct request *request, int err)
{
	if (err == EINVAL || err == EOPNOTSUPP)
		return fail_mappable(vfio, request,
							 request->region->index < VGPU_REGION_ROM && !request->region->msix_mappable
								 ? "the driver refuses it (it may hold the MSI-X table)"
								 : "the driver refuses it");
	return vg_region_fail(vfio, MAP, request->region->index, request->start, err);
}

/* May the memory that a server gave be touched without fear? */
static int check_memory(struct vgpu_vfio *vfio, const struct request *request, const struct vgpu_mapping *mapping)
{
	const struct vgpu_region *region = request->region;
	size_t i;
	int r = 0;

	if (!vfio->place.ops)
		return 0;
	if (region->fd < 0)
		return fail_mappable(vfio, request, "its provider gives no memory for it");
	for (i = 0; r == 0 && i < mapping->area_count; i++)
		r = vfio->place.ops->check_memory(vfio->place.device, region->fd, region->offset + mapping->areas[i].offset,
										  mapping->areas[i].size);
	if (r == -EINVAL)
		return fail_mappable(vfio, request, "its provider's memory has pages larger than its areas");
	if (r == -EPERM)
		return fail_mappable(vfio, request,
							 "its provider may take the memory away at any time, and touching it would then end this "
							 "program (VGPU_USER_MAP_UNSEALED maps it all the same)");
	return r ? fail_mappable(vfio, request, "its provider's memory ends before the region does") : 0;
}

static int map_areas(struct vgpu_vfio *vfio, const struct request *request, struct vgpu_mapping *mapping)
{
	const size_t align = alignment(mapping->length);
	const int fd = vfio->place.ops ? request->region->fd : vfio->place.device_fd;
	void *address;
	size_t i;
	int r = vg_reserve(mapping->length, align, (size_t)(mapping->offset & (align - 1)), &address);

	if (r)
		return vg_fail_errno(vfio->ctx, MAP, vfio->name, -r);
	mapping->address = address;
	for (i = 0; r == 0 && i < mapping->area_count; i++) {
		const struct vg_area *area = &mapping->areas[i];

		r = vg_map_over(mapping->address + (area->offset - mapping->offset), round_up(area->size, vg_page_size()),
						request->readable, request->writable, fd, request->region->offset + area->offset);
	}
	if (r == 0)
		return 0;
	vg_unmap(mapping->address, mapping->length);
	return fail_map(vfio, request, -r);
}

int vgpu_region_map(struct vgpu_vfio *vfio, uint32_t index, const struct vgpu_region_map_opts *opts,
					struct vgpu_mapping **out)
{
	struct vgpu_region_map_opts known;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_region *region;
	struct request request = {0};
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, MAP, vfio->name, "there is no place for the mapping");
	r = vg_opts_take(vfio->ctx, MAP, &known, sizeof(known), opts);
	if (r == 0)
		r = vg_region_get(vfio, MAP, index, &region);
	if (r == 0)
		r = make_request(vfio, region, &known, &request);
	if (r == 0)
		r = new_mapping(vfio, &request, &mapping);
	if (r)
		return r;
	r = check_memory(vfio, &request, mapping);
	if (r == 0)
		r = map_areas(vfio, &request, mapping);
	if (r)
		free(mapping);
	else
		*out = mapping;
	return r;
}

int vg_mapping_of_region(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, uint64_t size,
						 struct vgpu_mapping **out)
{
	const uint64_t skip = offset % vg_page_size();
	const struct vgpu_region_map_opts opts = {
		.size = sizeof(opts), .flags = VGPU_MAP_READ, .offset = offset - skip, .length = size + skip};
	int r = vgpu_region_map(vfio, index, &opts, out);

	if (r)
		return r;
	(*out)->address += skip;
	(*out)->offset = offset;
	(*out)->size = (size_t)size;
	(*out)->area_count = 1; /* it is whole */
	(*out)->areas[0] = (struct vg_area){offset, size};
	return 0;
}

int vg_mapping_of_fd(int fd, size_t size, struct vgpu_mapping **out)
{
	size_t length = (size_t)round_up(size, vg_page_size());
	struct vgpu_mapping *mapping = calloc(1, sizeof(*mapping) + sizeof(struct vg_area));
	void *address;
	int r;

	if (!mapping)
		return -ENOMEM;
	r = vg_reserve(length, vg_page_size(), 0, &address);
	if (r == 0) {
		r = vg_map_over(address, length, true, false, fd, 0);
		if (r)
			vg_unmap(address, length);
	}
	if (r) {
		free(mapping);
		return r;
	}
	mapping->address = address;
	mapping->length = length;
	mapping->size = size;
	mapping->area_count = 1;
	mapping->areas[0] = (struct vg_area){0, size};
	*out = mapping;
	return 0;
}

struct vgpu_mapping *vgpu_mapping_unmap(struct vgpu_mapping *mapping)
{
	if (mapping) {
		vg_unmap(mapping->address - (uintptr_t)mapping->address % vg_page_size(), mapping->length);
		free(mapping);
	}
	return NULL;
}

void *vgpu_mapping_get_address(const struct vgpu_mapping *mapping)
{
	return mapping->address;
}

uint64_t vgpu_mapping_get_offset(const struct vgpu_mapping *mapping)
{
	return mapping->offset;
}

size_t vgpu_mapping_get_size(const struct vgpu_mapping *mapping)
{
	return mapping->size;
}

size_t vgpu_mapping_get_area_count(const struct vgpu_mapping *mapping)
{
	return mapping->area_count;
}

int vgpu_mapping_get_area(const struct vgpu_mapping *mapping, size_t i, uint64_t *offset, uint64_t *size)
{
	if (i >= mapping->area_count)
		return -ERANGE;
	*offset = mapping->areas[i].offset;
	*size = mapping->areas[i].size;
	return 0;
}
