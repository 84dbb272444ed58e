/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vGPUs: list, find, create, destroy. A vgpu_device is an immutable snapshot.
 *
 * DEVICE, wherever a call takes one as text: "UUID[:INSTANCE]" (any case; a bare UUID is instance 0), a PCI
 * address (domain optional), a path in sysfs, or the absolute path of a vfio-user socket.
 */
#ifndef VGPU_DEVICE_H
#define VGPU_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_errors;
struct vgpu_device;
struct vgpu_devices;

/** Look for the processes that use the vGPUs: scans /proc once a call. */
#define VGPU_DEVICE_USERS (1u << 0)
/** Read the attributes that the vendor's driver gives each vGPU. */
#define VGPU_DEVICE_ATTRS (1u << 1)
/**
 * Leave out IOMMU group and nodes, which are unknown then: they cost one or two system calls a vGPU. No effect
 * together with VGPU_DEVICE_USERS, which needs the nodes.
 */
#define VGPU_DEVICE_BRIEF (1u << 2)

/**
 * struct vgpu_device_list_opts - which vGPUs, and what to read of them
 * @size: sizeof(struct vgpu_device_list_opts)
 * @flags: VGPU_DEVICE_USERS, VGPU_DEVICE_ATTRS, VGPU_DEVICE_BRIEF, or 0
 * @parent: only those on this parent: its name, or its PCI address (domain optional); NULL: all
 */
struct vgpu_device_list_opts {
	size_t size;
	uint32_t flags;
	const char *parent;
};

/**
 * vgpu_device_list() - list vGPUs
 * @ctx: the context
 * @opts: which, or NULL for all
 * @out: receives the vGPUs, ordered by pair, then name; untouched on failure; free with vgpu_devices_unref()
 *
 * Writes nothing. What can't be read is left out, and stands with its error in vgpu_devices_get_errors().
 *
 * Return: 0, or -EINVAL, -E2BIG (@opts), -ENODEV (opts->parent is no parent), -ENOMEM, or another -errno of
 * the directory that lists the vGPUs.
 * Since: 0.1
 */
int vgpu_device_list(struct vgpu_context *ctx, const struct vgpu_device_list_opts *opts, struct vgpu_devices **out);

/**
 * vgpu_device_find() - read one vGPU
 * @ctx: the context
 * @device: DEVICE
 * @flags: VGPU_DEVICE_USERS, VGPU_DEVICE_ATTRS, or 0
 * @out: receives the vGPU, a new reference; untouched on failure
 *
 * Return: 0, or -EINVAL (@device is no DEVICE, unknown flag), -ENODEV (there is no such vGPU), -ENOMEM, or
 * another -errno of what could not be read.
 * Since: 0.1
 */
int vgpu_device_find(struct vgpu_context *ctx, const char *device, uint32_t flags, struct vgpu_device **out);

/** How far create waits. */
enum vgpu_wait {
	VGPU_WAIT_DEFAULT = 0, /* NODE; SYSFS where the context's dev directory does not exist */
	VGPU_WAIT_NONE,        /* return when the kernel has made it */
	VGPU_WAIT_SYSFS,       /* until its type and IOMMU group can be seen */
	VGPU_WAIT_NODE         /* until its VFIO nodes are there too, and udev has finished with them */
};

/** On any parent: take the one that has most vGPUs first, to keep others free; without it, the one that has fewest. */
#define VGPU_CREATE_PACK (1u << 0)
/** On any parent: those on NUMA node numa_node are tried before the others. */
#define VGPU_CREATE_NUMA (1u << 1)

