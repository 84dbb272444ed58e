/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of opened devices share. They run in the test VM and see the library from outside. */
#ifndef TESTS_VM_VFIO_TEST_H
#define TESTS_VM_VFIO_TEST_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <vgpu/vgpu.h>

/* The devices come from a script, in the environment; a missing one is a failure. */
const char *device(const char *variable);
bool has_iommufd(void);
/* The access path that a loop test runs with: 0 is group, 1 iommufd. */
enum vgpu_access path_of(int i);

/* A context whose warnings fail the test. */
struct vgpu_context *new_context(void);
/* Opens what the variable names, or fails the test. dma may be NULL. */
struct vgpu_vfio *open_with(struct vgpu_context *ctx, const char *variable, enum vgpu_access access,
							struct vgpu_dma *dma);
/* The call must have failed so. */
void expect_failure(struct vgpu_context *ctx, int result, int wanted, enum vgpu_cause cause);
/* Opening must fail so. */
void expect_no_open(struct vgpu_context *ctx, const char *name, enum vgpu_access access, struct vgpu_dma *dma,
					int wanted, enum vgpu_cause cause);
/* Region index must be so; size UINT64_MAX: any. */
void expect_region(struct vgpu_vfio *vfio, uint32_t index, uint64_t size, uint32_t flags, const char *name);
/* A value of config space, or the test fails. */
uint32_t config(struct vgpu_vfio *vfio, uint32_t offset, unsigned width);
/* The mapping must be of a whole region of this size, without holes. */
void expect_whole(const struct vgpu_mapping *mapping, uint64_t size);
/* Number of descriptors that this process has open. */
int count_fds(void);

/* Runs and frees the suite: what main returns. */
int run_suite(Suite *suite);

/* The parts of vfio_test. */
void add_device_tests(Suite *suite, int paths);
void add_open_tests(Suite *suite, int paths);
void add_share_tests(Suite *suite, int paths);
void add_fds_tests(Suite *suite, int paths);
void add_alloc_tests(Suite *suite, int paths);
void add_viable_tests(Suite *suite, int paths);
void add_bare_tests(Suite *suite);
void add_container_tests(Suite *suite);

#endif
