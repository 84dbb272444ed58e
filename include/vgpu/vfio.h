/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An opened VFIO device: a vGPU, or any device that a VFIO driver is bound to. A live handle.
 *
 * Threads: calls that take the handle may run at once from several threads, except vgpu_vfio_close(). The error
 * record is per thread. Every descriptor is close-on-exec. After open, no call opens a path, forks or execs.
 */
#ifndef VGPU_VFIO_H
#define VGPU_VFIO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_dma;
struct vgpu_kvm;
struct vgpu_vfio;

/** The way to the device. */
enum vgpu_access {
	VGPU_ACCESS_AUTO = 0, /* USER for a socket; else IOMMUFD where the host has it for this device, else GROUP */
	VGPU_ACCESS_GROUP,    /* the IOMMU group's node and a container (type1 v2) */
	VGPU_ACCESS_IOMMUFD,  /* the device's own node (cdev) and iommufd; Linux 6.6 and later */
	VGPU_ACCESS_USER      /* a vfio-user socket: another process provides the device */
};

/** How to talk to a vfio-user server, as bits. */
#define VGPU_USER_ANY_PEER (1u << 0)     /* whoever serves it; else only root, or the user of this process */
#define VGPU_USER_MAP_UNSEALED (1u << 1) /* map memory that the server could take away: a touch may raise SIGBUS */
#define VGPU_USER_POST (1u << 2)         /* writes of up to 8 bytes are sent, and not answered: their errors are lost */
#define VGPU_USER_QUEUE (1u << 3) /* the same, and sent only by vgpu_vfio_flush(), the next call, or when many wait */
#define VGPU_USER_TWIN (1u << 4)  /* a second socket for what the server asks; a read or write is slower then */

/**
 * struct vgpu_user_opts - how to talk to a vfio-user server
 * @size: sizeof(struct vgpu_user_opts)
 * @flags: VGPU_USER_*
 * @timeout_ms: how long a call waits for its reply, in milliseconds, resets and migration six times as long; 0: 10000
 * @spin_us: how long a call looks for its reply before it sleeps, in microseconds: faster, where a CPU can be spared
 */
struct vgpu_user_opts {
	size_t size;
	uint32_t flags;
	uint32_t timeout_ms;
	uint32_t spin_us;
};

/**
 * struct vgpu_vfio_opts - how to open
 * @size: sizeof(struct vgpu_vfio_opts)
 * @access: enum vgpu_access
 * @dma: the DMA object to join; the handle takes its own reference; NULL: a new one for this device alone
 * @kvm: the virtual machine (vgpu/kvm.h) that it shall belong to; the handle takes its own reference; NULL: none
 * @user: for a vfio-user socket; NULL: as said there for 0
 */
struct vgpu_vfio_opts {
	size_t size;
	uint32_t access;
	struct vgpu_dma *dma;
	struct vgpu_kvm *kvm;
	const struct vgpu_user_opts *user;
};

