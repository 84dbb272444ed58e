/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order in which parents are tried: wishes first, then how full they are, then names. */
#include <errno.h>
#include <model/place.h>

#include "run_suite.h"
#include "tree.h"

#define DEVICES "sys/devices/pci0000:00/"

static char root[PATH_MAX];

static void add_parent(const char *bridge, const char *name, const char *numa, int vgpus)
{
	char path[PATH_MAX], target[PATH_MAX];
	int i;

	snprintf(target, sizeof(target), "../../devices/pci0000:00/%s/%s", bridge, name);
	snprintf(path, sizeof(path), "sys/class/mdev_bus/%s", name);
	tree_link(root, path, target);
	snprintf(path, sizeof(path), DEVICES "%s/%s/numa_node", bridge, name);
	tree_file(root, path, numa);
	snprintf(path, sizeof(path), DEVICES "%s/%s/mdev_supported_types/t/name", bridge, name);
	tree_file(root, path, "t\n");
	for (i = 0; i < vgpus; i++) {
		snprintf(path, sizeof(path), DEVICES "%s/%s/c0ffee00-0000-4000-8000-%012d/remove", bridge, name, i);
		tree_file(root, path, "");
	}
}

static void assert_order(struct vgpu_device_create_opts opts, const char *const *names)
{
	struct vgpu_context *ctx = tree_context(root);
	struct vgpu_parents *parents;
	size_t i;

	ck_assert_int_eq(vg_place_rank(ctx, &opts, &parents), 0);
	for (i = 0; names[i]; i++)
		ck_assert_str_eq(vgpu_parent_get_name(vgpu_parents_get(parents, i)), names[i]);
	ck_assert_uint_eq(vgpu_parents_get_count(parents), i);
	vgpu_parents_unref(parents);
	vgpu_context_unref(ctx);
}

#define A "0000:01:00.0"
#define B "0000:02:00.0"
#define C "0000:03:00.0"
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(order)
{
	struct vgpu_device_create_opts opts = {.size = sizeof(opts), .below = "nowhere"};
	struct vgpu_parents *parents = NULL;
	struct vgpu_context *ctx;

	tree_new(root);
	add_parent("0000:00:01.0", A, "0\n", 2);
	add_parent("0000:00:01.0", B, "1\n", 0);
	add_parent("0000:00:02.0", C, "1\n", 1);
	assert_order((struct vgpu_device_create_opts){0}, NAMES(B, C, A));
	assert_order((struct vgpu_device_create_opts){.flags = VGPU_CREATE_PACK}, NAMES(A, C, B));
	assert_order((struct vgpu_device_create_opts){.flags = VGPU_CREATE_NUMA, .numa_node = 0}, NAMES(A, B, C));
	assert_order((struct vgpu_device_create_opts){.flags = VGPU_CREATE_NUMA | VGPU_CREATE_PACK, .numa_node = 1},
				 NAMES(C, B, A));
	/* below a bridge, or the device itself; not where only the letters are the same */
	assert_order((struct vgpu_device_create_opts){.below = "00:02.0"}, NAMES(C, B, A));
	assert_order((struct vgpu_device_create_opts){.below = "01:00.0"}, NAMES(A, B, C));
	assert_order((struct vgpu_device_create_opts){.below = "00:03.0"}, NAMES(B, C, A));
	/* both wishes count alike */
	assert_order((struct vgpu_device_create_opts){.flags = VGPU_CREATE_NUMA, .numa_node = 0, .below = "00:02.0"},
				 NAMES(C, A, B));
	ctx = tree_context(root);
	ck_assert_int_eq(vg_place_rank(ctx, &opts, &parents), -EINVAL);
	ck_assert_ptr_null(parents);
	vgpu_context_unref(ctx);
	tree_free(root);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {order, NULL};

	return run_suite("place", tests);
}
