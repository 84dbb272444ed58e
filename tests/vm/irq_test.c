/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts of opened devices, on a real kernel. irq_test.sh makes the devices. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vfio_test.h"

#define XHCI_VECTORS 16
#define NVME_VECTORS 5
/* edu's registers in BAR0 (QEMU's docs/specs/edu.rst) */
#define EDU_STATUS 0x24
#define EDU_RAISE 0x60
#define EDU_ACK 0x64
#define UART_IER 1
#define UART_IER_THRI 2 /* with an empty FIFO, mtty interrupts when this is set */

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;

static void begin(const char *variable, int i)
{
	ctx = new_context();
	vfio = open_with(ctx, variable, path_of(i), NULL);
}

static void end(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

static int make_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* How many interrupts came, 0 after a while without one. */
static uint64_t take(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	uint64_t count = 0;

	if (poll(&poll_fd, 1, timeout_ms) > 0)
		ck_assert_int_eq((int)read(fd, &count, sizeof(count)), sizeof(count));
	return count;
}

#define expect_irq(fd) ck_assert_uint_ge(take(fd, 5000), 1)
#define expect_no_irq(fd) ck_assert_uint_eq(take(fd, 50), 0)

static void expect_ok(int r)
{
	ck_assert_msg(r == 0, "%d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

static void write_bar0(uint64_t offset, unsigned width, uint64_t value)
{
	expect_ok(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, offset, width, value));
}

static void edu_start(void)
{
	ck_assert_int_eq(vgpu_config_write(vfio, 4, 2, config(vfio, 4, 2) | 0x6), 0); /* memory, bus master */
}

static uint32_t irq_flags(uint32_t index, uint32_t *count)
{
	struct vgpu_irq *irq;
	uint32_t flags;

	expect_ok(vgpu_irq_find(vfio, index, &irq));
	flags = vgpu_irq_get_flags(irq);
	*count = vgpu_irq_get_count(irq);
	vgpu_irq_unref(irq);
	return flags;
}

static bool is_old_mtty(void)
{
	uint32_t count;
	struct vgpu_irq *irq;

	if (vgpu_irq_find(vfio, VGPU_IRQ_REQ, &irq))
		return false; /* only Linux 6.1's claims to have REQ */
	vgpu_irq_unref(irq);
	return irq_flags(VGPU_IRQ_INTX, &count) != 0;
}

START_TEST(mtty_intx)
{
	int fd = make_eventfd(), other = make_eventfd(), flags;
	uint32_t count;

	begin("MTTY", _i);
	ck_assert_uint_eq(irq_flags(VGPU_IRQ_INTX, &count),
					  VGPU_IRQ_FLAG_EVENTFD | VGPU_IRQ_FLAG_MASKABLE | VGPU_IRQ_FLAG_AUTOMASKED);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_INTX, 0), -1);
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, &fd));
	ck_assert_int_ge(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_INTX, 0), 3);
	ck_assert_int_ne(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_INTX, 0), fd);
	flags = fcntl(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_INTX, 0), F_GETFD);
	ck_assert_int_eq(flags, FD_CLOEXEC);
	write_bar0(UART_IER, 1, UART_IER_THRI);
	expect_irq(fd);
	if (!is_old_mtty()) { /* Linux 6.1's masks nothing, whatever it says */
		write_bar0(UART_IER, 1, UART_IER_THRI);
		expect_no_irq(fd);
		expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
		write_bar0(UART_IER, 1, UART_IER_THRI);
		expect_irq(fd);
		expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
		expect_ok(vgpu_irq_mask(vfio, VGPU_IRQ_INTX, 0, 1));
		write_bar0(UART_IER, 1, UART_IER_THRI);
		expect_no_irq(fd);
		expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
		expect_ok(vgpu_irq_trigger(vfio, VGPU_IRQ_INTX, 0, 1));
		expect_irq(fd);
		expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
		expect_failure(ctx, vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, other), -EOPNOTSUPP,
					   VGPU_CAUSE_UNSUPPORTED);
		/* the driver drops what was in force, then looks at the descriptor: it is made again */
		flags = open("/dev/null", O_RDONLY | O_CLOEXEC);
		expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, &flags), -EINVAL, VGPU_CAUSE_REFUSED);
		close(flags);
		write_bar0(UART_IER, 1, UART_IER_THRI);
		expect_irq(fd);
		expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	}
	expect_ok(vgpu_irq_trigger(vfio, VGPU_IRQ_INTX, 0, 1)); /* on 6.1 it does nothing, and so no harm */
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, &other));
	take(fd, 0);
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	write_bar0(UART_IER, 1, UART_IER_THRI);
	expect_irq(other);
	expect_no_irq(fd);
	if (!is_old_mtty()) { /* there it is a use after free in the kernel */
		expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_INTX));
		expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_INTX));
		ck_assert_int_eq(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_INTX, 0), -1);
		write_bar0(UART_IER, 1, UART_IER_THRI);
		expect_no_irq(other);
		expect_failure(ctx, vgpu_irq_mask(vfio, VGPU_IRQ_INTX, 0, 1), -EINVAL, VGPU_CAUSE_INVALID);
	}
	end();
	close(fd);
	close(other);
}
END_TEST

