/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a driver's answer about a plane is believed; and pixel formats. */
#include <errno.h>
#include <string.h>
#include <vgpu/format.h>

#include "run_suite.h"
#include "vfio/plane.h"

/* What mdpy says of its smallest type. */
static struct vfio_device_gfx_plane_info good(void)
{
	return (struct vfio_device_gfx_plane_info){.drm_format = VGPU_FORMAT_XRGB8888,
											   .width = 640,
											   .height = 480,
											   .stride = 2560,
											   .size = 2097152,
											   .region_index = 16};
}

static int take(const struct vfio_device_gfx_plane_info *info, struct vg_plane_facts *out)
{
	const char *why = NULL;
	int r = vg_plane_take(info, 0, VGPU_PLANE_PRIMARY, VGPU_DISPLAY_REGION, out, &why);

	ck_assert_int_eq(r == 0, why == NULL);
	return r;
}

START_TEST(plane_good)
{
	struct vfio_device_gfx_plane_info info = good();
	struct vg_plane_facts facts, again;

	ck_assert_int_eq(take(&info, &facts), 0);
	ck_assert_uint_eq(facts.width, 640);
	ck_assert_uint_eq(facts.place, 16);
	memset(&again, 0xff, sizeof(again)); /* two of the same are the same bytes, whatever was there */
	ck_assert_int_eq(take(&info, &again), 0);
	ck_assert_mem_eq(&facts, &again, sizeof(facts));
	info.size = 2560 * 480; /* to the last byte */
	ck_assert_int_eq(take(&info, &facts), 0);
	info.stride = 4096;
	info.size = 4096 * 479 + 2560; /* the last row ends with its pixels */
	ck_assert_int_eq(take(&info, &facts), 0);
	info.size--;
	ck_assert_int_eq(take(&info, &facts), -EPROTO);
}
END_TEST

START_TEST(plane_blank)
{
	struct vfio_device_gfx_plane_info info;
	struct vg_plane_facts facts = {0}, empty = {.type = VGPU_PLANE_PRIMARY, .source = VGPU_DISPLAY_REGION};
	uint32_t *const fields[] = {&info.drm_format, &info.width, &info.height, &info.size};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		info = good();
		*fields[i] = 0;
		info.x_pos = 0xdeadbeef; /* what is left of it does not count */
		ck_assert_int_eq(take(&info, &facts), 0);
		ck_assert(memcmp(&facts, &empty, sizeof(facts)) == 0);
	}
}
END_TEST

START_TEST(plane_hostile)
{
	static const struct {
		uint32_t width, height, stride, size, region;
	} bad[] = {
		{640, 480, 2559, 2097152, 16},         /* rows overlap */
		{640, 480, 0, 2097152, 16},            /* rows are nowhere */
		{640, 480, 2560, 2560 * 480 - 1, 16},  /* one byte is missing */
		{640, 480, 0xffffffff, 2097152, 16},   /* rows beyond the end */
		{0x40000000, 1, 4, 4, 16},             /* width * 4 is 0 in 32 bits */
		{0x40000001, 1, 4, 2097152, 16},       /* or 4 */
		{65537, 1, 65537 * 4, 0xffffffff, 16}, /* absurd */
		{1, 65537, 4, 0xffffffff, 16},
		{65536, 65536, 65536 * 4, 0xffffffff, 16}, /* 2^34 bytes: 0 in 32 bits */
		{16384, 65536, 65536, 65536, 16},          /* stride * height is 0 in 32 bits */
		{16385, 65535, 65540, 65540, 16},
		{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 16},
		{640, 480, 2560, 2097152, 4096}, /* no device has such a region */
		{640, 480, 2560, 2097152, 0xffffffff},
	};
	struct vg_plane_facts facts;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vfio_device_gfx_plane_info info = good();

		info.width = bad[i].width;
		info.height = bad[i].height;
		info.stride = bad[i].stride;
		info.size = bad[i].size;
		info.region_index = bad[i].region;
		ck_assert_msg(take(&info, &facts) == -EPROTO, "number %zu is believed", i);
	}
}
END_TEST

