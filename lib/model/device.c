/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vGPU as a snapshot: making one, and the getters. */
#include "model/device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/backend_ops.h"
#include "sys/files.h"

const char vg_owner_libvgpu[] = "libvgpu";
const char vg_owner_foreign[] = "foreign";
const char vg_state_ready[] = "ready";
const char vg_state_incomplete[] = "incomplete";
const char vg_state_creating[] = "creating";
const char vg_state_removing[] = "removing";
const char vg_state_failed[] = "failed";

static void device_free(struct vgpu_device *device)
{
	size_t i;

	for (i = 0; i < device->attr_count; i++) {
		free(device->attrs[i].name);
		free(device->attrs[i].value);
	}
	free(device->attrs);
	free(device->users);
	free(device->name);
	free(device->path);
	free(device->parent_name);
	free(device->physfn);
	free(device->attr_path);
	free(device->type);
	free(device->device_api);
	free(device->driver);
	free(device->group_node);
	free(device->cdev_node);
	free(device->socket);
	free(device->control);
	free(device);
}

VG_DEFINE_REF(device, device_free)

struct vgpu_device *vg_device_new(const char *backend, const char *name)
{
	struct vgpu_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	vg_ref_init(&device->ref);
	device->backend = backend;
	device->owner = vg_owner_foreign;
	device->state = vg_state_incomplete;
	device->iommu_group = device->started = -1;
	device->user_count = -1;
	device->users_complete = -1;
	device->name = strdup(name);
	return device->name ? device : vgpu_device_unref(device);
}

int vg_device_set_group(struct vgpu_context *ctx, struct vgpu_device *device, const char *number)
{
	uint64_t group;

	if (vg_parse_u64(number, 10, INT_MAX, &group))
		return 0; /* no group of IOMMU groups is named so: it stays unknown */
	device->iommu_group = (int)group;
	device->group_node = vg_asprintf("%s/vfio/%d", ctx->dev, device->iommu_group);
	return device->group_node ? 0 : -ENOMEM;
}

int vg_device_set_cdev(struct vgpu_context *ctx, struct vgpu_device *device, const char *cdev)
{
	free(device->cdev_node);
	device->cdev_node = vg_asprintf("%s/vfio/devices/%s", ctx->dev, cdev);
	return device->cdev_node ? 0 : -ENOMEM;
}

int vg_device_read_cdev(struct vgpu_context *ctx, struct vgpu_device *device)
{
	char path[VG_PATH_SIZE];
	struct vg_entries entries;
	int r = 0;

	if (vg_strf(path, sizeof(path), "%s/vfio-dev", device->path) < 0 || vg_entries_read(AT_FDCWD, path, &entries))
		return 0;
	if (entries.count == 1 &&
		vg_strf(path, sizeof(path), "%s/vfio-dev/%s/dev", device->path, entries.items[0].name) > 0 &&
		vg_exists(AT_FDCWD, path))
		r = vg_device_set_cdev(ctx, device, entries.items[0].name);
	vg_entries_free(&entries);
	return r;
}

static int add_attr(struct vgpu_device *device, const char *base, const char *dir, const char *file)
{
	struct vg_attr *attrs = reallocarray(device->attrs, device->attr_count + 1, sizeof(*attrs));
	char path[VG_PATH_SIZE], text[VG_ATTR_SIZE];
	struct vg_attr attr = {0};

	if (!attrs)
		return -ENOMEM;
	device->attrs = attrs;
	if (vg_strf(path, sizeof(path), "%s/%s/%s", base, dir, file) < 0)
		return 0;
	attr.name = vg_asprintf("%s/%s", dir, file);
	if (!attr.name)
		return -ENOMEM;
	if (vg_read_text(AT_FDCWD, path, text, sizeof(text)) >= 0) {
		vg_make_printable(text);
		attr.value = strdup(text);
		if (!attr.value) {
			free(attr.name);
			return -ENOMEM;
		}
	}
	attrs[device->attr_count++] = attr;
	return 0;
}

/* The files of one attribute group. */
static int read_attr_dir(struct vgpu_device *device, const char *base, const char *dir)
{
	struct vg_entries files;
	char path[VG_PATH_SIZE];
	struct stat st;
	size_t i;
	int r = 0;

	if (vg_strf(path, sizeof(path), "%s/%s", base, dir) < 0 || vg_entries_read(AT_FDCWD, path, &files))
		return 0; /* a file, or gone */
	vg_entries_sort(&files);
	for (i = 0; r == 0 && i < files.count; i++) {
		if (vg_strf(path, sizeof(path), "%s/%s/%s", base, dir, files.items[i].name) < 0 || files.items[i].is_link ||
			vg_stat(AT_FDCWD, path, &st) || !S_ISREG(st.st_mode))
			continue;
		r = add_attr(device, base, dir, files.items[i].name);
	}
	vg_entries_free(&files);
	return r;
}

int vg_device_read_attrs(struct vgpu_device *device)
{
	const struct vg_backend_ops *backend = vg_backend_find(device->backend);
	const char *base = device->attr_path ? device->attr_path : device->path;
	struct vg_entries entries;
	size_t i, k;
	int r = 0;

	if (base && backend->attr_dir)
		return read_attr_dir(device, base, backend->attr_dir);
	if (!base || vg_entries_read(AT_FDCWD, base, &entries))
		return 0;
	vg_entries_sort(&entries);
	for (i = 0; r == 0 && i < entries.count; i++) {
		for (k = 0; backend->plain_dirs[k] && strcmp(backend->plain_dirs[k], entries.items[i].name) != 0; k++)
			;
		if (!backend->plain_dirs[k] && !entries.items[i].is_link)
			r = read_attr_dir(device, base, entries.items[i].name);
	}
	vg_entries_free(&entries);
	return r;
}