/* One that the handle makes; INTx is out of the question meanwhile. */
START_TEST(mtty_msi)
{
	int fd, before;

	begin("MTTY2", _i);
	before = count_fds();
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 1, NULL));
	ck_assert_int_eq(count_fds(), before + 1);
	fd = vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSI, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	write_bar0(UART_IER, 1, UART_IER_THRI);
	expect_irq(fd);
	write_bar0(UART_IER, 1, UART_IER_THRI); /* nothing is masked */
	expect_irq(fd);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, NULL), -EBUSY, VGPU_CAUSE_IN_USE);
	expect_failure(ctx, vgpu_irq_mask(vfio, VGPU_IRQ_MSI, 0, 1), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 2, NULL), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 1, 1, NULL), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_MSI, UINT32_MAX, UINT32_MAX, NULL), -ERANGE,
				   VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 0, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_irq_enable(vfio, 77, 0, 1, NULL), -EINVAL, VGPU_CAUSE_UNSUPPORTED);
	if (!is_old_mtty()) {
		expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 1, NULL), -EINVAL, VGPU_CAUSE_UNSUPPORTED);
		expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_MSI));
		ck_assert_int_eq(count_fds(), before);
		expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, NULL));
	}
	end();
}
END_TEST

START_TEST(edu_msi)
{
	int fd = make_eventfd();

	begin("EDU", _i);
	edu_start();
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 1, &fd));
	write_bar0(EDU_RAISE, 4, 1);
	expect_irq(fd);
	write_bar0(EDU_ACK, 4, 1);
	write_bar0(EDU_RAISE, 4, 2);
	expect_irq(fd);
	write_bar0(EDU_ACK, 4, 2);
	close(fd); /* the handle has its own */
	fd = vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSI, 0);
	write_bar0(EDU_RAISE, 4, 1);
	expect_irq(fd);
	end();
}
END_TEST

/* A line that stays asserted until the device is told, and an eventfd that unmasks without us. */
START_TEST(edu_intx)
{
	const uint64_t one = 1;
	int fd = make_eventfd(), unmask = make_eventfd(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	begin("EDU", _i);
	edu_start();
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, &fd));
	write_bar0(EDU_RAISE, 4, 1);
	expect_irq(fd);
	expect_no_irq(fd); /* automasked, though the line is up */
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	expect_irq(fd); /* still up */
	write_bar0(EDU_ACK, 4, 1);
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	expect_no_irq(fd);
	expect_ok(vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, unmask));
	expect_ok(vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, unmask)); /* another one in its place */
	expect_failure(ctx, vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, null), -EINVAL, VGPU_CAUSE_REFUSED);
	expect_failure(ctx, vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, 1000), -EBADF, VGPU_CAUSE_OTHER);
	expect_failure(ctx, vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 1, unmask), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	write_bar0(EDU_RAISE, 4, 1);
	expect_irq(fd);
	ck_assert_int_eq((int)write(unmask, &one, sizeof(one)), sizeof(one));
	expect_irq(fd); /* resampled */
	write_bar0(EDU_ACK, 4, 1);
	ck_assert_int_eq((int)write(unmask, &one, sizeof(one)), sizeof(one));
	expect_no_irq(fd);
	expect_ok(vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, -1));
	write_bar0(EDU_RAISE, 4, 1);
	expect_irq(fd);
	ck_assert_int_eq((int)write(unmask, &one, sizeof(one)), sizeof(one));
	expect_no_irq(fd);
	write_bar0(EDU_ACK, 4, 1);
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	expect_ok(vgpu_irq_mask(vfio, VGPU_IRQ_INTX, 0, 1));
	write_bar0(EDU_RAISE, 4, 1);
	expect_no_irq(fd);
	ck_assert_int_eq((int)(config(vfio, 4, 4) >> 19 & 1), 1); /* it is pending */
	write_bar0(EDU_ACK, 4, 1);
	expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_INTX));
	end();
	close(fd);
	close(unmask);
	close(null);
}
END_TEST

