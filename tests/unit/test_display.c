/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Displays and EDID regions as none of the kernel's samples has them: both sources at once, numbers that make no sense,
 * descriptors that are none. ioctl is ours here; the device's regions lie in a real file, which is read and mapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "run_suite.h"

#define PICTURE 9 /* the region with pixels */
#define EDID 20   /* beyond the number of regions */
#define PICTURE_AT 65536
#define PICTURE_SIZE 65536
#define EDID_AT 4096

/* The driver. */
static struct {
	bool has_region, has_dmabuf;
	struct vfio_device_gfx_plane_info plane; /* what it says of any plane */
	int fails, fails_with;                   /* so many questions fail so */
	uint32_t picture_flags;
	uint64_t edid_size; /* of the region; 0: it has none */
	int bad_fd;         /* answered for each dmabuf; 0: a file of its own */
	atomic_int asked[256];
} driver;

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;
static int file;

int __wrap_ioctl(int fd, unsigned long request, ...);

static int refuse(int err)
{
	errno = err;
	return -1;
}

static int region_info(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_type cap = {
		{VFIO_REGION_INFO_CAP_TYPE, 1, 0}, VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID};

	switch (info->index) {
	case PICTURE:
		info->size = PICTURE_SIZE;
		info->offset = PICTURE_AT;
		info->flags = driver.picture_flags;
		return 0;
	case EDID:
		if (!driver.edid_size)
			return refuse(EINVAL);
		info->size = driver.edid_size;
		info->offset = EDID_AT;
		info->flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE | VGPU_REGION_FLAG_CAPS;
		if (info->argsz >= sizeof(*info) + sizeof(cap)) {
			info->cap_offset = sizeof(*info);
			memcpy(info + 1, &cap, sizeof(cap));
		}
		info->argsz = sizeof(*info) + sizeof(cap);
		return 0;
	default:
		return refuse(EINVAL);
	}
}

static int query_plane(struct vfio_device_gfx_plane_info *info)
{
	bool is_region = info->flags & VFIO_GFX_PLANE_TYPE_REGION;

	if (!(is_region ? driver.has_region : driver.has_dmabuf))
		return refuse(EINVAL);
	if (info->flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return 0;
	if (driver.fails) {
		driver.fails--;
		return refuse(driver.fails_with);
	}
	driver.plane.argsz = info->argsz;
	driver.plane.flags = info->flags;
	*info = driver.plane;
	return 0;
}

/* A file whose first byte is the id. */
static int get_dmabuf(uint32_t id)
{
	unsigned char first = (unsigned char)id;
	int fd;

	driver.asked[first]++;
	if (driver.bad_fd)
		return driver.bad_fd;
	fd = memfd_create("dmabuf", 0);
	if (fd < 0 || ftruncate(fd, PICTURE_SIZE) || pwrite(fd, &first, 1, 0) != 1)
		return -1;
	return fd;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct vfio_device_info *info;
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		info = arg;
		info->num_regions = 10;
		info->num_irqs = 0;
		info->flags = VFIO_DEVICE_FLAGS_PCI;
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_QUERY_GFX_PLANE:
		return query_plane(arg);
	case VFIO_DEVICE_GET_GFX_DMABUF:
		return get_dmabuf(*(uint32_t *)arg);
	default:
		return refuse(ENOTTY);
	}
}

static void set_up(void)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	memset(&driver, 0, sizeof(driver));
	driver.has_region = driver.has_dmabuf = true;
	driver.picture_flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_MMAP;
	driver.plane = (struct vfio_device_gfx_plane_info){
		.drm_format = VGPU_FORMAT_XRGB8888, .width = 64, .height = 64, .stride = 256, .size = PICTURE_SIZE};
	driver.plane.region_index = PICTURE;
	file = memfd_create("device", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(file, PICTURE_AT + PICTURE_SIZE), 0);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	fds.name = "0000:00:01.0";
	fds.device_fd = file;
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), 0);
}

