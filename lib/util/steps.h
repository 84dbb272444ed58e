/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes to be done one after the other, each with the write that undoes it. No context, no I/O. */
#ifndef VG_UTIL_STEPS_H
#define VG_UTIL_STEPS_H

#include <stdbool.h>
#include <stddef.h>

/* All texts of the steps. The longest paths are those of mdevs: some hundred bytes. */
#define VG_STEPS_SIZE (4 * (4096 + 256))

struct vg_write {
	const char *path;
	const char *value;
};

struct vg_step {
	struct vg_write write;
	struct vg_write undo; /* path "": nothing undoes it, or need not */
};

struct vg_steps {
	int count;
	size_t used;              /* of text */
	char text[VG_STEPS_SIZE]; /* path, value, undo's path and value of each step, terminated */
};

/* No steps. */
void vg_steps_clear(struct vg_steps *steps);
/* Adds a step; undo may be NULL. 0 or -ENAMETOOLONG. */
int vg_steps_add(struct vg_steps *steps, const char *path, const char *value, const struct vg_write *undo);
/* Step i, from 0. false: there is none, or the text does not hold it (it may come from another process). */
bool vg_steps_get(const struct vg_steps *steps, int i, struct vg_step *out);
/* The undoing of all steps, in reverse, as steps. 0 or -ENAMETOOLONG. */
int vg_steps_reverse(const struct vg_steps *steps, struct vg_steps *out);

#endif
