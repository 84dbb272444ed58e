/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device may say of a region: its struct, its capabilities, and what they make of a mapping. */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *info;
static size_t info_size;

/* The whole of it where there is room, else its start, as servers do. */
static bool answer(struct vg_message *message)
{
	struct {
		struct vg_user_header header;
		struct vg_user_region_info info;
		unsigned char caps[4096];
	} reply = {.header = message->header};
	struct vg_user_region_info request;
	size_t size = info_size < sizeof(reply) - sizeof(reply.header) ? info_size : sizeof(reply) - sizeof(reply.header);

	if (wire_answer_open(message))
		return true;
	if (message->header.command != VG_USER_DEVICE_GET_REGION_INFO)
		return false;
	memcpy(&request, message->body, sizeof(request));
	memcpy(&reply.info, info, size);
	if (size < sizeof(reply.info))
		size = sizeof(reply.info);
	reply.info.index = request.index;
	if (reply.info.argsz % 2) /* else it says what it likes */
		reply.info.argsz = (uint32_t)size;
	if (size > request.argsz)
		size = sizeof(reply.info);
	reply.header.flags = VG_USER_TYPE_REPLY;
	reply.header.size = (uint32_t)(sizeof(reply.header) + size);
	wire_send(&reply, reply.header.size, 1);
	return true;
}

/* Everything that is said of areas is inside the region, in order. */
static void check(const struct vgpu_region *region)
{
	uint64_t offset, size, end = 0;
	size_t i;

	for (i = 0; i < vgpu_region_get_area_count(region); i++) {
		vgpu_region_get_area(region, i, &offset, &size);
		if (offset < end || !size || offset > vgpu_region_get_size(region) ||
			size > vgpu_region_get_size(region) - offset)
			abort();
		end = offset + size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vgpu_mapping *mapping;
	struct vgpu_region *region;
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;

	if (vgpu_context_new(NULL, &ctx))
		return 0;
	info = data;
	info_size = size;
	vfio = wire_open(ctx, answer);
	if (vfio && vgpu_region_find(vfio, VGPU_REGION_BAR0, &region) == 0) {
		check(region);
		if (vgpu_region_get_size(region) < (uint64_t)1 << 40 &&
			vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping) == 0)
			vgpu_mapping_unmap(mapping);
		vgpu_region_unref(region);
	}
	vgpu_vfio_close(vfio);
	wire_close();
	vgpu_context_unref(ctx);
	return 0;
}
