/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a vGPU on a real kernel: created, listed, found, in use, destroyed; and every error on the way. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_suite.h"
#include "vm_test.h"

#define RANDOM_UUID "a297db4a-f4c2-11e6-90f6-d3b88d6c9525"

/* A parent of the kernel's samples, and what is known of it. */
struct sample {
	const char *parent;
	const char *type;
	const char *second; /* another type */
	const char *name;   /* the type's */
	int bar0_maps;
};

static const struct sample samples[] = {
	{"mtty", "mtty-1", "mtty-2", "Single port serial", 0},
	{"mdpy", "mdpy-vga", "mdpy-hd", "vga", 1},
	{"mbochs", "mbochs-small", "mbochs-medium", "small", 1},
};

static const struct sample *const last_sample = &samples[2];

static void assert_ready(const struct vgpu_device *device, const struct sample *sample)
{
	char path[256];
	struct stat st;

	ck_assert_str_eq(vgpu_device_get_owner(device), "libvgpu");
	ck_assert_str_eq(vgpu_device_get_state(device), "ready");
	ck_assert_str_eq(vgpu_device_get_parent_name(device), sample->parent);
	ck_assert_str_eq(vgpu_device_get_type(device), sample->type);
	ck_assert_str_eq(vgpu_device_get_backend(device), "mdev");
	ck_assert_str_eq(vgpu_device_get_device_api(device), "vfio-pci");
	ck_assert_int_ge(vgpu_device_get_iommu_group(device), 0);
	snprintf(path, sizeof(path), "/dev/vfio/%d", vgpu_device_get_iommu_group(device));
	ck_assert_str_eq(vgpu_device_get_group_node(device), path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISCHR(st.st_mode));
	ck_assert_ptr_nonnull(vgpu_device_get_driver(device));
	ck_assert_int_eq(vgpu_device_get_user_count(device), -1);
	if (vm_has_iommufd()) {
		ck_assert_ptr_nonnull(vgpu_device_get_cdev_node(device));
		ck_assert_int_eq(stat(vgpu_device_get_cdev_node(device), &st), 0);
	} else {
		ck_assert_ptr_null(vgpu_device_get_cdev_node(device));
	}
	ck_assert_int_eq(stat(vgpu_device_get_sysfs_path(device), &st), 0);
}

