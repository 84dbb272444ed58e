/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of vendors, devices and classes from udev's hardware database. */
#ifndef VG_SYS_HWDB_H
#define VG_SYS_HWDB_H

struct vg_hwdb;

/* What the database says of a PCI id; free the texts. NULL: unknown. */
struct vg_hwdb_names {
	char *vendor;
	char *device;
	char *class_name;
};

/* NULL where there is no database. */
struct vg_hwdb *vg_hwdb_open(void);
void vg_hwdb_close(struct vg_hwdb *hwdb);
/* An id of -1 is unknown. 0 or -ENOMEM. */
int vg_hwdb_look_up(struct vg_hwdb *hwdb, int vendor, int device, int class_code, struct vg_hwdb_names *out);

#endif
