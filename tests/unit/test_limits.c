/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of DMA: as kernels state them and as none should; several at once; the search for free IOVAs. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"
#include "vfio/limits.h"

#define PAGE 4096u
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* An answer of the kernel, built piece by piece. */
struct answer {
	uint64_t words[64];
	size_t size;
	uint32_t *link; /* where the offset of the next capability goes */
};

static struct vfio_iommu_type1_info *info_of(struct answer *answer)
{
	return (struct vfio_iommu_type1_info *)answer->words;
}

static void begin(struct answer *answer, uint64_t page_sizes)
{
	struct vfio_iommu_type1_info *info = info_of(answer);

	memset(answer, 0, sizeof(*answer));
	info->flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info->iova_pgsizes = page_sizes;
	answer->size = sizeof(*info);
	answer->link = &info->cap_offset;
}

static void *add(struct answer *answer, uint16_t id, uint16_t version, size_t size)
{
	struct vfio_info_cap_header *header = (void *)((unsigned char *)answer->words + answer->size);

	ck_assert_uint_le(answer->size + size, sizeof(answer->words));
	*answer->link = (uint32_t)answer->size;
	answer->link = &header->next;
	header->id = id;
	header->version = version;
	answer->size += (size + 7) / 8 * 8;
	return header;
}

static void add_ranges(struct answer *answer, const struct vg_iova_range *ranges, uint32_t count)
{
	struct vfio_iommu_type1_info_cap_iova_range *cap =
		add(answer, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1, sizeof(*cap) + count * sizeof(struct vfio_iova_range));
	uint32_t i;

	cap->nr_iovas = count;
	for (i = 0; i < count; i++)
		cap->iova_ranges[i] = (struct vfio_iova_range){ranges[i].first, ranges[i].last};
}

static void add_left(struct answer *answer, uint32_t left)
{
	struct vfio_iommu_type1_info_dma_avail *cap = add(answer, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 1, sizeof(*cap));

	cap->avail = left;
}

static void add_migration(struct answer *answer, uint64_t page_sizes, uint64_t max)
{
	struct vfio_iommu_type1_info_cap_migration *cap = add(answer, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, 1, sizeof(*cap));

	cap->pgsize_bitmap = page_sizes;
	cap->max_dirty_bitmap_size = max;
}

static void check_ranges(const struct vg_limits *limits, const struct vg_iova_range *wanted, size_t count)
{
	size_t i;

	ck_assert_uint_eq(limits->range_count, count);
	for (i = 0; i < count; i++) {
		ck_assert_uint_eq(limits->ranges[i].first, wanted[i].first);
		ck_assert_uint_eq(limits->ranges[i].last, wanted[i].last);
	}
}

START_TEST(as_stated)
{
	const struct vg_iova_range wanted[] = {{0, 0xfedfffff}, {0xfef00000, 0x7fffffffff}};
	struct vg_limits limits;
	struct answer answer;
	char text[100];

	begin(&answer, 0x40201000);
	add_migration(&answer, 0x1000, 256 * MIB);
	add_left(&answer, 65000);
	add_ranges(&answer, wanted, 2);
	ck_assert_int_eq(vg_limits_init(&limits, PAGE), 0);
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 535, true), 0);
	check_ranges(&limits, wanted, 2);
	ck_assert_uint_eq(limits.page_sizes, 0x40201000);
	ck_assert_uint_eq(limits.alignment, PAGE);
	ck_assert_int_eq(limits.left, 65000);
	ck_assert_int_eq(limits.limit, 65535);
	ck_assert_uint_eq(limits.dirty_page_sizes, 0x1000);
	ck_assert_uint_eq(limits.dirty_bitmap_max, 256 * MIB);
	vg_limits_describe(&limits, text, sizeof(text));
	ck_assert_str_eq(text, "0x0-0xfedfffff, 0xfef00000-0x7fffffffff");
	vg_limits_describe(&limits, text, 20);
	ck_assert_uint_lt(strlen(text), 20);
	vg_limits_free(&limits);
}
END_TEST

/* A container of mdevs says less; iommufd in a container's place has no limit. */
START_TEST(less_stated)
{
	const struct vg_iova_range all = {0, UINT64_MAX};
	struct vg_limits limits;
	struct answer answer;

	begin(&answer, ~(uint64_t)0xfff);
	add_left(&answer, UINT32_MAX);
	ck_assert_int_eq(vg_limits_init(&limits, PAGE), 0);
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 0, true), 0);
	check_ranges(&limits, &all, 1);
	ck_assert_int_eq(limits.left, -1);
	ck_assert_int_eq(limits.limit, -1);
	ck_assert_uint_eq(limits.dirty_page_sizes, 0);
	info_of(&answer)->flags = 0; /* neither sizes nor capabilities */
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 0, true), 0);
	ck_assert_uint_eq(limits.page_sizes, ~(uint64_t)0xfff);
	vg_limits_free(&limits);
}
END_TEST

