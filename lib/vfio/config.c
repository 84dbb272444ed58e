/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI configuration space: values, and the two chains of capabilities (PCI Express Base Specification, chapter 7). */
#include <errno.h>

#include "vfio/handle.h"

#define STATUS 0x06
#define STATUS_HAS_CAPS 0x10
#define FIRST_CAP 0x34
#define CAP_MIN 0x40
#define CAP_SPACE 0x100
#define EXT_SPACE 0x1000
/* No more than fit, at 4 and 8 bytes each: a longer chain is a loop. */
#define CAPS_MAX ((CAP_SPACE - CAP_MIN) / 4)
#define EXT_CAPS_MAX ((EXT_SPACE - CAP_SPACE) / 8)

static int check_config(struct vgpu_vfio *vfio, const char *operation, unsigned width)
{
	if (!(vfio->flags & VGPU_VFIO_FLAG_PCI))
		return vg_fail(
			vfio->ctx,
			&(struct vg_failure){
				.operation = operation, .path = vfio->name, .err = EOPNOTSUPP, .cause = VGPU_CAUSE_UNSUPPORTED},
			"it is no PCI device and has no config space");
	if (width > 4)
		return vg_fail_invalid(vfio->ctx, operation, vfio->name, "a width of %u bytes is not 1, 2 or 4", width);
	return 0;
}

int vgpu_config_read(struct vgpu_vfio *vfio, uint32_t offset, unsigned width, uint32_t *out)
{
	uint64_t value;
	int r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, "read", vfio->name, "there is no place for the value");
	r = check_config(vfio, "read", width);
	if (r == 0)
		r = vgpu_region_read_value(vfio, VGPU_REGION_CONFIG, offset, width, &value);
	if (r == 0)
		*out = (uint32_t)value;
	return r;
}

int vgpu_config_write(struct vgpu_vfio *vfio, uint32_t offset, unsigned width, uint32_t value)
{
	int r;

	if (!vfio)
		return -EINVAL;
	r = check_config(vfio, "write", width);
	return r ? r : vgpu_region_write_value(vfio, VGPU_REGION_CONFIG, offset, width, value);
}

static int fail_capability(struct vgpu_vfio *vfio, const char *kind, unsigned id)
{
	return vg_fail(
		vfio->ctx,
		&(struct vg_failure){.operation = "find", .path = vfio->name, .err = ENOENT, .cause = VGPU_CAUSE_UNSUPPORTED},
		"it has no %s 0x%02x", kind, id);
}

int vgpu_config_find_capability(struct vgpu_vfio *vfio, uint8_t id, uint32_t *out)
{
	uint32_t at, value;
	int i, r = vgpu_config_read(vfio, STATUS, 2, &value);

	if (r)
		return r;
	if (!out)
		return vg_fail_invalid(vfio->ctx, "find", vfio->name, "there is no place for the offset");
	if (!(value & STATUS_HAS_CAPS))
		return fail_capability(vfio, "PCI capability", id);
	r = vgpu_config_read(vfio, FIRST_CAP, 1, &value);
	for (i = 0; r == 0 && i < CAPS_MAX; i++) {
		at = value & 0xfc;
		if (at < CAP_MIN)
			break;
		r = vgpu_config_read(vfio, at, 2, &value); /* id, then where the next is */
		if (r == 0 && (value & 0xff) == id) {
			*out = at;
			return 0;
		}
		value >>= 8;
	}
	return r ? r : fail_capability(vfio, "PCI capability", id);
}

int vgpu_config_find_ext_capability(struct vgpu_vfio *vfio, uint16_t id, uint32_t *out)
{
	uint32_t at = CAP_SPACE, value;
	struct vgpu_region *config;
	int i, r;

	if (!vfio)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(vfio->ctx, "find", vfio->name, "there is no place for the offset");
	r = check_config(vfio, "find", 4);
	if (r == 0)
		r = vg_region_get(vfio, "find", VGPU_REGION_CONFIG, &config);
	for (i = 0; r == 0 && i < EXT_CAPS_MAX && at >= CAP_SPACE && at + 4 <= config->size; i++) {
		r = vgpu_config_read(vfio, at, 4, &value);
		if (r || value == 0 || value == UINT32_MAX) /* an empty space, or a device that is gone */
			break;
		if ((value & 0xffff) == id) {
			*out = at;
			return 0;
		}
		at = value >> 20 & 0xffc;
	}
	return r ? r : fail_capability(vfio, "PCI Express extended capability", id);
}
