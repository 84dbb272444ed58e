/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ordered sets of spans of numbers: an AVL tree. After a change it is put right from there upwards, as far as anything
 * changes, which is mostly not far.
 */
#include "util/spans.h"

static int height(const struct vg_span *at)
{
	return at ? at->height : 0;
}

static struct vg_span *previous(const struct vg_span *span)
{
	struct vg_span *at = span->left;

	if (at) {
		while (at->right)
			at = at->right;
		return at;
	}
	for (at = span->parent; at && at->left == span; at = at->parent)
		span = at;
	return at;
}

/* How many numbers are free between it and the one below it, or 0. */
static uint64_t space_below(const struct vg_span *span)
{
	const struct vg_span *below = previous(span);

	return span->first - (below ? below->last + 1 : 0);
}

/* The widest gap that a node knows of, from its children; has that changed? */
static bool widen(struct vg_span *at)
{
	uint64_t widest = space_below(at), before = at->widest;

	if (at->left && at->left->widest > widest)
		widest = at->left->widest;
	if (at->right && at->right->widest > widest)
		widest = at->right->widest;
	at->widest = widest;
	return widest != before;
}

/* Sets what a node says of itself and the nodes below it; has that changed? */
static inline bool update(const struct vg_spans *spans, struct vg_span *at, int left_height, int right_height)
{
	int before = at->height;

	at->height = 1 + (left_height > right_height ? left_height : right_height);
	if (spans->knows_gaps && widen(at))
		return true;
	return at->height != before;
}

/* Hangs span (or nothing) where old was below parent. */
static void hang(struct vg_spans *spans, struct vg_span *parent, const struct vg_span *old, struct vg_span *span)
{
	if (span)
		span->parent = parent;
	if (!parent)
		spans->root = span;
	else if (parent->left == old)
		parent->left = span;
	else
		parent->right = span;
}

static struct vg_span *rotate_left(struct vg_spans *spans, struct vg_span *at)
{
	struct vg_span *top = at->right;

	hang(spans, at->parent, at, top);
	at->right = top->left;
	if (at->right)
		at->right->parent = at;
	top->left = at;
	at->parent = top;
	update(spans, at, height(at->left), height(at->right));
	update(spans, top, height(top->left), height(top->right));
	return top;
}

static struct vg_span *rotate_right(struct vg_spans *spans, struct vg_span *at)
{
	struct vg_span *top = at->left;

	hang(spans, at->parent, at, top);
	at->left = top->right;
	if (at->left)
		at->left->parent = at;
	top->right = at;
	at->parent = top;
	update(spans, at, height(at->left), height(at->right));
	update(spans, top, height(top->left), height(top->right));
	return top;
}

/* Of two children whose heights differ by two; returns the new top. */
static struct vg_span *balance(struct vg_spans *spans, struct vg_span *at)
{
	if (height(at->left) > height(at->right)) {
		if (height(at->left->left) < height(at->left->right))
			rotate_left(spans, at->left);
		return rotate_right(spans, at);
	}
	if (height(at->right->right) < height(at->right->left))
		rotate_right(spans, at->right);
	return rotate_left(spans, at);
}

/* Puts right what is above a change: from at upwards, at least up to must, whose gap has changed (NULL: none). */
static void climb(struct vg_spans *spans, struct vg_span *at, const struct vg_span *must)
{
	for (; at; at = at->parent) {
		int left = height(at->left), right = height(at->right), lean = left - right;

		if (at == must)
			must = NULL;
		if (lean > 1 || lean < -1)
			at = balance(spans, at);
		else if (!update(spans, at, left, right) && !must)
			return;
	}
}

void vg_spans_insert(struct vg_spans *spans, struct vg_span *span, struct vg_span *above)
{
	struct vg_span *parent = above;

	span->left = span->right = NULL;
	span->height = 0; /* to be changed */
	span->widest = 0;
	if (above && !above->left) {
		above->left = span;
	} else { /* then the one below has nothing to its right */
		parent = above ? previous(above) : vg_spans_until(spans, UINT64_MAX);
		if (parent)
			parent->right = span;
		else
			spans->root = span;
	}
	span->parent = parent;
	spans->count++;
	climb(spans, span, spans->knows_gaps ? above : NULL);
}

struct vg_span *vg_spans_next(const struct vg_span *span)
{
	struct vg_span *at = span->right;

	if (at) {
		while (at->left)
			at = at->left;
		return at;
	}
	for (at = span->parent; at && at->right == span; at = at->parent)
		span = at;
	return at;
}

/* What the parent knew of span holds for other now: so climb() sees whether that has changed. */
static void inherit(struct vg_span *other, const struct vg_span *span)
{
	other->height = span->height;
	other->widest = span->widest;
}

void vg_spans_remove(struct vg_spans *spans, struct vg_span *span)
{
	struct vg_span *above = vg_spans_next(span), *start = span->parent, *child;

	if (span->left && span->right) { /* the next one, which has no left child, takes its place */
		start = above;
		if (above->parent != span) {
			start = above->parent;
			hang(spans, above->parent, above, above->right);
			above->right = span->right;
			above->right->parent = above;
		}
		above->left = span->left;
		above->left->parent = above;
		inherit(above, span);
		hang(spans, span->parent, span, above);
	} else {
		child = span->left ? span->left : span->right;
		if (child) {
			inherit(child, span);
			start = child;
		}
		hang(spans, span->parent, span, child);
	}
	spans->count--;
	climb(spans, start, spans->knows_gaps ? above : NULL);
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

/* The lowest place from low to high, between which no span is. */
static bool fits(uint64_t low, uint64_t high, const struct vg_span_wish *wish, uint64_t *out)
{
	uint64_t start;

	if (low > high || __builtin_add_overflow(low, (wish->phase - low) & (wish->align - 1), &start) || start > high ||
		high - start < wish->size - 1)
		return false;
	*out = start;
	return true;
}

static bool find_gap(const struct vg_span *at, uint64_t low, uint64_t high, const struct vg_span_wish *wish,
					 uint64_t *out)
{
	uint64_t start, space;

	if (!at || at->widest < wish->size)
		return false;
	if (at->first > low) {
		if (find_gap(at->left, low, high, wish, out))
			return true;
		space = space_below(at);
		start = at->first - space > low ? at->first - space : low;
		if (space && fits(start, at->first - 1 < high ? at->first - 1 : high, wish, out))
			return true;
	}
	return at->last < high && find_gap(at->right, low, high, wish, out);
}

static void learn_gaps(struct vg_span *at)
{
	if (!at)
		return;
	learn_gaps(at->left);
	learn_gaps(at->right);
	widen(at);
}

bool vg_spans_find_gap(struct vg_spans *spans, uint64_t low, uint64_t high, const struct vg_span_wish *wish,
					   uint64_t *out)
{
	const struct vg_span *highest = vg_spans_until(spans, UINT64_MAX);

	if (!spans->knows_gaps)
		learn_gaps(spans->root);
	spans->knows_gaps = true;
	if (find_gap(spans->root, low, high, wish, out))
		return true;
	if (highest && highest->last == UINT64_MAX)
		return false;
	return fits(highest && highest->last >= low ? highest->last + 1 : low, high, wish, out);
}
