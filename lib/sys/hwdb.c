/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of vendors, devices and classes from udev's hardware database, by libudev. */
#include "sys/hwdb.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"

struct vg_hwdb {
	struct udev *udev;
	struct udev_hwdb *hwdb;
};

struct vg_hwdb *vg_hwdb_open(void)
{
	struct vg_hwdb *hwdb = calloc(1, sizeof(*hwdb));

	if (!hwdb)
		return NULL;
	hwdb->udev = udev_new();
	hwdb->hwdb = hwdb->udev ? udev_hwdb_new(hwdb->udev) : NULL;
	if (!hwdb->hwdb) {
		vg_hwdb_close(hwdb);
		return NULL;
	}
	return hwdb;
}

void vg_hwdb_close(struct vg_hwdb *hwdb)
{
	if (!hwdb)
		return;
	if (hwdb->hwdb)
		udev_hwdb_unref(hwdb->hwdb);
	if (hwdb->udev)
		udev_unref(hwdb->udev);
	free(hwdb);
}

static int take(struct udev_list_entry *list, const char *key, char **out)
{
	struct udev_list_entry *entry = udev_list_entry_get_by_name(list, key);
	const char *value = entry ? udev_list_entry_get_value(entry) : NULL;

	if (*out || !value)
		return 0;
	return vg_dup(value, out);
}

int vg_hwdb_look_up(struct vg_hwdb *hwdb, int vendor, int device, int class_code, struct vg_hwdb_names *out)
{
	struct udev_list_entry *list;
	char modalias[96];
	unsigned code = class_code < 0 ? 0 : (unsigned)class_code;
	int r;

	if (vendor < 0 || device < 0)
		return 0;
	/* the kernel's modalias, so that the database's patterns for classes match too */
	vg_strf(modalias, sizeof(modalias), "pci:v%08Xd%08Xsv00000000sd00000000bc%02Xsc%02Xi%02X", (unsigned)vendor,
			(unsigned)device, code >> 16 & 0xff, code >> 8 & 0xff, code & 0xff);
	list = udev_hwdb_get_properties_list_entry(hwdb->hwdb, modalias, 0);
	r = take(list, "ID_VENDOR_FROM_DATABASE", &out->vendor);
	if (r == 0)
		r = take(list, "ID_MODEL_FROM_DATABASE", &out->device);
	if (r == 0 && class_code >= 0)
		r = take(list, "ID_PCI_SUBCLASS_FROM_DATABASE", &out->class_name);
	if (r == 0 && class_code >= 0)
		r = take(list, "ID_PCI_CLASS_FROM_DATABASE", &out->class_name);
	return r;
}