/**
 * vgpu_vfio_open() - open a device
 * @ctx: the context
 * @device: DEVICE (vgpu/device.h): a vGPU; or any VFIO device by PCI address or path in sysfs; or the absolute path of
 *          a vfio-user socket
 * @opts: how, or NULL
 * @out: receives the handle; untouched on failure; close it with vgpu_vfio_close()
 *
 * Opening may reset the device (vfio-pci does).
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: @device is no DEVICE, or an option makes no sense (invalid);
 *  * -ENODEV: no such device (no-such-device), or no VFIO driver is bound to it (no-vfio-driver);
 *  * -EOPNOTSUPP: this kernel or device has no such access (unsupported), VFIO's module is not loaded
 *    (module-missing), or the device has no IOMMU group (iommu-off);
 *  * -EBUSY: somebody else uses the device or its group (in-use);
 *  * -EPERM: the group is not viable: the message names the devices in the way (group-not-viable);
 *  * -EACCES, -EPERM: not allowed to open a node (permission);
 *  * -ENOENT: the kernel has the node, the directory of device nodes has not (not-ready);
 *  * -EXDEV: the DMA object has the other access path already (a device of a vfio-user socket joins any), or the IOMMU
 *    group is in another VM (invalid);
 *  * -EIO: the VM of opts->kvm is another process's, or dead (refused);
 *  * as vgpu_dma_map(): what is mapped in the DMA object can't be mapped for this device;
 *  * -EPROTO: the driver states counts of regions or IRQs that make no sense, or the server of a socket does not speak
 *    vfio-user (bad-data);
 *  * -ETIMEDOUT: the server of a socket does not answer: maybe it has another client (not-ready);
 *  * -E2BIG, -ENOMEM, or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_vfio_open(struct vgpu_context *ctx, const char *device, const struct vgpu_vfio_opts *opts,
				   struct vgpu_vfio **out);

/**
 * struct vgpu_vfio_fds - descriptors that somebody else opened
 * @size: sizeof(struct vgpu_vfio_fds)
 * @name: the kernel's name of the device: an mdev's own UUID, or the full PCI address; of a server's: any
 * @device_fd: an opened device (a VFIO device descriptor; a bound and attached cdev); -1: none
 * @group_fd: the group's node, open; -1: none
 * @container_fd: the container that @group_fd is, or shall be, in; -1: none
 * @cdev_fd: the device's node, open and not bound; -1: none
 * @iommufd: iommufd, open; -1: none
 * @ioas_id: the IOAS to attach to; 0: a new one, or the one that @dma has in this iommufd
 * @kvm: as in struct vgpu_vfio_opts; not with @device_fd: KVM must know of a device before it is opened
 * @dma: the DMA object to join; the handle takes its own reference; NULL: a new one for this device alone
 * @socket_fd: a UNIX stream socket, connected to a vfio-user server that nothing was said to yet; -1: none. It is made
 *             to block, with a time limit (O_NONBLOCK, SO_RCVTIMEO), also for who else has it
 * @user: as in struct vgpu_vfio_opts
 *
 * Start from VGPU_VFIO_FDS_INIT. These go together: @device_fd alone; @group_fd + @container_fd (+ @dma);
 * @cdev_fd + @iommufd (+ @ioas_id) (+ @dma); @socket_fd (+ @dma) (+ @user). Devices that share a container or an
 * iommufd, and shall share their mappings, join one DMA object. What others have mapped in there is left alone; what we
 * map is taken back when our last device there is closed.
 */
struct vgpu_vfio_fds {
	size_t size;
	const char *name;
	int device_fd;
	int group_fd;
	int container_fd;
	int cdev_fd;
	int iommufd;
	uint32_t ioas_id;
	struct vgpu_kvm *kvm;
	struct vgpu_dma *dma;
	int socket_fd;
	const struct vgpu_user_opts *user;
};

/** A struct vgpu_vfio_fds that names no descriptor. */
#define VGPU_VFIO_FDS_INIT                                                                                             \
	{                                                                                                                  \
		sizeof(struct vgpu_vfio_fds), NULL, -1, -1, -1, -1, -1, 0, NULL, NULL, -1, NULL                                \
	}

/**
 * vgpu_vfio_open_fds() - make a handle from descriptors that somebody else opened
 * @ctx: the context
 * @fds: the descriptors; the handle makes duplicates, the caller keeps and closes its own
 * @out: receives the handle; untouched on failure
 *
 * Opens no path, so it works where the process sees neither sysfs nor /dev.
 *
 * Return: 0, -EINVAL (a combination that makes no sense, or a descriptor of the wrong kind), -EBADF, -E2BIG,
 * -EMFILE, -ENOMEM, or as vgpu_vfio_open().
 * Since: 0.1
 */
int vgpu_vfio_open_fds(struct vgpu_context *ctx, const struct vgpu_vfio_fds *fds, struct vgpu_vfio **out);

/**
 * vgpu_vfio_close() - close a handle
 * @vfio: the handle, or NULL
 *
 * Region and IRQ snapshots stay readable. A mapping stays mapped, and keeps the kernel's device in use, until
 * it is unmapped itself: close and unmap in any order.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_vfio *vgpu_vfio_close(struct vgpu_vfio *vfio);

/**
 * vgpu_vfio_flush() - send the writes that wait (VGPU_USER_QUEUE)
 * @vfio: the handle
 *
 * Return: 0, also where nothing ever waits; -EINVAL (@vfio is NULL); -ENODEV: the server has gone; -ETIMEDOUT: it takes
 * nothing; or another -errno.
 * Since: 0.1
 */
int vgpu_vfio_flush(struct vgpu_vfio *vfio);

/** Events of a handle, as bits. */
#define VGPU_VFIO_EVENT_REQUEST (1u << 0) /* the host wants the device back: it is unbound, unplugged or removed */
#define VGPU_VFIO_EVENT_ERROR                                                                                          \
	(1u << 1) /* it failed in a way that can't be mended (PCIe AER), or its server has gone                            \
			   */