/* Whatever is believed of a linear plane lies inside of it, in exact arithmetic. */
START_TEST(plane_rows_fit)
{
	static const uint32_t numbers[] = {1,          2,          3,          4,          63,         64,
									   4095,       4096,       16384,      65535,      65536,      65537,
									   0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
	const size_t n = sizeof(numbers) / sizeof(numbers[0]);
	static const uint32_t formats[] = {VGPU_FORMAT_XRGB8888, VGPU_FORMAT_RGB888, VGPU_FORMAT_RGB565,
									   VGPU_FORMAT('?', '?', '?', '?')};
	struct vg_plane_facts facts;
	size_t i, f, believed = 0;

	for (i = 0; i < n * n * n * n; i++)
		for (f = 0; f < 4; f++) {
			struct vfio_device_gfx_plane_info info = good();
			const char *why = NULL;
			__uint128_t end;

			info.drm_format = formats[f];
			info.width = numbers[i % n];
			info.height = numbers[i / n % n];
			info.stride = numbers[i / n / n % n];
			info.size = numbers[i / n / n / n];
			if (vg_plane_take(&info, 0, VGPU_PLANE_PRIMARY, VGPU_DISPLAY_DMABUF, &facts, &why))
				continue;
			believed++;
			end = (__uint128_t)facts.stride * (facts.height - 1) +
				  (__uint128_t)facts.width * vgpu_format_get_pixel_size(facts.format);
			if (end > facts.size || facts.width > 65536 || facts.height > 65536)
				ck_abort_msg("%ux%u, stride %u, size %u", info.width, info.height, info.stride, info.size);
		}
	ck_assert_uint_gt(believed, 100);
}
END_TEST

/* A tiled plane's numbers mean something else: they are kept, and nobody counts on them. */
START_TEST(plane_tiled)
{
	struct vfio_device_gfx_plane_info info = good();
	struct vg_plane_facts facts;

	info.drm_format_mod = 0x0100000000000001;
	info.stride = 512;
	info.size = 4096;
	ck_assert_int_eq(take(&info, &facts), 0);
	ck_assert_uint_eq(facts.modifier, 0x0100000000000001);
}
END_TEST

START_TEST(plane_hot_spot)
{
	struct vgpu_plane plane = {
		.facts = {.format = 1, .source = VGPU_DISPLAY_DMABUF, .hot_x = 5, .hot_y = 6, .place = 0xffffffff}};

	ck_assert_int_eq(vgpu_plane_get_hot_x(&plane), 5);
	ck_assert_int_eq(vgpu_plane_get_hot_y(&plane), 6);
	plane.facts.hot_y = 0xffffffff;
	ck_assert_int_eq(vgpu_plane_get_hot_x(&plane), -1);
	ck_assert_int_eq(vgpu_plane_get_hot_y(&plane), -1);
	ck_assert_int_eq(vgpu_plane_get_dmabuf_id(&plane), 0xffffffff);
	ck_assert_int_eq(vgpu_plane_get_region(&plane), -1);
}
END_TEST

START_TEST(formats)
{
	ck_assert_str_eq(vgpu_format_get_name(0x34325258), "XRGB8888"); /* what mdpy says */
	ck_assert_uint_eq(vgpu_format_get_pixel_size(0x34325258), 4);
	ck_assert_str_eq(vgpu_format_get_name(VGPU_FORMAT_BGR888), "BGR888");
	ck_assert_uint_eq(vgpu_format_get_pixel_size(VGPU_FORMAT_BGR888), 3);
	ck_assert_uint_eq(vgpu_format_get_pixel_size(VGPU_FORMAT_RGB565), 2);
	ck_assert_ptr_null(vgpu_format_get_name(0));
	ck_assert_ptr_null(vgpu_format_get_name(VGPU_FORMAT('N', 'V', '1', '2')));
	ck_assert_uint_eq(vgpu_format_get_pixel_size(0xffffffff), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {plane_good,  plane_blank,    plane_hostile, plane_rows_fit,
								  plane_tiled, plane_hot_spot, formats,       NULL};

	return run_suite("plane", tests);
}