static void tear_down(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
	close(file);
}

static struct vgpu_display *open_display(uint32_t source)
{
	struct vgpu_display_opts opts = {.size = sizeof(opts), .source = source};
	struct vgpu_display *display;

	ck_assert_int_eq(vgpu_display_open(vfio, &opts, &display), 0);
	return display;
}

static void expect_cause(enum vgpu_cause cause)
{
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), cause);
}

static void expect_no_plane(struct vgpu_display *display, int wanted, enum vgpu_cause cause)
{
	struct vgpu_plane *plane = NULL;

	ck_assert_int_eq(vgpu_plane_find(display, VGPU_PLANE_CURSOR, &plane), wanted);
	ck_assert(!plane);
	expect_cause(cause);
}

static struct vgpu_plane *find_plane(struct vgpu_display *display)
{
	struct vgpu_plane *plane;

	ck_assert_int_ge(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane), 0);
	return plane;
}

START_TEST(display_sources)
{
	struct vgpu_display *display;

	set_up();
	display = open_display(VGPU_DISPLAY_AUTO);
	ck_assert_int_eq(vgpu_display_get_source(display), VGPU_DISPLAY_REGION);
	ck_assert(vgpu_display_has_region(display) && vgpu_display_has_dmabuf(display));
	vgpu_display_close(display);
	display = open_display(VGPU_DISPLAY_DMABUF);
	ck_assert_int_eq(vgpu_display_get_source(display), VGPU_DISPLAY_DMABUF);
	vgpu_display_close(display);
	tear_down();
}
END_TEST

START_TEST(display_region)
{
	struct vgpu_dmabuf *dmabuf = (void *)&driver;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_display *display;
	struct vgpu_plane *plane;

	set_up();
	display = open_display(VGPU_DISPLAY_AUTO);
	plane = find_plane(display);
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, NULL), 0);
	ck_assert_int_eq(pwrite(file, "x", 1, PICTURE_AT + 255), 1);
	ck_assert_int_eq(((const char *)vgpu_mapping_get_address(mapping))[255], 'x');
	vgpu_mapping_unmap(mapping);
	vgpu_plane_unref(plane);
	driver.plane.size++;
	expect_no_plane(display, -EPROTO, VGPU_CAUSE_BAD_DATA); /* larger than the region */
	driver.plane.size--;
	driver.plane.region_index = 77;
	expect_no_plane(display, -EPROTO, VGPU_CAUSE_BAD_DATA);
	driver.plane.region_index = PICTURE;
	driver.plane.stride = 255;
	expect_no_plane(display, -EPROTO, VGPU_CAUSE_BAD_DATA);
	driver.plane.stride = 256;
	driver.plane.drm_format_mod = 1;
	plane = find_plane(display);
	mapping = NULL;
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, &dmabuf), -EOPNOTSUPP);
	ck_assert(!mapping && !dmabuf);
	expect_cause(VGPU_CAUSE_NOT_MAPPABLE);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	tear_down();
}
END_TEST

START_TEST(display_errors)
{
	struct vgpu_display *display;

	set_up();
	display = open_display(VGPU_DISPLAY_AUTO);
	driver.fails = 1;
	driver.fails_with = ENOMEM;
	vgpu_plane_unref(find_plane(display));
	driver.fails = 2;
	expect_no_plane(display, -ENOMEM, VGPU_CAUSE_NO_MEMORY);
	driver.fails = 1;
	driver.fails_with = EINVAL;
	expect_no_plane(display, -EINVAL, VGPU_CAUSE_REFUSED);
	driver.fails = 1;
	driver.fails_with = ENODEV;
	expect_no_plane(display, -ENODEV, VGPU_CAUSE_GONE);
	vgpu_plane_unref(find_plane(display));
	vgpu_display_close(display);
	tear_down();
}
END_TEST

