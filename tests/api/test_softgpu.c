/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both ends of vfio-user by the public API alone: a softgpu provider, and a client that opens its vGPUs. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "run_suite.h"

#define UUID "c0ffee00-0000-4000-8000-000000000001"
#define MIB ((size_t)1 << 20)

struct pair {
	char dir[64];
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance[2];
	struct vgpu_vfio *vfio[2];
};

static void set_up(struct pair *pair, uint32_t flags)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "softgpu-0", .flags = VGPU_PROVIDER_THREAD | flags};
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = UUID, .type = "softgpu-16"};
	uint32_t i;

	*pair = (struct pair){.dir = "/tmp/vgpu-pair.XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(pair->dir));
	opts.socket_dir = pair->dir;
	ck_assert_int_eq(vgpu_context_new(NULL, &pair->ctx), 0);
	ck_assert_int_eq(vgpu_softgpu_register(pair->ctx, &opts, 0, &pair->provider), 0);
	for (i = 0; i < 2; i++) {
		which.instance = i;
		ck_assert_int_eq(vgpu_instance_create(pair->provider, &which, &pair->instance[i]), 0);
		ck_assert_int_eq(vgpu_vfio_open(pair->ctx, vgpu_instance_get_socket(pair->instance[i]), NULL, &pair->vfio[i]),
						 0);
	}
}

static void tear_down(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		vgpu_vfio_close(pair->vfio[i]);
		vgpu_instance_unref(pair->instance[i]);
	}
	vgpu_provider_unregister(pair->provider);
	vgpu_context_unref(pair->ctx);
	ck_assert_int_eq(rmdir(pair->dir), 0);
}

static void write_value(struct vgpu_vfio *vfio, uint32_t region, uint64_t offset, uint32_t width, uint64_t value)
{
	ck_assert_int_eq(vgpu_region_write_value(vfio, region, offset, width, value), 0);
}

static uint64_t read_value(struct vgpu_vfio *vfio, uint32_t region, uint64_t offset, uint32_t width)
{
	uint64_t value = 0;

	ck_assert_int_eq(vgpu_region_read_value(vfio, region, offset, width, &value), 0);
	return value;
}

static void copy(struct vgpu_vfio *vfio, uint64_t source, uint64_t target, uint32_t length, uint32_t command)
{
	struct pollfd ready = {.fd = vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSI, 0), .events = POLLIN};
	struct pollfd more = {.events = POLLIN};
	uint64_t n;
	int tries;

	if (vgpu_vfio_start_events(vfio, &more.fd))
		more.fd = -1;
	write_value(vfio, 4, 0x10, 8, source);
	write_value(vfio, 4, 0x18, 8, target);
	write_value(vfio, 4, 0x20, 4, length);
	write_value(vfio, 4, 0x08, 4, command);
	for (tries = 0; tries < 5000 && poll(&ready, 1, 1) == 0; tries++) {
		uint32_t events;

		ck_assert_int_eq(vgpu_vfio_process(vfio, &events), 0); /* what the server asks for */
	}
	ck_assert_int_eq(read(ready.fd, &n, sizeof(n)), sizeof(n));
	ck_assert_uint_eq(read_value(vfio, 4, 0x0c, 4), 2);
}

/* The main job: map, draw, copy by DMA with an interrupt; memory with a descriptor and without. */
START_TEST(main_job)
{
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_dma_range range = {.size = sizeof(range), .length = 2 * MIB, .flags = VGPU_DMA_READ | VGPU_DMA_WRITE};
	struct pair pair;
	unsigned char *memory, *frame;
	size_t i;
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	set_up(&pair, _i == 2 ? VGPU_PROVIDER_NO_MAP : 0);
	ck_assert_int_eq(ftruncate(fd, 2 * MIB), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	memory = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	range.address = memory;
	range.fd = fd;
	if (_i == 0)
		range.flags |= VGPU_DMA_FD;
	ck_assert_int_eq(vgpu_dma_map_ranges(vgpu_vfio_get_dma(pair.vfio[0]), &range, 1, 0), 0);
	ck_assert_int_eq(vgpu_irq_enable(pair.vfio[0], VGPU_IRQ_MSI, 0, 1, NULL), 0);
	for (i = 0; i < MIB; i++)
		memory[i] = (unsigned char)(i * 31 + i / 999);
	copy(pair.vfio[0], 0, 0, MIB, 0x101);
	copy(pair.vfio[0], 0, MIB, MIB, 0x201);
	ck_assert_int_eq(memcmp(memory, memory + MIB, MIB), 0);
	if (_i == 2) {
		ck_assert_int_lt(vgpu_region_map(pair.vfio[0], 0, NULL, &mapping), 0);
		frame = malloc(MIB);
		ck_assert_int_eq(vgpu_region_read(pair.vfio[0], 0, 0, frame, MIB), MIB);
		ck_assert_int_eq(memcmp(frame, memory, MIB), 0);
		free(frame);
	} else {
		ck_assert_int_eq(vgpu_region_map(pair.vfio[0], 0, NULL, &mapping), 0);
		frame = vgpu_mapping_get_address(mapping);
		ck_assert_int_eq(memcmp(frame, memory, MIB), 0);
		vgpu_mapping_unmap(mapping);
	}
	ck_assert_int_eq(vgpu_dma_unmap(vgpu_vfio_get_dma(pair.vfio[0]), 0, 2 * MIB), 0);
	tear_down(&pair);
	munmap(memory, 2 * MIB);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("softgpu");
	TCase *tcase = tcase_create("softgpu");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, main_job, 0, 3);
	return run_checks(suite);
}
