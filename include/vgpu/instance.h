/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vGPU as its provider sees it: its regions, interrupts and doorbells, and the client that uses it. Live.
 *
 * Threads: where nothing else is said, calls may run at once from several threads, in ops and outside.
 */
#ifndef VGPU_INSTANCE_H
#define VGPU_INSTANCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_instance;
struct vgpu_provider;

/**
 * struct vgpu_instance_opts - which vGPU to create
 * @size: sizeof(struct vgpu_instance_opts)
 * @uuid: UUID of the virtual machine, in any case; NULL: a new random one
 * @instance: number of the vGPU in this virtual machine, 0 to 65535
 * @type: id of its type
 * @params: handed to op create; NULL: none
 * @deadline_ms: how long op create may be pending; 0: 5000
 */
struct vgpu_instance_opts {
	size_t size;
	const char *uuid;
	uint32_t instance;
	const char *type;
	const char *params;
	uint32_t deadline_ms;
};

/**
 * vgpu_instance_create() - create a vGPU; runs ops
 * @provider: the provider
 * @opts: which
 * @out: receives it, a new reference; untouched on failure; NULL: not wanted
 *
 * When it returns, the vGPU can be found, and clients can connect to its socket. On failure nothing is left of it.
 *
 * Return: 0, or (with the cause in the error record)
 *  * -EINVAL: a NULL argument, a malformed UUID, a number beyond 65535 (invalid);
 *  * -ENOENT: the provider has no such type (no-such-type);
 *  * -EEXIST: the pair is taken in this context, or another process has its socket (exists);
 *  * -ENOSPC: no instance of the type is left (no-capacity);
 *  * -ETIMEDOUT: op create did not complete (not-ready); what it still does is destroyed when it completes;
 *  * -EDEADLK: from inside an op; -E2BIG, -EMFILE, -ENOMEM; another -errno for the socket; or what op create returned.
 * Since: 0.1
 */
int vgpu_instance_create(struct vgpu_provider *provider, const struct vgpu_instance_opts *opts,
						 struct vgpu_instance **out);

/** Flags for destroying. */
#define VGPU_INSTANCE_FORCE (1u << 0) /* disconnect its client, and don't ask the op */

/**
 * struct vgpu_instance_destroy_opts - how to destroy a vGPU
 * @size: sizeof(struct vgpu_instance_destroy_opts)
 * @flags: VGPU_INSTANCE_FORCE or 0
 * @deadline_ms: how long the client may take to leave, and op destroy to complete; 0: the provider's request_ms
 */
struct vgpu_instance_destroy_opts {
	size_t size;
	uint32_t flags;
	uint32_t deadline_ms;
};

/**
 * vgpu_instance_destroy() - destroy a vGPU; runs ops
 * @instance: the vGPU; references stay valid and say that it is gone
 * @opts: how, or NULL
 *
 * A vGPU that a client uses is destroyed only when op destroy consents. Then the client gets its IRQ REQ, until it has
 * left or the deadline is over.
 *
 * Return: 0, or (the vGPU is intact)
 *  * -EBUSY: a client uses it, and the op refuses, or there is none (in-use);
 *  * -ETIMEDOUT: the client did not leave, or the op did not complete (pending);
 *  * -ENODEV: it is gone already, or is being destroyed; -EINVAL; -E2BIG; -EDEADLK; or what op destroy returned.
 * Since: 0.1
 */
int vgpu_instance_destroy(struct vgpu_instance *instance, const struct vgpu_instance_destroy_opts *opts);

/**
 * vgpu_instance_find() - find a vGPU by its pair
 * @provider: the provider
 * @uuid: UUID of the virtual machine, in any case
 * @instance: its number
 * @out: receives it, a new reference, which keeps it valid whoever destroys it; untouched on failure
 *
 * Leaves no error record.
 *
 * Return: 0, -ENODEV (there is none), or -EINVAL.
 * Since: 0.1
 */
