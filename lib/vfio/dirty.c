/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logging of what a device writes by DMA, by the device itself. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpu/dirty.h>

#include "vfio/feature.h"
#include "vfio/handle.h"

#define DIRTY "dirty"
#define PAGE_SIZE_MIN 4096ull
#define NO_DRIVER "the driver that this kernel has can't log what the device writes"
#define NO_KERNEL "the kernel can't pass on what the device logs"
#define NO_PROVIDER "its provider can't log what the device writes"

/* A page that no device is given memory at: asking for its log loses nobody anything. */
#define FAR_PAGE (UINT64_MAX - 2 * PAGE_SIZE_MIN + 1)

static int fail_unsupported(struct vgpu_vfio *vfio, const char *what)
{
	return vg_fail(vfio->ctx,
				   &(struct vg_failure){.operation = DIRTY,
										.path = vfio->name,
										.err = EOPNOTSUPP,
										.cause = VGPU_CAUSE_UNSUPPORTED,
										.hint = "take all memory that is mapped for the device as dirty"},
				   "%s", what);
}

/* What is wrong with what came from the caller has been said before. */
static int fail_driver(struct vgpu_vfio *vfio, int err)
{
	struct vg_failure failure = {.operation = DIRTY, .path = vfio->name, .err = err};

	if (vfio->place.ops && (err == ENOTTY || err == EOPNOTSUPP))
		return fail_unsupported(vfio, NO_PROVIDER);
	if (err == ENOTTY)
		return fail_unsupported(vfio, NO_DRIVER);
	if (err == EOPNOTSUPP)
		return fail_unsupported(vfio, NO_KERNEL);
	if (err == EINVAL || err == EBUSY)
		failure.cause = VGPU_CAUSE_REFUSED;
	if (err == E2BIG) {
		failure.cause = VGPU_CAUSE_LIMIT;
		failure.hint = "join ranges, with what lies between them";
		return vg_fail(vfio->ctx, &failure, "more ranges than can be taken");
	}
	return vg_fail(vfio->ctx, &failure, NULL);
}

static bool is_page_size(uint64_t size)
{
	return size >= PAGE_SIZE_MIN && !(size & (size - 1));
}

static int check_page_size(struct vgpu_vfio *vfio, uint64_t size)
{
	if (is_page_size(size))
		return 0;
	return vg_fail_invalid(vfio->ctx, DIRTY, vfio->name, "0x%llx is no page size, a power of 2 of at least %llu",
						   (unsigned long long)size, PAGE_SIZE_MIN);
}

/* Not empty, whole pages from its start on, and not beyond the highest address. */
static int check_range(struct vgpu_vfio *vfio, uint64_t iova, uint64_t length, uint64_t page_size)
{
	uint64_t end;

	if (!length || iova & (page_size - 1))
		return vg_fail_invalid(vfio->ctx, DIRTY, vfio->name, "the range 0x%llx+0x%llx %s", (unsigned long long)iova,
							   (unsigned long long)length, length ? "does not begin with a page" : "is empty");
	if (__builtin_add_overflow(iova, length, &end))
		return vg_fail(
			vfio->ctx,
			&(struct vg_failure){.operation = DIRTY, .path = vfio->name, .err = EOVERFLOW, .cause = VGPU_CAUSE_INVALID},
			"the range 0x%llx+0x%llx goes beyond the highest address", (unsigned long long)iova,
			(unsigned long long)length);
	return 0;
}

static int check_ranges(struct vgpu_vfio *vfio, const struct vgpu_dirty_range *ranges, size_t count, uint64_t page_size)
{
	size_t i;
	int r;

	for (i = 0; i < count; i++) {
		r = check_range(vfio, ranges[i].iova, ranges[i].length, page_size);
		if (r)
			return r;
		if (ranges[i].length & (page_size - 1))
			return vg_fail_invalid(vfio->ctx, DIRTY, vfio->name, "the length 0x%llx is no multiple of the page size",
								   (unsigned long long)ranges[i].length);
	}
	return 0;
}

