/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listings: what can be read is listed, what can't stands beside it as an error. */
#include <errno.h>

#include "run_suite.h"
#include "tree.h"

static char root[PATH_MAX];
static struct vgpu_context *ctx;

static void begin(void)
{
	tree_new(root);
	tree_host(root);
	ctx = tree_context(root);
}

static void end(void)
{
	ctx = vgpu_context_unref(ctx);
	tree_free(root);
}

/* Is there an error of this path (its end), with this cause? */
static int has_error(const struct vgpu_errors *errors, const char *path, enum vgpu_cause cause)
{
	size_t i, n = strlen(path);

	for (i = 0; i < vgpu_errors_get_count(errors); i++) {
		const struct vgpu_error *error = vgpu_errors_get(errors, i);
		const char *text = vgpu_error_get_path(error);

		if (strlen(text) >= n && strcmp(text + strlen(text) - n, path) == 0 && vgpu_error_get_cause(error) == cause)
			return 1;
	}
	return 0;
}

START_TEST(whole)
{
	struct vgpu_parents *parents;
	struct vgpu_types *types;
	struct vgpu_devices *devices;

	begin();
	ck_assert_int_eq(vgpu_parent_list(ctx, NULL, &parents), 0);
	ck_assert_uint_eq(vgpu_parents_get_count(parents), 1);
	ck_assert_str_eq(vgpu_parent_get_name(vgpu_parents_get(parents, 0)), "mtty");
	ck_assert_int_eq(vgpu_parent_get_type_count(vgpu_parents_get(parents, 0)), 2);
	ck_assert_int_eq(vgpu_parent_get_device_count(vgpu_parents_get(parents, 0)), 1);
	ck_assert_ptr_null(vgpu_parents_get(parents, 1));
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &types), 0);
	ck_assert_uint_eq(vgpu_types_get_count(types), 2);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_types_get_errors(types)), 0);
	ck_assert_str_eq(vgpu_type_get_id(vgpu_types_get(types, 1)), "mtty-2");
	ck_assert_int_eq(vgpu_type_get_available_instances(vgpu_types_get(types, 1)), 11);
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 1);
	ck_assert_str_eq(vgpu_device_get_state(vgpu_devices_get(devices, 0)), "ready");
	ck_assert_str_eq(vgpu_device_get_owner(vgpu_devices_get(devices, 0)), "foreign");
	ck_assert_int_eq(vgpu_device_get_iommu_group(vgpu_devices_get(devices, 0)), 5);
	/* the context may go before what was made with it */
	ctx = vgpu_context_unref(ctx);
	ck_assert_str_eq(vgpu_device_get_type(vgpu_devices_get(devices, 0)), "mtty-1");
	vgpu_devices_unref(devices);
	vgpu_types_unref(types);
	vgpu_parents_unref(parents);
	end();
}
END_TEST

/* A brief listing may leave out group and nodes; all else, the state too, is what the others say. */
START_TEST(brief)
{
	struct vgpu_device_list_opts opts = {.size = sizeof(opts), .flags = VGPU_DEVICE_BRIEF};
	struct vgpu_devices *devices;
	struct vgpu_device *device;

	begin();
	ck_assert_int_eq(vgpu_device_find(ctx, TREE_UUID, VGPU_DEVICE_BRIEF, &device), -EINVAL);
	ck_assert_int_eq(vgpu_device_list(ctx, &opts, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 1);
	device = vgpu_devices_get(devices, 0);
	ck_assert_str_eq(vgpu_device_get_state(device), "ready");
	ck_assert_str_eq(vgpu_device_get_type(device), "mtty-1");
	ck_assert_str_eq(vgpu_device_get_parent_name(device), "mtty");
	vgpu_devices_unref(devices);
	/* users are found by the nodes, so these are there */
	opts.flags |= VGPU_DEVICE_USERS;
	ck_assert_int_eq(vgpu_device_list(ctx, &opts, &devices), 0);
	ck_assert_int_eq(vgpu_device_get_iommu_group(vgpu_devices_get(devices, 0)), 5);
	vgpu_devices_unref(devices);
	end();
}
END_TEST

START_TEST(bad_types)
{
	struct vgpu_types *types;

	begin();
	tree_type(root, "mtty-3", "4294967295\n");
	tree_type(root, "mtty-4", "many\n");
	tree_type(root, "mtty-5", "4294967296\n");
	tree_file(root, TREE_TYPES "/mtty-6/name", "neither API nor number\n");
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &types), 0);
	ck_assert_uint_eq(vgpu_types_get_count(types), 6);
	ck_assert_int_eq(vgpu_type_get_available_instances(vgpu_types_get(types, 2)), 4294967295);
	ck_assert_int_eq(vgpu_type_get_available_instances(vgpu_types_get(types, 3)), -1);
	ck_assert_int_eq(vgpu_type_get_available_instances(vgpu_types_get(types, 4)), -1);
	ck_assert(has_error(vgpu_types_get_errors(types), "/mtty-4/available_instances", VGPU_CAUSE_BAD_DATA));
	ck_assert(has_error(vgpu_types_get_errors(types), "/mtty-5/available_instances", VGPU_CAUSE_BAD_DATA));
	ck_assert(has_error(vgpu_types_get_errors(types), "/mtty-6/device_api", VGPU_CAUSE_BAD_DATA));
	vgpu_types_unref(types);
	end();
}
END_TEST