/**
 * vgpu_vfio_start_events() - have the handle tell what happens to its device
 * @vfio: the handle
 * @fd: receives a descriptor to poll for reading (borrowed, valid until the handle is closed); untouched on failure;
 *      or NULL
 *
 * It takes the IRQ indexes REQ and ERR of a PCI device, as far as its driver has them (vgpu_irq_find()); without them
 * the descriptor never becomes readable, and whoever removes the device waits until it is closed. More calls return the
 * same descriptor.
 *
 * To let go of the device after VGPU_VFIO_EVENT_REQUEST: stop using it, unmap each of its mappings, close the handle.
 * The kernel waits for that without a deadline, and asks again and again: the event comes until then.
 * Of a vfio-user server, what it wants to read and write of our memory is done by vgpu_vfio_process() too, unless a
 * call waits, which then does it: who gives the server memory without a file (vgpu_dma_map()) polls the descriptor.
 * After VGPU_VFIO_EVENT_ERROR its registers and memory can't be believed: stop the guest, and reset or close it.
 *
 * Return: 0, -EBUSY (the caller has turned REQ or ERR on: vgpu_irq_disable() them), -EMFILE, -ENOMEM, or an -errno of
 * the driver.
 * Since: 0.1
 */
int vgpu_vfio_start_events(struct vgpu_vfio *vfio, int *fd);

/**
 * vgpu_vfio_process() - take what has happened since the last call
 * @vfio: the handle
 * @events: receives VGPU_VFIO_EVENT_*, 0 where nothing has happened; bits that the caller does not know may be ignored
 *
 * Never blocks. Several threads may call it: each event goes to one of them.
 *
 * Return: 0, or -EINVAL (a NULL argument, or the events were not started).
 * Since: 0.1
 */
int vgpu_vfio_process(struct vgpu_vfio *vfio, uint32_t *events);

/** Device flags, the kernel's VFIO_DEVICE_FLAGS_*. */
#define VGPU_VFIO_FLAG_RESET (1u << 0)
#define VGPU_VFIO_FLAG_PCI (1u << 1)
#define VGPU_VFIO_FLAG_PLATFORM (1u << 2)
#define VGPU_VFIO_FLAG_AMBA (1u << 3)
#define VGPU_VFIO_FLAG_CCW (1u << 4)
#define VGPU_VFIO_FLAG_AP (1u << 5)
#define VGPU_VFIO_FLAG_FSL_MC (1u << 6)
#define VGPU_VFIO_FLAG_CAPS (1u << 7)
#define VGPU_VFIO_FLAG_CDX (1u << 8)

/* Getters: no I/O, no failure. Text is borrowed from @vfio. */

/** vgpu_vfio_get_name() - the kernel's name of the device (never NULL). Since: 0.1 */
const char *vgpu_vfio_get_name(const struct vgpu_vfio *vfio);

/**
 * vgpu_vfio_get_access() - the access path
 * @vfio: the handle
 *
 * Return: VGPU_ACCESS_GROUP, VGPU_ACCESS_IOMMUFD or VGPU_ACCESS_USER; VGPU_ACCESS_AUTO if opened from a device_fd,
 * which does not tell. Since: 0.1
 */
enum vgpu_access vgpu_vfio_get_access(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_access_reason() - why this path, a phrase for people (never NULL). Since: 0.1 */
const char *vgpu_vfio_get_access_reason(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_flags() - VGPU_VFIO_FLAG_*, and bits that these headers do not know. Since: 0.1 */
uint32_t vgpu_vfio_get_flags(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_region_count() - num_regions; regions beyond it may exist (vgpu/region.h). Since: 0.1 */
uint32_t vgpu_vfio_get_region_count(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_irq_count() - num_irqs, the number of IRQ indexes. Since: 0.1 */
uint32_t vgpu_vfio_get_irq_count(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_dma() - the DMA object that it joined (borrowed; NULL if opened from a device_fd). Since: 0.1 */
struct vgpu_dma *vgpu_vfio_get_dma(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_device_fd() - the device's descriptor (borrowed, of the handle); -1: VGPU_ACCESS_USER. Since: 0.1 */
int vgpu_vfio_get_device_fd(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_group_fd() - the group's descriptor (borrowed); -1 on another access path. Since: 0.1 */
int vgpu_vfio_get_group_fd(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_container_fd() - the container's descriptor (borrowed); -1 on another path. Since: 0.1 */
int vgpu_vfio_get_container_fd(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_iommufd() - the descriptor of iommufd (borrowed); -1 on another path. Since: 0.1 */
int vgpu_vfio_get_iommufd(const struct vgpu_vfio *vfio);

/** vgpu_vfio_get_ioas_id() - id of the IOAS it is attached to; 0 on another path. Since: 0.1 */
uint32_t vgpu_vfio_get_ioas_id(const struct vgpu_vfio *vfio);

#ifdef __cplusplus
}
#endif
#endif
