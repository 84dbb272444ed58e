/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nvidia-vfio: GPUs and their functions. A listing costs three system calls a function, and unless it is brief one
 * more, and another for each that has a vGPU; where there are other devices beside the functions, yet one more each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "backend/nvidia_vfio.h"
#include "util/path.h"

#define DRIVER_DIR "bus/pci/drivers/" NVIDIA_DRIVER

static void gpu_free(void *data)
{
	struct vg_nvidia_gpu *gpu = data;

	vg_vfs_free(&gpu->vfs);
	free(gpu);
}

void vg_nvidia_gpus_free(struct vg_nvidia_gpus *gpus)
{
	vg_vec_clear(&gpus->vec, gpu_free);
	free(gpus->all);
	gpus->all = NULL;
}

int vg_nvidia_current(int dirfd, const char *vf, unsigned *type)
{
	char path[VG_PATH_SIZE];
	uint64_t value;
	int r;

	if (vg_strf(path, sizeof(path), "%s/" NVIDIA_CURRENT, vf) < 0)
		return -ENAMETOOLONG;
	r = vg_read_u64(dirfd, path, 10, UINT32_MAX, &value);
	if (r == 0)
		*type = (unsigned)value;
	return r;
}

/* Older drivers cut functions into mdevs. */
static bool has_mdevs(const struct vg_vfs *vfs)
{
	char path[VG_NAME_SIZE];

	if (!vfs->count)
		return false;
	vg_strf(path, sizeof(path), "%s/mdev_supported_types", vfs->items[0].name);
	return vg_exists(vfs->fd, path);
}

static int add_gpu(struct vgpu_context *ctx, const char *address, struct vg_nvidia_gpus *out)
{
	struct vg_nvidia_gpu *gpu = calloc(1, sizeof(*gpu));
	char path[VG_PATH_SIZE];
	uint64_t total;
	int r = gpu ? vg_pci_path(ctx, address, gpu->path) : -ENOMEM;

	if (r == 0 && vg_strf(path, sizeof(path), "%s/sriov_totalvfs", gpu->path) < 0)
		r = -ENAMETOOLONG;
	if (r == 0)
		r = vg_read_u64(AT_FDCWD, path, 10, UINT16_MAX, &total);
	if (r == 0 && total == 0)
		r = -ENODEV;
	if (r == 0) {
		r = vg_vfs_read(gpu->path, &gpu->vfs);
		if (r == 0 && has_mdevs(&gpu->vfs))
			r = -ENODEV;
		if (r == 0)
			r = vg_vec_add(&out->vec, gpu);
		if (r)
			vg_vfs_free(&gpu->vfs);
	}
	if (r)
		free(gpu);
	return r == -ENOMEM ? r : 0; /* anything else: it is none of these, or just going */
}

static int cmp_names(const void *a, const void *b)
{
	return strcmp(((const struct vg_dirent *)a)->name, ((const struct vg_dirent *)b)->name);
}

static bool is_known_vf(const struct vg_nvidia_gpus *gpus, const char *name)
{
	size_t i;

	for (i = 0; i < gpus->vec.count; i++)
		if (vg_vfs_find(&((const struct vg_nvidia_gpu *)gpus->vec.items[i])->vfs, name))
			return true;
	return false;
}

/* A physical function comes before its virtual ones, so that most of these need not be looked at. */
static int add_all(struct vgpu_context *ctx, struct vg_entries *entries, struct vg_nvidia_gpus *out)
{
	char address[VG_PCI_SIZE];
	size_t i;
	int r = 0;

	if (entries->count)
		qsort(entries->items, entries->count, sizeof(*entries->items), cmp_names);
	for (i = 0; r == 0 && i < entries->count; i++)
		if (vg_pci_parse(entries->items[i].name, address) == 0 && !is_known_vf(out, address))
			r = add_gpu(ctx, address, out);
	return r;
}

int vg_nvidia_gpus_read(struct vgpu_context *ctx, const char *only, struct vg_nvidia_gpus *out)
{
	struct vg_nvidia_gpus gpus = {0};
	struct vg_entries entries;
	char path[VG_PATH_SIZE];
	size_t i;
	int r;

	vg_strf(path, sizeof(path), "%s/" DRIVER_DIR, ctx->sys);
	if (only) {
		vg_strf(path, sizeof(path), "%s/" DRIVER_DIR "/%s", ctx->sys, vg_basename(only));
		r = vg_exists(AT_FDCWD, path) ? add_gpu(ctx, vg_basename(only), &gpus) : 0;
	} else {
		r = vg_entries_read(AT_FDCWD, path, &entries);
		if (r == -ENOENT) {
			*out = gpus;
			return 0; /* its driver is not loaded */
		}
		if (r == 0) {
			r = add_all(ctx, &entries, &gpus);
			vg_entries_free(&entries);
		}
	}
	if (r == 0) {
		gpus.all = calloc(gpus.vec.count + 1, sizeof(*gpus.all));
		r = gpus.all ? 0 : -ENOMEM;
	}
	for (i = 0; r == 0 && i < gpus.vec.count; i++)
		gpus.all[i] = ((const struct vg_nvidia_gpu *)gpus.vec.items[i])->vfs;
	if (r)
		vg_nvidia_gpus_free(&gpus);
	else
		*out = gpus;
	return r;
}
