/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EDIDs: the bytes that are made, beside published timings, and what is taken for one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpu/vgpu.h>

#include "run_suite.h"
#include "vfio/edid_blob.h"

#define SIZE VGPU_EDID_BLOCK_SIZE

static struct vgpu_context *ctx;

static int make(uint32_t width, uint32_t height, uint32_t refresh_mhz, unsigned char out[SIZE])
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = width, .height = height, .refresh_mhz = refresh_mhz};

	if (!ctx && vgpu_context_new(NULL, &ctx))
		return -ENOMEM;
	return vgpu_edid_make(ctx, &mode, out);
}

static void fix_sum(unsigned char *block)
{
	unsigned sum = 0, i;

	for (i = 0; i < SIZE - 1; i++)
		sum += block[i];
	block[SIZE - 1] = (unsigned char)-sum;
}

/* All of 1920x1080 at 60 Hz. */
START_TEST(edid_bytes)
{
	static const unsigned char wanted[SIZE] = {
		0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x58, 0xf0, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
		0xff, 0x24, 0x01, 0x04, 0xa0, 0x33, 0x1d, 0x78, 0x06, 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26,
		0x0f, 0x50, 0x54, 0x21, 0x08, 0x00, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
		0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x29, 0x36, 0x80, 0xa0, 0x70, 0x38, 0x1f, 0x40, 0x30, 0x20,
		0x35, 0x00, 0xfc, 0x1e, 0x11, 0x00, 0x00, 0x1a, 0x00, 0x00, 0x00, 0xfd, 0x00, 0x32, 0x4b, 0x1e,
		0x43, 0x0e, 0x01, 0x0a, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x00, 0x00, 0x00, 0xfc, 0x00, 0x6c,
		0x69, 0x62, 0x76, 0x67, 0x70, 0x75, 0x0a, 0x20, 0x20, 0x20, 0x20, 0x20, 0x00, 0x00, 0x00, 0x10,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07,
	};
	unsigned char edid[SIZE];

	ck_assert_int_eq(make(1920, 1080, 0, edid), 0);
	ck_assert_mem_eq(edid, wanted, SIZE);
	ck_assert_int_eq(make(1920, 1080, 60000, edid), 0);
	ck_assert_mem_eq(edid, wanted, SIZE);
}
END_TEST

/* Blanking of VESA's published timings with reduced blanking: lines in all, and lines of the vertical pulse. */
START_TEST(edid_timings)
{
	static const struct {
		uint32_t width, height, hz, lines, pulse;
	} known[] = {{1280, 768, 60, 790, 7},   {1280, 800, 60, 823, 6},   {1440, 900, 60, 926, 6},
				 {1680, 1050, 60, 1080, 6}, {1920, 1080, 60, 1111, 5}, {1920, 1200, 60, 1235, 6},
				 {2560, 1600, 60, 1646, 6}, {1920, 1440, 60, 1481, 4}, {1280, 800, 75, 829, 6}};
	unsigned char edid[SIZE];
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const unsigned char *t = edid + 54;
		uint32_t clock, width, height, blank, lines, mhz;

		ck_assert_int_eq(make(known[i].width, known[i].height, known[i].hz * 1000, edid), 0);
		clock = t[0] | (uint32_t)t[1] << 8;
		blank = t[3] | (t[4] & 15u) << 8;
		lines = (t[5] | (t[7] & 0xf0u) << 4) + (t[6] | (t[7] & 15u) << 8);
		ck_assert_uint_eq(blank, 160);
		ck_assert_uint_eq(lines, known[i].lines);
		ck_assert_uint_eq(t[10] & 15u, known[i].pulse);
		ck_assert_uint_eq(clock, ((uint64_t)lines * (known[i].width + 160) * known[i].hz + 5000) / 10000);
		ck_assert_int_eq(vgpu_edid_read_mode(edid, SIZE, &width, &height, &mhz), 0);
		ck_assert_uint_eq(width, known[i].width);
		ck_assert_uint_eq(height, known[i].height);
		ck_assert_int_le(abs((int)mhz - (int)known[i].hz * 1000), 20); /* clocks come in steps of 10 kHz */
	}
}
END_TEST

