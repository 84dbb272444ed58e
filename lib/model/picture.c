/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures of what software GPUs show. */
#include "model/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <vgpu/format.h>

#include "model/backend_ops.h"
#include "model/remote.h"
#include "model/snapshot.h"

#define SIDE_MAX 16384u
#define STRIDE_MAX (16384u * 16)

static const char operation[] = "take a picture";

static void picture_free(struct vgpu_picture *picture)
{
	free(picture->pixels);
	free(picture);
}

VG_DEFINE_REF(picture, picture_free)

int vg_picture_measure(struct vgpu_picture *picture)
{
	const size_t row = (size_t)picture->width * vgpu_format_get_pixel_size(picture->format);

	if (!row || !picture->height || picture->width > SIDE_MAX || picture->height > SIDE_MAX || picture->stride < row ||
		picture->stride > STRIDE_MAX)
		return -EPROTO;
	picture->size = (size_t)picture->stride * (picture->height - 1) + row;
	return 0;
}

int vgpu_picture_take(struct vgpu_context *ctx, const char *text, uint32_t type, struct vgpu_picture **out)
{
	const struct vg_remote_ops *remote;
	struct vgpu_device *device;
	int r;

	if (!ctx || !text || !out)
		return -EINVAL;
	if (type < 1 || type > 2)
		return vg_fail_invalid(ctx, operation, "type", "there is no such plane");
	r = vg_snapshot_read(ctx, operation, text, &device);
	if (r)
		return r;
	remote = vg_remote_of(device);
	if (remote)
		r = remote->take_picture(ctx, device, type, out);
	else
		r = vg_fail(ctx,
					&(struct vg_failure){.operation = operation,
										 .path = device->name,
										 .err = EOPNOTSUPP,
										 .cause = VGPU_CAUSE_UNSUPPORTED,
										 .hint = "open it, and its display"},
					"it is not a software GPU");
	vgpu_device_unref(device);
	return r;
}

uint32_t vgpu_picture_get_format(const struct vgpu_picture *picture)
{
	return picture->format;
}

uint32_t vgpu_picture_get_width(const struct vgpu_picture *picture)
{
	return picture->width;
}

uint32_t vgpu_picture_get_height(const struct vgpu_picture *picture)
{
	return picture->height;
}

uint32_t vgpu_picture_get_stride(const struct vgpu_picture *picture)
{
	return picture->stride;
}

const void *vgpu_picture_get_pixels(const struct vgpu_picture *picture)
{
	return picture->pixels;
}
