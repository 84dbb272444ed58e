/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing array of pointers. */
#include "util/vec.h"

#include <errno.h>
#include <stdlib.h>

int vg_vec_add(struct vg_vec *vec, void *item)
{
	if (vec->count == vec->room) {
		size_t room = vec->room ? vec->room * 2 : 8;
		void **items = reallocarray(vec->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		vec->items = items;
		vec->room = room;
	}
	vec->items[vec->count++] = item;
	return 0;
}

void vg_vec_clear(struct vg_vec *vec, void (*free_item)(void *))
{
	size_t i;

	for (i = 0; free_item && i < vec->count; i++)
		free_item(vec->items[i]);
	free(vec->items);
	*vec = (struct vg_vec){0};
}

void *vg_vec_get(const struct vg_vec *vec, size_t i)
{
	return vec && i < vec->count ? vec->items[i] : NULL;
}

static int cmp_items(const void *a, const void *b, void *cmp)
{
	int (*const *fn)(const void *, const void *) = cmp;

	return (*fn)(*(void *const *)a, *(void *const *)b);
}

void vg_vec_sort(struct vg_vec *vec, int (*cmp)(const void *, const void *))
{
	if (vec->count > 1)
		qsort_r(vec->items, vec->count, sizeof(*vec->items), cmp_items, &cmp);
}