/* Any parent: the only one that offers the type; and when it is full, none. */
START_TEST(any_parent)
{
	struct vgpu_context *ctx = vm_context();
	struct vgpu_device *device;
	char name[64];
	int i;

	device = vm_create(ctx, "auto", "mdpy-hd", VM_UUID ":0");
	ck_assert_str_eq(vgpu_device_get_parent_name(device), "mdpy");
	vgpu_device_unref(device);
	for (i = 1; vm_available(ctx, "mdpy", "mdpy-hd") > 0; i++) {
		snprintf(name, sizeof(name), VM_UUID ":%d", i);
		vm_assert_ok(ctx, vm_try_create(ctx, "auto", "mdpy-hd", name));
	}
	snprintf(name, sizeof(name), VM_UUID ":%d", i);
	vm_assert_fails(ctx, vm_try_create(ctx, "auto", "mdpy-hd", name), -ENOSPC, VGPU_CAUSE_NO_CAPACITY);
	vm_assert_fails(ctx, vm_try_create(ctx, "auto", "mdpy-9", name), -ENODEV, VGPU_CAUSE_NO_TYPE);
	vm_assert_fails(ctx, vm_try_create(ctx, "auto", "mtty-1", VM_UUID ":0"), -EEXIST, VGPU_CAUSE_EXISTS);
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(parents_and_types)
{
	struct vgpu_context *ctx = vm_context();
	struct vgpu_parents *parents;
	struct vgpu_types *types;
	size_t i, with_description = 0;

	vm_assert_ok(ctx, vgpu_parent_list(ctx, NULL, &parents));
	ck_assert_uint_eq(vgpu_parents_get_count(parents), 3);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_parents_get_errors(parents)), 0);
	for (i = 0; i < 3; i++) {
		const struct vgpu_parent *parent = vgpu_parents_get(parents, i);

		ck_assert_ptr_null(vgpu_parent_get_pci_address(parent));
		ck_assert_int_eq(vgpu_parent_get_device_count(parent), 0);
		ck_assert_int_ge(vgpu_parent_get_type_count(parent), 2);
	}
	vgpu_parents_unref(parents);
	vm_assert_ok(ctx, vgpu_type_list(ctx, NULL, &types));
	ck_assert_uint_eq(vgpu_types_get_count(types), 8);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_types_get_errors(types)), 0);
	for (i = 0; i < 8; i++) {
		const struct vgpu_type *type = vgpu_types_get(types, i);

		ck_assert_str_eq(vgpu_type_get_device_api(type), "vfio-pci");
		ck_assert_int_gt(vgpu_type_get_available_instances(type), 0);
		with_description += vgpu_type_get_description(type) != NULL;
	}
	ck_assert_uint_eq(with_description, 6); /* mtty has none */
	vgpu_types_unref(types);
	ck_assert_int_eq(vm_available(ctx, "mtty", "mtty-1"), 24);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(whole_life)
{
	struct vgpu_context *ctx = vm_context();
	const struct sample *s;

	for (s = samples; s <= last_sample; s++) {
		long long before = vm_available(ctx, s->parent, s->type);
		struct vgpu_device *one, *two, *found;
		struct stat st;

		one = vm_create(ctx, s->parent, s->type, "6BA7B810-9DAD-11D1-80B4-00C04FD430C8");
		assert_ready(one, s);
		ck_assert_str_eq(vgpu_device_get_name(one), VM_UUID);
		two = vm_create(ctx, s->parent, s->type, VM_UUID ":3");
		assert_ready(two, s);
		ck_assert_str_eq(vgpu_device_get_uuid(two), VM_UUID);
		ck_assert_int_eq(vgpu_device_get_instance(two), 3);
		ck_assert_str_ne(vgpu_device_get_name(two), VM_UUID);
		ck_assert_uint_eq(vm_device_count(ctx), 2);
		ck_assert_uint_eq(vm_record_count(), 2);
		ck_assert_int_lt(vm_available(ctx, s->parent, s->type), before);
		/* by pair, by path, by its own UUID */
		vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID ":3", VGPU_DEVICE_ATTRS, &found));
		assert_ready(found, s);
		ck_assert_uint_ge(vgpu_device_get_attr_count(found), 1);
		ck_assert_msg(strncmp(vgpu_device_get_attr_name(found, 0), "vendor/", 7) == 0, "%s",
					  vgpu_device_get_attr_name(found, 0));
		ck_assert_ptr_nonnull(vgpu_device_get_attr_value(found, 0));
		vgpu_device_unref(found);
		vm_assert_ok(ctx, vgpu_device_find(ctx, vgpu_device_get_sysfs_path(two), 0, &found));
		ck_assert_int_eq(vgpu_device_get_instance(found), 3);
		vgpu_device_unref(found);
		vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID ":3", false, 0));
		ck_assert_int_ne(stat(vgpu_device_get_sysfs_path(two), &st), 0);
		vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID ":3", false, 0), -ENODEV, VGPU_CAUSE_NO_DEVICE);
		vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID, false, 0));
		vgpu_device_unref(one);
		vgpu_device_unref(two);
		ck_assert_int_eq(vm_available(ctx, s->parent, s->type), before);
		ck_assert_uint_eq(vm_record_count(), 0);
		ck_assert_uint_eq(vm_device_count(ctx), 0);
		ck_assert_uint_eq(vm_reconcile(ctx), 0);
	}
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(refusals)
{
	struct vgpu_context *ctx = vm_context();
	struct vgpu_device_create_opts opts = {.size = sizeof(opts), .parent = "mtty", .type = "mtty-1"};

	vm_assert_fails(ctx, vm_try_create(ctx, "absent", "mtty-1", VM_UUID), -ENODEV, VGPU_CAUSE_NO_PARENT);
	vm_assert_fails(ctx, vm_try_create(ctx, "mtty", "mtty-9", VM_UUID), -ENODEV, VGPU_CAUSE_NO_TYPE);
	vm_assert_fails(ctx, vm_try_create(ctx, "mtty", "../mtty", VM_UUID), -EINVAL, VGPU_CAUSE_INVALID);
	vm_assert_fails(ctx, vm_try_create(ctx, "mtty", "mtty-1", VM_UUID ":65536"), -EINVAL, VGPU_CAUSE_INVALID);
	vm_assert_fails(ctx, vm_try_create(ctx, "mtty", NULL, VM_UUID), -EINVAL, VGPU_CAUSE_INVALID);
	opts.owner = "no-such-user-here";
	vm_assert_fails(ctx, vgpu_device_create(ctx, &opts, NULL), -ENOENT, VGPU_CAUSE_INVALID);
	opts.owner = NULL;
	opts.wait = 77;
	vm_assert_fails(ctx, vgpu_device_create(ctx, &opts, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_uint_eq(vm_record_count(), 0);
	/* the pair, on the same and on another parent; by another tool */
	vm_assert_ok(ctx, vm_try_create(ctx, "mtty", "mtty-1", VM_UUID));
	vm_assert_fails(ctx, vm_try_create(ctx, "mtty", "mtty-1", VM_UUID), -EEXIST, VGPU_CAUSE_EXISTS);
	vm_assert_fails(ctx, vm_try_create(ctx, "mdpy", "mdpy-vga", VM_UUID ":0"), -EEXIST, VGPU_CAUSE_EXISTS);
	vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID, false, 0));
	ck_assert_int_eq(system("echo " VM_UUID " >/sys/class/mdev_bus/mdpy/mdev_supported_types/mdpy-vga/create"), 0);
	vm_assert_fails(ctx, vm_try_create(ctx, "mtty", "mtty-1", VM_UUID), -EEXIST, VGPU_CAUSE_EXISTS);
	ck_assert_uint_eq(vm_record_count(), 0);
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(foreign)
{
	struct vgpu_context *ctx = vm_context();
	struct vgpu_device *device;

	ck_assert_int_eq(system("echo " VM_UUID " >/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/create"), 0);
	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID, 0, &device));
	ck_assert_str_eq(vgpu_device_get_owner(device), "foreign");
	ck_assert_str_eq(vgpu_device_get_uuid(device), VM_UUID);
	ck_assert_int_eq(vgpu_device_get_instance(device), 0);
	ck_assert_str_eq(vgpu_device_get_state(device), "ready");
	vgpu_device_unref(device);
	vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID, false, 0));
	/* removed and made again by another tool: our record is void */
	vm_assert_ok(ctx, vm_try_create(ctx, "mtty", "mtty-2", VM_UUID));
	ck_assert_int_eq(system("echo 1 >/sys/bus/mdev/devices/" VM_UUID "/remove && "
							"echo " VM_UUID " >/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/create"),
					 0);
	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID, 0, &device));
	ck_assert_str_eq(vgpu_device_get_owner(device), "foreign");
	vgpu_device_unref(device);
	ck_assert_uint_eq(vm_record_count(), 1);
	ck_assert_uint_eq(vm_reconcile(ctx), 1);
	ck_assert_uint_eq(vm_record_count(), 0);
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

