/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture and the EDID of software GPUs over vfio-user, by the public API alone: softgpu, and a provider of the
 * test's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "run_suite.h"

#define UUID "c0ffee00-0000-4000-8000-000000000001"
#define PAGE 4096u

static char dir[64];
static struct vgpu_context *ctx;
static struct vgpu_provider *provider;
static struct vgpu_instance *instance;
static struct vgpu_vfio *vfio;

static struct vgpu_provider_opts set_up(uint32_t flags)
{
	struct vgpu_context_opts context = {.size = sizeof(context), .runtime_dir = dir};

	memcpy(dir, "/tmp/vgpu-display.XXXXXX", 25);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(vgpu_context_new(&context, &ctx), 0);
	return (struct vgpu_provider_opts){.size = sizeof(struct vgpu_provider_opts),
									   .name = "gpu0",
									   .flags = VGPU_PROVIDER_THREAD | flags,
									   .socket_dir = dir};
}

/* A vGPU of this type, which is opened. */
static void start(const char *type)
{
	const struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = UUID, .type = type};
	const struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = VGPU_ACCESS_USER};

	ck_assert_int_eq(vgpu_provider_open_control(provider), 0);
	ck_assert_int_eq(vgpu_instance_create(provider, &which, &instance), 0);
	ck_assert_msg(vgpu_vfio_open(ctx, UUID, &opts, &vfio) == 0, "%s",
				  vgpu_error_get_message(vgpu_context_get_error(ctx)));
	ck_assert_int_eq(vgpu_vfio_get_access(vfio), VGPU_ACCESS_USER);
}

static void start_softgpu(uint32_t flags)
{
	const struct vgpu_provider_opts opts = set_up(flags);

	ck_assert_int_eq(vgpu_softgpu_register(ctx, &opts, 64, &provider), 0);
	start("softgpu-16");
}

static void tear_down(void)
{
	vgpu_vfio_close(vfio);
	vgpu_instance_unref(instance);
	vgpu_provider_unregister(provider);
	vgpu_context_unref(ctx);
	ck_assert_int_eq(rmdir(dir), 0);
}

static struct vgpu_display *open_display(void)
{
	struct vgpu_display *display;

	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &display), 0);
	ck_assert_int_eq(vgpu_display_get_source(display), VGPU_DISPLAY_REGION);
	return display;
}

static struct vgpu_plane *find_plane(struct vgpu_display *display, enum vgpu_plane_type type, int expected)
{
	struct vgpu_plane *plane;

	ck_assert_int_eq(vgpu_plane_find(display, type, &plane), expected);
	ck_assert_int_eq(vgpu_plane_get_type(plane), type);
	return plane;
}

/* A mode of softgpu, and which part of its framebuffer is shown. */
static const struct mode {
	unsigned width, height, bits, columns, x, y;
	uint32_t flags; /* of the provider */
} modes[] = {
	{640, 480, 32, 640, 0, 0, 0},
	{640, 480, 32, 640, 0, 0, VGPU_PROVIDER_NO_MAP},
	{333, 77, 32, 1000, 17, 3, 0}, /* starts and ends anywhere in a page */
	{333, 77, 32, 1000, 17, 3, VGPU_PROVIDER_NO_MAP},
	{1024, 768, 16, 1024, 0, 768, 0},
	{1, 1, 16, 1, 0, 0, 0},
};

static void set_mode(const struct mode *mode)
{
	const unsigned values[][2] = {
		{4, 0}, {1, mode->width}, {2, mode->height}, {3, mode->bits}, {6, mode->columns}, {8, mode->x}, {9, mode->y},
		{4, 1}};
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ck_assert_int_eq(vgpu_region_write_value(vfio, VGPU_REGION_BAR2, 0x500 + 2 * values[i][0], 2, values[i][1]), 0);
}

static unsigned char pixel(const struct mode *mode, unsigned x, unsigned y, unsigned byte)
{
	return (unsigned char)(x * 7 + y * 13 + byte * 101 + mode->bits);
}

/* Draws as a driver does, into all of the framebuffer that can be shown; returns what has to be seen, row behind row.
 */
