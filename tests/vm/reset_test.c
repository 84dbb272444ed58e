/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of resets, on a real kernel: reset_test WHAT. reset_test.sh makes the devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio_test.h"

/* NVMe registers: queues of one entry, somewhere; enable; and that it is. */
#define NVME_CC 0x14u
#define NVME_CSTS 0x1cu
#define NVME_AQA 0x24u
#define NVME_ASQ 0x28u
#define NVME_ACQ 0x30u

static struct vgpu_context *ctx;

static void setup(void)
{
	ctx = new_context();
}

static void teardown(void)
{
	vgpu_context_unref(ctx);
}

static uint32_t read_bar(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	ck_assert_int_eq(vgpu_region_read_value(vfio, index, offset, width, &value), 0);
	return (uint32_t)value;
}

static void write_bar(struct vgpu_vfio *vfio, uint32_t index, uint64_t offset, unsigned width, uint32_t value)
{
	ck_assert_int_eq(vgpu_region_write_value(vfio, index, offset, width, value), 0);
}

static void expect_ok(int r)
{
	ck_assert_msg(r == 0, "%d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

/* What flags say against what the driver does. */
START_TEST(flags_and_truth)
{
	static const struct {
		const char *name;
		bool says;
		bool can;
	} devices[] = {{"MTTY", false, true},   {"MDPY", false, true}, {"MBOCHS", false, true},
				   {"BOCHS", false, false}, {"EDU", false, false}, {"NVME", true, true}};
	struct vgpu_vfio *vfio;
	size_t i;
	int r;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		vfio = open_with(ctx, devices[i].name, path_of(_i), NULL);
		ck_assert_msg(!!(vgpu_vfio_get_flags(vfio) & VGPU_VFIO_FLAG_RESET) == devices[i].says, "%s", devices[i].name);
		r = vgpu_vfio_reset(vfio);
		if (devices[i].can) {
			expect_ok(r);
		} else {
			expect_failure(ctx, r, -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
			ck_assert_str_ne(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "");
		}
		vgpu_vfio_close(vfio);
	}
	ck_assert_int_eq(vgpu_vfio_reset(NULL), -EINVAL);
}
END_TEST

/* The sample drivers, whose flags lack the bit: one paints a gradient, one forgets its mode, one does nothing. */
START_TEST(samples)
{
	struct vgpu_mapping *mapping;
	struct vgpu_vfio *vfio = open_with(ctx, "MDPY", path_of(_i), NULL);
	volatile uint8_t *pixels;

	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping), 0);
	pixels = vgpu_mapping_get_address(mapping);
	pixels[0] = 0x55;
	pixels[240 * 2560] = 0x55;
	expect_ok(vgpu_vfio_reset(vfio));
	ck_assert_uint_eq(pixels[0], 0);
	ck_assert_uint_eq(pixels[240 * 2560], 240 * 255 / 480);
	vgpu_mapping_unmap(mapping);
	vgpu_vfio_close(vfio);

	vfio = open_with(ctx, "MBOCHS", path_of(_i), NULL);
	write_bar(vfio, VGPU_REGION_BAR2, 0x502, 2, 640);
	ck_assert_uint_eq(read_bar(vfio, VGPU_REGION_BAR2, 0x502, 2), 640);
	expect_ok(vgpu_vfio_reset(vfio));
	ck_assert_uint_eq(read_bar(vfio, VGPU_REGION_BAR2, 0x502, 2), 0);
	vgpu_vfio_close(vfio);

	vfio = open_with(ctx, "MTTY", path_of(_i), NULL);
	write_bar(vfio, VGPU_REGION_BAR0, 7, 1, 0x5a); /* the scratch register */
	expect_ok(vgpu_vfio_reset(vfio));
	ck_assert_uint_eq(read_bar(vfio, VGPU_REGION_BAR0, 7, 1), 0x5a);
	vgpu_vfio_close(vfio);
}
END_TEST

/* Opens the NVMe controller, and starts it. */
static struct vgpu_vfio *open_nvme(enum vgpu_access access)
{
	struct vgpu_vfio *vfio = open_with(ctx, "NVME", access, NULL);

	ck_assert_int_eq(vgpu_config_write(vfio, 4, 2, config(vfio, 4, 2) | 2u), 0); /* memory enable */
	write_bar(vfio, VGPU_REGION_BAR0, NVME_CC, 4, 0);
	write_bar(vfio, VGPU_REGION_BAR0, NVME_AQA, 4, 0x00010001);
	write_bar(vfio, VGPU_REGION_BAR0, NVME_ASQ, 4, 0x1000);
	write_bar(vfio, VGPU_REGION_BAR0, NVME_ACQ, 4, 0x2000);
	write_bar(vfio, VGPU_REGION_BAR0, NVME_CC, 4, 0x00460001);
	ck_assert_uint_eq(read_bar(vfio, VGPU_REGION_BAR0, NVME_CSTS, 4), 1);
	return vfio;
}

