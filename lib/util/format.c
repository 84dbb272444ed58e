/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixel formats: which are known, by name and size. */
#include <stddef.h>
#include <vgpu/format.h>

#include "util/str.h"

struct format {
	uint32_t code;
	uint32_t pixel_size;
	const char *name;
};

#define FORMAT(name, size)                                                                                             \
	{                                                                                                                  \
		VGPU_FORMAT_##name, size, #name                                                                                \
	}

static const struct format formats[] = {
	FORMAT(RGB565, 2),   FORMAT(BGR565, 2),      FORMAT(XRGB1555, 2),    FORMAT(XBGR1555, 2),    FORMAT(ARGB1555, 2),
	FORMAT(ABGR1555, 2), FORMAT(RGB888, 3),      FORMAT(BGR888, 3),      FORMAT(XRGB8888, 4),    FORMAT(XBGR8888, 4),
	FORMAT(RGBX8888, 4), FORMAT(BGRX8888, 4),    FORMAT(ARGB8888, 4),    FORMAT(ABGR8888, 4),    FORMAT(RGBA8888, 4),
	FORMAT(BGRA8888, 4), FORMAT(XRGB2101010, 4), FORMAT(XBGR2101010, 4), FORMAT(ARGB2101010, 4), FORMAT(ABGR2101010, 4),
};

static const struct format *find(uint32_t code)
{
	size_t i;

	for (i = 0; i < VG_COUNT(formats); i++)
		if (formats[i].code == code)
			return &formats[i];
	return NULL;
}

const char *vgpu_format_get_name(uint32_t format)
{
	const struct format *known = find(format);

	return known ? known->name : NULL;
}

uint32_t vgpu_format_get_pixel_size(uint32_t format)
{
	const struct format *known = find(format);

	return known ? known->pixel_size : 0;
}
