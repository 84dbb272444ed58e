/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vGPUs: listing and finding them, what the kernel shows joined with what the records say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "model/backend_ops.h"
#include "model/read_pair.h"
#include "model/record.h"
#include "model/remote.h"
#include "model/snapshot.h"
#include "model/target.h"

#define FIND_FLAGS (VGPU_DEVICE_USERS | VGPU_DEVICE_ATTRS)
#define LIST_FLAGS (FIND_FLAGS | VGPU_DEVICE_BRIEF)

/* What the record of this vGPU, if there is one, adds to it. */
static void apply_record(struct vg_records *records, struct vgpu_device *device)
{
	const struct vg_record *record = vg_records_find(records, device->backend, device->name);
	bool live;

	if (!record || !vg_record_is_valid(records, record, device->inode) ||
		(device->parent_name && strcmp(record->parent, device->parent_name) != 0))
		return;
	live = record->state != VG_RECORD_READY && vg_record_is_live(records, record);
	if (record->state == VG_RECORD_FOREIGN) {
		if (live)
			device->state = vg_state_removing;
		return;
	}
	device->owner = vg_owner_libvgpu;
	device->pair = record->pair;
	device->has_pair = true;
	if (record->state == VG_RECORD_CREATING)
		device->state = vg_state_creating;
	else if (live)
		device->state = vg_state_removing;
}

/* A removal that is pending: the directory in sysfs went at once, the record is all that is left to see. */
static int new_removing(const struct vg_records *records, const struct vg_record *record, struct vgpu_device **out)
{
	const struct vg_backend_ops *backend = vg_backend_find(record->backend);
	struct vgpu_device *device;
	char type[VG_NAME_SIZE];
	bool has_type;

	if (!backend)
		return -ENODEV;
	device = vg_device_new(backend->name, record->name);
	if (!device)
		return -ENOMEM;
	device->state = vg_state_removing;
	device->owner = record->state == VG_RECORD_FOREIGN ? vg_owner_foreign : vg_owner_libvgpu;
	device->pair = record->pair;
	device->has_pair = !backend->is_placed || record->state != VG_RECORD_FOREIGN;
	device->parent_name = strdup(record->parent);
	has_type = vg_record_get(records, record, "type", type, sizeof(type));
	if (!device->parent_name || (has_type && vg_dup(type, &device->type))) {
		vgpu_device_unref(device);
		return -ENOMEM;
	}
	*out = device;
	return 0;
}

static bool is_pending_removal(const struct vg_records *records, const struct vg_record *record)
{
	return (record->state == VG_RECORD_REMOVING || record->state == VG_RECORD_FOREIGN) && records->boot[0] &&
		   strcmp(record->boot, records->boot) == 0 && vg_record_is_live(records, record);
}

/* A function of a device that is no parent (any more, or without --any-class) may be a vGPU that libvgpu has made. */
static bool may_be_unlisted(const struct vg_record *record)
{
	const struct vg_backend_ops *backend = vg_backend_find(record->backend);

	return backend && backend->is_placed && record->state != VG_RECORD_FOREIGN;
}

/* The vGPU of a record that no backend has listed. -ENODEV: there is none. */
static int new_unlisted(struct vgpu_context *ctx, struct vg_records *records, const struct vg_record *record,
						struct vgpu_device **out)
{
	int r = -ENODEV;

	if (may_be_unlisted(record)) {
		r = vg_backend_find(record->backend)->read_device(ctx, record->name, out);
		if (r == 0) {
			apply_record(records, *out);
			if ((*out)->owner == vg_owner_libvgpu)
				return 0;
			*out = vgpu_device_unref(*out);
		}
		r = r == -ENOMEM ? r : -ENODEV;
	}
	return r == -ENODEV && is_pending_removal(records, record) ? new_removing(records, record, out) : r;
}

static int cmp_names(const void *a, const void *b)
{
	return strcmp(((const struct vgpu_device *)a)->name, ((const struct vgpu_device *)b)->name);
}

