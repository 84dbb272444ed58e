/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of displays share. */
#ifndef TESTS_VM_DISPLAY_TEST_H
#define TESTS_VM_DISPLAY_TEST_H

#include "vfio_test.h"

/* The test picture: each pixel tells its place; the unused bits are set. */
static inline uint32_t test_pixel(uint32_t x, uint32_t y)
{
	return 0xa5000000 | ((x * 2654435761u ^ y * 2246822519u ^ y >> 3) & 0xffffff);
}

/* Maps BAR 0 and paints the test picture there. Unmap it; NULL: that failed. */
struct vgpu_mapping *paint(struct vgpu_vfio *vfio, uint32_t width, uint32_t height, uint32_t stride);
/* The memory shows the test picture. */
void expect_painted(const void *pixels, uint32_t width, uint32_t height, uint32_t stride);
/* Asks for a plane; the call's result is this. */
struct vgpu_plane *find_plane(struct vgpu_display *display, enum vgpu_plane_type type, int wanted);
/* The message of the context's last error. */
const char *last_message(struct vgpu_context *ctx);

void add_region_tests(Suite *suite, int paths);
void add_dmabuf_tests(Suite *suite, int paths);
void add_edid_tests(Suite *suite, int paths);

#endif
