/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has udev finished with a device node? */
#ifndef VG_SYS_UDEV_H
#define VG_SYS_UDEV_H

#include <stdbool.h>
#include <sys/types.h>

struct vgpu_context;

/* Does udev run on this host, and is the context the host's own? */
bool vg_udev_runs(struct vgpu_context *ctx);
/* Has udev run its rules for this character device (permissions, links, ...)? */
bool vg_udev_is_done(dev_t number);

#endif
