/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists that callers get: items, and the errors of what could not be read. */
#ifndef VG_CORE_LIST_H
#define VG_CORE_LIST_H

#include <stdlib.h>

#include "core/error.h"
#include "util/vec.h"

/* vgpu_PLURAL_unref(), _get_count() and _get() for a struct vgpu_PLURAL with fields vec and errors. */
#define VG_DEFINE_LIST(PLURAL, SINGULAR, free_item)                                                                    \
	struct vgpu_##PLURAL *vgpu_##PLURAL##_unref(struct vgpu_##PLURAL *list)                                            \
	{                                                                                                                  \
		if (list) {                                                                                                    \
			vg_vec_clear(&list->vec, free_item);                                                                       \
			vg_errors_clear(&list->errors);                                                                            \
		}                                                                                                              \
		free(list);                                                                                                    \
		return NULL;                                                                                                   \
	}                                                                                                                  \
                                                                                                                       \
	size_t vgpu_##PLURAL##_get_count(const struct vgpu_##PLURAL *list)                                                 \
	{                                                                                                                  \
		return list ? list->vec.count : 0;                                                                             \
	}                                                                                                                  \
                                                                                                                       \
	struct vgpu_##SINGULAR *vgpu_##PLURAL##_get(const struct vgpu_##PLURAL *list, size_t i)                            \
	{                                                                                                                  \
		return list ? vg_vec_get(&list->vec, i) : NULL;                                                                \
	}

/* vgpu_PLURAL_get_errors() for the same. */
#define VG_DEFINE_LIST_ERRORS(PLURAL)                                                                                  \
	const struct vgpu_errors *vgpu_##PLURAL##_get_errors(const struct vgpu_##PLURAL *list)                             \
	{                                                                                                                  \
		return list ? &list->errors : NULL;                                                                            \
	}

#endif
