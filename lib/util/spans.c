/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ordered sets of spans of numbers: an AVL tree. */
#include "util/spans.h"

static int height(const struct vg_span *at)
{
	return at ? at->height : 0;
}

static uint64_t widest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What a node says of the part below it, from its children. */
static void update(struct vg_span *at)
{
	const struct vg_span *left = at->left, *right = at->right;

	at->height = 1 + (height(left) > height(right) ? height(left) : height(right));
	at->low = left ? left->low : at->first;
	at->high = right ? right->high : at->last;
	at->gap = 0;
	if (left)
		at->gap = widest(left->gap, at->first - left->high - 1);
	if (right)
		at->gap = widest(at->gap, widest(right->gap, right->low - at->last - 1));
}

static struct vg_span *rotate_left(struct vg_span *at)
{
	struct vg_span *top = at->right;

	at->right = top->left;
	top->left = at;
	update(at);
	update(top);
	return top;
}

static struct vg_span *rotate_right(struct vg_span *at)
{
	struct vg_span *top = at->left;

	at->left = top->right;
	top->right = at;
	update(at);
	update(top);
	return top;
}

/* Of two children whose heights differ by two at most; returns the new top. */
static struct vg_span *balance(struct vg_span *at)
{
	int lean = height(at->left) - height(at->right);

	if (lean > 1) {
		if (height(at->left->left) < height(at->left->right))
			at->left = rotate_left(at->left);
		return rotate_right(at);
	}
	if (lean < -1) {
		if (height(at->right->right) < height(at->right->left))
			at->right = rotate_right(at->right);
		return rotate_left(at);
	}
	update(at);
	return at;
}

static struct vg_span *insert(struct vg_span *at, struct vg_span *span)
{
	if (!at)
		return span;
	if (span->first < at->first)
		at->left = insert(at->left, span);
	else
		at->right = insert(at->right, span);
	return balance(at);
}

void vg_spans_insert(struct vg_spans *spans, struct vg_span *span)
{
	span->left = span->right = NULL;
	update(span);
	spans->root = insert(spans->root, span);
	spans->count++;
}

/* Takes the lowest out. */
static struct vg_span *remove_lowest(struct vg_span *at, struct vg_span **out)
{
	if (!at->left) {
		*out = at;
		return at->right;
	}
	at->left = remove_lowest(at->left, out);
	return balance(at);
}

static struct vg_span *remove_span(struct vg_span *at, const struct vg_span *span)
{
	struct vg_span *top;

	if (!at) /* not in there */
		return NULL;
	if (span->first < at->first) {
		at->left = remove_span(at->left, span);
		return balance(at);
	}
	if (span->first > at->first) {
		at->right = remove_span(at->right, span);
		return balance(at);
	}
	if (!at->right)
		return at->left;
	at->right = remove_lowest(at->right, &top);
	top->left = at->left;
	top->right = at->right;
	return balance(top);
}

void vg_spans_remove(struct vg_spans *spans, struct vg_span *span)
{
	spans->root = remove_span(spans->root, span);
	spans->count--;
}

struct vg_span *vg_spans_from(const struct vg_spans *spans, uint64_t at)
{
	struct vg_span *node = spans->root, *best = NULL;

	while (node) {
		if (node->last < at) {
			node = node->right;
		} else {
			best = node;
			node = node->left;
		}
	}
	return best;
}

struct vg_span *vg_spans_until(const struct vg_spans *spans, uint64_t at)
{
	struct vg_span *node = spans->root, *best = NULL;

	while (node) {
		if (node->first > at) {
			node = node->left;
		} else {
			best = node;
			node = node->right;
		}
	}
	return best;
}

struct vg_span *vg_spans_next(const struct vg_spans *spans, const struct vg_span *span)
{
	return span->last == UINT64_MAX ? NULL : vg_spans_from(spans, span->last + 1);
}

/* The same where no span is between low and high. */
static bool fits(uint64_t low, uint64_t high, const struct vg_span_wish *wish, uint64_t *out)
{
	uint64_t start;

	if (__builtin_add_overflow(low, (wish->phase - low) & (wish->align - 1), &start) || start > high ||
		high - start < wish->size - 1)
		return false;
	*out = start;
	return true;
}

/* Can there be a gap of this size between low and high, beside what is below this node? */
static bool may_have(const struct vg_span *at, uint64_t low, uint64_t high, uint64_t size)
{
	return at->gap >= size || (at->low > low && at->low - low >= size) || (at->high < high && high - at->high >= size);
}

static bool find_gap(const struct vg_span *at, uint64_t low, uint64_t high, const struct vg_span_wish *wish,
					 uint64_t *out)
{
	if (low > high || high - low < wish->size - 1)
		return false;
	if (!at || at->high < low || at->low > high)
		return fits(low, high, wish, out);
	if (!may_have(at, low, high, wish->size))
		return false;
	if (at->first > low && find_gap(at->left, low, at->first - 1 < high ? at->first - 1 : high, wish, out))
		return true;
	return at->last < high && find_gap(at->right, at->last + 1 > low ? at->last + 1 : low, high, wish, out);
}

bool vg_spans_find_gap(const struct vg_spans *spans, uint64_t low, uint64_t high, const struct vg_span_wish *wish,
					   uint64_t *out)
{
	return find_gap(spans->root, low, high, wish, out);
}
