/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mdev: where the devices of a listing are, and what directories tell of many of them at once. */
#ifndef VG_BACKEND_MDEV_PLACES_H
#define VG_BACKEND_MDEV_PLACES_H

#include "backend/mdev.h"

/* Where a device was found: the entry in its parent's directory. Text is borrowed from the places. */
struct vg_mdev_place {
	const char *name;
	uint64_t key; /* the beginning of name, to compare fast */
	uint64_t inode;
	const struct vgpu_parent *parent;
	const char *type;   /* NULL: its own link has to tell */
	const char *driver; /* NULL: likewise */
	const char *cdev;   /* "vfio7"; NULL if none */
};

struct vg_mdev_places {
	struct vgpu_parents parents;
	struct vg_mdev_place *items; /* sorted by name */
	size_t count;
	struct vg_entries *entries; /* of each parent's directory */
	struct vg_vec names;        /* that items borrow */
};

/* 0, or -ENOMEM, or -errno of the directory of parents; free *out in any case. brief: without cdev. */
int vg_mdev_places_read(struct vgpu_context *ctx, bool brief, struct vg_mdev_places *out);
struct vg_mdev_place *vg_mdev_places_find(const struct vg_mdev_places *places, const char *name);
void vg_mdev_places_free(struct vg_mdev_places *places);

#endif
