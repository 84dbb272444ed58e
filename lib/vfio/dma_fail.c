/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why memory cannot be mapped for DMA: the kernel's errno made advice. */
#include "vfio/dma_fail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/devio.h"

typedef unsigned long long ull;

/* Who refuses: where both have a say, the kernel's words are the ones that help. */
static bool is_server(const struct vg_limits *limits)
{
	return limits && limits->tables && limits->servers == limits->tables;
}

static const char *who(const struct vg_limits *limits)
{
	return is_server(limits) ? "vfio-user server" : "kernel";
}

void vg_iova_describe(uint64_t iova, uint64_t length, char out[VG_IOVA_TEXT_SIZE])
{
	uint64_t last;

	if (!length || __builtin_add_overflow(iova, length - 1, &last))
		vg_strf(out, VG_IOVA_TEXT_SIZE, "0x%llx+0x%llx", (ull)iova, (ull)length);
	else
		vg_strf(out, VG_IOVA_TEXT_SIZE, "0x%llx-0x%llx", (ull)iova, (ull)last);
}

int(vg_dma_fail_invalid)(struct vgpu_context *ctx, const char *operation, uint64_t iova, uint64_t length,
						 const char *fmt, ...)
{
	char place[VG_IOVA_TEXT_SIZE], message[512];
	va_list args;

	vg_iova_describe(iova, length, place);
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	return vg_fail(
		ctx,
		&(struct vg_failure){
			.operation = operation, .path = "DMA", .value = place, .err = EINVAL, .cause = VGPU_CAUSE_INVALID},
		"%s: %s", place, message);
}

int(vg_dma_fail_overlap)(struct vgpu_context *ctx, const char *operation, uint64_t iova, uint64_t length,
						 uint64_t other, uint64_t other_length)
{
	char place[VG_IOVA_TEXT_SIZE], there[VG_IOVA_TEXT_SIZE];

	vg_iova_describe(iova, length, place);
	vg_iova_describe(other, other_length, there);
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = "DMA",
										.value = place,
										.err = EEXIST,
										.cause = VGPU_CAUSE_EXISTS,
										.hint = "unmap that first, or take other IOVAs"},
				   "%s overlaps the mapping %s", place, there);
}

int(vg_dma_fail_lock)(struct vgpu_context *ctx, const char *operation, const char *path)
{
	struct vg_failure failure = {.operation = operation, .path = path, .err = ENOMEM};
	uint64_t limit = vg_memlock_limit();

	if (limit == UINT64_MAX)
		return vg_fail(ctx, &failure, "the kernel has no memory for it");
	failure.cause = VGPU_CAUSE_LIMIT;
	failure.hint = "raise it to the guest's memory and some MiB more (prlimit --memlock, ulimit -l, LimitMEMLOCK= of "
				   "systemd), or give CAP_IPC_LOCK, which frees the access path group of it";
	return vg_fail(ctx, &failure, "memory for DMA is locked, and this is more than may be: RLIMIT_MEMLOCK is %llu KiB",
				   (ull)(limit / 1024));
}

/* EINVAL has three reasons; which it is, the limits tell. */
static int fail_place(struct vgpu_context *ctx, struct vg_failure *failure, const char *place, const struct vg_map *map,
					  const struct vg_limits *limits)
{
	uint64_t mask = limits ? limits->alignment - 1 : 0;
	char ranges[512];
	size_t i;

	if ((map->span.first | (uintptr_t)map->address | vg_map_length(map)) & mask) {
		failure->cause = VGPU_CAUSE_INVALID;
		return vg_fail(ctx, failure,
					   "%s: the IOMMU's pages have %llu bytes, of which IOVA, address and length must be "
					   "multiples",
					   place, (ull)limits->alignment);
	}
	for (i = 0; limits && i < limits->range_count; i++)
		if (map->span.first >= limits->ranges[i].first && map->span.last <= limits->ranges[i].last)
			break;
	if (limits && i == limits->range_count) {
		vg_limits_describe(limits, ranges, sizeof(ranges));
		failure->cause = VGPU_CAUSE_OUT_OF_RANGE;
		failure->hint = "keep guest memory out of what the IOMMU can't translate (vgpu_dma_limits_find())";
		return vg_fail(ctx, failure, "%s is not inside the usable IOVAs: %s", place, ranges[0] ? ranges : "none");
	}
	failure->cause = VGPU_CAUSE_REFUSED;
	return vg_fail(ctx, failure, "%s: the %s refuses to map it", place, who(limits));
}

