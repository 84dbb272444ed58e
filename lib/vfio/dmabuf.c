/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dmabufs of planes. The device keeps them by id: drivers are asked for each once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/display.h"

#define FIND "find"
/*
 * So many are kept that nobody else holds, lest a guest uses up our descriptors. It is far more than a guest shows in
 * turn, since mbochs must not be asked again for one that was closed either: it drops its pages once more.
 */
#define KEPT 64

struct vgpu_dmabuf {
	struct vg_ref ref;
	struct vgpu_context *ctx;
	struct vgpu_dmabuf *next; /* of the device's list, the latest first; under its lock */
	uint32_t id;
	int fd;
	char name[]; /* of the device */
};

static void dmabuf_free(struct vgpu_dmabuf *dmabuf)
{
	if (dmabuf->fd >= 0)
		vg_close(dmabuf->fd);
	vgpu_context_unref(dmabuf->ctx);
	free(dmabuf);
}

VG_DEFINE_REF(dmabuf, dmabuf_free)

int vg_dmabuf_make(struct vgpu_context *ctx, const char *name, uint32_t id, int fd, struct vgpu_dmabuf **out)
{
	size_t length = strlen(name) + 1;
	struct vgpu_dmabuf *dmabuf = calloc(1, sizeof(*dmabuf) + length);

	if (!dmabuf)
		return -ENOMEM;
	vg_ref_init(&dmabuf->ref);
	dmabuf->ctx = vgpu_context_ref(ctx);
	dmabuf->id = id;
	dmabuf->fd = fd;
	memcpy(dmabuf->name, name, length);
	*out = dmabuf;
	return 0;
}

static int fail_find(struct vgpu_vfio *vfio, uint32_t id, int err)
{
	struct vg_failure failure = {.operation = FIND, .path = vfio->name, .err = err};
	char number[24];

	vg_strf(number, sizeof(number), "dmabuf %u", id);
	failure.value = number;
	if (err == ENOENT) {
		failure.cause = VGPU_CAUSE_GONE;
		failure.hint = "ask what the plane shows now";
		return vg_fail(vfio->ctx, &failure, "the driver has no dmabuf %u any more", id);
	}
	if (err == EINVAL)
		failure.cause = VGPU_CAUSE_REFUSED;
	return vg_fail(vfio->ctx, &failure, "the driver does not give its dmabuf %u: %s", id,
				   strerrordesc_np(err) ?: "unknown error");
}

/* The driver's descriptor comes without close-on-exec, and may be one of the standard three. */
static int ask(struct vgpu_vfio *vfio, uint32_t id)
{
	int fd = vg_device_control(vfio, VFIO_DEVICE_GET_GFX_DMABUF, &id), copy;

	if (fd < 0)
		return fd;
	copy = vg_dup_fd(fd);
	if (copy == -EBADF) /* it is none: nothing to close */
		return -EPROTO;
	vg_close(fd);
	return copy;
}

/* Lets go of the oldest that nobody else has. */
static void trim(struct vgpu_vfio *vfio)
{
	struct vgpu_dmabuf **at = &vfio->dmabufs;
	size_t spare = 0;

	while (*at) {
		struct vgpu_dmabuf *dmabuf = *at;
		bool is_held = atomic_load_explicit(&dmabuf->ref.count, memory_order_acquire) > 1;

		if (is_held || ++spare <= KEPT) {
			at = &dmabuf->next;
			continue;
		}
		*at = dmabuf->next;
		vgpu_dmabuf_unref(dmabuf);
	}
}

/* The one with this id, moved to the front; NULL: it is not kept. */
static struct vgpu_dmabuf *find_kept(struct vgpu_vfio *vfio, uint32_t id)
{
	struct vgpu_dmabuf **at = &vfio->dmabufs, *dmabuf;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	dmabuf = *at;
	if (!dmabuf)
		return NULL;
	*at = dmabuf->next;
	dmabuf->next = vfio->dmabufs;
	vfio->dmabufs = dmabuf;
	return dmabuf;
}

/* A reference of the list's; the caller holds the lock. */
static int find(struct vgpu_vfio *vfio, uint32_t id, struct vgpu_dmabuf **out)
{
	struct vgpu_dmabuf *dmabuf = find_kept(vfio, id);
	int fd;

	if (!dmabuf) {
		/* first the memory: a descriptor that there is no room for would have to be closed, and asked for again */
		if (vg_dmabuf_make(vfio->ctx, vfio->name, id, -1, &dmabuf))
			return vg_fail_memory(vfio->ctx, FIND);
		fd = ask(vfio, id);
		if (fd < 0) {
			vgpu_dmabuf_unref(dmabuf);
			return fail_find(vfio, id, -fd);
		}
		dmabuf->fd = fd;
		dmabuf->next = vfio->dmabufs;
		vfio->dmabufs = dmabuf;
	}
	*out = vgpu_dmabuf_ref(dmabuf);
	trim(vfio);
	return 0;
}

int vgpu_dmabuf_find(struct vgpu_display *display, const struct vgpu_plane *plane, struct vgpu_dmabuf **out)
{
	int r;

	if (!display)
		return -EINVAL;
	if (!plane || !out)
		return vg_fail_invalid(display->ctx, FIND, NULL, "no plane is given, or there is no place for its dmabuf");
	r = vg_display_check_picture(display, FIND, plane);
	if (r)
		return r;
	if (plane->facts.source != VGPU_DISPLAY_DMABUF)
		return vg_fail_invalid(display->ctx, FIND, display->vfio->name, "the plane lies in a region, not in a dmabuf");
	pthread_mutex_lock(&display->vfio->dmabufs_lock);
	r = find(display->vfio, plane->facts.place, out);
	pthread_mutex_unlock(&display->vfio->dmabufs_lock);
	return r;
}

void vg_dmabufs_free(struct vgpu_vfio *vfio)
{
	struct vgpu_dmabuf *dmabuf, *next;

	for (dmabuf = vfio->dmabufs; dmabuf; dmabuf = next) {
		next = dmabuf->next;
		vgpu_dmabuf_unref(dmabuf);
	}
}

int vgpu_dmabuf_get_fd(const struct vgpu_dmabuf *dmabuf)
{
	return dmabuf->fd;
}

uint32_t vgpu_dmabuf_get_id(const struct vgpu_dmabuf *dmabuf)
{
	return dmabuf->id;
}

static int cpu_access(struct vgpu_dmabuf *dmabuf, const char *operation, bool begin)
{
	int r = dmabuf ? vg_dmabuf_sync(dmabuf->fd, begin) : 0;

	return r ? vg_fail_errno(dmabuf->ctx, operation, dmabuf->name, -r) : 0;
}

int vgpu_dmabuf_start(struct vgpu_dmabuf *dmabuf)
{
	return cpu_access(dmabuf, "start", true);
}

int vgpu_dmabuf_stop(struct vgpu_dmabuf *dmabuf)
{
	return cpu_access(dmabuf, "stop", false);
}
