/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has udev finished with a device node? By libudev, since udev's database is its own affair. */
#include "sys/udev.h"

#include <fcntl.h>
#include <libudev.h>

#include "core/context.h"
#include "sys/files.h"

bool vg_udev_runs(struct vgpu_context *ctx)
{
	/* systemd-udevd's control socket; eudev uses the same */
	return ctx->is_host && vg_exists(AT_FDCWD, "/run/udev/control");
}

bool vg_udev_is_done(dev_t number)
{
	struct udev *udev = udev_new();
	struct udev_device *device = udev ? udev_device_new_from_devnum(udev, 'c', number) : NULL;
	bool done = device && udev_device_get_is_initialized(device);

	if (device)
		udev_device_unref(device);
	if (udev)
		udev_unref(udev);
	return done;
}
