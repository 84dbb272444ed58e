/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vGPUs on virtual functions as NVIDIA's driver makes them: the stand-in for it behaves as the real one was seen to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_suite.h"
#include "vm_test.h"

#define FUNCTIONS 4

static const char *parent;
static struct vgpu_context *ctx;

static void begin(void)
{
	ctx = vm_context();
}

static void end(void)
{
	vm_clean(ctx);
	ctx = vgpu_context_unref(ctx);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	fputs(text, file);
	ck_assert_msg(fclose(file) == 0, "%s: %s: %s", path, text, strerror(errno));
}

/* How the driver behaves; checks undo it in the end. */
static void set_param(const char *name, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/nvidia/parameters/%s", name);
	write_file(path, value);
}

/* Function number i, from 0. */
static const char *function(int i)
{
	static char address[FUNCTIONS][64];
	char path[256], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtfn%d", parent, i);
	n = readlink(path, target, sizeof(target) - 1);
	ck_assert_int_gt(n, 0);
	target[n] = '\0';
	snprintf(address[i], sizeof(address[i]), "%s", strrchr(target, '/') + 1);
	return address[i];
}

/* What another tool writes. */
static void set_type(int i, const char *type)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/nvidia/current_vgpu_type", function(i));
	write_file(path, type);
}

static int create_with(const char *device, const char *attr)
{
	const char *const attrs[] = {attr, NULL};
	struct vgpu_device_create_opts opts = {
		.size = sizeof(opts), .parent = parent, .type = "1145", .device = device, .attrs = attrs};

	return vgpu_device_create(ctx, &opts, NULL);
}

static void assert_state(const char *device, const char *state, const char *owner)
{
	struct vgpu_device *found;

	vm_assert_ok(ctx, vgpu_device_find(ctx, device, 0, &found));
	ck_assert_str_eq(vgpu_device_get_state(found), state);
	ck_assert_str_eq(vgpu_device_get_owner(found), owner);
	vgpu_device_unref(found);
}

static struct vgpu_type *find_type(struct vgpu_types *types, const char *id)
{
	size_t i;

	for (i = 0; i < vgpu_types_get_count(types); i++)
		if (strcmp(vgpu_type_get_id(vgpu_types_get(types, i)), id) == 0)
			return vgpu_types_get(types, i);
	return NULL;
}

START_TEST(life)
{
	struct vgpu_device *device, *found;
	struct vgpu_vfio *vfio;
	uint32_t id;

	begin();
	device = vm_create(ctx, parent, "1148", VM_UUID ":7");
	ck_assert_str_eq(vgpu_device_get_backend(device), "nvidia-vfio");
	ck_assert_str_eq(vgpu_device_get_physfn(device), parent);
	ck_assert_str_eq(vgpu_device_get_parent_name(device), parent);
	ck_assert_str_eq(vgpu_device_get_type(device), "1148");
	ck_assert_str_eq(vgpu_device_get_driver(device), "nvidia");
	ck_assert_int_eq(vgpu_device_get_instance(device), 7);
	ck_assert_int_ge(vgpu_device_get_iommu_group(device), 0);
	ck_assert_int_eq(vgpu_device_get_cdev_node(device) != NULL, vm_has_iommufd());
	/* by its pair, its address, and as one of a list */
	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID ":7", 0, &found));
	ck_assert_str_eq(vgpu_device_get_name(found), vgpu_device_get_name(device));
	vgpu_device_unref(found);
	vm_assert_ok(ctx, vgpu_device_find(ctx, vgpu_device_get_name(device), 0, &found));
	ck_assert_str_eq(vgpu_device_get_uuid(found), VM_UUID);
	vgpu_device_unref(found);
	ck_assert_uint_eq(vm_device_count(ctx), 1);
	vm_assert_fails(ctx, vm_try_create(ctx, parent, "1148", VM_UUID ":7"), -EEXIST, VGPU_CAUSE_EXISTS);
	/* it opens by its pair */
	vm_assert_ok(ctx, vgpu_vfio_open(ctx, VM_UUID ":7", NULL, &vfio));
	vm_assert_ok(ctx, vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &id, sizeof(id)));
	ck_assert_uint_eq(id, 0x00101b36);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID ":7", false, 0), -EBUSY, VGPU_CAUSE_IN_USE);
	vgpu_vfio_close(vfio);
	vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID ":7", false, 0));
	vm_assert_fails(ctx, vgpu_device_find(ctx, VM_UUID ":7", 0, &found), -ENODEV, VGPU_CAUSE_NO_DEVICE);
	ck_assert_uint_eq(vm_record_count(), 0);
	/* without a type it does not open */
	ck_assert_int_lt(vgpu_vfio_open(ctx, vgpu_device_get_name(device), NULL, &vfio), 0);
	vgpu_device_unref(device);
	end();
}
END_TEST

