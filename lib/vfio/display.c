/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The display of a device: which planes it shows. */
#include "vfio/display.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/devio.h"

#define OPEN "open"
#define FIND "find"
#define MAP "map"

static const char *const source_names[] = {
	[VGPU_DISPLAY_AUTO] = "", [VGPU_DISPLAY_REGION] = "regions", [VGPU_DISPLAY_DMABUF] = "dmabufs"};
static const char *const type_names[] = {[VGPU_PLANE_PRIMARY] = "primary", [VGPU_PLANE_CURSOR] = "cursor"};

int vg_display_check(struct vgpu_display *display, const char *operation)
{
	if (display->vfio)
		return 0;
	return vg_fail(display->ctx, &(struct vg_failure){.operation = operation, .err = ENODEV, .cause = VGPU_CAUSE_GONE},
				   "the device of the display has been closed");
}

int vg_display_check_picture(struct vgpu_display *display, const char *operation, const struct vgpu_plane *plane)
{
	int r = vg_display_check(display, operation);

	if (r || plane->facts.format)
		return r;
	return vg_fail(display->ctx,
				   &(struct vg_failure){.operation = operation,
										.path = display->vfio->name,
										.err = ENODATA,
										.cause = VGPU_CAUSE_NOT_READY,
										.hint = "a driver in the guest has to set a mode"},
				   "the %s plane has no picture yet", type_names[plane->facts.type]);
}

static uint32_t source_flag(uint32_t source)
{
	return source == VGPU_DISPLAY_REGION ? VFIO_GFX_PLANE_TYPE_REGION : VFIO_GFX_PLANE_TYPE_DMABUF;
}

/* 0 or -errno. info is zeroed first: drivers leave fields as they are. */
static int ask(struct vgpu_vfio *vfio, uint32_t type, uint32_t flags, struct vfio_device_gfx_plane_info *info,
			   uint64_t *offset)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->flags = flags;
	info->drm_plane_type = type;
	*offset = 0;
	if (vfio->place.ops)
		return vfio->place.ops->query_plane(vfio->place.device, info, offset);
	return vg_device_control(vfio, VFIO_DEVICE_QUERY_GFX_PLANE, info);
}

/* Has the driver planes of this source? 1, 0, or -errno where that can't be told. */
static int probe(struct vgpu_vfio *vfio, uint32_t source)
{
	struct vfio_device_gfx_plane_info info;
	uint64_t offset;
	int r = ask(vfio, VGPU_PLANE_PRIMARY, VFIO_GFX_PLANE_TYPE_PROBE | source_flag(source), &info, &offset);

	if (r == -ENODEV || r == -ENOMEM || r == -ETIMEDOUT || r == -EPROTO)
		return r;
	return r >= 0;
}

static int fail_no_planes(const struct vgpu_display *display, uint32_t wanted)
{
	bool has_any = display->has_region || display->has_dmabuf;
	struct vg_failure failure = {
		.operation = OPEN, .path = display->vfio->name, .err = EOPNOTSUPP, .cause = VGPU_CAUSE_UNSUPPORTED};

	if (!has_any)
		return vg_fail(display->ctx, &failure, "its driver shows no picture: it has no planes");
	failure.hint = "leave the source to the library";
	return vg_fail(display->ctx, &failure, "its driver has no planes in %s", source_names[wanted]);
}

/* Finds out which sources there are, and takes one. */
static int choose_source(struct vgpu_display *display, uint32_t wanted)
{
	int region = probe(display->vfio, VGPU_DISPLAY_REGION), dmabuf = probe(display->vfio, VGPU_DISPLAY_DMABUF);

	if (region < 0 || dmabuf < 0)
		return vg_fail_errno(display->ctx, OPEN, display->vfio->name, region < 0 ? -region : -dmabuf);
	display->has_region = region;
	display->has_dmabuf = dmabuf;
	if (wanted == VGPU_DISPLAY_AUTO)
		wanted = region ? VGPU_DISPLAY_REGION : VGPU_DISPLAY_DMABUF; /* anybody can map a region */
	display->source = wanted;
	return (wanted == VGPU_DISPLAY_REGION ? region : dmabuf) ? 0 : fail_no_planes(display, wanted);
}

