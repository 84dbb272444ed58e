/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening: which access path, who is in the way, what is missing, and closing in any order. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfio_test.h"

#define MTTY_ID 0x32534348u

START_TEST(auto_path)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *vfio = open_with(ctx, "MTTY", VGPU_ACCESS_AUTO, NULL);

	ck_assert_int_eq(vgpu_vfio_get_access(vfio), has_iommufd() ? VGPU_ACCESS_IOMMUFD : VGPU_ACCESS_GROUP);
	if (has_iommufd()) {
		ck_assert_ptr_nonnull(strstr(vgpu_vfio_get_access_reason(vfio), "the host has iommufd"));
		ck_assert_int_eq(vgpu_vfio_get_group_fd(vfio), -1);
		ck_assert_int_eq(vgpu_vfio_get_container_fd(vfio), -1);
		ck_assert_int_ge(vgpu_vfio_get_iommufd(vfio), 0);
		ck_assert_uint_ne(vgpu_vfio_get_ioas_id(vfio), 0);
	} else {
		ck_assert_ptr_nonnull(strstr(vgpu_vfio_get_access_reason(vfio), "no iommufd"));
		ck_assert_int_ge(vgpu_vfio_get_group_fd(vfio), 0);
		ck_assert_int_ge(vgpu_vfio_get_container_fd(vfio), 0);
		ck_assert_int_eq(vgpu_vfio_get_iommufd(vfio), -1);
		ck_assert_uint_eq(vgpu_vfio_get_ioas_id(vfio), 0);
	}
	ck_assert_ptr_nonnull(vgpu_vfio_get_dma(vfio));
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(bad_options)
{
	struct vgpu_context *ctx = new_context();
	struct {
		struct vgpu_vfio_opts opts;
		uint64_t unknown;
	} newer = {{.size = sizeof(newer)}, 1};
	struct vgpu_vfio_opts opts = {.size = 0};
	struct vgpu_vfio *vfio = NULL;
	const char *name = device("MTTY");

	ck_assert_int_eq(vgpu_vfio_open(NULL, name, NULL, &vfio), -EINVAL);
	expect_failure(ctx, vgpu_vfio_open(ctx, NULL, NULL, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_vfio_open(ctx, name, NULL, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_vfio_open(ctx, name, &opts, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_vfio_open(ctx, name, &newer.opts, &vfio), -E2BIG, VGPU_CAUSE_UNSUPPORTED);
	opts = (struct vgpu_vfio_opts){.size = sizeof(opts), .access = VGPU_ACCESS_USER + 1};
	expect_failure(ctx, vgpu_vfio_open(ctx, name, &opts, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(vfio);
	ck_assert_ptr_null(vgpu_vfio_close(NULL));
	ck_assert_ptr_null(vgpu_mapping_unmap(NULL));
	ck_assert_ptr_null(vgpu_dma_unref(NULL));
	ck_assert_int_eq(vgpu_dma_new(NULL, NULL), -EINVAL);
	expect_failure(ctx, vgpu_dma_new(ctx, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(names)
{
	static const char *const absent = "00000000-0000-4000-8000-000000000000";
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *vfio;
	char text[128];
	size_t i;

	expect_no_open(ctx, "nonsense", VGPU_ACCESS_AUTO, NULL, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_open(ctx, absent, VGPU_ACCESS_AUTO, NULL, -ENODEV, VGPU_CAUSE_NO_DEVICE);
	expect_no_open(ctx, "0000:1e:1f.7", VGPU_ACCESS_AUTO, NULL, -ENODEV, VGPU_CAUSE_NO_DEVICE);
	snprintf(text, sizeof(text), "/sys/bus/mdev/devices/%s", device("MTTY"));
	ck_assert_int_eq(vgpu_vfio_open(ctx, text, NULL, &vfio), 0);
	ck_assert_str_eq(vgpu_vfio_get_name(vfio), device("MTTY"));
	vgpu_vfio_close(vfio);
	snprintf(text, sizeof(text), "%s:0", device("MTTY"));
	for (i = 0; text[i]; i++) /* the kernel knows lower case only */
		if (text[i] >= 'a' && text[i] <= 'f')
			text[i] = (char)(text[i] - 'a' + 'A');
	ck_assert_int_eq(vgpu_vfio_open(ctx, text, NULL, &vfio), 0);
	ck_assert_str_eq(vgpu_vfio_get_name(vfio), device("MTTY"));
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(vgpu_vfio_open(ctx, device("BOCHS") + strlen("0000:"), NULL, &vfio), 0);
	ck_assert_str_eq(vgpu_vfio_get_name(vfio), device("BOCHS"));
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}
END_TEST

/* Whichever path the first one took, the second finds the device busy, and says who has it. */
START_TEST(busy)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *vfio;
	const char *const both[] = {"MTTY", "BOCHS"};
	char who[64];
	size_t i, second;

	snprintf(who, sizeof(who), "(pid %d)", (int)getpid());
	for (i = 0; i < 2; i++) {
		vfio = open_with(ctx, both[i], path_of(_i), NULL);
		for (second = 0; second <= (size_t)has_iommufd(); second++) {
			expect_no_open(ctx, device(both[i]), path_of((int)second), NULL, -EBUSY, VGPU_CAUSE_IN_USE);
			ck_assert_msg(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), who) != NULL, "'%s' has no '%s'",
						  vgpu_error_get_message(vgpu_context_get_error(ctx)), who);
		}
		vgpu_vfio_close(vfio);
		vgpu_vfio_close(open_with(ctx, both[i], path_of(_i), NULL));
	}
	vgpu_context_unref(ctx);
}
END_TEST

/* A mapping keeps the device in use after its handle is closed. */
START_TEST(busy_by_mapping)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *vfio = open_with(ctx, "MDPY", path_of(_i), NULL);
	struct vgpu_mapping *mapping;

	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping), 0);
	vgpu_vfio_close(vfio);
	expect_no_open(ctx, device("MDPY"), path_of(_i), NULL, -EBUSY, VGPU_CAUSE_IN_USE);
	vgpu_mapping_unmap(mapping);
	vgpu_vfio_close(open_with(ctx, "MDPY", path_of(_i), NULL));
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(no_iommufd)
{
	struct vgpu_context *ctx = new_context();

	if (!has_iommufd()) {
		expect_no_open(ctx, device("MTTY"), VGPU_ACCESS_IOMMUFD, NULL, -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
		ck_assert_str_ne(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "");
	}
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(no_driver)
{
	struct vgpu_context *ctx = new_context();

	expect_no_open(ctx, device("UNBOUND"), path_of(_i), NULL, -ENODEV, VGPU_CAUSE_NO_VFIO_DRIVER);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "vfio-pci"));
	expect_no_open(ctx, device("HOST_DRIVER"), path_of(_i), NULL, -ENODEV, VGPU_CAUSE_NO_VFIO_DRIVER);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), "virtio-pci"));
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(no_permission)
{
	struct vgpu_context *ctx = new_context();

	ck_assert_int_eq(setresuid(1000, 1000, 1000), 0);
	expect_no_open(ctx, device("MTTY"), path_of(_i), NULL, -EACCES, VGPU_CAUSE_PERMISSION);
	expect_no_open(ctx, device("MTTY"), VGPU_ACCESS_AUTO, NULL, -EACCES, VGPU_CAUSE_PERMISSION);
	ck_assert_str_ne(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "");
	vgpu_context_unref(ctx);
}
END_TEST

/* The context and the DMA object may be released first: what is open holds them. */
START_TEST(release_order)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_mapping *mapping;
	struct vgpu_region *region;
	struct vgpu_vfio *vfio;
	struct vgpu_dma *dma;

	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	vfio = open_with(ctx, "MDPY", path_of(_i), dma);
	ck_assert_ptr_eq(vgpu_vfio_get_dma(vfio), dma);
	ck_assert_ptr_null(vgpu_dma_unref(dma));
	ck_assert_ptr_null(vgpu_context_unref(ctx));
	ck_assert_uint_eq(config(vfio, 0, 4), 0x000f1b36);
	ck_assert_int_eq(vgpu_region_find(vfio, 16, &region), 0);
	ck_assert_int_eq(vgpu_region_map(vfio, 16, NULL, &mapping), 0);
	vgpu_vfio_close(vfio);
	*(volatile char *)vgpu_mapping_get_address(mapping) = 1;
	ck_assert_uint_eq(vgpu_region_get_index(region), 16);
	vgpu_mapping_unmap(mapping);
	vgpu_region_unref(region);
}
END_TEST

static void expect_cloexec(int fd)
{
	ck_assert(fd < 0 || fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

START_TEST(descriptors)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *vfio;
	int before = count_fds(), i;

	for (i = 0; i < 20; i++) {
		vfio = open_with(ctx, "MTTY", path_of(_i), NULL);
		ck_assert_int_ge(vgpu_vfio_get_device_fd(vfio), 0);
		expect_cloexec(vgpu_vfio_get_device_fd(vfio));
		expect_cloexec(vgpu_vfio_get_group_fd(vfio));
		expect_cloexec(vgpu_vfio_get_container_fd(vfio));
		expect_cloexec(vgpu_vfio_get_iommufd(vfio));
		vgpu_vfio_close(vfio);
	}
	ck_assert_int_eq(count_fds(), before);
	vgpu_context_unref(ctx);
}
END_TEST

/* Before any module of VFIO is loaded. */
START_TEST(no_vfio)
{
	struct vgpu_context *ctx = new_context();

	expect_no_open(ctx, device("BOCHS"), VGPU_ACCESS_AUTO, NULL, -EOPNOTSUPP, VGPU_CAUSE_MODULE_MISSING);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "modprobe"));
	vgpu_context_unref(ctx);
}
END_TEST

/* With VFIO, but without its driver for containers. */
START_TEST(no_type1)
{
	struct vgpu_context *ctx = new_context();

	expect_no_open(ctx, device("MTTY"), VGPU_ACCESS_GROUP, NULL, -EOPNOTSUPP, VGPU_CAUSE_MODULE_MISSING);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "vfio_iommu_type1"));
	vgpu_context_unref(ctx);
}
END_TEST

void add_open_tests(Suite *suite, int paths)
{
	const TTest *const once[] = {auto_path, bad_options, names, no_iommufd};
	const TTest *const each[] = {busy, busy_by_mapping, no_driver, no_permission, release_order, descriptors};
	TCase *tcase = tcase_create("open");
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		tcase_add_test(tcase, once[i]);
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		tcase_add_loop_test(tcase, each[i], 0, paths);
	suite_add_tcase(suite, tcase);
}

void add_bare_tests(Suite *suite)
{
	TCase *tcase = tcase_create("bare");

	tcase_add_test(tcase, no_vfio);
	suite_add_tcase(suite, tcase);
}

void add_container_tests(Suite *suite)
{
	TCase *tcase = tcase_create("container");

	tcase_add_test(tcase, no_type1);
	suite_add_tcase(suite, tcase);
}