static unsigned char *draw(const struct mode *mode)
{
	const unsigned bytes = mode->bits / 8, stride = mode->columns * bytes, row = mode->width * bytes;
	const size_t size = (size_t)stride * (mode->y + mode->height);
	unsigned char *all = malloc(size), *seen = malloc((size_t)row * mode->height);
	unsigned x, y, b;

	for (y = 0; y < mode->y + mode->height; y++)
		for (x = 0; x < mode->columns; x++)
			for (b = 0; b < bytes; b++)
				all[(size_t)y * stride + x * bytes + b] = pixel(mode, x, y, b);
	for (y = 0; y < mode->height; y++)
		memcpy(seen + (size_t)y * row, all + (size_t)(mode->y + y) * stride + mode->x * bytes, row);
	ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR0, 0, all, size), (ssize_t)size);
	free(all);
	return seen;
}

static void expect_rows(const unsigned char *pixels, size_t stride, const unsigned char *seen, size_t row, size_t rows)
{
	size_t y;

	for (y = 0; y < rows; y++)
		ck_assert_msg(memcmp(pixels + y * stride, seen + y * row, row) == 0, "row %zu is another", y);
}

/* What the client sees of a plane: mapped, or read where nothing is mapped. */
static void expect_plane(struct vgpu_display *display, const struct vgpu_plane *plane, const unsigned char *seen,
						 const struct mode *mode)
{
	const size_t row = (size_t)mode->width * mode->bits / 8, size = vgpu_plane_get_size(plane);
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_mapping *mapping;
	unsigned char *copy;
	int r = vgpu_plane_map(display, plane, &mapping, &dmabuf);

	ck_assert_ptr_null(dmabuf);
	if (mode->flags & VGPU_PROVIDER_NO_MAP) {
		ck_assert_int_eq(r, -EOPNOTSUPP);
		ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_NOT_MAPPABLE);
		copy = malloc(size);
		ck_assert_int_eq(
			vgpu_region_read(vfio, (uint32_t)vgpu_plane_get_region(plane), vgpu_plane_get_offset(plane), copy, size),
			(ssize_t)size);
		expect_rows(copy, vgpu_plane_get_stride(plane), seen, row, mode->height);
		free(copy);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(vgpu_mapping_get_size(mapping), size);
	ck_assert_int_eq(vgpu_dmabuf_start(dmabuf), 0);
	expect_rows(vgpu_mapping_get_address(mapping), vgpu_plane_get_stride(plane), seen, row, mode->height);
	ck_assert_int_eq(vgpu_dmabuf_stop(dmabuf), 0);
	vgpu_mapping_unmap(mapping);
}

/* The same, by asking the provider, as somebody else does. */
static void expect_picture(const unsigned char *seen, const struct mode *mode)
{
	struct vgpu_picture *picture;

	ck_assert_int_eq(vgpu_picture_take(ctx, UUID, VGPU_PLANE_PRIMARY, &picture), 0);
	ck_assert_uint_eq(vgpu_picture_get_width(picture), mode->width);
	ck_assert_uint_eq(vgpu_picture_get_height(picture), mode->height);
	expect_rows(vgpu_picture_get_pixels(picture), vgpu_picture_get_stride(picture), seen,
				(size_t)mode->width * mode->bits / 8, mode->height);
	vgpu_picture_unref(picture);
}

/* Each pixel that was drawn is the one that is seen, by the client and through the provider. */
START_TEST(pictures)
{
	const struct mode *mode = &modes[_i];
	struct vgpu_display *display;
	struct vgpu_plane *plane, *again;
	unsigned char *seen;

	start_softgpu(mode->flags);
	display = open_display();
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 0);
	vgpu_plane_unref(plane);
	seen = draw(mode);
	set_mode(mode);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 1);
	ck_assert_uint_eq(vgpu_plane_get_format(plane), mode->bits == 32 ? VGPU_FORMAT_XRGB8888 : VGPU_FORMAT_RGB565);
	ck_assert_uint_eq(vgpu_plane_get_modifier(plane), VGPU_FORMAT_MODIFIER_LINEAR);
	ck_assert_uint_eq(vgpu_plane_get_width(plane), mode->width);
	ck_assert_uint_eq(vgpu_plane_get_height(plane), mode->height);
	ck_assert_uint_eq(vgpu_plane_get_stride(plane), mode->columns * mode->bits / 8);
	ck_assert_int_eq(vgpu_plane_get_region(plane), VGPU_REGION_BAR0);
	ck_assert_uint_eq(vgpu_plane_get_offset(plane), (mode->y * mode->columns + mode->x) * mode->bits / 8);
	expect_plane(display, plane, seen, mode);
	expect_picture(seen, mode);
	again = find_plane(display, VGPU_PLANE_PRIMARY, 0);
	ck_assert_ptr_eq(again, plane);
	vgpu_plane_unref(again);
	vgpu_plane_unref(plane);
	plane = find_plane(display, VGPU_PLANE_CURSOR, 1);
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 0);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	free(seen);
	tear_down();
}
END_TEST

