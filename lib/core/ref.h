/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Atomic reference counts. */
#ifndef VG_CORE_REF_H
#define VG_CORE_REF_H

#include <stdatomic.h>
#include <stdbool.h>

struct vg_ref {
	atomic_int count;
};

static inline void vg_ref_init(struct vg_ref *ref)
{
	atomic_init(&ref->count, 1);
}

static inline void vg_ref_get(struct vg_ref *ref)
{
	atomic_fetch_add_explicit(&ref->count, 1, memory_order_relaxed);
}

/* True for the caller that dropped the last reference: it frees the object. */
static inline bool vg_ref_put(struct vg_ref *ref)
{
	return atomic_fetch_sub_explicit(&ref->count, 1, memory_order_acq_rel) == 1;
}

/* vgpu_NAME_ref() and vgpu_NAME_unref() for a struct vgpu_NAME whose field "ref" is a struct vg_ref. */
#define VG_DEFINE_REF(NAME, free_fn)                                                                                   \
	struct vgpu_##NAME *vgpu_##NAME##_ref(struct vgpu_##NAME *obj)                                                     \
	{                                                                                                                  \
		if (obj)                                                                                                       \
			vg_ref_get(&obj->ref);                                                                                     \
		return obj;                                                                                                    \
	}                                                                                                                  \
                                                                                                                       \
	struct vgpu_##NAME *vgpu_##NAME##_unref(struct vgpu_##NAME *obj)                                                   \
	{                                                                                                                  \
		if (obj && vg_ref_put(&obj->ref))                                                                              \
			free_fn(obj);                                                                                              \
		return NULL;                                                                                                   \
	}

#endif
