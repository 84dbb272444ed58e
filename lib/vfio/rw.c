/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading and writing regions through the driver. The usual access, of a region known to the handle, is a check of
 * its bounds and one system call; everything else is in functions of its own.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "sys/devio.h"
#include "vfio/handle.h"

#define READ "read"
#define WRITE "write"

/* Can it be done without asking the driver, and without a word? */
static inline bool is_plain(const struct vgpu_region *region, uint32_t flag, const void *buf, uint64_t offset,
							size_t len)
{
	if (__builtin_expect(!region || !buf || !len, 0))
		return false;
	return __builtin_expect(region->flags & flag && offset <= region->size && len <= region->size - offset, 1);
}

static int fail_access(struct vgpu_vfio *vfio, const char *operation, uint32_t flag, uint32_t index, uint64_t offset)
{
	struct vg_failure failure = {
		.operation = operation, .path = vfio->name, .err = EACCES, .cause = VGPU_CAUSE_PERMISSION};
	char place[VG_PLACE_SIZE];

	vg_region_describe(vfio, index, offset, place);
	failure.value = place;
	return vg_fail(vfio->ctx, &failure, "the driver does not let %s be %s", place,
				   flag == VGPU_REGION_FLAG_READ ? "read" : "written");
}

/* The region, if it allows this access; else fails with the reason. */
static int check_access(struct vgpu_vfio *vfio, const char *operation, uint32_t flag, uint32_t index, const void *buf,
						uint64_t offset, size_t len, struct vgpu_region **out)
{
	int r = vg_region_get(vfio, operation, index, out);

	if (r)
		return r;
	if (!buf)
		return vg_fail_invalid(vfio->ctx, operation, vfio->name, "there is no buffer");
	r = vg_region_check_range(vfio, operation, *out, offset, len);
	if (r == 0 && !((*out)->flags & flag))
		r = fail_access(vfio, operation, flag, index, offset);
	return r;
}

/* n: what the last transfer came to. The driver may do less than asked: goes on until all is done. */
static __attribute__((noinline, cold)) ssize_t read_rest(struct vgpu_vfio *vfio, const struct vgpu_region *region,
														 uint64_t offset, void *buf, size_t len, ssize_t n)
{
	unsigned char *to = buf;
	size_t done = 0;

	for (;;) {
		if (n <= 0)
			return vg_region_fail(vfio, READ, region->index, offset + done, n ? (int)-n : EIO);
		done += (size_t)n;
		if (done >= len)
			return (ssize_t)len;
		n = vg_device_read(vfio, region, offset + done, to + done, len - done);
	}
}

static __attribute__((noinline, cold)) ssize_t write_rest(struct vgpu_vfio *vfio, const struct vgpu_region *region,
														  uint64_t offset, const void *buf, size_t len, ssize_t n)
{
	const unsigned char *from = buf;
	size_t done = 0;

	for (;;) {
		if (n <= 0)
			return vg_region_fail(vfio, WRITE, region->index, offset + done, n ? (int)-n : EIO);
		done += (size_t)n;
		if (done >= len)
			return (ssize_t)len;
		n = vg_device_write(vfio, region, offset + done, from + done, len - done);
	}
}

/* The unusual: a region that is asked for the first time, nothing to do, or a mistake. */
static __attribute__((noinline, cold)) ssize_t read_checked(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset,
															void *buf, size_t len)
{
	struct vgpu_region *region;
	int r = check_access(vfio, READ, VGPU_REGION_FLAG_READ, index, buf, offset, len, &region);

	if (r || len == 0)
		return r;
	return read_rest(vfio, region, offset, buf, len, vg_device_read(vfio, region, offset, buf, len));
}

static __attribute__((noinline, cold)) ssize_t write_checked(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset,
															 const void *buf, size_t len)
{
	struct vgpu_region *region;
	int r = check_access(vfio, WRITE, VGPU_REGION_FLAG_WRITE, index, buf, offset, len, &region);

	if (r || len == 0)
		return r;
	return write_rest(vfio, region, offset, buf, len, vg_device_write(vfio, region, offset, buf, len));
}

ssize_t vgpu_region_read(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, void *buf, size_t len)
{
	const struct vgpu_region *region;
	ssize_t n;

	if (!vfio)
		return -EINVAL;
	region = vg_region_near(vfio, index);
	if (!is_plain(region, VGPU_REGION_FLAG_READ, buf, offset, len))
		return read_checked(vfio, index, offset, buf, len);
	n = vg_pread(vfio->place.device_fd, buf, len, region->offset + offset);
	return n == (ssize_t)len ? n : read_rest(vfio, region, offset, buf, len, n);
}

ssize_t vgpu_region_write(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, const void *buf, size_t len)
{
	const struct vgpu_region *region;
	ssize_t n;

	if (!vfio)
		return -EINVAL;
	region = vg_region_near(vfio, index);
	if (!is_plain(region, VGPU_REGION_FLAG_WRITE, buf, offset, len))
		return write_checked(vfio, index, offset, buf, len);
	n = vg_pwrite(vfio->place.device_fd, buf, len, region->offset + offset);
	return n == (ssize_t)len ? n : write_rest(vfio, region, offset, buf, len, n);
}

static int check_width(struct vgpu_vfio *vfio, const char *operation, uint64_t offset, unsigned width)
{
	if (width != 1 && width != 2 && width != 4 && width != 8)
		return vg_fail_invalid(vfio->ctx, operation, vfio->name, "a width of %u bytes is not 1, 2, 4 or 8", width);
	if (offset % width)
		return vg_fail_invalid(vfio->ctx, operation, vfio->name, "offset 0x%llx is not a multiple of the width %u",
							   (unsigned long long)offset, width);
	return 0;
}

int vgpu_region_read_value(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, unsigned width, uint64_t *out)
{
	struct vgpu_region *region;
	uint64_t bytes = 0;
	ssize_t n;
	int r;

	if (!vfio)
		return -EINVAL;
	r = check_width(vfio, READ, offset, width);
	if (r == 0)
		r = check_access(vfio, READ, VGPU_REGION_FLAG_READ, index, out, offset, width, &region);
	if (r)
		return r;
	n = vg_device_read(vfio, region, offset, &bytes, width);
	if (n != (ssize_t)width)
		return vg_region_fail(vfio, READ, index, offset, n < 0 ? (int)-n : EIO);
	*out = le64toh(bytes); /* the bytes that were not read are 0, and the highest */
	return 0;
}

int vgpu_region_write_value(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, unsigned width, uint64_t value)
{
	struct vgpu_region *region;
	uint64_t bytes = htole64(value);
	ssize_t n;
	int r;

	if (!vfio)
		return -EINVAL;
	r = check_width(vfio, WRITE, offset, width);
	if (r == 0 && width < 8 && value >> (8 * width))
		r = vg_fail_invalid(vfio->ctx, WRITE, vfio->name, "the value 0x%llx has more than %u bytes",
							(unsigned long long)value, width);
	if (r == 0)
		r = check_access(vfio, WRITE, VGPU_REGION_FLAG_WRITE, index, &bytes, offset, width, &region);
	if (r)
		return r;
	n = vg_device_write(vfio, region, offset, &bytes, width);
	return n == (ssize_t)width ? 0 : vg_region_fail(vfio, WRITE, index, offset, n < 0 ? (int)-n : EIO);
}
