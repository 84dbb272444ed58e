/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a device cannot be opened. */
#include "vfio/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "sys/files.h"
#include "sys/users.h"

static bool in_sysfs(struct vgpu_context *ctx, const char *entry)
{
	char path[VG_PATH_SIZE];

	return vg_strf(path, sizeof(path), "%s/%s", ctx->sys, entry) > 0 && vg_exists(AT_FDCWD, path);
}

static bool has_vfio_driver(struct vgpu_context *ctx, const struct vg_target *target)
{
	char path[VG_PATH_SIZE];

	if (!target->driver[0])
		return false;
	if (!in_sysfs(ctx, "class/vfio-dev")) /* Linux before 6.1 does not tell */
		return true;
	return vg_strf(path, sizeof(path), "%s/vfio-dev", target->path) > 0 && vg_exists(AT_FDCWD, path);
}

static int fail_driver(struct vgpu_context *ctx, const struct vg_target *target)
{
	char hint[VG_PATH_SIZE];
	const struct vg_failure failure = {
		.operation = VG_OPEN, .path = target->path, .err = ENODEV, .cause = VGPU_CAUSE_NO_VFIO_DRIVER, .hint = hint};

	if (strcmp(target->bus, "pci") == 0)
		vg_strf(hint, sizeof(hint),
				"bind it: load vfio-pci, write vfio-pci to its driver_override, %swrite %s to drivers_probe of its bus",
				target->driver[0] ? "its address to driver/unbind, and " : "and ", target->name);
	else
		vg_strcopy(hint, sizeof(hint), "bind it to the VFIO driver of its bus");
	if (!target->driver[0])
		return vg_fail(ctx, &failure, "no driver is bound to it");
	return vg_fail(ctx, &failure, "the driver %s is bound to it, which is no VFIO driver", target->driver);
}

int vg_vfio_check_target(struct vgpu_context *ctx, const struct vg_target *target)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = target->path, .err = EOPNOTSUPP};

	if (!in_sysfs(ctx, "class/vfio-dev") && !in_sysfs(ctx, "class/vfio")) {
		failure.cause = VGPU_CAUSE_MODULE_MISSING;
		failure.hint = strcmp(target->bus, "pci") == 0 ? "load it: modprobe vfio-pci; then bind the device to it"
													   : "load it: modprobe vfio vfio_iommu_type1";
		return vg_fail(ctx, &failure, "the kernel's VFIO is not loaded");
	}
	if (target->is_noiommu) {
		failure.cause = VGPU_CAUSE_UNSUPPORTED;
		failure.hint = "switch the IOMMU on (intel_iommu=on or amd_iommu=on, and in the firmware), and bind it again";
		return vg_fail(ctx, &failure,
					   "it is in VFIO's no-IOMMU mode, in which it may write to all of the host's memory");
	}
	if (target->iommu_group < 0) {
		failure.cause = VGPU_CAUSE_IOMMU_OFF;
		failure.hint = "switch the IOMMU on: intel_iommu=on or amd_iommu=on on the kernel's command line, and in the "
					   "firmware";
		return vg_fail(ctx, &failure, "it has no IOMMU group");
	}
	if (!has_vfio_driver(ctx, target))
		return fail_driver(ctx, target);
	return 0;
}

int(vg_vfio_fail_in_use)(struct vgpu_context *ctx, const struct vg_target *target, const char *node)
{
	struct vg_holders holders = {0};
	char who[256] = "";
	int r = target ? vg_holders_scan(ctx, &holders) : -ESRCH;

	if (r == 0) {
		vg_holders_describe(&holders, target->path, target->group_node, target->cdev_node, who, sizeof(who));
		vg_holders_free(&holders);
	}
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = VG_OPEN,
										.path = node,
										.err = EBUSY,
										.cause = VGPU_CAUSE_IN_USE,
										.hint = "one process at a time can open an IOMMU group or its devices"},
				   who[0] ? "in use by %s" : "somebody else uses the device or its IOMMU group%s", who);
}