/* Of several: what they have in common, and the least. */
START_TEST(several)
{
	const struct vg_iova_range one[] = {{0x1000, 0xffff}, {0x20000, 0x2ffff}, {0x80000, 0xfffff}};
	const struct vg_iova_range two[] = {{0xc0000, UINT64_MAX}, {0x8000, 0x23fff}, {0x9000, 0x8000}, {0x24000, 0x25fff}};
	const struct vg_iova_range both[] = {{0x8000, 0xffff}, {0x20000, 0x25fff}, {0xc0000, 0xfffff}};
	const struct vg_iova_range none = {0x50000, 0x5ffff};
	struct vg_limits limits;
	struct answer answer;

	ck_assert_int_eq(vg_limits_init(&limits, PAGE), 0);
	begin(&answer, 0x40201000);
	add_left(&answer, 500);
	add_migration(&answer, 0x1000, 4096);
	add_ranges(&answer, one, 3);
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 10, true), 0);
	begin(&answer, 0x210000);
	add_ranges(&answer, two, 4);
	add_left(&answer, 400);
	add_migration(&answer, 0x11000, 1024);
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 10, false), 0);
	check_ranges(&limits, both, 3);
	ck_assert_uint_eq(limits.page_sizes, 0x200000);
	ck_assert_uint_eq(limits.alignment, 0x10000);
	ck_assert_int_eq(limits.left, 400);
	ck_assert_int_eq(limits.limit, 510); /* others may have some in the second */
	ck_assert_uint_eq(limits.dirty_page_sizes, 0x1000);
	ck_assert_uint_eq(limits.dirty_bitmap_max, 1024);
	ck_assert_int_eq(vg_limits_keep(&limits, &none, 1), 0);
	ck_assert_uint_eq(limits.range_count, 0);
	vg_limits_free(&limits);
}
END_TEST

/* What no kernel says: refused, or left out, and never read beyond the end. */
START_TEST(malformed)
{
	const struct vg_iova_range range = {0, 0xffff}, all = {0, UINT64_MAX};
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	struct vg_limits limits;
	struct answer answer;
	size_t size;

	ck_assert_int_eq(vg_limits_init(&limits, PAGE), 0);
	begin(&answer, 0x1000);
	add_ranges(&answer, &range, 1);
	cap = (void *)((unsigned char *)answer.words + sizeof(struct vfio_iommu_type1_info));
	cap->nr_iovas = 2;
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 0, true), -EPROTO);
	cap->nr_iovas = UINT32_MAX;
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 0, true), -EPROTO);
	cap->nr_iovas = 1;
	cap->header.next = sizeof(struct vfio_iommu_type1_info); /* a loop */
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 0, true), -EPROTO);
	cap->header.next = 0;
	for (size = 0; size < answer.size; size++) { /* cut short */
		void *copy = malloc(size + 1);

		memcpy(copy, answer.words, size);
		vg_limits_take_info(&limits, copy, size, 0, true);
		free(copy);
	}
	check_ranges(&limits, &all, 1);
	cap->header.version = 2; /* not known */
	ck_assert_int_eq(vg_limits_take_info(&limits, answer.words, answer.size, 0, true), 0);
	check_ranges(&limits, &all, 1);
	vg_limits_free(&limits);
}
END_TEST

static uint64_t gap(const struct vg_limits *limits, struct vg_spans *spans, uint64_t from, uint64_t size,
					uint64_t align, uint64_t phase)
{
	const struct vg_span_wish wish = {size, align, phase};
	uint64_t found = UINT64_MAX;

	return vg_limits_find_gap(limits, spans, from, &wish, &found) ? found : UINT64_MAX;
}

START_TEST(gaps)
{
	const struct vg_iova_range ranges[] = {{0, 0xfedfffff}, {0xfef00000, 0x7fffffffff}};
	struct vg_span span = {.first = 0x100000, .last = 0x7ffffff};
	struct vg_spans spans = {0};
	struct vg_limits limits;

	ck_assert_int_eq(vg_limits_init(&limits, PAGE), 0);
	ck_assert_uint_eq(gap(&limits, &spans, PAGE, PAGE, PAGE, 0), PAGE);
	ck_assert_uint_eq(gap(&limits, &spans, 0xfee00000, PAGE, PAGE, 0), 0xfef00000); /* not where x86 interrupts go */
	ck_assert_int_eq(vg_limits_keep(&limits, ranges, 2), 0);
	vg_spans_insert(&spans, &span, NULL);
	ck_assert_uint_eq(gap(&limits, &spans, PAGE, MIB, MIB, 0), 0x8100000); /* nor those of Arm */
	ck_assert_uint_eq(gap(&limits, &spans, PAGE, MIB - PAGE, PAGE, 0), PAGE);
	ck_assert_uint_eq(gap(&limits, &spans, PAGE, 2 * MIB, 2 * MIB, 0x1000), 0x8201000);
	ck_assert_uint_eq(gap(&limits, &spans, PAGE, GIB, GIB, 0), GIB);
	ck_assert_uint_eq(gap(&limits, &spans, PAGE, 4 * GIB, PAGE, 0), 0xfef00000);
	ck_assert_uint_eq(gap(&limits, &spans, PAGE, 512 * GIB, PAGE, 0), UINT64_MAX);
	ck_assert_uint_eq(gap(&limits, &spans, 0x8000000000, PAGE, PAGE, 0), UINT64_MAX);
	vg_limits_free(&limits);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {as_stated, less_stated, several, malformed, gaps, NULL};

	return run_suite("limits", tests);
}
