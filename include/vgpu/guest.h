/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest memory as a provider reaches it: what the client of a vGPU lets it read and write by DMA.
 *
 * How depends on what the client gave with each range: memory whose size can't shrink is mapped, and can be borrowed;
 * memory that its owner could cut off, or that is of hugetlbfs, is copied by the kernel; memory without a descriptor is
 * read and written by messages to the client. Reading and writing hide the difference. A transfer may go over several
 * ranges that adjoin.
 *
 * Threads: all calls, from any thread, in ops and outside.
 */
#ifndef VGPU_GUEST_H
#define VGPU_GUEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_instance;

/** What is done with guest memory. */
#define VGPU_GUEST_READ (1u << 0)
#define VGPU_GUEST_WRITE (1u << 1)

/**
 * struct vgpu_guest_span - borrowed guest memory
 * @address: where this process has it; the guest may change it at any time
 * @length: bytes
 * @iova: the guest's address of it
 * @flags: what it was borrowed for
 * @owner: the library's
 */
struct vgpu_guest_span {
	void *address;
	size_t length;
	uint64_t iova;
	uint32_t flags;
	void *owner;
};

/**
 * vgpu_guest_get() - borrow guest memory
 * @instance: the vGPU
 * @iova: the guest's address
 * @length: bytes, at least 1
 * @flags: VGPU_GUEST_READ, VGPU_GUEST_WRITE or both
 * @spans: receives up to @room spans, in order; untouched on failure
 * @room: elements of @spans
 *
 * Give it back by vgpu_guest_put() when op quiesce asks for it.
 *
 * Return: how many spans, or
 *  * -EFAULT: not all of it is guest memory, or it is being taken back; -EACCES: the client does not allow it;
 *  * -EOPNOTSUPP: not all of it is mapped: read and write it; -ENOSPC: there are more than @room spans;
 *  * -EBUSY: the vGPU is at rest, between op quiesce and op resume;
 *  * -ENODEV: no client is connected; -EINVAL.
 * Since: 0.1
 */
int vgpu_guest_get(struct vgpu_instance *instance, uint64_t iova, size_t length, uint32_t flags,
				   struct vgpu_guest_span *spans, size_t room);

/**
 * vgpu_guest_put() - give borrowed memory back
 * @instance: the vGPU
 * @spans: what vgpu_guest_get() gave
 * @count: how many it gave
 *
 * What was borrowed for writing is marked dirty.
 *
 * Since: 0.1
 */
void vgpu_guest_put(struct vgpu_instance *instance, const struct vgpu_guest_span *spans, size_t count);

/**
 * vgpu_guest_read() - copy from guest memory
 * @instance: the vGPU
 * @iova: the guest's address
 * @buf: receives the bytes
 * @length: how many
 *
 * Waits where messages are needed.
 *
 * Return: 0, or (what @buf holds is undefined)
 *  * -EFAULT: not all of it is guest memory, or its owner has cut it off; -EACCES: the client does not allow it;
 *  * -EBUSY: the vGPU is at rest, between op quiesce and op resume;
 *  * -EDEADLK: messages are needed, and this is the loop's thread: vgpu_guest_start_read();
 *  * -EOPNOTSUPP: messages are needed, and their layout is unknown (struct vgpu_provider_opts);
 *  * -ETIMEDOUT: the client did not answer; -ENODEV: no client is connected, or it has gone; -EINVAL, -ENOMEM, -EIO, or
 *    another -errno of the client.
 * Since: 0.1
 */
int vgpu_guest_read(struct vgpu_instance *instance, uint64_t iova, void *buf, size_t length);

/** vgpu_guest_write() - copy to guest memory, and mark it dirty; as vgpu_guest_read(). Since: 0.1 */
int vgpu_guest_write(struct vgpu_instance *instance, uint64_t iova, const void *buf, size_t length);

/** Called once, on the loop's thread, as an op; result: what vgpu_guest_read() would have returned. */
typedef void (*vgpu_guest_fn)(void *data, int result);

/**
 * vgpu_guest_start_read() - copy from guest memory, without waiting
 * @instance: the vGPU
 * @iova: the guest's address
 * @buf: receives the bytes; to be kept until it is done
 * @length: how many
 * @fn: called when it is done, if this returns -EINPROGRESS
 * @data: handed to @fn
 *
 * Return: 0 (it is done already; @fn is not called), -EINPROGRESS, or as vgpu_guest_read().
 * Since: 0.1
 */
int vgpu_guest_start_read(struct vgpu_instance *instance, uint64_t iova, void *buf, size_t length, vgpu_guest_fn fn,
						  void *data);

/** vgpu_guest_start_write() - copy to guest memory, without waiting; as vgpu_guest_start_read(). Since: 0.1 */
int vgpu_guest_start_write(struct vgpu_instance *instance, uint64_t iova, const void *buf, size_t length,
						   vgpu_guest_fn fn, void *data);

/**
 * vgpu_guest_mark_dirty() - tell that borrowed memory was written
 * @instance: the vGPU
 * @iova: the guest's address
 * @length: bytes
 *
 * For memory that stays borrowed; to write, and to put, marks by itself. What is not guest memory is passed over.
 *
 * Since: 0.1
 */
void vgpu_guest_mark_dirty(struct vgpu_instance *instance, uint64_t iova, uint64_t length);

#ifdef __cplusplus
}
#endif
#endif
