/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions of an opened device: what they are, access by read and write, mapping, and PCI config space. */
#ifndef VGPU_REGION_H
#define VGPU_REGION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_vfio;
struct vgpu_region;
struct vgpu_mapping;

/** Region indexes of a PCI device (vfio-pci's layout, which mdev drivers follow). */
enum vgpu_region_index {
	VGPU_REGION_BAR0 = 0,
	VGPU_REGION_BAR1 = 1,
	VGPU_REGION_BAR2 = 2,
	VGPU_REGION_BAR3 = 3,
	VGPU_REGION_BAR4 = 4,
	VGPU_REGION_BAR5 = 5,
	VGPU_REGION_ROM = 6,
	VGPU_REGION_CONFIG = 7,
	VGPU_REGION_VGA = 8
};

/** Region flags, the kernel's VFIO_REGION_INFO_FLAG_*. */
#define VGPU_REGION_FLAG_READ (1u << 0)
#define VGPU_REGION_FLAG_WRITE (1u << 1)
#define VGPU_REGION_FLAG_MMAP (1u << 2)
#define VGPU_REGION_FLAG_CAPS (1u << 3)

/** Device-specific region type and subtype of an EDID region (VFIO_REGION_TYPE_GFX / SUBTYPE_GFX_EDID). */
#define VGPU_REGION_TYPE_GFX 1u
#define VGPU_REGION_SUBTYPE_GFX_EDID 1u

/**
 * vgpu_region_find() - ask the driver about a region
 * @vfio: the device
 * @index: region index; may lie at or beyond the number of regions, where the driver answers
 * @out: receives a snapshot, a new reference; untouched on failure
 *
 * Capabilities that make no sense (out of bounds, in a loop) are left out, with a warning in the log.
 *
 * Return: 0, or
 *  * -EINVAL: the driver has no region of that index (no-such-region); or a NULL argument (invalid);
 *  * -ENODEV: the device is gone; -ENOMEM; -EPROTO: the driver's answer makes no sense (bad-data);
 *  * or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_region_find(struct vgpu_vfio *vfio, uint32_t index, struct vgpu_region **out);

/** vgpu_region_ref() - take a reference to @region (NULL is let through). Return: @region. Since: 0.1 */
struct vgpu_region *vgpu_region_ref(struct vgpu_region *region);

/** vgpu_region_unref() - drop a reference to @region (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_region *vgpu_region_unref(struct vgpu_region *region);

/* Getters of a region: no I/O, no failure. */

/** vgpu_region_get_index() - its index. Since: 0.1 */
uint32_t vgpu_region_get_index(const struct vgpu_region *region);

/** vgpu_region_get_name() - "bar0" to "bar5", "rom", "config", "vga", "edid"; NULL for others. Since: 0.1 */
const char *vgpu_region_get_name(const struct vgpu_region *region);

/** vgpu_region_get_size() - size in bytes; 0: not implemented by this device. Since: 0.1 */
uint64_t vgpu_region_get_size(const struct vgpu_region *region);

/** vgpu_region_get_offset() - its offset on the device's descriptor, in bytes. Since: 0.1 */
uint64_t vgpu_region_get_offset(const struct vgpu_region *region);

/** vgpu_region_get_flags() - VGPU_REGION_FLAG_*. Since: 0.1 */
uint32_t vgpu_region_get_flags(const struct vgpu_region *region);

/** vgpu_region_get_type() - type of a device-specific region; 0: it is not one. Since: 0.1 */
uint32_t vgpu_region_get_type(const struct vgpu_region *region);

/** vgpu_region_get_subtype() - subtype of a device-specific region. Since: 0.1 */
uint32_t vgpu_region_get_subtype(const struct vgpu_region *region);

/** vgpu_region_get_msix_mappable() - 1 if the MSI-X table within it may be mapped. Since: 0.1 */
int vgpu_region_get_msix_mappable(const struct vgpu_region *region);

