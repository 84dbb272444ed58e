/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The EDID region of a device. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/edid.h>

#include "sys/files.h"
#include "vfio/edid_blob.h"
#include "vfio/handle.h"

#define FIND "find"
#define SET "set"
/* Regions beyond the number that the driver states are looked at up to here. */
#define REGIONS_MIN 32
/* The first block and 255 extensions. */
#define SIZE_MAX_EVER 32768
#define WAIT_MS 100

struct vgpu_edid {
	struct vg_ref ref;
	struct vfio_region_gfx_edid regs;
	uint32_t region;
	uint32_t size; /* of blob */
	unsigned char blob[];
};

static void edid_free(struct vgpu_edid *edid)
{
	free(edid);
}

VG_DEFINE_REF(edid, edid_free)

static bool is_edid(const struct vgpu_region *region)
{
	return region->type == VGPU_REGION_TYPE_GFX && region->subtype == VGPU_REGION_SUBTYPE_GFX_EDID;
}

static int fail_place(struct vgpu_vfio *vfio, const char *operation, const struct vgpu_region *region, const char *why)
{
	return vg_fail(
		vfio->ctx,
		&(struct vg_failure){.operation = operation, .path = vfio->name, .err = EPROTO, .cause = VGPU_CAUSE_BAD_DATA},
		"what its driver says of the EDID's bytes in region %u makes no sense: %s", region->index, why);
}

/* Looks at every region that is not one of PCI's own. */
static int search(struct vgpu_vfio *vfio, const char *operation, struct vgpu_region **out)
{
	uint32_t end = vfio->num_regions > REGIONS_MIN ? vfio->num_regions : REGIONS_MIN;
	uint32_t i = vfio->flags & VGPU_VFIO_FLAG_PCI ? VGPU_REGION_VGA + 1 : 0;

	for (; i < end; i++) {
		int r = vg_region_get(vfio, operation, i, out);

		if (r == -ENOMEM || r == -ENODEV)
			return r;
		if (r == 0 && is_edid(*out))
			return 0;
	}
	return vg_fail(vfio->ctx,
				   &(struct vg_failure){
					   .operation = operation, .path = vfio->name, .err = EOPNOTSUPP, .cause = VGPU_CAUSE_UNSUPPORTED},
				   "its driver takes no EDID: it has no region for it");
}

/* The caller holds edid_lock, here and below. */
static int find_region(struct vgpu_vfio *vfio, const char *operation, struct vgpu_region **out)
{
	int r = vfio->edid_index ? vg_region_get(vfio, operation, vfio->edid_index - 1, out) : search(vfio, operation, out);

	if (r)
		return r;
	if ((*out)->size < sizeof(struct vfio_region_gfx_edid))
		return fail_place(vfio, operation, *out, "there is no room for them");
	vfio->edid_index = (*out)->index + 1;
	return 0;
}

/* One register; they are all of 4 bytes, and mbochs answers no other access. */
static int read_register(struct vgpu_vfio *vfio, const struct vgpu_region *region, size_t at, uint32_t *out)
{
	uint64_t value;
	int r = vgpu_region_read_value(vfio, region->index, at, sizeof(*out), &value);

	if (r == 0)
		*out = (uint32_t)value;
	return r;
}

static int write_register(struct vgpu_vfio *vfio, const struct vgpu_region *region, size_t at, uint32_t value)
{
	return vgpu_region_write_value(vfio, region->index, at, sizeof(value), value);
}

#define AT(field) offsetof(struct vfio_region_gfx_edid, field)

/* The registers, and that the EDID's place makes sense. */
static int read_registers(struct vgpu_vfio *vfio, const char *operation, const struct vgpu_region *region,
						  struct vfio_region_gfx_edid *out)
{
	int r = read_register(vfio, region, AT(edid_offset), &out->edid_offset);

