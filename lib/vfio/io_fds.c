/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of a region whose writes go by a descriptor: a snapshot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/files.h"
#include "vfio/handle.h"

#define FIND "find"

struct vgpu_io_fds {
	struct vg_ref ref;
	size_t count;
	struct vg_io_fd *items;
};

static void io_fds_free(struct vgpu_io_fds *fds)
{
	size_t i;

	for (i = 0; i < fds->count; i++)
		vg_close(fds->items[i].fd);
	free(fds->items);
	free(fds);
}

VG_DEFINE_REF(io_fds, io_fds_free)

static int fail(struct vgpu_vfio *vfio, const struct vgpu_region *region, int err)
{
	struct vg_failure failure = {.operation = FIND, .path = vfio->name, .err = err};
	char place[VG_PLACE_SIZE];

	vg_region_describe(vfio, region->index, 0, place);
	failure.value = place;
	switch (err) {
	case EPROTO:
		failure.cause = VGPU_CAUSE_BAD_DATA;
		return vg_fail(vfio->ctx, &failure, "%s: what the provider says of its descriptors makes no sense", place);
	case EINVAL:
	case ENOTTY:
	case EOPNOTSUPP:
		failure.err = EOPNOTSUPP;
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		return vg_fail(vfio->ctx, &failure, "%s has no descriptors to write by", place);
	default:
		return vg_fail(vfio->ctx, &failure, NULL);
	}
}

/* All parts inside the region? */
static int check(const struct vgpu_io_fds *fds, const struct vgpu_region *region)
{
	size_t i;

	for (i = 0; i < fds->count; i++)
		if (fds->items[i].offset > region->size || fds->items[i].size > region->size - fds->items[i].offset)
			return -EPROTO;
	return 0;
}

int vgpu_io_fds_find(struct vgpu_vfio *vfio, uint32_t index, struct vgpu_io_fds **out)
{
	struct vgpu_region *region;
	struct vgpu_io_fds *fds;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, FIND, vfio->name, "there is no place for the descriptors");
	r = vg_region_get(vfio, FIND, index, &region);
	if (r)
		return r;
	if (!vfio->place.ops)
		return fail(vfio, region, EOPNOTSUPP);
	fds = calloc(1, sizeof(*fds));
	if (!fds)
		return vg_fail_memory(vfio->ctx, FIND);
	vg_ref_init(&fds->ref);
	r = vfio->place.ops->io_fds(vfio->place.device, index, &fds->items);
	if (r >= 0) {
		fds->count = (size_t)r;
		r = check(fds, region);
	}
	if (r) {
		io_fds_free(fds);
		return vg_negative(fail(vfio, region, -r));
	}
	*out = fds;
	return 0;
}

size_t vgpu_io_fds_get_count(const struct vgpu_io_fds *fds)
{
	return fds->count;
}

int vgpu_io_fds_get(const struct vgpu_io_fds *fds, size_t i, struct vgpu_io_fd *out)
{
	const struct vg_io_fd *item;
	struct vgpu_io_fd known;

	if (i >= fds->count)
		return -ERANGE;
	if (!out || out->size < sizeof(out->size))
		return -EINVAL;
	item = &fds->items[i];
	known = (struct vgpu_io_fd){out->size, item->offset, item->size, item->fd, item->type, item->flags, item->data};
	if (out->size > sizeof(known)) /* a newer caller */
		memset((unsigned char *)out + sizeof(known), 0, out->size - sizeof(known));
	memcpy(out, &known, known.size < sizeof(known) ? known.size : sizeof(known));
	return 0;
}
