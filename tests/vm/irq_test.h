/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of interrupts share. */
#ifndef TESTS_VM_IRQ_TEST_H
#define TESTS_VM_IRQ_TEST_H

#include "vfio_test.h"

/* Of the test that runs. */
extern struct vgpu_context *ctx;
extern struct vgpu_vfio *vfio;

/* Opens what the variable names, by this path. */
void begin(const char *variable, int i);
void end(void);
int make_eventfd(void);
/* How many interrupts came, 0 after a while without one. */
uint64_t take(int fd, int timeout_ms);
void expect_ok(int r);
void write_bar0(uint64_t offset, unsigned width, uint64_t value);
/* The device may answer, and reach memory. */
void enable_memory(void);

#define expect_irq(fd) ck_assert_uint_ge(take(fd, 5000), 1)
#define expect_no_irq(fd) ck_assert_uint_eq(take(fd, 50), 0)

void add_vector_tests(Suite *suite, int paths);
void add_event_tests(Suite *suite, int paths);

#endif