	if (r == 0)
		r = read_register(vfio, region, AT(edid_max_size), &out->edid_max_size);
	if (r == 0)
		r = read_register(vfio, region, AT(edid_size), &out->edid_size);
	if (r == 0)
		r = read_register(vfio, region, AT(max_xres), &out->max_xres);
	if (r == 0)
		r = read_register(vfio, region, AT(max_yres), &out->max_yres);
	if (r == 0)
		r = read_register(vfio, region, AT(link_state), &out->link_state);
	if (r)
		return r;
	if (out->edid_offset >= sizeof(*out) && out->edid_offset % 4 == 0 &&
		(uint64_t)out->edid_offset + out->edid_max_size <= region->size)
		return 0;
	return fail_place(vfio, operation, region, "they cannot be where it says");
}

/* Region and registers. */
static int look(struct vgpu_vfio *vfio, const char *operation, struct vgpu_region **region,
				struct vfio_region_gfx_edid *regs)
{
	int r = find_region(vfio, operation, region);

	return r ? r : read_registers(vfio, operation, *region, regs);
}

static int read_edid(struct vgpu_vfio *vfio, struct vgpu_edid **out)
{
	struct vfio_region_gfx_edid regs;
	struct vgpu_region *region;
	struct vgpu_edid *edid;
	int r = look(vfio, FIND, &region, &regs);

	if (r)
		return r;
	if (regs.edid_size > regs.edid_max_size || regs.edid_size > SIZE_MAX_EVER) {
		vg_log(vfio->ctx, VGPU_LOG_WARNING, "%s: the driver claims an EDID of %u bytes; left out", vfio->name,
			   regs.edid_size);
		regs.edid_size = 0;
	}
	edid = calloc(1, sizeof(*edid) + regs.edid_size);
	if (!edid)
		return vg_fail_memory(vfio->ctx, FIND);
	vg_ref_init(&edid->ref);
	edid->regs = regs;
	edid->region = region->index;
	edid->size = regs.edid_size;
	if (edid->size) {
		ssize_t n = vgpu_region_read(vfio, region->index, regs.edid_offset, edid->blob, edid->size);

		if (n < 0) {
			edid_free(edid);
			return (int)n;
		}
	}
	*out = edid;
	return 0;
}

int vgpu_edid_find(struct vgpu_vfio *vfio, struct vgpu_edid **out)
{
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, FIND, vfio->name, "there is no place for the EDID");
	pthread_mutex_lock(&vfio->edid_lock);
	r = read_edid(vfio, out);
	pthread_mutex_unlock(&vfio->edid_lock);
	return r;
}

/* Does the device take this EDID? */
static int check_limits(struct vgpu_vfio *vfio, const struct vfio_region_gfx_edid *regs, const unsigned char *blob,
						size_t size)
{
	struct vg_failure failure = {.operation = SET, .path = vfio->name, .err = ERANGE, .cause = VGPU_CAUSE_OUT_OF_RANGE};
	struct vg_edid_timing t;
	char text[32];
	unsigned i;

	failure.value = text;
	vg_strf(text, sizeof(text), "%zu", size);
	if (size > regs->edid_max_size)
		return vg_fail(vfio->ctx, &failure, "the EDID has %zu bytes, the device takes %u", size, regs->edid_max_size);
	for (i = 0; i < VG_EDID_TIMINGS; i++) {
		if (!vg_edid_timing(blob, i, &t) ||
			((!regs->max_xres || t.width <= regs->max_xres) && (!regs->max_yres || t.height <= regs->max_yres)))
			continue;
		vg_strf(text, sizeof(text), "%ux%u", t.width, t.height);
		return vg_fail(vfio->ctx, &failure, "the EDID has a mode of %s, the device shows at most %ux%u (0: any)", text,
					   regs->max_xres, regs->max_yres);
	}
	return 0;
}

/* The link is down already: an EDID that is half old and half new stays unseen. */
static int fail_lost(struct vgpu_vfio *vfio, int err)
{
	return vg_fail(vfio->ctx,
				   &(struct vg_failure){.operation = SET, .path = vfio->name, .err = err, .cause = VGPU_CAUSE_LOST},
				   "the EDID was not set, and the link is down now: %s", strerrordesc_np(err) ?: "unknown error");
}

