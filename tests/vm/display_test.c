/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of displays, on a real kernel: display_test all; and what vgpuctl's screenshots are compared with:
 * display_test paint DEVICE paints a picture, display_test compare FILE.png looks for exactly this one, and
 * display_test gradient FILE.png for mdpy's own. display_test.sh makes the devices.
 */
#include "display_test.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *last_message(struct vgpu_context *ctx)
{
	return vgpu_error_get_message(vgpu_context_get_error(ctx));
}

struct vgpu_mapping *paint(struct vgpu_vfio *vfio, uint32_t width, uint32_t height, uint32_t stride)
{
	struct vgpu_mapping *mapping;
	unsigned char *pixels;
	uint32_t x, y;

	if (vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping))
		return NULL;
	pixels = vgpu_mapping_get_address(mapping);
	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++)
			((uint32_t *)(void *)(pixels + (size_t)y * stride))[x] = test_pixel(x, y);
	return mapping;
}

void expect_painted(const void *pixels, uint32_t width, uint32_t height, uint32_t stride)
{
	const unsigned char *rows = pixels;
	uint32_t x, y;

	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++) {
			uint32_t pixel = ((const uint32_t *)(const void *)(rows + (size_t)y * stride))[x];

			if (pixel != test_pixel(x, y)) /* check writes a line to a file for each of its own */
				ck_abort_msg("pixel %u, %u is %08x, not %08x", x, y, pixel, test_pixel(x, y));
		}
}

struct vgpu_plane *find_plane(struct vgpu_display *display, enum vgpu_plane_type type, int wanted)
{
	struct vgpu_plane *plane = NULL;

	ck_assert_int_eq(vgpu_plane_find(display, type, &plane), wanted);
	ck_assert_ptr_nonnull(plane);
	ck_assert_int_eq(vgpu_plane_get_type(plane), type);
	return plane;
}

static int paint_device(const char *name)
{
	struct vgpu_display *display;
	struct vgpu_mapping *painted;
	struct vgpu_context *ctx;
	struct vgpu_plane *plane;
	struct vgpu_vfio *vfio;

	if (vgpu_context_new(NULL, &ctx) || vgpu_vfio_open(ctx, name, NULL, &vfio) ||
		vgpu_display_open(vfio, NULL, &display) || vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane) != 1)
		return EXIT_FAILURE;
	painted = paint(vfio, vgpu_plane_get_width(plane), vgpu_plane_get_height(plane), vgpu_plane_get_stride(plane));
	if (!painted)
		return EXIT_FAILURE;
	vgpu_mapping_unmap(painted);
	printf("%u %u\n", vgpu_plane_get_width(plane), vgpu_plane_get_height(plane));
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
	return EXIT_SUCCESS;
}

static uint32_t gradient_pixel(uint32_t y, uint32_t height)
{
	return y * 255 / height * 0x010101;
}

/* Decodes the file, whatever its form, and compares each pixel. */
static int compare_file(const char *path, bool is_gradient)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	unsigned char *pixels;
	uint32_t x, y;

	if (!png_image_begin_read_from_file(&image, path) || image.format & PNG_FORMAT_FLAG_ALPHA) {
		fprintf(stderr, "%s: no PNG, or with transparency: %s\n", path, image.message);
		return EXIT_FAILURE;
	}
	image.format = PNG_FORMAT_RGB;
	pixels = malloc(PNG_IMAGE_SIZE(image));
	if (!pixels || !png_image_finish_read(&image, NULL, pixels, 0, NULL)) {
		fprintf(stderr, "%s: %s\n", path, image.message);
		return EXIT_FAILURE;
	}
	for (y = 0; y < image.height; y++)
		for (x = 0; x < image.width; x++) {
			const unsigned char *p = pixels + ((size_t)y * image.width + x) * 3;
			uint32_t is = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
			uint32_t wanted = is_gradient ? gradient_pixel(y, image.height) : test_pixel(x, y) & 0xffffff;

			if (is != wanted) {
				fprintf(stderr, "%s: pixel %u, %u is %06x, not %06x\n", path, x, y, is, wanted);
				return EXIT_FAILURE;
			}
		}
	printf("%u %u\n", image.width, image.height);
	free(pixels);
	return EXIT_SUCCESS;
}

static int run_all(void)
{
	Suite *suite = suite_create("display");
	int paths = has_iommufd() ? 2 : 1;

	add_region_tests(suite, paths);
	add_dmabuf_tests(suite, paths);
	add_edid_tests(suite, paths);
	return run_suite(suite);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "all") == 0)
		return run_all();
	if (argc == 3 && strcmp(argv[1], "paint") == 0)
		return paint_device(argv[2]);
	if (argc == 3 && (strcmp(argv[1], "compare") == 0 || strcmp(argv[1], "gradient") == 0))
		return compare_file(argv[2], argv[1][0] == 'g');
	fprintf(stderr, "usage: display_test all | paint DEVICE | compare FILE.png | gradient FILE.png\n");
	return 2;
}