/* A mapping shows each frame that is drawn into the same place, and outlives the device. */
START_TEST(frames)
{
	struct vgpu_display *display;
	struct vgpu_mapping *mapping;
	struct vgpu_plane *plane, *other;
	unsigned char *memory;
	const unsigned char *pixels;
	int i;

	start_softgpu(0);
	set_mode(&modes[0]);
	memory = vgpu_instance_get_memory(instance, VGPU_REGION_BAR0);
	display = open_display();
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, NULL), 0);
	pixels = vgpu_mapping_get_address(mapping);
	for (i = 1; i < 100; i++) {
		other = find_plane(display, VGPU_PLANE_PRIMARY, 0);
		ck_assert_ptr_eq(other, plane);
		vgpu_plane_unref(other);
		memory[640 * 480 * 4 - 1] = (unsigned char)i;
		ck_assert_uint_eq(pixels[640 * 480 * 4 - 1], i);
	}
	set_mode(&modes[2]);
	other = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_ptr_ne(other, plane);
	vgpu_plane_unref(other);
	vfio = vgpu_vfio_close(vfio);
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &other), -ENODEV);
	ck_assert_uint_eq(pixels[640 * 480 * 4 - 1], 99);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	vgpu_mapping_unmap(mapping);
	tear_down();
}
END_TEST

/* What a client can't have: dmabufs. And what becomes of a display whose provider ends. */
START_TEST(no_dmabufs)
{
	const struct vgpu_display_opts opts = {.size = sizeof(opts), .source = VGPU_DISPLAY_DMABUF};
	struct vgpu_display *display = NULL;
	struct vgpu_dmabuf *dmabuf;
	struct vgpu_plane *plane;

	start_softgpu(0);
	set_mode(&modes[0]);
	ck_assert_int_eq(vgpu_display_open(vfio, &opts, &display), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(display);
	display = open_display();
	ck_assert_int_eq(vgpu_display_has_region(display), 1);
	ck_assert_int_eq(vgpu_display_has_dmabuf(display), 0);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_dmabuf_find(display, plane, &dmabuf), -EINVAL);
	vgpu_plane_unref(plane);
	vgpu_provider_unregister(provider);
	provider = NULL;
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane), -ENODEV);
	vgpu_display_close(display);
	tear_down();
}
END_TEST

/* What a guest reads at the start of BAR2 while a monitor is connected. */
static void read_guest_edid(unsigned char *out)
{
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, out, VGPU_EDID_BLOCK_SIZE), VGPU_EDID_BLOCK_SIZE);
}

static void expect_edid(enum vgpu_link link, const void *blob)
{
	struct vgpu_edid *edid;

	ck_assert_msg(vgpu_edid_find(vfio, &edid) == 0, "%s", vgpu_error_get_message(vgpu_context_get_error(ctx)));
	ck_assert_int_eq(vgpu_edid_get_link(edid), link);
	ck_assert_uint_eq(vgpu_edid_get_region(edid), 9);
	ck_assert_uint_ge(vgpu_edid_get_max_size(edid), VGPU_EDID_BLOCK_SIZE);
	if (blob) {
		ck_assert_uint_eq(vgpu_edid_get_blob_size(edid), VGPU_EDID_BLOCK_SIZE);
		ck_assert_mem_eq(vgpu_edid_get_blob(edid), blob, VGPU_EDID_BLOCK_SIZE);
	}
	vgpu_edid_unref(edid);
}

