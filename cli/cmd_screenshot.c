/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl screenshot: writes what a device shows to a PNG file. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "picture.h"

static int fail_file(struct app *app, const char *path, int err)
{
	bool is_forbidden = err == EACCES || err == EPERM || err == EROFS;

	return report_failure(app, path, err, is_forbidden ? VGPU_CAUSE_PERMISSION : VGPU_CAUSE_OTHER,
						  arena_printf(app->arena, "%s", strerror(err)));
}

/* Closes what was written. Returns 0 or an errno. */
static int finish(FILE *file, int err)
{
	errno = 0;
	if (fclose(file) && !err)
		err = errno ?: EIO;
	return err;
}

/* A device, a pipe: there is nothing to put in its place. */
static int write_through(struct app *app, const struct picture *picture, const char *path)
{
	FILE *file = fopen(path, "we");
	int err = file ? finish(file, picture_write_png(picture, file)) : errno;

	return err ? fail_file(app, path, err) : 0;
}

/* A file of its own, which takes its name when it is whole. */
static int write_new(struct app *app, const struct picture *picture, const char *path)
{
	char *temporary = arena_printf(app->arena, "%s.XXXXXX", path);
	mode_t mask = umask(0);
	int fd, err;
	FILE *file;

	umask(mask);
	fd = mkstemp(temporary);
	if (fd < 0)
		return fail_file(app, path, errno);
	file = fdopen(fd, "w");
	if (!file) {
		err = errno;
		close(fd);
	} else {
		err = finish(file, picture_write_png(picture, file));
	}
	if (!err && (chmod(temporary, 0666 & ~mask) || rename(temporary, path)))
		err = errno;
	if (err)
		unlink(temporary);
	return err ? fail_file(app, path, err) : 0;
}

static int write_file(struct app *app, const struct picture *picture, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (!strcmp(path, "-")) {
		app->output_error = picture_write_png(picture, stdout);
		return app->output_error ? EXIT_CODE_FAILED : 0;
	}
	if (!stat(path, &st)) {
		if (!S_ISREG(st.st_mode))
			return write_through(app, picture, path);
		if (realpath(path, real)) /* not the link, but what it leads to */
			path = real;
	}
	return write_new(app, picture, path);
}

/* Where the pixels go: all rows, of which the last ends with its pixels. */
static void *make_room(struct app *app, const struct vgpu_plane *plane, struct picture *picture, size_t *size)
{
	void *room;

	picture->width = vgpu_plane_get_width(plane);
	picture->height = vgpu_plane_get_height(plane);
	picture->stride = vgpu_plane_get_stride(plane);
	*size = (size_t)picture->stride * (picture->height - 1) +
			(size_t)picture->width * vgpu_format_get_pixel_size(vgpu_plane_get_format(plane));
	room = arena_alloc(app->arena, *size);
	picture->pixels = room;
	return room;
}

/* A copy of the pixels, made at once: the device goes on to draw. */
static int copy_pixels(struct app *app, const struct vgpu_plane *plane, struct vgpu_mapping *mapping,
					   struct vgpu_dmabuf *dmabuf, struct picture *picture)
{
	size_t size;
	void *copy = make_room(app, plane, picture, &size);
	int code;

	if (vgpu_dmabuf_start(dmabuf))
		return report_last(app);
	code = access_copy(app, vgpu_vfio_get_name(app->vfio), copy, vgpu_mapping_get_address(mapping), size);
	vgpu_dmabuf_stop(dmabuf);
	return code;
}

/* Pixels in rows, in a region that can't be mapped. */
static bool can_read(const struct app *app, const struct vgpu_plane *plane)
{
	return vgpu_error_get_cause(vgpu_context_get_error(app->ctx)) == VGPU_CAUSE_NOT_MAPPABLE &&
		   vgpu_plane_get_region(plane) >= 0 && vgpu_plane_get_modifier(plane) == VGPU_FORMAT_MODIFIER_LINEAR;
}

static int read_pixels(struct app *app, const struct vgpu_plane *plane, struct picture *picture)
{
	const uint32_t region = (uint32_t)vgpu_plane_get_region(plane);
	size_t size;
	void *copy = make_room(app, plane, picture, &size);

	return vgpu_region_read(app->vfio, region, vgpu_plane_get_offset(plane), copy, size) < 0 ? report_last(app) : 0;
}

