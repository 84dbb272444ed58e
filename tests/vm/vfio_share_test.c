/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that share a DMA object, and IOMMU groups of several devices. */
#include <string.h>

#include "vfio_test.h"

#define DEVICES 3

static const char *const names[DEVICES] = {"MTTY", "MDPY", "BOCHS"};
static const uint32_t ids[DEVICES] = {0x32534348, 0x000f1b36, 0x11111234};

/* All orders of closing three. */
START_TEST(close_in_any_order)
{
	static const int orders[6][DEVICES] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *all[DEVICES];
	struct vgpu_dma *dma;
	int before = count_fds(), order, i, j;

	for (order = 0; order < 6; order++) {
		ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
		for (i = 0; i < DEVICES; i++)
			all[i] = open_with(ctx, names[i], path_of(_i), dma);
		vgpu_dma_unref(dma);
		for (i = 0; i < DEVICES; i++) {
			ck_assert_ptr_null(vgpu_vfio_close(all[orders[order][i]]));
			for (j = i + 1; j < DEVICES; j++)
				ck_assert_uint_eq(config(all[orders[order][j]], 0, 4), ids[orders[order][j]]);
		}
		ck_assert_int_eq(count_fds(), before);
	}
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(shared)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *mtty, *mdpy;
	struct vgpu_dma *dma;

	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	mtty = open_with(ctx, "MTTY", path_of(_i), dma);
	mdpy = open_with(ctx, "MDPY", VGPU_ACCESS_AUTO, dma);
	ck_assert_int_eq(vgpu_vfio_get_access(mdpy), path_of(_i)); /* the first decides */
	ck_assert_ptr_nonnull(strstr(vgpu_vfio_get_access_reason(mdpy), "DMA object"));
	ck_assert_int_eq(vgpu_vfio_get_container_fd(mtty), vgpu_vfio_get_container_fd(mdpy));
	ck_assert_int_eq(vgpu_vfio_get_iommufd(mtty), vgpu_vfio_get_iommufd(mdpy));
	ck_assert_uint_eq(vgpu_vfio_get_ioas_id(mtty), vgpu_vfio_get_ioas_id(mdpy));
	if (_i == 0)
		ck_assert_int_ne(vgpu_vfio_get_group_fd(mtty), vgpu_vfio_get_group_fd(mdpy));
	vgpu_vfio_close(mtty);
	vgpu_vfio_close(mdpy);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* The path is fixed by whoever joins, not by whoever tries; it stays when all have left. */
START_TEST(path_is_fixed)
{
	struct vgpu_context *ctx = new_context();
	enum vgpu_access other = path_of(!_i);
	struct vgpu_vfio *vfio;
	struct vgpu_dma *dma;

	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	expect_no_open(ctx, device("UNBOUND"), other, dma, -ENODEV, VGPU_CAUSE_NO_VFIO_DRIVER);
	vfio = open_with(ctx, "MDPY", other, NULL);
	expect_no_open(ctx, device("MDPY"), other, dma, -EBUSY, VGPU_CAUSE_IN_USE);
	vgpu_vfio_close(vfio);
	vfio = open_with(ctx, "MTTY", path_of(_i), dma);
	expect_no_open(ctx, device("MDPY"), other, dma, -EXDEV, VGPU_CAUSE_INVALID);
	vgpu_vfio_close(vfio);
	expect_no_open(ctx, device("MDPY"), other, dma, -EXDEV, VGPU_CAUSE_INVALID);
	vgpu_vfio_close(open_with(ctx, "MDPY", VGPU_ACCESS_AUTO, dma));
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}
END_TEST

/* Two devices of one IOMMU group share its descriptor; without a common DMA object the second is refused. */
START_TEST(one_group)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio *a, *b;
	struct vgpu_dma *dma;
	int before = count_fds(), round;

	for (round = 0; round < 2; round++) {
		ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
		a = open_with(ctx, "GROUP_A", path_of(_i), dma);
		if (_i == 0)
			expect_no_open(ctx, device("GROUP_B"), VGPU_ACCESS_GROUP, NULL, -EBUSY, VGPU_CAUSE_IN_USE);
		b = open_with(ctx, "GROUP_B", path_of(_i), dma);
		ck_assert_int_eq(vgpu_vfio_get_group_fd(a), vgpu_vfio_get_group_fd(b));
		ck_assert_int_ne(vgpu_vfio_get_device_fd(a), vgpu_vfio_get_device_fd(b));
		vgpu_vfio_close(round ? a : b);
		ck_assert_uint_eq(config(round ? b : a, 0, 2), 0x8086);
		vgpu_vfio_close(round ? b : a);
		vgpu_dma_unref(dma);
		ck_assert_int_eq(count_fds(), before);
	}
	vgpu_context_unref(ctx);
}
END_TEST

/* vfio_test.sh then gives another device of the group to a driver of the host. */
START_TEST(not_viable)
{
	struct vgpu_context *ctx = new_context();

	expect_no_open(ctx, device("GROUP_A"), path_of(_i), NULL, -EPERM, VGPU_CAUSE_GROUP_NOT_VIABLE);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), device("GROUP_B")));
	vgpu_context_unref(ctx);
}
END_TEST

void add_share_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("share");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, close_in_any_order, 0, paths);
	tcase_add_loop_test(tcase, shared, 0, paths);
	tcase_add_loop_test(tcase, one_group, 0, paths);
	if (has_iommufd())
		tcase_add_loop_test(tcase, path_is_fixed, 0, 2);
	suite_add_tcase(suite, tcase);
}

void add_viable_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("not viable");

	tcase_add_loop_test(tcase, not_viable, 0, paths);
	suite_add_tcase(suite, tcase);
}