int vg_device_set_users(struct vgpu_device *device, const struct vg_holders *holders)
{
	size_t i;
	bool certain;

	device->user_count = 0;
	device->users_complete = holders->complete;
	if (!holders->count)
		return 0;
	device->users = calloc(holders->count, sizeof(*device->users));
	if (!device->users)
		return -ENOMEM;
	for (i = 0; i < holders->count; i++) {
		const struct vg_holder *holder = &holders->items[i];
		struct vg_user *user = &device->users[device->user_count];

		if (!vg_holder_matches(holder, device->path, device->group_node, device->cdev_node, &certain))
			continue;
		*user = (struct vg_user){.pid = holder->pid, .via = holder->via, .certain = certain};
		memcpy(user->command, holder->command, sizeof(user->command));
		device->user_count++;
	}
	return 0;
}

int vg_device_set_user(struct vgpu_context *ctx, struct vgpu_device *device, enum vgpu_user_via via, int pid)
{
	char path[VG_PATH_SIZE];

	device->users = calloc(1, sizeof(*device->users));
	if (!device->users)
		return -ENOMEM;
	device->users[0] = (struct vg_user){.pid = pid, .via = via, .certain = true};
	device->user_count = device->users_complete = 1;
	vg_strf(path, sizeof(path), "%s/%d/comm", ctx->proc, pid);
	if (vg_read_text(AT_FDCWD, path, device->users[0].command, sizeof(device->users[0].command)) < 0)
		device->users[0].command[0] = '\0';
	vg_make_printable(device->users[0].command);
	return 0;
}

int vg_device_cmp(const void *a, const void *b)
{
	const struct vgpu_device *x = a, *y = b;
	int cmp;

	if (x->has_pair != y->has_pair)
		return x->has_pair ? -1 : 1;
	cmp = x->has_pair ? vg_pair_cmp(&x->pair, &y->pair) : 0;
	return cmp ? cmp : vg_natural_cmp(x->name, y->name);
}

const char *vgpu_device_get_uuid(const struct vgpu_device *device)
{
	return device->has_pair ? device->pair.uuid : NULL;
}

int vgpu_device_get_instance(const struct vgpu_device *device)
{
	return device->has_pair ? (int)device->pair.instance : -1;
}

const char *vgpu_device_get_owner(const struct vgpu_device *device)
{
	return device->owner;
}

const char *vgpu_device_get_name(const struct vgpu_device *device)
{
	return device->name;
}

const char *vgpu_device_get_sysfs_path(const struct vgpu_device *device)
{
	return device->path;
}

const char *vgpu_device_get_parent_name(const struct vgpu_device *device)
{
	return device->parent_name;
}

const char *vgpu_device_get_physfn(const struct vgpu_device *device)
{
	return device->physfn;
}

const char *vgpu_device_get_type(const struct vgpu_device *device)
{
	return device->type;
}

const char *vgpu_device_get_backend(const struct vgpu_device *device)
{
	return device->backend;
}

const char *vgpu_device_get_device_api(const struct vgpu_device *device)
{
	return device->device_api;
}

int vgpu_device_get_iommu_group(const struct vgpu_device *device)
{
	return device->iommu_group;
}

const char *vgpu_device_get_group_node(const struct vgpu_device *device)
{
	return device->group_node;
}

const char *vgpu_device_get_cdev_node(const struct vgpu_device *device)
{
	return device->cdev_node;
}

const char *vgpu_device_get_socket(const struct vgpu_device *device)
{
	return device->socket;
}

int vgpu_device_get_started(const struct vgpu_device *device)
{
	return device->started;
}

const char *vgpu_device_get_driver(const struct vgpu_device *device)
{
	return device->driver;
}

const char *vgpu_device_get_state(const struct vgpu_device *device)
{
	return device->state;
}

size_t vgpu_device_get_attr_count(const struct vgpu_device *device)
{
	return device->attr_count;
}

const char *vgpu_device_get_attr_name(const struct vgpu_device *device, size_t i)
{
	return i < device->attr_count ? device->attrs[i].name : NULL;
}

const char *vgpu_device_get_attr_value(const struct vgpu_device *device, size_t i)
{
	return i < device->attr_count ? device->attrs[i].value : NULL;
}

int vgpu_device_get_user_count(const struct vgpu_device *device)
{
	return device->user_count;
}

int vgpu_device_get_users_complete(const struct vgpu_device *device)
{
	return device->users_complete;
}

static const struct vg_user *get_user(const struct vgpu_device *device, int i)
{
	return i >= 0 && i < device->user_count ? &device->users[i] : NULL;
}

int vgpu_device_get_user_pid(const struct vgpu_device *device, int i)
{
	const struct vg_user *user = get_user(device, i);

	return user ? user->pid : -1;
}

const char *vgpu_device_get_user_command(const struct vgpu_device *device, int i)
{
	const struct vg_user *user = get_user(device, i);

	return user && user->command[0] ? user->command : NULL;
}

int vgpu_device_get_user_via(const struct vgpu_device *device, int i)
{
	const struct vg_user *user = get_user(device, i);

	return user ? (int)user->via : 0;
}

int vgpu_device_get_user_certain(const struct vgpu_device *device, int i)
{
	const struct vg_user *user = get_user(device, i);

	return user ? user->certain : 0;
}
