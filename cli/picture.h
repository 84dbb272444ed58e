/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures: rows of pixels in a device's format, and PNG files of them. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include <stdint.h>
#include <stdio.h>

/* Turns a row of pixels into bytes red, green, blue. */
typedef void (*row_fn)(const unsigned char *from, unsigned char *to, uint32_t pixels);

struct picture {
	const unsigned char *pixels;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	row_fn convert;
};

/* The conversion of a format (DRM fourcc code), or NULL. */
row_fn picture_get_converter(uint32_t format);

/*
 * How PNG files are packed. Of screens, level 2 with the difference to the pixel on the left packs nearly as well as
 * level 6 in a third of the time or less; trying all filters takes longer still and gains nothing.
 */
#define PICTURE_LEVEL 2
#define PICTURE_FILTER PNG_FILTER_SUB

/* Writes a PNG file: 8 bits a colour, no transparency. Returns 0 or an errno. */
int picture_write_png(const struct picture *picture, FILE *file);

#endif
