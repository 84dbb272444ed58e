/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device may have in its config space: the input is all of it. Both chains of capabilities come to an end. */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *space;
static size_t space_size;

static void answer_info(struct vg_message *message)
{
	struct {
		struct vg_user_header header;
		struct vg_user_region_info info;
	} reply = {.header = message->header,
			   .info = {.argsz = sizeof(reply.info), .flags = 3, .index = VGPU_REGION_CONFIG, .size = space_size}};

	reply.header.flags = VG_USER_TYPE_REPLY;
	reply.header.size = sizeof(reply);
	wire_send(&reply, sizeof(reply), 0);
}

static bool answer(struct vg_message *message)
{
	struct {
		struct vg_user_header header;
		struct vg_user_region_access access;
		unsigned char data[4];
	} reply = {.header = message->header};

	if (wire_answer_open(message))
		return true;
	if (message->header.command == VG_USER_DEVICE_GET_REGION_INFO) {
		answer_info(message);
		return true;
	}
	if (message->header.command != VG_USER_REGION_READ)
		return false;
	memcpy(&reply.access, message->body, sizeof(reply.access));
	/* the client asks for what the region has, and no more at once */
	if (reply.access.count > sizeof(reply.data) || reply.access.offset > space_size ||
		reply.access.count > space_size - reply.access.offset)
		abort();
	memcpy(reply.data, space + reply.access.offset, reply.access.count);
	reply.header.flags = VG_USER_TYPE_REPLY;
	reply.header.size = (uint32_t)(sizeof(reply.header) + sizeof(reply.access) + reply.access.count);
	wire_send(&reply, reply.header.size, 0);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	uint32_t at;

	if (vgpu_context_new(NULL, &ctx))
		return 0;
	space = data;
	space_size = size;
	vfio = wire_open(ctx, answer);
	if (vfio) {
		if (vgpu_config_find_capability(vfio, 0x11, &at) == 0 && (at < 0x40 || at >= 0x100 || data[at] != 0x11))
			abort();
		if (vgpu_config_find_ext_capability(vfio, 0x10, &at) == 0 && (at < 0x100 || at + 4 > size || data[at] != 0x10))
			abort();
	}
	vgpu_vfio_close(vfio);
	wire_close();
	vgpu_context_unref(ctx);
	return 0;
}
