/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What read and write share: the device, the place in a region, and access to it through a mapping. */
#ifndef CLI_ACCESS_H
#define CLI_ACCESS_H

#include "vgpuctl.h"

struct place {
	const char *text; /* as it was typed */
	uint32_t index;
	uint64_t offset;
	unsigned width; /* of each access; 0: the driver chooses */
	struct vgpu_mapping *mapping;
};

/* "group", "iommufd" or "user". */
const char *access_name(enum vgpu_access access);

/* Opens the first operand's device as --access says. Reports failures, returns an exit code. */
int access_open(struct app *app);
/* The same with another operand's. */
int access_open_device(struct app *app, const char *device);
/* Reads the second operand (REGION[+OFFSET]) and --width. */
int access_parse(struct app *app, struct place *place);
/* Maps length bytes there, for --map. Unmap place->mapping. */
int access_map(struct app *app, struct place *place, uint64_t length);

/* Plain loads or a plain store of place->width, length a multiple of it. */
int access_load(struct app *app, const struct place *place, uint64_t at, void *buf, size_t length);
int access_store(struct app *app, const struct place *place, uint64_t value);

/* Copies from a mapping; what names it in a failure. */
int access_copy(struct app *app, const char *what, void *to, const void *from, size_t length);

/* Sets the keys that both commands' documents have. */
void access_fill(struct app *app, struct record *record, const struct place *place);

#endif
