/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handles made from descriptors that somebody else opened. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfio_test.h"

#define MDPY_ID 0x000f1b36u

static struct vgpu_context *ctx;

static struct vgpu_vfio *adopt(const struct vgpu_vfio_fds *fds)
{
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_vfio_open_fds(ctx, fds, &vfio);

	ck_assert_msg(r == 0, "open_fds: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return vfio;
}

static void expect_no_adopt(const struct vgpu_vfio_fds *fds, int wanted, enum vgpu_cause cause)
{
	struct vgpu_vfio *vfio = NULL;
	int before = count_fds();

	expect_failure(ctx, vgpu_vfio_open_fds(ctx, fds, &vfio), wanted, cause);
	ck_assert_ptr_null(vfio);
	ck_assert_int_eq(count_fds(), before);
}

static int open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

static struct vgpu_vfio_fds for_mdpy(void)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	fds.name = device("MDPY");
	return fds;
}

/* The device's nodes, opened by this test: group and container, or cdev and iommufd. */
static struct vgpu_vfio_fds open_nodes(int i)
{
	struct vgpu_vfio_fds fds = for_mdpy();

	if (i == 0) {
		fds.group_fd = open_node(device("MDPY_GROUP"));
		fds.container_fd = open_node("/dev/vfio/vfio");
	} else {
		fds.cdev_fd = open_node(device("MDPY_CDEV"));
		fds.iommufd = open_node("/dev/iommu");
	}
	return fds;
}

static void close_nodes(const struct vgpu_vfio_fds *fds)
{
	const int all[] = {fds->device_fd, fds->group_fd, fds->container_fd, fds->cdev_fd, fds->iommufd};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= 0)
			close(all[i]);
}

/* Works all that a handle can do, where no path leads anywhere. */
static void use(struct vgpu_vfio *vfio)
{
	struct vgpu_mapping *mapping;
	uint32_t value = 0;

	ck_assert_str_eq(vgpu_vfio_get_name(vfio), device("MDPY"));
	ck_assert_uint_eq(vgpu_vfio_get_region_count(vfio), 9);
	ck_assert_uint_eq(config(vfio, 0, 4), MDPY_ID);
	ck_assert_int_eq(vgpu_region_map(vfio, 16, NULL, &mapping), 0);
	*(volatile uint32_t *)vgpu_mapping_get_address(mapping) = 0x13572468;
	ck_assert_int_eq((int)vgpu_region_read(vfio, VGPU_REGION_BAR0, 0, &value, 4), 4);
	ck_assert_uint_eq(value, 0x13572468);
	vgpu_mapping_unmap(mapping);
}

START_TEST(nodes)
{
	struct vgpu_vfio_fds fds;
	struct vgpu_vfio *vfio;

	ctx = new_context();
	fds = open_nodes(_i);
	ck_assert_int_eq(mkdir("/tmp/empty", 0700) == 0 || errno == EEXIST, 1);
	ck_assert_int_eq(chroot("/tmp/empty"), 0); /* neither sysfs nor /dev */
	vfio = adopt(&fds);
	ck_assert_int_eq(vgpu_vfio_get_access(vfio), path_of(_i));
	ck_assert_ptr_nonnull(vgpu_vfio_get_dma(vfio));
	ck_assert_int_ne(vgpu_vfio_get_device_fd(vfio), fds.cdev_fd);
	ck_assert_int_eq(vgpu_vfio_get_ioas_id(vfio) != 0, _i == 1);
	use(vfio);
	close_nodes(&fds); /* the handle has its own */
	use(vfio);
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}
END_TEST

/* A handle's own descriptors, handed on: as the group is in its container already, or as a device alone. */
START_TEST(from_handle)
{
	struct vgpu_vfio_fds fds = for_mdpy(), group = for_mdpy();
	struct vgpu_vfio *first, *second, *third;

	ctx = new_context();
	first = open_with(ctx, "MDPY", path_of(_i), NULL);
	fds.device_fd = vgpu_vfio_get_device_fd(first);
	fds.size = offsetof(struct vgpu_vfio_fds, kvm); /* as it was at first */
	second = adopt(&fds);
	ck_assert_int_eq(vgpu_vfio_get_access(second), VGPU_ACCESS_AUTO);
	ck_assert_ptr_null(vgpu_vfio_get_dma(second));
	use(second);
	if (_i == 0) {
		group.group_fd = vgpu_vfio_get_group_fd(first);
		group.container_fd = vgpu_vfio_get_container_fd(first);
		third = adopt(&group);
		use(third);
		vgpu_vfio_close(third);
	}
	vgpu_vfio_close(first);
	use(second);
	vgpu_vfio_close(second);
	vgpu_vfio_close(open_with(ctx, "MDPY", path_of(_i), NULL));
	vgpu_context_unref(ctx);
}
END_TEST

