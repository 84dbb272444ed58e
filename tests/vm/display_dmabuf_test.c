/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays in dmabufs (mbochs). Its pixels are reached by the mapped BAR 0 only: reads and writes of it are not. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "display_test.h"

/* VBE registers in BAR 2, 16 bits each (the "bochs dispi" interface). */
#define VBE(index) (0x500 + 2 * (index))
#define VBE_XRES 1
#define VBE_YRES 2
#define VBE_BPP 3
#define VBE_ENABLE 4
#define VBE_VIRT_WIDTH 6
#define VBE_Y_OFFSET 9

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;
static struct vgpu_display *display;

static void write_vbe(uint32_t index, uint32_t value)
{
	ck_assert_int_eq(vgpu_region_write_value(vfio, VGPU_REGION_BAR2, VBE(index), 2, value), 0);
}

static void set_mode(uint32_t width, uint32_t height)
{
	write_vbe(VBE_XRES, width);
	write_vbe(VBE_YRES, height);
	write_vbe(VBE_BPP, 32);
	write_vbe(VBE_VIRT_WIDTH, width);
	write_vbe(VBE_Y_OFFSET, 0);
	write_vbe(VBE_ENABLE, 1);
}

static void open_it(int i)
{
	ctx = new_context();
	vfio = open_with(ctx, "MBOCHS", path_of(i), NULL);
	ck_assert_msg(vgpu_display_open(vfio, NULL, &display) == 0, "%s", last_message(ctx));
	write_vbe(VBE_ENABLE, 0); /* it keeps the mode of the test before */
}

static void close_it(void)
{
	vgpu_display_close(display);
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

static struct vgpu_dmabuf *find_dmabuf(const struct vgpu_plane *plane)
{
	struct vgpu_dmabuf *dmabuf = NULL;

	ck_assert_msg(vgpu_dmabuf_find(display, plane, &dmabuf) == 0, "%s", last_message(ctx));
	ck_assert_ptr_nonnull(dmabuf);
	ck_assert_int_eq(vgpu_dmabuf_get_id(dmabuf), vgpu_plane_get_dmabuf_id(plane));
	return dmabuf;
}

static void expect_blank(const struct vgpu_plane *plane)
{
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 0);
	ck_assert_uint_eq(vgpu_plane_get_format(plane), 0);
	ck_assert_uint_eq(vgpu_plane_get_width(plane), 0);
	ck_assert_uint_eq(vgpu_plane_get_height(plane), 0);
	ck_assert_uint_eq(vgpu_plane_get_size(plane), 0);
	ck_assert_int_eq(vgpu_plane_get_region(plane), -1);
	ck_assert_int_eq(vgpu_plane_get_dmabuf_id(plane), -1);
}

START_TEST(no_mode_yet)
{
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_plane *plane, *again;

	open_it(_i);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	expect_blank(plane);
	again = find_plane(display, VGPU_PLANE_PRIMARY, 0);
	ck_assert_ptr_eq(plane, again);
	expect_failure(ctx, vgpu_plane_map(display, plane, &mapping, &dmabuf), -ENODATA, VGPU_CAUSE_NOT_READY);
	ck_assert_str_eq(last_message(ctx), "the primary plane has no picture yet");
	expect_failure(ctx, vgpu_dmabuf_find(display, plane, &dmabuf), -ENODATA, VGPU_CAUSE_NOT_READY);
	ck_assert(!mapping && !dmabuf);
	vgpu_plane_unref(again);
	vgpu_plane_unref(plane);
	close_it();
}
END_TEST