/** vgpu_region_get_sparse() - 1 if only areas of it can be mapped (sparse mmap). Since: 0.1 */
int vgpu_region_get_sparse(const struct vgpu_region *region);

/**
 * vgpu_region_get_area_count() - number of areas that can be mapped
 * @region: the region
 *
 * Return: 0 where it can't be mapped; 1 where all of it can; the number of non-empty areas of a sparse one.
 * Since: 0.1
 */
size_t vgpu_region_get_area_count(const struct vgpu_region *region);

/**
 * vgpu_region_get_area() - one area that can be mapped
 * @region: the region
 * @i: position, from 0
 * @offset: receives its offset in the region, in bytes
 * @size: receives its size in bytes
 *
 * Return: 0, or -ERANGE beyond the end.
 * Since: 0.1
 */
int vgpu_region_get_area(const struct vgpu_region *region, size_t i, uint64_t *offset, uint64_t *size);

/**
 * vgpu_region_read() - read from a region through the driver
 * @vfio: the device
 * @index: region index
 * @offset: where in the region, in bytes
 * @buf: receives the bytes
 * @len: how many, in bytes
 *
 * One system call where the driver does it in one. The driver chooses the width of its accesses; for a register
 * use vgpu_region_read_value().
 *
 * Return: @len, or (region and offset in the error record)
 *  * -EINVAL: no such region (no-such-region), or a NULL argument (invalid);
 *  * -ERANGE: the range is not inside the region (out-of-range);
 *  * -EACCES: the region cannot be read (permission);
 *  * -EIO: the driver read less, and said no more; -ENODEV: the device is gone; or another -errno of the driver.
 * Since: 0.1
 */
ssize_t vgpu_region_read(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, void *buf, size_t len);

/**
 * vgpu_region_write() - write to a region through the driver
 * @vfio: the device
 * @index: region index
 * @offset: where in the region, in bytes
 * @buf: the bytes
 * @len: how many, in bytes
 *
 * On failure the bytes before the offset that the error record names have been written.
 *
 * Return: @len, or as vgpu_region_read() (-EACCES: the region cannot be written).
 * Since: 0.1
 */
ssize_t vgpu_region_write(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, const void *buf, size_t len);

/**
 * vgpu_region_read_value() - read one value with one access of its width
 * @vfio: the device
 * @index: region index
 * @offset: where in the region, in bytes; a multiple of @width
 * @width: 1, 2, 4 or 8 bytes
 * @out: receives the value in the host's byte order (regions are little-endian); untouched on failure
 *
 * Return: 0, -EINVAL (width or alignment), or as vgpu_region_read(); -EIO where the driver did only a part of it.
 * Since: 0.1
 */
int vgpu_region_read_value(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, unsigned width, uint64_t *out);

/**
 * vgpu_region_write_value() - write one value with one access of its width
 * @vfio: the device
 * @index: region index
 * @offset: where in the region, in bytes; a multiple of @width
 * @width: 1, 2, 4 or 8 bytes
 * @value: the value in the host's byte order; bits beyond @width must be 0
 *
 * Return: 0, -EINVAL (width, alignment or value), or as vgpu_region_write().
 * Since: 0.1
 */
int vgpu_region_write_value(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, unsigned width, uint64_t value);

/**
 * struct vgpu_region_map_opts - what to map
 * @size: sizeof(struct vgpu_region_map_opts)
 * @flags: VGPU_MAP_READ, VGPU_MAP_WRITE or both; 0: what the region allows
 * @offset: start in the region, in bytes, a multiple of the page size
 * @length: length in bytes, rounded up to pages; 0: to the end of the region, and of a sparse region the areas
 *          that can be mapped
 */
struct vgpu_region_map_opts {
	size_t size;
	uint32_t flags;
	uint64_t offset;
	uint64_t length;
};

#define VGPU_MAP_READ (1u << 0)
#define VGPU_MAP_WRITE (1u << 1)

