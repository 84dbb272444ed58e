/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of what a software GPU shows, taken while a virtual machine uses it: its provider is asked, and not the device
 * opened. For other vGPUs, open them and their display (vgpu/display.h).
 */
#ifndef VGPU_PICTURE_H
#define VGPU_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_picture;

/**
 * vgpu_picture_take() - copy what a plane shows now
 * @ctx: the context
 * @device: DEVICE
 * @type: enum vgpu_plane_type (vgpu/display.h)
 * @out: receives the picture, a new reference; untouched on failure
 *
 * The device draws meanwhile: a picture may be half of one frame and half of the next.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: a NULL argument, no such @type, or @device is no DEVICE (invalid);
 *  * -ENODEV: there is no such vGPU (no-such-device);
 *  * -EOPNOTSUPP: it is not a software GPU, has no display, or one that can't be reached from outside (unsupported);
 *  * -ENODATA: nothing is shown (not-ready);
 *  * -ETIMEDOUT: the provider has not answered in time; -ENOTCONN: its process is gone (gone);
 *  * -EPROTO: what it says makes no sense (bad-data); -EPERM, -EACCES, -ENOMEM, or another -errno of the provider.
 * Since: 0.1
 */
int vgpu_picture_take(struct vgpu_context *ctx, const char *device, uint32_t type, struct vgpu_picture **out);

/** vgpu_picture_ref() - take a reference to @picture (NULL is let through). Return: @picture. Since: 0.1 */
struct vgpu_picture *vgpu_picture_ref(struct vgpu_picture *picture);

/** vgpu_picture_unref() - drop a reference to @picture (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_picture *vgpu_picture_unref(struct vgpu_picture *picture);

/** vgpu_picture_get_format() - pixel format, a DRM fourcc code (vgpu/format.h); a known one. Since: 0.1 */
uint32_t vgpu_picture_get_format(const struct vgpu_picture *picture);

/** vgpu_picture_get_width() - width in pixels, not 0. Since: 0.1 */
uint32_t vgpu_picture_get_width(const struct vgpu_picture *picture);

/** vgpu_picture_get_height() - height in pixels, not 0. Since: 0.1 */
uint32_t vgpu_picture_get_height(const struct vgpu_picture *picture);

/** vgpu_picture_get_stride() - bytes from one row to the next, at least those of a row. Since: 0.1 */
uint32_t vgpu_picture_get_stride(const struct vgpu_picture *picture);

/** vgpu_picture_get_pixels() - the pixels (borrowed): all rows, of which the last may end with its pixels. Since: 0.1
 */
const void *vgpu_picture_get_pixels(const struct vgpu_picture *picture);

#ifdef __cplusplus
}
#endif
#endif
