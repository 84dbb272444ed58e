/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parents: devices of the host on which vGPUs can be created. Immutable snapshots. */
#ifndef VGPU_PARENT_H
#define VGPU_PARENT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_errors;
struct vgpu_parent;
struct vgpu_parents;

/** Look up vendor_name and device_name in udev's hardware database (costs some ms a process). */
#define VGPU_PARENT_NAMES (1u << 0)

/**
 * struct vgpu_parent_list_opts - which parents, and what to read of them
 * @size: sizeof(struct vgpu_parent_list_opts)
 * @flags: VGPU_PARENT_NAMES or 0
 * @parent: only this one: its name, or its PCI address (domain optional); NULL: all
 */
struct vgpu_parent_list_opts {
	size_t size;
	uint32_t flags;
	const char *parent;
};

/**
 * vgpu_parent_list() - list parents
 * @ctx: the context
 * @opts: which, or NULL for all
 * @out: receives the parents, ordered by name; untouched on failure; free with vgpu_parents_unref()
 *
 * What can't be read is left out of the list, and stands with its error in vgpu_parents_get_errors().
 * A host without parents is an empty list.
 *
 * Return: 0, or -EINVAL, -E2BIG (@opts), -ENODEV (opts->parent is no parent), -ENOMEM, or another -errno of
 * the directory that lists the parents.
 * Since: 0.1
 */
int vgpu_parent_list(struct vgpu_context *ctx, const struct vgpu_parent_list_opts *opts, struct vgpu_parents **out);

/** As many virtual functions as the parent can have. */
#define VGPU_VFS_MAX 0xffffffffu

/**
 * struct vgpu_parent_set_vfs_opts - how many virtual functions a parent is to have
 * @size: sizeof(struct vgpu_parent_set_vfs_opts)
 * @count: their number; 0 disables them; VGPU_VFS_MAX: all that it can have
 * @timeout_ms: deadline in milliseconds; 0: 60000
 */
struct vgpu_parent_set_vfs_opts {
	size_t size;
	uint32_t count;
	uint32_t timeout_ms;
};

/**
 * vgpu_parent_set_vfs() - enable or disable the virtual functions of a parent
 * @ctx: the context
 * @parent: name of the parent, or its PCI address (domain optional)
 * @opts: how many
 *
 * By the parent's sriov_numvfs, or where its driver refuses that, by the program that NVIDIA's driver has for it, which
 * knows all or none; that it can't get at the driver for a moment is tried again until the deadline. Nothing to do is
 * success. A number changes only through 0, and never while the parent has vGPUs.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL, -E2BIG: @opts;
 *  * -ENODEV: no such parent;
 *  * -ERANGE: it can't have so many;
 *  * -EOPNOTSUPP: its vGPUs do not live on virtual functions, its driver enables all or none, or the program is
 * missing;
 *  * -EBUSY: it has vGPUs or, where the program would end them, GPU instances of MIG; another number of functions is
 *    enabled; or another process is changing it (locked);
 *  * -ECANCELED: the program failed; the message is what it said;
 *  * -EACCES, -EPERM: not allowed;
 *  * -ETIMEDOUT: the kernel still works on it at the deadline (pending): a function that is open holds it up;
 *  * -EIO: it did not become what was asked for;
 *  * -ECONNRESET: the process that writes to the kernel for this one was killed;
 *  * -ENOMEM, or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_parent_set_vfs(struct vgpu_context *ctx, const char *parent, const struct vgpu_parent_set_vfs_opts *opts);

/**
 * vgpu_parents_unref() - free a list of parents
 * @parents: the list, or NULL
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_parents *vgpu_parents_unref(struct vgpu_parents *parents);

/** vgpu_parents_get_count() - number of parents in @parents (0 for NULL). Since: 0.1 */
size_t vgpu_parents_get_count(const struct vgpu_parents *parents);

/** vgpu_parents_get() - parent number @i from 0 of @parents (borrowed), or NULL beyond the end. Since: 0.1 */
struct vgpu_parent *vgpu_parents_get(const struct vgpu_parents *parents, size_t i);