/* A second parent that offers no directory of types, and one whose link leads nowhere. */
START_TEST(bad_parents)
{
	struct vgpu_parents *parents;
	struct vgpu_types *types;

	begin();
	tree_link(root, "sys/class/mdev_bus/empty", "../../devices/virtual/empty/empty");
	tree_dir(root, "sys/devices/virtual/empty");
	tree_dir(root, "sys/devices/virtual/empty/empty");
	tree_link(root, "sys/class/mdev_bus/loop", "loop");
	ck_assert_int_eq(vgpu_parent_list(ctx, NULL, &parents), 0);
	ck_assert_uint_ge(vgpu_parents_get_count(parents), 2);
	ck_assert_uint_ge(vgpu_errors_get_count(vgpu_parents_get_errors(parents)), 1);
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &types), 0);
	ck_assert_uint_eq(vgpu_types_get_count(types), 2);
	ck_assert(has_error(vgpu_types_get_errors(types), "empty/empty/mdev_supported_types", VGPU_CAUSE_BAD_DATA));
	vgpu_types_unref(types);
	vgpu_parents_unref(parents);
	end();
}
END_TEST

/* Half-made, just going, and named by no UUID: none of them hides the others. */
START_TEST(odd_devices)
{
	static const char half[] = "c0ffee00-0000-4000-8000-00000000000f";
	struct vgpu_devices *devices;
	struct vgpu_device *device;
	char path[PATH_MAX], target[PATH_MAX];

	begin();
	snprintf(path, sizeof(path), TREE_PARENT "/%s", half);
	tree_dir(root, path);
	snprintf(path, sizeof(path), "sys/bus/mdev/devices/%s", half);
	snprintf(target, sizeof(target), "../../../devices/virtual/mtty/mtty/%s", half);
	tree_link(root, path, target);
	tree_link(root, "sys/bus/mdev/devices/c0ffee00-0000-4000-8000-0000000000ff", "../../../devices/gone");
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 2);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 0);
	ck_assert_str_eq(vgpu_device_get_state(vgpu_devices_get(devices, 0)), "ready");
	ck_assert_str_eq(vgpu_device_get_state(vgpu_devices_get(devices, 1)), "incomplete");
	ck_assert_ptr_null(vgpu_device_get_type(vgpu_devices_get(devices, 1)));
	vgpu_devices_unref(devices);
	ck_assert_int_eq(vgpu_device_find(ctx, "C0FFEE00-0000-4000-8000-00000000000F:0", 0, &device), 0);
	ck_assert_str_eq(vgpu_device_get_uuid(device), half);
	vgpu_device_unref(device);
	end();
}
END_TEST

START_TEST(not_there)
{
	struct vgpu_device_list_opts on = {.size = sizeof(on), .parent = "nowhere"};
	struct vgpu_device_create_opts opts = {.size = sizeof(opts), .parent = "nowhere", .type = "mtty-1"};
	struct vgpu_devices *devices = NULL;
	struct vgpu_device *device = NULL;

	begin();
	ck_assert_int_eq(vgpu_device_find(ctx, TREE_UUID ":1", 0, &device), -ENODEV);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_NO_DEVICE);
	ck_assert_int_eq(vgpu_device_list(ctx, &on, &devices), -ENODEV);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_NO_PARENT);
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -ENODEV);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_NO_PARENT);
	opts.parent = "mtty";
	opts.type = "mtty-9";
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -ENODEV);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_NO_TYPE);
	ck_assert_ptr_null(device);
	end();
}
END_TEST

/* A host without vGPUs: empty lists, and types say why. */
START_TEST(nothing)
{
	struct vgpu_context_opts nowhere = {.size = sizeof(nowhere), .root = "/nonexistent"};
	struct vgpu_parents *parents;
	struct vgpu_types *types;
	struct vgpu_devices *devices;

	ck_assert_int_eq(vgpu_context_new(&nowhere, &ctx), 0);
	ck_assert_int_eq(vgpu_parent_list(ctx, NULL, &parents), 0);
	ck_assert_uint_eq(vgpu_parents_get_count(parents), 0);
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &types), 0);
	ck_assert_uint_eq(vgpu_types_get_count(types), 0);
	ck_assert_uint_ge(vgpu_errors_get_count(vgpu_types_get_errors(types)), 1);
	ck_assert_str_ne(vgpu_error_get_message(vgpu_errors_get(vgpu_types_get_errors(types), 0)), "");
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 0);
	vgpu_devices_unref(devices);
	vgpu_types_unref(types);
	vgpu_parents_unref(parents);
	ctx = vgpu_context_unref(ctx);
}
END_TEST

/* Two hosts at once: neither what they list nor their errors meet. */
START_TEST(independent_contexts)
{
	struct vgpu_context_opts nowhere = {.size = sizeof(nowhere), .root = "/nonexistent"};
	struct vgpu_context *other;
	struct vgpu_devices *devices;
	struct vgpu_device *device;

	begin();
	ck_assert_int_eq(vgpu_context_new(&nowhere, &other), 0);
	ck_assert_int_eq(vgpu_device_find(other, TREE_UUID, 0, &device), -ENODEV);
	ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(ctx)), 0);
	ck_assert_int_eq(vgpu_device_find(ctx, TREE_UUID, 0, &device), 0);
	ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(other)), ENODEV);
	ck_assert_int_eq(vgpu_device_list(other, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 0);
	vgpu_devices_unref(devices);
	vgpu_device_unref(device);
	vgpu_context_unref(other);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		whole, brief, bad_types, bad_parents, odd_devices, not_there, nothing, independent_contexts, NULL};

	return run_suite("list", tests);
}