/**
 * vgpu_region_map() - map a region, a part of it, or the mappable areas of a sparse one
 * @vfio: the device
 * @index: region index
 * @opts: what, or NULL for the whole region
 * @out: receives the mapping; untouched on failure; free with vgpu_mapping_unmap()
 *
 * Addresses are aligned as the region's offsets are, up to 1 GiB, so that the kernel can use huge mappings. Access
 * is a plain load or store; it may read all ones or raise SIGBUS when the device goes. Between the areas of a
 * sparse region the mapping has no memory: a load there raises SIGSEGV. A forked child does not inherit it.
 *
 * Return: 0, or
 *  * -EINVAL: no such region (no-such-region), or an option that makes no sense (invalid);
 *  * -ERANGE: the range is not inside the region (out-of-range);
 *  * -EOPNOTSUPP: the range, or a part of it, can't be mapped (not-mappable): use vgpu_region_read() and
 *    vgpu_region_write() there;
 *  * -EACCES: the region does not allow what @flags asks;
 *  * -E2BIG, -ENOMEM, -ENODEV, or another -errno of the driver.
 * Since: 0.1
 */
int vgpu_region_map(struct vgpu_vfio *vfio, uint32_t index, const struct vgpu_region_map_opts *opts,
					struct vgpu_mapping **out);

/**
 * vgpu_mapping_unmap() - unmap, and free the mapping
 * @mapping: the mapping, or NULL
 *
 * The device may be closed already.
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_mapping *vgpu_mapping_unmap(struct vgpu_mapping *mapping);

/** vgpu_mapping_get_address() - where byte vgpu_mapping_get_offset() of the region is. Since: 0.1 */
void *vgpu_mapping_get_address(const struct vgpu_mapping *mapping);

/** vgpu_mapping_get_offset() - offset in the region of its first byte, in bytes. Since: 0.1 */
uint64_t vgpu_mapping_get_offset(const struct vgpu_mapping *mapping);

/** vgpu_mapping_get_size() - size in bytes, holes included. Since: 0.1 */
size_t vgpu_mapping_get_size(const struct vgpu_mapping *mapping);

/** vgpu_mapping_get_area_count() - number of areas with memory; 1 unless the region is sparse. Since: 0.1 */
size_t vgpu_mapping_get_area_count(const struct vgpu_mapping *mapping);

/**
 * vgpu_mapping_get_area() - one area with memory
 * @mapping: the mapping
 * @i: position, from 0
 * @offset: receives its offset in the region, in bytes
 * @size: receives its size in bytes
 *
 * Return: 0, or -ERANGE beyond the end.
 * Since: 0.1
 */
int vgpu_mapping_get_area(const struct vgpu_mapping *mapping, size_t i, uint64_t *offset, uint64_t *size);

/**
 * vgpu_config_read() - read a value of PCI config space
 * @vfio: the device
 * @offset: in config space, in bytes; a multiple of @width
 * @width: 1, 2 or 4 bytes
 * @out: receives the value; untouched on failure
 *
 * Return: as vgpu_region_read_value(); -EOPNOTSUPP if it is no PCI device (unsupported).
 * Since: 0.1
 */
int vgpu_config_read(struct vgpu_vfio *vfio, uint32_t offset, unsigned width, uint32_t *out);

/**
 * vgpu_config_write() - write a value of PCI config space
 * @vfio: the device
 * @offset: in config space, in bytes; a multiple of @width
 * @width: 1, 2 or 4 bytes
 * @value: the value
 *
 * Return: as vgpu_region_write_value(); -EOPNOTSUPP if it is no PCI device (unsupported).
 * Since: 0.1
 */
int vgpu_config_write(struct vgpu_vfio *vfio, uint32_t offset, unsigned width, uint32_t value);

