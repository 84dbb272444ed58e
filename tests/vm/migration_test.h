/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of migration share: serial ports (mtty) with something in them, and what must have arrived. */
#ifndef TESTS_VM_MIGRATION_TEST_H
#define TESTS_VM_MIGRATION_TEST_H

#include "vfio_test.h"

/* Sizes of mtty's state: a header, and one or two ports. */
#define HEAD_SIZE 24u
#define PORT_SIZE 36u
#define SIZE_1 (HEAD_SIZE + PORT_SIZE)
#define SIZE_2 (HEAD_SIZE + 2 * PORT_SIZE)

/* Can mtty migrate on this kernel? */
bool can_migrate(void);
/* Sets the registers of a port, and puts the text (at most 15 bytes, or mtty takes its FIFO for empty) into
 * its FIFO, of which nothing else is left. */
void port_fill(struct vgpu_vfio *vfio, uint32_t bar, uint8_t scratch, const char *text);
/* Asserts that the port is so; takes the text out of the FIFO. */
void port_expect(struct vgpu_vfio *vfio, uint32_t bar, uint8_t scratch, const char *text);
/* Puts a byte into the FIFO. */
void port_put(struct vgpu_vfio *vfio, uint32_t bar, uint8_t byte);

struct vgpu_migration *open_session(struct vgpu_context *ctx, struct vgpu_vfio *vfio);
void set_state(struct vgpu_context *ctx, struct vgpu_migration *session, enum vgpu_migration_state state);
void expect_state(struct vgpu_migration *session, enum vgpu_migration_state state);
/* No session is open, the device is RUNNING and does its work. */
void expect_usable(struct vgpu_context *ctx, struct vgpu_vfio *vfio);

void add_session_tests(Suite *suite, int paths);
void add_file_tests(Suite *suite, int paths);
void add_failure_tests(Suite *suite, int paths);
void add_dirty_tests(Suite *suite, int paths);
void add_unsupported_tests(Suite *suite, int paths);

#endif
