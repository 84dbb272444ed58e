/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory runs out in the client: each allocation of its thread fails in turn, alone, and with all that come after it.
 * Each call fails, or succeeds; afterwards nothing is left open, and what leaks AddressSanitizer and valgrind see.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"
#include "fds.h"
#include "run_suite.h"
#include "server.h"

static struct server server; /* large */
static unsigned char memory[2 * 4096] __attribute__((aligned(4096)));
static unsigned char big[70000];

static int look(struct vgpu_vfio *vfio)
{
	struct vgpu_mapping *mapping;
	struct vgpu_display *display;
	struct vgpu_plane *plane;
	int done = 0;

	if (vgpu_display_open(vfio, NULL, &display))
		return 0;
	if (vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane) == 1) {
		done++;
		if (vgpu_plane_map(display, plane, &mapping, NULL) == 0) {
			done++;
			vgpu_mapping_unmap(mapping);
		}
		vgpu_plane_unref(plane);
	}
	vgpu_display_close(display);
	return done;
}

/* Uses an opened device; returns how many calls succeeded. */
static int use(struct vgpu_vfio *vfio)
{
	struct vgpu_dma *dma = vgpu_vfio_get_dma(vfio);
	struct vgpu_mapping *mapping;
	struct vgpu_io_fds *fds;
	struct vgpu_irq *irq;
	int eventfds[2] = {-1, -1}, fd, done = 0;

	if (vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping) == 0) {
		done++;
		vgpu_mapping_unmap(mapping);
	}
	if (vgpu_io_fds_find(vfio, VGPU_REGION_BAR0, &fds) == 0) {
		done++;
		vgpu_io_fds_unref(fds);
	}
	if (vgpu_irq_find(vfio, VGPU_IRQ_MSIX, &irq) == 0) {
		done++;
		vgpu_irq_unref(irq);
	}
	done += vgpu_dma_map(dma, 0x1000, memory, sizeof(memory), VGPU_DMA_READ) == 0;
	done += vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, eventfds) == 0;
	done += vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, big, sizeof(big)) == sizeof(big);
	done += vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, big, sizeof(big)) == sizeof(big);
	done += vgpu_vfio_start_events(vfio, &fd) == 0;
	return done + look(vfio);
}

#define ALL 10

/* Opens and uses a device, of whose allocations the n-th fails. Returns what opening gave, or how many calls did. */
static int run(long n)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio = NULL;
	int r;

	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	server_init(&server);
	fds.name = "scripted";
	fds.socket_fd = server_start(&server);
	failing_begin(n); /* of this thread's, not the server's */
	failing.armed = true;
	r = vgpu_vfio_open_fds(ctx, &fds, &vfio);
	if (r == 0)
		r = use(vfio);
	failing.armed = false;
	vgpu_vfio_close(vfio);
	close(fds.socket_fd);
	server_free(&server);
	vgpu_context_unref(ctx);
	return r;
}

START_TEST(each_allocation)
{
	unsigned open_before = count_fds();
	long n;
	int r;

	failing.go_on = _i;
	ck_assert_int_eq(run(1000000), ALL);
	for (n = 0;; n++) {
		r = run(n);
		if (!failing.failed)
			break;
		ck_assert_msg(r == -ENOMEM || (r >= 0 && r <= ALL), "allocation %ld: %d", n, r);
		ck_assert_uint_eq(count_fds(), open_before);
	}
	ck_assert_int_gt(n, 10);
	ck_assert_int_eq(r, ALL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user alloc");
	TCase *tcase = tcase_create("user alloc");

	tcase_add_loop_test(tcase, each_allocation, 0, 2);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