static bool has_name(const struct vg_vec *devices, const char *name)
{
	size_t low = 0, high = devices->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int cmp = strcmp(((const struct vgpu_device *)devices->items[middle])->name, name);

		if (cmp == 0)
			return true;
		if (cmp < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Joins the kernel's vGPUs with the records. */
static int join(struct vgpu_context *ctx, struct vgpu_devices *list)
{
	struct vg_vec pending = {0};
	struct vg_records records;
	bool is_sorted = false;
	size_t i;
	int r = vg_records_read(ctx, &records);

	if (r == -ENOMEM)
		return r;
	if (r) /* records that can't be read hide no vGPU, only whose it is */
		return vg_errors_add(&list->errors, vgpu_context_get_error(ctx));
	for (i = 0; records.count && i < list->vec.count; i++)
		apply_record(&records, list->vec.items[i]);
	for (i = 0; r == 0 && i < records.count; i++) {
		struct vgpu_device *device = NULL;

		if (!is_pending_removal(&records, &records.items[i]) && !may_be_unlisted(&records.items[i]))
			continue;
		if (!is_sorted)
			vg_vec_sort(&list->vec, cmp_names);
		is_sorted = true;
		if (has_name(&list->vec, records.items[i].name))
			continue;
		r = new_unlisted(ctx, &records, &records.items[i], &device);
		if (r == 0)
			r = vg_vec_add(&pending, device);
		if (r == -ENODEV)
			r = 0; /* of a backend that this library does not know */
		else if (r)
			vgpu_device_unref(device);
	}
	for (i = 0; i < pending.count; i++) {
		if (r == 0)
			r = vg_vec_add(&list->vec, pending.items[i]);
		if (r)
			vgpu_device_unref(pending.items[i]);
	}
	vg_vec_clear(&pending, NULL);
	vg_records_free(&records);
	return r;
}

/* Drops what is not on the parent. */
static void filter(struct vgpu_devices *list, const char *parent)
{
	size_t i, kept = 0;

	for (i = 0; i < list->vec.count; i++) {
		struct vgpu_device *device = list->vec.items[i];

		if ((device->parent_name && vg_parent_is(device->parent_name, parent)) ||
			(device->physfn && vg_parent_is(device->name, parent)))
			list->vec.items[kept++] = device;
		else
			vgpu_device_unref(device);
	}
	list->vec.count = kept;
}

/* Is one of them the kernel's? */
static bool has_kernels(const struct vgpu_devices *list)
{
	size_t i;

	for (i = 0; i < list->vec.count; i++)
		if (!vg_remote_of(list->vec.items[i]))
			return true;
	return false;
}

static int read_attrs(struct vgpu_context *ctx, struct vgpu_device *device, struct vgpu_errors *errors)
{
	const struct vg_remote_ops *remote = vg_remote_of(device);
	int r = remote ? remote->read_attrs(ctx, device) : vg_device_read_attrs(device);

	return r && r != -ENOMEM ? vg_errors_add(errors, vgpu_context_get_error(ctx)) : r;
}

/* Users and attributes. */
static int read_more(struct vgpu_context *ctx, struct vgpu_devices *list, uint32_t flags)
{
	struct vg_holders holders = {0};
	bool have_holders = false;
	size_t i;
	int r = 0;

	if ((flags & VGPU_DEVICE_USERS) && has_kernels(list)) {
		r = vg_holders_scan(ctx, &holders);
		if (r == -ENOMEM)
			return r;
		have_holders = r == 0;
		if (r) {
			vg_fail_errno(ctx, "look for users", ctx->proc, -r);
			r = vg_errors_add(&list->errors, vgpu_context_get_error(ctx));
		}
	}
	for (i = 0; r == 0 && i < list->vec.count; i++) {
		struct vgpu_device *device = list->vec.items[i];

		if (have_holders && !vg_remote_of(device))
			r = vg_device_set_users(device, &holders);
		if (r == 0 && (flags & VGPU_DEVICE_ATTRS))
			r = read_attrs(ctx, device, &list->errors);
	}
	vg_holders_free(&holders);
	return r;
}

static int scan(struct vgpu_context *ctx, const char *operation, const struct vgpu_device_list_opts *opts,
				struct vgpu_devices *list)
{
	const struct vg_backend_ops *const *backend;
	const bool brief = (opts->flags & VGPU_DEVICE_BRIEF) && !(opts->flags & VGPU_DEVICE_USERS);
	struct vgpu_parents parents = {0};
	int r = 0;

	if (opts->parent) { /* only to say so where there is none */
		r = vg_parents_scan(ctx, operation, opts->parent, &parents);
		vg_parents_clear(&parents);
	}
	for (backend = vg_backends(); r == 0 && *backend; backend++)
		r = (*backend)->scan_devices(ctx, brief, list);
	if (r)
		return r;
	r = join(ctx, list);
	if (r == 0 && opts->parent)
		filter(list, opts->parent);
	if (r == 0)
		r = read_more(ctx, list, opts->flags);
	vg_vec_sort(&list->vec, vg_device_cmp);
	return r ? vg_fail_memory(ctx, operation) : 0;
}

int vgpu_device_list(struct vgpu_context *ctx, const struct vgpu_device_list_opts *opts, struct vgpu_devices **out)
{
	static const char operation[] = "list vGPUs";
	struct vgpu_device_list_opts known;
	struct vgpu_devices *list;
	int r;

	if (!ctx || !out)
		return -EINVAL;
	r = vg_opts_take(ctx, operation, &known, sizeof(known), opts);
	if (r)
		return r;
	if (known.flags & ~LIST_FLAGS)
		return vg_fail_invalid(ctx, operation, "flags", "unknown flag");
	list = calloc(1, sizeof(*list));
	if (!list)
		return vg_fail_memory(ctx, operation);
	r = scan(ctx, operation, &known, list);
	if (r) {
		vgpu_devices_unref(list);
		return r;
	}
	*out = list;
	return 0;
}

static void unref_device(void *device)
{
	vgpu_device_unref(device);
}

VG_DEFINE_LIST(devices, device, unref_device)
VG_DEFINE_LIST_ERRORS(devices)

static int fail_absent(struct vgpu_context *ctx, const char *operation, const char *text)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = text,
										.value = text,
										.err = ENODEV,
										.cause = VGPU_CAUSE_NO_DEVICE,
										.hint = "list the vGPUs of this host"},
				   "there is no such vGPU");
}