/* Every vector of [0, count) goes to its own eventfd, and to no other. */
static void expect_vectors(uint32_t index, uint32_t count)
{
	uint32_t i, j;

	for (i = 0; i < count; i++) {
		expect_ok(vgpu_irq_trigger(vfio, index, i, 1));
		for (j = 0; j < count; j++)
			ck_assert_uint_eq(take(vgpu_irq_get_eventfd(vfio, index, j), i == j ? 5000 : 0), i == j);
	}
}

/* More vectors than at first, a gap, one silenced, a mistake in the middle. */
static void grow(uint32_t index, uint32_t count)
{
	int fds[4] = {make_eventfd(), make_eventfd(), -1, make_eventfd()}, bad[3], before = count_fds();

	expect_ok(vgpu_irq_enable(vfio, index, 0, 2, NULL));
	expect_vectors(index, 2);
	expect_ok(vgpu_irq_enable(vfio, index, 3, count - 3, NULL)); /* 2 is left out */
	ck_assert_int_eq(vgpu_irq_get_eventfd(vfio, index, 2), -1);
	expect_ok(vgpu_irq_enable(vfio, index, 2, 1, NULL));
	expect_vectors(index, count);
	ck_assert_int_eq(count_fds(), before + (int)count);
	expect_ok(vgpu_irq_enable(vfio, index, 0, 4, fds));
	ck_assert_int_eq(count_fds(), before + (int)count - 1);
	expect_ok(vgpu_irq_trigger(vfio, index, 0, 4));
	ck_assert_uint_eq(take(fds[0], 5000), 1);
	ck_assert_uint_eq(take(fds[1], 5000), 1);
	ck_assert_uint_eq(take(fds[3], 5000), 1);
	bad[0] = fds[3];
	bad[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bad[2] = fds[3];
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, 3, bad), -EINVAL, VGPU_CAUSE_REFUSED);
	close(bad[1]);
	bad[1] = 1000;
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, 3, bad), -EBADF, VGPU_CAUSE_INVALID);
	bad[1] = -2;
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, 3, bad), -EBADF, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(count_fds(), before + (int)count - 1);
	expect_ok(vgpu_irq_trigger(vfio, index, 0, 2));
	ck_assert_uint_eq(take(fds[0], 5000), 1);
	ck_assert_uint_eq(take(fds[1], 5000), 1);
	expect_no_irq(fds[3]);
	expect_ok(vgpu_irq_disable(vfio, index));
	ck_assert_int_eq(count_fds(), before);
	expect_ok(vgpu_irq_enable(vfio, index, 0, 1, &fds[0]));
	expect_failure(ctx, vgpu_irq_trigger(vfio, index, 0, 2), -EINVAL, VGPU_CAUSE_INVALID);
	close(fds[0]);
	close(fds[1]);
	close(fds[3]);
}

START_TEST(msix_growth)
{
	uint32_t count;

	begin("NVME", _i);
	ck_assert_int_ne((int)(irq_flags(VGPU_IRQ_MSIX, &count) & VGPU_IRQ_FLAG_EVENTFD), 0);
	ck_assert_uint_eq(count, NVME_VECTORS);
	grow(VGPU_IRQ_MSIX, count);
	end();
}
END_TEST

START_TEST(msi_growth)
{
	uint32_t count;

	begin("XHCI", _i);
	ck_assert_uint_eq(irq_flags(VGPU_IRQ_MSI, &count), VGPU_IRQ_FLAG_EVENTFD | VGPU_IRQ_FLAG_NORESIZE);
	ck_assert_uint_eq(count, XHCI_VECTORS);
	grow(VGPU_IRQ_MSI, count);
	end();
}
END_TEST

/* From now on this process's kernel refuses SET_IRQS. */
static void refuse_set_irqs(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, VFIO_DEVICE_SET_IRQS, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* Neither the change nor what was in force can be had: that is said, and nothing is left open. */
START_TEST(lost)
{
	int before;

	begin("NVME", _i);
	before = count_fds();
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 3, NULL));
	refuse_set_irqs();
	expect_failure(ctx, vgpu_irq_disable(vfio, VGPU_IRQ_MSIX), -EIO, VGPU_CAUSE_OTHER);
	ck_assert_int_ge(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSIX, 0), 0);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 1, NULL), -EIO, VGPU_CAUSE_LOST);
	ck_assert_int_eq(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSIX, 0), -1);
	ck_assert_int_eq(count_fds(), before);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 1, NULL), -EIO, VGPU_CAUSE_OTHER);
	ck_assert_int_eq(count_fds(), before);
	end();
}
END_TEST

static uint32_t process(void)
{
	uint32_t events = ~0u;

	expect_ok(vgpu_vfio_process(vfio, &events));
	return events;
}