/* The driver fails the first question of each new mode with ENOMEM: nobody gets to see that. */
START_TEST(modes)
{
	struct vgpu_plane *plane, *other;
	int64_t id;

	open_it(_i);
	ck_assert_int_eq(vgpu_display_get_source(display), VGPU_DISPLAY_DMABUF);
	ck_assert_int_eq(vgpu_display_has_region(display), 0);
	ck_assert_int_eq(vgpu_display_has_dmabuf(display), 1);
	set_mode(640, 480);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_has_picture(plane), 1);
	ck_assert_uint_eq(vgpu_plane_get_format(plane), VGPU_FORMAT_XRGB8888);
	ck_assert_uint_eq(vgpu_plane_get_modifier(plane), 0);
	ck_assert_uint_eq(vgpu_plane_get_width(plane), 640);
	ck_assert_uint_eq(vgpu_plane_get_height(plane), 480);
	ck_assert_uint_eq(vgpu_plane_get_stride(plane), 2560);
	ck_assert_uint_eq(vgpu_plane_get_size(plane), 2560 * 480);
	ck_assert_int_eq(vgpu_plane_get_region(plane), -1);
	id = vgpu_plane_get_dmabuf_id(plane);
	ck_assert_int_gt(id, 0);
	other = find_plane(display, VGPU_PLANE_PRIMARY, 0);
	ck_assert_ptr_eq(other, plane);
	vgpu_plane_unref(other);
	set_mode(800, 600);
	other = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_uint_eq(vgpu_plane_get_width(other), 800);
	ck_assert_int_ne(vgpu_plane_get_dmabuf_id(other), id);
	ck_assert_uint_eq(vgpu_plane_get_width(plane), 640); /* it says what was */
	vgpu_plane_unref(other);
	set_mode(640, 480);
	other = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_eq(vgpu_plane_get_dmabuf_id(other), id);
	vgpu_plane_unref(other);
	other = find_plane(display, VGPU_PLANE_CURSOR, 1);
	expect_blank(other);
	vgpu_plane_unref(other);
	write_vbe(VBE_ENABLE, 0);
	other = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	expect_blank(other);
	vgpu_plane_unref(other);
	vgpu_plane_unref(plane);
	close_it();
}
END_TEST

START_TEST(dmabuf_by_id)
{
	struct vgpu_dmabuf *dmabuf, *again = NULL;
	struct vgpu_display *second;
	struct vgpu_plane *plane;
	int fd, fds, before;

	open_it(_i);
	set_mode(640, 480);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	before = count_fds();
	dmabuf = find_dmabuf(plane);
	fd = vgpu_dmabuf_get_fd(dmabuf);
	fds = count_fds();
	ck_assert_int_eq(fds, before + 1);
	ck_assert_int_ge(fd, 3);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 2560 * 480);
	ck_assert_int_eq(vgpu_dmabuf_start(dmabuf), 0);
	ck_assert_int_eq(vgpu_dmabuf_stop(dmabuf), 0);
	/* the same for everybody: the driver would lose count */
	ck_assert_int_eq(vgpu_display_open(vfio, NULL, &second), 0);
	ck_assert_int_eq(vgpu_dmabuf_find(second, plane, &again), 0);
	ck_assert_ptr_eq(again, dmabuf);
	vgpu_dmabuf_unref(again);
	vgpu_display_close(second);
	again = find_dmabuf(plane);
	ck_assert_ptr_eq(again, dmabuf);
	vgpu_dmabuf_unref(again);
	ck_assert_int_eq(count_fds(), fds);
	/* kept without anybody's reference, and again the same */
	vgpu_dmabuf_unref(dmabuf);
	ck_assert_int_eq(count_fds(), fds);
	again = find_dmabuf(plane);
	ck_assert_int_eq(vgpu_dmabuf_get_fd(again), fd);
	close_it(); /* two descriptors of the device less on either path, at least */
	ck_assert_int_eq(lseek(vgpu_dmabuf_get_fd(again), 0, SEEK_END), 2560 * 480);
	before = count_fds();
	ck_assert_ptr_null(vgpu_dmabuf_unref(again));
	ck_assert_int_eq(count_fds(), before - 1);
	vgpu_plane_unref(plane);
}
END_TEST

/* The latest 64 stay, and those that somebody has. None that was let go is asked for again: the driver miscounts. */
START_TEST(dmabufs_kept)
{
	struct vgpu_dmabuf *held = NULL, *dmabuf;
	struct vgpu_plane *plane;
	int before = 0, most = 0;
	uint32_t i;

	open_it(_i);
	for (i = 0; i < 80; i++) {
		set_mode(64 + i, 300);
		plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
		if (i == 0)
			before = count_fds();
		dmabuf = find_dmabuf(plane);
		ck_assert_int_eq(lseek(vgpu_dmabuf_get_fd(dmabuf), 0, SEEK_END), (64 + i) * 4 * 300);
		if (i == 0)
			held = vgpu_dmabuf_ref(dmabuf);
		vgpu_dmabuf_unref(dmabuf);
		vgpu_plane_unref(plane);
		most = count_fds() > most ? count_fds() : most;
	}
	ck_assert_int_ge(most, before + 65);
	ck_assert_int_le(most, before + 66);
	for (i = 0; i < 80; i += 79) { /* the one that is held, and the last */
		set_mode(64 + i, 300);
		plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
		dmabuf = find_dmabuf(plane);
		ck_assert_int_le(count_fds(), most);
		ck_assert_int_eq(lseek(vgpu_dmabuf_get_fd(dmabuf), 0, SEEK_END), (64 + i) * 4 * 300);
		if (i == 0)
			ck_assert_ptr_eq(dmabuf, held);
		vgpu_dmabuf_unref(dmabuf);
		vgpu_plane_unref(plane);
	}
	vgpu_dmabuf_unref(held);
	close_it();
	ck_assert_int_lt(count_fds(), before);
}
END_TEST