int(vg_vfio_fail_node)(struct vgpu_context *ctx, const struct vg_target *target, const char *node, int err)
{
	char hint[VG_PATH_SIZE + 128];
	struct vg_failure failure = {.operation = VG_OPEN, .path = node, .err = err, .hint = hint};

	hint[0] = '\0';
	switch (err) {
	case EBUSY:
		return vg_vfio_fail_in_use(ctx, target, node);
	case EACCES:
	case EPERM:
		failure.cause = VGPU_CAUSE_PERMISSION;
		vg_strf(hint, sizeof(hint), "as root, give %s to the user (chown), or run as root", node);
		return vg_fail(ctx, &failure, "not allowed to open it");
	case ENOENT:
		failure.cause = VGPU_CAUSE_NOT_READY;
		vg_strcopy(hint, sizeof(hint), "wait for udev; in a container, bring the host's /dev/vfio in");
		return vg_fail(ctx, &failure, "the kernel has this node, but it is not in the directory of device nodes");
	case ENXIO:
	case ENODEV:
		failure.cause = VGPU_CAUSE_GONE;
		return vg_fail(ctx, &failure, "the device behind it is gone");
	default:
		return vg_fail(ctx, &failure, NULL);
	}
}

/* Drivers that leave DMA to whoever owns the group: VFIO's own, bridges', and the stub. */
static bool is_harmless(const char *driver)
{
	return strncmp(driver, "vfio", 4) == 0 || strcmp(driver, "pcieport") == 0 || strcmp(driver, "pci-stub") == 0;
}

/* "0000:00:1f.3 (i2c_i801), ..." of the target's group, cut to size. */
static void describe_group(const struct vg_target *target, char *buf, size_t size)
{
	struct vg_entries entries;
	char path[VG_PATH_SIZE], link[VG_PATH_SIZE], driver[VG_NAME_SIZE];
	size_t i, used = 0;

	buf[0] = '\0';
	if (vg_strf(path, sizeof(path), "%s/iommu_group/devices", target->path) < 0 ||
		vg_entries_read(AT_FDCWD, path, &entries))
		return;
	vg_entries_sort(&entries);
	for (i = 0; i < entries.count && used < size; i++) {
		const char *name = entries.items[i].name;
		int n;

		if (strcmp(name, target->name) == 0 || vg_strf(link, sizeof(link), "%s/%s/driver", path, name) < 0 ||
			vg_read_link_name(AT_FDCWD, link, driver, sizeof(driver)) || is_harmless(driver) ||
			strcmp(driver, target->driver) == 0)
			continue;
		n = snprintf(buf + used, size - used, "%s%s (%s)", used ? ", " : "", name, driver);
		used += n > 0 ? (size_t)n : 0;
	}
	vg_entries_free(&entries);
}

int(vg_vfio_fail_not_viable)(struct vgpu_context *ctx, const struct vg_target *target)
{
	struct vg_failure failure = {.operation = VG_OPEN,
								 .path = target ? target->group_node : "group_fd",
								 .err = EPERM,
								 .cause = VGPU_CAUSE_GROUP_NOT_VIABLE,
								 .hint = "bind every device of the group to vfio-pci or to no driver"};
	char others[512] = "";

	if (target)
		describe_group(target, others, sizeof(others));
	if (!others[0])
		return vg_fail(ctx, &failure, "a device of its IOMMU group is used by a driver of the host");
	return vg_fail(ctx, &failure, "devices of its IOMMU group %d are used by drivers of the host: %s",
				   target->iommu_group, others);
}

int(vg_vfio_fail_kind)(struct vgpu_context *ctx, const char *name, const char *field, const char *wanted)
{
	struct vg_failure failure = {
		.operation = VG_OPEN, .path = name, .value = field, .err = EINVAL, .cause = VGPU_CAUSE_INVALID};

	return vg_fail(ctx, &failure, "%s is not %s", field, wanted);
}

int(vg_vfio_fail_dup)(struct vgpu_context *ctx, const char *name, const char *field, int err)
{
	struct vg_failure failure = {.operation = VG_OPEN, .path = name, .value = field, .err = err};

	if (err == EBADF)
		failure.cause = VGPU_CAUSE_INVALID;
	return vg_fail(ctx, &failure, "%s cannot be duplicated: %s", field, strerrordesc_np(err) ?: "unknown error");
}