/* The host takes a device back that is in use: it gets it once the handle has been closed. */
START_TEST(request)
{
	struct pollfd poll_fd = {.events = POLLIN};
	int status, again = -1;
	char command[200];
	pid_t pid;

	snprintf(command, sizeof(command), "cd /sys/bus/pci/drivers/vfio-pci && echo %1$s >unbind && echo %1$s >bind",
			 device("EDU"));
	begin("EDU", _i);
	expect_failure(ctx, vgpu_vfio_process(vfio, &(uint32_t){0}), -EINVAL, VGPU_CAUSE_INVALID);
	expect_ok(vgpu_vfio_start_events(vfio, &poll_fd.fd));
	expect_ok(vgpu_vfio_start_events(vfio, &again));
	ck_assert_int_eq(again, poll_fd.fd);
	ck_assert_int_eq(fcntl(again, F_GETFD), FD_CLOEXEC);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_REQ, 0, 1, NULL), -EBUSY, VGPU_CAUSE_IN_USE);
	ck_assert_int_eq(poll(&poll_fd, 1, 50), 0);
	ck_assert_uint_eq(process(), 0);
	pid = fork();
	if (pid == 0) { /* exec: or it would itself keep the device open */
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(poll(&poll_fd, 1, 20000), 1);
	ck_assert_uint_eq(process(), VGPU_VFIO_EVENT_REQUEST);
	if (_i == 0) { /* it asks again, after 10 seconds */
		ck_assert_int_eq(poll(&poll_fd, 1, 20000), 1);
		ck_assert_uint_eq(process(), VGPU_VFIO_EVENT_REQUEST);
	}
	ck_assert_uint_eq(config(vfio, 0, 4), 0x11e81234); /* all works until we let go */
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

/* Of a driver that has neither; and of one whose REQ the caller has taken. */
START_TEST(quiet)
{
	struct pollfd poll_fd = {.events = POLLIN};

	begin("MTTY", _i);
	expect_ok(vgpu_vfio_start_events(vfio, &poll_fd.fd));
	ck_assert_int_eq(poll(&poll_fd, 1, 50), 0);
	ck_assert_uint_eq(process(), 0);
	end();
	begin("BOCHS", _i);
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_REQ, 0, 1, NULL));
	expect_failure(ctx, vgpu_vfio_start_events(vfio, NULL), -EBUSY, VGPU_CAUSE_IN_USE);
	expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_REQ));
	expect_ok(vgpu_vfio_start_events(vfio, NULL));
	expect_ok(vgpu_irq_trigger(vfio, VGPU_IRQ_REQ, 0, 1));
	ck_assert_uint_eq(process(), VGPU_VFIO_EVENT_REQUEST);
	end();
}
END_TEST

/* A device alone, handed over while it was on: the new handle can turn it off. */
START_TEST(handed_over)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	struct vgpu_vfio *first;
	int fd = make_eventfd();

	begin("NVME", _i);
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 2, (int[]){fd, fd}));
	first = vfio;
	fds.name = device("NVME");
	fds.device_fd = vgpu_vfio_get_device_fd(first);
	expect_ok(vgpu_vfio_open_fds(ctx, &fds, &vfio));
	expect_ok(vgpu_irq_trigger(vfio, VGPU_IRQ_MSIX, 0, 1));
	expect_irq(fd);
	expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_MSIX));
	expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_MSIX));
	expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_INTX));
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 1, NULL));
	vgpu_vfio_close(first);
	end();
	close(fd);
}
END_TEST

#define ROUNDS 200

static void *change(void *data)
{
	uint32_t first = *(uint32_t *)data;
	int i;

	for (i = 0; i < ROUNDS; i++)
		if (vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, first, 2, NULL) || vgpu_irq_trigger(vfio, VGPU_IRQ_MSIX, first, 2))
			return data;
	return NULL;
}

/* Vectors of one index, changed by several threads; the error record is per thread. */
START_TEST(threads)
{
	pthread_t thread[2];
	uint32_t first[2] = {0, 2};
	void *failed;
	int i;

	begin("NVME", _i);
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 4, NULL));
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, change, &first[i]), 0);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(pthread_join(thread[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}
	for (i = 0; i < 4; i++)
		take(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSIX, (uint32_t)i), 0);
	expect_vectors(VGPU_IRQ_MSIX, 4);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {mtty_intx, mtty_msi, edu_msi, edu_intx,    msix_growth, msi_growth,
								  lost,      request,  fault,   handed_over, threads,     quiet};
	Suite *suite = suite_create("irq");
	TCase *tcase = tcase_create("irq");
	size_t i;

	tcase_set_timeout(tcase, 120);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, has_iommufd() ? 2 : 1);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
