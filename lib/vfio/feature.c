/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VFIO_DEVICE_FEATURE. */
#include "vfio/feature.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

#include "vfio/handle.h"

/* struct vfio_device_feature, with room for its data. */
struct request {
	uint32_t argsz;
	uint32_t flags;
	uint64_t data[VG_FEATURE_DATA_MAX / sizeof(uint64_t)];
};

static int ask(struct vgpu_vfio *vfio, uint32_t flags, void *data, size_t size)
{
	struct request request;
	int r;

	_Static_assert(offsetof(struct request, flags) == offsetof(struct vfio_device_feature, flags) &&
					   offsetof(struct request, data) == offsetof(struct vfio_device_feature, data),
				   "as the kernel's");
	if (size > sizeof(request.data))
		return -E2BIG;
	memset(&request, 0, sizeof(request));
	request.argsz = (uint32_t)(offsetof(struct request, data) + size);
	request.flags = flags;
	if (size)
		memcpy(request.data, data, size);
	r = vg_device_control(vfio, VFIO_DEVICE_FEATURE, &request);
	if (r >= 0 && size)
		memcpy(data, request.data, size);
	return r < 0 ? r : 0;
}

bool vg_feature_has(struct vgpu_vfio *vfio, uint32_t feature, uint32_t methods)
{
	return ask(vfio, VFIO_DEVICE_FEATURE_PROBE | methods | feature, NULL, 0) == 0;
}

int vg_feature_get(struct vgpu_vfio *vfio, uint32_t feature, void *data, size_t size)
{
	return ask(vfio, VFIO_DEVICE_FEATURE_GET | feature, data, size);
}

int vg_feature_set(struct vgpu_vfio *vfio, uint32_t feature, void *data, size_t size)
{
	return ask(vfio, VFIO_DEVICE_FEATURE_SET | feature, data, size);
}
