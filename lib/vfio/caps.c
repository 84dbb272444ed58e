/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capability chains in the kernel's info structs. */
#include "vfio/caps.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <string.h>

/* The kernel knows five for a region: a longer chain is a mistake. */
#define DEPTH_MAX 64

static bool was_seen(const uint32_t *seen, size_t count, uint32_t offset)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (seen[i] == offset)
			return true;
	return false;
}

int vg_caps_walk(const void *info, size_t size, size_t base, uint32_t first, void (*fn)(void *, const struct vg_cap *),
				 void *data)
{
	struct vfio_info_cap_header header;
	uint32_t seen[DEPTH_MAX], at;
	size_t depth = 0;

	for (at = first; at; at = header.next) {
		const unsigned char *bytes = info;
		struct vg_cap cap;

		if (at < base || at % sizeof(uint32_t) || at > size || size - at < sizeof(header))
			return -EPROTO;
		if (depth == DEPTH_MAX || was_seen(seen, depth, at))
			return -EPROTO;
		seen[depth++] = at;
		memcpy(&header, bytes + at, sizeof(header));
		cap = (struct vg_cap){header.id, header.version, bytes + at + sizeof(header), size - at - sizeof(header)};
		fn(data, &cap);
	}
	return 0;
}