/**
 * struct vgpu_device_create_opts - what to create
 * @size: sizeof(struct vgpu_device_create_opts)
 * @parent: name of the parent, or its PCI address (domain optional); or the PCI address of the virtual function that
 *          the vGPU is to be; or "auto": any parent that offers the type, tried in the order that @flags, @numa_node
 * and
 *          @below say
 * @type: id of the type
 * @device: "UUID[:INSTANCE]": VM UUID and instance 0 to 65535; NULL: a random UUID, instance 0
 * @wait: enum vgpu_wait
 * @timeout_ms: deadline in milliseconds for the whole call; 0: 5000
 * @owner: "USER[:GROUP]", names or numbers: gives the VFIO nodes to them; NULL: leaves them as they come
 * @attrs: "GROUP/FILE=VALUE", NULL at the end: vendor attributes (as vgpu_device_get_attr_name() names them) to set in
 *         this order once it is made; NULL: none. Drivers may round: the attributes of the vGPU tell what came
 * @flags: VGPU_CREATE_PACK, VGPU_CREATE_NUMA, or 0
 * @numa_node: NUMA node, for VGPU_CREATE_NUMA
 * @below: on any parent: those at or below the PCI device of this address (a bridge) are tried before the others; or
 * NULL
 * @params: for the provider of a software GPU, which says what they mean; NULL: none
 */
struct vgpu_device_create_opts {
	size_t size;
	const char *parent;
	const char *type;
	const char *device;
	uint32_t wait;
	uint32_t timeout_ms;
	const char *owner;
	const char *const *attrs;
	uint32_t flags;
	int numa_node;
	const char *below;
	const char *params;
};

/**
 * vgpu_device_create() - create a vGPU
 * @ctx: the context
 * @opts: what to create
 * @out: receives the vGPU as it is once ready, a new reference; untouched on failure; may be NULL
 *
 * Claims the pair for this process, checks, writes, verifies, and waits until the vGPU is ready. On any failure
 * what was made is undone. Of several callers, in any processes, one gets the vGPU.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: an option is missing or malformed (invalid); or the driver refused the request (refused);
 *  * -EOPNOTSUPP: the driver does not give one of @attrs, the kernel takes no @params, or a software GPU no @attrs and
 * no
 *    @owner;
 *  * -EBUSY: no virtual function took the type until the deadline, though one was free;
 *  * -EIO: the driver refused the request (refused), or made something else (bad-data);
 *  * -ENODEV: no such parent, no such type on it, or the parent went away meanwhile (gone);
 *  * -EEXIST: the pair, or a device of the kernel's name, is there already, or another process is making it;
 *  * -ENOSPC: no instance of the type is left (the kernel may say ENOSPC, EUSERS or EOPNOTSUPP: all mean this);
 *  * -EAGAIN: the kernel's name is still being removed;
 *  * -EACCES, -EPERM: not allowed to write the type's create file or the records;
 *  * -ETIMEDOUT: not ready at the deadline, undone (not-ready); or the kernel's write is still blocked, and will
 *    be undone when it returns (pending); or the records stayed locked (locked);
 *  * -ENOENT: @owner names nobody;
 *  * -ECONNRESET: the process that writes to the kernel for this one was killed; nothing was made;
 *  * -E2BIG, -ENOMEM, or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_device_create(struct vgpu_context *ctx, const struct vgpu_device_create_opts *opts, struct vgpu_device **out);

/**
 * Destroy although somebody uses it: the kernel then removes it when the last user lets go. Or although libvgpu has not
 * made it: on a virtual function, that is refused without this.
 */
#define VGPU_DESTROY_FORCE (1u << 0)

/**
 * struct vgpu_device_destroy_opts - how to destroy
 * @size: sizeof(struct vgpu_device_destroy_opts)
 * @flags: VGPU_DESTROY_FORCE or 0
 * @timeout_ms: deadline in milliseconds; 0: 15000
 */
struct vgpu_device_destroy_opts {
	size_t size;
	uint32_t flags;
	uint32_t timeout_ms;
};

