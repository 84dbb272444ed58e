/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up host in a temporary directory, which a context takes as its root. */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#define TREE_UUID "c0ffee00-0000-4000-8000-000000000001"

static inline void tree_new(char root[PATH_MAX])
{
	snprintf(root, PATH_MAX, "%s/vgpu-tree-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static inline int tree_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void tree_free(const char *root)
{
	nftw(root, tree_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* root/path, the directories above it made. */
static inline void tree_path(const char *root, const char *path, char out[PATH_MAX])
{
	char *slash;

	ck_assert_int_lt(snprintf(out, PATH_MAX, "%s/%s", root, path), PATH_MAX);
	for (slash = strchr(out + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(out, 0755);
		*slash = '/';
	}
}

static inline void tree_dir(const char *root, const char *path)
{
	char full[PATH_MAX];

	tree_path(root, path, full);
	ck_assert_int_eq(mkdir(full, 0755), 0);
}

static inline void tree_file(const char *root, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *file;

	tree_path(root, path, full);
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void tree_link(const char *root, const char *path, const char *target)
{
	char full[PATH_MAX];

	tree_path(root, path, full);
	ck_assert_int_eq(symlink(target, full), 0);
}

/* A context that sees this tree as "/". */
static inline struct vgpu_context *tree_context(const char *root)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .root = root};
	struct vgpu_context *ctx = NULL;

	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), 0);
	return ctx;
}

#define TREE_PARENT "sys/devices/virtual/mtty/mtty"
#define TREE_TYPES TREE_PARENT "/mdev_supported_types"

static inline void tree_type(const char *root, const char *id, const char *available)
{
	static const char *const names[] = {"device_api", "name", "available_instances"};
	const char *const texts[] = {"vfio-pci\n", "Single port serial\n", available};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), TREE_TYPES "/%s/%s", id, names[i]);
		tree_file(root, path, texts[i]);
	}
}

/* A host with mtty: parent "mtty", types mtty-1 and mtty-2, one vGPU TREE_UUID in IOMMU group 5. */
static inline void tree_host(const char *root)
{
	tree_link(root, "sys/class/mdev_bus/mtty", "../../devices/virtual/mtty/mtty");
	tree_type(root, "mtty-1", "23\n");
	tree_type(root, "mtty-2", "11\n");
	tree_file(root, TREE_PARENT "/" TREE_UUID "/vendor/sample_mdev_dev", "This is MDEV\n");
	tree_link(root, TREE_PARENT "/" TREE_UUID "/mdev_type", "../mdev_supported_types/mtty-1");
	tree_link(root, TREE_PARENT "/" TREE_UUID "/iommu_group", "../../../../../kernel/iommu_groups/5");
	tree_link(root, TREE_PARENT "/" TREE_UUID "/driver", "../../../../../bus/mdev/drivers/mtty");
	tree_dir(root, "sys/kernel");
	tree_dir(root, "sys/kernel/iommu_groups");
	tree_dir(root, "sys/kernel/iommu_groups/5");
	tree_link(root, "sys/bus/mdev/devices/" TREE_UUID, "../../../devices/virtual/mtty/mtty/" TREE_UUID);
	tree_file(root, "proc/sys/kernel/random/boot_id", "7e1d9a6c-1c1e-4f6e-9f59-3b8f5f0c0a11\n");
}

#endif
