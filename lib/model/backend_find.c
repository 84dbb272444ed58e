/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding a backend by its name. */
#include <string.h>

#include "model/backend_ops.h"

const struct vg_backend_ops *vg_backend_find(const char *name)
{
	const struct vg_backend_ops *const *backend;

	for (backend = vg_backends(); *backend; backend++)
		if (strcmp((*backend)->name, name) == 0)
			return *backend;
	return NULL;
}
