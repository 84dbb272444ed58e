/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A type from within, and what its description says. */
#ifndef VG_MODEL_TYPE_H
#define VG_MODEL_TYPE_H

#include <vgpu/type.h>

#include "core/context.h"
#include "util/vec.h"

/* What a description in a known layout says; -1 where it says nothing. */
struct vg_description {
	int64_t framebuffer_mib;
	int64_t heads;
	int64_t width, height;
	int64_t max_instances;
	int64_t frame_rate_limit;
};

struct vgpu_type {
	struct vg_ref ref;
	char *parent_name;
	char *id;
	char *name;
	char *text; /* the description */
	char *device_api;
	char max_resolution[24]; /* "" if unknown */
	int64_t available_instances;
	int creatable; /* 1, 0; -1: as available_instances says */
	struct vg_description description;
};

struct vgpu_types {
	struct vg_vec vec;
	struct vgpu_errors errors;
};

/* Parses NVIDIA's one line and GVT-g's lines; anything else leaves all of *out at -1. */
void vg_description_parse(const char *text, struct vg_description *out);
/* A type with its id, everything else unknown. NULL without memory. */
struct vgpu_type *vg_type_new(const char *parent_name, const char *id);
/* Frees the items of a list that was made in place. */
void vg_types_clear(struct vgpu_types *types);
/* Takes the description over: text, and what can be parsed of it. */
int vg_type_set_description(struct vgpu_type *type, const char *text);

#endif
