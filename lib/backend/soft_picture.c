/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software GPUs: pictures, out of the memory that their providers hand over. */
#include <errno.h>
#include <stdlib.h>

#include "backend/soft.h"
#include "model/picture.h"
#include "sys/devio.h"
#include "sys/files.h"
#include "sys/memory.h"

static const char operation[] = "take a picture";

/* What a provider says of a plane. 0, -ENODATA (nothing is shown), or -EPROTO. */
static int read_plane(struct json_object *plane, struct vgpu_picture *picture, uint64_t *offset)
{
	const int64_t length = vg_json_number(plane, "length", 1, INT64_MAX, 0);

	if (!plane)
		return -EPROTO;
	picture->format = (uint32_t)vg_json_number(plane, "format", 0, UINT32_MAX, 0);
	if (!picture->format)
		return -ENODATA;
	picture->width = (uint32_t)vg_json_number(plane, "width", 1, UINT32_MAX, 0);
	picture->height = (uint32_t)vg_json_number(plane, "height", 1, UINT32_MAX, 0);
	picture->stride = (uint32_t)vg_json_number(plane, "stride", 1, UINT32_MAX, 0);
	*offset = (uint64_t)vg_json_number(plane, "offset", 0, INT64_MAX, 0);
	if (vg_picture_measure(picture) || (uint64_t)length < picture->size)
		return -EPROTO;
	return 0;
}

/* Only what is memory is read: anything else could keep us waiting. */
static int copy(int fd, uint64_t offset, struct vgpu_picture *picture)
{
	struct vg_memory_kind kind;
	size_t done = 0;
	ssize_t n;
	int r = fd < 0 ? -EPROTO : vg_memory_look(fd, &kind);

	if (r)
		return r;
	if (!kind.is_memory)
		return -EOPNOTSUPP;
	if (offset > kind.size || picture->size > kind.size - offset)
		return -EPROTO;
	picture->pixels = malloc(picture->size);
	if (!picture->pixels)
		return -ENOMEM;
	for (; done < picture->size; done += (size_t)n) {
		n = vg_pread(fd, (char *)picture->pixels + done, picture->size - done, offset + done);
		if (n <= 0)
			return n < 0 ? (int)n : -EPROTO; /* it has been cut off meanwhile */
	}
	return 0;
}

static int fail(struct vgpu_context *ctx, const struct vgpu_device *device, int err)
{
	struct vg_failure failure = {.operation = operation, .path = device->name, .err = err};

	switch (err) {
	case EPROTO:
		return vg_soft_fail_bad(ctx, operation, device->control);
	case ENODATA:
		failure.cause = VGPU_CAUSE_NOT_READY;
		failure.hint = "no mode is set: the guest's driver does that";
		return vg_fail(ctx, &failure, "it shows nothing");
	case EOPNOTSUPP:
		return vg_fail(ctx, &failure, "its pixels lie in something that is not memory");
	default:
		return vg_fail(ctx, &failure, NULL);
	}
}

int vg_soft_take_picture(struct vgpu_context *ctx, const struct vgpu_device *device, uint32_t type,
						 struct vgpu_picture **out)
{
	const struct vg_control_at at = {device->control, device->control_uid};
	struct json_object *reply, *request = vg_control_request("plane");
	struct vgpu_picture *picture = calloc(1, sizeof(*picture));
	uint64_t offset = 0;
	int r = picture && request ? vg_json_add_text(request, "vgpu", device->name) : -ENOMEM, fd = -1;

	if (r == 0)
		r = vg_json_add_number(request, "plane", type);
	if (r) {
		json_object_put(request);
		free(picture);
		return vg_fail_memory(ctx, operation);
	}
	vg_ref_init(&picture->ref);
	r = vg_control_call(ctx, operation, &at, request, vg_now_ms() + VG_SOFT_READ_MS, &reply, &fd);
	if (r == 0) {
		r = read_plane(vg_json_object(reply, "plane"), picture, &offset);
		if (r == 0)
			r = copy(fd, offset, picture);
		if (r)
			fail(ctx, device, -r);
		vg_close(fd);
		json_object_put(reply);
	}
	if (r == 0)
		*out = picture;
	else
		vgpu_picture_unref(picture);
	return r;
}
