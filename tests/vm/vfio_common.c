/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the programs that test opened devices share. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vfio_test.h"

const char *device(const char *variable)
{
	const char *name = getenv(variable);

	ck_assert_msg(name && name[0], "the script gave no %s", variable);
	return name;
}

bool has_iommufd(void)
{
	return access("/dev/iommu", F_OK) == 0;
}

enum vgpu_access path_of(int i)
{
	return i ? VGPU_ACCESS_IOMMUFD : VGPU_ACCESS_GROUP;
}

static void on_log(void *data, int level, const char *message)
{
	(void)data;
	ck_assert_msg(level > VGPU_LOG_WARNING, "warning: %s", message);
}

struct vgpu_context *new_context(void)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .log = on_log, .log_level = VGPU_LOG_WARNING};
	struct vgpu_context *ctx;

	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), 0);
	return ctx;
}

struct vgpu_vfio *open_with(struct vgpu_context *ctx, const char *variable, enum vgpu_access access_path,
							struct vgpu_dma *dma)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = access_path, .dma = dma};
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_vfio_open(ctx, device(variable), &opts, &vfio);
	struct vgpu_error *error = vgpu_context_get_error(ctx);

	ck_assert_msg(r == 0, "%s: open: %d: %s: %s", variable, r, vgpu_error_get_path(error),
				  vgpu_error_get_message(error));
	ck_assert_ptr_nonnull(vfio);
	return vfio;
}

void expect_failure(struct vgpu_context *ctx, int result, int wanted, enum vgpu_cause cause)
{
	struct vgpu_error *error = vgpu_context_get_error(ctx);
	const char *message = vgpu_error_get_message(error);

	ck_assert_msg(result == wanted, "%d instead of %d: %s", result, wanted, result ? message : "");
	ck_assert_msg(vgpu_error_get_cause(error) == cause, "cause %s instead of %s: %s",
				  vgpu_cause_get_name(vgpu_error_get_cause(error)), vgpu_cause_get_name(cause), message);
	ck_assert_int_eq(vgpu_error_get_errno(error), -wanted);
	ck_assert_str_ne(message, "");
}

void expect_no_open(struct vgpu_context *ctx, const char *name, enum vgpu_access access_path, struct vgpu_dma *dma,
					int wanted, enum vgpu_cause cause)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = access_path, .dma = dma};
	struct vgpu_vfio *vfio = NULL;
	int before = count_fds();

	expect_failure(ctx, vgpu_vfio_open(ctx, name, &opts, &vfio), wanted, cause);
	ck_assert_ptr_null(vfio);
	ck_assert_int_eq(count_fds(), before);
}

void expect_region(struct vgpu_vfio *vfio, uint32_t index, uint64_t size, uint32_t flags, const char *name)
{
	struct vgpu_region *region;

	ck_assert_int_eq(vgpu_region_find(vfio, index, &region), 0);
	ck_assert_uint_eq(vgpu_region_get_index(region), index);
	if (size != UINT64_MAX)
		ck_assert_uint_eq(vgpu_region_get_size(region), size);
	ck_assert_uint_eq(vgpu_region_get_flags(region), flags);
	if (name)
		ck_assert_str_eq(vgpu_region_get_name(region), name);
	else
		ck_assert_ptr_null(vgpu_region_get_name(region));
	vgpu_region_unref(region);
}

uint32_t config(struct vgpu_vfio *vfio, uint32_t offset, unsigned width)
{
	uint32_t value = 0;

	ck_assert_int_eq(vgpu_config_read(vfio, offset, width, &value), 0);
	return value;
}

void expect_whole(const struct vgpu_mapping *mapping, uint64_t size)
{
	uint64_t area_offset, area_size;

	ck_assert_uint_eq(vgpu_mapping_get_offset(mapping), 0);
	ck_assert_uint_eq(vgpu_mapping_get_size(mapping), size);
	ck_assert_uint_eq(vgpu_mapping_get_area_count(mapping), 1);
	ck_assert_int_eq(vgpu_mapping_get_area(mapping, 0, &area_offset, &area_size), 0);
	ck_assert_uint_eq(area_offset, 0);
	ck_assert_uint_eq(area_size, size);
	ck_assert_int_eq(vgpu_mapping_get_area(mapping, 1, &area_offset, &area_size), -ERANGE);
	ck_assert_uint_eq((uintptr_t)vgpu_mapping_get_address(mapping) % size, 0); /* they are powers of two */
}

int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