/* Siblings decide what can be created; names of types in use are remembered. */
START_TEST(capacity)
{
	struct vgpu_type_list_opts opts = {.size = sizeof(opts), .parent = parent};
	struct vgpu_types *types;

	begin();
	vm_assert_ok(ctx, vm_try_create(ctx, parent, "1150", VM_UUID ":0"));
	vm_assert_fails(ctx, vm_try_create(ctx, parent, "1145", VM_UUID ":1"), -ENOSPC, VGPU_CAUSE_NO_CAPACITY);
	vm_assert_fails(ctx, vm_try_create(ctx, parent, "9999", VM_UUID ":1"), -ENODEV, VGPU_CAUSE_NO_TYPE);
	vm_assert_ok(ctx, vgpu_type_list(ctx, &opts, &types));
	ck_assert_int_eq(vgpu_type_get_creatable(find_type(types, "1150")), 1);
	ck_assert_int_eq(vgpu_type_get_available_instances(find_type(types, "1150")), -1);
	ck_assert_int_eq(vgpu_type_get_creatable(find_type(types, "1145")), 0);
	vgpu_types_unref(types);
	/* 16 GiB: two of 8 */
	vm_assert_ok(ctx, vm_try_create(ctx, parent, "1150", VM_UUID ":1"));
	vm_assert_fails(ctx, vm_try_create(ctx, parent, "1150", VM_UUID ":2"), -ENOSPC, VGPU_CAUSE_NO_CAPACITY);
	vm_assert_ok(ctx, vgpu_type_list(ctx, &opts, &types));
	ck_assert_int_eq(vgpu_type_get_available_instances(find_type(types, "1150")), 0);
	ck_assert_str_eq(vgpu_type_get_name(find_type(types, "1150")), "NVIDIA L40S-8Q");
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_types_get_errors(types)), 1);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_errors_get(vgpu_types_get_errors(types), 0)), VGPU_CAUSE_NO_CAPACITY);
	vgpu_types_unref(types);
	end();
}
END_TEST

/* By any parent: mdev's and SR-IOV's words for types are none here. */
START_TEST(any_parent)
{
	struct vgpu_device *device;

	begin();
	device = vm_create(ctx, "auto", "1150", VM_UUID ":0");
	ck_assert_str_eq(vgpu_device_get_parent_name(device), parent);
	vgpu_device_unref(device);
	vm_assert_ok(ctx, vm_try_create(ctx, "auto", "1150", VM_UUID ":1"));
	vm_assert_fails(ctx, vm_try_create(ctx, "auto", "1150", VM_UUID ":2"), -ENOSPC, VGPU_CAUSE_NO_CAPACITY);
	vm_assert_fails(ctx, vm_try_create(ctx, "auto", "mtty-1", VM_UUID ":2"), -ENODEV, VGPU_CAUSE_NO_TYPE);
	end();
}
END_TEST

START_TEST(mig)
{
	struct vgpu_type_list_opts opts = {.size = sizeof(opts), .parent = parent};
	struct vgpu_types *types;

	begin();
	vm_assert_ok(ctx, vm_try_create(ctx, parent, "1145", VM_UUID)); /* so that its name is known */
	vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID, false, 0));
	set_param("mig", "1");
	vm_assert_fails(ctx, vm_try_create(ctx, parent, "1145", VM_UUID), -ENOSPC, VGPU_CAUSE_NO_CAPACITY);
	vm_assert_ok(ctx, vgpu_type_list(ctx, &opts, &types));
	ck_assert_int_eq(vgpu_type_get_creatable(find_type(types, "1145")), 0);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_hint(vgpu_errors_get(vgpu_types_get_errors(types), 0)), "MIG"));
	vgpu_types_unref(types);
	set_param("mig", "0");
	end();
}
END_TEST

