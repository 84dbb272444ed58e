/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* softgpu's display: its registers, EDID, and what it shows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/region.h>

#include "provider/softgpu.h"

#define VBE_AT 0x500u
#define VBE_ID 0xb0c5u
#define EXTRA_AT 0x600u
#define EXTRA_SIZE 8u
#define LITTLE 0x1e1e1e1eu

enum { ID = 0, WIDTH, HEIGHT, BITS, ENABLE, BANK, VIRTUAL_WIDTH, VIRTUAL_HEIGHT, X, Y, MEMORY };

#define ENABLED 1u

#define XRGB8888 0x34325258u
#define RGB565 0x36314752u

/* The kernel's struct vfio_region_gfx_edid, and where the block lies. */
#define BLOCK_AT 2048u
#define LINK_UP 1u
#define LINK_DOWN 2u
enum { EDID_OFFSET = 0, EDID_MAX = 4, EDID_LENGTH = 8, EDID_X = 12, EDID_Y = 16, EDID_LINK = 20 };

/* A detailed timing of 1024x768 at 60 Hz, as VESA has it. */
static const unsigned char timing[18] = {0x64, 0x19, 0x00, 0x40, 0x41, 0x00, 0x26, 0x30, 0x18,
										 0x88, 0x36, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x18};

static void make_edid(unsigned char *edid)
{
	/* header; maker "VGP", product 1; version 1.4, digital; size unknown; gamma 2.2, sRGB, first timing is preferred */
	static const unsigned char start[] = {0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x58, 0xf0, 0x01, 0x00, 0x00,
										  0x00, 0x00, 0x00, 0x01, 0x22, 0x01, 0x04, 0xa5, 0x00, 0x00, 0x78, 0x06, 0xee,
										  0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54, 0x21, 0x08, 0x00};
	static const unsigned char name[] = {0x00, 0x00, 0x00, 0xfc, 0x00, 's', 'o', 'f', 't', 'g', 'p', 'u', '\n'};
	unsigned char sum = 0;
	size_t i;

	memset(edid, 0, VG_SOFTGPU_EDID_SIZE);
	memcpy(edid, start, sizeof(start));
	memset(edid + 38, 0x01, 16); /* no standard timings */
	memcpy(edid + 54, timing, sizeof(timing));
	memset(edid + 72, ' ', 18);
	memcpy(edid + 72, name, sizeof(name));
	edid[93] = 0x10; /* two descriptors that say nothing */
	edid[111] = 0x10;
	for (i = 0; i < 127; i++)
		sum = (unsigned char)(sum + edid[i]);
	edid[127] = (unsigned char)-sum;
}

void vg_softgpu_display_reset(struct vg_softgpu *gpu)
{
	struct vg_softgpu_state *state = &gpu->state;

	memset(state->vbe, 0, sizeof(state->vbe));
	state->vbe[ID] = VBE_ID;
	state->vbe[MEMORY] = (uint16_t)(gpu->vram >> 16);
	if (state->edid_size) /* the display stays plugged in */
		return;
	make_edid(state->edid);
	memcpy(state->edid_new, state->edid, sizeof(state->edid));
	state->edid_size = state->edid_new_size = 128;
	state->edid_link = LINK_UP;
}

/* The byte of BAR2 at an offset. */
static unsigned char read_byte(const struct vg_softgpu *gpu, uint64_t offset)
{
	const uint32_t extra[] = {EXTRA_SIZE, LITTLE};

	if (offset < VG_SOFTGPU_EDID_SIZE)
		return gpu->state.edid_link == LINK_UP ? gpu->state.edid[offset] : 0;
	if (offset >= VBE_AT && offset < VBE_AT + 2 * VG_SOFTGPU_VBE_COUNT)
		return (unsigned char)(gpu->state.vbe[(offset - VBE_AT) / 2] >> offset % 2 * 8);
	if (offset >= EXTRA_AT && offset < EXTRA_AT + EXTRA_SIZE)
		return (unsigned char)(extra[(offset - EXTRA_AT) / 4] >> offset % 4 * 8);
	return 0;
}

void vg_softgpu_display_read(struct vg_softgpu *gpu, uint64_t offset, unsigned char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = read_byte(gpu, offset + i);
}

