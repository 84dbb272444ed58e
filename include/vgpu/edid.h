/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EDID: what monitor a device believes to be connected to it, and making such descriptions.
 *
 * A device that offers this has a region for it. Changing the EDID makes its driver in the guest offer another
 * resolution.
 */
#ifndef VGPU_EDID_H
#define VGPU_EDID_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_edid;
struct vgpu_vfio;

/** Size in bytes of an EDID without extensions, and of each extension. */
#define VGPU_EDID_BLOCK_SIZE 128

/** Is a monitor connected? The kernel's VFIO_DEVICE_GFX_LINK_STATE_*. */
enum vgpu_link { VGPU_LINK_UNKNOWN = 0, VGPU_LINK_UP = 1, VGPU_LINK_DOWN = 2 };

/**
 * vgpu_edid_find() - read the EDID of a device, its limits, and whether a monitor is connected
 * @vfio: the device
 * @out: receives a snapshot, a new reference; untouched on failure
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: a NULL argument (invalid);
 *  * -EOPNOTSUPP: the device has no EDID region (unsupported);
 *  * -EPROTO: what the region says makes no sense (bad-data);
 *  * -ENODEV: the device is gone; -ENOMEM; or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_edid_find(struct vgpu_vfio *vfio, struct vgpu_edid **out);

/** vgpu_edid_ref() - take a reference to @edid (NULL is let through). Return: @edid. Since: 0.1 */
struct vgpu_edid *vgpu_edid_ref(struct vgpu_edid *edid);

/** vgpu_edid_unref() - drop a reference to @edid (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_edid *vgpu_edid_unref(struct vgpu_edid *edid);

/* Getters of an EDID: no I/O, no failure. */

/** vgpu_edid_get_region() - index of the EDID region. Since: 0.1 */
uint32_t vgpu_edid_get_region(const struct vgpu_edid *edid);

/** vgpu_edid_get_link() - is a monitor connected? UNKNOWN: nobody has said yet. Since: 0.1 */
enum vgpu_link vgpu_edid_get_link(const struct vgpu_edid *edid);

/** vgpu_edid_get_max_width() - the most pixels in a row that the device can show; 0: no limit. Since: 0.1 */
uint32_t vgpu_edid_get_max_width(const struct vgpu_edid *edid);

/** vgpu_edid_get_max_height() - the most rows that the device can show; 0: no limit. Since: 0.1 */
uint32_t vgpu_edid_get_max_height(const struct vgpu_edid *edid);

/** vgpu_edid_get_max_size() - the largest EDID that the device takes, in bytes. Since: 0.1 */
uint32_t vgpu_edid_get_max_size(const struct vgpu_edid *edid);

/** vgpu_edid_get_blob() - the EDID's bytes (borrowed from @edid), unchecked; NULL: there is none. Since: 0.1 */
const void *vgpu_edid_get_blob(const struct vgpu_edid *edid);

/** vgpu_edid_get_blob_size() - their number; 0: there is none. Since: 0.1 */
size_t vgpu_edid_get_blob_size(const struct vgpu_edid *edid);

/**
 * struct vgpu_edid_set_opts - how to set an EDID
 * @size: sizeof(struct vgpu_edid_set_opts)
 * @flags: VGPU_EDID_LEAVE_DOWN or 0
 * @wait_ms: how long the link is down, in milliseconds; 0: 100. A guest that finds the link up again before it saw
 *           it down may not read the new EDID.
 */
struct vgpu_edid_set_opts {
	size_t size;
	uint32_t flags;
	uint32_t wait_ms;
};

/** Do not wait, and leave the link down: the caller takes it up by vgpu_edid_set_link(), by a timer of its own. */
#define VGPU_EDID_LEAVE_DOWN (1u << 0)

