/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the vGPU of a pair, whichever backend has it. */
#include "model/read_pair.h"

#include <errno.h>

#include "model/backend_ops.h"
#include "model/record.h"

static int read_recorded(struct vgpu_context *ctx, const struct vg_records *records, const struct vg_record *record,
						 struct vgpu_device **out)
{
	const struct vg_backend_ops *backend = vg_backend_find(record->backend);
	struct vgpu_device *device;
	int r;

	/* a foreign vGPU that is being removed lends its record no pair of its own */
	if (!backend || !backend->is_placed || record->state == VG_RECORD_FOREIGN)
		return -ENODEV;
	r = backend->read_device(ctx, record->name, &device);
	if (r)
		return r;
	if (!vg_record_is_valid(records, record, device->inode)) {
		vgpu_device_unref(device);
		return -ENODEV;
	}
	*out = device;
	return 0;
}

int vg_read_pair(struct vgpu_context *ctx, const struct vg_pair *pair, struct vgpu_device **out)
{
	const struct vg_backend_ops *const *backend;
	struct vg_records records;
	char name[VG_NAME_SIZE];
	int r = -ENODEV;
	size_t i;

	for (backend = vg_backends(); r == -ENODEV && *backend; backend++) {
		if ((*backend)->is_placed)
			continue;
		(*backend)->name_of(pair, name);
		r = (*backend)->read_device(ctx, name, out);
	}
	if (r != -ENODEV)
		return r;
	r = vg_records_read(ctx, &records);
	if (r)
		return r;
	r = -ENODEV;
	for (i = 0; r == -ENODEV && i < records.count; i++)
		if (vg_pair_cmp(&records.items[i].pair, pair) == 0)
			r = read_recorded(ctx, &records, &records.items[i], out);
	vg_records_free(&records);
	return r;
}
