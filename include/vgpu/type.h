/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types: the kinds of vGPU that a parent offers. Immutable snapshots. */
#ifndef VGPU_TYPE_H
#define VGPU_TYPE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_errors;
struct vgpu_type;
struct vgpu_types;

/**
 * struct vgpu_type_list_opts - which types
 * @size: sizeof(struct vgpu_type_list_opts)
 * @flags: 0
 * @parent: only those of this parent: its name, or its PCI address (domain optional); NULL: of all
 */
struct vgpu_type_list_opts {
	size_t size;
	uint32_t flags;
	const char *parent;
};

/**
 * vgpu_type_list() - list the types that parents offer
 * @ctx: the context
 * @opts: which, or NULL for all
 * @out: receives the types, ordered by parent and id; untouched on failure; free with vgpu_types_unref()
 *
 * What can't be read is left out (a whole type) or unknown (one attribute of it), and stands with its error in
 * vgpu_types_get_errors(). Where the list is empty, the errors say why: no parent on this host, a module that is
 * not loaded, a parent that offers nothing.
 *
 * Return: 0, or -EINVAL, -E2BIG (@opts), -ENODEV (opts->parent is no parent), -ENOMEM, or another -errno of
 * the directory that lists the parents.
 * Since: 0.1
 */
int vgpu_type_list(struct vgpu_context *ctx, const struct vgpu_type_list_opts *opts, struct vgpu_types **out);

/**
 * vgpu_types_unref() - free a list of types
 * @types: the list, or NULL
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_types *vgpu_types_unref(struct vgpu_types *types);

/** vgpu_types_get_count() - number of types in @types (0 for NULL). Since: 0.1 */
size_t vgpu_types_get_count(const struct vgpu_types *types);

/** vgpu_types_get() - type number @i from 0 of @types (borrowed), or NULL beyond the end. Since: 0.1 */
struct vgpu_type *vgpu_types_get(const struct vgpu_types *types, size_t i);

/** vgpu_types_get_errors() - what could not be read while @types was made (borrowed). Since: 0.1 */
const struct vgpu_errors *vgpu_types_get_errors(const struct vgpu_types *types);

/** vgpu_type_ref() - take a reference to @type (NULL is let through). Return: @type. Since: 0.1 */
struct vgpu_type *vgpu_type_ref(struct vgpu_type *type);

/** vgpu_type_unref() - drop a reference to @type (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_type *vgpu_type_unref(struct vgpu_type *type);

/*
 * Getters: no I/O, no failure. Text is borrowed from @type; NULL means unknown or not there. Numbers are -1
 * where unknown. The numbers below max_instances come from the type's description, where its layout is known:
 * NVIDIA's one line "num_heads=4, frl_config=45, framebuffer=1024M, max_resolution=5120x2880, max_instance=16"
 * and GVT-g's lines "low_gm_size: 128MB", "resolution: 1024x768", ...
 */

/** vgpu_type_get_parent_name() - name of the parent that offers it (never NULL). Since: 0.1 */
const char *vgpu_type_get_parent_name(const struct vgpu_type *type);

/** vgpu_type_get_id() - the id that create takes, for example "nvidia-558" (never NULL). Since: 0.1 */
const char *vgpu_type_get_id(const struct vgpu_type *type);

/** vgpu_type_get_name() - the vendor's name, for example "NVIDIA A40-2Q". Since: 0.1 */
const char *vgpu_type_get_name(const struct vgpu_type *type);

/** vgpu_type_get_description() - the vendor's text, lines divided by newlines. Since: 0.1 */
const char *vgpu_type_get_description(const struct vgpu_type *type);

/** vgpu_type_get_device_api() - for example "vfio-pci". Since: 0.1 */
const char *vgpu_type_get_device_api(const struct vgpu_type *type);

/** vgpu_type_get_available_instances() - how many can still be created: 0 to 4294967295. Since: 0.1 */
int64_t vgpu_type_get_available_instances(const struct vgpu_type *type);

/**
 * vgpu_type_get_creatable() - whether one more can be created, where that is known without a number
 * @type: the type
 *
 * NVIDIA's driver says of its virtual functions' types only whether one can be created now, not how many.
 *
 * Return: 1, 0, or -1 where that is unknown.
 * Since: 0.1
 */
int vgpu_type_get_creatable(const struct vgpu_type *type);

/** vgpu_type_get_max_instances() - how many a whole parent can hold. Since: 0.1 */
int64_t vgpu_type_get_max_instances(const struct vgpu_type *type);

/** vgpu_type_get_framebuffer_mib() - framebuffer in MiB. Since: 0.1 */
int64_t vgpu_type_get_framebuffer_mib(const struct vgpu_type *type);

/** vgpu_type_get_heads() - number of display heads. Since: 0.1 */
int64_t vgpu_type_get_heads(const struct vgpu_type *type);

/** vgpu_type_get_max_resolution() - largest resolution of a head, "5120x2880". Since: 0.1 */
const char *vgpu_type_get_max_resolution(const struct vgpu_type *type);

/** vgpu_type_get_frame_rate_limit() - frame-rate limit in frames a second (frl_config). Since: 0.1 */
int64_t vgpu_type_get_frame_rate_limit(const struct vgpu_type *type);

#ifdef __cplusplus
}
#endif
#endif
