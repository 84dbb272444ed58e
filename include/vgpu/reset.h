/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resetting an opened device: alone, or with all that hangs on its PCI bus. What a bus reset affects is a snapshot. */
#ifndef VGPU_RESET_H
#define VGPU_RESET_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_reset_set;
struct vgpu_vfio;

/**
 * vgpu_vfio_reset() - reset the device
 * @vfio: the device
 *
 * The driver is asked, whatever the flags say: VGPU_VFIO_FLAG_RESET is a hint, which drivers that can reset may lack
 * (the kernel's sample drivers do). How much a reset resets is the driver's affair too: after it, read again what
 * matters, and set up again what the device must have: registers, config space (memory and bus master enable, MSI and
 * MSI-X), interrupts, display mode. Mappings of BARs stay; with vfio-pci a load or store meanwhile waits. DMA mappings
 * stay.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: @vfio is NULL;
 *  * -EOPNOTSUPP: the driver cannot reset this device (unsupported);
 *  * -EAGAIN: something else works on the device or its bus at this moment (in-use): try again;
 *  * -ENODEV: the device is gone (gone);
 *  * or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_vfio_reset(struct vgpu_vfio *vfio);

/**
 * vgpu_vfio_hot_reset() - reset all functions of the device's PCI slot or bus at once
 * @vfio: the device
 *
 * For devices that cannot be reset alone. The kernel demands that all affected functions (vgpu_reset_set_find()) are
 * owned and bound to VFIO drivers. Owned are, by group, those whose IOMMU group is open in the handle's DMA object;
 * by iommufd, those that are bound to the same iommufd, and what is in their IOMMU groups. As to what is left after the
 * reset, see vgpu_vfio_reset(); all handles of affected devices stay valid.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: @vfio is NULL;
 *  * -EOPNOTSUPP: it is no PCI device of vfio-pci's, or neither its slot nor its bus can be reset: it sits on a root
 * bus (unsupported); or it was opened from a device_fd by group, so that no ownership can be proved (unsupported);
 *  * -EPERM: devices are in the way that are not owned, or not bound to VFIO drivers: the message names those that are
 *    known (refused);
 *  * -EBUSY, -EAGAIN: something else works on an affected device at this moment (in-use): try again;
 *  * -EIO: it was reset, but did not come back in time;
 *  * -EPROTO: the driver's list makes no sense (bad-data);
 *  * -ENOMEM, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_vfio_hot_reset(struct vgpu_vfio *vfio);

/**
 * vgpu_reset_set_find() - ask which PCI functions a hot reset of the device affects
 * @vfio: the device
 * @out: receives a snapshot, a new reference; untouched on failure
 *
 * Resets nothing.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: a NULL argument;
 *  * -EOPNOTSUPP: no hot reset is possible, as for vgpu_vfio_hot_reset() (unsupported);
 *  * -EAGAIN: functions come and go all the time (in-use);
 *  * -EPERM: an affected function has no IOMMU group (refused);
 *  * -EPROTO: the driver's list makes no sense (bad-data);
 *  * -ENOMEM, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_reset_set_find(struct vgpu_vfio *vfio, struct vgpu_reset_set **out);

/** vgpu_reset_set_ref() - take a reference to @set (NULL is let through). Return: @set. Since: 0.1 */
struct vgpu_reset_set *vgpu_reset_set_ref(struct vgpu_reset_set *set);

/** vgpu_reset_set_unref() - drop a reference to @set (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_reset_set *vgpu_reset_set_unref(struct vgpu_reset_set *set);

/* Getters: no I/O, no failure. Functions are numbered from 0, the device itself among them. */

/** vgpu_reset_set_get_count() - number of functions (0 for NULL). Since: 0.1 */
size_t vgpu_reset_set_get_count(const struct vgpu_reset_set *set);

/**
 * vgpu_reset_set_get_address() - PCI address of a function
 * @set: the snapshot
 * @i: which, from 0
 *
 * Return: the full address, "0000:01:00.0" (borrowed); NULL beyond the end.
 * Since: 0.1
 */
const char *vgpu_reset_set_get_address(const struct vgpu_reset_set *set, size_t i);

/**
 * vgpu_reset_set_get_iommu_group() - IOMMU group of a function
 * @set: the snapshot
 * @i: which, from 0
 *
 * Return: the group's number; -1 beyond the end, and where the device was opened by iommufd, which does not tell.
 * Since: 0.1
 */
int vgpu_reset_set_get_iommu_group(const struct vgpu_reset_set *set, size_t i);

/**
 * vgpu_reset_set_get_device_id() - iommufd's id of a function
 * @set: the snapshot
 * @i: which, from 0
 *
 * Return: the id that it has in the handle's iommufd; 0 if it is not bound to that; -1 beyond the end, and where the
 * device was opened by group.
 * Since: 0.1
 */
int vgpu_reset_set_get_device_id(const struct vgpu_reset_set *set, size_t i);

/**
 * vgpu_reset_set_is_owned() - does the handle own a function, as a hot reset demands?
 * @set: the snapshot
 * @i: which, from 0
 *
 * Whether a function of an IOMMU group that is owned is bound to a VFIO driver too, only the hot reset itself tells.
 *
 * Return: 1 if so, 0 if not; -1 beyond the end.
 * Since: 0.1
 */
int vgpu_reset_set_is_owned(const struct vgpu_reset_set *set, size_t i);

#ifdef __cplusplus
}
#endif
#endif