/* Whatever is made is an EDID, and says what was asked for. */
START_TEST(edid_round)
{
	unsigned char edid[SIZE];
	uint32_t w = 0, h = 0, mhz = 0, width, height, refresh;
	unsigned made = 0;

	for (width = 1; width <= 4100; width += 117)
		for (height = 1; height <= 4100; height += 131)
			for (refresh = 500; refresh < 520000; refresh = refresh * 3 + 7) {
				memset(edid, 0, SIZE);
				if (make(width, height, refresh, edid)) {
					ck_assert(!edid[1]);
					continue;
				}
				made++;
				if (vgpu_edid_check(ctx, edid, SIZE) || vgpu_edid_read_mode(edid, SIZE, &w, &h, &mhz) || w != width ||
					h != height || mhz > refresh + refresh / 1000 + 1 || mhz + refresh / 1000 + 1 < refresh)
					ck_abort_msg("%ux%u at %u: %ux%u at %u", width, height, refresh, w, h, mhz);
			}
	ck_assert_uint_gt(made, 2000);
}
END_TEST

START_TEST(edid_refused)
{
	static const struct vgpu_edid_mode bad[] = {
		{.width = 0, .height = 480},
		{.width = 640, .height = 0},
		{.width = 4096, .height = 480},
		{.width = 640, .height = 4096},
		{.width = UINT32_MAX, .height = UINT32_MAX},
		{.width = 1920, .height = 1080, .refresh_mhz = 999},
		{.width = 1920, .height = 1080, .refresh_mhz = 510001},
		{.width = 1920, .height = 1080, .refresh_mhz = UINT32_MAX},
		{.width = 1920, .height = 1080, .refresh_mhz = 300000},
		{.width = 64, .height = 64},
		{.width = 100, .height = 4095, .refresh_mhz = 200000},
		{.width = 640, .height = 480, .width_mm = 2551},
		{.width = 640, .height = 480, .height_mm = 2551},
	};
	static const char *const names[] = {"", "fourteen chars", "a\nb", "caf\xc3\xa9"};
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = 640, .height = 480};
	unsigned char edid[SIZE] = {0};
	size_t i;

	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vgpu_edid_mode m = bad[i];

		m.size = sizeof(m);
		ck_assert_int_eq(vgpu_edid_make(ctx, &m, edid), -ERANGE);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		mode.name = names[i];
		ck_assert_int_eq(vgpu_edid_make(ctx, &mode, edid), -EINVAL);
	}
	mode.size = 3;
	ck_assert_int_eq(vgpu_edid_make(ctx, &mode, edid), -EINVAL);
	ck_assert_int_eq(vgpu_edid_make(ctx, NULL, edid), -EINVAL);
	ck_assert_int_eq(vgpu_edid_make(ctx, &mode, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_edid_make(NULL, &mode, edid), -EINVAL);
	ck_assert(!edid[1]);
	vgpu_context_unref(ctx);
	ctx = NULL;
}
END_TEST

START_TEST(edid_options)
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode),
								  .width = 640,
								  .height = 480,
								  .refresh_mhz = 400000,
								  .width_mm = 2550,
								  .height_mm = 300,
								  .name = "thirteen char"};
	unsigned char edid[SIZE];

	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	ck_assert_int_eq(vgpu_edid_make(ctx, &mode, edid), 0);
	ck_assert_int_eq(vgpu_edid_check(ctx, edid, SIZE), 0);
	ck_assert_uint_eq(edid[21], 255);
	ck_assert_uint_eq(edid[22], 30);
	ck_assert_uint_eq(edid[54 + 12], 2550 & 0xff);
	ck_assert_uint_eq(edid[54 + 14], (2550 >> 8) << 4 | 300 >> 8);
	ck_assert_mem_eq(edid + 54 + 2 * 18 + 5, "thirteen char", 13);
	ck_assert_uint_eq(edid[35], 0x20); /* of the small modes, the one that fits */
	ck_assert_uint_eq(edid[36], 0);
	ck_assert_uint_eq(edid[72 + 4], 0x02); /* more than 255 Hz, not more than 255 kHz */
	ck_assert_uint_eq(edid[72 + 6], 400 - 255);
	vgpu_context_unref(ctx);
	ctx = NULL;
}
END_TEST