static void fill_up(struct vgpu_context *ctx, const char *parent, const char *type, int most)
{
	char device[64];
	int i, r = 0;

	for (i = 0; i < most && r == 0; i++) {
		snprintf(device, sizeof(device), VM_UUID ":%d", i + 100);
		r = vm_try_create(ctx, parent, type, device);
	}
	ck_assert_int_lt(i, most);
	ck_assert_int_gt(i, 1);
	ck_assert_msg(r == -ENOSPC, "%s", vm_error(ctx));
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_NO_CAPACITY);
	ck_assert_uint_eq(vm_record_count(), (size_t)i - 1);
}

START_TEST(capacity)
{
	struct vgpu_context *ctx = vm_context();
	const struct sample *s;

	for (s = samples; s <= last_sample; s++) {
		fill_up(ctx, s->parent, s->type, 100);
		vm_clean(ctx);
	}
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(owner_of_nodes)
{
	struct vgpu_context *ctx = vm_context();
	struct vgpu_device_create_opts opts = {
		.size = sizeof(opts), .parent = "mtty", .type = "mtty-1", .device = VM_UUID, .owner = "1000:1001"};
	struct vgpu_device *device;
	struct stat st;

	vm_assert_ok(ctx, vgpu_device_create(ctx, &opts, &device));
	ck_assert_int_eq(stat(vgpu_device_get_group_node(device), &st), 0);
	ck_assert_uint_eq(st.st_uid, 1000);
	ck_assert_uint_eq(st.st_gid, 1001);
	if (vgpu_device_get_cdev_node(device)) {
		ck_assert_int_eq(stat(vgpu_device_get_cdev_node(device), &st), 0);
		ck_assert_uint_eq(st.st_uid, 1000);
	}
	vgpu_device_unref(device);
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

static void assert_user(struct vgpu_context *ctx, pid_t pid, bool certain)
{
	struct vgpu_device *device;
	bool found = false;
	int i;

	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID, VGPU_DEVICE_USERS, &device));
	ck_assert_int_eq(vgpu_device_get_users_complete(device), 1);
	for (i = 0; i < vgpu_device_get_user_count(device); i++)
		if (vgpu_device_get_user_pid(device, i) == pid) {
			found = true;
			ck_assert_ptr_nonnull(vgpu_device_get_user_command(device, i));
			certain |= vgpu_device_get_user_certain(device, i);
		}
	ck_assert(found && certain);
	vgpu_device_unref(device);
}