/* A new monitor: taken away, described, connected; the guest sees each step. */
START_TEST(monitors)
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = 1280, .height = 720, .refresh_mhz = 60000};
	struct vgpu_edid_set_opts opts = {.size = sizeof(opts), .wait_ms = 1};
	unsigned char blob[VGPU_EDID_BLOCK_SIZE], other[VGPU_EDID_BLOCK_SIZE], guest[VGPU_EDID_BLOCK_SIZE];
	const unsigned char none[VGPU_EDID_BLOCK_SIZE] = {0};

	start_softgpu(_i ? VGPU_PROVIDER_NO_MAP : 0);
	expect_edid(VGPU_LINK_UP, NULL);
	read_guest_edid(guest);
	ck_assert_int_eq(vgpu_edid_check(ctx, guest, sizeof(guest)), 0);
	expect_edid(VGPU_LINK_UP, guest);
	ck_assert_int_eq(vgpu_edid_make(ctx, &mode, blob), 0);
	ck_assert_int_eq(vgpu_edid_set(vfio, blob, sizeof(blob), &opts), 0);
	expect_edid(VGPU_LINK_UP, blob);
	read_guest_edid(guest);
	ck_assert_mem_eq(guest, blob, sizeof(blob));
	mode.width = 800;
	mode.height = 600;
	ck_assert_int_eq(vgpu_edid_make(ctx, &mode, other), 0);
	opts.flags = VGPU_EDID_LEAVE_DOWN;
	ck_assert_int_eq(vgpu_edid_set(vfio, other, sizeof(other), &opts), 0);
	expect_edid(VGPU_LINK_DOWN, other);
	read_guest_edid(guest);
	ck_assert_mem_eq(guest, none, sizeof(none));
	ck_assert_int_eq(vgpu_edid_set_link(vfio, VGPU_LINK_UP), 0);
	expect_edid(VGPU_LINK_UP, other);
	read_guest_edid(guest);
	ck_assert_mem_eq(guest, other, sizeof(other));
	ck_assert_int_eq(vgpu_edid_set_link(vfio, VGPU_LINK_DOWN), 0);
	read_guest_edid(guest);
	ck_assert_mem_eq(guest, none, sizeof(none));
	tear_down();
}
END_TEST

/* The test's own provider: pictures in a file of its own, a cursor, and types without a display. */
static struct {
	pthread_mutex_t lock;
	struct vgpu_plane_info planes[3];
	int fd;
	unsigned char *memory;
} own = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define OWN_SIZE (16 * PAGE)
#define OWN_REGION 10

static int own_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	out->id = i ? "headless" : "display";
	out->available_instances = -1;
	return i > 1 ? -ERANGE : 0;
}

static int own_create(void *data, struct vgpu_instance *made, const char *params, struct vgpu_request *request)
{
	const struct vgpu_region_info info = {.size = sizeof(info),
										  .length = OWN_SIZE - PAGE,
										  .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE |
												   VGPU_REGION_FLAG_MMAP | VGPU_REGION_BACKED,
										  .fd = own.fd,
										  .fd_offset = PAGE};

	(void)data, (void)params, (void)request;
	return vgpu_instance_set_region(made, OWN_REGION, &info);
}

static int own_plane(struct vgpu_instance *of, uint32_t type, struct vgpu_plane_info *out)
{
	if (strcmp(vgpu_instance_get_type(of), "headless") == 0)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&own.lock);
	*out = own.planes[type];
	pthread_mutex_unlock(&own.lock);
	return 0;
}

