/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory runs out: each allocation of each call on an opened device fails in turn; nothing may stay open. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "vfio_test.h"

#define PAGE ((uint64_t)4096)

/* glibc's own names of the functions that stand here in front of them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/* The library must find them. */
#define SEEN __attribute__((visibility("default")))

static bool armed;
static long left; /* allocations until one fails */

static bool fails(void)
{
	return armed && left-- == 0;
}

SEEN void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

SEEN void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

SEEN void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

/* The calls themselves assert nothing: check allocates too. */
struct things {
	const char *mtty; /* held by vfio */
	const char *mdpy;
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	enum vgpu_access access;
	int null_fd;
};

static int try_open(struct things *things)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = things->access};
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_vfio_open(things->ctx, things->mdpy, &opts, &vfio);

	vgpu_vfio_close(vfio);
	return (r == 0) == (vfio != NULL) ? r : -EPROTO;
}

static int try_busy(struct things *things)
{
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_vfio_open(things->ctx, things->mtty, NULL, &vfio);

	return r == -EBUSY && !vfio ? 0 : r;
}

static int try_fds(struct things *things)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	struct vgpu_vfio *vfio = NULL;
	int r;

	fds.name = things->mtty;
	if (things->access == VGPU_ACCESS_GROUP) {
		fds.group_fd = vgpu_vfio_get_group_fd(things->vfio);
		fds.container_fd = vgpu_vfio_get_container_fd(things->vfio);
	} else {
		fds.device_fd = vgpu_vfio_get_device_fd(things->vfio);
	}
	r = vgpu_vfio_open_fds(things->ctx, &fds, &vfio);
	vgpu_vfio_close(vfio);
	return r;
}

/* Opened while no allocation fails; so that each try begins with a device that knows nothing yet. */
static struct vgpu_vfio *open_unarmed(const struct things *things, const char *variable)
{
	struct vgpu_vfio *vfio;
	bool was_armed = armed;

	armed = false;
	vfio = open_with(things->ctx, variable, things->access, NULL);
	armed = was_armed;
	return vfio;
}

static int try_regions(struct things *things)
{
	struct vgpu_vfio *vfio = open_unarmed(things, "MDPY");
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_region *region = NULL;
	struct vgpu_irq *irq = NULL;
	int r = vgpu_region_find(vfio, 16, &region);

	if (r == 0)
		r = vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping);
	if (r == 0)
		r = vgpu_irq_find(vfio, 0, &irq);
	vgpu_mapping_unmap(mapping);
	vgpu_region_unref(region);
	vgpu_irq_unref(irq);
	vgpu_vfio_close(vfio);
	return r;
}

/* On a kernel without migration, the way to the answer. */
static int try_migration(struct things *things)
{
	struct vgpu_migration *session = NULL;
	int r = vgpu_migration_open(things->vfio, &session);

	if (r == 0)
		r = vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY);
	vgpu_migration_close(session);
	if (r == 0)
		r = vgpu_migration_save(things->vfio, things->null_fd, NULL);
	return r == -EOPNOTSUPP ? 0 : r;
}

static int try_reset(struct things *things)
{
	struct vgpu_vfio *vfio = open_unarmed(things, "NVME");
	struct vgpu_reset_set *set = NULL;
	int r = vgpu_reset_set_find(vfio, &set);

	if (r == 0)
		r = vgpu_vfio_hot_reset(vfio);
	vgpu_reset_set_unref(set);
	vgpu_vfio_close(vfio);
	return r;
}

static int try_display(struct things *things)
{
	struct vgpu_vfio *vfio = open_unarmed(things, "MDPY");
	struct vgpu_display *display = NULL;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_plane *plane = NULL;
	int r = vgpu_display_open(vfio, NULL, &display);

	if (r == 0)
		r = vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane);
	if (r >= 0)
		r = vgpu_plane_map(display, plane, &mapping, NULL);
	if ((r == 0) != (mapping != NULL))
		r = -EPROTO;
	vgpu_mapping_unmap(mapping);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	vgpu_vfio_close(vfio);
	return r;
}

/* A mode is set by its registers (640, 480, 32 bits, on). */
static int try_dmabuf(struct things *things)
{
	struct vgpu_vfio *vfio = open_unarmed(things, "MBOCHS");
	struct vgpu_display *display = NULL;
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_dmabuf *dmabuf = NULL;
	struct vgpu_plane *plane = NULL;
	const uint64_t vbe[] = {640, 480, 32, 1};
	int r = 0;
	size_t i;

	for (i = 0; r == 0 && i < 4; i++)
		r = vgpu_region_write_value(vfio, VGPU_REGION_BAR2, 0x502 + 2 * i, 2, vbe[i]);
	if (r == 0)
		r = vgpu_display_open(vfio, NULL, &display);
	if (r == 0)
		r = vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane);
	if (r >= 0)
		r = vgpu_plane_map(display, plane, &mapping, &dmabuf);
	if (mapping || (r == -EOPNOTSUPP) != (dmabuf != NULL))
		r = -EPROTO;
	vgpu_dmabuf_unref(dmabuf);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	vgpu_vfio_close(vfio);
	return r == -EOPNOTSUPP ? 0 : r; /* this driver's dmabufs can't be mapped */
}