/**
 * vgpu_device_destroy() - destroy a vGPU
 * @ctx: the context
 * @device: DEVICE
 * @opts: how, or NULL
 *
 * The kernel's removal waits, unkillably, for the last user. So a vGPU in use is refused, unless forced. What is
 * still pending at the deadline goes on in a process of its own and is listed in state "removing".
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: @device is no DEVICE; -E2BIG: @opts;
 *  * -ENODEV: no such vGPU, or it went away meanwhile;
 *  * -EBUSY: in use; the message names the users that could be seen; or the driver still said so at the deadline;
 *  * -EPERM: something else made it, on a virtual function, and it is not forced (refused);
 *  * -EAGAIN: somebody else is removing it;
 *  * -ECONNRESET: the process that writes to the kernel for this one was killed; the vGPU is there;
 *  * -EACCES, -EPERM: not allowed;
 *  * -ETIMEDOUT: removal is pending at the deadline (pending), or the records stayed locked (locked);
 *  * -ENOMEM, or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_device_destroy(struct vgpu_context *ctx, const char *device, const struct vgpu_device_destroy_opts *opts);

/**
 * vgpu_devices_unref() - free a list of vGPUs
 * @devices: the list, or NULL
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_devices *vgpu_devices_unref(struct vgpu_devices *devices);

/** vgpu_devices_get_count() - number of vGPUs in @devices (0 for NULL). Since: 0.1 */
size_t vgpu_devices_get_count(const struct vgpu_devices *devices);

/** vgpu_devices_get() - vGPU number @i from 0 of @devices (borrowed), or NULL beyond the end. Since: 0.1 */
struct vgpu_device *vgpu_devices_get(const struct vgpu_devices *devices, size_t i);

/** vgpu_devices_get_errors() - what could not be read while @devices was made (borrowed). Since: 0.1 */
const struct vgpu_errors *vgpu_devices_get_errors(const struct vgpu_devices *devices);

/** vgpu_device_ref() - take a reference to @device (NULL is let through). Return: @device. Since: 0.1 */
struct vgpu_device *vgpu_device_ref(struct vgpu_device *device);

/** vgpu_device_unref() - drop a reference to @device (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_device *vgpu_device_unref(struct vgpu_device *device);

/*
 * Getters: no I/O, no failure. Text is borrowed from @device; NULL means unknown or not there. Numbers are -1
 * where unknown or not there.
 */

/** vgpu_device_get_uuid() - VM UUID in lower case. Since: 0.1 */
const char *vgpu_device_get_uuid(const struct vgpu_device *device);

/** vgpu_device_get_instance() - number of the vGPU within its VM, 0 to 65535. Since: 0.1 */
int vgpu_device_get_instance(const struct vgpu_device *device);

/** vgpu_device_get_owner() - who made it: "libvgpu" or "foreign" (never NULL). Since: 0.1 */
const char *vgpu_device_get_owner(const struct vgpu_device *device);

/** vgpu_device_get_name() - the kernel's name: an mdev's own UUID, or a PCI address (never NULL). Since: 0.1 */
const char *vgpu_device_get_name(const struct vgpu_device *device);

/** vgpu_device_get_sysfs_path() - its directory in sysfs; NULL while it is only being removed. Since: 0.1 */
const char *vgpu_device_get_sysfs_path(const struct vgpu_device *device);

/** vgpu_device_get_parent_name() - name of its parent. Since: 0.1 */
const char *vgpu_device_get_parent_name(const struct vgpu_device *device);

/** vgpu_device_get_physfn() - PCI address of the physical function, of a vGPU on a virtual function. Since: 0.1 */
const char *vgpu_device_get_physfn(const struct vgpu_device *device);

/** vgpu_device_get_type() - id of its type. Since: 0.1 */
const char *vgpu_device_get_type(const struct vgpu_device *device);

/** vgpu_device_get_backend() - "mdev", "nvidia-vfio", "sriov" or "soft" (never NULL). Since: 0.1 */
const char *vgpu_device_get_backend(const struct vgpu_device *device);

/** vgpu_device_get_device_api() - for example "vfio-pci". Since: 0.1 */
const char *vgpu_device_get_device_api(const struct vgpu_device *device);

/** vgpu_device_get_iommu_group() - number of its IOMMU group. Since: 0.1 */
int vgpu_device_get_iommu_group(const struct vgpu_device *device);

/** vgpu_device_get_group_node() - path of the group's VFIO node; not checked to exist. Since: 0.1 */
const char *vgpu_device_get_group_node(const struct vgpu_device *device);

