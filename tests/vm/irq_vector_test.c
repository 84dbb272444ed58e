/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vectors: turned on and off, masked, triggered; and what is left of them when a change fails. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "irq_test.h"

#define XHCI_VECTORS 16
#define NVME_VECTORS 5
/* edu's registers in BAR0 (QEMU's docs/specs/edu.rst) */
#define EDU_STATUS 0x24
#define EDU_RAISE 0x60
#define EDU_ACK 0x64
#define UART_IER 1
#define UART_IER_THRI 2 /* with an empty FIFO, mtty interrupts when this is set */

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

/* A line that stays asserted until the device is told, and an eventfd that unmasks without us. */
START_TEST(edu_intx)
{
	const uint64_t one = 1;
	int fd = make_eventfd(), unmask = make_eventfd(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	begin("EDU", _i);
	enable_memory();
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
	expect_failure(ctx, vgpu_irq_set_unmask_eventfd(vfio, VGPU_IRQ_INTX, 0, 1000), -EBADF, VGPU_CAUSE_INVALID);
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

/* NVM Express Base Specification, 2.0: registers in BAR0, and the admin queues that a controller needs. */
#define NVME_CC 0x14
#define NVME_CSTS 0x1c
#define NVME_AQA 0x24
#define NVME_ASQ 0x28
#define NVME_ACQ 0x30
#define NVME_DOORBELL 0x1000
#define NVME_IDENTIFY 0x06
#define NVME_QUEUE 0x10000 /* IOVAs: submission queue, completion queue, data */

/* A command of the controller's own: it reads it from our memory, answers there, and sends MSI-X vector 0. */
static void identify(unsigned char *memory)
{
	uint32_t *command = (uint32_t *)(void *)memory;
	uint64_t status = 0;

	write_bar0(NVME_CC, 4, 0);
	write_bar0(NVME_AQA, 4, 0x10001); /* two entries each */
	write_bar0(NVME_ASQ, 8, NVME_QUEUE);
	write_bar0(NVME_ACQ, 8, NVME_QUEUE + 0x1000);
	write_bar0(NVME_CC, 4, 0x460001); /* entries of 64 and 16 bytes, on */
	while (!(status & 1))
		expect_ok(vgpu_region_read_value(vfio, VGPU_REGION_BAR0, NVME_CSTS, 4, &status));
	command[0] = NVME_IDENTIFY | 0x1234u << 16;
	command[6] = NVME_QUEUE + 0x2000;
	command[10] = 1; /* the controller */
	write_bar0(NVME_DOORBELL, 4, 1);
}

START_TEST(nvme_msix)
{
	unsigned char *memory = mmap(NULL, 0x3000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint16_t id = 0;
	int fd;

	begin("NVME", _i);
	enable_memory();
	expect_ok(vgpu_dma_map(vgpu_vfio_get_dma(vfio), NVME_QUEUE, memory, 0x3000, VGPU_DMA_READ | VGPU_DMA_WRITE));
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 2, NULL));
	fd = vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSIX, 0);
	expect_no_irq(fd);
	identify(memory);
	expect_irq(fd);
	expect_no_irq(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSIX, 1));
	memcpy(&id, memory + 0x1000 + 12, sizeof(id)); /* the completion names the command */
	ck_assert_uint_eq(id, 0x1234);
	memcpy(&id, memory + 0x2000, sizeof(id)); /* the answer: PCI vendor */
	ck_assert_uint_eq(id, 0x1b36);
	write_bar0(NVME_CC, 4, 0);
	end();
	munmap(memory, 0x3000);
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

void add_vector_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {mtty_intx,  mtty_msi, edu_intx,    nvme_msix, msix_growth,
								  msi_growth, lost,     handed_over, threads};
	TCase *tcase = tcase_create("vectors");
	size_t i;

	tcase_set_timeout(tcase, 120);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, paths);
	suite_add_tcase(suite, tcase);
}