static int fail_limit(struct vgpu_context *ctx, struct vg_failure *failure, const char *place,
					  const struct vg_limits *limits)
{
	failure->cause = VGPU_CAUSE_LIMIT;
	failure->hint = is_server(limits) ? "make few mappings of what is contiguous (VGPU_DMA_MERGE)"
									  : "make few mappings of what is contiguous (VGPU_DMA_MERGE); or load "
										"vfio_iommu_type1 with a higher dma_entry_limit";
	if (limits && limits->limit >= 0)
		return vg_fail(ctx, failure, "%s: the %s's limit of %lld mappings is reached", place, who(limits),
					   (long long)limits->limit);
	return vg_fail(ctx, failure, "%s: the %s's limit of mappings is reached", place, who(limits));
}

int(vg_dma_fail_map)(struct vgpu_context *ctx, const char *operation, const struct vg_map *map,
					 const struct vg_limits *limits, int err)
{
	char place[VG_IOVA_TEXT_SIZE];
	struct vg_failure failure = {.operation = operation, .path = "DMA", .value = place, .err = err};

	vg_iova_describe(map->span.first, vg_map_length(map), place);
	switch (err) {
	case EEXIST:
		failure.cause = VGPU_CAUSE_EXISTS;
		failure.hint = "take other IOVAs, or let whoever made it unmap it";
		return vg_fail(ctx, &failure, "%s overlaps a mapping that was not made by this DMA object", place);
	case ENOSPC:
		return fail_limit(ctx, &failure, place, limits);
	case ENOMEM:
		if (!is_server(limits))
			return vg_dma_fail_lock(ctx, operation, place);
		failure.cause = VGPU_CAUSE_NO_MEMORY;
		return vg_fail(ctx, &failure, "%s: the vfio-user server has no memory for it", place);
	case EFAULT:
		failure.cause = VGPU_CAUSE_INVALID;
		return vg_fail(ctx, &failure,
					   "%s: the process has no memory at %p, or may not write there, as the device shall", place,
					   map->address);
	case EINVAL:
		return fail_place(ctx, &failure, place, map, limits);
	default:
		return vg_fail(ctx, &failure, "%s: %s", place, strerrordesc_np(err) ?: "unknown error");
	}
}

int(vg_dma_fail_unmap)(struct vgpu_context *ctx, const char *operation, uint64_t iova, uint64_t length, int err)
{
	char place[VG_IOVA_TEXT_SIZE];
	struct vg_failure failure = {.operation = operation, .path = "DMA", .value = place, .err = err};

	vg_iova_describe(iova, length, place);
	failure.cause = err == EINVAL ? VGPU_CAUSE_REFUSED : VGPU_CAUSE_NONE;
	return vg_fail(ctx, &failure, "%s: it can't be unmapped: %s", place, strerrordesc_np(err) ?: "unknown error");
}

int(vg_dma_fail_log)(struct vgpu_context *ctx, const char *operation, int err)
{
	struct vg_failure failure = {.operation = operation, .path = "DMA", .err = err};

	if (err != EOPNOTSUPP && err != ENOTTY) {
		failure.cause = err == EINVAL ? VGPU_CAUSE_REFUSED : VGPU_CAUSE_NONE;
		return vg_fail(ctx, &failure, NULL);
	}
	failure.err = EOPNOTSUPP;
	failure.cause = VGPU_CAUSE_UNSUPPORTED;
	failure.hint = "use the access path group, or the device's own log of what it dirties";
	return vg_fail(
		ctx, &failure,
		"by iommufd there is no log of dirty pages, as only IOMMU hardware could keep one, and libvgpu does not "
		"use that; nor by vfio-user");
}
