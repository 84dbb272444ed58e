/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making and checking EDIDs (VESA E-EDID Standard, release A2). */
#include "vfio/edid_blob.h"

#include <errno.h>
#include <string.h>
#include <vgpu/edid.h>

#include "core/negative.h"

#define MAKE "make"
#define CHECK "check"
#define BLOCK VGPU_EDID_BLOCK_SIZE
#define BLOCKS_MAX 256
#define DESCRIPTORS 54 /* four of 18 bytes */
#define DESCRIPTOR_SIZE 18
#define SIDE_MAX 4095
#define SIDE_MM_MAX 2550
#define CLOCK_MIN 1000 /* of 10 kHz: readers take less for a mistake */
#define RATE_MAX 510   /* Hz and kHz that a range can tell */
#define NAME_MAX_LENGTH 13
/* Reduced blanking of VESA's Coordinated Video Timings 1.2 */
#define H_FRONT 48
#define H_SYNC 32
#define H_BLANK 160
#define V_FRONT 3
#define V_BACK_MIN 6
#define V_BLANK_MIN_NS 460000

static const unsigned char header[8] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};

/* A mode, and what belongs to it on a line to a monitor. */
struct timing {
	uint32_t width;
	uint32_t height;
	uint32_t refresh_mhz;
	uint32_t v_sync;
	uint32_t v_blank;
	uint64_t clock; /* of pixels, in units of 10 kHz */
	uint64_t line_hz;
};

/* The height of the sync pulse tells the shape of the picture. */
static uint32_t v_sync_of(uint32_t width, uint32_t height)
{
	static const struct {
		uint32_t width, height, lines;
	} shapes[] = {{4, 3, 4}, {16, 9, 5}, {16, 10, 6}, {5, 4, 7}, {15, 9, 7}};
	size_t i;

	for (i = 0; i < VG_COUNT(shapes); i++)
		if (width * shapes[i].height == height * shapes[i].width)
			return shapes[i].lines;
	return 10;
}

static struct timing timing_of(const struct vgpu_edid_mode *mode)
{
	struct timing t = {
		.width = mode->width, .height = mode->height, .refresh_mhz = mode->refresh_mhz ? mode->refresh_mhz : 60000};
	uint64_t frame_ns = UINT64_C(1000000000000) / t.refresh_mhz, lines;
	uint32_t least;

	t.v_sync = v_sync_of(t.width, t.height);
	least = V_FRONT + t.v_sync + V_BACK_MIN;
	t.v_blank = (uint32_t)(V_BLANK_MIN_NS * (uint64_t)t.height / (frame_ns - V_BLANK_MIN_NS)) + 1;
	if (t.v_blank < least)
		t.v_blank = least;
	lines = t.height + t.v_blank;
	t.line_hz = (lines * t.refresh_mhz + 999) / 1000;
	t.clock = (lines * (t.width + H_BLANK) * t.refresh_mhz + 5000000) / 10000000;
	return t;
}

static int fail_mode(struct vgpu_context *ctx, const struct vgpu_edid_mode *mode, const char *why)
{
	char text[64];

	vg_strf(text, sizeof(text), "%ux%u", mode->width, mode->height);
	return vg_fail(ctx,
				   &(struct vg_failure){
					   .operation = MAKE, .path = text, .value = text, .err = ERANGE, .cause = VGPU_CAUSE_OUT_OF_RANGE},
				   "an EDID cannot tell this mode: %s", why);
}

static int check_mode(struct vgpu_context *ctx, const struct vgpu_edid_mode *mode)
{
	uint32_t refresh = mode->refresh_mhz ? mode->refresh_mhz : 60000;
	struct timing t;

	if (!mode->width || !mode->height || mode->width > SIDE_MAX || mode->height > SIDE_MAX)
		return fail_mode(ctx, mode, "width and height are 1 to 4095");
	if (refresh < 1000 || refresh > RATE_MAX * 1000)
		return fail_mode(ctx, mode, "pictures a second are 1 to 510");
	if (mode->width_mm > SIDE_MM_MAX || mode->height_mm > SIDE_MM_MAX)
		return fail_mode(ctx, mode, "a monitor has at most 2550 millimetres");
	t = timing_of(mode);
	if (t.clock < CLOCK_MIN || t.clock > UINT16_MAX)
		return fail_mode(ctx, mode, "it needs a pixel clock outside of 10 to 655.35 MHz");
	if (t.line_hz > RATE_MAX * 1000)
		return fail_mode(ctx, mode, "it has more than 510000 lines a second");
	return 0;
}

