/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of spans: against a plain array that does the same slowly, in many orders, and their depth when they are big. */
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"
#include "util/spans.h"

#define PLACES 64 /* the model: numbers 0 to 63 */
#define MANY 70000

/* A random number below n, the same ones each time. */
static uint32_t below(uint32_t n)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 20) % n);
}

static void add(struct vg_spans *spans, struct vg_span *span)
{
	vg_spans_insert(spans, span, vg_spans_from(spans, span->first));
}

/* Its height, or -1 where something is wrong; below: the span before. No assertion here: each writes to a file. */
static int check_tree(const struct vg_spans *spans, const struct vg_span *at, const struct vg_span *parent,
					  const struct vg_span **below, size_t *count)
{
	uint64_t widest;
	int left, right;
	bool good;

	if (!at)
		return 0;
	left = check_tree(spans, at->left, at, below, count);
	good = !*below || (*below)->last < at->first;
	widest = at->first - (*below ? (*below)->last + 1 : 0);
	*below = at;
	right = check_tree(spans, at->right, at, below, count);
	widest = at->left && at->left->widest > widest ? at->left->widest : widest;
	widest = at->right && at->right->widest > widest ? at->right->widest : widest;
	(*count)++;
	good = good && left >= 0 && right >= 0 && abs(left - right) <= 1 && at->parent == parent;
	return good && at->height == 1 + (left > right ? left : right) && at->first <= at->last &&
				   (!spans->knows_gaps || at->widest == widest)
			   ? at->height
			   : -1;
}

static void check_all(const struct vg_spans *spans)
{
	const struct vg_span *below = NULL;
	size_t count = 0;

	ck_assert_int_ge(check_tree(spans, spans->root, NULL, &below, &count), 0);
	ck_assert_uint_eq(count, spans->count);
}

/* The lowest fit by trying every place; PLACES: none. */
static unsigned try_all(struct vg_span *const *owner, unsigned low, unsigned high, const struct vg_span_wish *wish)
{
	unsigned start, i;

	for (start = low; start <= high && start + wish->size - 1 <= high; start++) {
		if (start % wish->align != wish->phase % wish->align)
			continue;
		for (i = 0; i < wish->size && !owner[start + i]; i++)
			;
		if (i == wish->size)
			return start;
	}
	return PLACES;
}

static void check_model(struct vg_spans *spans, struct vg_span *const *owner)
{
	struct vg_span_wish wish = {.size = 1 + below(9), .align = 1u << below(4), .phase = below(16)};
	unsigned at = below(PLACES), low = below(PLACES), high = low + below(PLACES - low), i, wanted;
	struct vg_span *span;
	uint64_t found = PLACES;

	for (i = at; i < PLACES && !owner[i]; i++)
		;
	ck_assert_ptr_eq(vg_spans_from(spans, at), i < PLACES ? owner[i] : NULL);
	for (i = at; i > 0 && !owner[i]; i--)
		;
	ck_assert_ptr_eq(vg_spans_until(spans, at), owner[i]);
	wanted = try_all(owner, low, high, &wish);
	ck_assert_int_eq(vg_spans_find_gap(spans, low, high, &wish, &found), wanted < PLACES);
	ck_assert_uint_eq(found, wanted);
	at = 0;
	for (span = vg_spans_from(spans, 0); span; span = vg_spans_next(span))
		at += (unsigned)(span->last - span->first + 1);
	for (i = 0; i < PLACES; i++)
		at -= owner[i] ? 1 : 0;
	ck_assert_uint_eq(at, 0);
}

START_TEST(like_the_model)
{
	struct vg_span items[PLACES], *owner[PLACES] = {0}, *span;
	struct vg_spans spans = {0};
	unsigned round, first, last, i;

	for (round = 0; round < 4000; round++) {
		first = below(PLACES);
		if (owner[first]) {
			span = owner[first];
			for (i = 0; i < PLACES; i++)
				owner[i] = owner[i] == span ? NULL : owner[i];
			vg_spans_remove(&spans, span);
		} else {
			for (last = first; last + 1 < PLACES && !owner[last + 1] && below(3); last++)
				;
			span = &items[first];
			*span = (struct vg_span){.first = first, .last = last};
			add(&spans, span);
			for (i = first; i <= last; i++)
				owner[i] = span;
		}
		check_all(&spans);
		if (round > 500) /* with gaps from then on */
			check_model(&spans, owner);
	}
}
END_TEST

