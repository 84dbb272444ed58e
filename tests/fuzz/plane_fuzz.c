/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a server may say of planes, while the device is an honest one. Each answer is: how (1 byte: bit 0 its first 12
 * bytes are not the question's, bit 1 an error, bit 2 with descriptors), size (1 byte), body.
 */
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BAR0_SIZE ((uint64_t)1 << 20) /* as long as the file */
#define BAR2_SIZE ((uint64_t)1 << 40)

/* BAR0 can be mapped in part; BAR2 can't. */
static bool answer_region(const struct vg_message *message)
{
	struct {
		struct vg_user_header header;
		struct vg_user_region_info info;
		struct vfio_info_cap_header cap;
		uint32_t numbers[2];
		uint64_t areas[4];
	} reply = {.header = message->header,
			   .info = {.argsz = sizeof(reply) - sizeof(reply.header), .flags = VFIO_REGION_INFO_FLAG_READ},
			   .cap = {.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1},
			   .numbers = {2},
			   .areas = {0, 0x8000, 0x10000, BAR0_SIZE - 0x10000}};
	struct vg_user_region_info request;
	size_t size = sizeof(reply.header) + sizeof(reply.info);

	memcpy(&request, message->body, sizeof(request));
	reply.info.index = request.index;
	if (request.index == VGPU_REGION_BAR0) {
		reply.info.size = BAR0_SIZE;
		reply.info.flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
		if (request.argsz >= reply.info.argsz) {
			reply.info.cap_offset = sizeof(reply.info);
			size = sizeof(reply);
		}
	} else {
		reply.info.argsz = sizeof(reply.info);
		reply.info.size = request.index == VGPU_REGION_BAR2 ? BAR2_SIZE : 0;
	}
	reply.header.flags = VG_USER_TYPE_REPLY;
	reply.header.size = (uint32_t)size;
	wire_send(&reply, size, request.index == VGPU_REGION_BAR0);
	return true;
}

static bool answer(struct vg_message *message)
{
	struct {
		struct vg_user_header header;
		unsigned char body[256];
	} reply = {.header = message->header};
	uint8_t how[2];
	size_t size;

	if (wire_answer_open(message))
		return true;
	if (message->header.command == VG_USER_DEVICE_GET_REGION_INFO)
		return answer_region(message);
	if (message->header.command != VG_USER_QUERY_GFX_PLANE || wire_take(how, 2) < 2)
		return false;
	if (message->size != sizeof(struct vg_user_gfx_plane))
		abort();
	size = wire_take(reply.body, how[1]);
	if (!(how[0] & 1))
		memcpy(reply.body, message->body, 12);
	reply.header.flags = VG_USER_TYPE_REPLY | (how[0] & 2 ? VG_USER_ERROR : 0);
	reply.header.error = how[0] & 2 ? how[1] : 0;
	reply.header.size = (uint32_t)(sizeof(reply.header) + size);
	wire_send(&reply, reply.header.size, how[0] & 4 ? how[0] / 8 : 0);
	return true;
}

/* What is handed on lies in its region, and can be touched where it is mapped. */
static void check(struct vgpu_display *display, const struct vgpu_plane *plane)
{
	static volatile unsigned char touched;
	const int64_t region = vgpu_plane_get_region(plane);
	const uint64_t offset = vgpu_plane_get_offset(plane), size = vgpu_plane_get_size(plane);
	struct vgpu_mapping *mapping;
	const volatile unsigned char *pixels;
	uint64_t length;

	if (!vgpu_plane_has_picture(plane)) {
		if (offset || size || region >= 0)
			abort();
		return;
	}
	length = region == VGPU_REGION_BAR0 ? BAR0_SIZE : BAR2_SIZE;
	if ((region != VGPU_REGION_BAR0 && region != VGPU_REGION_BAR2) || offset > length || size > length - offset)
		abort();
	if (vgpu_plane_map(display, plane, &mapping, NULL))
		return;
	if (region != VGPU_REGION_BAR0 || vgpu_mapping_get_size(mapping) != size)
		abort();
	pixels = vgpu_mapping_get_address(mapping);
	touched = pixels[0];
	touched = pixels[(uint64_t)vgpu_plane_get_stride(plane) * (vgpu_plane_get_height(plane) - 1)];
	touched = pixels[size - 1];
	(void)touched;
	vgpu_mapping_unmap(mapping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vgpu_display *display;
	struct vgpu_plane *plane;
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	int i;

	if (vgpu_context_new(NULL, &ctx))
		return 0;
	wire_data = data;
	wire_size = size;
	vfio = wire_open(ctx, answer);
	if (vfio && vgpu_display_open(vfio, NULL, &display) == 0) {
		if (vgpu_display_has_dmabuf(display))
			abort();
		for (i = 0; wire_size && i < 20; i++) {
			if (vgpu_plane_find(display, i % 3 == 2 ? VGPU_PLANE_CURSOR : VGPU_PLANE_PRIMARY, &plane) < 0)
				continue;
			check(display, plane);
			vgpu_plane_unref(plane);
		}
		vgpu_display_close(display);
	}
	vgpu_vfio_close(vfio);
	wire_close();
	vgpu_context_unref(ctx);
	return 0;
}
