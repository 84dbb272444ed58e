/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixels of a device's format as red, green, blue. */
#include <endian.h>
#include <stddef.h>
#include <string.h>
#include <vgpu/format.h>

#include "picture.h"

/* A part of a pixel, of so many bits from this one up, as 8 bits: all ones stay all ones. */
static inline unsigned char part(uint32_t pixel, unsigned shift, unsigned bits)
{
	uint32_t value = pixel >> shift & ((1u << bits) - 1);

	return (unsigned char)(bits >= 8 ? value >> (bits - 8) : value << (8 - bits) | value >> (2 * bits - 8));
}

/* A function a format: with the numbers known, the compiler makes a tight loop of it. */
#define DEFINE(NAME, SIZE, RED, RED_BITS, GREEN, GREEN_BITS, BLUE, BLUE_BITS)                                          \
	static void convert_##NAME(const unsigned char *from, unsigned char *to, uint32_t pixels)                          \
	{                                                                                                                  \
		uint32_t i;                                                                                                    \
                                                                                                                       \
		for (i = 0; i < pixels; i++, from += (SIZE), to += 3) {                                                        \
			uint32_t pixel = 0;                                                                                        \
                                                                                                                       \
			memcpy(&pixel, from, SIZE);                                                                                \
			pixel = le32toh(pixel);                                                                                    \
			to[0] = part(pixel, RED, RED_BITS);                                                                        \
			to[1] = part(pixel, GREEN, GREEN_BITS);                                                                    \
			to[2] = part(pixel, BLUE, BLUE_BITS);                                                                      \
		}                                                                                                              \
	}

DEFINE(rgb565, 2, 11, 5, 5, 6, 0, 5)
DEFINE(bgr565, 2, 0, 5, 5, 6, 11, 5)
DEFINE(rgb555, 2, 10, 5, 5, 5, 0, 5)
DEFINE(bgr555, 2, 0, 5, 5, 5, 10, 5)
DEFINE(rgb888, 3, 16, 8, 8, 8, 0, 8)
DEFINE(bgr888, 3, 0, 8, 8, 8, 16, 8)
DEFINE(one_xrgb8888, 4, 16, 8, 8, 8, 0, 8)
DEFINE(xbgr8888, 4, 0, 8, 8, 8, 16, 8)
DEFINE(rgbx8888, 4, 24, 8, 16, 8, 8, 8)
DEFINE(bgrx8888, 4, 8, 8, 16, 8, 24, 8)
DEFINE(xrgb2101010, 4, 20, 10, 10, 10, 0, 10)
DEFINE(xbgr2101010, 4, 0, 10, 10, 10, 20, 10)

/* The format of most screens, a store a pixel: the fourth byte is the next one's, which comes after. */
static void convert_xrgb8888(const unsigned char *from, unsigned char *to, uint32_t pixels)
{
	for (; pixels > 1; pixels--, from += 4, to += 3) {
		uint32_t pixel;

		memcpy(&pixel, from, sizeof(pixel));
		pixel = htobe32(le32toh(pixel) << 8);
		memcpy(to, &pixel, sizeof(pixel));
	}
	convert_one_xrgb8888(from, to, pixels);
}

row_fn picture_get_converter(uint32_t format)
{
	/* a screen's transparency is nobody's business: there is nothing behind it */
	static const struct {
		uint32_t format;
		row_fn convert;
	} converters[] = {
		{VGPU_FORMAT_XRGB8888, convert_xrgb8888},       {VGPU_FORMAT_ARGB8888, convert_xrgb8888},
		{VGPU_FORMAT_XBGR8888, convert_xbgr8888},       {VGPU_FORMAT_ABGR8888, convert_xbgr8888},
		{VGPU_FORMAT_RGBX8888, convert_rgbx8888},       {VGPU_FORMAT_RGBA8888, convert_rgbx8888},
		{VGPU_FORMAT_BGRX8888, convert_bgrx8888},       {VGPU_FORMAT_BGRA8888, convert_bgrx8888},
		{VGPU_FORMAT_XRGB2101010, convert_xrgb2101010}, {VGPU_FORMAT_ARGB2101010, convert_xrgb2101010},
		{VGPU_FORMAT_XBGR2101010, convert_xbgr2101010}, {VGPU_FORMAT_ABGR2101010, convert_xbgr2101010},
		{VGPU_FORMAT_RGB888, convert_rgb888},           {VGPU_FORMAT_BGR888, convert_bgr888},
		{VGPU_FORMAT_RGB565, convert_rgb565},           {VGPU_FORMAT_BGR565, convert_bgr565},
		{VGPU_FORMAT_XRGB1555, convert_rgb555},         {VGPU_FORMAT_ARGB1555, convert_rgb555},
		{VGPU_FORMAT_XBGR1555, convert_bgr555},         {VGPU_FORMAT_ABGR1555, convert_bgr555},
	};
	size_t i;

	for (i = 0; i < sizeof(converters) / sizeof(converters[0]); i++)
		if (converters[i].format == format)
			return converters[i].convert;
	return NULL;
}
