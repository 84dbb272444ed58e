/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each driver says of its device, and how its regions are reached: the kernel's samples, and vfio-pci. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vfio_test.h"

#define RW 3u
#define RW_MMAP 7u
#define RW_CAPS 11u
#define MIB ((uint64_t)1 << 20)

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;

static void open_it(const char *variable, int i)
{
	ctx = new_context();
	vfio = open_with(ctx, variable, path_of(i), NULL);
	ck_assert_int_eq(vgpu_vfio_get_access(vfio), path_of(i));
	ck_assert_str_eq(vgpu_vfio_get_access_reason(vfio), "asked for");
}

static void close_it(void)
{
	ck_assert_ptr_null(vgpu_vfio_close(vfio));
	vgpu_context_unref(ctx);
}

static void expect_no_region(uint32_t index)
{
	struct vgpu_region *region = NULL;

	expect_failure(ctx, vgpu_region_find(vfio, index, &region), -EINVAL, VGPU_CAUSE_NO_REGION);
	ck_assert_ptr_null(region);
}

static void expect_irq(uint32_t index, uint32_t count, uint32_t flags, const char *name)
{
	struct vgpu_irq *irq;

	ck_assert_int_eq(vgpu_irq_find(vfio, index, &irq), 0);
	ck_assert_uint_eq(vgpu_irq_get_index(irq), index);
	ck_assert_uint_eq(vgpu_irq_get_count(irq), count);
	ck_assert_uint_eq(vgpu_irq_get_flags(irq), flags);
	ck_assert_str_eq(vgpu_irq_get_name(irq), name);
	ck_assert_ptr_null(vgpu_irq_unref(vgpu_irq_ref(irq)));
	vgpu_irq_unref(irq);
}

static struct vgpu_mapping *map_part(uint32_t index, uint64_t offset, uint64_t length, uint32_t flags)
{
	struct vgpu_region_map_opts opts = {.size = sizeof(opts), .flags = flags, .offset = offset, .length = length};
	struct vgpu_mapping *mapping = NULL;
	int r = vgpu_region_map(vfio, index, &opts, &mapping);