/**
 * vgpu_config_find_capability() - find a PCI capability
 * @vfio: the device
 * @id: capability id, for example 0x05 for MSI (PCI Local Bus Specification, appendix H)
 * @out: receives its offset in config space; untouched on failure
 *
 * Follows a chain that the driver, or the device, has made: no loop, no offset out of bounds.
 *
 * Return: 0, -ENOENT (it has none), or as vgpu_config_read().
 * Since: 0.1
 */
int vgpu_config_find_capability(struct vgpu_vfio *vfio, uint8_t id, uint32_t *out);

/**
 * vgpu_config_find_ext_capability() - find a PCI Express extended capability
 * @vfio: the device
 * @id: extended capability id, for example 0x0010 for SR-IOV
 * @out: receives its offset in config space, 0x100 or above; untouched on failure
 *
 * Return: 0, -ENOENT (it has none, or no extended config space), or as vgpu_config_read().
 * Since: 0.1
 */
int vgpu_config_find_ext_capability(struct vgpu_vfio *vfio, uint16_t id, uint32_t *out);

/** What to do with a part of a region and its descriptor. */
enum vgpu_io_fd_type {
	VGPU_IO_FD_IOEVENTFD = 0, /* KVM_IOEVENTFD: an eventfd to signal at each write */
	VGPU_IO_FD_IOREGIONFD = 1 /* KVM's ioregionfd, which Linux does not have */
};

/**
 * struct vgpu_io_fd - a part of a region whose writes go by a descriptor
 * @size: sizeof(struct vgpu_io_fd)
 * @offset: where in the region it starts, in bytes
 * @length: its length in bytes; 0: writes of any length at this offset
 * @fd: the descriptor, borrowed from the set; parts may have the same one behind it
 * @type: enum vgpu_io_fd_type, or a value that these headers do not know
 * @flags: KVM's flags for this type (KVM_IOEVENTFD_FLAG_*)
 * @data: the value that is written, where flags have KVM_IOEVENTFD_FLAG_DATAMATCH; the user data of an ioregionfd
 */
struct vgpu_io_fd {
	size_t size;
	uint64_t offset;
	uint64_t length;
	int fd;
	uint32_t type;
	uint32_t flags;
	uint64_t data;
};

struct vgpu_io_fds;

/**
 * vgpu_io_fds_find() - ask a vfio-user server for parts of a region that are written by descriptors
 * @vfio: the device
 * @index: region index
 * @out: receives a set, a new reference; untouched on failure
 *
 * For doorbells: with KVM, the guest's write signals the server without a detour through this process.
 *
 * Return: 0; -EOPNOTSUPP (unsupported: the region has none, or the device is the kernel's); -EPROTO: the answer makes
 * no sense (bad-data); -EMFILE, -ENOMEM; or as vgpu_region_find(). Since: 0.1
 */
int vgpu_io_fds_find(struct vgpu_vfio *vfio, uint32_t index, struct vgpu_io_fds **out);

/** vgpu_io_fds_ref() - take a reference to @fds (NULL is let through). Return: @fds. Since: 0.1 */
struct vgpu_io_fds *vgpu_io_fds_ref(struct vgpu_io_fds *fds);

/** vgpu_io_fds_unref() - drop one (NULL is let through); with the last, its descriptors are closed. Return: NULL.
 * Since: 0.1
 */
struct vgpu_io_fds *vgpu_io_fds_unref(struct vgpu_io_fds *fds);

/** vgpu_io_fds_get_count() - how many parts there are. Since: 0.1 */
size_t vgpu_io_fds_get_count(const struct vgpu_io_fds *fds);

/**
 * vgpu_io_fds_get() - one of them
 * @fds: the set
 * @i: which, from 0
 * @out: its size is set; receives the rest
 *
 * Return: 0, -ERANGE (there are not so many), -EINVAL.
 * Since: 0.1
 */
int vgpu_io_fds_get(const struct vgpu_io_fds *fds, size_t i, struct vgpu_io_fd *out);

#ifdef __cplusplus
}
#endif
#endif