/**
 * vgpu_edid_set() - give a device another EDID
 * @vfio: the device
 * @blob: the EDID; borrowed
 * @size: its size in bytes
 * @opts: how, or NULL
 *
 * Checks the EDID, takes the link down, writes size and bytes, sleeps, and takes the link up. Other threads can read
 * and set the EDID during the sleep.
 *
 * Return: 0, or
 *  * -EINVAL: a NULL argument, an option that makes no sense, or no EDID (invalid): see vgpu_edid_check();
 *  * -ERANGE: the EDID is larger than the device takes, or its first block has a detailed timing larger than the device
 *    can show (out-of-range); nothing was changed;
 *  * -EIO: the device does not keep what is written (lost): the link is down now. So it is after any failure of the
 *    driver once the link was taken down, with the cause lost;
 *  * or as vgpu_edid_find().
 * Since: 0.1
 */
int vgpu_edid_set(struct vgpu_vfio *vfio, const void *blob, size_t size, const struct vgpu_edid_set_opts *opts);

/**
 * vgpu_edid_set_link() - say that a monitor is connected, or is not
 * @vfio: the device
 * @link: VGPU_LINK_UP or VGPU_LINK_DOWN
 *
 * Return: 0, or as vgpu_edid_find(); -EINVAL: there is no such state (invalid).
 * Since: 0.1
 */
int vgpu_edid_set_link(struct vgpu_vfio *vfio, enum vgpu_link link);

/**
 * struct vgpu_edid_mode - a mode, and the monitor that prefers it
 * @size: sizeof(struct vgpu_edid_mode)
 * @width: pixels in a row, 1 to 4095
 * @height: rows, 1 to 4095
 * @refresh_mhz: pictures in 1000 seconds (millihertz); 0: 60000
 * @width_mm: width of the monitor in millimetres, up to 2550; 0: that of 96 pixels an inch
 * @height_mm: height of the monitor in millimetres, up to 2550; 0: that of 96 pixels an inch
 * @name: the monitor's name, up to 13 printable ASCII characters; NULL: "libvgpu"
 */
struct vgpu_edid_mode {
	size_t size;
	uint32_t width;
	uint32_t height;
	uint32_t refresh_mhz;
	uint32_t width_mm;
	uint32_t height_mm;
	const char *name;
};

/**
 * vgpu_edid_make() - make the EDID of a monitor that prefers one mode
 * @ctx: the context
 * @mode: the mode
 * @out: receives VGPU_EDID_BLOCK_SIZE bytes; untouched on failure
 *
 * EDID 1.4: a digital monitor with the mode's detailed timing (reduced blanking as in VESA's CVT), a range of
 * frequencies, a name, and the smaller ones of 640x480, 800x600 and 1024x768 as established timings. The same mode
 * makes the same bytes. No I/O.
 *
 * Return: 0, or
 *  * -EINVAL: a NULL argument, or a name that can't be told (invalid);
 *  * -ERANGE: a number of the mode is not what an EDID can tell: 1 to 4095 pixels, 1 to 510 pictures and up to
 *    510000 lines a second, 10 to 655.35 MHz (out-of-range);
 *  * -E2BIG.
 * Since: 0.1
 */
int vgpu_edid_make(struct vgpu_context *ctx, const struct vgpu_edid_mode *mode, void *out);

/**
 * vgpu_edid_check() - is this an EDID?
 * @ctx: the context
 * @blob: bytes; borrowed
 * @size: their number
 *
 * Checks header, version, size, the number of extensions, and the sum of each block. No I/O.
 *
 * Return: 0, or -EINVAL: the message says what is wrong (invalid).
 * Since: 0.1
 */
int vgpu_edid_check(struct vgpu_context *ctx, const void *blob, size_t size);

/**
 * vgpu_edid_read_mode() - the mode that an EDID prefers
 * @blob: the EDID; borrowed
 * @size: its size in bytes
 * @width: receives the pixels in a row
 * @height: receives the rows
 * @refresh_mhz: receives the pictures in 1000 seconds (millihertz)
 *
 * Return: 0, or -ENOENT: it has none, or is none; all are untouched then. No error record.
 * Since: 0.1
 */
int vgpu_edid_read_mode(const void *blob, size_t size, uint32_t *width, uint32_t *height, uint32_t *refresh_mhz);

#ifdef __cplusplus
}
#endif
#endif