/* An IOAS of the giver, and one that the library makes in his iommufd: which is gone afterwards. */
START_TEST(ioas)
{
	struct vgpu_vfio_fds fds;
	struct vgpu_vfio *vfio;
	uint32_t id;

	ctx = new_context();
	fds = open_nodes(1);
	vfio = adopt(&fds);
	id = vgpu_vfio_get_ioas_id(vfio);
	vgpu_vfio_close(vfio);
	close(fds.cdev_fd);
	fds.cdev_fd = open_node(device("MDPY_CDEV"));
	fds.ioas_id = id;
	expect_no_adopt(&fds, -ENOENT, VGPU_CAUSE_REFUSED);
	close(fds.cdev_fd); /* bound now, and bound once only */
	fds.ioas_id = 0;
	fds.cdev_fd = open_node(device("MDPY_CDEV"));
	vfio = adopt(&fds);
	use(vfio);
	expect_no_adopt(&fds, -EBUSY, VGPU_CAUSE_IN_USE);
	vgpu_vfio_close(vfio);
	close_nodes(&fds);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(wrong_kinds)
{
	struct vgpu_vfio_fds fds, bad;
	struct vgpu_vfio *vfio;
	int null = open_node("/dev/null");

	ctx = new_context();
	fds = open_nodes(_i);
	bad = fds;
	if (_i == 0) {
		bad.group_fd = fds.container_fd;
		expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
		bad.group_fd = null;
		expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
		bad = fds;
		bad.container_fd = fds.group_fd;
		expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
		bad.container_fd = 1000;
		expect_no_adopt(&bad, -EBADF, VGPU_CAUSE_INVALID);
	} else {
		bad.cdev_fd = null;
		expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
		bad = fds;
		bad.iommufd = null;
		expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
		bad = for_mdpy();
		bad.device_fd = fds.cdev_fd; /* not bound yet */
		expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
	}
	bad = for_mdpy();
	bad.device_fd = null;
	expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
	bad.device_fd = 1000;
	expect_no_adopt(&bad, -EBADF, VGPU_CAUSE_INVALID);
	vfio = adopt(&fds); /* none of that did any harm */
	use(vfio);
	vgpu_vfio_close(vfio);
	close(null);
	close_nodes(&fds);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(wrong_sets)
{
	struct vgpu_vfio_fds fds = for_mdpy();
	struct vgpu_vfio *vfio = NULL;

	ctx = new_context();
	expect_no_adopt(&fds, -EINVAL, VGPU_CAUSE_INVALID);
	fds.group_fd = 0;
	expect_no_adopt(&fds, -EINVAL, VGPU_CAUSE_INVALID);
	fds.container_fd = 0;
	fds.iommufd = 0;
	expect_no_adopt(&fds, -EINVAL, VGPU_CAUSE_INVALID);
	fds = for_mdpy();
	fds.device_fd = 0;
	fds.ioas_id = 1;
	expect_no_adopt(&fds, -EINVAL, VGPU_CAUSE_INVALID);
	fds.ioas_id = 0;
	fds.name = NULL;
	expect_no_adopt(&fds, -EINVAL, VGPU_CAUSE_INVALID);
	fds = for_mdpy();
	fds.device_fd = 0;
	fds.size = offsetof(struct vgpu_vfio_fds, ioas_id);
	expect_no_adopt(&fds, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_adopt(NULL, -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_vfio_open_fds(NULL, &fds, &vfio), -EINVAL);
	vgpu_context_unref(ctx);
}
END_TEST

void add_fds_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("fds");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, nodes, 0, paths);
	tcase_add_loop_test(tcase, from_handle, 0, paths);
	tcase_add_loop_test(tcase, wrong_kinds, 0, paths);
	tcase_add_test(tcase, wrong_sets);
	if (has_iommufd())
		tcase_add_test(tcase, ioas);
	suite_add_tcase(suite, tcase);
}