int vgpu_instance_find(struct vgpu_provider *provider, const char *uuid, uint32_t instance, struct vgpu_instance **out);

/** vgpu_instance_ref() - take a reference to @instance (NULL is let through). Return: @instance. Since: 0.1 */
struct vgpu_instance *vgpu_instance_ref(struct vgpu_instance *instance);

/** vgpu_instance_unref() - drop a reference to @instance (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_instance *vgpu_instance_unref(struct vgpu_instance *instance);

/** vgpu_instance_get_uuid() - UUID of its virtual machine, lower case (borrowed). Since: 0.1 */
const char *vgpu_instance_get_uuid(const struct vgpu_instance *instance);

/** vgpu_instance_get_instance() - its number. Since: 0.1 */
uint32_t vgpu_instance_get_instance(const struct vgpu_instance *instance);

/** vgpu_instance_get_type() - id of its type (borrowed). Since: 0.1 */
const char *vgpu_instance_get_type(const struct vgpu_instance *instance);

/** vgpu_instance_get_provider() - its provider (borrowed; not to be used once it is unregistered). Since: 0.1 */
struct vgpu_provider *vgpu_instance_get_provider(const struct vgpu_instance *instance);

/** vgpu_instance_get_socket() - path of its socket (borrowed); NULL: it has none. Since: 0.1 */
const char *vgpu_instance_get_socket(const struct vgpu_instance *instance);

/** States of a vGPU. */
enum vgpu_instance_state {
	VGPU_INSTANCE_FREE = 1, /* no client uses it */
	VGPU_INSTANCE_IN_USE,   /* a client is connected, or has just gone and its memory is not given back yet */
	VGPU_INSTANCE_ERROR,    /* it did not come to rest in time: it can only be destroyed, by force */
	VGPU_INSTANCE_GONE      /* it was destroyed */
};

/** vgpu_instance_get_state() - its state now. Since: 0.1 */
enum vgpu_instance_state vgpu_instance_get_state(struct vgpu_instance *instance);

/** vgpu_instance_get_client_pid() - process id of its client; 0: none, or not visible here. Since: 0.1 */
int64_t vgpu_instance_get_client_pid(struct vgpu_instance *instance);

/** vgpu_instance_is_started() - 1 between start and shutdown of its virtual machine. Since: 0.1 */
int vgpu_instance_is_started(struct vgpu_instance *instance);

/**
 * vgpu_instance_set_data() - the provider's own data of a vGPU
 * @instance: the vGPU
 * @data: the data
 * @free_fn: called with @data when the last reference has been dropped, on that thread; NULL: nothing is
 *
 * In op create, before others see the vGPU. Data that were set before are not freed.
 *
 * Since: 0.1
 */
void vgpu_instance_set_data(struct vgpu_instance *instance, void *data, void (*free_fn)(void *data));

/** vgpu_instance_get_data() - what vgpu_instance_set_data() was given. Since: 0.1 */
void *vgpu_instance_get_data(const struct vgpu_instance *instance);

/** Region indexes that a vGPU may have: 0 to this - 1. */
#define VGPU_INSTANCE_REGIONS 16
/** The most areas of a region that may be mappable. */
#define VGPU_REGION_AREAS 8

/** struct vgpu_area_info - part of a region: @offset and @length in bytes, multiples of a page. */
struct vgpu_area_info {
	uint64_t offset;
	uint64_t length;
};

/** Extra flags of a region, beside VGPU_REGION_FLAG_READ, _WRITE and _MMAP (vgpu/region.h). */
#define VGPU_REGION_BACKED (1u << 16) /* there is memory behind it: the library makes it, or @fd is it */

