/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables that somebody else opened: several devices of one, two in one object (every mapping is in both or in none),
 * and mappings of the giver, who does everything by plain ioctls.
 */
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dma_test.h"

#define IOVA (16 * MIB)

static struct vgpu_context *ctx;
static struct vgpu_dma *dma;
static unsigned char *mem;

static void begin(void)
{
	ctx = new_context();
	dma = new_dma(ctx);
	mem = memory(4 * MIB);
}

static void end(void)
{
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}

/* The giver's own mapping in his container. 0 or -errno. */
static int giver_map(int container, uint64_t iova, uint64_t length)
{
	struct vfio_iommu_type1_dma_map arg = {.argsz = sizeof(arg),
										   .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
										   .vaddr = (uintptr_t)mem,
										   .iova = iova,
										   .size = length};

	return ioctl(container, VFIO_IOMMU_MAP_DMA, &arg) ? -errno : 0;
}

/* How much he has there: he takes it back. */
static uint64_t giver_unmap(int container, uint64_t iova, uint64_t length)
{
	struct vfio_iommu_type1_dma_unmap arg = {.argsz = sizeof(arg), .iova = iova, .size = length};

	ck_assert_int_eq(ioctl(container, VFIO_IOMMU_UNMAP_DMA, &arg), 0);
	return arg.size;
}

/* A container with the device's group in it. */
static struct vgpu_vfio_fds give_group(const char *name, const char *group, int container)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	fds.name = device(name);
	fds.group_fd = open_path(device(group));
	fds.container_fd = container >= 0 ? container : open_path("/dev/vfio/vfio");
	fds.dma = dma;
	ck_assert_int_eq(ioctl(fds.group_fd, VFIO_GROUP_SET_CONTAINER, &fds.container_fd), 0);
	if (container < 0)
		ck_assert_int_eq(ioctl(fds.container_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), 0);
	return fds;
}

static struct vgpu_vfio *adopt(const struct vgpu_vfio_fds *fds)
{
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_vfio_open_fds(ctx, fds, &vfio);

