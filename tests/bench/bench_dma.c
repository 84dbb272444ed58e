/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mapping for DMA costs beside the two bare ioctls: bench_dma DEVICE WORD
 *
 * Maps and unmaps a page among 1000 other mappings, by vgpu_dma_map() and vgpu_dma_unmap() and by ioctl(2) on the same
 * table, on each access path that the host has. WORD says in the report what the device is: for an mdev the kernel
 * only notes the mapping, for others it locks memory and sets up the IOMMU. Turns alternate within one run; figures are
 * medians of the turns.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <vgpu/vgpu.h>

#include "bench.h"
#include "sys/uapi.h"

#define TURNS 2001
#define PAIRS 50
#define OTHERS 1000
#define PAGE 4096u
#define IOVA ((uint64_t)1 << 32)

static int fail(struct vgpu_context *ctx, const char *what)
{
	struct vgpu_error *error = vgpu_context_get_error(ctx);

	fprintf(stderr, "bench_dma: %s: %s: %s\n", what, vgpu_error_get_path(error), vgpu_error_get_message(error));
	return EXIT_FAILURE;
}

static int bare_group(const struct vgpu_vfio *vfio, void *page)
{
	const int fd = vgpu_vfio_get_container_fd(vfio);
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
										   .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
										   .vaddr = (uintptr_t)page,
										   .iova = IOVA,
										   .size = PAGE};
	struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof(unmap), .iova = IOVA, .size = PAGE};

	return ioctl(fd, VFIO_IOMMU_MAP_DMA, &map) || ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

static int bare_iommufd(const struct vgpu_vfio *vfio, void *page)
{
	const int fd = vgpu_vfio_get_iommufd(vfio);
	struct vg_iommu_ioas_map map = {.size = sizeof(map),
									.flags = VG_IOMMU_IOAS_MAP_FIXED_IOVA | VG_IOMMU_IOAS_MAP_READABLE |
											 VG_IOMMU_IOAS_MAP_WRITEABLE,
									.ioas_id = vgpu_vfio_get_ioas_id(vfio),
									.user_va = (uintptr_t)page,
									.length = PAGE,
									.iova = IOVA};
	struct vg_iommu_ioas_unmap unmap = {.size = sizeof(unmap), .ioas_id = map.ioas_id, .iova = IOVA, .length = PAGE};

	return ioctl(fd, VG_IOMMU_IOAS_MAP, &map) || ioctl(fd, VG_IOMMU_IOAS_UNMAP, &unmap);
}

static int bench_path(struct vgpu_context *ctx, struct vgpu_vfio *vfio, unsigned char *memory, const char *word)
{
	static int64_t ours[TURNS], bare[TURNS];
	struct vgpu_dma *dma = vgpu_vfio_get_dma(vfio);
	const int by_group = vgpu_vfio_get_access(vfio) == VGPU_ACCESS_GROUP;
	int64_t start;
	uint64_t at;
	char what[80];
	int turn, i;

	for (at = 0; at < OTHERS; at++)
		if (vgpu_dma_map(dma, (at + 1) * 2 * PAGE, memory + at * PAGE, PAGE, VGPU_DMA_READ))
			return fail(ctx, "others");
	for (turn = 0; turn < TURNS; turn++) {
		start = bench_now_ns();
		for (i = 0; i < PAIRS; i++)
			if (vgpu_dma_map(dma, IOVA, memory, PAGE, VGPU_DMA_READ | VGPU_DMA_WRITE) ||
				vgpu_dma_unmap(dma, IOVA, PAGE))
				return fail(ctx, "map");
		ours[turn] = bench_now_ns() - start;
		start = bench_now_ns();
		for (i = 0; i < PAIRS; i++)
			if (by_group ? bare_group(vfio, memory) : bare_iommufd(vfio, memory))
				return EXIT_FAILURE;
		bare[turn] = bench_now_ns() - start;
	}
	snprintf(what, sizeof(what), "map + unmap (%s, %s), by bare ioctls", word, by_group ? "group" : "iommufd");
	bench_report(what, ours, bare, TURNS, PAIRS, 1.10);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts)};
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	void *memory = mmap(NULL, OTHERS * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int r;

	if (argc != 3 || memory == MAP_FAILED) {
		fprintf(stderr, "usage: bench_dma DEVICE WORD\n");
		return 2;
	}
	if (vgpu_context_new(NULL, &ctx))
		return EXIT_FAILURE;
	for (opts.access = VGPU_ACCESS_GROUP;; opts.access = VGPU_ACCESS_IOMMUFD) {
		r = vgpu_vfio_open(ctx, argv[1], &opts, &vfio);
		if (r == -EOPNOTSUPP && opts.access == VGPU_ACCESS_IOMMUFD) {
			r = EXIT_SUCCESS;
			break;
		}
		if (r)
			return fail(ctx, "open");
		r = bench_path(ctx, vfio, memory, argv[2]);
		vgpu_vfio_close(vfio);
		if (r || opts.access == VGPU_ACCESS_IOMMUFD)
			break;
	}
	vgpu_context_unref(ctx);
	return r;
}
