/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a screenshot costs beside memcpy and libpng: bench_screenshot DEVICE FOLDER
 *
 * Ours is all of `vgpuctl screenshot`, from start to end. The other copies the same pixels from a plain mapping, and
 * has libpng pack them, with the same settings, into a file; libpng's own conversion takes the unused byte away.
 */
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "../../cli/picture.h"
#include "bench.h"

#define TURNS 15

struct shot {
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	size_t size;
	uint32_t *pixels;
};

static int fail(struct vgpu_context *ctx, const char *what)
{
	struct vgpu_error *error = vgpu_context_get_error(ctx);

	fprintf(stderr, "bench_screenshot: %s: %s: %s\n", what, vgpu_error_get_path(error), vgpu_error_get_message(error));
	return EXIT_FAILURE;
}

/* Where the picture is. It must be XRGB8888 in a region. */
static int find_picture(struct vgpu_context *ctx, struct vgpu_vfio *vfio, struct shot *out)
{
	struct vgpu_display *display;
	struct vgpu_region *region;
	struct vgpu_plane *plane;

	if (vgpu_display_open(vfio, NULL, &display) || vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane) < 0)
		return fail(ctx, "display");
	if (vgpu_plane_get_format(plane) != VGPU_FORMAT_XRGB8888 || vgpu_plane_get_region(plane) < 0 ||
		vgpu_region_find(vfio, (uint32_t)vgpu_plane_get_region(plane), &region)) {
		fprintf(stderr, "bench_screenshot: no XRGB8888 in a region\n");
		return EXIT_FAILURE;
	}
	out->width = vgpu_plane_get_width(plane);
	out->height = vgpu_plane_get_height(plane);
	out->stride = vgpu_plane_get_stride(plane);
	out->size = (size_t)out->stride * out->height;
	out->pixels = mmap(NULL, out->size, PROT_READ | PROT_WRITE, MAP_SHARED, vgpu_vfio_get_device_fd(vfio),
					   (off_t)vgpu_region_get_offset(region));
	vgpu_region_unref(region);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	return out->pixels == MAP_FAILED ? fail(ctx, "mmap") : EXIT_SUCCESS;
}

/* A desktop: a background that changes slowly, and windows full of letters. */
static void draw(const struct shot *shot)
{
	uint32_t x, y;

	for (y = 0; y < shot->height; y++)
		for (x = 0; x < shot->width; x++) {
			uint32_t letter = x / 8 * 7919 + y / 16 * 104729;
			bool is_window = x % 640 > 40 && x % 640 < 600 && y % 540 > 40 && y % 540 < 500;
			bool is_ink = y % 16 < 11 && x % 8 < 6 && x / 8 % 6 && letter >> (x % 8 + y % 16 * 3) % 13 & 1;

			shot->pixels[(size_t)y * shot->stride / 4 + x] =
				is_window ? (is_ink ? 0x202020 : 0xfafafa)
						  : (40 + x * 60 / shot->width) << 16 | (60 + y * 80 / shot->height) << 8 | 120;
		}
}

static int bare(const struct shot *shot, const char *path)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	unsigned char *copy = malloc(shot->size);
	FILE *file = fopen(path, "w");
	uint32_t y;

	if (!info || !copy || !file || setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(&png, &info);
		free(copy);
		return file ? fclose(file), -1 : -1;
	}
	memcpy(copy, shot->pixels, shot->size);
	png_init_io(png, file);
	png_set_IHDR(png, info, shot->width, shot->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
				 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_compression_level(png, PICTURE_LEVEL);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PICTURE_FILTER);
	png_write_info(png, info);
	png_set_filler(png, 0, PNG_FILLER_AFTER);
	png_set_bgr(png);
	for (y = 0; y < shot->height; y++)
		png_write_row(png, copy + (size_t)y * shot->stride);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	free(copy);
	return fclose(file);
}

static int with_vgpuctl(const char *device, const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execlp("vgpuctl", "vgpuctl", "screenshot", device, path, (char *)NULL);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status ? -1 : 0;
}

/* The mapping is made, and goes, outside of the time: it keeps the device in use, and vgpuctl out. */
static int time_bare(struct vgpu_context *ctx, const char *device, const char *path, bool is_first, int64_t *out)
{
	struct vgpu_vfio *vfio;
	struct shot shot;
	int64_t start;
	int r;

	if (vgpu_vfio_open(ctx, device, NULL, &vfio))
		return fail(ctx, "open");
	r = find_picture(ctx, vfio, &shot);
	if (r)
		return r;
	if (is_first)
		draw(&shot);
	start = bench_now_ns();
	r = bare(&shot, path);
	*out = bench_now_ns() - start;
	munmap(shot.pixels, shot.size);
	vgpu_vfio_close(vfio);
	return r;
}

int main(int argc, char **argv)
{
	int64_t ours[TURNS], base[TURNS], start;
	char path[512], other[512];
	struct vgpu_context *ctx;
	int turn;

	if (argc != 3 || vgpu_context_new(NULL, &ctx)) {
		fprintf(stderr, "usage: bench_screenshot DEVICE FOLDER\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/ours.png", argv[2]);
	snprintf(other, sizeof(other), "%s/bare.png", argv[2]);
	for (turn = 0; turn < TURNS; turn++) {
		if (time_bare(ctx, argv[1], other, turn == 0, &base[turn]))
			return EXIT_FAILURE;
		start = bench_now_ns();
		if (with_vgpuctl(argv[1], path))
			return EXIT_FAILURE;
		ours[turn] = bench_now_ns() - start;
	}
	vgpu_context_unref(ctx);
	bench_report("vgpuctl screenshot, by memcpy + libpng", ours, base, TURNS, 1, 1.5);
	return EXIT_SUCCESS;
}