static int check_name(struct vgpu_context *ctx, const char *name)
{
	size_t i, n = strnlen(name, NAME_MAX_LENGTH + 1);

	for (i = 0; i < n && name[i] >= ' ' && name[i] <= '~'; i++)
		;
	if (!n || n > NAME_MAX_LENGTH || i < n)
		return vg_fail_invalid(ctx, MAKE, name, "a monitor's name is 1 to %d printable ASCII characters",
							   NAME_MAX_LENGTH);
	return 0;
}

static void put_timing(unsigned char *at, const struct timing *t, uint32_t width_mm, uint32_t height_mm)
{
	at[0] = (unsigned char)t->clock;
	at[1] = (unsigned char)(t->clock >> 8);
	at[2] = (unsigned char)t->width;
	at[3] = H_BLANK;
	at[4] = (unsigned char)(t->width >> 8 << 4);
	at[5] = (unsigned char)t->height;
	at[6] = (unsigned char)t->v_blank;
	at[7] = (unsigned char)(t->height >> 8 << 4 | t->v_blank >> 8);
	at[8] = H_FRONT;
	at[9] = H_SYNC;
	at[10] = (unsigned char)(V_FRONT << 4 | t->v_sync);
	at[12] = (unsigned char)width_mm;
	at[13] = (unsigned char)height_mm;
	at[14] = (unsigned char)(width_mm >> 8 << 4 | height_mm >> 8);
	at[17] = 0x1a; /* digital separate sync, horizontal positive, vertical negative */
}

static void put_text(unsigned char *at, unsigned char tag, const char *text)
{
	size_t n = strlen(text), i;

	at[3] = tag;
	for (i = 0; i < NAME_MAX_LENGTH; i++)
		at[5 + i] = (unsigned char)(i < n ? text[i] : i == n ? '\n' : ' ');
}

/* Frequencies that the monitor takes: the mode's own, and those of the established timings. */
static void put_range(unsigned char *at, const struct timing *t)
{
	uint32_t hz = t->refresh_mhz / 1000, max_hz = (t->refresh_mhz + 999) / 1000;
	uint32_t khz = (uint32_t)(t->line_hz / 1000), max_khz = (uint32_t)((t->line_hz + 999) / 1000);
	uint32_t clock = (uint32_t)((t->clock + 999) / 1000);

	put_text(at, 0xfd, "");
	max_hz = max_hz > 75 ? max_hz : 75;
	max_khz = max_khz > 50 ? max_khz : 50;
	if (max_hz > 255)
		at[4] |= 0x02;
	if (max_khz > 255)
		at[4] |= 0x08;
	at[5] = (unsigned char)(hz < 50 ? hz : 50);
	at[6] = (unsigned char)(max_hz > 255 ? max_hz - 255 : max_hz);
	at[7] = (unsigned char)(khz < 1 ? 1 : khz < 30 ? khz : 30);
	at[8] = (unsigned char)(max_khz > 255 ? max_khz - 255 : max_khz);
	at[9] = (unsigned char)(clock > 7 ? clock : 7); /* in 10 MHz */
	at[10] = 0x01;                                  /* nothing but ranges */
	at[11] = '\n';
}

/* Who made it, what it is and can, and the colours of sRGB. */
static void put_head(unsigned char *out, uint32_t width_mm, uint32_t height_mm)
{
	static const unsigned char srgb[10] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};

	memcpy(out, header, sizeof(header));
	out[8] = 0x58; /* "VGP", which nobody has registered */
	out[9] = 0xf0;
	out[10] = 1;
	out[16] = 0xff; /* then comes the year of the model */
	out[17] = 2026 - 1990;
	out[18] = 1; /* EDID 1.4 */
	out[19] = 4;
	out[20] = 0xa0; /* digital, 8 bits a colour, interface not defined */
	out[21] = (unsigned char)((width_mm + 5) / 10);
	out[22] = (unsigned char)((height_mm + 5) / 10);
	out[23] = 120;  /* gamma 2.2 */
	out[24] = 0x06; /* sRGB; the first timing is the native one */
	memcpy(out + 25, srgb, sizeof(srgb));
}

static void put_small_modes(unsigned char *out, uint32_t width, uint32_t height)
{
	if (width >= 640 && height >= 480)
		out[35] |= 0x20;
	if (width >= 800 && height >= 600)
		out[35] |= 0x01;
	if (width >= 1024 && height >= 768)
		out[36] |= 0x08;
	memset(out + 38, 0x01, 16); /* no standard timings */
}