START_TEST(display_dmabuf)
{
	struct vgpu_dmabuf *dmabuf = NULL, *same = NULL;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_display *display;
	struct vgpu_plane *plane;

	set_up();
	display = open_display(VGPU_DISPLAY_DMABUF);
	driver.plane.dmabuf_id = 5;
	plane = find_plane(display);
	driver.bad_fd = 900; /* not open */
	ck_assert_int_eq(vgpu_dmabuf_find(display, plane, &dmabuf), -EPROTO);
	ck_assert(!dmabuf);
	driver.bad_fd = 0;
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, &dmabuf), 0);
	ck_assert_int_eq(*(const char *)vgpu_mapping_get_address(mapping), 5);
	ck_assert_int_eq(fcntl(vgpu_dmabuf_get_fd(dmabuf), F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(vgpu_dmabuf_start(dmabuf), -ENOTTY); /* a file is none */
	vgpu_mapping_unmap(mapping);
	vgpu_plane_unref(plane);
	driver.plane.drm_format_mod = 0x0100000000000001;
	plane = find_plane(display);
	mapping = NULL;
	ck_assert_int_eq(vgpu_plane_map(display, plane, &mapping, &same), -EOPNOTSUPP);
	ck_assert(!mapping && same == dmabuf);
	ck_assert_int_eq(driver.asked[5], 2); /* once in vain */
	vgpu_dmabuf_unref(same);
	vgpu_dmabuf_unref(dmabuf);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	tear_down();
}
END_TEST

static struct vgpu_dmabuf *dmabuf_of(struct vgpu_display *display, uint32_t id)
{
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_plane *plane;

	driver.plane.dmabuf_id = id;
	plane = find_plane(display);
	ck_assert_int_eq(vgpu_dmabuf_find(display, plane, &dmabuf), 0);
	ck_assert_uint_eq(vgpu_dmabuf_get_id(dmabuf), id);
	vgpu_plane_unref(plane);
	return dmabuf;
}

/* The latest 64 that nobody holds are not asked for again; the one that is used again is among the latest. */
START_TEST(display_dmabufs_kept)
{
	struct vgpu_display *display;
	struct vgpu_dmabuf *held;
	uint32_t id;

	set_up();
	display = open_display(VGPU_DISPLAY_DMABUF);
	held = dmabuf_of(display, 1);
	for (id = 2; id <= 100; id++) {
		vgpu_dmabuf_unref(dmabuf_of(display, id));
		vgpu_dmabuf_unref(dmabuf_of(display, 2));
	}
	ck_assert_int_eq(driver.asked[2], 1);
	vgpu_dmabuf_unref(dmabuf_of(display, 1));
	ck_assert_int_eq(driver.asked[1], 1);
	for (id = 100; id > 40; id--) {
		vgpu_dmabuf_unref(dmabuf_of(display, id));
		ck_assert_int_eq(driver.asked[id], 1);
	}
	vgpu_dmabuf_unref(dmabuf_of(display, 10));
	ck_assert_int_eq(driver.asked[10], 2);
	vgpu_dmabuf_unref(held);
	vgpu_display_close(display);
	tear_down();
}
END_TEST

static void *use_display(void *data)
{
	struct vgpu_dmabuf *dmabuf;
	struct vgpu_plane *plane;
	intptr_t bad = 0;
	int i;

	for (i = 0; i < 500; i++) {
		if (vgpu_plane_find(data, i % 3 ? VGPU_PLANE_PRIMARY : VGPU_PLANE_CURSOR, &plane) < 0) {
			bad++;
			continue;
		}
		if (vgpu_dmabuf_find(data, plane, &dmabuf))
			bad++;
		else
			vgpu_dmabuf_unref(dmabuf);
		vgpu_plane_unref(plane);
	}
	return (void *)bad;
}

START_TEST(display_threads)
{
	struct vgpu_display *display;
	pthread_t threads[4];
	void *bad;
	int i;

	set_up();
	display = open_display(VGPU_DISPLAY_DMABUF);
	driver.plane.argsz = sizeof(driver.plane);
	driver.plane.dmabuf_id = 3;
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_display, display), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &bad);
		ck_assert_ptr_null(bad);
	}
	ck_assert_int_eq(driver.asked[3], 1);
	vgpu_display_close(display);
	tear_down();
}
END_TEST