/* Destroy while somebody holds the device: busy with the user's name; forced, pending until the user lets go. */
static void destroy_held(struct vgpu_context *ctx, const struct sample *s, enum vm_hold how)
{
	char who[32];
	struct vgpu_device *device;
	int tries;
	pid_t pid;

	vm_assert_ok(ctx, vm_try_create(ctx, s->parent, s->type, VM_UUID));
	pid = vm_hold(VM_UUID, how, 0);
	if (pid < 0) {
		vm_clean(ctx);
		return;
	}
	assert_user(ctx, pid, how == HOLD_DEVICE_FD || how == HOLD_MAPPING);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, false, 0), -EBUSY, VGPU_CAUSE_IN_USE);
	snprintf(who, sizeof(who), "pid %d", (int)pid);
	ck_assert_msg(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), who), "%s", vm_error(ctx));
	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID, 0, &device));
	assert_ready(device, s);
	vgpu_device_unref(device);

	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, true, 300), -ETIMEDOUT, VGPU_CAUSE_PENDING);
	ck_assert_msg(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), who), "%s", vm_error(ctx));
	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID, 0, &device));
	ck_assert_str_eq(vgpu_device_get_state(device), "removing");
	ck_assert_str_eq(vgpu_device_get_type(device), s->type);
	vgpu_device_unref(device);
	ck_assert_uint_eq(vm_device_count(ctx), 1);
	ck_assert_uint_eq(vm_reconcile(ctx), 0);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, true, 300), -EAGAIN, VGPU_CAUSE_IN_USE);
	vm_assert_fails(ctx, vm_try_create(ctx, s->parent, s->type, VM_UUID), -EAGAIN, VGPU_CAUSE_EXISTS);
	vm_let_go(pid);
	for (tries = 0; tries < 100 && vm_device_count(ctx) > 0; tries++)
		usleep(20000);
	ck_assert_uint_eq(vm_device_count(ctx), 0);
	/* the record that is left is void: the next creation takes its place */
	vm_assert_ok(ctx, vm_try_create(ctx, s->parent, s->type, VM_UUID));
	vm_assert_ok(ctx, vm_destroy(ctx, VM_UUID, false, 0));
	ck_assert_uint_eq(vm_record_count(), 0);
}

START_TEST(in_use)
{
	struct vgpu_context *ctx = vm_context();
	const struct sample *s;

	for (s = samples; s <= last_sample; s++) {
		destroy_held(ctx, s, HOLD_GROUP);
		destroy_held(ctx, s, HOLD_CDEV);
		destroy_held(ctx, s, HOLD_DEVICE_FD);
		if (s->bar0_maps)
			destroy_held(ctx, s, HOLD_MAPPING);
	}
	vgpu_context_unref(ctx);
}
END_TEST

static volatile sig_atomic_t children_ended;

static void count_child(int number)
{
	(void)number;
	children_ended++;
}

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static bool has_helper(void)
{
	return system("grep -qx vgpu-helper /proc/[0-9]*/comm") == 0;
}

/* The caller's process is never ours: no SIGCHLD, no child, no descriptor but the helper's socket, and that not for
 * ever. */
