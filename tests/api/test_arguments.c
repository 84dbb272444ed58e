/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments that make no sense: an error that says so, and the result untouched. */
#include <errno.h>

#include "run_suite.h"
#include "tree.h"

/* Options as a later version of the library might have them. */
struct later {
	union {
		size_t size;
		struct vgpu_parent_list_opts parents;
		struct vgpu_type_list_opts types;
		struct vgpu_device_list_opts devices;
		struct vgpu_device_create_opts create;
		struct vgpu_device_destroy_opts destroy;
		struct vgpu_record_reconcile_opts reconcile;
		struct vgpu_vfio_opts vfio;
	};
	char unknown[64];
};

static void *const untouched = &(char){0};

typedef int (*call_fn)(struct vgpu_context *ctx, const void *opts, void **out);

static int list_parents(struct vgpu_context *ctx, const void *opts, void **out)
{
	return vgpu_parent_list(ctx, opts, (struct vgpu_parents **)out);
}

static int list_types(struct vgpu_context *ctx, const void *opts, void **out)
{
	return vgpu_type_list(ctx, opts, (struct vgpu_types **)out);
}

static int list_devices(struct vgpu_context *ctx, const void *opts, void **out)
{
	return vgpu_device_list(ctx, opts, (struct vgpu_devices **)out);
}

static int create(struct vgpu_context *ctx, const void *opts, void **out)
{
	return vgpu_device_create(ctx, opts, (struct vgpu_device **)out);
}

static int destroy(struct vgpu_context *ctx, const void *opts, void **out)
{
	(void)out;
	return vgpu_device_destroy(ctx, TREE_UUID, opts);
}

static int reconcile(struct vgpu_context *ctx, const void *opts, void **out)
{
	return vgpu_record_reconcile(ctx, opts, (struct vgpu_mends **)out);
}

static int open_device(struct vgpu_context *ctx, const void *opts, void **out)
{
	return vgpu_vfio_open(ctx, TREE_UUID, opts, (struct vgpu_vfio **)out);
}

static const call_fn calls[] = {list_parents, list_types, list_devices, create, destroy, reconcile, open_device};

static void check_call(struct vgpu_context *ctx, size_t i, const void *opts, int wanted)
{
	void *out = untouched;

	ck_assert_msg(calls[i](ctx, opts, &out) == wanted, "call %zu", i);
	ck_assert_ptr_eq(out, untouched);
	ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(ctx)), -wanted);
	ck_assert_str_ne(vgpu_error_get_operation(vgpu_context_get_error(ctx)), "");
	ck_assert_str_ne(vgpu_error_get_message(vgpu_context_get_error(ctx)), "");
}

START_TEST(sizes)
{
	char root[PATH_MAX];
	struct vgpu_context *ctx;
	size_t i;

	tree_new(root);
	ctx = tree_context(root);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct later opts = {0};

		check_call(ctx, i, &opts, -EINVAL);
		opts.size = (size_t)-1;
		check_call(ctx, i, &opts, -EINVAL);
		opts.size = sizeof(opts);
		opts.unknown[63] = 1;
		check_call(ctx, i, &opts, -E2BIG);
	}
	vgpu_context_unref(ctx);
	tree_free(root);
}
END_TEST

START_TEST(flags)
{
	struct later opts[] = {
		{.parents = {.size = sizeof(opts[0].parents), .flags = 1u << 31}},
		{.types = {.size = sizeof(opts[0].types), .flags = 1}},
		{.devices = {.size = sizeof(opts[0].devices), .flags = 1u << 31}},
		{.create = {.size = sizeof(opts[0].create), .parent = "mtty", .type = "mtty-1", .wait = 99}},
		{.destroy = {.size = sizeof(opts[0].destroy), .flags = 1u << 31}},
		{.reconcile = {.size = sizeof(opts[0].reconcile), .flags = 1u << 31}},
		{.vfio = {.size = sizeof(opts[0].vfio), .access = 99}},
	};
	struct vgpu_device *device = untouched;
	char root[PATH_MAX];
	struct vgpu_context *ctx;
	size_t i;

	tree_new(root);
	tree_host(root);
	ctx = tree_context(root);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		check_call(ctx, i, &opts[i], -EINVAL);
		ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_INVALID);
	}
	ck_assert_int_eq(vgpu_device_find(ctx, TREE_UUID, 1u << 31, &device), -EINVAL);
	ck_assert_ptr_eq(device, untouched);
	vgpu_context_unref(ctx);
	tree_free(root);
}
END_TEST