static int fail_format(struct app *app, const char *name, uint32_t format)
{
	const char *text = vgpu_format_get_name(format) ?: arena_printf(app->arena, "0x%08x", format);

	return report_failure(app, name, EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED,
						  arena_printf(app->arena, "its pixels have the format %s, of which no PNG can be made", text));
}

static int take(struct app *app, const struct vgpu_plane *plane, struct picture *picture)
{
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_mapping *mapping = NULL;
	int code = 0, r = vgpu_plane_map(app->display, plane, &mapping, &dmabuf);

	picture->convert = picture_get_converter(vgpu_plane_get_format(plane));
	if (r && !can_read(app, plane))
		code = report_last(app);
	else if (!picture->convert)
		code = fail_format(app, vgpu_vfio_get_name(app->vfio), vgpu_plane_get_format(plane));
	else
		code = r ? read_pixels(app, plane, picture) : copy_pixels(app, plane, mapping, dmabuf, picture);
	vgpu_mapping_unmap(mapping);
	vgpu_dmabuf_unref(dmabuf);
	return code;
}

static void fill(struct app *app, const struct picture *picture, const char *path, uint32_t format, const char *source)
{
	struct record *record = record_set_record(app->document, "screenshot");

	record_set_text(record, "file", path);
	record_set_number(record, "width", picture->width);
	record_set_number(record, "height", picture->height);
	record_set_text(record, "format", vgpu_format_get_name(format));
	record_set_text(record, "source", source);
}

/* The provider of a software GPU is asked: a virtual machine may have it. */
static int run_soft(struct app *app, const char *path)
{
	const char *name = vgpu_device_get_name(app->device);
	struct vgpu_picture *taken;
	struct picture picture;
	uint32_t format;
	int code;

	if (vgpu_picture_take(app->ctx, app->args.operands[0], VGPU_PLANE_PRIMARY, &taken))
		return report_last(app);
	if (!path)
		path = arena_printf(app->arena, "%s.png", name);
	format = vgpu_picture_get_format(taken);
	picture = (struct picture){.pixels = vgpu_picture_get_pixels(taken),
							   .width = vgpu_picture_get_width(taken),
							   .height = vgpu_picture_get_height(taken),
							   .stride = vgpu_picture_get_stride(taken),
							   .convert = picture_get_converter(format)};
	code = picture.convert ? write_file(app, &picture, path) : fail_format(app, name, format);
	if (!code)
		fill(app, &picture, path, format, "provider");
	vgpu_picture_unref(taken);
	return code;
}

static bool is_soft(struct app *app)
{
	return !app->args.options[OPT_ACCESS] && vgpu_device_find(app->ctx, app->args.operands[0], 0, &app->device) == 0 &&
		   !strcmp(vgpu_device_get_backend(app->device), "soft");
}

static int run(struct app *app)
{
	const char *path = app->args.operands[1];
	bool is_stdout = path && !strcmp(path, "-");
	struct picture picture = {0};
	struct vgpu_plane *plane;
	int code;

	if (is_stdout && app->is_json)
		return report_usage(app, "-", "excludes --json");
	if (is_stdout && isatty(STDOUT_FILENO))
		return report_usage(app, "-", "standard output is a terminal");
	if (is_soft(app))
		return run_soft(app, path);
	code = access_open(app);
	if (code)
		return code;
	if (vgpu_display_open(app->vfio, NULL, &app->display) ||
		vgpu_plane_find(app->display, VGPU_PLANE_PRIMARY, &plane) < 0)
		return report_last(app);
	if (!path)
		path = arena_printf(app->arena, "%s.png", vgpu_vfio_get_name(app->vfio));
	code = take(app, plane, &picture);
	if (!code)
		code = write_file(app, &picture, path);
	if (!code)
		fill(app, &picture, path, vgpu_plane_get_format(plane),
			 vgpu_plane_get_region(plane) >= 0 ? "region" : "dmabuf");
	vgpu_plane_unref(plane);
	return code;
}

/* Which file it is. */
static void print(struct app *app)
{
	const struct value *value = record_get(app->document, "screenshot");
	const char *path = value ? record_get(value->record, "file")->text : "-";

	if (strcmp(path, "-") != 0)
		puts(path);
}

const struct command command_screenshot = {
	.name = "screenshot",
	.operands = "DEVICE [FILE.png]",
	.summary = "write what a device shows to a PNG file",
	.details = "Without a file: the device's name and .png. A file of - is standard output.\n",
	.min_operands = 1,
	.max_operands = 2,
	.options = {OPT_ACCESS},
	.keys = {"screenshot"},
	.run = run,
	.print = print,
};
