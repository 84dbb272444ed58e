/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mdev: the devices. A listing costs at most four system calls a device: three links, and one of its VFIO node; where
 * there are many, two, and none if it is brief. Links are read from the parent's directory: a way over the bus's links
 * has three times as many directories to walk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "backend/mdev_places.h"
#include "util/path.h"

struct api {
	const char *parent;
	const char *type;
	char *device_api;
};

/* What one listing knows beside the devices. */
struct scan {
	struct vg_mdev_places places;
	struct vg_vec apis; /* of struct api */
	int bus_dir;
	bool brief;
	size_t *found; /* of each entry of the bus: number in places, from 1; 0: at no parent */
};

/* The device API of a type is read once a listing. */
static int set_device_api(struct scan *scan, struct vgpu_device *device)
{
	char path[VG_PATH_SIZE], text[VG_ATTR_SIZE];
	struct api *api;
	size_t i;

	for (i = 0; scan && i < scan->apis.count; i++) {
		api = scan->apis.items[i];
		if (!strcmp(api->type, device->type) && !strcmp(api->parent, device->parent_name))
			return vg_dup(api->device_api, &device->device_api);
	}
	if (vg_strf(path, sizeof(path), "%s/mdev_type/device_api", device->path) > 0 &&
		vg_read_text(AT_FDCWD, path, text, sizeof(text)) > 0) {
		vg_make_printable(text);
		if (vg_dup(text, &device->device_api))
			return -ENOMEM;
	}
	if (!scan)
		return 0;
	api = calloc(1, sizeof(*api));
	if (!api)
		return -ENOMEM;
	*api = (struct api){device->parent_name, device->type, device->device_api};
	if (vg_vec_add(&scan->apis, api)) {
		free(api);
		return -ENOMEM;
	}
	return 0;
}

/* The last part of a link of the device: false where there is none; then it is half-made. */
static bool read_link(int dir, const char *name, const char *link, char text[VG_NAME_SIZE])
{
	char path[VG_NAME_SIZE * 2];

	if (vg_strf(path, sizeof(path), "%s/%s", name, link) < 0 || vg_read_link_name(dir, path, text, VG_NAME_SIZE))
		return false;
	vg_make_printable(text);
	return true;
}

/* Type and driver: known from their directories, or by the device's own links. */
static int read_owners(int dir, const struct vg_mdev_place *place, struct vgpu_device *device)
{
	char text[VG_NAME_SIZE];
	const char *type = place ? place->type : NULL, *driver = place ? place->driver : NULL;
	int r = 0;

	if (type || read_link(dir, device->name, "mdev_type", text))
		r = vg_dup(type ? type : text, &device->type);
	if (r == 0 && (driver || read_link(dir, device->name, "driver", text)))
		r = vg_dup(driver ? driver : text, &device->driver);
	return r;
}

/*
 * All but path and parent, which are set. dir is the parent's directory, or the bus's; scan and place may be NULL.
 *
 * The kernel makes an mdev's link to its type when the driver has made all else, and takes that link away first: with
 * type and driver it is ready, and a brief listing looks no further.
 */
static int read_base(struct vgpu_context *ctx, int dir, struct scan *scan, const struct vg_mdev_place *place,
					 struct vgpu_device *device)
{
	char group[VG_NAME_SIZE];
	bool is_ready;
	int r = read_owners(dir, place, device);

	device->has_pair = vg_uuid_parse(device->name, device->pair.uuid) == 0;
	is_ready = scan && scan->brief && device->type && device->driver;
	if (r == 0 && !is_ready && read_link(dir, device->name, "iommu_group", group))
		r = vg_device_set_group(ctx, device, group);
	if (r == 0 && (!scan || (scan->brief && !is_ready && device->iommu_group < 0)))
		r = vg_device_read_cdev(ctx, device);
	if (r == 0 && device->type)
		r = set_device_api(scan, device);
	if (is_ready || (device->type && (device->iommu_group >= 0 || device->cdev_node)))
		device->state = vg_state_ready;
	return r;
}

/* Path, parent and inode of a device that no parent's directory showed: its parent is just coming or going. */
static int locate(struct vgpu_context *ctx, int bus_dir, struct vgpu_device *device)
{
	char base[VG_PATH_SIZE], target[VG_PATH_SIZE], path[VG_PATH_SIZE];
	struct stat st;
	int r = vg_read_link(bus_dir, device->name, target, sizeof(target));

	vg_strf(base, sizeof(base), "%s/" MDEV_DEVICES, ctx->sys);
	if (r == -EINVAL)
		r = vg_strf(path, sizeof(path), "%s/%s", base, device->name) < 0 ? -ENAMETOOLONG : 0;
	else if (r == 0)
		r = vg_path_resolve(base, target, path, sizeof(path));
	if (r == 0)
		r = vg_stat(bus_dir, device->name, &st);
	if (r)
		return r == -ENOENT ? -ENODEV : r;
	device->inode = st.st_ino;
	device->path = strdup(path);
	vg_path_parent(path);
	device->parent_name = strdup(vg_basename(path));
	return device->path && device->parent_name ? 0 : -ENOMEM;
}