/* The kernel keeps config space over the reset; the controller has stopped. */
static void expect_nvme_reset(struct vgpu_vfio *vfio)
{
	ck_assert_uint_eq(config(vfio, 4, 2) & 2u, 2);
	ck_assert_uint_eq(read_bar(vfio, VGPU_REGION_BAR0, NVME_CSTS, 4), 0);
}

START_TEST(device_alone)
{
	struct vgpu_vfio *vfio = open_nvme(path_of(_i));

	expect_ok(vgpu_vfio_reset(vfio));
	expect_nvme_reset(vfio);
	vgpu_vfio_close(vfio);
}
END_TEST

/* Function i of the set must be so; group and id only where the path tells them. */
static void expect_function(struct vgpu_reset_set *set, size_t i, const char *name, const char *group, bool is_owned)
{
	ck_assert_str_eq(vgpu_reset_set_get_address(set, i), device(name));
	ck_assert_int_eq(vgpu_reset_set_is_owned(set, i), is_owned);
	if (vgpu_reset_set_get_iommu_group(set, i) >= 0) {
		ck_assert_int_eq(vgpu_reset_set_get_device_id(set, i), -1);
		if (group)
			ck_assert_int_eq(vgpu_reset_set_get_iommu_group(set, i), atoi(device(group)));
	} else {
		ck_assert_int_ge(vgpu_reset_set_get_device_id(set, i), 0);
	}
}

static struct vgpu_reset_set *find_set(struct vgpu_vfio *vfio, size_t count)
{
	struct vgpu_reset_set *set = NULL;

	expect_ok(vgpu_reset_set_find(vfio, &set));
	ck_assert_uint_eq(vgpu_reset_set_get_count(set), count);
	ck_assert_int_eq(vgpu_reset_set_get_iommu_group(set, 0) >= 0, vgpu_vfio_get_access(vfio) == VGPU_ACCESS_GROUP);
	ck_assert_ptr_null(vgpu_reset_set_get_address(set, count));
	ck_assert_int_eq(vgpu_reset_set_get_iommu_group(set, count), -1);
	ck_assert_int_eq(vgpu_reset_set_get_device_id(set, count), -1);
	ck_assert_int_eq(vgpu_reset_set_is_owned(set, count), -1);
	return set;
}

START_TEST(bus_of_one)
{
	struct vgpu_vfio *vfio = open_nvme(path_of(_i));
	struct vgpu_reset_set *set = find_set(vfio, 1);

	expect_function(set, 0, "NVME", "NVME_GROUP", true);
	expect_ok(vgpu_vfio_hot_reset(vfio));
	expect_nvme_reset(vfio);
	vgpu_vfio_close(vfio);
	ck_assert_str_eq(vgpu_reset_set_get_address(set, 0), device("NVME")); /* it needs no handle */
	ck_assert_ptr_eq(vgpu_reset_set_ref(set), set);
	ck_assert_ptr_null(vgpu_reset_set_unref(set));
	ck_assert_ptr_null(vgpu_reset_set_unref(set));
	ck_assert_uint_eq(vgpu_reset_set_get_count(NULL), 0);
	ck_assert_ptr_null(vgpu_reset_set_get_address(NULL, 0));
}
END_TEST

/* What the kernel says when a link stays down after the reset. */
START_TEST(comes_not_back)
{
	struct vgpu_vfio *vfio = open_with(ctx, "SLOW", path_of(_i), NULL);

	expect_failure(ctx, vgpu_vfio_hot_reset(vfio), -EIO, VGPU_CAUSE_OTHER);
	vgpu_vfio_close(vfio);
}
END_TEST

/* A function of the same IOMMU group is owned, whether it is opened or not. */
START_TEST(bus_of_one_group)
{
	struct vgpu_vfio *a, *b;
	struct vgpu_reset_set *set;
	struct vgpu_dma *dma;

	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	a = open_with(ctx, "TWIN_A", path_of(_i), dma);
	set = find_set(a, 2);
	expect_function(set, 0, "TWIN_A", "TWIN_GROUP", true);
	expect_function(set, 1, "TWIN_B", "TWIN_GROUP", true);
	vgpu_reset_set_unref(set);
	expect_ok(vgpu_vfio_hot_reset(a));

	b = open_with(ctx, "TWIN_B", path_of(_i), dma);
	set = find_set(b, 2);
	expect_function(set, 0, "TWIN_A", "TWIN_GROUP", true);
	if (_i)
		ck_assert_int_ne(vgpu_reset_set_get_device_id(set, 0), vgpu_reset_set_get_device_id(set, 1));
	vgpu_reset_set_unref(set);
	expect_ok(vgpu_vfio_hot_reset(b));
	ck_assert_uint_eq(config(a, 0, 4), 0x11e81234);
	vgpu_vfio_close(a);
	expect_ok(vgpu_vfio_hot_reset(b));
	vgpu_vfio_close(b);
	vgpu_dma_unref(dma);
}
END_TEST

