/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VFIO nodes of many devices at once, from the class that lists them all. */
#include "model/cdevs.h"

#include <errno.h>
#include <fcntl.h>

#include "sys/files.h"
#include "util/path.h"

int vg_cdevs_read(struct vgpu_context *ctx, int (*found)(void *data, const char *device, const char *cdev), void *data)
{
	char path[VG_PATH_SIZE], file[VG_NAME_SIZE + 8];
	struct vg_entries entries;
	bool has_cdev = false;
	size_t i;
	int dir, r;

	vg_strf(path, sizeof(path), "%s/class/vfio-dev", ctx->sys);
	dir = vg_open_dir(AT_FDCWD, path);
	if (dir < 0)
		return 0; /* older kernel */
	r = vg_entries_read_fd(dir, &entries);
	if (r) {
		vg_close(dir);
		return r == -ENOMEM ? r : 0;
	}
	/* a kernel without CONFIG_VFIO_DEVICE_CDEV has the class, but no device numbers in it */
	if (entries.count) {
		vg_strf(file, sizeof(file), "%s/dev", entries.items[0].name);
		has_cdev = vg_exists(dir, file);
	}
	/* a link of the class reads ".../DEVICE/vfio-dev/vfio7" */
	for (i = 0; r == 0 && has_cdev && i < entries.count; i++) {
		if (vg_read_link(dir, entries.items[i].name, path, sizeof(path)))
			continue;
		vg_path_parent(path);
		vg_path_parent(path);
		r = found(data, vg_basename(path), entries.items[i].name);
	}
	vg_entries_free(&entries);
	vg_close(dir);
	return r;
}