START_TEST(caller_is_left_alone)
{
	int i, with_helper = 0, before = next_fd();
	struct vgpu_context *ctx = vm_context();

	for (i = 0; i < 20; i++) {
		signal(SIGCHLD, count_child);
		vm_assert_ok(ctx, vm_try_create(ctx, "mtty", "mtty-1", RANDOM_UUID));
		vm_assert_ok(ctx, vm_destroy(ctx, RANDOM_UUID, false, 0));
		vm_assert_fails(ctx, vm_try_create(ctx, "mtty", "absent", RANDOM_UUID), -ENODEV, VGPU_CAUSE_NO_TYPE);
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
		ck_assert_int_eq(errno, ECHILD);
		ck_assert_int_eq(children_ended, 0);
		signal(SIGCHLD, SIG_DFL);
		if (i == 0)
			with_helper = next_fd();
		if (i == 10) { /* it ends for want of work; the next call gets another */
			ck_assert(has_helper());
			sleep(2);
			ck_assert(!has_helper());
		}
	}
	ck_assert_int_le(with_helper, before + 1);
	ck_assert_int_eq(next_fd(), with_helper);
	vgpu_context_unref(ctx);
	ck_assert_int_eq(next_fd(), before);
	for (i = 0; i < 100 && has_helper(); i++)
		usleep(10000);
	ck_assert(!has_helper());
}
END_TEST

/* A forked child has its own helper: its parent's goes on undisturbed. */
START_TEST(forked_caller)
{
	struct vgpu_context *ctx = vm_context();
	int status;
	pid_t pid;

	vm_assert_ok(ctx, vm_try_create(ctx, "mtty", "mtty-1", VM_UUID));
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(vm_try_create(ctx, "mtty", "mtty-1", RANDOM_UUID) || vm_destroy(ctx, VM_UUID, false, 0));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	vm_assert_ok(ctx, vm_destroy(ctx, RANDOM_UUID, false, 0));
	ck_assert_uint_eq(vm_device_count(ctx), 0);
	vgpu_context_unref(ctx);
}
END_TEST

/* What the user 1000 may do. */
START_TEST(unprivileged)
{
	struct vgpu_context *ctx = vm_context();
	struct vgpu_device *device;
	int status;
	pid_t pid;

	vm_assert_ok(ctx, vm_try_create(ctx, "mtty", "mtty-1", VM_UUID));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (setgid(1000) || setuid(1000))
			_exit(9);
		if (vm_try_create(ctx, "mtty", "mtty-1", RANDOM_UUID) != -EACCES ||
			vgpu_error_get_cause(vgpu_context_get_error(ctx)) != VGPU_CAUSE_PERMISSION)
			_exit(1);
		if (vm_destroy(ctx, VM_UUID, false, 0) != -EACCES)
			_exit(2);
		if (vgpu_device_find(ctx, VM_UUID, VGPU_DEVICE_USERS, &device) ||
			strcmp(vgpu_device_get_owner(device), "libvgpu") != 0 || vgpu_device_get_users_complete(device) != 0)
			_exit(3);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "step %d", WEXITSTATUS(status));
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

/* The parent's module is unloaded under our feet. */
START_TEST(module_unloaded)
{
	struct vgpu_context *ctx = vm_context();
	int i;

	for (i = 0; i < 3; i++) {
		fflush(NULL);
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			usleep((useconds_t)(20000 * (i + 1)));
			_exit(system("rmmod mtty") ? 1 : 0);
		}
		for (;;) {
			int r = vm_try_create(ctx, "mtty", "mtty-1", VM_UUID);

			/* EEXIST: the kernel removes the last one with its parent, and has not got so far */
			ck_assert_msg(r == 0 || r == -ENODEV || r == -EAGAIN || r == -EEXIST, "create: %s", vm_error(ctx));
			if (r == -ENODEV && waitpid(pid, NULL, WNOHANG) == pid)
				break;
			vm_device_count(ctx);
			r = vm_destroy(ctx, VM_UUID, false, 0);
			ck_assert_msg(r == 0 || r == -ENODEV || r == -EAGAIN, "destroy: %s", vm_error(ctx));
		}
		ck_assert_uint_eq(vm_device_count(ctx), 0);
		vm_reconcile(ctx);
		ck_assert_uint_eq(vm_record_count(), 0);
		ck_assert_int_eq(system(". /lib/vm.sh; load mtty"), 0);
	}
	vm_assert_ok(ctx, vm_try_create(ctx, "mtty", "mtty-1", VM_UUID));
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		parents_and_types, any_parent,           whole_life,   refusals,        foreign, capacity, owner_of_nodes,
		forked_caller,     caller_is_left_alone, unprivileged, module_unloaded, in_use,  NULL};

	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	return run_suite("life", tests);
}