static int try_edid(struct things *things)
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = 640, .height = 480};
	struct vgpu_edid_set_opts opts = {.size = sizeof(opts), .flags = VGPU_EDID_LEAVE_DOWN};
	struct vgpu_vfio *vfio = open_unarmed(things, "MBOCHS");
	unsigned char blob[VGPU_EDID_BLOCK_SIZE];
	struct vgpu_edid *edid = NULL;
	int r = vgpu_edid_make(things->ctx, &mode, blob);

	if (r == 0)
		r = vgpu_edid_set(vfio, blob, sizeof(blob), &opts);
	if (r == 0)
		r = vgpu_edid_find(vfio, &edid);
	if ((r == 0) != (edid != NULL))
		r = -EPROTO;
	vgpu_edid_unref(edid);
	vgpu_vfio_close(vfio);
	return r;
}

/* The same, joining a DMA object with mappings. */
static int try_join(struct things *things)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = things->access};
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_dma_new(things->ctx, &opts.dma);

	if (r == 0)
		r = vgpu_dma_map(opts.dma, PAGE, (void *)(uintptr_t)PAGE, PAGE, VGPU_DMA_READ);
	if (r == 0)
		r = vgpu_vfio_open(things->ctx, things->mdpy, &opts, &vfio);
	vgpu_vfio_close(vfio);
	vgpu_dma_unref(opts.dma);
	return r;
}

/* A layout with a file, a free place, limits, dirty pages. Whatever fails, the object is empty afterwards. */
static int try_dma(struct things *things)
{
	unsigned char *at = (unsigned char *)(uintptr_t)(64 * PAGE);
	const struct vgpu_dma_range ranges[] = {
		{sizeof(ranges[0]), PAGE, at, PAGE, VGPU_DMA_READ, 0, 0},
		{sizeof(ranges[0]), 3 * PAGE, at, PAGE, VGPU_DMA_READ | VGPU_DMA_FD, vgpu_vfio_get_device_fd(things->vfio), 0},
		{sizeof(ranges[0]), 2 * PAGE, at + PAGE, PAGE, VGPU_DMA_READ, 0, 0},
	};
	struct vgpu_dma *dma = vgpu_vfio_get_dma(things->vfio);
	struct vgpu_dma_range found = {.size = sizeof(found)};
	struct vgpu_dma_limits *limits = NULL;
	struct vgpu_dma_bitmap bitmap;
	uint64_t iova, bits;
	int r = vgpu_dma_limits_find(dma, &limits);

	vgpu_dma_limits_unref(limits);
	if (r == 0)
		r = vgpu_dma_map_ranges(dma, ranges, 3, VGPU_DMA_MERGE);
	if (r && vgpu_dma_find(dma, PAGE, &found, NULL) != -ENOENT)
		return -EPROTO;
	if (r == 0)
		r = vgpu_dma_map_anywhere(dma, at, PAGE, VGPU_DMA_READ, &iova);
	if (r == 0) {
		r = vgpu_dma_map(dma, PAGE, at, PAGE, VGPU_DMA_READ);
		r = r == -EEXIST ? 0 : r;
	}
	if (r == 0 && things->access == VGPU_ACCESS_GROUP) {
		bitmap = (struct vgpu_dma_bitmap){sizeof(bitmap), PAGE, &bits, sizeof(bits)};
		r = vgpu_dma_dirty_start(dma);
		if (r == 0)
			r = vgpu_dma_dirty_read(dma, PAGE, 2 * PAGE, &bitmap);
		vgpu_dma_dirty_stop(dma);
	}
	return vgpu_dma_unmap_all(dma) ? -EPROTO : r;
}

START_TEST(no_memory)
{
	int (*const calls[])(struct things *) = {try_open,    try_busy,   try_fds,  try_regions, try_migration, try_reset,
											 try_display, try_dmabuf, try_edid, try_join,    try_dma};
	struct things things = {
		.mtty = device("MTTY"), .mdpy = device("MDPY"), .ctx = new_context(), .access = path_of(_i)};
	int before, r;
	size_t i;
	long n;

	things.vfio = open_with(things.ctx, "MTTY", things.access, NULL);
	things.null_fd = open("/dev/null", O_WRONLY);
	ck_assert_int_ge(things.null_fd, 0);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		before = count_fds();
		for (n = 0; n < 10000; n++) {
			left = n;
			armed = true;
			r = calls[i](&things);
			armed = false;
			ck_assert_msg(r == 0 || r == -ENOMEM, "call %zu, allocation %ld: %d", i, n, r);
			ck_assert_int_eq(count_fds(), before);
			if (left >= 0) /* none was refused */
				break;
		}
		ck_assert_int_eq(r, 0);
		ck_assert_int_gt(n, 0);
	}
	close(things.null_fd);
	vgpu_vfio_close(things.vfio);
	vgpu_context_unref(things.ctx);
}
END_TEST

void add_alloc_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("alloc");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, no_memory, 0, paths);
	suite_add_tcase(suite, tcase);
}