/* The caller may choose the function; all of them can be used, and no more. */
START_TEST(placed)
{
	struct vgpu_device *device;
	char name[64];
	int i;

	begin();
	device = vm_create(ctx, function(2), "1145", VM_UUID ":2");
	ck_assert_str_eq(vgpu_device_get_name(device), function(2));
	ck_assert_str_eq(vgpu_device_get_parent_name(device), parent);
	vgpu_device_unref(device);
	vm_assert_fails(ctx, vm_try_create(ctx, function(2), "1145", VM_UUID ":3"), -ENOSPC, VGPU_CAUSE_NO_CAPACITY);
	for (i = 3; i < 6; i++) {
		snprintf(name, sizeof(name), VM_UUID ":%d", i);
		vm_assert_ok(ctx, vm_try_create(ctx, parent, "1145", name));
	}
	vm_assert_fails(ctx, vm_try_create(ctx, parent, "1145", VM_UUID ":6"), -ENOSPC, VGPU_CAUSE_NO_CAPACITY);
	ck_assert_uint_eq(vm_device_count(ctx), FUNCTIONS);
	end();
}
END_TEST

/* What something else made is shown and left alone; what it did to ours makes the record void. */
START_TEST(foreign)
{
	struct vgpu_device *device;

	begin();
	set_type(0, "1145");
	vm_assert_ok(ctx, vgpu_device_find(ctx, function(0), 0, &device));
	ck_assert_ptr_null(vgpu_device_get_uuid(device));
	ck_assert_int_eq(vgpu_device_get_instance(device), -1);
	ck_assert_str_eq(vgpu_device_get_owner(device), "foreign");
	vgpu_device_unref(device);
	vm_assert_fails(ctx, vm_destroy(ctx, function(0), false, 0), -EPERM, VGPU_CAUSE_REFUSED);
	ck_assert_uint_eq(vm_record_count(), 0);
	vm_assert_ok(ctx, vm_destroy(ctx, function(0), true, 0));
	ck_assert_uint_eq(vm_record_count(), 0);
	vm_assert_fails(ctx, vm_destroy(ctx, function(0), true, 0), -ENODEV, VGPU_CAUSE_NO_DEVICE);
	/* ours, freed and made another type by somebody else */
	device = vm_create(ctx, function(1), "1145", VM_UUID ":1");
	vgpu_device_unref(device);
	set_type(1, "0");
	ck_assert_uint_eq(vm_device_count(ctx), 0);
	vm_assert_fails(ctx, vgpu_device_find(ctx, VM_UUID ":1", 0, &device), -ENODEV, VGPU_CAUSE_NO_DEVICE);
	set_type(1, "1148");
	assert_state(function(1), "ready", "foreign");
	vm_assert_fails(ctx, vgpu_device_find(ctx, VM_UUID ":1", 0, &device), -ENODEV, VGPU_CAUSE_NO_DEVICE);
	ck_assert_uint_eq(vm_reconcile(ctx), 1);
	set_type(1, "0");
	/* a void record keeps neither the function nor the pair */
	device = vm_create(ctx, function(1), "1145", VM_UUID ":1");
	vgpu_device_unref(device);
	set_type(1, "0");
	device = vm_create(ctx, function(1), "1145", VM_UUID ":2");
	vgpu_device_unref(device);
	ck_assert_uint_eq(vm_record_count(), 1);
	device = vm_create(ctx, parent, "1145", VM_UUID ":1");
	vgpu_device_unref(device);
	end();
}
END_TEST

START_TEST(attributes)
{
	struct vgpu_device *device;
	char params[1200];
	size_t i;

	begin();
	vm_assert_ok(ctx, create_with(VM_UUID, "nvidia/placement_id=3"));
	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID, VGPU_DEVICE_ATTRS, &device));
	for (i = 0; i < vgpu_device_get_attr_count(device); i++)
		if (strcmp(vgpu_device_get_attr_name(device, i), "nvidia/placement_id") == 0)
			break;
	ck_assert_str_eq(vgpu_device_get_attr_value(device, i), "3");
	vgpu_device_unref(device);
	/* what the driver does not take takes the vGPU back */
	vm_assert_fails(ctx, create_with(VM_UUID ":1", "nvidia/placement_id=99"), -EINVAL, VGPU_CAUSE_REFUSED);
	vm_assert_fails(ctx, create_with(VM_UUID ":1", "nvidia/gpu_instance_id=1"), -EINVAL, VGPU_CAUSE_REFUSED);
	vm_assert_fails(ctx, create_with(VM_UUID ":1", "nvidia/warm_update=1"), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	vm_assert_fails(ctx, create_with(VM_UUID ":1", "power/../nvidia"), -EINVAL, VGPU_CAUSE_INVALID);
	snprintf(params, sizeof(params), "nvidia/vgpu_params=%01100d", 0);
	vm_assert_fails(ctx, create_with(VM_UUID ":1", params), -E2BIG, VGPU_CAUSE_REFUSED);
	ck_assert_uint_eq(vm_device_count(ctx), 1);
	ck_assert_uint_eq(vm_record_count(), 1);
	end();
}
END_TEST

