/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture of an opened device: its display, the planes that it shows, and their pixels.
 *
 * A caller asks for a plane once a frame. As long as nothing changed it gets the same object again, and what it has
 * mapped, or imported, goes on to show the picture.
 */
#ifndef VGPU_DISPLAY_H
#define VGPU_DISPLAY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_vfio;
struct vgpu_mapping;
struct vgpu_display;
struct vgpu_plane;
struct vgpu_dmabuf;

/** Where the pixels of a display lie. */
enum vgpu_display_source {
	VGPU_DISPLAY_AUTO = 0, /* REGION where the device has it, else DMABUF */
	VGPU_DISPLAY_REGION,   /* in a region of the device */
	VGPU_DISPLAY_DMABUF    /* in dmabufs, which a GPU can show without a copy */
};

/** Types of planes, the kernel's DRM_PLANE_TYPE_*. */
enum vgpu_plane_type { VGPU_PLANE_PRIMARY = 1, VGPU_PLANE_CURSOR = 2 };

/**
 * struct vgpu_display_opts - how to open a display
 * @size: sizeof(struct vgpu_display_opts)
 * @source: enum vgpu_display_source
 */
struct vgpu_display_opts {
	size_t size;
	uint32_t source;
};

/**
 * vgpu_display_open() - open the display of a device
 * @vfio: the device; it may be closed before the display is, whose calls then fail with -ENODEV
 * @opts: how, or NULL
 * @out: receives the display; untouched on failure; close it with vgpu_display_close()
 *
 * Asks the driver which sources it has. Several displays of one device do not know of each other's frames.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: a NULL argument, or an option that makes no sense (invalid);
 *  * -EOPNOTSUPP: the driver offers no planes, or not from this source (unsupported). A provider over vfio-user offers
 *    none in dmabufs, and none at all where it has no display or does not know libvgpu-vfio-user(7);
 *  * -ENODEV: the device is gone; -ETIMEDOUT, -EPROTO: its vfio-user server does not answer, or not with sense;
 *    -E2BIG; -ENOMEM.
 * Since: 0.1
 */
int vgpu_display_open(struct vgpu_vfio *vfio, const struct vgpu_display_opts *opts, struct vgpu_display **out);

/**
 * vgpu_display_close() - close a display
 * @display: the display, or NULL
 *
 * Planes, mappings and dmabufs stay as they are. No other call on @display may be running.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_display *vgpu_display_close(struct vgpu_display *display);

/** vgpu_display_get_source() - VGPU_DISPLAY_REGION or VGPU_DISPLAY_DMABUF, what it was opened with. Since: 0.1 */
enum vgpu_display_source vgpu_display_get_source(const struct vgpu_display *display);

/** vgpu_display_has_region() - 1 if the driver has planes in regions. Since: 0.1 */
int vgpu_display_has_region(const struct vgpu_display *display);

/** vgpu_display_has_dmabuf() - 1 if the driver has planes in dmabufs. Since: 0.1 */
int vgpu_display_has_dmabuf(const struct vgpu_display *display);

/**
 * vgpu_plane_find() - ask what a plane shows now
 * @display: the display
 * @type: which plane
 * @out: receives a snapshot, a new reference; untouched on failure
 *
 * One system call, or one message to a vfio-user server, where nothing changed since this display's last call for
 * @type: then @out receives the same object as that did, and no memory is allocated. A plane that the driver does not
 * show now is a success too: see vgpu_plane_has_picture(). Some drivers (mdpy) answer with the primary plane whatever
 * the type.
 *
 * Return: 1 if the plane is another than at the last call (and at the first), 0 if it is the same; or
 *  * -EINVAL: a NULL argument, or no such type (invalid); or the driver refuses the type (refused);
 *  * -EPROTO: what the driver says makes no sense, such as rows that do not fit into the plane's size, or a plane
 *    that does not fit into its region (bad-data);
 *  * -ENODEV: the device is gone or closed; -ETIMEDOUT: its vfio-user server does not answer; -ENOMEM; or another
 *    -errno of the driver.
 * Since: 0.1
 */
