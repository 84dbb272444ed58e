/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Option structs that start with their size. */
#include "core/opts.h"

#include <errno.h>
#include <string.h>

/* No caller has options as long as this: a larger size was never set. */
#define OPTS_MAX 4096

int vg_opts_copy(void *known, size_t known_size, const void *opts)
{
	const unsigned char *bytes = opts;
	size_t size, i;

	memset(known, 0, known_size);
	if (!opts) {
		memcpy(known, &known_size, sizeof(known_size));
		return 0;
	}
	memcpy(&size, opts, sizeof(size));
	if (size < sizeof(size) || size > OPTS_MAX)
		return -EINVAL;
	for (i = known_size; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(known, opts, size < known_size ? size : known_size);
	return 0;
}
