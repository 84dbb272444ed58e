/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vGPUs that are plain virtual functions: several creators before any function is enabled, and removals that wait. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run_suite.h"
#include "vm_test.h"

#define FUNCTIONS 4

static const char *parent, *type;

static void disable(struct vgpu_context *ctx)
{
	struct vgpu_parent_set_vfs_opts opts = {.size = sizeof(opts)};

	vm_assert_ok(ctx, vgpu_parent_set_vfs(ctx, parent, &opts));
}

/* None is enabled, and four want one each: one of them enables all, and each gets one. */
START_TEST(enabling)
{
	struct vgpu_context *ctx = vm_context();
	int round, i, status;
	pid_t pids[FUNCTIONS];

	for (round = 0; round < 5; round++) {
		disable(ctx);
		fflush(NULL);
		for (i = 0; i < FUNCTIONS; i++) {
			pids[i] = fork();
			ck_assert_int_ge(pids[i], 0);
			if (pids[i] == 0) {
				struct vgpu_context *own = vm_context();
				char device[64];
				int r;

				snprintf(device, sizeof(device), VM_UUID ":%d", i);
				r = vm_try_create(own, parent, type, device);
				if (r)
					fprintf(stderr, "creator %d: %d: %s\n", i, r, vm_error(own));
				_exit(r ? 1 : 0);
			}
		}
		for (i = 0; i < FUNCTIONS; i++) {
			ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
			ck_assert_int_eq(status, 0);
		}
		ck_assert_uint_eq(vm_device_count(ctx), FUNCTIONS);
		vm_clean(ctx);
	}
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(in_use)
{
	struct vgpu_context *ctx = vm_context();
	struct vgpu_parents *parents;
	struct vgpu_device *device;
	pid_t user;
	int tries;

	vm_assert_ok(ctx, vm_try_create(ctx, parent, type, VM_UUID));
	user = vm_hold(VM_UUID, HOLD_GROUP, 0);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, false, 0), -EBUSY, VGPU_CAUSE_IN_USE);
	vm_assert_fails(ctx, vm_destroy(ctx, VM_UUID, true, 1000), -ETIMEDOUT, VGPU_CAUSE_PENDING);
	vm_assert_ok(ctx, vgpu_device_find(ctx, VM_UUID, 0, &device));
	ck_assert_str_eq(vgpu_device_get_state(device), "removing");
	ck_assert_str_eq(vgpu_device_get_owner(device), "libvgpu");
	vgpu_device_unref(device);
	ck_assert_uint_eq(vm_device_count(ctx), 1);
	vm_assert_fails(ctx, vm_try_create(ctx, parent, type, VM_UUID), -EAGAIN, VGPU_CAUSE_EXISTS);
	/* its function is not free either, and nobody who asks waits for it */
	vm_assert_ok(ctx, vgpu_parent_list(ctx, NULL, &parents));
	vgpu_parents_unref(parents);
	ck_assert_int_eq(vm_available(ctx, parent, type), FUNCTIONS - 1);
	vm_assert_ok(ctx, vm_try_create(ctx, parent, type, VM_UUID ":1"));
	ck_assert_uint_eq(vm_device_count(ctx), 2);
	vm_let_go(user);
	for (tries = 0; tries < 400 && vm_device_count(ctx) == 2; tries++)
		usleep(50000);
	vm_assert_ok(ctx, vm_try_create(ctx, parent, type, VM_UUID));
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {enabling, in_use, NULL};

	parent = getenv("VM_PARENT");
	type = getenv("VM_TYPE");
	if (!parent || !type)
		return EXIT_FAILURE;
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	return run_suite("sriov", tests);
}