/* The driver refuses while it is open, whoever forces it; then it blocks, and may say busy for a while. */
START_TEST(busy)
{
	pid_t user;

	begin();
	vm_assert_ok(ctx, vm_try_create(ctx, parent, "1145", VM_UUID));
	user = vm_hold(VM_UUID, HOLD_DEVICE_FD, 0);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, false, 0), -EBUSY, VGPU_CAUSE_IN_USE);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, true, 3000), -EBUSY, VGPU_CAUSE_IN_USE);
	assert_state(VM_UUID, "ready", "libvgpu");
	/* the first write blocks for 5 s and says EBUSY, the second one has less to wait for */
	set_param("linger_ms", "6000");
	vm_let_go(user);
	vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID, false, 60000));
	ck_assert_uint_eq(vm_device_count(ctx), 0);
	set_param("linger_ms", "0");
	end();
}
END_TEST

/* A write that does not return: the call does, and the rest is told as it is. */
START_TEST(stuck)
{
	struct vgpu_device *device;
	int tries;

	begin();
	vm_assert_ok(ctx, vm_try_create(ctx, parent, "1145", VM_UUID));
	set_param("stuck", "1");
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, false, 300), -ETIMEDOUT, VGPU_CAUSE_PENDING);
	assert_state(VM_UUID, "removing", "libvgpu");
	ck_assert_uint_eq(vm_reconcile(ctx), 0);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, false, 300), -EAGAIN, VGPU_CAUSE_IN_USE);
	vm_assert_fails(ctx, vm_try_create(ctx, parent, "1145", VM_UUID), -EAGAIN, VGPU_CAUSE_EXISTS);
	set_param("stuck", "0");
	for (tries = 0; tries < 200 && vgpu_device_find(ctx, VM_UUID, 0, &device) == 0; tries++) {
		vgpu_device_unref(device);
		usleep(50000);
	}
	ck_assert_uint_eq(vm_device_count(ctx), 0);
	vm_assert_ok(ctx, vm_try_create(ctx, parent, "1145", VM_UUID));
	end();
}
END_TEST

/* Making takes long: the deadline passes, and what is made later is taken back. */
START_TEST(slow)
{
	struct vgpu_device_create_opts opts = {
		.size = sizeof(opts), .parent = parent, .type = "1145", .device = VM_UUID, .timeout_ms = 200};
	int tries;

	begin();
	set_param("create_ms", "1500");
	vm_assert_fails(ctx, vgpu_device_create(ctx, &opts, NULL), -ETIMEDOUT, VGPU_CAUSE_PENDING);
	set_param("create_ms", "0");
	for (tries = 0; tries < 200 && vm_try_create(ctx, parent, "1145", VM_UUID); tries++)
		usleep(50000);
	assert_state(VM_UUID, "ready", "libvgpu");
	ck_assert_uint_eq(vm_device_count(ctx), 1);
	end();
}
END_TEST

/* Between our look and our write somebody else takes the function: another one is taken. */
START_TEST(outrun)
{
	int i, status;
	pid_t pid;

	begin();
	for (i = 0; i < 20; i++) {
		fflush(NULL);
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			int k;

			for (k = 0; k < 3; k++) {
				char command[256];

				snprintf(command, sizeof(command),
						 "echo 1145 >/sys/bus/pci/devices/%s/nvidia/current_vgpu_type 2>/dev/null", function(k));
				if (system(command))
					continue;
			}
			_exit(0);
		}
		vm_assert_ok(ctx, vm_try_create(ctx, parent, "1145", VM_UUID));
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		assert_state(VM_UUID, "ready", "libvgpu");
		vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID, false, 0));
		for (int k = 0; k < 3; k++)
			vm_destroy(ctx, function(k), true, 0);
		ck_assert_uint_eq(vm_device_count(ctx), 0);
	}
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {life,       capacity, any_parent, mig,  placed, foreign,
								  attributes, busy,     stuck,      slow, outrun, NULL};

	parent = getenv("VM_PARENT");
	if (!parent)
		return EXIT_FAILURE;
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	return run_suite("nvidia", tests);
}
