/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing PNG files by libpng. */
#include <errno.h>
#include <png.h>
#include <stdlib.h>

#include "picture.h"

/* libpng fails by a jump: what it needs to know lies here. */
struct writer {
	const struct picture *picture;
	FILE *file;
	png_structp png;
	png_infop info;
	unsigned char *row;
	int err;
};

static void write_bytes(png_structp png, png_bytep bytes, size_t count)
{
	struct writer *writer = png_get_io_ptr(png);

	errno = 0;
	if (fwrite(bytes, 1, count, writer->file) == count)
		return;
	writer->err = errno ? errno : EIO;
	png_error(png, "");
}

static void flush_bytes(png_structp png)
{
	(void)png;
}

static _Noreturn void on_error(png_structp png, png_const_charp message)
{
	(void)message;
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

static int write_all(struct writer *writer)
{
	const struct picture *picture = writer->picture;
	uint32_t y;

	if (setjmp(png_jmpbuf(writer->png)))
		return writer->err ? writer->err : EINVAL;
	png_set_write_fn(writer->png, writer, write_bytes, flush_bytes);
	png_set_IHDR(writer->png, writer->info, picture->width, picture->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
				 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_compression_level(writer->png, PICTURE_LEVEL);
	png_set_filter(writer->png, PNG_FILTER_TYPE_BASE, PICTURE_FILTER);
	png_write_info(writer->png, writer->info);
	for (y = 0; y < picture->height; y++) {
		picture->convert(picture->pixels + (size_t)y * picture->stride, writer->row, picture->width);
		png_write_row(writer->png, writer->row);
	}
	png_write_end(writer->png, writer->info);
	return 0;
}

int picture_write_png(const struct picture *picture, FILE *file)
{
	struct writer writer = {.picture = picture, .file = file};
	int err = ENOMEM;

	writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	if (writer.png)
		writer.info = png_create_info_struct(writer.png);
	writer.row = malloc((size_t)picture->width * 3);
	if (writer.info && writer.row)
		err = write_all(&writer);
	free(writer.row);
	png_destroy_write_struct(&writer.png, &writer.info);
	return err;
}
