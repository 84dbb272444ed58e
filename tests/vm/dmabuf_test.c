/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mapping and syncing a dmabuf that can be mapped, by functions within the library: no sample driver has one, so
 * the kernel's udmabuf makes it, of memory that this test fills. And a software GPU that has one behind a BAR.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio/display.h"
#include "vfio_test.h"

#define SIZE 65536

static unsigned char *memory;

static int make_dmabuf(void)
{
	struct udmabuf_create create = {.size = SIZE};
	int memfd = memfd_create("pixels", MFD_ALLOW_SEALING | MFD_CLOEXEC), device_fd = open("/dev/udmabuf", O_RDWR), fd;

	ck_assert_int_ge(device_fd, 0);
	ck_assert_int_ge(memfd, 0);
	ck_assert_int_eq(ftruncate(memfd, SIZE), 0);
	ck_assert_int_eq(fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	create.memfd = (uint32_t)memfd;
	fd = ioctl(device_fd, UDMABUF_CREATE, &create);
	ck_assert_int_ge(fd, 0);
	close(memfd);
	close(device_fd);
	return fd;
}

START_TEST(map_and_sync)
{
	struct vgpu_context *ctx = new_context();
	int before = count_fds(), fd = make_dmabuf();
	const volatile unsigned char *pixels;
	struct vgpu_mapping *mapping;
	struct vgpu_dmabuf *dmabuf;

	ck_assert_int_eq(vg_dmabuf_make(ctx, "udmabuf", 7, fd, &dmabuf), 0);
	ck_assert_uint_eq(vgpu_dmabuf_get_id(dmabuf), 7);
	ck_assert_int_eq(vg_mapping_of_fd(vgpu_dmabuf_get_fd(dmabuf), SIZE - 100, &mapping), 0);
	ck_assert_uint_eq(vgpu_mapping_get_size(mapping), SIZE - 100);
	pixels = vgpu_mapping_get_address(mapping);
	memory[0] = 1;
	memory[SIZE - 101] = 2;
	ck_assert_int_eq(vgpu_dmabuf_start(dmabuf), 0);
	ck_assert_uint_eq(pixels[0], 1);
	ck_assert_uint_eq(pixels[SIZE - 101], 2);
	ck_assert_int_eq(vgpu_dmabuf_stop(dmabuf), 0);
	vgpu_dmabuf_unref(dmabuf);
	ck_assert_int_eq(count_fds(), before);
	ck_assert_uint_eq(pixels[0], 1);
	vgpu_mapping_unmap(mapping);
	vgpu_context_unref(ctx);
}
END_TEST

/* A plane that claims to be larger than its dmabuf is not mapped; what is no dmabuf can't be synced. */
START_TEST(not_as_it_should_be)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_dmabuf *dmabuf;
	int fd = make_dmabuf();

	ck_assert_int_eq(vg_mapping_of_fd(fd, SIZE + 1, &mapping), -EINVAL);
	ck_assert_ptr_null(mapping);
	close(fd);
	ck_assert_int_eq(vg_dmabuf_make(ctx, "no dmabuf", 0, open("/dev/null", O_RDONLY), &dmabuf), 0);
	expect_failure(ctx, vgpu_dmabuf_start(dmabuf), -ENOTTY, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_dmabuf_stop(dmabuf), -ENOTTY, VGPU_CAUSE_UNSUPPORTED);
	vgpu_dmabuf_unref(dmabuf);
	vgpu_context_unref(ctx);
}
END_TEST

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	out->id = "type";
	out->available_instances = -1;
	return i ? -ERANGE : 0;
}

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	const struct vgpu_region_info info = {.size = sizeof(info),
										  .length = SIZE,
										  .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE |
												   VGPU_REGION_FLAG_MMAP | VGPU_REGION_BACKED,
										  .fd = *(int *)data};

	(void)params, (void)request;
	return vgpu_instance_set_region(instance, VGPU_REGION_BAR0, &info);
}

/* A client maps it, and reads it by message. */
START_TEST(behind_a_region)
{
	const struct vgpu_provider_ops ops = {.size = sizeof(ops), .get_type = get_type, .create = create};
	const struct vgpu_provider_opts opts = {
		.size = sizeof(opts), .name = "dmabuf", .flags = VGPU_PROVIDER_THREAD, .socket_dir = "/tmp"};
	const struct vgpu_instance_opts which = {.size = sizeof(which), .type = "type"};
	struct vgpu_context *ctx = new_context();
	int before = count_fds(), fd = make_dmabuf();
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	struct vgpu_vfio *vfio = NULL;
	unsigned char *pixels, byte = 0;

	ck_assert_int_eq(vgpu_provider_register(ctx, &opts, &ops, &fd, &provider), 0);
	ck_assert_int_eq(vgpu_instance_create(provider, &which, &instance), 0);
	close(fd);
	ck_assert_int_eq(vgpu_vfio_open(ctx, vgpu_instance_get_socket(instance), NULL, &vfio), 0);
	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping), 0);
	pixels = vgpu_mapping_get_address(mapping);
	memory[SIZE - 1] = 7;
	ck_assert_uint_eq(pixels[SIZE - 1], 7);
	pixels[4096] = 8;
	ck_assert_uint_eq(memory[4096], 8);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR0, 4096, &byte, 1), 1);
	ck_assert_uint_eq(byte, 8);
	ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR0, 0, "\x09", 1), 1);
	ck_assert_uint_eq(memory[0], 9);
	vgpu_mapping_unmap(mapping);
	vgpu_vfio_close(vfio);
	vgpu_instance_unref(instance);
	vgpu_provider_unregister(provider);
	ck_assert_int_eq(count_fds(), before);
	vgpu_context_unref(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dmabuf");
	TCase *tcase = tcase_create("dmabuf");

	tcase_add_test(tcase, map_and_sync);
	tcase_add_test(tcase, not_as_it_should_be);
	tcase_add_test(tcase, behind_a_region);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