/* The vGPU of this kernel name; -ENODEV without an error record where no backend has it. */
static int read_one(struct vgpu_context *ctx, const char *name, struct vgpu_device **out)
{
	const struct vg_backend_ops *const *backend;
	int r = -ENODEV;

	for (backend = vg_backends(); r == -ENODEV && *backend; backend++)
		r = (*backend)->read_device(ctx, name, out);
	return r;
}

/* The vGPU with this socket; likewise. */
static int read_socket(struct vgpu_context *ctx, const char *path, struct vgpu_device **out)
{
	const struct vg_backend_ops *const *backend;
	int r = -ENODEV;

	for (backend = vg_backends(); r == -ENODEV && *backend; backend++)
		if ((*backend)->remote)
			r = (*backend)->remote->find_socket(ctx, path, out);
	return r;
}

int vg_snapshot_read(struct vgpu_context *ctx, const char *operation, const char *text, struct vgpu_device **out)
{
	struct vg_target target;
	struct vg_pair pair;
	int r;

	if (vg_pair_parse(text, &pair) == 0) {
		r = vg_read_pair(ctx, &pair, out);
	} else {
		r = vg_target_find(ctx, operation, text, &target);
		if (r)
			return r;
		r = target.socket[0] ? read_socket(ctx, target.socket, out) : read_one(ctx, target.name, out);
	}
	return r == -ENODEV ? fail_absent(ctx, operation, text) : r;
}

int vg_snapshot_find(struct vgpu_context *ctx, const char *operation, const char *text, struct vgpu_device **out)
{
	const struct vg_record *record;
	struct vg_records records;
	struct vg_pair pair;
	int r = vg_records_read(ctx, &records);

	if (r)
		return r;
	r = vg_snapshot_read(ctx, operation, text, out);
	if (r == 0)
		apply_record(&records, *out);
	record = r == -ENODEV && vg_pair_parse(text, &pair) == 0 ? vg_records_find_pair(&records, &pair) : NULL;
	if (record && is_pending_removal(&records, record)) {
		r = new_removing(&records, record, out);
		if (r)
			r = r == -ENODEV ? fail_absent(ctx, operation, text) : vg_fail_memory(ctx, operation);
	}
	vg_records_free(&records);
	return r;
}

int vgpu_device_find(struct vgpu_context *ctx, const char *text, uint32_t flags, struct vgpu_device **out)
{
	static const char operation[] = "find";
	struct vgpu_devices list = {0};
	struct vgpu_device *device;
	int r;

	if (!ctx || !text || !out)
		return -EINVAL;
	if (flags & ~FIND_FLAGS)
		return vg_fail_invalid(ctx, operation, "flags", "unknown flag");
	r = vg_snapshot_find(ctx, operation, text, &device);
	if (r)
		return r;
	r = vg_vec_add(&list.vec, device);
	if (r)
		vgpu_device_unref(device);
	else
		r = read_more(ctx, &list, flags);
	if (r == 0)
		*out = vgpu_device_ref(device);
	vg_vec_clear(&list.vec, unref_device);
	vg_errors_clear(&list.errors);
	return r ? vg_fail_memory(ctx, operation) : 0;
}