/** vgpu_device_get_cdev_node() - path of the device's own VFIO node, where the kernel has one. Since: 0.1 */
const char *vgpu_device_get_cdev_node(const struct vgpu_device *device);

/** vgpu_device_get_socket() - path of its vfio-user socket. Since: 0.1 */
const char *vgpu_device_get_socket(const struct vgpu_device *device);

/**
 * vgpu_device_get_started() - is it between start and shutdown of its virtual machine (vgpu/vm.h)?
 * @device: the vGPU
 *
 * Return: 1, 0, or -1: the kernel does not tell.
 * Since: 0.1
 */
int vgpu_device_get_started(const struct vgpu_device *device);

/** vgpu_device_get_driver() - name of the driver that it is bound to. Since: 0.1 */
const char *vgpu_device_get_driver(const struct vgpu_device *device);

/**
 * vgpu_device_get_state() - where in its life it is
 * @device: the vGPU
 *
 * Return: (never NULL)
 *  * "ready": its type and IOMMU group can be seen;
 *  * "incomplete": the kernel shows it, but not yet (or not any more) its type or IOMMU group;
 *  * "creating": libvgpu's create has not finished: it is at work now, or was killed (then create of the same
 *    vGPU and reconcile take it over, destroy removes it);
 *  * "removing": its removal is pending until the last user lets go;
 *  * "failed": a software GPU that did not come to rest in time: it can only be destroyed, by force.
 * Since: 0.1
 */
const char *vgpu_device_get_state(const struct vgpu_device *device);

/** vgpu_device_get_attr_count() - number of vendor attributes; 0 unless read with VGPU_DEVICE_ATTRS. Since: 0.1 */
size_t vgpu_device_get_attr_count(const struct vgpu_device *device);

/** vgpu_device_get_attr_name() - name of vendor attribute @i, "GROUP/FILE"; NULL beyond the end. Since: 0.1 */
const char *vgpu_device_get_attr_name(const struct vgpu_device *device, size_t i);

/** vgpu_device_get_attr_value() - its text without the last newline; NULL if unreadable. Since: 0.1 */
const char *vgpu_device_get_attr_value(const struct vgpu_device *device, size_t i);

/**
 * vgpu_device_get_user_count() - number of users found
 * @device: the vGPU
 *
 * Return: the number; -1 unless looked for with VGPU_DEVICE_USERS. Of a software GPU it is always known.
 * Since: 0.1
 */
int vgpu_device_get_user_count(const struct vgpu_device *device);

/** vgpu_device_get_users_complete() - 1 if no user can have been overlooked, 0 if so, -1 if not looked. Since: 0.1 */
int vgpu_device_get_users_complete(const struct vgpu_device *device);

/** How a process uses a vGPU. */
enum vgpu_user_via {
	VGPU_USER_GROUP = 1, /* holds the group's node open */
	VGPU_USER_CDEV,      /* holds the device's node open */
	VGPU_USER_DEVICE,    /* holds a VFIO device descriptor; the kernel may not tell of which device */
	VGPU_USER_MAPPING,   /* maps memory of a VFIO device; the kernel may not tell of which */
	VGPU_USER_SOCKET     /* is connected to its vfio-user socket */
};

/** vgpu_device_get_user_pid() - process id of user @i; -1 beyond the end. Since: 0.1 */
int vgpu_device_get_user_pid(const struct vgpu_device *device, int i);

/** vgpu_device_get_user_command() - command name of user @i; NULL if unknown. Since: 0.1 */
const char *vgpu_device_get_user_command(const struct vgpu_device *device, int i);

/** vgpu_device_get_user_via() - enum vgpu_user_via of user @i; 0 beyond the end. Since: 0.1 */
int vgpu_device_get_user_via(const struct vgpu_device *device, int i);

/** vgpu_device_get_user_certain() - 1 if user @i holds this vGPU, 0 if it may be another VFIO device. Since: 0.1 */
int vgpu_device_get_user_certain(const struct vgpu_device *device, int i);

#ifdef __cplusplus
}
#endif
#endif
