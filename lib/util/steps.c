/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes to be done one after the other, each with the write that undoes it. */
#include "util/steps.h"

#include <errno.h>
#include <string.h>

#include "util/str.h"

void vg_steps_clear(struct vg_steps *steps)
{
	steps->count = 0;
	steps->used = 0;
}

int vg_steps_add(struct vg_steps *steps, const char *path, const char *value, const struct vg_write *undo)
{
	const char *const strings[] = {path, value, undo ? undo->path : "", undo ? undo->value : ""};
	size_t used = steps->used, i;

	for (i = 0; i < VG_COUNT(strings); i++) {
		int n = used < sizeof(steps->text) ? vg_strcopy(steps->text + used, sizeof(steps->text) - used, strings[i])
										   : -ENAMETOOLONG;

		if (n < 0)
			return n;
		used += (size_t)n + 1;
	}
	steps->used = used;
	steps->count++;
	return 0;
}

bool vg_steps_get(const struct vg_steps *steps, int i, struct vg_step *out)
{
	const char *at = steps->text, *end;
	const char **const strings[] = {&out->write.path, &out->write.value, &out->undo.path, &out->undo.value};
	size_t k;
	int n;

	if (i < 0 || i >= steps->count || steps->used > sizeof(steps->text))
		return false;
	end = steps->text + steps->used;
	for (n = 0; n <= i; n++) {
		for (k = 0; k < VG_COUNT(strings); k++) {
			const char *nul = memchr(at, '\0', (size_t)(end - at));

			if (!nul)
				return false;
			*strings[k] = at;
			at = nul + 1;
		}
	}
	return true;
}

int vg_steps_reverse(const struct vg_steps *steps, struct vg_steps *out)
{
	struct vg_step step;
	int i, r = 0;

	vg_steps_clear(out);
	for (i = steps->count - 1; r == 0 && i >= 0; i--)
		if (vg_steps_get(steps, i, &step) && step.undo.path[0])
			r = vg_steps_add(out, step.undo.path, step.undo.value, NULL);
	return r;
}
