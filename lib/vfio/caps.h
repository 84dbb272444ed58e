/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capability chains in the kernel's info structs. Nothing in them is trusted. No I/O. */
#ifndef VG_VFIO_CAPS_H
#define VG_VFIO_CAPS_H

#include <stddef.h>
#include <stdint.h>

/* One capability. Its length is stated nowhere: it ends with the info struct at the latest. */
struct vg_cap {
	uint16_t id;
	uint16_t version;
	const unsigned char *data; /* behind the header; not aligned */
	size_t size;               /* up to the end of the info struct */
};

/*
 * Calls fn for each capability of info[size], the first at offset first (0: none), none of them below base. Returns 0,
 * or -EPROTO where the chain leaves the struct, is misaligned, loops or is too long: fn then had those before.
 */
int vg_caps_walk(const void *info, size_t size, size_t base, uint32_t first, void (*fn)(void *, const struct vg_cap *),
				 void *data);

#endif