/* Handles from descriptors: a group's number is found without sysfs; a device alone proves nothing by group. */
START_TEST(from_descriptors)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	struct vgpu_vfio *first = open_nvme(path_of(_i)), *second = NULL;
	struct vgpu_reset_set *set = NULL;

	fds.name = device("NVME");
	fds.device_fd = vgpu_vfio_get_device_fd(first);
	expect_ok(vgpu_vfio_open_fds(ctx, &fds, &second));
	expect_ok(vgpu_reset_set_find(second, &set));
	expect_function(set, 0, "NVME", "NVME_GROUP", _i == 1);
	vgpu_reset_set_unref(set);
	if (_i) {
		expect_ok(vgpu_vfio_hot_reset(second));
		expect_nvme_reset(first);
	} else {
		expect_failure(ctx, vgpu_vfio_hot_reset(second), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
		vgpu_vfio_close(second);
		fds.device_fd = -1;
		fds.group_fd = vgpu_vfio_get_group_fd(first);
		fds.container_fd = vgpu_vfio_get_container_fd(first);
		expect_ok(vgpu_vfio_open_fds(ctx, &fds, &second));
		set = find_set(second, 1);
		expect_function(set, 0, "NVME", "NVME_GROUP", true);
		vgpu_reset_set_unref(set);
		expect_ok(vgpu_vfio_hot_reset(second));
		expect_nvme_reset(first);
	}
	vgpu_vfio_close(second);
	vgpu_vfio_close(first);
}
END_TEST

static bool message_names(const char *name)
{
	return strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), device(name));
}

/* The other function has a driver that is not VFIO's. */
START_TEST(bound_elsewhere)
{
	struct vgpu_vfio *vfio = open_with(ctx, "TWIN_A", path_of(_i), NULL);
	struct vgpu_reset_set *set = find_set(vfio, 2);

	expect_function(set, 0, "TWIN_A", "TWIN_GROUP", true);
	expect_function(set, 1, "TWIN_B", "TWIN_GROUP", _i == 0); /* by group, nobody tells before */
	vgpu_reset_set_unref(set);
	expect_failure(ctx, vgpu_vfio_hot_reset(vfio), -EPERM, VGPU_CAUSE_REFUSED);
	ck_assert_int_eq(message_names("TWIN_B"), _i == 1);
	ck_assert_uint_eq(config(vfio, 0, 4), 0x11e81234);
	vgpu_vfio_close(vfio);
}
END_TEST

/* Functions of groups that are not owned: one has a driver of the host, one belongs to nobody. */
START_TEST(not_owned)
{
	struct vgpu_vfio *vf, *other;
	struct vgpu_reset_set *set;
	struct vgpu_dma *dma;

	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	vf = open_with(ctx, "VF0", path_of(_i), dma);
	set = find_set(vf, 3);
	expect_function(set, 0, "NVME", "NVME_GROUP", false);
	expect_function(set, 1, "VF0", NULL, true);
	expect_function(set, 2, "VF1", NULL, false);
	vgpu_reset_set_unref(set);
	expect_failure(ctx, vgpu_vfio_hot_reset(vf), -EPERM, VGPU_CAUSE_REFUSED);
	ck_assert(message_names("NVME") && message_names("VF1") && !message_names("VF0"));

	other = open_with(ctx, "VF1", path_of(_i), dma);
	set = find_set(vf, 3);
	expect_function(set, 0, "NVME", "NVME_GROUP", false);
	expect_function(set, 2, "VF1", NULL, _i == 0); /* by iommufd, a VF owns no other */
	vgpu_reset_set_unref(set);
	expect_failure(ctx, vgpu_vfio_hot_reset(vf), -EPERM, VGPU_CAUSE_REFUSED);
	ck_assert(message_names("NVME") && message_names("VF1") == (_i == 1));
	vgpu_vfio_close(other);
	expect_ok(vgpu_vfio_reset(vf)); /* alone it can be */
	vgpu_vfio_close(vf);
	vgpu_dma_unref(dma);
}
END_TEST

static bool add_tests(TCase *tcase, const char *what, int paths)
{
	if (strcmp(what, "stub") == 0) {
		tcase_add_loop_test(tcase, bound_elsewhere, 0, paths);
	} else if (strcmp(what, "vfs") == 0) {
		tcase_add_loop_test(tcase, not_owned, 0, paths);
	} else if (strcmp(what, "all") == 0) {
		tcase_add_loop_test(tcase, flags_and_truth, 0, paths);
		tcase_add_loop_test(tcase, samples, 0, paths);
		tcase_add_loop_test(tcase, device_alone, 0, paths);
		tcase_add_loop_test(tcase, bus_of_one, 0, paths);
		tcase_add_loop_test(tcase, comes_not_back, 0, paths);
		tcase_add_loop_test(tcase, bus_of_one_group, 0, paths);
		tcase_add_loop_test(tcase, from_descriptors, 0, paths);
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create("reset");
	TCase *tcase = tcase_create("reset");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	suite_add_tcase(suite, tcase);
	if (argc != 2 || !add_tests(tcase, argv[1], has_iommufd() ? 2 : 1)) {
		fprintf(stderr, "usage: reset_test all|stub|vfs\n");
		return 2;
	}
	return run_suite(suite);
}
