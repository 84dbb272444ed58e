/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the test programs of the VM share: contexts, errors, children that hold a device. */
#ifndef TESTS_VM_TEST_H
#define TESTS_VM_TEST_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <vgpu/vgpu.h>

#define VM_UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define MEND_COUNT_ANY (-1)

/* How a child holds a device. */
enum vm_hold { HOLD_GROUP, HOLD_CDEV, HOLD_DEVICE_FD, HOLD_MAPPING };

/* A log line for each warning, so that a failed test tells more. */
struct vgpu_context *vm_context(void);
/* "operation: path: message; hint (cause, errno)" of the last error; static. */
const char *vm_error(struct vgpu_context *ctx);
/* Where helper processes stand in the kernel, to standard error: for a failure that a blocked write explains. */
void vm_show_helpers(void);
/* Asserts result and cause of a failed call. */
#define vm_assert_fails(ctx, call, result, the_cause)                                                                  \
	do {                                                                                                               \
		long vm_r = (call);                                                                                            \
		ck_assert_msg(vm_r == (result), "%s: %ld, not %ld: %s", #call, vm_r, (long)(result), vm_error(ctx));           \
		ck_assert_msg(vgpu_error_get_cause(vgpu_context_get_error(ctx)) == (the_cause), "%s: %s, not %s", #call,       \
					  vm_error(ctx), vgpu_cause_get_name(the_cause));                                                  \
		ck_assert_int_eq(-vm_r, vgpu_error_get_errno(vgpu_context_get_error(ctx)));                                    \
		ck_assert_str_ne(vgpu_error_get_message(vgpu_context_get_error(ctx)), "");                                     \
	} while (0)
#define vm_assert_ok(ctx, call)                                                                                        \
	do {                                                                                                               \
		long vm_r = (call);                                                                                            \
		ck_assert_msg(vm_r >= 0, "%s: %ld: %s", #call, vm_r, vm_error(ctx));                                           \
	} while (0)

/* Creates; asserts success. */
struct vgpu_device *vm_create(struct vgpu_context *ctx, const char *parent, const char *type, const char *device);
int vm_try_create(struct vgpu_context *ctx, const char *parent, const char *type, const char *device);
int vm_destroy(struct vgpu_context *ctx, const char *device, bool force, unsigned timeout_ms);
/* Number of vGPUs, of records (files of /run/vgpu but the lock), and of what reconcile mends. */
size_t vm_device_count(struct vgpu_context *ctx);
size_t vm_record_count(void);
size_t vm_reconcile(struct vgpu_context *ctx);
/* Destroys every vGPU and asserts that nothing is left. */
void vm_clean(struct vgpu_context *ctx);
long long vm_available(struct vgpu_context *ctx, const char *parent, const char *type);
/* A child that holds the device until vm_let_go(). -1: this kernel can't hold it so. */
pid_t vm_hold(const char *device, enum vm_hold how, unsigned region);
void vm_let_go(pid_t pid);
/* 1 on a kernel with cdev and iommufd. */
bool vm_has_iommufd(void);

#endif