	ck_assert_msg(r == 0, "map region %u: %d: %s", index, r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return mapping;
}

static void expect_no_map(uint32_t index, uint64_t offset, uint64_t length, int wanted, enum vgpu_cause cause)
{
	struct vgpu_region_map_opts opts = {.size = sizeof(opts), .offset = offset, .length = length};
	struct vgpu_mapping *mapping = NULL;

	expect_failure(ctx, vgpu_region_map(vfio, index, &opts, &mapping), wanted, cause);
	ck_assert_ptr_null(mapping);
}

/* 6.1's mtty answers for REQ too. */
static bool is_6_1(void)
{
	struct utsname name;

	uname(&name);
	return strncmp(name.release, "6.1.", 4) == 0;
}

START_TEST(mtty_info)
{
	struct vgpu_irq *irq = NULL;
	uint32_t i;

	open_it("MTTY", _i);
	ck_assert_str_eq(vgpu_vfio_get_name(vfio), device("MTTY"));
	ck_assert_uint_eq(vgpu_vfio_get_flags(vfio), VGPU_VFIO_FLAG_PCI);
	ck_assert_uint_eq(vgpu_vfio_get_region_count(vfio), 9);
	ck_assert_uint_eq(vgpu_vfio_get_irq_count(vfio), 5);
	expect_region(vfio, VGPU_REGION_BAR0, 8, RW, "bar0");
	expect_region(vfio, VGPU_REGION_BAR1, 0, RW, "bar1");
	expect_region(vfio, VGPU_REGION_BAR5, 0, RW, "bar5");
	expect_region(vfio, VGPU_REGION_ROM, 0, RW, "rom");
	expect_region(vfio, VGPU_REGION_CONFIG, 0xff, RW, "config");
	expect_region(vfio, VGPU_REGION_VGA, 0, RW, "vga");
	expect_no_region(9);
	expect_no_region(16);
	expect_no_region(UINT32_MAX);
	expect_irq(VGPU_IRQ_INTX, 1, 7, "intx"); /* needs GET_INFO before: open has done that */
	expect_irq(VGPU_IRQ_MSI, 1, 9, "msi");
	for (i = VGPU_IRQ_MSIX; i <= VGPU_IRQ_REQ; i++)
		if (i != VGPU_IRQ_REQ || !is_6_1())
			expect_failure(ctx, vgpu_irq_find(vfio, i, &irq), -EINVAL, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_ptr_null(irq);
	close_it();
	open_it("MTTY2", _i);
	expect_region(vfio, VGPU_REGION_BAR1, 8, RW, "bar1");
	close_it();
}
END_TEST

START_TEST(mtty_access)
{
	unsigned char bytes[256];
	uint64_t value = 77;
	size_t i;

	open_it("MTTY", _i);
	ck_assert_uint_eq(config(vfio, 0, 4), 0x32534348);
	ck_assert_uint_eq(config(vfio, 0x0a, 2), 0x0700);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, bytes, 255), 255);
	for (i = 0; i < 252; i += 4)
		ck_assert_uint_eq(config(vfio, (uint32_t)i, 4), bytes[i] | (uint32_t)bytes[i + 1] << 8 |
															(uint32_t)bytes[i + 2] << 16 |
															(uint32_t)bytes[i + 3] << 24);
	/* what is beyond a size of 255 bytes stays beyond it, though the driver would answer */
	expect_failure(ctx, (int)vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, bytes, 256), -ERANGE,
				   VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_region_read_value(vfio, VGPU_REGION_CONFIG, 252, 4, &value), -ERANGE,
				   VGPU_CAUSE_OUT_OF_RANGE);
	ck_assert_int_eq(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 7, 1, 0x5a), 0); /* the UART's scratch register */
	ck_assert_int_eq(vgpu_region_read_value(vfio, VGPU_REGION_BAR0, 7, 1, &value), 0);
	ck_assert_uint_eq(value, 0x5a);
	ck_assert_int_eq(vgpu_config_write(vfio, 0x3c, 1, 0x0b), 0);
	ck_assert_uint_eq(config(vfio, 0x3c, 1), 0x0b);
	ck_assert_int_eq(vgpu_config_write(vfio, 0x10, 4, 0xffffffff), 0); /* a BAR's size, as a guest asks for it */
	ck_assert_uint_eq(config(vfio, 0x10, 4), 0xfffffff9);
	expect_no_map(VGPU_REGION_BAR0, 0, 0, -EOPNOTSUPP, VGPU_CAUSE_NOT_MAPPABLE);
	close_it();
}
END_TEST

