/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures that are known to the pixel, as PPM files:
 *
 *     picture bars WIDTH HEIGHT SEED FILE    a pattern in which each pixel depends on its place, and on SEED
 *     picture draw /dev/fbN SEED             the same, drawn to a framebuffer device; prints WIDTH HEIGHT
 *     picture text TTY FILE                  what the kernel's console on TTY must look like: its characters, drawn
 * with its font; colours other than grey on black are a failure picture same SHOT.png FILE             fails, and says
 * where, if the two are not the same
 */
#include <fcntl.h>
#include <linux/fb.h>
#include <linux/kd.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GREY 0xaaaaaau
#define ROOM 32u /* rows that the kernel's font interface has for each character */

struct picture {
	unsigned width;
	unsigned height;
	uint32_t *pixels; /* 0xRRGGBB */
};

/* For as long as the program runs. */
static struct picture picture, wanted;

static int fail(const char *what, const char *path)
{
	fprintf(stderr, "picture: %s: ", path);
	perror(what);
	return 1;
}

static int make(struct picture *out, unsigned width, unsigned height)
{
	*out = (struct picture){width, height, NULL};
	if (!width || !height || width > 16384 || height > 16384)
		return -1;
	out->pixels = calloc((size_t)width * height, sizeof(*out->pixels));
	return out->pixels ? 0 : -1;
}

/* Each pixel of a line is another than all others of it, and the lines differ. */
static void draw_bars(const struct picture *out, unsigned seed)
{
	unsigned x, y;

	for (y = 0; y < out->height; y++)
		for (x = 0; x < out->width; x++)
			out->pixels[y * out->width + x] = (x * 2654435761u ^ y * 40503u ^ seed * 97u) & 0xffffff;
}

static int save(const struct picture *from, const char *path)
{
	FILE *file = fopen(path, "we");
	size_t i;

	if (!file)
		return fail("open", path);
	fprintf(file, "P6\n%u %u\n255\n", from->width, from->height);
	for (i = 0; i < (size_t)from->width * from->height; i++) {
		uint32_t pixel = from->pixels[i];
		const unsigned char bytes[] = {(unsigned char)(pixel >> 16), (unsigned char)(pixel >> 8), (unsigned char)pixel};

		fwrite(bytes, 1, sizeof(bytes), file);
	}
	return fclose(file) ? fail("write", path) : 0;
}

static int load(struct picture *out, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned width, height;
	size_t i;

	if (!file)
		return fail("open", path);
	if (fscanf(file, "P6 %u %u 255", &width, &height) != 2 || fgetc(file) != '\n' || make(out, width, height)) {
		fclose(file);
		fprintf(stderr, "picture: %s: no picture\n", path);
		return 1;
	}
	for (i = 0; i < (size_t)width * height; i++) {
		unsigned char bytes[3] = {0};

		if (fread(bytes, 1, sizeof(bytes), file) != sizeof(bytes))
			break;
		out->pixels[i] = (uint32_t)(bytes[0] << 16 | bytes[1] << 8 | bytes[2]);
	}
	fclose(file);
	return 0;
}

static int bars(unsigned width, unsigned height, unsigned seed, const char *path)
{

	if (make(&picture, width, height))
		return 2;
	draw_bars(&picture, seed);
	return save(&picture, path);
}

/* In one go: Linux 6.12 does not bring to the screen what is written as exactly one line. */
static int draw(const char *path, unsigned seed)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct fb_var_screeninfo var;
	struct fb_fix_screeninfo fix;
	size_t size;

	if (fd < 0 || ioctl(fd, FBIOGET_VSCREENINFO, &var) || ioctl(fd, FBIOGET_FSCREENINFO, &fix))
		return fail("open", path);
	if (var.bits_per_pixel != 32 || fix.line_length != 4 * var.xres || make(&picture, var.xres, var.yres)) {
		fprintf(stderr, "picture: %s: %u bits a pixel, %u bytes a line\n", path, var.bits_per_pixel, fix.line_length);
		return 1;
	}
	draw_bars(&picture, seed);
	size = (size_t)fix.line_length * var.yres;
	if (write(fd, picture.pixels, size) != (ssize_t)size)
		return fail("write", path);
	printf("%u %u\n", picture.width, picture.height);
	close(fd);
	return 0;
}

struct screen {
	unsigned char head[4]; /* of /dev/vcsa: lines, columns, and where the cursor is */
	unsigned char cells[2 * 256 * 256];
};