/* No mapping of the dmabuf, but the dmabuf; the picture is where the plane says, in the memory that is BAR 0. */
START_TEST(pixels)
{
	struct vgpu_dmabuf *dmabuf = NULL, *known;
	struct vgpu_mapping *mapping = NULL, *painted;
	struct vgpu_plane *plane;
	int fds;

	open_it(_i);
	set_mode(640, 480);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	expect_failure(ctx, vgpu_plane_map(display, plane, &mapping, NULL), -EOPNOTSUPP, VGPU_CAUSE_NOT_MAPPABLE);
	expect_failure(ctx, vgpu_plane_map(display, plane, &mapping, &dmabuf), -EOPNOTSUPP, VGPU_CAUSE_NOT_MAPPABLE);
	ck_assert_ptr_null(mapping);
	ck_assert_ptr_nonnull(dmabuf);
	known = find_dmabuf(plane);
	ck_assert_ptr_eq(dmabuf, known);
	painted = paint(vfio, vgpu_plane_get_width(plane), vgpu_plane_get_height(plane), vgpu_plane_get_stride(plane));
	ck_assert_ptr_nonnull(painted);
	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping), 0);
	ck_assert_uint_ge(vgpu_mapping_get_size(mapping), vgpu_plane_get_size(plane));
	expect_painted(vgpu_mapping_get_address(mapping), 640, 480, vgpu_plane_get_stride(plane));
	vgpu_mapping_unmap(mapping);
	vgpu_mapping_unmap(painted);
	/* a page that starts with another row makes another dmabuf of the same memory */
	fds = count_fds();
	write_vbe(VBE_Y_OFFSET, 8);
	vgpu_plane_unref(plane);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	ck_assert_int_ne(vgpu_plane_get_dmabuf_id(plane), vgpu_dmabuf_get_id(known));
	vgpu_dmabuf_unref(find_dmabuf(plane));
	ck_assert_int_eq(count_fds(), fds + 1);
	vgpu_dmabuf_unref(known);
	vgpu_dmabuf_unref(dmabuf);
	vgpu_plane_unref(plane);
	close_it();
}
END_TEST

/* The driver forgets all when it is closed; a framebuffer that does not start with a page it does not give away. */
START_TEST(no_dmabuf)
{
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_plane *plane;

	open_it(_i);
	set_mode(640, 480);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	close_it();
	open_it(_i);
	expect_failure(ctx, vgpu_dmabuf_find(display, plane, &dmabuf), -ENOENT, VGPU_CAUSE_GONE);
	expect_failure(ctx, vgpu_plane_map(display, plane, &mapping, &dmabuf), -ENOENT, VGPU_CAUSE_GONE);
	vgpu_plane_unref(plane);
	set_mode(640, 480);
	write_vbe(VBE_Y_OFFSET, 1);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	expect_failure(ctx, vgpu_dmabuf_find(display, plane, &dmabuf), -EINVAL, VGPU_CAUSE_REFUSED);
	ck_assert(!dmabuf && !mapping);
	vgpu_plane_unref(plane);
	close_it();
}
END_TEST

static void *get_again(void *data)
{
	struct vgpu_dmabuf *dmabuf;
	int i, bad = 0;

	for (i = 0; i < 300; i++) {
		if (vgpu_dmabuf_find(display, data, &dmabuf)) {
			bad++;
			continue;
		}
		bad += fcntl(vgpu_dmabuf_get_fd(dmabuf), F_GETFD) != FD_CLOEXEC;
		vgpu_dmabuf_unref(dmabuf);
	}
	return (void *)(intptr_t)bad;
}

START_TEST(threads)
{
	struct vgpu_plane *plane;
	pthread_t ids[4];
	void *bad;
	int i, fds;

	open_it(_i);
	set_mode(640, 480);
	plane = find_plane(display, VGPU_PLANE_PRIMARY, 1);
	fds = count_fds();
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, get_again, plane), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(ids[i], &bad);
		ck_assert_ptr_null(bad);
	}
	ck_assert_int_eq(count_fds(), fds + 1);
	vgpu_plane_unref(plane);
	close_it();
}
END_TEST

void add_dmabuf_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {no_mode_yet, modes, dmabuf_by_id, dmabufs_kept, pixels, no_dmabuf, threads};
	TCase *tcase = tcase_create("dmabuf");
	size_t i;

	tcase_set_timeout(tcase, 120);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, paths);
	suite_add_tcase(suite, tcase);
}