static int add_device(struct vgpu_context *ctx, struct scan *scan, int dir, const char *name,
					  const struct vg_mdev_place *place, struct vgpu_devices *out)
{
	struct vgpu_device *device = vg_device_new(vg_mdev_name, name);
	int r = device ? 0 : -ENOMEM;

	if (r == 0 && place && place->parent) {
		device->inode = place->inode;
		device->path = vg_path_join(place->parent->path, name);
		device->parent_name = strdup(place->parent->name);
		r = device->path && device->parent_name ? 0 : -ENOMEM;
		if (r == 0 && place->cdev)
			r = vg_device_set_cdev(ctx, device, place->cdev);
	} else if (r == 0) {
		r = locate(ctx, scan->bus_dir, device);
	}
	if (r == 0)
		r = read_base(ctx, dir, scan, place, device);
	if (r == 0)
		r = vg_vec_add(&out->vec, device);
	if (r == 0)
		return 0;
	vgpu_device_unref(device);
	if (r == -ENOMEM)
		return r;
	if (r == -ENODEV)
		return 0; /* removed while we looked */
	vg_fail_errno(ctx, "list vGPUs", name, -r);
	return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
}

/* Those of the bus's entries that were found at this parent (NULL: at none). */
static int add_devices(struct vgpu_context *ctx, struct scan *scan, const struct vg_entries *entries,
					   const struct vgpu_parent *parent, struct vgpu_devices *out)
{
	int dir = parent ? vg_open_dir(AT_FDCWD, parent->path) : -ENOENT;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < entries->count; i++) {
		const struct vg_mdev_place *place = scan->found[i] ? &scan->places.items[scan->found[i] - 1] : NULL;

		if ((place ? place->parent : NULL) == parent)
			r = add_device(ctx, scan, dir < 0 ? scan->bus_dir : dir, entries->items[i].name, place, out);
	}
	vg_close(dir);
	return r;
}

static int add_all(struct vgpu_context *ctx, struct scan *scan, const struct vg_entries *entries,
				   struct vgpu_devices *out)
{
	size_t i;
	int r;

	scan->found = calloc(entries->count + 1, sizeof(*scan->found));
	if (!scan->found)
		return -ENOMEM;
	for (i = 0; i < entries->count; i++) {
		const struct vg_mdev_place *place = vg_mdev_places_find(&scan->places, entries->items[i].name);

		scan->found[i] = place ? (size_t)(place - scan->places.items) + 1 : 0;
	}
	r = add_devices(ctx, scan, entries, NULL, out);
	for (i = 0; r == 0 && i < scan->places.parents.vec.count; i++)
		r = add_devices(ctx, scan, entries, scan->places.parents.vec.items[i], out);
	return r;
}

static void end_scan(struct scan *scan)
{
	free(scan->found);
	vg_vec_clear(&scan->apis, free);
	vg_mdev_places_free(&scan->places);
}

int vg_mdev_scan_devices(struct vgpu_context *ctx, bool brief, struct vgpu_devices *out)
{
	struct scan scan = {.brief = brief};
	struct vg_entries entries;
	char path[VG_PATH_SIZE];
	size_t i;
	int r;

	vg_strf(path, sizeof(path), "%s/" MDEV_DEVICES, ctx->sys);
	scan.bus_dir = vg_open_dir(AT_FDCWD, path);
	if (scan.bus_dir == -ENOENT)
		return 0; /* module mdev is not loaded */
	r = scan.bus_dir < 0 ? scan.bus_dir : vg_entries_read_fd(scan.bus_dir, &entries);
	if (r) {
		vg_close(scan.bus_dir);
		return vg_fail_errno(ctx, "list vGPUs", path, -r);
	}
	r = entries.count ? vg_mdev_places_read(ctx, brief, &scan.places) : 0;
	for (i = 0; r == 0 && i < scan.places.parents.errors.vec.count; i++)
		r = vg_errors_add(&out->errors, scan.places.parents.errors.vec.items[i]);
	if (r == 0)
		r = add_all(ctx, &scan, &entries, out);
	end_scan(&scan);
	vg_entries_free(&entries);
	vg_close(scan.bus_dir);
	return r == -ENOMEM ? vg_fail_memory(ctx, "list vGPUs") : r;
}

int vg_mdev_read_device(struct vgpu_context *ctx, const char *name, struct vgpu_device **out)
{
	struct vgpu_device *device;
	char path[VG_PATH_SIZE];
	int bus_dir, r;

	vg_strf(path, sizeof(path), "%s/" MDEV_DEVICES, ctx->sys);
	bus_dir = vg_open_dir(AT_FDCWD, path);
	if (bus_dir == -ENOENT || !vg_name_is_plain(name)) {
		vg_close(bus_dir);
		return -ENODEV;
	}
	if (bus_dir < 0)
		return vg_fail_errno(ctx, "read vGPU", path, -bus_dir);
	device = vg_device_new(vg_mdev_name, name);
	r = device ? locate(ctx, bus_dir, device) : -ENOMEM;
	if (r == 0)
		r = read_base(ctx, bus_dir, NULL, NULL, device);
	vg_close(bus_dir);
	if (r) {
		vgpu_device_unref(device);
		return r == -ENODEV ? r : vg_fail_errno(ctx, "read vGPU", name, -r);
	}
	*out = device;
	return 0;
}

uint64_t vg_mdev_inode_of(struct vgpu_context *ctx, const char *name)
{
	char path[VG_PATH_SIZE];
	struct stat st;

	if (!vg_name_is_plain(name) || vg_strf(path, sizeof(path), "%s/" MDEV_DEVICES "/%s", ctx->sys, name) < 0 ||
		vg_stat(AT_FDCWD, path, &st))
		return 0;
	return st.st_ino;
}
