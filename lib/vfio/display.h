/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays and dmabufs of an opened device, from within. */
#ifndef VG_VFIO_DISPLAY_H
#define VG_VFIO_DISPLAY_H

#include <pthread.h>

#include "vfio/handle.h"
#include "vfio/plane.h"

#define VG_PLANE_TYPES 2

struct vgpu_display {
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;    /* NULL: it is closed */
	struct vgpu_display *next; /* of the device's list; under the device's lock */
	uint32_t source;
	bool has_region;
	bool has_dmabuf;
	pthread_mutex_t lock;                    /* of last */
	struct vgpu_plane *last[VG_PLANE_TYPES]; /* what was said last, by type; NULL: nothing yet */
};

/* Fails with a record unless the display's device is open. */
int vg_display_check(struct vgpu_display *display, const char *operation);
/* The same, and the plane has a picture. */
int vg_display_check_picture(struct vgpu_display *display, const char *operation, const struct vgpu_plane *plane);
/* Makes the object of a descriptor, which it owns from then on. 0 or -ENOMEM, without a record. */
int vg_dmabuf_make(struct vgpu_context *ctx, const char *name, uint32_t id, int fd, struct vgpu_dmabuf **out);

#endif
