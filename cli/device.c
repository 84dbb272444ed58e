/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vGPUs as records: the entry of "vgpus" that list, create and show share. */
#include <string.h>

#include "vgpuctl.h"

static const struct column columns[] = {
	{"uuid", "UUID", COLUMN_DEFAULT},
	{"instance", "INSTANCE", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"owner", "OWNER", COLUMN_DEFAULT},
	{"name", "NAME", 0},
	{"parent", "PARENT", COLUMN_DEFAULT},
	{"physfn", "PHYSFN", 0},
	{"type", "TYPE", COLUMN_DEFAULT},
	{"backend", "BACKEND", 0},
	{"device_api", "API", 0},
	{"iommu_group", "GROUP", COLUMN_RIGHT},
	{"group_node", "GROUP_NODE", 0},
	{"cdev_node", "CDEV_NODE", 0},
	{"socket", "SOCKET", 0},
	{"driver", "DRIVER", 0},
	{"state", "STATE", COLUMN_DEFAULT},
	{"started", "STARTED", 0},
	{"users", "USERS", 0},
	{"users_complete", "USERS_COMPLETE", 0},
	{"sysfs_path", "SYSFS_PATH", 0},
};

const struct table device_table = {columns, COUNT(columns)};

static const char *via_name(int via)
{
	switch (via) {
	case VGPU_USER_GROUP:
		return "group";
	case VGPU_USER_CDEV:
		return "cdev";
	case VGPU_USER_DEVICE:
		return "device";
	case VGPU_USER_MAPPING:
		return "mapping";
	case VGPU_USER_SOCKET:
		return "socket";
	default:
		return NULL;
	}
}

static void fill_users(struct record *record, const struct vgpu_device *device)
{
	int count = vgpu_device_get_user_count(device), complete = vgpu_device_get_users_complete(device), i;
	struct list *users;

	if (count < 0) {
		record_set_null(record, "users");
		record_set_null(record, "users_complete");
		return;
	}
	users = record_set_list(record, "users");
	for (i = 0; i < count; i++) {
		struct record *user = list_add_record(users);
		const char *command = vgpu_device_get_user_command(device, i);
		int pid = vgpu_device_get_user_pid(device, i);

		record_set_known(user, "pid", pid);
		record_set_text(user, "command", command);
		record_set_text(user, "via", via_name(vgpu_device_get_user_via(device, i)));
		record_set_bool(user, "certain", vgpu_device_get_user_certain(device, i));
		user->title = arena_printf(user->arena, "%s(%d)", command ?: "?", pid);
	}
	record_set_bool(record, "users_complete", complete > 0);
}

void device_fill(struct record *record, const struct vgpu_device *device)
{
	record_set_text(record, "uuid", vgpu_device_get_uuid(device));
	record_set_known(record, "instance", vgpu_device_get_instance(device));
	record_set_text(record, "owner", vgpu_device_get_owner(device));
	record_set_text(record, "name", vgpu_device_get_name(device));
	record_set_text(record, "parent", vgpu_device_get_parent_name(device));
	record_set_text(record, "physfn", vgpu_device_get_physfn(device));
	record_set_text(record, "type", vgpu_device_get_type(device));
	record_set_text(record, "backend", vgpu_device_get_backend(device));
	record_set_text(record, "device_api", vgpu_device_get_device_api(device));
	record_set_known(record, "iommu_group", vgpu_device_get_iommu_group(device));
	record_set_text(record, "group_node", vgpu_device_get_group_node(device));
	record_set_text(record, "cdev_node", vgpu_device_get_cdev_node(device));
	record_set_text(record, "socket", vgpu_device_get_socket(device));
	record_set_text(record, "driver", vgpu_device_get_driver(device));
	record_set_text(record, "state", vgpu_device_get_state(device));
	if (vgpu_device_get_started(device) < 0)
		record_set_null(record, "started");
	else
		record_set_bool(record, "started", vgpu_device_get_started(device));
	fill_users(record, device);
	record_set_text(record, "sysfs_path", vgpu_device_get_sysfs_path(device));
}

void device_fill_name(struct record *record, const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(columns); i++)
		record_set_text(record, columns[i].key, strcmp(columns[i].key, "name") ? NULL : name);
}
