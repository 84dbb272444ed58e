/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixel formats by their DRM fourcc codes: names and sizes. No I/O, no failure. */
#ifndef VGPU_FORMAT_H
#define VGPU_FORMAT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The code of four characters. */
#define VGPU_FORMAT(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/**
 * Formats, the kernel's DRM_FORMAT_*: a little-endian number a pixel, its parts from the highest bit down. In memory
 * XRGB8888 is the bytes blue, green, red, unused.
 */
#define VGPU_FORMAT_RGB565 VGPU_FORMAT('R', 'G', '1', '6')
#define VGPU_FORMAT_BGR565 VGPU_FORMAT('B', 'G', '1', '6')
#define VGPU_FORMAT_XRGB1555 VGPU_FORMAT('X', 'R', '1', '5')
#define VGPU_FORMAT_XBGR1555 VGPU_FORMAT('X', 'B', '1', '5')
#define VGPU_FORMAT_ARGB1555 VGPU_FORMAT('A', 'R', '1', '5')
#define VGPU_FORMAT_ABGR1555 VGPU_FORMAT('A', 'B', '1', '5')
#define VGPU_FORMAT_RGB888 VGPU_FORMAT('R', 'G', '2', '4')
#define VGPU_FORMAT_BGR888 VGPU_FORMAT('B', 'G', '2', '4')
#define VGPU_FORMAT_XRGB8888 VGPU_FORMAT('X', 'R', '2', '4')
#define VGPU_FORMAT_XBGR8888 VGPU_FORMAT('X', 'B', '2', '4')
#define VGPU_FORMAT_RGBX8888 VGPU_FORMAT('R', 'X', '2', '4')
#define VGPU_FORMAT_BGRX8888 VGPU_FORMAT('B', 'X', '2', '4')
#define VGPU_FORMAT_ARGB8888 VGPU_FORMAT('A', 'R', '2', '4')
#define VGPU_FORMAT_ABGR8888 VGPU_FORMAT('A', 'B', '2', '4')
#define VGPU_FORMAT_RGBA8888 VGPU_FORMAT('R', 'A', '2', '4')
#define VGPU_FORMAT_BGRA8888 VGPU_FORMAT('B', 'A', '2', '4')
#define VGPU_FORMAT_XRGB2101010 VGPU_FORMAT('X', 'R', '3', '0')
#define VGPU_FORMAT_XBGR2101010 VGPU_FORMAT('X', 'B', '3', '0')
#define VGPU_FORMAT_ARGB2101010 VGPU_FORMAT('A', 'R', '3', '0')
#define VGPU_FORMAT_ABGR2101010 VGPU_FORMAT('A', 'B', '3', '0')

/** The format modifier (DRM_FORMAT_MOD_LINEAR) of pixels that lie in rows, one behind the other. */
#define VGPU_FORMAT_MODIFIER_LINEAR ((uint64_t)0)

/**
 * vgpu_format_get_name() - the name of a format, such as "XRGB8888"
 * @format: a DRM fourcc code
 *
 * Return: a static string (borrowed), or NULL: this library does not know the format.
 * Since: 0.1
 */
const char *vgpu_format_get_name(uint32_t format);

/**
 * vgpu_format_get_pixel_size() - the size of one pixel
 * @format: a DRM fourcc code
 *
 * Return: bytes, or 0: this library does not know the format.
 * Since: 0.1
 */
uint32_t vgpu_format_get_pixel_size(uint32_t format);

#ifdef __cplusplus
}
#endif
#endif