START_TEST(no_arguments)
{
	struct vgpu_device_create_opts opts = {.size = sizeof(opts)};
	struct vgpu_device *device = untouched;
	struct vgpu_vfio *vfio = untouched;
	struct vgpu_dma *dma = untouched;
	struct vgpu_kvm_opts kvm_opts = VGPU_KVM_OPTS_INIT;
	struct vgpu_kvm *kvm = untouched;
	struct vgpu_context *ctx;
	void *out = untouched;
	size_t i;

	ck_assert_int_eq(vgpu_context_new(NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		ck_assert_msg(calls[i](NULL, NULL, &out) == -EINVAL, "call %zu", i);
	ck_assert_ptr_eq(out, untouched);
	ck_assert_int_eq(vgpu_parent_list(ctx, NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_check_list(ctx, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_room_list(ctx, NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_parent_set_vfs(ctx, "mtty", NULL), -EINVAL);
	ck_assert_int_eq(vgpu_parent_set_vfs(ctx, NULL, &(struct vgpu_parent_set_vfs_opts){0}), -EINVAL);
	ck_assert_int_eq(vgpu_parent_set_vfs(ctx, "mtty", &(struct vgpu_parent_set_vfs_opts){0}), -EINVAL);
	ck_assert_int_eq(vgpu_device_find(ctx, NULL, 0, &device), -EINVAL);
	ck_assert_int_eq(vgpu_device_find(ctx, TREE_UUID, 0, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_device_create(ctx, NULL, &device), -EINVAL);
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EINVAL);
	ck_assert_int_eq(vgpu_device_destroy(ctx, NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_vfio_open(ctx, NULL, NULL, &vfio), -EINVAL);
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, NULL, &vfio), -EINVAL);
	ck_assert_int_eq(vgpu_dma_new(NULL, &dma), -EINVAL);
	ck_assert_int_eq(vgpu_dma_new(ctx, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_region_find(NULL, 0, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_irq_find(NULL, 0, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_kvm_new(NULL, NULL, &kvm), -EINVAL);
	ck_assert_int_eq(vgpu_kvm_new(ctx, NULL, &kvm), -EINVAL);
	ck_assert_int_eq(vgpu_kvm_new(ctx, &kvm_opts, &kvm), -EINVAL);
	ck_assert_int_eq(vgpu_kvm_new(ctx, &kvm_opts, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_vfio_reset(NULL), -EINVAL);
	ck_assert_int_eq(vgpu_vfio_hot_reset(NULL), -EINVAL);
	ck_assert_int_eq(vgpu_reset_set_find(NULL, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_region_read(NULL, 0, 0, NULL, 0), -EINVAL);
	ck_assert_int_eq(vgpu_region_write(NULL, 0, 0, NULL, 0), -EINVAL);
	ck_assert_int_eq(vgpu_region_map(NULL, 0, NULL, NULL), -EINVAL);
	ck_assert_ptr_eq(device, untouched);
	ck_assert_ptr_eq(vfio, untouched);
	ck_assert_ptr_eq(dma, untouched);
	ck_assert_ptr_eq(kvm, untouched);
	vgpu_context_unref(ctx);
}
END_TEST

/* What is dropped may be NULL, and so may the list that is asked. */
START_TEST(null_objects)
{
	ck_assert_ptr_null(vgpu_context_unref(NULL));
	ck_assert_ptr_null(vgpu_context_ref(NULL));
	ck_assert_ptr_null(vgpu_error_unref(NULL));
	ck_assert_ptr_null(vgpu_parents_unref(NULL));
	ck_assert_ptr_null(vgpu_parent_unref(NULL));
	ck_assert_ptr_null(vgpu_types_unref(NULL));
	ck_assert_ptr_null(vgpu_type_unref(NULL));
	ck_assert_ptr_null(vgpu_devices_unref(NULL));
	ck_assert_ptr_null(vgpu_device_unref(NULL));
	ck_assert_ptr_null(vgpu_mends_unref(NULL));
	ck_assert_ptr_null(vgpu_checks_unref(NULL));
	ck_assert_ptr_null(vgpu_dma_unref(NULL));
	ck_assert_ptr_null(vgpu_vfio_close(NULL));
	ck_assert_ptr_null(vgpu_region_unref(NULL));
	ck_assert_ptr_null(vgpu_irq_unref(NULL));
	ck_assert_ptr_null(vgpu_kvm_unref(NULL));
	ck_assert_ptr_null(vgpu_reset_set_unref(NULL));
	ck_assert_uint_eq(vgpu_reset_set_get_count(NULL), 0);
	ck_assert_ptr_null(vgpu_mapping_unmap(NULL));
	ck_assert_uint_eq(vgpu_parents_get_count(NULL), 0);
	ck_assert_uint_eq(vgpu_types_get_count(NULL), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(NULL), 0);
	ck_assert_uint_eq(vgpu_mends_get_count(NULL), 0);
	ck_assert_uint_eq(vgpu_checks_get_count(NULL), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(NULL), 0);
	ck_assert_ptr_null(vgpu_errors_get(NULL, 0));
}
END_TEST

START_TEST(names_that_are_none)
{
	static const char *const bad[] = {"",
									  "c0ffee00",
									  TREE_UUID ":",
									  TREE_UUID ":65536",
									  TREE_UUID ":-1",
									  TREE_UUID ":1x",
									  TREE_UUID "x",
									  "../../etc",
									  "0000:00:00",
									  "0000:00:00.8",
									  "\n"};
	char root[PATH_MAX];
	struct vgpu_context *ctx;
	size_t i;

	tree_new(root);
	tree_host(root);
	ctx = tree_context(root);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vgpu_device *device = untouched;

		ck_assert_msg(vgpu_device_find(ctx, bad[i], 0, &device) == -EINVAL, "'%s'", bad[i]);
		ck_assert_ptr_eq(device, untouched);
		ck_assert_msg(vgpu_device_destroy(ctx, bad[i], NULL) == -EINVAL, "'%s'", bad[i]);
	}
	vgpu_context_unref(ctx);
	tree_free(root);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {sizes, flags, no_arguments, null_objects, names_that_are_none, NULL};

	return run_suite("arguments", tests);
}
