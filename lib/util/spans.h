/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ordered sets of spans of numbers that do not overlap: a balanced tree (AVL) whose nodes lie in the caller's items.
 * Every call takes O(log n) steps. No context, no I/O, no allocation.
 */
#ifndef VG_UTIL_SPANS_H
#define VG_UTIL_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_span {
	uint64_t first;
	uint64_t last; /* belongs to it */
	/* the tree's own */
	struct vg_span *left;
	struct vg_span *right;
	struct vg_span *parent;
	int height;
	uint64_t widest; /* of the gaps below itself and the nodes below */
};

/* All zero: an empty set. */
struct vg_spans {
	struct vg_span *root;
	size_t count;
	bool knows_gaps; /* from the first search for one: who never searches does not pay for it */
};

/* What vg_spans_find_gap() looks for: size numbers (not 0), the first of them phase modulo align (a power of two). */
struct vg_span_wish {
	uint64_t size;
	uint64_t align;
	uint64_t phase;
};

/*
 * Adds span, whose first and last are set, and which overlaps none. above: the one directly above it, which is
 * vg_spans_from() of its first number (NULL: none).
 */
void vg_spans_insert(struct vg_spans *spans, struct vg_span *span, struct vg_span *above);
/* Takes out a span that is in there. */
void vg_spans_remove(struct vg_spans *spans, struct vg_span *span);
/* The lowest span that holds at or lies above it; NULL: none. */
struct vg_span *vg_spans_from(const struct vg_spans *spans, uint64_t at);
/* The highest span that holds at or lies below it; NULL: none. */
struct vg_span *vg_spans_until(const struct vg_spans *spans, uint64_t at);
/* The one above it; NULL: none. */
struct vg_span *vg_spans_next(const struct vg_span *span);
/*
 * The lowest place from low to high (both belong to it) that the wish fits into beside the spans. O(log n), and one
 * step for each gap that is wide enough but does not fit for its alignment; O(n) the first time.
 */
bool vg_spans_find_gap(struct vg_spans *spans, uint64_t low, uint64_t high, const struct vg_span_wish *wish,
					   uint64_t *out);

#endif