int vgpu_plane_find(struct vgpu_display *display, enum vgpu_plane_type type, struct vgpu_plane **out);

/** vgpu_plane_ref() - take a reference to @plane (NULL is let through). Return: @plane. Since: 0.1 */
struct vgpu_plane *vgpu_plane_ref(struct vgpu_plane *plane);

/** vgpu_plane_unref() - drop a reference to @plane (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_plane *vgpu_plane_unref(struct vgpu_plane *plane);

/* Getters of a plane: no I/O, no failure. */

/** vgpu_plane_has_picture() - 0 where there is no picture (yet): no mode is set. Then numbers are 0. Since: 0.1 */
int vgpu_plane_has_picture(const struct vgpu_plane *plane);

/** vgpu_plane_get_type() - which plane it is. Since: 0.1 */
enum vgpu_plane_type vgpu_plane_get_type(const struct vgpu_plane *plane);

/** vgpu_plane_get_format() - pixel format, a DRM fourcc code (vgpu/format.h). Since: 0.1 */
uint32_t vgpu_plane_get_format(const struct vgpu_plane *plane);

/** vgpu_plane_get_modifier() - how pixels are laid out, a DRM format modifier; 0: linear. Since: 0.1 */
uint64_t vgpu_plane_get_modifier(const struct vgpu_plane *plane);

/** vgpu_plane_get_width() - width in pixels. Since: 0.1 */
uint32_t vgpu_plane_get_width(const struct vgpu_plane *plane);

/** vgpu_plane_get_height() - height in pixels. Since: 0.1 */
uint32_t vgpu_plane_get_height(const struct vgpu_plane *plane);

/** vgpu_plane_get_stride() - bytes from one row to the next. Since: 0.1 */
uint32_t vgpu_plane_get_stride(const struct vgpu_plane *plane);

/** vgpu_plane_get_size() - size of the plane in bytes; rows of a linear one were checked to fit. Since: 0.1 */
uint32_t vgpu_plane_get_size(const struct vgpu_plane *plane);

/** vgpu_plane_get_x() - horizontal position on the screen, of a cursor, as the driver says it. Since: 0.1 */
uint32_t vgpu_plane_get_x(const struct vgpu_plane *plane);

/** vgpu_plane_get_y() - vertical position on the screen, of a cursor, as the driver says it. Since: 0.1 */
uint32_t vgpu_plane_get_y(const struct vgpu_plane *plane);

/** vgpu_plane_get_hot_x() - horizontal place of the hot spot in a cursor; -1: unknown. Since: 0.1 */
int64_t vgpu_plane_get_hot_x(const struct vgpu_plane *plane);

/** vgpu_plane_get_hot_y() - vertical place of the hot spot in a cursor; -1: unknown. Since: 0.1 */
int64_t vgpu_plane_get_hot_y(const struct vgpu_plane *plane);

/** vgpu_plane_get_region() - index of the region that it lies in; -1: it lies in a dmabuf. Since: 0.1 */
int64_t vgpu_plane_get_region(const struct vgpu_plane *plane);

/** vgpu_plane_get_offset() - where in its region it starts, in bytes: 0 for the kernel's devices. Since: 0.1 */
uint64_t vgpu_plane_get_offset(const struct vgpu_plane *plane);

/** vgpu_plane_get_dmabuf_id() - the driver's id of its dmabuf; -1: it lies in a region. Since: 0.1 */
int64_t vgpu_plane_get_dmabuf_id(const struct vgpu_plane *plane);

