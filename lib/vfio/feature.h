/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VFIO_DEVICE_FEATURE: what a device can beyond the basics, asked and set. Functions return -errno, no record. */
#ifndef VG_VFIO_FEATURE_H
#define VG_VFIO_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vgpu_vfio;

/* No feature's data is larger. */
#define VG_FEATURE_DATA_MAX 64

/* Does the device have the feature, to get (or to set) it? methods: VFIO_DEVICE_FEATURE_GET or _SET or both. */
bool vg_feature_has(struct vgpu_vfio *vfio, uint32_t feature, uint32_t methods);
/*
 * data[size] goes to the driver and, on success, comes back from it. 0, -ENOTTY or -EINVAL (the kernel or the driver
 * does not know the feature), or another -errno of the driver.
 */
int vg_feature_get(struct vgpu_vfio *vfio, uint32_t feature, void *data, size_t size);
int vg_feature_set(struct vgpu_vfio *vfio, uint32_t feature, void *data, size_t size);

#endif