/* Only registers are written to, and only as such: two bytes, or more of them at once. */
void vg_softgpu_display_write(struct vg_softgpu *gpu, uint64_t offset, const unsigned char *buf, size_t len)
{
	size_t i;

	if ((offset | len) % 2)
		return;
	for (i = 0; i < len; i += 2) {
		uint64_t at = offset + i, index = (at - VBE_AT) / 2;

		if (at >= VBE_AT && index < VG_SOFTGPU_VBE_COUNT && index != ID && index != MEMORY)
			gpu->state.vbe[index] = (uint16_t)(buf[i] | buf[i + 1] << 8);
	}
}

static uint32_t edid_word(const struct vg_softgpu *gpu, uint64_t at)
{
	switch (at) {
	case EDID_OFFSET:
		return BLOCK_AT;
	case EDID_MAX:
		return VG_SOFTGPU_EDID_SIZE;
	case EDID_LENGTH:
		return gpu->state.edid_new_size;
	case EDID_X:
		return gpu->max_x;
	case EDID_Y:
		return gpu->max_y;
	case EDID_LINK:
		return gpu->state.edid_link;
	default:
		return 0;
	}
}

void vg_softgpu_edid_read(struct vg_softgpu *gpu, uint64_t offset, unsigned char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		uint64_t at = offset + i;

		if (at >= BLOCK_AT)
			buf[i] = at - BLOCK_AT < VG_SOFTGPU_EDID_SIZE ? gpu->state.edid_new[at - BLOCK_AT] : 0;
		else
			buf[i] = (unsigned char)(edid_word(gpu, at & ~(uint64_t)3) >> at % 4 * 8);
	}
}

static void set_link(struct vg_softgpu *gpu, uint32_t link)
{
	struct vg_softgpu_state *state = &gpu->state;

	if (link != LINK_UP && link != LINK_DOWN)
		return;
	if (link == LINK_UP && state->edid_new_size) {
		memset(state->edid, 0, sizeof(state->edid));
		memcpy(state->edid, state->edid_new, state->edid_new_size);
		state->edid_size = state->edid_new_size;
	}
	state->edid_link = link;
}

void vg_softgpu_edid_write(struct vg_softgpu *gpu, uint64_t offset, const unsigned char *buf, size_t len)
{
	uint32_t value;

	if (offset >= BLOCK_AT) {
		if (offset - BLOCK_AT < VG_SOFTGPU_EDID_SIZE && len <= VG_SOFTGPU_EDID_SIZE - (offset - BLOCK_AT))
			memcpy(gpu->state.edid_new + (offset - BLOCK_AT), buf, len);
		return;
	}
	if (len != sizeof(value) || offset % sizeof(value))
		return;
	memcpy(&value, buf, sizeof(value));
	if (offset == EDID_LENGTH && value <= VG_SOFTGPU_EDID_SIZE)
		gpu->state.edid_new_size = value;
	else if (offset == EDID_LINK)
		set_link(gpu, value);
}

int vg_softgpu_get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out)
{
	const struct vg_softgpu *gpu = vgpu_instance_get_data(instance);
	const uint16_t *vbe = gpu->state.vbe;
	uint64_t bytes = vbe[BITS] / 8, columns = vbe[VIRTUAL_WIDTH], stride, offset, length;

	if (type != 1 || !(vbe[ENABLE] & ENABLED) || (vbe[BITS] != 32 && vbe[BITS] != 16))
		return 0;
	if (columns < vbe[WIDTH])
		columns = vbe[WIDTH];
	stride = columns * bytes;
	offset = vbe[X] * bytes + vbe[Y] * stride;
	length = stride * vbe[HEIGHT];
	if (!vbe[WIDTH] || !vbe[HEIGHT] || offset + length > gpu->vram)
		return 0; /* the guest is in the middle of setting a mode */
	out->format = vbe[BITS] == 32 ? XRGB8888 : RGB565;
	out->width = vbe[WIDTH];
	out->height = vbe[HEIGHT];
	out->stride = (uint32_t)stride;
	out->region = VGPU_REGION_BAR0;
	out->offset = offset;
	out->length = length;
	return 0;
}
