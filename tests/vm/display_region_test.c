/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays in regions (mdpy), and devices without one. */
#include <pthread.h>

#include "display_test.h"

#define MIB ((uint32_t)1 << 20)

static const struct {
	const char *variable;
	uint32_t width, height, size;
} types[] = {{"MDPY", 640, 480, 2 * MIB}, {"MDPY_HD", 1920, 1080, 8 * MIB}};

/* Both types by each path. */
#define TYPE (types[_i % 2])
#define PATH path_of(_i / 2)

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;
static struct vgpu_display *display;

static void open_it(const char *variable, enum vgpu_access path)
{
	ctx = new_context();
	vfio = open_with(ctx, variable, path, NULL);
	ck_assert_msg(vgpu_display_open(vfio, NULL, &display) == 0, "%s: %s", variable, last_message(ctx));
}

static void close_it(void)
{
	ck_assert_ptr_null(vgpu_display_close(display));
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

static void expect_plane(const struct vgpu_plane *plane, uint32_t width, uint32_t height, uint32_t size)
{
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 1);
	ck_assert_uint_eq(vgpu_plane_get_format(plane), VGPU_FORMAT_XRGB8888);
	ck_assert_uint_eq(vgpu_plane_get_modifier(plane), VGPU_FORMAT_MODIFIER_LINEAR);
	ck_assert_uint_eq(vgpu_plane_get_width(plane), width);
	ck_assert_uint_eq(vgpu_plane_get_height(plane), height);
	ck_assert_uint_eq(vgpu_plane_get_stride(plane), width * 4);
	ck_assert_uint_eq(vgpu_plane_get_size(plane), size);
	ck_assert_uint_eq(vgpu_plane_get_x(plane), 0);
	ck_assert_uint_eq(vgpu_plane_get_y(plane), 0);
	ck_assert_int_eq(vgpu_plane_get_hot_x(plane), 0);
	ck_assert_int_eq(vgpu_plane_get_hot_y(plane), 0);
	ck_assert_int_eq(vgpu_plane_get_region(plane), 16);
	ck_assert_int_eq(vgpu_plane_get_dmabuf_id(plane), -1);
}

START_TEST(plane_in_a_region)
{
	struct vgpu_display *second;
	struct vgpu_plane *plane, *again, *cursor;

	open_it(TYPE.variable, PATH);
	ck_assert_int_eq(vgpu_display_get_source(display), VGPU_DISPLAY_REGION);
	ck_assert_int_eq(vgpu_display_has_region(display), 1);
	ck_assert_int_eq(vgpu_display_has_dmabuf(display), 0);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	expect_plane(plane, TYPE.width, TYPE.height, TYPE.size);
	again = find_plane(display, VGPU_PLANE_PRIMARY, 0);
	ck_assert_ptr_eq(again, plane);
	/* each type, and each display, has a last time of its own; this driver knows one picture for all types */
	cursor = find_plane(display, VGPU_PLANE_CURSOR, 1);
	expect_plane(cursor, TYPE.width, TYPE.height, TYPE.size);
	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &second), 0);
	vgpu_plane_unref(find_plane(second, VGPU_PLANE_PRIMARY, 1));
	vgpu_plane_unref(find_plane(display, VGPU_PLANE_PRIMARY, 0));
	ck_assert_ptr_null(vgpu_display_close(second));
	close_it();
	expect_plane(plane, TYPE.width, TYPE.height, TYPE.size); /* snapshots outlive all */
	ck_assert_ptr_null(vgpu_plane_unref(vgpu_plane_ref(plane)));
	vgpu_plane_unref(plane);
	vgpu_plane_unref(again);
	vgpu_plane_unref(cursor);
}
END_TEST

static void expect_gradient(const unsigned char *pixels, uint32_t width, uint32_t height)
{
	uint32_t x, y;

	for (y = 0; y < height; y++)
		for (x = 0; x < width * 4; x++)
			if (pixels[(size_t)y * width * 4 + x] != y * 255 / height)
				ck_abort_msg("row %u, byte %u is %02x", y, x, pixels[(size_t)y * width * 4 + x]);
}

START_TEST(pixels_in_a_region)
{
	struct vgpu_dmabuf *dmabuf = (struct vgpu_dmabuf *)(uintptr_t)&types; /* any: it must come back NULL */
	struct vgpu_mapping *painted, *mapping;
	struct vgpu_plane *plane;

	open_it(TYPE.variable, PATH);
	painted = paint(vfio, TYPE.width, TYPE.height, TYPE.width * 4);
	ck_assert_ptr_nonnull(painted);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, &dmabuf), 0);
	ck_assert_ptr_null(dmabuf);
	ck_assert_int_eq(vgpu_dmabuf_start(dmabuf), 0);
	ck_assert_uint_eq(vgpu_mapping_get_size(mapping), TYPE.size);
	ck_assert_uint_eq(vgpu_mapping_get_offset(mapping), 0);
	expect_painted(vgpu_mapping_get_address(mapping), TYPE.width, TYPE.height, TYPE.width * 4);
	ck_assert_int_eq(vgpu_dmabuf_stop(dmabuf), 0);
	/* the same mapping shows what comes next, and the plane is the same */
	ck_assert_int_eq(vgpu_vfio_reset(vfio), 0);
	expect_gradient(vgpu_mapping_get_address(mapping), TYPE.width, TYPE.height);
	vgpu_plane_unref(find_plane(display, VGPU_PLANE_PRIMARY, 0));
	close_it();
	expect_gradient(vgpu_mapping_get_address(mapping), TYPE.width, TYPE.height);
	vgpu_plane_unref(plane);
	vgpu_mapping_unmap(mapping);
	vgpu_mapping_unmap(painted);
}
END_TEST