START_TEST(mdpy_info)
{
	struct vgpu_region *bar, *display;
	uint32_t at = 0, i;

	open_it("MDPY", _i);
	ck_assert_uint_eq(vgpu_vfio_get_region_count(vfio), 9);
	expect_region(vfio, VGPU_REGION_BAR0, 2 * MIB, RW_MMAP, "bar0");
	expect_region(vfio, 16, 2 * MIB, RW_MMAP, NULL); /* far beyond the number of regions, and there */
	expect_no_region(17);
	ck_assert_int_eq(vgpu_region_find(vfio, 0, &bar), 0);
	ck_assert_int_eq(vgpu_region_find(vfio, 16, &display), 0);
	ck_assert_uint_eq(vgpu_region_get_offset(bar), 0x1000);
	ck_assert_uint_eq(vgpu_region_get_offset(display), 0x1000);
	for (i = 0; i < 5; i++) { /* the driver leaves flags as they are passed in */
		static const char *const names[] = {"intx", "msi", "msix", "err", "req"};

		expect_irq(i, 0, 0, names[i]);
	}
	ck_assert_int_eq(vgpu_config_find_capability(vfio, 0x09, &at), 0);
	ck_assert_uint_eq(at, 0x40);
	expect_failure(ctx, vgpu_config_find_capability(vfio, 0x05, &at), -ENOENT, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_config_find_ext_capability(vfio, 0x10, &at), -ENOENT, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_uint_eq(at, 0x40);
	close_it(); /* snapshots stay */
	ck_assert_uint_eq(vgpu_region_get_size(bar), 2 * MIB);
	vgpu_region_unref(bar);
	vgpu_region_unref(display);
}
END_TEST

START_TEST(mdpy_map)
{
	struct vgpu_mapping *bar, *display, *part;
	volatile uint32_t *pixels, *same;
	uint32_t value = 0;

	open_it("MDPY", _i);
	bar = map_part(VGPU_REGION_BAR0, 0, 0, 0);
	display = map_part(16, 0, 0, VGPU_MAP_READ);
	part = map_part(16, 0, 100, 0);
	expect_whole(bar, 2 * MIB);
	expect_whole(display, 2 * MIB);
	ck_assert_uint_eq(vgpu_mapping_get_size(part), 4096);
	pixels = vgpu_mapping_get_address(bar);
	same = vgpu_mapping_get_address(display);
	pixels[0] = 0x12345678;
	pixels[2 * MIB / 4 - 1] = 0x9abcdef0;
	ck_assert_uint_eq(same[0], 0x12345678);
	ck_assert_uint_eq(same[2 * MIB / 4 - 1], 0x9abcdef0);
	ck_assert_uint_eq(*(volatile uint32_t *)vgpu_mapping_get_address(part), 0x12345678);
	ck_assert_int_eq((int)vgpu_region_read(vfio, VGPU_REGION_BAR0, 0, &value, 4), 4);
	ck_assert_uint_eq(value, 0x12345678);
	expect_no_map(VGPU_REGION_BAR0, 4096, 0, -EOPNOTSUPP, VGPU_CAUSE_NOT_MAPPABLE); /* mdpy maps from 0 only */
	close_it();
	ck_assert_uint_eq(pixels[0], 0x12345678); /* a mapping outlives the handle */
	ck_assert_ptr_null(vgpu_mapping_unmap(bar));
	vgpu_mapping_unmap(part);
	ck_assert_uint_eq(same[0], 0x12345678);
	vgpu_mapping_unmap(display);
}
END_TEST

START_TEST(mbochs_info)
{
	struct vgpu_region *edid;
	uint64_t value;

	open_it("MBOCHS", _i);
	ck_assert_uint_eq(vgpu_vfio_get_region_count(vfio), 10);
	/* each is asked with the smallest struct first: the driver refuses one of more than 48 bytes */
	expect_region(vfio, VGPU_REGION_BAR0, 4 * MIB, RW_MMAP, "bar0");
	expect_region(vfio, VGPU_REGION_BAR2, 0x1000, RW, "bar2");
	expect_region(vfio, 9, 0x1000, RW_CAPS, "edid");
	expect_no_region(10);
	ck_assert_int_eq(vgpu_region_find(vfio, 9, &edid), 0);
	ck_assert_uint_eq(vgpu_region_get_type(edid), VGPU_REGION_TYPE_GFX);
	ck_assert_uint_eq(vgpu_region_get_subtype(edid), VGPU_REGION_SUBTYPE_GFX_EDID);
	ck_assert_uint_eq(vgpu_region_get_area_count(edid), 0);
	ck_assert_int_eq(vgpu_region_get_sparse(edid), 0);
	vgpu_region_unref(edid);
	ck_assert_int_eq(vgpu_region_read_value(vfio, 9, 0, 4, &value), 0); /* where the EDID lies */
	ck_assert_uint_eq(value, 2048);
	ck_assert_int_eq(vgpu_region_read_value(vfio, 9, 4, 4, &value), 0);
	ck_assert_uint_eq(value, 1024);
	ck_assert_int_eq(vgpu_region_write_value(vfio, 9, 20, 4, 2), 0); /* link down */
	ck_assert_int_eq(vgpu_region_read_value(vfio, 9, 20, 4, &value), 0);
	ck_assert_uint_eq(value, 2);
	close_it();
}
END_TEST

START_TEST(mbochs_access)
{
	struct vgpu_mapping *mapping;
	volatile uint16_t *pixels;
	uint64_t value;

	open_it("MBOCHS", _i);
	/* the VBE registers answer 16-bit accesses only: the width is kept */
	ck_assert_int_eq(vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 0x500, 2, &value), 0);
	ck_assert_uint_eq(value, 0xb0c5);
	ck_assert_int_eq(vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 0x500, 4, &value), 0);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 0x514, 2, &value), 0);
	ck_assert_uint_eq(value, 4 * MIB / 65536);
	ck_assert_int_eq(vgpu_region_write_value(vfio, VGPU_REGION_BAR2, 0x502, 2, 640), 0);
	ck_assert_int_eq(vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 0x502, 2, &value), 0);
	ck_assert_uint_eq(value, 640);
	mapping = map_part(VGPU_REGION_BAR0, 0, 0, 0); /* pixels by mapping only: the driver's read is off by two pages */
	expect_whole(mapping, 4 * MIB);
	pixels = vgpu_mapping_get_address(mapping);
	pixels[0] = 0x1122;
	pixels[4 * MIB / 2 - 1] = 0x3344;
	ck_assert_uint_eq(pixels[0], 0x1122);
	ck_assert_uint_eq(pixels[4 * MIB / 2 - 1], 0x3344);
	expect_no_map(VGPU_REGION_BAR2, 0, 0, -EOPNOTSUPP, VGPU_CAUSE_NOT_MAPPABLE);
	close_it();
	vgpu_mapping_unmap(mapping);
}
END_TEST