static void write_registers(uint32_t offset, uint32_t max_size, uint32_t size, uint32_t link)
{
	struct vfio_region_gfx_edid regs = {
		.edid_offset = offset, .edid_max_size = max_size, .edid_size = size, .link_state = link};

	ck_assert_int_eq(pwrite(file, &regs, sizeof(regs), EDID_AT), sizeof(regs));
}

START_TEST(edid_hostile)
{
	static const struct {
		uint64_t region;
		uint32_t offset, max_size;
	} bad[] = {{4096, 0, 256},    {4096, 20, 256},        {4096, 25, 256},        {4096, 4096, 1},
			   {4096, 3841, 256}, {4096, 64, 4096},       {4096, 64, 0xffffffff}, {4096, 0xffffffff, 256},
			   {16, 64, 256},     {0x1000, 0xfffffffc, 4}};
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = 640, .height = 480};
	struct vfio_region_gfx_edid before, after;
	unsigned char blob[VGPU_EDID_BLOCK_SIZE];
	struct vgpu_edid *edid = NULL;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_up();
		ck_assert_int_eq(vgpu_edid_make(ctx, &mode, blob), 0);
		driver.edid_size = bad[i].region;
		write_registers(bad[i].offset, bad[i].max_size, 128, 1);
		ck_assert_int_eq(pread(file, &before, sizeof(before), EDID_AT), sizeof(before));
		ck_assert_msg(vgpu_edid_find(vfio, &edid) == -EPROTO && !edid, "number %zu is believed", i);
		expect_cause(VGPU_CAUSE_BAD_DATA);
		ck_assert_int_eq(vgpu_edid_set(vfio, blob, sizeof(blob), NULL), -EPROTO);
		if (bad[i].region < sizeof(before))
			ck_assert_int_eq(vgpu_edid_set_link(vfio, VGPU_LINK_DOWN), -EPROTO);
		ck_assert_int_eq(pread(file, &after, sizeof(after), EDID_AT), sizeof(after));
		ck_assert(memcmp(&before, &after, sizeof(before)) == 0);
		tear_down();
	}
}
END_TEST

/* To the last byte of the region, which lies beyond the regions that the driver counts. */
START_TEST(edid_at_the_end)
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = 4000, .height = 2000};
	struct vgpu_edid_set_opts opts = {.size = sizeof(opts), .wait_ms = 1};
	unsigned char blob[VGPU_EDID_BLOCK_SIZE];
	struct vgpu_edid *edid;

	set_up();
	driver.edid_size = 512;
	write_registers(512 - sizeof(blob), sizeof(blob), 0, 0);
	ck_assert_int_eq(vgpu_edid_make(ctx, &mode, blob), 0);
	ck_assert_int_eq(vgpu_edid_set(vfio, blob, sizeof(blob), &opts), 0);
	ck_assert_int_eq(vgpu_edid_find(vfio, &edid), 0);
	ck_assert_uint_eq(vgpu_edid_get_region(edid), EDID);
	ck_assert_int_eq(vgpu_edid_get_link(edid), VGPU_LINK_UP);
	ck_assert_uint_eq(vgpu_edid_get_max_width(edid), 0);
	ck_assert_uint_eq(vgpu_edid_get_blob_size(edid), sizeof(blob));
	ck_assert_mem_eq(vgpu_edid_get_blob(edid), blob, sizeof(blob));
	vgpu_edid_unref(edid);
	tear_down();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {display_sources, display_region,       display_errors,
								  display_dmabuf,  display_dmabufs_kept, display_threads,
								  edid_hostile,    edid_at_the_end,      NULL};

	return run_suite("display", tests);
}
