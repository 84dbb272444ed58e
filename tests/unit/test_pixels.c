/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl's pictures: each format's pixels as red, green, blue; and a PNG file that holds them. */
#include <endian.h>
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <vgpu/format.h>

#include "picture.h"
#include "run_suite.h"

/* One pixel of each format, the unused and transparent bits set, and the colour that it is. */
static const struct {
	uint32_t format;
	uint32_t pixel;
	uint32_t rgb;
} known[] = {
	{VGPU_FORMAT_XRGB8888, 0xff123456, 0x123456},    {VGPU_FORMAT_ARGB8888, 0x80123456, 0x123456},
	{VGPU_FORMAT_XBGR8888, 0xff563412, 0x123456},    {VGPU_FORMAT_ABGR8888, 0x80563412, 0x123456},
	{VGPU_FORMAT_RGBX8888, 0x123456ff, 0x123456},    {VGPU_FORMAT_RGBA8888, 0x12345680, 0x123456},
	{VGPU_FORMAT_BGRX8888, 0x563412ff, 0x123456},    {VGPU_FORMAT_BGRA8888, 0x56341280, 0x123456},
	{VGPU_FORMAT_RGB888, 0x123456, 0x123456},        {VGPU_FORMAT_BGR888, 0x563412, 0x123456},
	{VGPU_FORMAT_XRGB2101010, 0xfff00000, 0xff0000}, {VGPU_FORMAT_ARGB2101010, 0x000ffc00, 0x00ff00},
	{VGPU_FORMAT_XBGR2101010, 0xc00003ff, 0xff0000}, {VGPU_FORMAT_ABGR2101010, 0x3ff00000, 0x0000ff},
	{VGPU_FORMAT_XRGB2101010, 0x04b34d5b, 0x123456}, {VGPU_FORMAT_RGB565, 0xf800, 0xff0000},
	{VGPU_FORMAT_RGB565, 0x07e0, 0x00ff00},          {VGPU_FORMAT_RGB565, 0x8410, 0x848284},
	{VGPU_FORMAT_BGR565, 0xf800, 0x0000ff},          {VGPU_FORMAT_XRGB1555, 0xfc00, 0xff0000},
	{VGPU_FORMAT_ARGB1555, 0x83e0, 0x00ff00},        {VGPU_FORMAT_XBGR1555, 0xfc00, 0x0000ff},
	{VGPU_FORMAT_ABGR1555, 0x4210, 0x848484},
};

START_TEST(pixels_of_each_format)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint32_t size = vgpu_format_get_pixel_size(known[i].format), pixel = htole32(known[i].pixel), j;
		row_fn convert = picture_get_converter(known[i].format);
		unsigned char *from = malloc((size_t)size * 5), *to = malloc(3 * 5); /* no byte beyond is touched */

		ck_assert(convert && from && to);
		for (j = 0; j < 5; j++)
			memcpy(from + (size_t)j * size, &pixel, size);
		convert(from, to, 5);
		for (j = 0; j < 5; j++) {
			uint32_t rgb = (uint32_t)to[3 * j] << 16 | (uint32_t)to[3 * j + 1] << 8 | to[3 * j + 2];

			ck_assert_msg(rgb == known[i].rgb, "%s: %06x, not %06x", vgpu_format_get_name(known[i].format), rgb,
						  known[i].rgb);
		}
		free(from);
		free(to);
	}
}
END_TEST

/* What the library knows, vgpuctl can show. */
START_TEST(pixels_all_formats)
{
	static const char letters[] = "ABGRX";
	unsigned a, b, c, d, count = 0;

	for (a = 0; a < 5; a++)
		for (b = 0; b < 5; b++)
			for (c = '0'; c <= '9'; c++)
				for (d = '0'; d <= '9'; d++) {
					uint32_t format = VGPU_FORMAT(letters[a], letters[b], c, d);

					if ((vgpu_format_get_name(format) != NULL) != (picture_get_converter(format) != NULL))
						ck_abort_msg("%08x", format);
					count += vgpu_format_get_name(format) != NULL;
				}
	ck_assert_uint_eq(count, 20);
	ck_assert(!picture_get_converter(0));
}
END_TEST

/* Rows with room between them, made into a file and read again. */
START_TEST(pixels_png)
{
	uint32_t pixels[7][8];
	struct picture picture = {.pixels = (unsigned char *)pixels,
							  .width = 5,
							  .height = 7,
							  .stride = sizeof(pixels[0]),
							  .convert = picture_get_converter(VGPU_FORMAT_XRGB8888)};
	png_image image = {.version = PNG_IMAGE_VERSION};
	unsigned char back[7][5][3];
	FILE *file = tmpfile();
	unsigned x, y;

	for (y = 0; y < 7; y++)
		for (x = 0; x < 8; x++)
			pixels[y][x] = htole32(0x11000000 | y << 16 | x << 8 | (x ^ y));
	ck_assert_int_eq(picture_write_png(&picture, file), 0);
	rewind(file);
	ck_assert(png_image_begin_read_from_stdio(&image, file));
	ck_assert_uint_eq(image.format, PNG_FORMAT_RGB);
	ck_assert_uint_eq(image.width, 5);
	ck_assert_uint_eq(image.height, 7);
	ck_assert(png_image_finish_read(&image, NULL, back, 0, NULL));
	for (y = 0; y < 7; y++)
		for (x = 0; x < 5; x++)
			ck_assert(back[y][x][0] == y && back[y][x][1] == x && back[y][x][2] == (x ^ y));
	fclose(file);
}
END_TEST

START_TEST(pixels_no_room)
{
	static uint32_t pixels[64][256];
	struct picture picture = {.pixels = (unsigned char *)pixels,
							  .width = 256,
							  .height = 64,
							  .stride = sizeof(pixels[0]),
							  .convert = picture_get_converter(VGPU_FORMAT_XRGB8888)};
	FILE *file = fopen("/dev/full", "w");

	ck_assert(file);
	setbuf(file, NULL);
	ck_assert_int_eq(picture_write_png(&picture, file), ENOSPC);
	fclose(file);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {pixels_of_each_format, pixels_all_formats, pixels_png, pixels_no_room, NULL};

	return run_suite("pixels", tests);
}