static void expect_none(const unsigned char *edid, size_t size)
{
	uint32_t width = 7, height = 7, mhz = 7;

	ck_assert_int_eq(vgpu_edid_check(ctx, edid, size), -EINVAL);
	ck_assert_int_eq(vgpu_edid_read_mode(edid, size, &width, &height, &mhz), -ENOENT);
	ck_assert(width == 7 && height == 7 && mhz == 7);
}

START_TEST(edid_check)
{
	unsigned char edid[3 * SIZE] = {0};
	uint32_t width, height, mhz;
	size_t i;

	ck_assert_int_eq(make(800, 600, 0, edid), 0);
	ck_assert_int_eq(vgpu_edid_check(ctx, edid, SIZE), 0);
	for (i = 0; i < SIZE; i++) { /* no byte can change unnoticed */
		edid[i] ^= 0x10;
		expect_none(edid, SIZE);
		edid[i] ^= 0x10;
	}
	expect_none(NULL, SIZE);
	expect_none(edid, 0);
	expect_none(edid, SIZE - 1);
	expect_none(edid, SIZE + 1);
	expect_none(edid, 2 * SIZE); /* no extension is claimed */
	edid[126] = 2;
	fix_sum(edid);
	expect_none(edid, SIZE);
	expect_none(edid, 2 * SIZE);
	ck_assert_int_eq(vgpu_edid_check(ctx, edid, sizeof(edid)), 0);
	edid[2 * SIZE + 5] = 1;
	expect_none(edid, sizeof(edid));
	edid[2 * SIZE + 127] = 255;
	ck_assert_int_eq(vgpu_edid_check(ctx, edid, sizeof(edid)), 0);
	ck_assert_int_eq(vgpu_edid_check(NULL, edid, sizeof(edid)), -EINVAL);
	memset(edid + 54, 0, 18); /* no preferred mode */
	fix_sum(edid);
	ck_assert_int_eq(vgpu_edid_check(ctx, edid, sizeof(edid)), 0);
	ck_assert_int_eq(vgpu_edid_read_mode(edid, sizeof(edid), &width, &height, &mhz), -ENOENT);
	vgpu_context_unref(ctx);
	ctx = NULL;
}
END_TEST

/* Any bytes of a descriptor: no division by zero, no shift that is not allowed (the sanitizers watch). */
START_TEST(edid_hostile_timings)
{
	unsigned char block[SIZE];
	struct vg_edid_timing t;
	unsigned i, j;

	for (i = 0; i < 65536; i++) {
		for (j = 0; j < SIZE; j++)
			block[j] = (unsigned char)(i * (j + 7) >> (j % 9));
		for (j = 0; j < VG_EDID_TIMINGS; j++)
			if (vg_edid_timing(block, j, &t) && (!t.width || !t.height || t.width > 4095 || t.height > 2 * 4095))
				ck_abort_msg("%ux%u", t.width, t.height);
	}
	memset(block, 0xff, SIZE);
	ck_assert(vg_edid_timing(block, 0, &t));
	ck_assert_uint_eq(t.height, 2 * 4095); /* interlaced */
}
END_TEST

/* unit_edid WIDTH HEIGHT MILLIHERTZ: writes an EDID to standard output, for edid_decode.sh. */
int main(int argc, char **argv)
{
	const TTest *const tests[] = {edid_bytes,   edid_timings, edid_round,           edid_refused,
								  edid_options, edid_check,   edid_hostile_timings, NULL};

	if (argc == 4) {
		unsigned char edid[SIZE];

		return make((uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]), edid) ||
			   fwrite(edid, 1, SIZE, stdout) != SIZE;
	}
	return run_suite("edid", tests);
}
