/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be mapped for DMA, of one table or of several at once. */
#include "vfio/limits.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"
#include "vfio/caps.h"

/*
 * Where the IOMMUs of x86 and Arm take interrupts. An IOVA that is handed out before a device has joined must not be
 * in there, or the device could not join any more.
 */
static const struct vg_iova_range interrupts[] = {{0xfee00000, 0xfeefffff}, {0x08000000, 0x080fffff}};

int vg_limits_init(struct vg_limits *limits, uint64_t alignment)
{
	*limits = (struct vg_limits){.alignment = alignment, .limit = -1, .left = -1};
	limits->ranges = calloc(1, sizeof(*limits->ranges));
	if (!limits->ranges)
		return -ENOMEM;
	limits->ranges[0] = (struct vg_iova_range){0, UINT64_MAX};
	limits->range_count = 1;
	return 0;
}

void vg_limits_free(struct vg_limits *limits)
{
	free(limits->ranges);
	limits->ranges = NULL;
	limits->range_count = 0;
}

static int by_first(const void *a, const void *b)
{
	const struct vg_iova_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorted, without empty ones, those that touch or overlap made one. Returns how many are left. */
static size_t normalise(struct vg_iova_range *ranges, size_t count)
{
	size_t i, n = 0;

	qsort(ranges, count, sizeof(*ranges), by_first);
	for (i = 0; i < count; i++) {
		if (ranges[i].first > ranges[i].last)
			continue;
		if (n && (ranges[n - 1].last == UINT64_MAX || ranges[i].first <= ranges[n - 1].last + 1)) {
			if (ranges[i].last > ranges[n - 1].last)
				ranges[n - 1].last = ranges[i].last;
		} else {
			ranges[n++] = ranges[i];
		}
	}
	return n;
}

/* The intersection of two sorted lists; out has room for both together. */
static size_t intersect(const struct vg_iova_range *a, size_t a_count, const struct vg_iova_range *b, size_t b_count,
						struct vg_iova_range *out)
{
	size_t i = 0, j = 0, n = 0;

	while (i < a_count && j < b_count) {
		uint64_t first = a[i].first > b[j].first ? a[i].first : b[j].first;
		uint64_t last = a[i].last < b[j].last ? a[i].last : b[j].last;

		if (first <= last)
			out[n++] = (struct vg_iova_range){first, last};
		if (a[i].last < b[j].last)
			i++;
		else
			j++;
	}
	return n;
}

int vg_limits_keep(struct vg_limits *limits, const struct vg_iova_range *ranges, size_t count)
{
	struct vg_iova_range *sorted = calloc(count ? count : 1, sizeof(*sorted));
	struct vg_iova_range *both = calloc(count + limits->range_count + 1, sizeof(*both));

	if (!sorted || !both) {
		free(sorted);
		free(both);
		return -ENOMEM;
	}
	if (count)
		memcpy(sorted, ranges, count * sizeof(*sorted));
	count = normalise(sorted, count);
	limits->range_count = intersect(limits->ranges, limits->range_count, sorted, count, both);
	free(limits->ranges);
	limits->ranges = both;
	free(sorted);
	return 0;
}

/* What the capabilities of a container say; the first of a kind counts. */
struct caps {
	int r;
	bool has_ranges;
	bool has_left;
	struct vg_iova_range *ranges;
	size_t range_count;
	uint32_t left;
	uint64_t dirty_page_sizes;
	uint64_t dirty_bitmap_max;
};

static void take_ranges(struct caps *caps, const struct vg_cap *cap)
{
	const size_t head = sizeof(struct vfio_iommu_type1_info_cap_iova_range) - sizeof(struct vfio_info_cap_header);
	struct vfio_iova_range range;
	uint32_t count, i;

	if (caps->has_ranges)
		return;
	if (cap->size < head) {
		caps->r = -EPROTO;
		return;
	}
	memcpy(&count, cap->data, sizeof(count));
	if (count > (cap->size - head) / sizeof(range)) {
		caps->r = -EPROTO;
		return;
	}
	caps->ranges = calloc(count ? count : 1, sizeof(*caps->ranges));
	if (!caps->ranges) {
		caps->r = -ENOMEM;
		return;
	}
	for (i = 0; i < count; i++) {
		memcpy(&range, cap->data + head + i * sizeof(range), sizeof(range));
		caps->ranges[i] = (struct vg_iova_range){range.start, range.end};
	}
	caps->range_count = count;
	caps->has_ranges = true;
}

static void take_cap(void *data, const struct vg_cap *cap)
{
	struct vfio_iommu_type1_info_cap_migration migration;
	const size_t header = sizeof(migration.header);
	struct caps *caps = data;

	if (caps->r || cap->version != 1)
		return;
	if (cap->id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
		take_ranges(caps, cap);
	} else if (cap->id == VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION && cap->size >= sizeof(migration) - header) {
		memcpy((unsigned char *)&migration + header, cap->data, sizeof(migration) - header);
		caps->dirty_page_sizes = migration.pgsize_bitmap;
		caps->dirty_bitmap_max = migration.max_dirty_bitmap_size;
	} else if (cap->id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL && cap->size >= sizeof(caps->left) && !caps->has_left) {
		memcpy(&caps->left, cap->data, sizeof(caps->left));
		caps->has_left = true;
	}
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* -1 is no limit. */
static int64_t lower_limit(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

int vg_limits_take_info(struct vg_limits *limits, const void *data, size_t size, size_t used, bool knows_all)
{
	struct vfio_iommu_type1_info info = {0};
	struct caps caps = {0};
	bool first = limits->tables == 0;
	uint64_t smallest;
	int r;

	memcpy(&info, data, size < sizeof(info) ? size : sizeof(info));
	r = info.flags & VFIO_IOMMU_INFO_CAPS ? vg_caps_walk(data, size, sizeof(info), info.cap_offset, take_cap, &caps)
										  : 0;
	if (r == 0)
		r = caps.r;
	if (r == 0 && caps.has_ranges)
		r = vg_limits_keep(limits, caps.ranges, caps.range_count);
	free(caps.ranges);
	if (r)
		return r;
	if (info.flags & VFIO_IOMMU_INFO_PGSIZES && info.iova_pgsizes) {
		smallest = info.iova_pgsizes & -info.iova_pgsizes;
		limits->alignment = smallest > limits->alignment ? smallest : limits->alignment;
		limits->page_sizes = first ? info.iova_pgsizes : limits->page_sizes & info.iova_pgsizes;
	}
	limits->dirty_page_sizes = first ? caps.dirty_page_sizes : limits->dirty_page_sizes & caps.dirty_page_sizes;
	limits->dirty_bitmap_max = first ? caps.dirty_bitmap_max : smaller(limits->dirty_bitmap_max, caps.dirty_bitmap_max);
	limits->tables++;
	if (caps.has_left && caps.left != UINT32_MAX) { /* what iommufd says where it stands in for a container */
		limits->left = lower_limit(limits->left, caps.left);
		if (knows_all)
			limits->limit = lower_limit(limits->limit, (int64_t)caps.left + (int64_t)used);
	}
	return 0;
}

/* The same from low to high, around the interrupts. */
static bool find_beside_interrupts(struct vg_spans *spans, uint64_t low, uint64_t high, const struct vg_span_wish *wish,
								   uint64_t *out)
{
	uint64_t found;
	size_t i;

	while (vg_spans_find_gap(spans, low, high, wish, &found)) {
		for (i = 0; i < VG_COUNT(interrupts); i++)
			if (found <= interrupts[i].last && found + (wish->size - 1) >= interrupts[i].first)
				break;
		if (i == VG_COUNT(interrupts)) {
			*out = found;
			return true;
		}
		low = interrupts[i].last + 1; /* whatever else began below it would be in there too */
	}
	return false;
}

bool vg_limits_find_gap(const struct vg_limits *limits, struct vg_spans *spans, uint64_t from,
						const struct vg_span_wish *wish, uint64_t *out)
{
	size_t i;

	for (i = 0; i < limits->range_count; i++) {
		const struct vg_iova_range *range = &limits->ranges[i];

		if (range->last < from)
			continue;
		if (find_beside_interrupts(spans, range->first > from ? range->first : from, range->last, wish, out))
			return true;
	}
	return false;
}

void vg_limits_describe(const struct vg_limits *limits, char *buf, size_t size)
{
	size_t i, used = 0;
	int n = 0;

	buf[0] = '\0';
	for (i = 0; i < limits->range_count && n >= 0; i++) {
		n = vg_strf(buf + used, size - used, "%s0x%llx-0x%llx", i ? ", " : "",
					(unsigned long long)limits->ranges[i].first, (unsigned long long)limits->ranges[i].last);
		used += n > 0 ? (size_t)n : 0;
	}
}