static unsigned char sum(const unsigned char *block, size_t n)
{
	unsigned char total = 0;
	size_t i;

	for (i = 0; i < n; i++)
		total = (unsigned char)(total + block[i]);
	return total;
}

/* Millimetres of so many pixels, where nobody has said. */
static uint32_t mm_of(uint32_t said, uint32_t pixels)
{
	uint32_t mm = (pixels * 254 + 480) / 960;

	return said ? said : mm ? mm : 1;
}

int vgpu_edid_make(struct vgpu_context *ctx, const struct vgpu_edid_mode *mode, void *out)
{
	unsigned char block[BLOCK] = {0};
	uint32_t width_mm, height_mm;
	struct vgpu_edid_mode known;
	const char *name;
	struct timing t;
	int r;

	if (!ctx)
		return -EINVAL;
	if (!mode || !out)
		return vg_fail_invalid(ctx, MAKE, NULL, "no mode is given, or there is no place for the EDID");
	r = vg_opts_take(ctx, MAKE, &known, sizeof(known), mode);
	if (r == 0)
		r = check_mode(ctx, &known);
	name = r == 0 && known.name ? known.name : "libvgpu";
	if (r == 0)
		r = check_name(ctx, name);
	if (r)
		return r;
	t = timing_of(&known);
	width_mm = mm_of(known.width_mm, known.width);
	height_mm = mm_of(known.height_mm, known.height);
	put_head(block, width_mm, height_mm);
	put_small_modes(block, known.width, known.height);
	put_timing(block + DESCRIPTORS, &t, width_mm, height_mm);
	put_range(block + DESCRIPTORS + DESCRIPTOR_SIZE, &t);
	put_text(block + DESCRIPTORS + 2 * DESCRIPTOR_SIZE, 0xfc, name);
	block[DESCRIPTORS + 3 * DESCRIPTOR_SIZE + 3] = 0x10; /* nothing */
	block[BLOCK - 1] = (unsigned char)-sum(block, BLOCK - 1);
	memcpy(out, block, BLOCK);
	return 0;
}

/* NULL, or what is wrong with it. */
static const char *find_fault(const unsigned char *blob, size_t size)
{
	size_t i;

	if (size < BLOCK || size % BLOCK || size > (size_t)BLOCKS_MAX * BLOCK)
		return "its size is not 128 bytes, or a multiple of it up to 32768";
	if (memcmp(blob, header, sizeof(header)) != 0)
		return "it does not begin as an EDID does";
	if (blob[18] != 1)
		return "its version is not 1";
	if (size / BLOCK != (size_t)blob[126] + 1)
		return "it claims another number of extensions than it has";
	for (i = 0; i < size; i += BLOCK)
		if (sum(blob + i, BLOCK))
			return i ? "the sum of an extension is wrong" : "the sum of its first block is wrong";
	return NULL;
}

int vgpu_edid_check(struct vgpu_context *ctx, const void *blob, size_t size)
{
	const char *fault;

	if (!ctx)
		return -EINVAL;
	fault = blob ? find_fault(blob, size) : "there is nothing";
	return fault ? vg_fail_invalid(ctx, CHECK, "EDID", "this is no EDID: %s", fault) : 0;
}

bool vg_edid_timing(const unsigned char *block, unsigned i, struct vg_edid_timing *out)
{
	const unsigned char *at = block + DESCRIPTORS + (size_t)i * DESCRIPTOR_SIZE;
	uint32_t clock = at[0] | (uint32_t)at[1] << 8;
	uint32_t width = at[2] | (at[4] & 0xf0u) << 4, h_blank = at[3] | (at[4] & 0x0fu) << 8;
	uint32_t height = at[5] | (at[7] & 0xf0u) << 4, v_blank = at[6] | (at[7] & 0x0fu) << 8;
	uint64_t pixels = (uint64_t)(width + h_blank) * (height + v_blank);
	bool is_interlaced = at[17] & 0x80;

	if (!clock || !width || !height)
		return false;
	*out = (struct vg_edid_timing){
		.width = width,
		.height = is_interlaced ? 2 * height : height, /* it tells the lines of a field */
		.refresh_mhz = (uint32_t)((clock * UINT64_C(10000000) + pixels / 2) / pixels),
	};
	return true;
}

int vgpu_edid_read_mode(const void *blob, size_t size, uint32_t *width, uint32_t *height, uint32_t *refresh_mhz)
{
	struct vg_edid_timing timing;

	if (!blob || find_fault(blob, size) || !vg_edid_timing(blob, 0, &timing))
		return -ENOENT;
	*width = timing.width;
	*height = timing.height;
	*refresh_mhz = timing.refresh_mhz;
	return 0;
}
