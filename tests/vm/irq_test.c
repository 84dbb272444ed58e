/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of interrupts share, and their main. irq_test.sh makes the devices. */
#include "irq_test.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct vgpu_context *ctx;
struct vgpu_vfio *vfio;

void begin(const char *variable, int i)
{
	ctx = new_context();
	vfio = open_with(ctx, variable, path_of(i), NULL);
}

void end(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

int make_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* How many interrupts came, 0 after a while without one. */
uint64_t take(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	uint64_t count = 0;

	if (poll(&poll_fd, 1, timeout_ms) > 0)
		ck_assert_int_eq((int)read(fd, &count, sizeof(count)), sizeof(count));
	return count;
}

void expect_ok(int r)
{
	ck_assert_msg(r == 0, "%d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

void write_bar0(uint64_t offset, unsigned width, uint64_t value)
{
	expect_ok(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, offset, width, value));
}

void enable_memory(void)
{
	ck_assert_int_eq(vgpu_config_write(vfio, 4, 2, config(vfio, 4, 2) | 0x6), 0); /* memory, bus master */
}

int main(void)
{
	Suite *suite = suite_create("irq");
	const int paths = has_iommufd() ? 2 : 1;

	add_vector_tests(suite, paths);
	add_event_tests(suite, paths);
	return run_suite(suite);
}