/**
 * struct vgpu_region_info - a region
 * @size: sizeof(struct vgpu_region_info)
 * @length: how long it is, in bytes; 0: there is none
 * @flags: VGPU_REGION_FLAG_READ and _WRITE: what clients may do; _MMAP: they may map it, or those @areas; _BACKED
 * @type: type of a device-specific region (index from 9); 0: it is not one
 * @subtype: its subtype
 * @fd: with VGPU_REGION_BACKED: a descriptor that can be mapped (memfd, dmabuf), which the library duplicates; one that
 *      can't be written will do where clients may only read; -1: the library makes a sealed memfd of @length, which
 *      costs nothing until it is touched
 * @fd_offset: where in @fd the region starts; a multiple of a page
 * @area_count: how many @areas: only these can be mapped, and are backed; 0: all of it
 * @areas: ordered, not overlapping
 *
 * What is backed is read and written by the library where it has it mapped (a dmabuf without DMA_BUF_IOCTL_SYNC); what
 * is not goes to ops read and write. A region without VGPU_REGION_FLAG_WRITE is mapped by clients for reading only: the
 * library's memfd is sealed for that, and a descriptor of the provider's must see to it by itself.
 */
struct vgpu_region_info {
	size_t size;
	uint64_t length;
	uint32_t flags;
	uint32_t type;
	uint32_t subtype;
	int fd;
	uint64_t fd_offset;
	uint32_t area_count;
	struct vgpu_area_info areas[VGPU_REGION_AREAS];
};

/**
 * vgpu_instance_set_region() - declare a region
 * @instance: the vGPU
 * @index: index, below VGPU_INSTANCE_REGIONS
 * @info: what it is
 *
 * In op create. Takes the place of one that was declared before.
 *
 * Return: 0, -EINVAL (what it says makes no sense: invalid), -EBUSY (op create is over: in-use), -E2BIG, -EMFILE,
 * -ENOMEM, or an -errno of the kernel: @fd can't be mapped.
 * Since: 0.1
 */
int vgpu_instance_set_region(struct vgpu_instance *instance, uint32_t index, const struct vgpu_region_info *info);

/**
 * vgpu_instance_get_memory() - the memory behind a backed region
 * @instance: the vGPU
 * @index: index of the region
 *
 * Return: where this process has it mapped, readable, and writable if its descriptor is (borrowed, as long as
 * @instance); NULL: it is not backed.
 * Since: 0.1
 */
void *vgpu_instance_get_memory(struct vgpu_instance *instance, uint32_t index);

/**
 * vgpu_instance_set_irq_count() - declare interrupts
 * @instance: the vGPU
 * @index: VGPU_IRQ_INTX (0 or 1 vector), VGPU_IRQ_MSI (up to 32), VGPU_IRQ_MSIX (up to 2048); ERR and REQ are there
 *         always, with one vector (vgpu/irq.h)
 * @count: how many vectors
 *
 * In op create. Capabilities and the interrupt pin of vgpu/pci.h do it by themselves.
 *
 * Return: 0, -EINVAL or -EBUSY (op create is over).
 * Since: 0.1
 */
int vgpu_instance_set_irq_count(struct vgpu_instance *instance, uint32_t index, uint32_t count);

/** What a client does with interrupts: the kernel's VFIO_IRQ_SET_ACTION_*. */
enum vgpu_irq_action { VGPU_IRQ_ACTION_MASK = 1, VGPU_IRQ_ACTION_UNMASK, VGPU_IRQ_ACTION_TRIGGER };

/**
 * struct vgpu_irq_change - what op set_irqs is told
 * @size: size of the library's struct
 * @index: IRQ index
 * @action: enum vgpu_irq_action
 * @start: the first vector
 * @count: how many; 0 (with TRIGGER): all of them go off
 * @eventfds: how many of them get an eventfd; the others lose theirs; UINT32_MAX: the client triggers, masks or unmasks
 *            by itself
 */
struct vgpu_irq_change {
	size_t size;
	uint32_t index;
	uint32_t action;
	uint32_t start;
	uint32_t count;
	uint32_t eventfds;
};