/**
 * vgpu_plane_map() - map the pixels of a plane to read them
 * @display: the display that @plane is of
 * @plane: a plane with a picture
 * @out: receives the mapping, of the plane's size, from its first pixel on; untouched on failure; free it with
 *       vgpu_mapping_unmap()
 * @dmabuf: receives the dmabuf, a new reference, of a plane that lies in one, else NULL; also where the mapping fails
 *          with -EOPNOTSUPP; untouched on any other failure; NULL: not wanted
 *
 * Map a plane once, and read it as long as vgpu_plane_find() gives the same: the mapping shows each new frame. The
 * device draws meanwhile. Around reading a dmabuf's pixels call vgpu_dmabuf_start() and vgpu_dmabuf_stop(). What
 * vgpu/region.h says of loads from a mapping when the device goes holds here too.
 *
 * Return: 0, or
 *  * -EINVAL: a NULL argument (invalid);
 *  * -ENODATA: the plane has no picture (not-ready);
 *  * -EOPNOTSUPP: its pixels do not lie in rows, or its region or dmabuf can't be mapped (not-mappable): those in a
 *    region can be read, by vgpu_region_read();
 *  * -ENODEV: the device is gone or closed; or as vgpu_region_map() or vgpu_dmabuf_find().
 * Since: 0.1
 */
int vgpu_plane_map(struct vgpu_display *display, const struct vgpu_plane *plane, struct vgpu_mapping **out,
				   struct vgpu_dmabuf **dmabuf);

/**
 * vgpu_dmabuf_find() - get the dmabuf of a plane
 * @display: the display that @plane is of
 * @plane: a plane that lies in a dmabuf
 * @out: receives the dmabuf, a new reference; untouched on failure
 *
 * The driver is asked for each dmabuf once: the opened device keeps the latest 64, and all that somebody has a
 * reference to, by their ids. The kernel's mbochs miscounts where one is asked for twice. So keep the reference as long
 * as a duplicate of the descriptor is open, and drop it before the vGPU is destroyed.
 *
 * Return: 0, or
 *  * -EINVAL: a NULL argument, or the plane lies in a region (invalid); or the driver refuses it (refused);
 *  * -ENODATA: the plane has no picture (not-ready);
 *  * -ENOENT: the dmabuf is not there any more: ask for the plane anew (gone);
 *  * -ENODEV: the device is gone or closed; -EMFILE, -ENFILE, -ENOMEM, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_dmabuf_find(struct vgpu_display *display, const struct vgpu_plane *plane, struct vgpu_dmabuf **out);

/** vgpu_dmabuf_ref() - take a reference to @dmabuf (NULL is let through). Return: @dmabuf. Since: 0.1 */
struct vgpu_dmabuf *vgpu_dmabuf_ref(struct vgpu_dmabuf *dmabuf);

/** vgpu_dmabuf_unref() - drop a reference to @dmabuf (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_dmabuf *vgpu_dmabuf_unref(struct vgpu_dmabuf *dmabuf);

/**
 * vgpu_dmabuf_get_fd() - its descriptor
 * @dmabuf: the dmabuf
 *
 * Return: the descriptor, borrowed: it is closed with the last reference; close-on-exec. The kernel makes it without
 * close-on-exec, which is set at once: a program that execs from another thread meanwhile may leak it.
 * Since: 0.1
 */
int vgpu_dmabuf_get_fd(const struct vgpu_dmabuf *dmabuf);

/** vgpu_dmabuf_get_id() - the driver's id. Since: 0.1 */
uint32_t vgpu_dmabuf_get_id(const struct vgpu_dmabuf *dmabuf);

/**
 * vgpu_dmabuf_start() - begin to read mapped pixels of a dmabuf
 * @dmabuf: the dmabuf; NULL, what vgpu_plane_map() gives for a plane in a region: nothing needs to be done
 *
 * Waits until the device has drawn what it is drawing, and makes caches agree.
 *
 * Return: 0, or an -errno of the kernel.
 * Since: 0.1
 */
int vgpu_dmabuf_start(struct vgpu_dmabuf *dmabuf);

/** vgpu_dmabuf_stop() - end what vgpu_dmabuf_start() began. Return: 0, or an -errno of the kernel. Since: 0.1 */
int vgpu_dmabuf_stop(struct vgpu_dmabuf *dmabuf);

#ifdef __cplusplus
}
#endif
#endif