	ck_assert_msg(r == 0, "open_fds: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return vfio;
}

/* Two containers, in one object. */
START_TEST(two_tables)
{
	struct vgpu_vfio_fds a, b;
	struct vgpu_vfio *mtty, *edu;
	uint64_t iova = 0;
	int r;

	begin();
	map(ctx, dma, IOVA, mem, MIB, RW);
	a = give_group("MTTY", "MTTY_GROUP", -1);
	b = give_group("EDU", "EDU_GROUP", -1);
	ck_assert_int_eq(giver_map(b.container_fd, 2 * IOVA, MIB), 0);
	mtty = adopt(&a);
	edu = adopt(&b);
	edu_set_up(edu);
	ck_assert_int_ne(vgpu_vfio_get_container_fd(mtty), vgpu_vfio_get_container_fd(edu));
	edu_expect_copy(edu, IOVA, mem, IOVA + PAGE, mem + PAGE);
	ck_assert_int_eq(giver_map(a.container_fd, IOVA, PAGE), -EEXIST);
	/* in both or in none */
	r = vgpu_dma_map(dma, 2 * IOVA, mem, PAGE, RW);
	expect_failure(ctx, r, -EEXIST, VGPU_CAUSE_EXISTS);
	expect_words(ctx, "not made by this DMA object");
	ck_assert_uint_eq(giver_unmap(a.container_fd, 2 * IOVA, PAGE), 0);
	ck_assert_int_eq(giver_map(a.container_fd, 3 * IOVA, MIB), 0); /* and the other way round */
	r = vgpu_dma_map(dma, 3 * IOVA, mem, PAGE, RW);
	expect_failure(ctx, r, -EEXIST, VGPU_CAUSE_EXISTS);
	ck_assert_uint_eq(giver_unmap(b.container_fd, 3 * IOVA, PAGE), 0);
	ck_assert_uint_eq(giver_unmap(a.container_fd, 3 * IOVA, MIB), MIB);
	r = vgpu_dma_map(dma, 0xfee00000, mem, PAGE, RW); /* mtty's table would take it */
	expect_failure(ctx, r, -EINVAL, VGPU_CAUSE_OUT_OF_RANGE);
	ck_assert_uint_eq(giver_unmap(a.container_fd, 0xfee00000, PAGE), 0);
	/* free IOVAs: he has something at the lowest one */
	ck_assert_int_eq(giver_map(b.container_fd, PAGE, 64 * PAGE), 0);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, mem + MIB, 4 * PAGE, RW, &iova), 0);
	ck_assert_uint_gt(iova, 64 * PAGE);
	edu_expect_copy(edu, iova, mem + MIB, IOVA, mem);
	ck_assert_int_eq(giver_map(a.container_fd, iova, PAGE), -EEXIST);
	/* taking all back takes his not */
	map(ctx, dma, 2 * IOVA - MIB, mem, MIB, RW);
	map(ctx, dma, 2 * IOVA + MIB, mem, MIB, RW);
	unmap(ctx, dma, 2 * IOVA - MIB, 3 * MIB);
	edu_expect_copy(edu, 2 * IOVA, mem, IOVA + PAGE, mem + PAGE);
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	ck_assert_uint_eq(giver_unmap(a.container_fd, IOVA, MIB), 0);
	ck_assert_uint_eq(giver_unmap(b.container_fd, IOVA, MIB), 0);
	ck_assert_uint_eq(giver_unmap(b.container_fd, PAGE, 64 * PAGE), 64 * PAGE);
	/* nor does closing, which takes what is ours */
	map(ctx, dma, IOVA, mem, MIB, RW);
	vgpu_vfio_close(edu);
	ck_assert_uint_eq(giver_unmap(b.container_fd, IOVA, MIB), 0);
	ck_assert_uint_eq(giver_unmap(b.container_fd, 2 * IOVA, MIB), MIB);
	ck_assert_int_eq(giver_map(a.container_fd, IOVA, PAGE), -EEXIST);
	vgpu_vfio_close(mtty);
	ck_assert_int_eq(giver_map(a.container_fd, IOVA, PAGE), 0);
	expect_map(dma, IOVA, IOVA, mem, MIB, RW);
	end();
}
END_TEST

/* Two devices of one container: it is one table. What is mapped in the object is in the way of his, and says so. */
START_TEST(one_table)
{
	struct vgpu_vfio_fds a, b;
	struct vgpu_vfio *mtty, *edu, *none = NULL;
	int fds;

	begin();
	a = give_group("MTTY", "MTTY_GROUP", -1);
	b = give_group("EDU", "EDU_GROUP", a.container_fd);
	b.container_fd = dup(b.container_fd);
	ck_assert_int_eq(giver_map(a.container_fd, 2 * IOVA, MIB), 0);
	map(ctx, dma, 2 * IOVA, mem, PAGE, RW);
	map(ctx, dma, IOVA, mem, MIB, RW);
	fds = count_fds();
	expect_failure(ctx, vgpu_vfio_open_fds(ctx, &a, &none), -EEXIST, VGPU_CAUSE_EXISTS);
	ck_assert_int_eq(count_fds(), fds);
	ck_assert_uint_eq(giver_unmap(a.container_fd, IOVA, MIB), 0);
	ck_assert_int_eq(giver_map(a.container_fd, 2 * IOVA, MIB), -EEXIST); /* it is still his */
	unmap(ctx, dma, 2 * IOVA, PAGE);
	mtty = adopt(&a);
	edu = adopt(&b);
	edu_set_up(edu);
	ck_assert_int_eq(vgpu_vfio_get_container_fd(mtty), vgpu_vfio_get_container_fd(edu));
	ck_assert_int_eq(mappings_left(ctx, dma), 65535 - 2);
	edu_expect_copy(edu, IOVA, mem, IOVA + MIB - PAGE, mem + MIB - PAGE);
	vgpu_vfio_close(mtty);
	edu_expect_copy(edu, IOVA, mem, IOVA + PAGE, mem + PAGE);
	vgpu_vfio_close(edu);
	ck_assert_uint_eq(giver_unmap(a.container_fd, 0, 64 * MIB), MIB);
	end();
}
END_TEST