static int write_blob(struct vgpu_vfio *vfio, const struct vgpu_region *region, const struct vfio_region_gfx_edid *regs,
					  const void *blob, uint32_t size)
{
	uint32_t kept = 0;
	ssize_t n;
	int r = write_register(vfio, region, AT(edid_size), size);

	if (r)
		return r;
	n = vgpu_region_write(vfio, region->index, regs->edid_offset, blob, size);
	if (n < 0)
		return (int)n;
	r = read_register(vfio, region, AT(edid_size), &kept);
	return r == 0 && kept != size ? -EIO : r;
}

/* All but taking the link up again. */
static int replace(struct vgpu_vfio *vfio, const void *blob, size_t size)
{
	struct vfio_region_gfx_edid regs;
	struct vgpu_region *region;
	int r = look(vfio, SET, &region, &regs);

	if (r == 0)
		r = check_limits(vfio, &regs, blob, size);
	if (r == 0)
		r = write_register(vfio, region, AT(link_state), VGPU_LINK_DOWN);
	if (r)
		return r;
	r = write_blob(vfio, region, &regs, blob, (uint32_t)size);
	return r ? fail_lost(vfio, -r) : 0;
}

int vgpu_edid_set(struct vgpu_vfio *vfio, const void *blob, size_t size, const struct vgpu_edid_set_opts *opts)
{
	struct vgpu_edid_set_opts known;
	int r;

	if (!vfio)
		return -EINVAL;
	r = vg_opts_take(vfio->ctx, SET, &known, sizeof(known), opts);
	if (r == 0 && known.flags & ~VGPU_EDID_LEAVE_DOWN)
		r = vg_fail_invalid(vfio->ctx, SET, vfio->name, "there are no flags 0x%x", known.flags);
	if (r == 0)
		r = vgpu_edid_check(vfio->ctx, blob, size);
	if (r)
		return r;
	pthread_mutex_lock(&vfio->edid_lock);
	r = replace(vfio, blob, size);
	pthread_mutex_unlock(&vfio->edid_lock);
	if (r || known.flags & VGPU_EDID_LEAVE_DOWN)
		return r;
	vg_sleep_ms(known.wait_ms ? known.wait_ms : WAIT_MS);
	r = vgpu_edid_set_link(vfio, VGPU_LINK_UP);
	return r ? fail_lost(vfio, -r) : 0;
}

int vgpu_edid_set_link(struct vgpu_vfio *vfio, enum vgpu_link link)
{
	struct vgpu_region *region;
	int r;

	if (!vfio)
		return -EINVAL;
	if (link != VGPU_LINK_UP && link != VGPU_LINK_DOWN)
		return vg_fail_invalid(vfio->ctx, SET, vfio->name, "a link has no state %d", link);
	pthread_mutex_lock(&vfio->edid_lock);
	r = find_region(vfio, SET, &region);
	if (r == 0)
		r = write_register(vfio, region, AT(link_state), link);
	pthread_mutex_unlock(&vfio->edid_lock);
	return r;
}

uint32_t vgpu_edid_get_region(const struct vgpu_edid *edid)
{
	return edid->region;
}

enum vgpu_link vgpu_edid_get_link(const struct vgpu_edid *edid)
{
	switch (edid->regs.link_state) {
	case VFIO_DEVICE_GFX_LINK_STATE_UP:
		return VGPU_LINK_UP;
	case VFIO_DEVICE_GFX_LINK_STATE_DOWN:
		return VGPU_LINK_DOWN;
	default:
		return VGPU_LINK_UNKNOWN;
	}
}

uint32_t vgpu_edid_get_max_width(const struct vgpu_edid *edid)
{
	return edid->regs.max_xres;
}

uint32_t vgpu_edid_get_max_height(const struct vgpu_edid *edid)
{
	return edid->regs.max_yres;
}

uint32_t vgpu_edid_get_max_size(const struct vgpu_edid *edid)
{
	return edid->regs.edid_max_size;
}

const void *vgpu_edid_get_blob(const struct vgpu_edid *edid)
{
	return edid->size ? edid->blob : NULL;
}

size_t vgpu_edid_get_blob_size(const struct vgpu_edid *edid)
{
	return edid->size;
}