/** vgpu_parents_get_errors() - what could not be read while @parents was made (borrowed). Since: 0.1 */
const struct vgpu_errors *vgpu_parents_get_errors(const struct vgpu_parents *parents);

/** vgpu_parent_ref() - take a reference to @parent (NULL is let through). Return: @parent. Since: 0.1 */
struct vgpu_parent *vgpu_parent_ref(struct vgpu_parent *parent);

/** vgpu_parent_unref() - drop a reference to @parent (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_parent *vgpu_parent_unref(struct vgpu_parent *parent);

/*
 * Getters: no I/O, no failure. Text is borrowed from @parent and UTF-8; NULL means unknown or not there.
 * Numbers are -1 where unknown or not there.
 */

/** vgpu_parent_get_name() - the kernel's name of it, as other calls take it (never NULL). Since: 0.1 */
const char *vgpu_parent_get_name(const struct vgpu_parent *parent);

/** vgpu_parent_get_backend() - the kernel interface that cuts it: "mdev" (never NULL). Since: 0.1 */
const char *vgpu_parent_get_backend(const struct vgpu_parent *parent);

/** vgpu_parent_get_sysfs_path() - its directory in sysfs (never NULL). Since: 0.1 */
const char *vgpu_parent_get_sysfs_path(const struct vgpu_parent *parent);

/** vgpu_parent_get_driver() - name of the driver it is bound to. Since: 0.1 */
const char *vgpu_parent_get_driver(const struct vgpu_parent *parent);

/** vgpu_parent_get_pci_address() - "DDDD:BB:DD.F", the domain with four digits or more. Since: 0.1 */
const char *vgpu_parent_get_pci_address(const struct vgpu_parent *parent);

/** vgpu_parent_get_vendor() - PCI vendor id. Since: 0.1 */
int vgpu_parent_get_vendor(const struct vgpu_parent *parent);

/** vgpu_parent_get_device() - PCI device id. Since: 0.1 */
int vgpu_parent_get_device(const struct vgpu_parent *parent);

/** vgpu_parent_get_class() - PCI class code, 24 bits: class, subclass, programming interface. Since: 0.1 */
int vgpu_parent_get_class(const struct vgpu_parent *parent);

/** vgpu_parent_get_vendor_name() - vendor's name; only with VGPU_PARENT_NAMES. Since: 0.1 */
const char *vgpu_parent_get_vendor_name(const struct vgpu_parent *parent);

/** vgpu_parent_get_device_name() - device's name; only with VGPU_PARENT_NAMES. Since: 0.1 */
const char *vgpu_parent_get_device_name(const struct vgpu_parent *parent);

/** vgpu_parent_get_class_name() - class's name; only with VGPU_PARENT_NAMES. Since: 0.1 */
const char *vgpu_parent_get_class_name(const struct vgpu_parent *parent);

/** vgpu_parent_get_numa_node() - NUMA node. Since: 0.1 */
int vgpu_parent_get_numa_node(const struct vgpu_parent *parent);

/** vgpu_parent_get_iommu_group() - number of its IOMMU group. Since: 0.1 */
int vgpu_parent_get_iommu_group(const struct vgpu_parent *parent);

/** vgpu_parent_get_vf_count() - number of its virtual functions that are enabled. Since: 0.1 */
int vgpu_parent_get_vf_count(const struct vgpu_parent *parent);

/** vgpu_parent_get_vf_total() - number of virtual functions that it can have. Since: 0.1 */
int vgpu_parent_get_vf_total(const struct vgpu_parent *parent);

/** vgpu_parent_get_type_count() - number of types it offers. Since: 0.1 */
int vgpu_parent_get_type_count(const struct vgpu_parent *parent);

/** vgpu_parent_get_device_count() - number of vGPUs on it. Since: 0.1 */
int vgpu_parent_get_device_count(const struct vgpu_parent *parent);

#ifdef __cplusplus
}
#endif
#endif