static int get_log(struct vgpu_vfio *vfio, uint64_t iova, uint64_t length, uint64_t page_size, uint64_t *bitmap)
{
	struct vfio_device_feature_dma_logging_report report = {iova, length, page_size, (uintptr_t)bitmap};

	return vg_feature_get(vfio, VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, &report, sizeof(report));
}

/*
 * A kernel without CONFIG_IOMMUFD_DRIVER (Debian's 6.12) takes the start, says that it has the report too, and fails
 * each one: only trying tells.
 */
int vgpu_dirty_find(struct vgpu_vfio *vfio)
{
	uint64_t bitmap = 0;

	if (!vfio)
		return -EINVAL;
	if (!vg_feature_has(vfio, VFIO_DEVICE_FEATURE_DMA_LOGGING_START, VFIO_DEVICE_FEATURE_SET))
		return fail_unsupported(vfio, vfio->place.ops ? NO_PROVIDER : NO_DRIVER);
	if (get_log(vfio, FAR_PAGE, PAGE_SIZE_MIN, PAGE_SIZE_MIN, &bitmap) == -EOPNOTSUPP)
		return fail_unsupported(vfio, vfio->place.ops ? NO_PROVIDER : NO_KERNEL);
	return 0;
}

int vgpu_dirty_start(struct vgpu_vfio *vfio, const struct vgpu_dirty_range *ranges, size_t count, uint64_t *page_size)
{
	struct vfio_device_feature_dma_logging_control control = {0};
	int r;

	_Static_assert(sizeof(*ranges) == sizeof(struct vfio_device_feature_dma_logging_range), "the kernel's range");
	if (!vfio)
		return -EINVAL;
	if (!ranges || !count || !page_size)
		return vg_fail_invalid(vfio->ctx, DIRTY, vfio->name, "no range is given, or no page size");
	if (count > UINT32_MAX)
		return fail_driver(vfio, E2BIG);
	r = check_page_size(vfio, *page_size);
	if (r == 0)
		r = check_ranges(vfio, ranges, count, *page_size);
	if (r == 0)
		r = vgpu_dirty_find(vfio);
	if (r)
		return r;
	control.page_size = *page_size;
	control.num_ranges = (uint32_t)count;
	control.ranges = (uintptr_t)ranges;
	r = vg_feature_set(vfio, VFIO_DEVICE_FEATURE_DMA_LOGGING_START, &control, sizeof(control));
	if (r)
		return fail_driver(vfio, -r);
	if (!is_page_size(control.page_size)) {
		vg_feature_set(vfio, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, NULL, 0);
		return vg_fail(
			vfio->ctx,
			&(struct vg_failure){.operation = DIRTY, .path = vfio->name, .err = EPROTO, .cause = VGPU_CAUSE_BAD_DATA},
			"the driver chose 0x%llx as page size", (unsigned long long)control.page_size);
	}
	*page_size = control.page_size;
	return 0;
}

int vgpu_dirty_stop(struct vgpu_vfio *vfio)
{
	int r;

	if (!vfio)
		return -EINVAL;
	r = vg_feature_set(vfio, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, NULL, 0);
	return r ? fail_driver(vfio, -r) : 0;
}

int vgpu_dirty_read(struct vgpu_vfio *vfio, uint64_t iova, uint64_t length, uint64_t page_size, uint64_t *bitmap,
					size_t count)
{
	uint64_t numbers;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!bitmap)
		return vg_fail_invalid(vfio->ctx, DIRTY, vfio->name, "there is no place for the bitmap");
	r = check_page_size(vfio, page_size);
	if (r == 0)
		r = check_range(vfio, iova, length, page_size);
	if (r)
		return r;
	numbers = (length - 1) / page_size / 64 + 1;
	if (count < numbers)
		return vg_fail_invalid(vfio->ctx, DIRTY, vfio->name, "the bitmap has %zu numbers of 64 bits, and needs %llu",
							   count, (unsigned long long)numbers);
	memset(bitmap, 0, (size_t)numbers * sizeof(*bitmap));
	r = get_log(vfio, iova, length, page_size, bitmap);
	if (r == 0)
		return 0;
	memset(bitmap, 0xff, (size_t)numbers * sizeof(*bitmap));
	return fail_driver(vfio, -r);
}
