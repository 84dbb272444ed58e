/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mdev: the places of devices. Each parent's directory is listed once; so are, where there are many devices, those of
 * types and drivers, which hold a link to each of their devices: a listing then reads no link of each device for that.
 */
#include "backend/mdev_places.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "model/cdevs.h"

#define MDEV_DRIVERS "bus/mdev/drivers"
/* System calls that listing a directory takes. */
#define LISTING_CALLS 4

/* The first eight bytes of a name, ordered as they are; the names here are longer. */
static uint64_t name_key(const char *name)
{
	uint64_t key;

	memcpy(&key, name, sizeof(key));
	return be64toh(key);
}

static int cmp_places(const void *a, const void *b)
{
	const struct vg_mdev_place *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_name(const char *name)
{
	return strlen(name) == VG_UUID_SIZE - 1;
}

struct vg_mdev_place *vg_mdev_places_find(const struct vg_mdev_places *places, const char *name)
{
	struct vg_mdev_place key = {.name = name};

	if (!places->count || !is_name(name))
		return NULL;
	key.key = name_key(name);
	return bsearch(&key, places->items, places->count, sizeof(key), cmp_places);
}

static int read_entries(struct vg_mdev_places *places)
{
	size_t i, k, room = 0;

	places->entries = calloc(places->parents.vec.count + 1, sizeof(*places->entries));
	if (!places->entries)
		return -ENOMEM;
	for (i = 0; i < places->parents.vec.count; i++) {
		const struct vgpu_parent *parent = places->parents.vec.items[i];

		if (vg_entries_read(AT_FDCWD, parent->path, &places->entries[i]) == -ENOMEM)
			return -ENOMEM;
		room += places->entries[i].count;
	}
	places->items = calloc(room + 1, sizeof(*places->items));
	if (!places->items)
		return -ENOMEM;
	for (i = 0; i < places->parents.vec.count; i++) {
		for (k = 0; k < places->entries[i].count; k++) {
			const struct vg_dirent *entry = &places->entries[i].items[k];

			/* as long as a UUID: that is enough to look for what the bus lists */
			if (!entry->is_link && is_name(entry->name))
				places->items[places->count++] = (struct vg_mdev_place){.name = entry->name,
																		.key = name_key(entry->name),
																		.inode = entry->inode,
																		.parent = places->parents.vec.items[i]};
		}
	}
	if (places->count)
		qsort(places->items, places->count, sizeof(*places->items), cmp_places);
	return 0;
}

/* A copy that lives as long as the places; NULL without memory. */
static const char *keep_name(struct vg_mdev_places *places, const char *name)
{
	char *copy = strdup(name);

	if (!copy || vg_vec_add(&places->names, copy)) {
		free(copy);
		return NULL;
	}
	vg_make_printable(copy);
	return copy;
}

static int found_cdev(void *data, const char *device, const char *cdev)
{
	struct vg_mdev_places *places = data;
	struct vg_mdev_place *place = vg_mdev_places_find(places, device);

	if (place && !(place->cdev = keep_name(places, cdev)))
		return -ENOMEM;
	return 0;
}

/* The directories in dir, whose names are types or drivers, hold links to devices, maybe in a directory of their own.
 */
static int read_owners(struct vg_mdev_places *places, const char *dir, size_t device_count, const char *inner,
					   bool is_driver)
{
	struct vg_entries owners, devices;
	char path[VG_PATH_SIZE];
	size_t i, k;
	int r = vg_entries_read(AT_FDCWD, dir, &owners);

	if (r)
		return r == -ENOMEM ? r : 0; /* each device's own link says it too */
	if (device_count <= (owners.count + 1) * LISTING_CALLS) {
		vg_entries_free(&owners);
		return 0;
	}
	for (i = 0; r == 0 && i < owners.count; i++) {
		const char *name = keep_name(places, owners.items[i].name);

		r = name ? 0 : -ENOMEM;
		if (r || vg_strf(path, sizeof(path), "%s/%s%s", dir, owners.items[i].name, inner) < 0 ||
			vg_entries_read(AT_FDCWD, path, &devices))
			continue;
		for (k = 0; k < devices.count; k++) {
			struct vg_mdev_place *place = vg_mdev_places_find(places, devices.items[k].name);

			if (place)
				*(is_driver ? &place->driver : &place->type) = name;
		}
		vg_entries_free(&devices);
	}
	vg_entries_free(&owners);
	return r;
}

static int read_types(struct vg_mdev_places *places)
{
	char path[VG_PATH_SIZE];
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < places->parents.vec.count; i++) {
		const struct vgpu_parent *parent = places->parents.vec.items[i];

		/* its other entries are few, and do not matter here */
		if (places->entries[i].count > LISTING_CALLS * 4 &&
			vg_strf(path, sizeof(path), "%s/" MDEV_TYPES, parent->path) > 0)
			r = read_owners(places, path, places->entries[i].count, "/devices", false);
	}
	return r;
}

int vg_mdev_places_read(struct vgpu_context *ctx, bool brief, struct vg_mdev_places *out)
{
	char path[VG_PATH_SIZE];
	int r = vg_mdev_scan_parents(ctx, NULL, &out->parents);

	if (r == 0)
		r = read_entries(out);
	if (r == 0 && !brief)
		r = vg_cdevs_read(ctx, found_cdev, out);
	if (r == 0)
		r = read_types(out);
	vg_strf(path, sizeof(path), "%s/" MDEV_DRIVERS, ctx->sys);
	if (r == 0 && out->count > LISTING_CALLS * 4)
		r = read_owners(out, path, out->count, "", true);
	return r;
}

void vg_mdev_places_free(struct vg_mdev_places *places)
{
	size_t i;

	for (i = 0; places->entries && i < places->parents.vec.count; i++)
		vg_entries_free(&places->entries[i]);
	free(places->entries);
	free(places->items);
	vg_vec_clear(&places->names, free);
	vg_parents_clear(&places->parents);
}
