/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The DMA object: the table of memory that devices share, and may read and write by themselves (a VFIO container, or an
 * IOAS of iommufd). A live handle.
 *
 * A mapping makes memory of this process visible to devices at an IOVA (I/O virtual address; for a virtual machine,
 * the guest's physical address). It may be made before any device has joined: who joins later, gets all mappings before
 * its handle is given out. A device that leaves takes none away.
 *
 * Threads: all calls may run at once from several threads, and while devices join and leave. Lookups never wait for the
 * kernel; changes wait for each other. The error record is per thread. After a device has joined, no call opens a path.
 * Addresses, lengths and IOVAs are in bytes, and multiples of the page size (of the IOMMU's, where it is larger).
 */
#ifndef VGPU_DMA_H
#define VGPU_DMA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_dma;
struct vgpu_dma_limits;

/**
 * vgpu_dma_new() - make a DMA object that devices can join
 * @ctx: the context
 * @out: receives the object, a new reference; untouched on failure
 *
 * Opens nothing: the first device that joins it (see struct vgpu_vfio_opts) decides the access path, and later
 * ones follow. Devices that cannot share a kernel container get another one inside it, with the same mappings; several
 * devices of one IOMMU group share the group's descriptor. Devices may join and leave from several threads.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 * Since: 0.1
 */
int vgpu_dma_new(struct vgpu_context *ctx, struct vgpu_dma **out);

/** vgpu_dma_ref() - take a reference to @dma (NULL is let through). Return: @dma. Since: 0.1 */
struct vgpu_dma *vgpu_dma_ref(struct vgpu_dma *dma);

/**
 * vgpu_dma_unref() - drop a reference to a DMA object
 * @dma: the object, or NULL
 *
 * Opened devices hold it: mappings end, and descriptors are closed, when the last of them is closed too.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_dma *vgpu_dma_unref(struct vgpu_dma *dma);

/** What a device may do: read memory, write to it. The kernel's VFIO_DMA_MAP_FLAG_*. */
#define VGPU_DMA_READ (1u << 0)
#define VGPU_DMA_WRITE (1u << 1)
/** The memory is of a file: fields fd and offset of struct vgpu_dma_range say which. */
#define VGPU_DMA_FD (1u << 2)
/** For vgpu_dma_map_ranges(): ranges that continue each other become one mapping. */
#define VGPU_DMA_MERGE (1u << 8)

/**
 * vgpu_dma_map() - let devices reach memory
 * @dma: the object
 * @iova: where devices see it
 * @address: the memory, of this process. It stays the caller's, who unmaps it here before giving it back; a hypervisor
 *           puts in huge pages (hugetlbfs), aligned as @iova is, for speed and a smaller IOMMU table
 * @length: how much
 * @flags: VGPU_DMA_READ, VGPU_DMA_WRITE or both
 *
 * Maps for all devices of the object, or for none. The memory is locked, and counted against RLIMIT_MEMLOCK, as soon as
 * a device that the IOMMU translates for is there; drivers of mdevs lock what they use, when they use it.
 *
 * Return: 0, or (with range and advice in the error record)
 *  * -EINVAL: no rights, a length of 0, a NULL argument, what is no multiple of a page, a range that wraps around
 *    (invalid), an IOVA that the IOMMU can't translate: the message names those that it can (out-of-range), or the
 *    kernel refuses, and does not say why (refused);
 *  * -EEXIST: it overlaps a mapping: the message names it (exists);
 *  * -ENOMEM: the limit of locked memory is reached: the message says it (limit), or out of memory (no-memory);
 *  * -ENOSPC: the kernel's limit of mappings is reached: the message says it (limit);
 *  * -EFAULT: there is no such memory, or it is read-only and devices are to write (invalid);
 *  * another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_dma_map(struct vgpu_dma *dma, uint64_t iova, void *address, uint64_t length, uint32_t flags);

/**
 * struct vgpu_dma_range - memory that is, or shall be, mapped
 * @size: sizeof(struct vgpu_dma_range)
 * @iova: where devices see it
 * @address: the memory, of this process
 * @length: how much
 * @flags: VGPU_DMA_READ, VGPU_DMA_WRITE, VGPU_DMA_FD
 * @fd: with VGPU_DMA_FD: the file that is mapped at @address. The object keeps a duplicate. It serves those to whom an
 *      address of this process means nothing; today's kernel paths go by @address
 * @offset: with VGPU_DMA_FD: where in the file the memory begins
 */
struct vgpu_dma_range {
	size_t size;
	uint64_t iova;
	void *address;
	uint64_t length;
	uint32_t flags;
	int fd;
	uint64_t offset;
};

/**
 * vgpu_dma_map_ranges() - map a whole layout of memory, all of it or nothing
 * @dma: the object
 * @ranges: an array in any order; each element starts with its size, which is the same for all
 * @count: elements of @ranges; 0 is a success
 * @flags: VGPU_DMA_MERGE or 0
 *
 * With VGPU_DMA_MERGE, ranges whose IOVAs and addresses (and offsets in the same file) continue each other, with equal
 * rights, become one mapping, which can only be unmapped as a whole: a guest's memory costs few mappings. Without it
 * each range can be unmapped alone. What is mapped already is never merged, nor unmapped and mapped again.
 *
 * Return: 0, or as vgpu_dma_map() for the first range that fails; -EINVAL (sizes that differ, unknown flags), -E2BIG,
 * -EBADF or -EMFILE (the duplicate of a file).
 * Since: 0.1
 */
int vgpu_dma_map_ranges(struct vgpu_dma *dma, const struct vgpu_dma_range *ranges, size_t count, uint32_t flags);

/**
 * vgpu_dma_map_anywhere() - map memory at an IOVA that is free
 * @dma: the object
 * @address: the memory, as for vgpu_dma_map()
 * @length: how much
 * @flags: VGPU_DMA_READ, VGPU_DMA_WRITE or both
 * @iova: receives where; untouched on failure
 *
 * Takes the lowest place that is usable for all devices (vgpu_dma_limits_find()), but not 0. From 2 MiB on it is
 * congruent to the address modulo 2 MiB, from 1 GiB on modulo 1 GiB, while there is such a place: the IOMMU can
 * use huge pages. Places that IOMMUs use for interrupts are left out, so that devices can join later.
 *
 * Return: 0, -ENOSPC (no place is left: limit), or as vgpu_dma_map().
 * Since: 0.1
 */
int vgpu_dma_map_anywhere(struct vgpu_dma *dma, void *address, uint64_t length, uint32_t flags, uint64_t *iova);

/**
 * vgpu_dma_unmap() - take mappings back
 * @dma: the object
 * @iova: start of the range
 * @length: its length; every mapping that it touches must lie in it as a whole
 *
 * When it returns, devices reach nothing there any more. If a kernel table fails to unmap, the mapping stays in the
 * object: the call can be repeated, and the memory must be kept.
 *
 * Return: 0, or
 *  * -EINVAL: only a part of a mapping is in the range: the message names the mapping (invalid); or as vgpu_dma_map();
 *  * -ENOENT: nothing is mapped there (invalid);
 *  * another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_dma_unmap(struct vgpu_dma *dma, uint64_t iova, uint64_t length);

/**
 * vgpu_dma_unmap_all() - take all mappings back
 * @dma: the object
 *
 * Mappings that somebody else made, in a container or an IOAS that was handed over, stay.
 *
 * Return: 0, also if there are none; -EINVAL (@dma is NULL); or another -errno of the kernel, as vgpu_dma_unmap().
 * Since: 0.1
 */
int vgpu_dma_unmap_all(struct vgpu_dma *dma);

/**
 * vgpu_dma_find() - the mapping that holds an IOVA
 * @dma: the object
 * @iova: any, not only a multiple of a page
 * @out: its size is set by the caller; receives the mapping as a whole; fd is borrowed, and -1 without VGPU_DMA_FD;
 *       untouched on failure
 * @follows: receives how many bytes from @iova on belong to the mapping; NULL: not asked
 *
 * The memory at @iova is out->address + (@iova - out->iova). Leaves no error record; O(log n).
 *
 * Return: 0, -ENOENT (there is none), or -EINVAL (a NULL argument, or a size that is none).
 * Since: 0.1
 */
int vgpu_dma_find(struct vgpu_dma *dma, uint64_t iova, struct vgpu_dma_range *out, uint64_t *follows);

/**
 * vgpu_dma_limits_find() - ask the kernel what can be mapped
 * @dma: the object
 * @out: receives a snapshot, a new reference; untouched on failure
 *
 * What holds for all devices that have joined: without any, there are no limits. Each that joins may add some.
 *
 * Return: 0, -EINVAL (a NULL argument), -ENOMEM, -EPROTO (the kernel's answer makes no sense: bad-data), or another
 * -errno of the kernel.
 * Since: 0.1
 */
int vgpu_dma_limits_find(struct vgpu_dma *dma, struct vgpu_dma_limits **out);

/** vgpu_dma_limits_ref() - take a reference to @limits (NULL is let through). Return: @limits. Since: 0.1 */
struct vgpu_dma_limits *vgpu_dma_limits_ref(struct vgpu_dma_limits *limits);

/** vgpu_dma_limits_unref() - drop a reference to @limits (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_dma_limits *vgpu_dma_limits_unref(struct vgpu_dma_limits *limits);

/**
 * vgpu_dma_limits_get_range_count() - number of ranges of usable IOVAs
 * @limits: the limits
 *
 * Return: 1 where the kernel states none: all IOVAs; 0 where devices have none in common.
 * Since: 0.1
 */
size_t vgpu_dma_limits_get_range_count(const struct vgpu_dma_limits *limits);

/**
 * vgpu_dma_limits_get_range() - one range of usable IOVAs; they are in order and do not touch
 * @limits: the limits
 * @i: position, from 0
 * @first: receives the first IOVA
 * @last: receives the last IOVA, which belongs to it
 *
 * Return: 0, or -ERANGE beyond the end.
 * Since: 0.1
 */
int vgpu_dma_limits_get_range(const struct vgpu_dma_limits *limits, size_t i, uint64_t *first, uint64_t *last);

/**
 * vgpu_dma_limits_get_page_sizes() - sizes of the IOMMU's pages
 * @limits: the limits
 *
 * Return: a bit for each size in bytes (bit 12: 4 KiB); 0 where the kernel does not say (iommufd).
 * Since: 0.1
 */
uint64_t vgpu_dma_limits_get_page_sizes(const struct vgpu_dma_limits *limits);

/** vgpu_dma_limits_get_alignment() - what IOVAs, addresses and lengths must be multiples of, in bytes. Since: 0.1 */
uint64_t vgpu_dma_limits_get_alignment(const struct vgpu_dma_limits *limits);

/**
 * vgpu_dma_limits_get_mapping_limit() - the most mappings at a time
 * @limits: the limits
 *
 * Return: the number; -1 where there is none (iommufd), or where it is not known, since others may have mappings in a
 * container that was handed over.
 * Since: 0.1
 */
int64_t vgpu_dma_limits_get_mapping_limit(const struct vgpu_dma_limits *limits);

/**
 * vgpu_dma_limits_get_mappings_left() - how many more mappings there can be
 * @limits: the limits
 *
 * Return: the number; -1 where there is no limit (iommufd), or the kernel does not say (before 5.10).
 * Since: 0.1
 */
int64_t vgpu_dma_limits_get_mappings_left(const struct vgpu_dma_limits *limits);

/**
 * vgpu_dma_limits_get_dirty_page_sizes() - sizes of pages that the log of dirty pages can be read by
 * @limits: the limits
 *
 * Return: a bit for each size in bytes; 0 where there is no such log.
 * Since: 0.1
 */
uint64_t vgpu_dma_limits_get_dirty_page_sizes(const struct vgpu_dma_limits *limits);

/** vgpu_dma_limits_get_dirty_bitmap_max() - the longest bitmap for one read, in bytes; 0: no log. Since: 0.1 */
uint64_t vgpu_dma_limits_get_dirty_bitmap_max(const struct vgpu_dma_limits *limits);

/**
 * struct vgpu_dma_bitmap - memory for a bitmap of dirty pages
 * @size: sizeof(struct vgpu_dma_bitmap)
 * @page_size: how much memory a bit stands for, in bytes; one of vgpu_dma_limits_get_dirty_page_sizes()
 * @bits: the caller's memory: bit n % 64 of element n / 64 is the n-th page from the start of the range
 * @bits_size: its length in bytes; a multiple of 8, at least a bit for each page
 */
struct vgpu_dma_bitmap {
	size_t size;
	uint64_t page_size;
	uint64_t *bits;
	uint64_t bits_size;
};

/**
 * vgpu_dma_dirty_start() - have the kernel note which pages devices may have written to
 * @dma: the object; a device must have joined
 *
 * Devices whose drivers do not tell what they use dirty all that is mapped. Who joins later is logged too.
 * A device may have a log of its own, which tells more; this is the IOMMU's, or the container's.
 *
 * Return: 0, also if it is on already; -EOPNOTSUPP: there is no such log (unsupported: iommufd has none);
 * -EINVAL (@dma is NULL, or no device has joined), -ENOMEM, or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_dma_dirty_start(struct vgpu_dma *dma);

/**
 * vgpu_dma_dirty_stop() - stop that
 * @dma: the object
 *
 * Return: 0, also if it is off already; -EINVAL (@dma is NULL), or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_dma_dirty_stop(struct vgpu_dma *dma);

/**
 * vgpu_dma_dirty_read() - which pages have been written to since the last time, or the start
 * @dma: the object
 * @iova: start of the range
 * @length: its length; it cuts no mapping in two
 * @bitmap: receives the bits; those of unmapped pages are 0. Undefined after a failure
 *
 * What a device has dirtied is lost when it leaves as the last one of its container: read before.
 *
 * Return: 0, -EINVAL (a range, page size or bitmap that does not fit: the message says what does; the log is off, or
 * no device is there), -ENOENT (nothing is mapped there), -ENOMEM, -E2BIG, or another -errno of the kernel.
 * Since: 0.1
 */
int vgpu_dma_dirty_read(struct vgpu_dma *dma, uint64_t iova, uint64_t length, const struct vgpu_dma_bitmap *bitmap);

/**
 * vgpu_dma_unmap_dirty() - unmap, and tell which pages have been written to until then
 * @dma: the object
 * @iova: start of a mapping
 * @length: length of the same mapping
 * @bitmap: as for vgpu_dma_dirty_read()
 *
 * Return: 0, or as vgpu_dma_dirty_read().
 * Since: 0.1
 */
int vgpu_dma_unmap_dirty(struct vgpu_dma *dma, uint64_t iova, uint64_t length, const struct vgpu_dma_bitmap *bitmap);

#ifdef __cplusplus
}
#endif
#endif