static void display_free(struct vgpu_display *display)
{
	size_t i;

	for (i = 0; i < VG_PLANE_TYPES; i++)
		vgpu_plane_unref(display->last[i]);
	pthread_mutex_destroy(&display->lock);
	vgpu_context_unref(display->ctx);
	free(display);
}

int vgpu_display_open(struct vgpu_vfio *vfio, const struct vgpu_display_opts *opts, struct vgpu_display **out)
{
	struct vgpu_display_opts known;
	struct vgpu_display *display;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, OPEN, vfio->name, "there is no place for the display");
	r = vg_opts_take(vfio->ctx, OPEN, &known, sizeof(known), opts);
	if (r)
		return r;
	if (known.source > VGPU_DISPLAY_DMABUF)
		return vg_fail_invalid(vfio->ctx, OPEN, vfio->name, "a display has no source %u", known.source);
	display = calloc(1, sizeof(*display));
	if (!display)
		return vg_fail_memory(vfio->ctx, OPEN);
	pthread_mutex_init(&display->lock, NULL);
	display->ctx = vgpu_context_ref(vfio->ctx);
	display->vfio = vfio;
	r = choose_source(display, known.source);
	if (r) {
		display_free(display);
		return r;
	}
	pthread_mutex_lock(&vfio->lock);
	display->next = vfio->displays;
	vfio->displays = display;
	pthread_mutex_unlock(&vfio->lock);
	*out = display;
	return 0;
}

struct vgpu_display *vgpu_display_close(struct vgpu_display *display)
{
	struct vgpu_display **at;

	if (!display)
		return NULL;
	if (display->vfio) {
		pthread_mutex_lock(&display->vfio->lock);
		for (at = &display->vfio->displays; *at != display; at = &(*at)->next)
			;
		*at = display->next;
		pthread_mutex_unlock(&display->vfio->lock);
	}
	display_free(display);
	return NULL;
}

void vg_displays_detach(struct vgpu_vfio *vfio)
{
	struct vgpu_display *display;

	for (display = vfio->displays; display; display = display->next)
		display->vfio = NULL;
}

enum vgpu_display_source vgpu_display_get_source(const struct vgpu_display *display)
{
	return display->source;
}

int vgpu_display_has_region(const struct vgpu_display *display)
{
	return display->has_region;
}

int vgpu_display_has_dmabuf(const struct vgpu_display *display)
{
	return display->has_dmabuf;
}

static int fail_plane(struct vgpu_vfio *vfio, uint32_t type, int err, const char *why)
{
	struct vg_failure failure = {.operation = FIND, .path = vfio->name, .value = type_names[type], .err = err};

	if (err == EPROTO) {
		failure.cause = VGPU_CAUSE_BAD_DATA;
		return vg_fail(vfio->ctx, &failure, "what the driver says of the %s plane makes no sense: %s", type_names[type],
					   why);
	}
	if (err == EINVAL)
		failure.cause = VGPU_CAUSE_REFUSED;
	return vg_fail(vfio->ctx, &failure, "the driver does not say what the %s plane shows: %s", type_names[type],
				   strerrordesc_np(err) ?: "unknown error");
}

/* The region of a plane has room for it. */
static int check_region(struct vgpu_vfio *vfio, const struct vg_plane_facts *facts)
{
	struct vgpu_region *region;
	int r;

	if (facts->source != VGPU_DISPLAY_REGION || !facts->format)
		return 0;
	r = vg_region_get(vfio, FIND, facts->place, &region);
	if (r == -EINVAL)
		return fail_plane(vfio, facts->type, EPROTO, "there is no such region");
	if (r == 0 && (facts->offset > region->size || facts->size > region->size - facts->offset))
		return fail_plane(vfio, facts->type, EPROTO, "it does not fit into its region");
	return r;
}

/* Makes the plane that was said last. */
static int remember(struct vgpu_vfio *vfio, const struct vg_plane_facts *facts, struct vgpu_plane **last)
{
	struct vgpu_plane *plane;
	int r = check_region(vfio, facts);

	if (r)
		return r;
	plane = calloc(1, sizeof(*plane));
	if (!plane)
		return vg_fail_memory(vfio->ctx, FIND);
	vg_ref_init(&plane->ref);
	plane->facts = *facts;
	vgpu_plane_unref(*last);
	*last = plane;
	return 1;
}

