/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the device shows, and the EDID of what it shows it on. */
#include <string.h>
#include <unistd.h>

#include "access_test.h"

/* The registers of bochs-display in BAR 2, 16 bits each. */
#define VBE(index) (0x500 + 2 * (index))

static struct vgpu_display *display;

static void set_vbe(uint32_t index, uint32_t value)
{
	put_at(VGPU_REGION_BAR2, VBE(index), 2, value);
}

/* As the guest does it, where a guest is needed for it. */
static void set_mode(uint32_t width, uint32_t height)
{
	if (!facts->sets_mode)
		return;
	set_vbe(4, 0);
	set_vbe(1, width);
	set_vbe(2, height);
	set_vbe(3, 32);
	set_vbe(6, width);
	set_vbe(8, 0);
	set_vbe(9, 0);
	set_vbe(4, 1);
}

static struct vgpu_plane *find_plane(enum vgpu_plane_type type, int wanted)
{
	struct vgpu_plane *plane = NULL;
	int r = vgpu_plane_find(display, type, &plane);

	ck_assert_msg(r == wanted, "%d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return plane;
}

static void open_display(void)
{
	open_device(NULL);
	expect_ok(vgpu_display_open(vfio, NULL, &display));
}

static void close_display(void)
{
	ck_assert_ptr_null(vgpu_display_close(display));
	close_device();
}

START_TEST(planes)
{
	struct vgpu_plane *plane, *again;

	open_display();
	ck_assert_int_eq(vgpu_display_get_source(display), (int)facts->source);
	ck_assert_int_eq(vgpu_display_has_region(display), facts->source == VGPU_DISPLAY_REGION);
	ck_assert_int_eq(vgpu_display_has_dmabuf(display), facts->source == VGPU_DISPLAY_DMABUF);
	if (facts->sets_mode) {
		set_vbe(4, 0);
		plane = find_plane(VGPU_PLANE_PRIMARY, 1);
		ck_assert_int_eq(vgpu_plane_has_picture(plane), 0);
		vgpu_plane_unref(plane);
	}
	set_mode(640, 480);
	plane = find_plane(VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 1);
	ck_assert_uint_eq(vgpu_plane_get_format(plane), VGPU_FORMAT_XRGB8888);
	ck_assert_uint_eq(vgpu_plane_get_width(plane), 640);
	ck_assert_uint_eq(vgpu_plane_get_height(plane), 480);
	ck_assert_uint_eq(vgpu_plane_get_stride(plane), 2560);
	ck_assert_uint_ge(vgpu_plane_get_size(plane), 2560 * 480);
	ck_assert_int_eq(vgpu_plane_get_region(plane) >= 0, facts->source == VGPU_DISPLAY_REGION);
	ck_assert_int_eq(vgpu_plane_get_dmabuf_id(plane) >= 0, facts->source == VGPU_DISPLAY_DMABUF);
	again = find_plane(VGPU_PLANE_PRIMARY, 0); /* the same object */
	ck_assert_ptr_eq(again, plane);
	vgpu_plane_unref(again);
	if (facts->sets_mode) {
		set_mode(800, 600);
		again = find_plane(VGPU_PLANE_PRIMARY, 1);
		ck_assert_uint_eq(vgpu_plane_get_width(again), 800);
		ck_assert_uint_eq(vgpu_plane_get_width(plane), 640); /* it says what was */
		vgpu_plane_unref(again);
		again = find_plane(VGPU_PLANE_CURSOR, 1);
		ck_assert_int_eq(vgpu_plane_has_picture(again), 0);
		vgpu_plane_unref(again);
	}
	close_display();
	ck_assert_uint_eq(vgpu_plane_get_width(plane), 640);
	vgpu_plane_unref(plane);
}
END_TEST

/* What is stored into the memory is in the picture; a dmabuf can't be mapped, where its driver does not let anybody. */
START_TEST(pixels)
{
	struct vgpu_mapping *mapping, *shown = NULL;
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_plane *plane;
	uint32_t *to, i;

	open_display();
	set_mode(640, 480);
	expect_ok(vgpu_region_map(vfio, (uint32_t)facts->memory, NULL, &mapping));
	to = vgpu_mapping_get_address(mapping);
	for (i = 0; i < 640 * 480; i++)
		to[i] = i * 2654435761u;
	plane = find_plane(VGPU_PLANE_PRIMARY, 1);
	if (facts->source == VGPU_DISPLAY_DMABUF) {
		expect_failure(ctx, vgpu_plane_map(display, plane, &shown, &dmabuf), -EOPNOTSUPP, VGPU_CAUSE_NOT_MAPPABLE);
		ck_assert_ptr_nonnull(dmabuf);
		ck_assert_int_eq(lseek(vgpu_dmabuf_get_fd(dmabuf), 0, SEEK_END), 2560 * 480);
	} else {
		expect_ok(vgpu_plane_map(display, plane, &shown, &dmabuf));
		ck_assert_ptr_null(dmabuf);
		ck_assert_int_eq(memcmp(vgpu_mapping_get_address(shown), to, 2560 * 480), 0);
	}
	vgpu_dmabuf_unref(dmabuf);
	vgpu_mapping_unmap(shown);
	vgpu_mapping_unmap(mapping);
	vgpu_plane_unref(plane);
	close_display();
}
END_TEST

START_TEST(mistakes)
{
	struct vgpu_display_opts opts = {.size = sizeof(opts), .source = 77};
	struct vgpu_plane *plane = NULL;

	open_display();
	ck_assert_int_eq(vgpu_display_open(NULL, NULL, &display), -EINVAL);
	expect_failure(ctx, vgpu_display_open(vfio, NULL, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_display_open(vfio, &opts, &display), -EINVAL, VGPU_CAUSE_INVALID);
	opts.source = facts->source == VGPU_DISPLAY_REGION ? VGPU_DISPLAY_DMABUF : VGPU_DISPLAY_REGION;
	expect_failure(ctx, vgpu_display_open(vfio, &opts, &display), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_int_eq(vgpu_plane_find(NULL, VGPU_PLANE_PRIMARY, &plane), -EINVAL);
	expect_failure(ctx, vgpu_plane_find(display, VGPU_PLANE_PRIMARY, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_plane_find(display, (enum vgpu_plane_type)77, &plane), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(plane);
	close_display();
}
END_TEST

START_TEST(no_display)
{
	open_device(NULL);
	display = NULL;
	expect_failure(ctx, vgpu_display_open(vfio, NULL, &display), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(display);
	close_device();
}
END_TEST

static void expect_edid(enum vgpu_link link, const void *blob, size_t size)
{
	struct vgpu_edid *edid = NULL;

	expect_ok(vgpu_edid_find(vfio, &edid));
	ck_assert_uint_eq(vgpu_edid_get_region(edid), (uint32_t)facts->edid);
	ck_assert_uint_ge(vgpu_edid_get_max_width(edid), 800);
	ck_assert_uint_ge(vgpu_edid_get_max_height(edid), 600);
	ck_assert_uint_eq(vgpu_edid_get_max_size(edid), 1024);
	ck_assert_int_eq(vgpu_edid_get_link(edid), link);
	ck_assert_uint_eq(vgpu_edid_get_blob_size(edid), size);
	ck_assert_mem_eq(vgpu_edid_get_blob(edid), blob, size);
	ck_assert_ptr_null(vgpu_edid_unref(edid));
}

/* What the guest's driver finds in BAR 2: nothing while the link is down. */
static void expect_guest(const void *blob, size_t size)
{
	unsigned char seen[1024];

	ck_assert_int_eq((int)vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, seen, size), (int)size);
	ck_assert_mem_eq(seen, blob, size);
}

START_TEST(edid)
{
	static const unsigned char nothing[VGPU_EDID_BLOCK_SIZE];
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = 640, .height = 480};
	struct vgpu_edid_set_opts opts = {.size = sizeof(opts), .wait_ms = 1};
	unsigned char small[VGPU_EDID_BLOCK_SIZE], large[VGPU_EDID_BLOCK_SIZE];

	open_device(NULL);
	expect_ok(vgpu_edid_make(ctx, &mode, small));
	mode.width = 800;
	mode.height = 600;
	expect_ok(vgpu_edid_make(ctx, &mode, large));
	expect_ok(vgpu_edid_set(vfio, small, sizeof(small), &opts));
	expect_edid(VGPU_LINK_UP, small, sizeof(small));
	expect_guest(small, sizeof(small));
	opts.flags = VGPU_EDID_LEAVE_DOWN;
	expect_ok(vgpu_edid_set(vfio, large, sizeof(large), &opts));
	expect_edid(VGPU_LINK_DOWN, large, sizeof(large));
	expect_guest(nothing, sizeof(nothing));
	expect_ok(vgpu_edid_set_link(vfio, VGPU_LINK_UP));
	expect_edid(VGPU_LINK_UP, large, sizeof(large));
	expect_guest(large, sizeof(large));
	expect_ok(vgpu_edid_set_link(vfio, VGPU_LINK_DOWN));
	expect_edid(VGPU_LINK_DOWN, large, sizeof(large));
	expect_ok(vgpu_edid_set(vfio, small, sizeof(small), NULL));
	expect_edid(VGPU_LINK_UP, small, sizeof(small));
	small[100]++;
	expect_failure(ctx, vgpu_edid_set(vfio, small, sizeof(small), &opts), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_edid_set(vfio, NULL, 128, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	close_device();
}
END_TEST

START_TEST(no_edid)
{
	struct vgpu_edid *none = NULL;

	open_device(NULL);
	expect_failure(ctx, vgpu_edid_find(vfio, &none), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_edid_set_link(vfio, VGPU_LINK_UP), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(none);
	close_device();
}
END_TEST

void add_display_bodies(TCase *tcase)
{
	if (has_display()) {
		tcase_add_test(tcase, planes);
		tcase_add_test(tcase, mistakes);
		if (has_memory_map())
			tcase_add_test(tcase, pixels);
	} else {
		tcase_add_test(tcase, no_display);
	}
	tcase_add_test(tcase, facts->edid >= 0 ? edid : no_edid);
}