START_TEST(device_closed_first)
{
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_display *second;
	struct vgpu_plane *plane, *none = NULL;

	open_it(TYPE.variable, PATH);
	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &second), 0);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	vgpu_vfio_close(vfio);
	expect_failure(ctx, vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &none), -ENODEV, VGPU_CAUSE_GONE);
	expect_failure(ctx, vgpu_plane_map(display, plane, &mapping, NULL), -ENODEV, VGPU_CAUSE_GONE);
	ck_assert_ptr_null(none);
	ck_assert_ptr_null(mapping);
	vgpu_display_close(display);
	vgpu_display_close(second);
	vgpu_plane_unref(plane);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(bad_arguments)
{
	struct vgpu_display_opts opts = {.size = sizeof(opts), .source = VGPU_DISPLAY_DMABUF};
	struct vgpu_display *none = NULL;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_plane *plane, *other = NULL;

	open_it(TYPE.variable, PATH);
	expect_failure(ctx, vgpu_display_open(vfio, &opts, &none), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	opts.source = 3;
	expect_failure(ctx, vgpu_display_open(vfio, &opts, &none), -EINVAL, VGPU_CAUSE_INVALID);
	opts.size = 0;
	expect_failure(ctx, vgpu_display_open(vfio, &opts, &none), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_display_open(vfio, NULL, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_display_open(NULL, NULL, &none), -EINVAL);
	ck_assert_int_eq(vgpu_plane_find(NULL, VGPU_PLANE_PRIMARY, &other), -EINVAL);
	expect_failure(ctx, vgpu_plane_find(display, (enum vgpu_plane_type)0, &other), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_plane_find(display, (enum vgpu_plane_type)3, &other), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_plane_find(display, VGPU_PLANE_PRIMARY, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	expect_failure(ctx, vgpu_plane_map(display, plane, NULL, &dmabuf), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_plane_map(display, NULL, &mapping, &dmabuf), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_plane_map(NULL, plane, &mapping, &dmabuf), -EINVAL);
	expect_failure(ctx, vgpu_dmabuf_find(display, plane, &dmabuf), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_dmabuf_find(NULL, plane, &dmabuf), -EINVAL);
	ck_assert(!none && !mapping && !dmabuf && !other);
	ck_assert_ptr_null(vgpu_display_close(NULL));
	ck_assert_ptr_null(vgpu_plane_unref(NULL));
	ck_assert_ptr_null(vgpu_dmabuf_unref(vgpu_dmabuf_ref(NULL)));
	vgpu_plane_unref(plane);
	close_it();
}
END_TEST

/* mtty is no display; vfio-pci gives one of Intel's graphics only. */
START_TEST(no_display)
{
	static const char *const variables[] = {"MTTY", "BOCHS"};
	struct vgpu_display *none = NULL;
	int before;

	ctx = new_context();
	vfio = open_with(ctx, variables[_i % 2], PATH, NULL);
	before = count_fds();
	expect_failure(ctx, vgpu_display_open(vfio, NULL, &none), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_str_eq(last_message(ctx), "its driver shows no picture: it has no planes");
	ck_assert_ptr_null(none);
	ck_assert_int_eq(count_fds(), before);
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}
END_TEST

static void *ask_again(void *data)
{
	struct vgpu_plane *plane, *first = data;
	int i, r, other = 0;

	for (i = 0; i < 300; i++) {
		r = vgpu_plane_find(display, i % 2 ? VGPU_PLANE_CURSOR : VGPU_PLANE_PRIMARY, &plane);
		other += r < 0 || (i % 2 == 0 && (r || plane != first));
		if (r >= 0)
			vgpu_plane_unref(plane);
	}
	return (void *)(intptr_t)other;
}

START_TEST(threads)
{
	struct vgpu_plane *plane;
	pthread_t ids[4];
	void *other;
	int i;

	open_it(TYPE.variable, PATH);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, ask_again, plane), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(ids[i], &other);
		ck_assert_ptr_null(other);
	}
	vgpu_plane_unref(plane);
	close_it();
}
END_TEST

void add_region_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {plane_in_a_region, pixels_in_a_region, device_closed_first,
								  bad_arguments,     no_display,         threads};
	TCase *tcase = tcase_create("region");
	size_t i;

	tcase_set_timeout(tcase, 120);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, 2 * paths);
	suite_add_tcase(suite, tcase);
}
