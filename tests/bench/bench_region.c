/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What region access costs beside the bare system call and the bare pointer: bench_region DEVICE REGION
 *
 * 4 bytes of config space by vgpu_region_read() and by pread(2); and, if REGION can be mapped, loads and stores
 * through vgpu_region_map() and through mmap(2). Turns alternate within one run; figures are medians of the turns.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "bench.h"

#define TURNS 2001
#define READS 100
#define LOADS 4000
#define WORDS 1024

static int fail(struct vgpu_context *ctx, const char *what)
{
	struct vgpu_error *error = vgpu_context_get_error(ctx);

	fprintf(stderr, "bench_region: %s: %s: %s\n", what, vgpu_error_get_path(error), vgpu_error_get_message(error));
	return EXIT_FAILURE;
}

static int bench_read(struct vgpu_context *ctx, struct vgpu_vfio *vfio)
{
	static int64_t ours[TURNS], bare[TURNS];
	const int fd = vgpu_vfio_get_device_fd(vfio);
	struct vgpu_region *config;
	int64_t start;
	uint32_t value;
	off_t offset;
	int turn, i;

	if (vgpu_region_find(vfio, VGPU_REGION_CONFIG, &config))
		return fail(ctx, "config");
	offset = (off_t)vgpu_region_get_offset(config);
	vgpu_region_unref(config);
	for (turn = 0; turn < TURNS; turn++) {
		start = bench_now_ns();
		for (i = 0; i < READS; i++)
			if (vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &value, sizeof(value)) != sizeof(value))
				return fail(ctx, "read");
		ours[turn] = bench_now_ns() - start;
		start = bench_now_ns();
		for (i = 0; i < READS; i++)
			if (pread(fd, &value, sizeof(value), offset) != sizeof(value))
				return fail(ctx, "pread");
		bare[turn] = bench_now_ns() - start;
	}
	bench_report("vgpu_region_read of 4 bytes, by pread", ours, bare, TURNS, READS, 1.05);
	return EXIT_SUCCESS;
}

static int64_t touch(volatile uint32_t *words)
{
	int64_t start = bench_now_ns();
	uint32_t sum = 0, i;

	for (i = 0; i < LOADS; i++) {
		sum += words[i % WORDS];
		words[i % WORDS] = sum;
	}
	return bench_now_ns() - start;
}

static int bench_map(struct vgpu_context *ctx, struct vgpu_vfio *vfio, uint32_t index)
{
	static int64_t ours[TURNS], bare[TURNS];
	struct vgpu_mapping *mapping;
	struct vgpu_region *region;
	size_t size;
	void *plain;
	int turn;

	if (vgpu_region_find(vfio, index, &region) || vgpu_region_map(vfio, index, NULL, &mapping))
		return fail(ctx, "map");
	size = (size_t)vgpu_region_get_size(region);
	plain = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vgpu_vfio_get_device_fd(vfio),
				 (off_t)vgpu_region_get_offset(region));
	vgpu_region_unref(region);
	if (plain == MAP_FAILED || size < WORDS * 4)
		return fail(ctx, "mmap");
	for (turn = 0; turn < TURNS; turn++) {
		ours[turn] = touch(vgpu_mapping_get_address(mapping));
		bare[turn] = touch(plain);
	}
	bench_report("load + store through a map, by a plain one", ours, bare, TURNS, LOADS, 1.00);
	munmap(plain, size);
	vgpu_mapping_unmap(mapping);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	int r;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: bench_region DEVICE [REGION]\n");
		return 2;
	}
	if (vgpu_context_new(NULL, &ctx))
		return EXIT_FAILURE;
	if (vgpu_vfio_open(ctx, argv[1], NULL, &vfio))
		return fail(ctx, "open");
	r = bench_read(ctx, vfio);
	if (r == EXIT_SUCCESS && argc == 3)
		r = bench_map(ctx, vfio, (uint32_t)strtoul(argv[2], NULL, 10));
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
	return r;
}