static int read_screen(const char *tty, struct screen *screen)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/dev/vcsa%s", tty + strlen("/dev/tty"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open", path);
	n = read(fd, screen, sizeof(*screen));
	close(fd);
	if (n < 4 || (size_t)n != 4u + 2u * screen->head[0] * screen->head[1])
		return fail("read", path);
	return 0;
}

static int draw_text(const struct screen *screen, const unsigned char *font, unsigned lines, const struct picture *out)
{
	const unsigned columns = screen->head[1];
	unsigned i, x, y;

	for (i = 0; i < columns * screen->head[0]; i++) {
		const unsigned char *cell = screen->cells + 2 * (size_t)i;

		if (cell[1] != 0x07 && cell[0] != ' ') {
			fprintf(stderr, "picture: character %u of the console has the attribute %#x\n", i, cell[1]);
			return 1;
		}
		for (y = 0; y < lines; y++)
			for (x = 0; x < 8; x++)
				if (font[cell[0] * ROOM + y] & 0x80u >> x)
					out->pixels[(i / columns * lines + y) * out->width + i % columns * 8 + x] = GREY;
	}
	return 0;
}

static int text(const char *tty, const char *path)
{
	static unsigned char font[512 * ROOM];
	static struct screen screen;
	struct console_font_op op = {.op = KD_FONT_OP_GET, .width = 8, .height = ROOM, .charcount = 512, .data = font};
	struct fb_var_screeninfo var;
	int fd = open(tty, O_RDWR | O_CLOEXEC), fb = open("/dev/fb0", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KDFONTOP, &op) || op.width != 8)
		return fail("font", tty);
	if (fb < 0 || ioctl(fb, FBIOGET_VSCREENINFO, &var) || read_screen(tty, &screen))
		return fail("screen", tty);
	if (make(&picture, var.xres, var.yres) || screen.head[1] * 8u > var.xres || screen.head[0] * op.height > var.yres)
		return 2;
	if (draw_text(&screen, font, op.height, &picture))
		return 1;
	return save(&picture, path);
}

static int load_png(struct picture *out, const char *path)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	unsigned char *bytes;
	size_t i;

	if (!png_image_begin_read_from_file(&image, path)) {
		fprintf(stderr, "picture: %s: %s\n", path, image.message);
		return 1;
	}
	image.format = PNG_FORMAT_RGB;
	bytes = malloc(PNG_IMAGE_SIZE(image));
	if (!bytes || make(out, image.width, image.height) || !png_image_finish_read(&image, NULL, bytes, 0, NULL)) {
		fprintf(stderr, "picture: %s: %s\n", path, image.message);
		free(bytes);
		return 1;
	}
	for (i = 0; i < (size_t)image.width * image.height; i++)
		out->pixels[i] = (uint32_t)(bytes[3 * i] << 16 | bytes[3 * i + 1] << 8 | bytes[3 * i + 2]);
	free(bytes);
	return 0;
}

static int same(const char *shot, const char *path)
{
	size_t i, count, first = 0, wrong = 0;

	if (load_png(&picture, shot) || load(&wanted, path))
		return 1;
	if (picture.width != wanted.width || picture.height != wanted.height) {
		fprintf(stderr, "picture: %ux%u, not %ux%u\n", picture.width, picture.height, wanted.width, wanted.height);
		return 1;
	}
	count = (size_t)picture.width * picture.height;
	for (i = count; i-- > 0;)
		if (picture.pixels[i] != wanted.pixels[i]) {
			first = i;
			wrong++;
		}
	if (wrong)
		fprintf(stderr, "picture: %zu of %zu pixels are wrong; (%zu,%zu) is %06x, not %06x\n", wrong, count,
				first % picture.width, first / picture.width, picture.pixels[first], wanted.pixels[first]);
	return wrong != 0;
}

static unsigned number(const char *word)
{
	return (unsigned)strtoul(word, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 6 && !strcmp(what, "bars"))
		return bars(number(argv[2]), number(argv[3]), number(argv[4]), argv[5]);
	if (argc == 4 && !strcmp(what, "draw"))
		return draw(argv[2], number(argv[3]));
	if (argc == 4 && !strcmp(what, "text"))
		return text(argv[2], argv[3]);
	if (argc == 4 && !strcmp(what, "same"))
		return same(argv[2], argv[3]);
	return 2;
}
