/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies in an EDID. No I/O. */
#ifndef VG_VFIO_EDID_BLOB_H
#define VG_VFIO_EDID_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vg_edid_timing {
	uint32_t width;
	uint32_t height;
	uint32_t refresh_mhz;
};

/* Detailed timings that the first block has room for. */
#define VG_EDID_TIMINGS 4

/* Detailed timing i of the first block of a valid EDID, the preferred one first. False: the place holds something else.
 */
bool vg_edid_timing(const unsigned char *block, unsigned i, struct vg_edid_timing *out);

#endif
