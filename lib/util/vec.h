/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing array of pointers. No context, no I/O. */
#ifndef VG_UTIL_VEC_H
#define VG_UTIL_VEC_H

#include <stddef.h>

struct vg_vec {
	void **items;
	size_t count;
	size_t room;
};

/* Appends item. Returns 0 or -ENOMEM (then the caller still owns item). */
int vg_vec_add(struct vg_vec *vec, void *item);
/* Frees the array, each item by free_item (NULL: not). */
void vg_vec_clear(struct vg_vec *vec, void (*free_item)(void *));
/* Item i, or NULL beyond the end or for a NULL vec. */
void *vg_vec_get(const struct vg_vec *vec, size_t i);
/* Sorts; cmp gets the items, not pointers to them. */
void vg_vec_sort(struct vg_vec *vec, int (*cmp)(const void *, const void *));

#endif