static struct vgpu_vfio_fds give_cdev(const char *name, const char *cdev, int iommufd, uint32_t ioas)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	fds.name = device(name);
	fds.cdev_fd = open_path(device(cdev));
	fds.iommufd = iommufd;
	fds.ioas_id = ioas;
	fds.dma = dma;
	return fds;
}

/* One iommufd: the IOAS that the first device gets is the second's too; a given one is as the giver left it. */
START_TEST(one_iommufd)
{
	struct vgpu_vfio_fds a, b;
	struct vgpu_vfio *mtty, *edu;
	struct vgpu_dma *other;
	uint32_t ioas;

	begin();
	map(ctx, dma, IOVA, mem, MIB, RW);
	a = give_cdev("MTTY", "MTTY_CDEV", open_path("/dev/iommu"), 0);
	b = give_cdev("EDU", "EDU_CDEV", dup(a.iommufd), 0);
	mtty = adopt(&a);
	edu = adopt(&b);
	edu_set_up(edu);
	ioas = vgpu_vfio_get_ioas_id(mtty);
	ck_assert_uint_eq(vgpu_vfio_get_ioas_id(edu), ioas);
	edu_expect_copy(edu, IOVA, mem, IOVA + PAGE, mem + PAGE);
	vgpu_vfio_close(edu);
	close(b.cdev_fd);
	/* the same IOAS in another object: there, it is a giver's */
	other = new_dma(ctx);
	b = give_cdev("EDU", "EDU_CDEV", dup(a.iommufd), ioas);
	b.dma = other;
	map(ctx, other, IOVA + 2 * MIB, mem + 2 * MIB, MIB, RW);
	edu = adopt(&b);
	edu_set_up(edu);
	edu_expect_copy(edu, IOVA, mem, IOVA + 2 * MIB, mem + 2 * MIB);
	ck_assert_int_eq(vgpu_dma_unmap_all(other), 0);
	edu_expect_copy(edu, IOVA, mem, IOVA + PAGE, mem + PAGE);
	map(ctx, other, IOVA + 2 * MIB, mem + 2 * MIB, MIB, RW);
	vgpu_vfio_close(edu);
	map(ctx, dma, IOVA + 2 * MIB, mem, MIB, RW); /* ours was taken back */
	vgpu_vfio_close(mtty);
	vgpu_dma_unref(other);
	end();
}
END_TEST

START_TEST(wrong_sets)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	struct vgpu_vfio *mtty, *none = NULL;

	begin();
	mtty = open_with(ctx, "MTTY", path_of(_i), dma);
	fds.name = device("MTTY");
	fds.device_fd = vgpu_vfio_get_device_fd(mtty);
	fds.dma = dma;
	expect_failure(ctx, vgpu_vfio_open_fds(ctx, &fds, &none), -EINVAL, VGPU_CAUSE_INVALID);
	fds.device_fd = -1;
	if (_i) {
		fds.group_fd = fds.container_fd = 0;
	} else {
		fds.cdev_fd = fds.iommufd = 0;
	}
	expect_failure(ctx, vgpu_vfio_open_fds(ctx, &fds, &none), -EXDEV, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(none);
	vgpu_vfio_close(mtty);
	end();
}
END_TEST

void add_given_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("given");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, two_tables);
	tcase_add_test(tcase, one_table);
	if (paths > 1)
		tcase_add_test(tcase, one_iommufd);
	tcase_add_loop_test(tcase, wrong_sets, 0, paths);
	suite_add_tcase(suite, tcase);
}
