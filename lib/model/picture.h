/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture from within. */
#ifndef VG_MODEL_PICTURE_H
#define VG_MODEL_PICTURE_H

#include <vgpu/picture.h>

#include "core/ref.h"

struct vgpu_picture {
	struct vg_ref ref;
	uint32_t format;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	size_t size; /* of pixels: all that the rows need */
	void *pixels;
};

/* Sets the size, from the other numbers. 0, or -EPROTO: they make no sense, or are beyond all displays. */
int vg_picture_measure(struct vgpu_picture *picture);

#endif