int vgpu_plane_find(struct vgpu_display *display, enum vgpu_plane_type type, struct vgpu_plane **out)
{
	struct vfio_device_gfx_plane_info info;
	struct vg_plane_facts facts;
	struct vgpu_plane **last;
	const char *why = NULL;
	uint64_t offset;
	struct vgpu_vfio *vfio;
	int r;

	if (!display)
		return -EINVAL;
	r = vg_display_check(display, FIND);
	if (r)
		return r;
	vfio = display->vfio;
	if (!out || (type != VGPU_PLANE_PRIMARY && type != VGPU_PLANE_CURSOR))
		return vg_fail_invalid(vfio->ctx, FIND, vfio->name, "no plane has type %d, or there is no place for it", type);
	pthread_mutex_lock(&display->lock);
	r = ask(vfio, type, source_flag(display->source), &info, &offset);
	if (r == -ENOMEM) /* mbochs says so where it has just made what it was asked for */
		r = ask(vfio, type, source_flag(display->source), &info, &offset);
	if (r >= 0)
		r = vg_plane_take(&info, offset, type, display->source, &facts, &why);
	last = &display->last[type - VGPU_PLANE_PRIMARY];
	if (r < 0)
		r = fail_plane(vfio, type, -r, why);
	else if (!*last || memcmp(&facts, &(*last)->facts, sizeof(facts)) != 0)
		r = remember(vfio, &facts, last);
	if (r >= 0)
		*out = vgpu_plane_ref(*last);
	pthread_mutex_unlock(&display->lock);
	return r;
}

static int fail_not_mappable(struct vgpu_display *display, const char *why)
{
	return vg_fail(display->ctx,
				   &(struct vg_failure){.operation = MAP,
										.path = display->vfio->name,
										.err = EOPNOTSUPP,
										.cause = VGPU_CAUSE_NOT_MAPPABLE,
										.hint = display->source == VGPU_DISPLAY_DMABUF
													? "give the dmabuf to a GPU, or to what else takes dmabufs"
													: NULL},
				   "the pixels cannot be mapped: %s", why);
}

static int map_region(struct vgpu_display *display, const struct vg_plane_facts *facts, struct vgpu_mapping **out)
{
	if (facts->modifier != VGPU_FORMAT_MODIFIER_LINEAR)
		return fail_not_mappable(display, "they do not lie in rows");
	return vg_mapping_of_region(display->vfio, facts->place, facts->offset, facts->size, out);
}

static int map_dmabuf(struct vgpu_display *display, const struct vg_plane_facts *facts,
					  const struct vgpu_dmabuf *dmabuf, struct vgpu_mapping **out)
{
	int r;

	if (facts->modifier != VGPU_FORMAT_MODIFIER_LINEAR)
		return fail_not_mappable(display, "they do not lie in rows");
	r = vg_mapping_of_fd(vgpu_dmabuf_get_fd(dmabuf), facts->size, out);
	if (r == -EINVAL || r == -EACCES || r == -EPERM || r == -ENODEV || r == -EOPNOTSUPP)
		return fail_not_mappable(display, "the driver does not let its dmabuf be mapped");
	return r ? vg_fail_errno(display->ctx, MAP, display->vfio->name, -r) : 0;
}

int vgpu_plane_map(struct vgpu_display *display, const struct vgpu_plane *plane, struct vgpu_mapping **out,
				   struct vgpu_dmabuf **dmabuf)
{
	struct vgpu_dmabuf *found = NULL;
	int r;

	if (!display)
		return -EINVAL;
	if (!plane || !out)
		return vg_fail_invalid(display->ctx, MAP, NULL, "no plane is given, or there is no place for the mapping");
	r = vg_display_check_picture(display, MAP, plane);
	if (r)
		return r;
	if (plane->facts.source == VGPU_DISPLAY_REGION)
		r = map_region(display, &plane->facts, out);
	else
		r = vgpu_dmabuf_find(display, plane, &found);
	if (r == 0 && found)
		r = map_dmabuf(display, &plane->facts, found, out);
	if (dmabuf && (r == 0 || r == -EOPNOTSUPP))
		*dmabuf = vgpu_dmabuf_ref(found);
	vgpu_dmabuf_unref(found);
	return r;
}