START_TEST(bochs_display)
{
	struct vgpu_mapping *part, *regs;
	uint64_t value;

	open_it("BOCHS", _i);
	expect_region(vfio, VGPU_REGION_BAR0, 16 * MIB, RW_MMAP, "bar0");
	expect_region(vfio, VGPU_REGION_BAR2, 4096, RW_MMAP, "bar2");
	part = map_part(VGPU_REGION_BAR0, 3 * MIB, 5 * MIB, 0);
	regs = map_part(VGPU_REGION_BAR2, 0, 0, VGPU_MAP_READ | VGPU_MAP_WRITE);
	/* as its offset modulo 4 MiB, the largest page that it could hold */
	ck_assert_uint_eq((uintptr_t)vgpu_mapping_get_address(part) % (4 * MIB), 3 * MIB);
	ck_assert_uint_eq(((volatile uint16_t *)vgpu_mapping_get_address(regs))[0x500 / 2], 0xb0c5);
	ck_assert_int_eq(vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 0x500, 2, &value), 0);
	ck_assert_uint_eq(value, 0xb0c5);
	vgpu_mapping_unmap(part);
	close_it();
	vgpu_mapping_unmap(regs);
}
END_TEST

/* vfio-pci's own capability, and an extended config space. */
START_TEST(nvme_caps)
{
	struct vgpu_region *bar;
	struct vgpu_mapping *mapping;
	uint32_t at;

	open_it("NVME", _i);
	ck_assert(vgpu_vfio_get_flags(vfio) & VGPU_VFIO_FLAG_RESET);
	ck_assert_int_eq(vgpu_region_find(vfio, VGPU_REGION_BAR0, &bar), 0);
	ck_assert_int_eq(vgpu_region_get_msix_mappable(bar), 1); /* its MSI-X table lies there */
	ck_assert_uint_eq(vgpu_region_get_area_count(bar), 1);
	vgpu_region_unref(bar);
	mapping = map_part(VGPU_REGION_BAR0, 0, 4096, VGPU_MAP_READ);
	ck_assert_uint_ne(((volatile uint32_t *)vgpu_mapping_get_address(mapping))[2], 0); /* the version of NVMe */
	vgpu_mapping_unmap(mapping);
	expect_region(vfio, VGPU_REGION_CONFIG, 4096, RW, "config");
	ck_assert_int_eq(vgpu_config_find_capability(vfio, 0x11, &at), 0);
	ck_assert_uint_eq(config(vfio, at, 1), 0x11);
	ck_assert_int_eq(vgpu_config_find_ext_capability(vfio, 0x0010, &at), 0);
	ck_assert_uint_eq(config(vfio, at, 2), 0x0010);
	ck_assert_uint_ge(at, 0x100);
	expect_failure(ctx, vgpu_config_find_ext_capability(vfio, 0x7777, &at), -ENOENT, VGPU_CAUSE_UNSUPPORTED);
	close_it();
}
END_TEST

void add_device_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {mtty_info,   mtty_access,   mdpy_info,     mdpy_map,
								  mbochs_info, mbochs_access, bochs_display, nvme_caps};
	TCase *tcase = tcase_create("device");
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, paths);
	suite_add_tcase(suite, tcase);
}
