/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capacity: what of each type can still be created, and what a mix of types would leave. Immutable snapshots. */
#ifndef VGPU_CAPACITY_H
#define VGPU_CAPACITY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_errors;
struct vgpu_room;
struct vgpu_rooms;

/**
 * struct vgpu_room_list_opts - of which parents, and beside what
 * @size: sizeof(struct vgpu_room_list_opts)
 * @parent: only this one: its name, or its PCI address (domain optional); NULL: all
 * @mix: "TYPE=N,TYPE=N": vGPUs that are imagined to be created on each parent, alone; NULL: none
 */
struct vgpu_room_list_opts {
	size_t size;
	const char *parent;
	const char *mix;
};

/**
 * vgpu_room_list() - list what room there is
 * @ctx: the context
 * @opts: of which parents, or NULL for all
 * @out: receives an entry for each type of each parent, ordered by parent and type; untouched on failure; free with
 *       vgpu_rooms_unref()
 *
 * Reads the same as vgpu_type_list(), and reserves nothing: of two who see room for one, one gets it. What a mix leaves
 * is known where types share functions, or where they say how much of the same framebuffer they take; else only for a
 * mix of the type itself. It is never guessed.
 *
 * Return: 0, or -EINVAL (also: @opts->mix is no mix), -E2BIG (@opts), -ENODEV (opts->parent is no parent), -ENOMEM, or
 * another -errno of the directory that lists the parents.
 * Since: 0.1
 */
int vgpu_room_list(struct vgpu_context *ctx, const struct vgpu_room_list_opts *opts, struct vgpu_rooms **out);

/** vgpu_rooms_unref() - free @rooms (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_rooms *vgpu_rooms_unref(struct vgpu_rooms *rooms);

/** vgpu_rooms_get_count() - number of entries (0 for NULL). Since: 0.1 */
size_t vgpu_rooms_get_count(const struct vgpu_rooms *rooms);

/** vgpu_rooms_get() - entry number @i from 0 (borrowed), or NULL beyond the end. Since: 0.1 */
struct vgpu_room *vgpu_rooms_get(const struct vgpu_rooms *rooms, size_t i);

/** vgpu_rooms_get_errors() - what could not be read, and why nothing can be created (borrowed). Since: 0.1 */
const struct vgpu_errors *vgpu_rooms_get_errors(const struct vgpu_rooms *rooms);

/** vgpu_room_get_parent_name() - the parent (borrowed; never NULL). Since: 0.1 */
const char *vgpu_room_get_parent_name(const struct vgpu_room *room);

/** vgpu_room_get_type() - id of the type (borrowed; never NULL). Since: 0.1 */
const char *vgpu_room_get_type(const struct vgpu_room *room);

/** vgpu_room_get_name() - the vendor's name of the type (borrowed; NULL: unknown). Since: 0.1 */
const char *vgpu_room_get_name(const struct vgpu_room *room);

/** vgpu_room_get_available() - how many can be created now; -1: unknown. Since: 0.1 */
int64_t vgpu_room_get_available(const struct vgpu_room *room);

/** vgpu_room_get_creatable() - 1 if one can be created now, 0 if not; -1: unknown. Since: 0.1 */
int vgpu_room_get_creatable(const struct vgpu_room *room);

/** vgpu_room_get_fits() - 1 if the parent has room for the mix, 0 if not; -1: unknown. 1 without a mix. Since: 0.1 */
int vgpu_room_get_fits(const struct vgpu_room *room);

/** vgpu_room_get_left() - how many could still be created beside the mix; -1: unknown. Since: 0.1 */
int64_t vgpu_room_get_left(const struct vgpu_room *room);

#ifdef __cplusplus
}
#endif
#endif