static void start_own(const char *type, bool has_op)
{
	const struct vgpu_provider_ops ops = {
		.size = sizeof(ops), .get_type = own_type, .create = own_create, .get_plane = has_op ? own_plane : NULL};
	const struct vgpu_provider_opts opts = set_up(0);

	memset(own.planes, 0, sizeof(own.planes));
	own.fd = memfd_create("own", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ck_assert_int_eq(ftruncate(own.fd, OWN_SIZE), 0);
	ck_assert_int_eq(fcntl(own.fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	own.memory = mmap(NULL, OWN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, own.fd, 0);
	ck_assert_ptr_ne(own.memory, MAP_FAILED);
	ck_assert_int_eq(vgpu_provider_register(ctx, &opts, &ops, NULL, &provider), 0);
	start(type);
}

static void stop_own(void)
{
	tear_down();
	munmap(own.memory, OWN_SIZE);
	close(own.fd);
}

static void show(uint32_t type, struct vgpu_plane_info info)
{
	info.size = sizeof(info);
	pthread_mutex_lock(&own.lock);
	own.planes[type] = info;
	pthread_mutex_unlock(&own.lock);
}

START_TEST(own_provider)
{
	struct vgpu_plane_info info = {.format = VGPU_FORMAT_RGB888,
								   .width = 100,
								   .height = 50,
								   .stride = 301,
								   .region = OWN_REGION,
								   .offset = 777,
								   .length = 301 * 49 + 300};
	struct vgpu_display *display;
	struct vgpu_mapping *mapping;
	struct vgpu_plane *plane;
	struct vgpu_picture *picture;

	start_own("display", true);
	display = open_display();
	show(VGPU_PLANE_PRIMARY, info);
	memset(own.memory + PAGE + 777, 0x42, info.length);
	own.memory[PAGE + 777 + info.length] = 0x43;
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_get_region(plane), OWN_REGION);
	ck_assert_uint_eq(vgpu_plane_get_offset(plane), 777);
	ck_assert_uint_eq(vgpu_plane_get_size(plane), info.length);
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, NULL), 0);
	ck_assert_mem_eq(vgpu_mapping_get_address(mapping), own.memory + PAGE + 777, info.length);
	vgpu_mapping_unmap(mapping);
	ck_assert_int_eq(vgpu_picture_take(ctx, UUID, VGPU_PLANE_PRIMARY, &picture), 0);
	ck_assert_mem_eq(vgpu_picture_get_pixels(picture), own.memory + PAGE + 777, info.length);
	vgpu_picture_unref(picture);
	vgpu_plane_unref(plane);

	info = (struct vgpu_plane_info){.format = VGPU_FORMAT_ARGB8888,
									.width = 64,
									.height = 64,
									.stride = 256,
									.region = OWN_REGION,
									.offset = OWN_SIZE - PAGE - 256 * 64,
									.length = (size_t)256 * 64,
									.x = 5,
									.y = 6,
									.hot_x = 7,
									.hot_y = 8};
	show(VGPU_PLANE_CURSOR, info);
	plane = find_plane(display, VGPU_PLANE_CURSOR, 1);
	ck_assert_uint_eq(vgpu_plane_get_x(plane), 5);
	ck_assert_uint_eq(vgpu_plane_get_y(plane), 6);
	ck_assert_int_eq(vgpu_plane_get_hot_x(plane), 7);
	ck_assert_int_eq(vgpu_plane_get_hot_y(plane), 8);
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, NULL), 0);
	vgpu_mapping_unmap(mapping);
	vgpu_plane_unref(plane);
	info.hot_x = info.hot_y = UINT32_MAX;
	show(VGPU_PLANE_CURSOR, info);
	plane = find_plane(display, VGPU_PLANE_CURSOR, 1);
	ck_assert_int_eq(vgpu_plane_get_hot_x(plane), -1);
	vgpu_plane_unref(plane);

	info.offset++; /* beyond the end: the provider's own mistake */
	show(VGPU_PLANE_CURSOR, info);
	plane = NULL;
	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_CURSOR, &plane), -EPROTO);
	ck_assert_ptr_null(plane);
	vgpu_display_close(display);
	stop_own();
}
END_TEST

/* No op, or a type without a display. */
START_TEST(no_display)
{
	struct vgpu_display *display = NULL;
	struct vgpu_picture *picture;
	struct vgpu_edid *edid;

	start_own("headless", _i);
	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &display), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(display);
	ck_assert_int_eq(vgpu_picture_take(ctx, UUID, VGPU_PLANE_PRIMARY, &picture), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_edid_find(vfio, &edid), -EOPNOTSUPP);
	stop_own();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("display");
	TCase *tcase = tcase_create("display");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, pictures, 0, (int)(sizeof(modes) / sizeof(modes[0])));
	tcase_add_test(tcase, frames);
	tcase_add_test(tcase, no_dmabufs);
	tcase_add_loop_test(tcase, monitors, 0, 2);
	tcase_add_test(tcase, own_provider);
	tcase_add_loop_test(tcase, no_display, 0, 2);
	return run_checks(suite);
}