static void order_of(uint32_t *order, int kind)
{
	uint32_t i, other, kept;

	for (i = 0; i < MANY; i++)
		order[i] = kind == 1 ? MANY - 1 - i : i;
	for (i = MANY - 1; kind == 2 && i > 0; i--) {
		other = below(i + 1);
		kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
}

/* Upwards, downwards, shuffled; taken out upwards, downwards, shuffled. */
START_TEST(many)
{
	struct vg_span *items = calloc(MANY, sizeof(*items));
	uint32_t *order = calloc(MANY, sizeof(*order)), i;
	const struct vg_span_wish wish = {.size = 4096, .align = 4096}, two = {.size = 8192, .align = 4096};
	struct vg_spans spans = {0};
	uint64_t found;

	ck_assert_ptr_nonnull(items);
	ck_assert_ptr_nonnull(order);
	order_of(order, _i % 3);
	for (i = 0; i < MANY; i++) {
		items[order[i]].first = (uint64_t)order[i] * 8192;
		items[order[i]].last = items[order[i]].first + 4095;
		add(&spans, &items[order[i]]);
	}
	check_all(&spans);
	ck_assert_int_le(spans.root->height, 24); /* 1.44 times log2 */
	ck_assert_ptr_eq(vg_spans_from(&spans, 8192 * 1234 + 4096), &items[1235]);
	ck_assert(vg_spans_find_gap(&spans, 0, UINT64_MAX, &wish, &found));
	ck_assert_uint_eq(found, 4096);
	ck_assert(vg_spans_find_gap(&spans, 0, UINT64_MAX, &two, &found));
	ck_assert_uint_eq(found, (uint64_t)(MANY - 1) * 8192 + 4096);
	vg_spans_remove(&spans, &items[77]);
	ck_assert(vg_spans_find_gap(&spans, 0, UINT64_MAX, &two, &found));
	ck_assert_uint_eq(found, 77 * 8192 - 4096);
	add(&spans, &items[77]);
	order_of(order, _i / 3);
	for (i = 0; i < MANY; i++) {
		vg_spans_remove(&spans, &items[order[i]]);
		if (i % 10000 == 0)
			check_all(&spans);
	}
	ck_assert_ptr_null(spans.root);
	ck_assert_uint_eq(spans.count, 0);
	free(items);
	free(order);
}
END_TEST

/* The ends of what 64 bits can count. */
START_TEST(ends)
{
	struct vg_span low = {.first = 0, .last = 0}, high = {.first = UINT64_MAX, .last = UINT64_MAX};
	struct vg_span_wish wish = {.size = UINT64_MAX - 1, .align = 1};
	struct vg_span all = {.first = 0, .last = UINT64_MAX};
	struct vg_spans spans = {0};
	uint64_t found = 7;

	ck_assert(vg_spans_find_gap(&spans, 0, UINT64_MAX, &wish, &found));
	ck_assert_uint_eq(found, 0);
	add(&spans, &high);
	add(&spans, &low);
	check_all(&spans);
	ck_assert_ptr_null(vg_spans_next(&high));
	ck_assert(vg_spans_find_gap(&spans, 0, UINT64_MAX, &wish, &found));
	ck_assert_uint_eq(found, 1);
	wish.align = 2;
	ck_assert(!vg_spans_find_gap(&spans, 0, UINT64_MAX, &wish, &found));
	wish = (struct vg_span_wish){.size = 1, .align = (uint64_t)1 << 63, .phase = 5};
	ck_assert(vg_spans_find_gap(&spans, 6, UINT64_MAX, &wish, &found));
	ck_assert_uint_eq(found, ((uint64_t)1 << 63) + 5);
	ck_assert(!vg_spans_find_gap(&spans, ((uint64_t)1 << 63) + 6, UINT64_MAX, &wish, &found));
	ck_assert(!vg_spans_find_gap(&spans, 9, 8, &wish, &found));
	vg_spans_remove(&spans, &low);
	vg_spans_remove(&spans, &high);
	add(&spans, &all);
	ck_assert(!vg_spans_find_gap(&spans, 0, UINT64_MAX, &wish, &found));
	ck_assert_ptr_eq(vg_spans_until(&spans, 5), &all);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spans");
	TCase *tcase = tcase_create("spans");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, like_the_model);
	tcase_add_test(tcase, ends);
	tcase_add_loop_test(tcase, many, 0, 9);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