/**
 * vgpu_instance_trigger_irq() - send an interrupt
 * @instance: the vGPU
 * @index: IRQ index
 * @vector: the vector
 *
 * Adds 1 to the client's eventfd; where it is full, nothing is added, and nothing is waited for. INTx: one that comes
 * while it is masked is sent when it is unmasked; sending it masks it.
 *
 * Return: 0 (also where the client has turned it off: nothing is sent then), -EINVAL (there is no such vector), or
 * -ENODEV (the vGPU is gone).
 * Since: 0.1
 */
int vgpu_instance_trigger_irq(struct vgpu_instance *instance, uint32_t index, uint32_t vector);

/**
 * vgpu_instance_set_intx() - raise or lower the line of INTx
 * @instance: the vGPU
 * @level: 1: raised: the client gets an interrupt, and another each time it unmasks; 0: lowered
 *
 * Return: 0, -EINVAL (it has no INTx) or -ENODEV.
 * Since: 0.1
 */
int vgpu_instance_set_intx(struct vgpu_instance *instance, int level);

/** vgpu_instance_has_irq() - 1 if a client has given this vector an eventfd. Since: 0.1 */
int vgpu_instance_has_irq(struct vgpu_instance *instance, uint32_t index, uint32_t vector);

/** Called for a write to a doorbell, on the loop's thread, as an op. */
typedef void (*vgpu_doorbell_fn)(struct vgpu_instance *instance, void *data);

/**
 * vgpu_instance_add_doorbell() - a register whose writes can come without a message
 * @instance: the vGPU
 * @index: index of its region
 * @offset: where in the region, in bytes
 * @length: of a write: 1, 2, 4 or 8 bytes; 0: any that starts there
 * @value: NULL: any value; else only this value rings, and other writes go to op write
 * @fn: called for each write; several at once may come as one
 * @data: handed to @fn
 *
 * In op create. The client is offered an eventfd for it, to which KVM then writes. A write by message calls @fn too,
 * and op write is not called.
 *
 * Return: 0, -EINVAL, -EBUSY (op create is over), -ENOSPC (16 are there), -EMFILE or -ENOMEM.
 * Since: 0.1
 */
int vgpu_instance_add_doorbell(struct vgpu_instance *instance, uint32_t index, uint64_t offset, uint32_t length,
							   const uint64_t *value, vgpu_doorbell_fn fn, void *data);

/**
 * struct vgpu_plane_info - what a plane of the display shows
 * @size: set by the library; all else is zero when op get_plane is called
 * @format: a DRM fourcc; 0: nothing is shown
 * @width: pixels
 * @height: pixels
 * @stride: bytes from one row to the next
 * @region: index of the region that holds it
 * @offset: where in the region it starts
 * @length: how long it is, in bytes; the last row may end with its last pixel
 * @x: position of a cursor
 * @y: position of a cursor
 * @hot_x: its hot spot
 * @hot_y: its hot spot
 */
struct vgpu_plane_info {
	size_t size;
	uint32_t format;
	uint32_t width;
	uint32_t height;
	uint32_t stride;
	uint32_t region;
	uint64_t offset;
	uint64_t length;
	uint32_t x;
	uint32_t y;
	uint32_t hot_x;
	uint32_t hot_y;
};

/**
 * vgpu_instance_get_plane() - ask what the display shows; runs an op
 * @instance: the vGPU
 * @type: 1: the primary plane; 2: the cursor
 * @out: its size is set by the caller; receives it; untouched on failure
 *
 * Return: 0, -EOPNOTSUPP (it has no display), -ENODEV, -EINVAL, -E2BIG, -EDEADLK, -EPROTO (the provider's answer does
 * not fit into its region: bad-data), or what the op returned.
 * Since: 0.1
 */
int vgpu_instance_get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out);

#ifdef __cplusplus
}
#endif
#endif
