/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of a handle: the host wants the device back, the device has failed. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "irq_test.h"

static uint32_t process(void)
{
	uint32_t events = ~0u;

	expect_ok(vgpu_vfio_process(vfio, &events));
	return events;
}

/* The host takes a device back that is in use: the kernel asks again, after 10 seconds. */
START_TEST(asked_again)
{
	struct pollfd poll_fd = {.events = POLLIN};
	int status, times;
	char command[200];
	pid_t pid;

	snprintf(command, sizeof(command), "cd /sys/bus/pci/drivers/vfio-pci && echo %1$s >unbind && echo %1$s >bind",
			 device("EDU"));
	begin("EDU", 0);
	expect_ok(vgpu_vfio_start_events(vfio, &poll_fd.fd));
	ck_assert_int_eq(fcntl(poll_fd.fd, F_GETFD), FD_CLOEXEC);
	pid = fork();
	if (pid == 0) { /* exec: or it would itself keep the device open */
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	for (times = 0; times < 2; times++) {
		ck_assert_int_eq(poll(&poll_fd, 1, 20000), 1);
		ck_assert_uint_eq(process(), VGPU_VFIO_EVENT_REQUEST);
	}
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	vgpu_context_unref(ctx);
}
END_TEST

/* What the kernel's aer_inject reads (its struct aer_error_inj). */
struct aer_error {
	uint8_t bus, dev, fn;
	uint32_t uncorrectable, correctable;
	uint32_t header[4];
	uint32_t domain;
};

/* The root port above the NVMe controller reports that a completion was aborted. */
static void inject_error(void)
{
	struct aer_error error = {.uncorrectable = 0x8000};
	unsigned domain, bus, dev, fn;
	int fd = open("/dev/aer_inject", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(sscanf(device("ROOT_PORT"), "%x:%x:%x.%u", &domain, &bus, &dev, &fn), 4);
	error.domain = domain;
	error.bus = (uint8_t)bus;
	error.dev = (uint8_t)dev;
	error.fn = (uint8_t)fn;
	ck_assert_int_ge(fd, 0);
	ck_assert_msg(write(fd, &error, sizeof(error)) == sizeof(error), "aer_inject: %s", strerror(errno));
	close(fd);
}

START_TEST(fault)
{
	struct pollfd poll_fd = {.events = POLLIN};

	begin("NVME", _i);
	expect_ok(vgpu_vfio_start_events(vfio, &poll_fd.fd));
	expect_failure(ctx, vgpu_irq_disable(vfio, VGPU_IRQ_ERR), -EBUSY, VGPU_CAUSE_IN_USE);
	inject_error();
	ck_assert_int_eq(poll(&poll_fd, 1, 20000), 1);
	ck_assert_uint_eq(process(), VGPU_VFIO_EVENT_ERROR);
	ck_assert_uint_eq(process(), 0);
	end();
}
END_TEST

void add_event_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("events");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, asked_again);
	tcase_add_loop_test(tcase, fault, 0, paths);
	suite_add_tcase(suite, tcase);
}
