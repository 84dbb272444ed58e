/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts: what there are, to eventfds and no longer, triggered, masked; and mistakes. */
#include <fcntl.h>
#include <unistd.h>

#include "access_test.h"

static const char *const names[] = {"intx", "msi", "msix", "err", "req"};

START_TEST(indexes)
{
	struct vgpu_irq *irq = NULL;
	uint32_t i;

	open_device(NULL);
	for (i = VGPU_IRQ_INTX; i <= VGPU_IRQ_MSIX; i++) {
		int r = vgpu_irq_find(vfio, i, &irq);

		if (r) { /* some drivers have no such index, others one of no vectors */
			ck_assert_uint_eq(facts->irqs[i], 0);
			expect_failure(ctx, r, -EINVAL, VGPU_CAUSE_UNSUPPORTED);
			continue;
		}
		ck_assert_uint_eq(vgpu_irq_get_index(irq), i);
		ck_assert_str_eq(vgpu_irq_get_name(irq), names[i]);
		ck_assert_uint_eq(vgpu_irq_get_count(irq), facts->irqs[i]);
		if (facts->irqs[i])
			ck_assert_uint_eq(vgpu_irq_get_flags(irq), facts->irq_flags[i]);
		ck_assert_int_eq(vgpu_irq_get_eventfd(vfio, i, 0), -1);
		ck_assert_ptr_null(vgpu_irq_unref(irq));
	}
	irq = NULL;
	expect_failure(ctx, vgpu_irq_find(vfio, 77, &irq), -EINVAL, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_irq_find(vfio, 0, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(vgpu_irq_find(NULL, 0, &irq), -EINVAL);
	ck_assert_ptr_null(irq);
	if (facts->asks_back) {
		expect_ok(vgpu_irq_find(vfio, VGPU_IRQ_REQ, &irq));
		ck_assert_uint_eq(vgpu_irq_get_count(irq), 1);
		ck_assert_uint_eq(vgpu_irq_get_flags(irq) & VGPU_IRQ_FLAG_EVENTFD, VGPU_IRQ_FLAG_EVENTFD);
		vgpu_irq_unref(irq);
	}
	close_device();
}
END_TEST

/* The device's own, to the caller's eventfd, then to another, then to none. */
START_TEST(from_device)
{
	int fd = make_eventfd(), other = make_eventfd(), own;

	open_device(NULL);
	expect_ok(vgpu_irq_enable(vfio, facts->raises, 0, 1, &fd));
	own = vgpu_irq_get_eventfd(vfio, facts->raises, 0);
	ck_assert_int_ge(own, 3);
	ck_assert_int_ne(own, fd);
	ck_assert_int_eq(fcntl(own, F_GETFD), FD_CLOEXEC);
	facts->raise();
	expect_irq(fd);
	facts->acknowledge();
	facts->raise();
	expect_irq(fd);
	facts->acknowledge();
	expect_no_irq(fd);
	expect_ok(vgpu_irq_enable(vfio, facts->raises, 0, 1, &other));
	facts->raise();
	expect_irq(other);
	facts->acknowledge();
	expect_no_irq(fd);
	close(other); /* the handle has its own */
	facts->raise();
	expect_irq(vgpu_irq_get_eventfd(vfio, facts->raises, 0));
	facts->acknowledge();
	expect_ok(vgpu_irq_enable(vfio, facts->raises, 0, 1, &fd));
	expect_ok(vgpu_irq_disable(vfio, facts->raises));
	expect_ok(vgpu_irq_disable(vfio, facts->raises));
	ck_assert_int_eq(vgpu_irq_get_eventfd(vfio, facts->raises, 0), -1);
	facts->raise();
	expect_no_irq(fd);
	facts->acknowledge();
	close_device();
	close(fd);
}
END_TEST

/* One that the handle makes, triggered without the device; another index is out of the question meanwhile. */
START_TEST(triggered)
{
	const uint32_t other = facts->raises == VGPU_IRQ_MSI ? VGPU_IRQ_INTX : VGPU_IRQ_MSI;
	int before, fd;

	open_device(NULL);
	before = count_fds();
	expect_ok(vgpu_irq_enable(vfio, facts->raises, 0, 1, NULL));
	ck_assert_int_ge(count_fds(), before + 1);
	fd = vgpu_irq_get_eventfd(vfio, facts->raises, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	expect_ok(vgpu_irq_trigger(vfio, facts->raises, 0, 1));
	expect_irq(fd);
	expect_failure(ctx, vgpu_irq_enable(vfio, other, 0, 1, NULL), -EBUSY, VGPU_CAUSE_IN_USE);
	if (facts->silences) {
		expect_ok(vgpu_irq_enable(vfio, facts->raises, 0, 1, (int[]){-1}));
		ck_assert_int_eq(vgpu_irq_get_eventfd(vfio, facts->raises, 0), -1);
		expect_ok(vgpu_irq_trigger(vfio, facts->raises, 0, 1)); /* it is passed over */
	}
	expect_ok(vgpu_irq_disable(vfio, facts->raises));
	expect_ok(vgpu_irq_enable(vfio, other, 0, 1, NULL));
	close_device();
}
END_TEST

/* INTx is masked by each, and by whoever masks it; what comes meanwhile is not lost. */
START_TEST(masked)
{
	int fd = make_eventfd();

	open_device(NULL);
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_INTX, 0, 1, &fd));
	facts->raise();
	expect_irq(fd);
	expect_no_irq(fd);
	facts->acknowledge();
	facts->raise();
	expect_no_irq(fd);
	facts->acknowledge();
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	take(fd, 50); /* of a line that was up meanwhile, or not */
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	expect_no_irq(fd);
	expect_ok(vgpu_irq_mask(vfio, VGPU_IRQ_INTX, 0, 1));
	facts->raise();
	expect_no_irq(fd);
	facts->acknowledge();
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	take(fd, 50);
	expect_ok(vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1));
	facts->raise();
	expect_irq(fd);
	facts->acknowledge();
	expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_INTX));
	expect_failure(ctx, vgpu_irq_mask(vfio, VGPU_IRQ_INTX, 0, 1), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_irq_unmask(vfio, VGPU_IRQ_INTX, 0, 1), -EINVAL, VGPU_CAUSE_INVALID);
	close_device();
	close(fd);
}
END_TEST

/* What is refused leaves what was in force. */
START_TEST(mistakes)
{
	const uint32_t index = facts->raises, count = facts->irqs[index];
	int fd = make_eventfd(), null = open("/dev/null", O_RDONLY | O_CLOEXEC), bad = 1000;

	open_device(NULL);
	expect_ok(vgpu_irq_enable(vfio, index, 0, 1, &fd));
	ck_assert_int_eq(vgpu_irq_enable(NULL, index, 0, 1, &fd), -EINVAL);
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, 0, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, count + 1, NULL), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_irq_enable(vfio, index, count, 1, NULL), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_irq_enable(vfio, index, UINT32_MAX, UINT32_MAX, NULL), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_irq_enable(vfio, 77, 0, 1, NULL), -EINVAL, VGPU_CAUSE_UNSUPPORTED);
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, 1, &null), -EINVAL, VGPU_CAUSE_REFUSED);
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, 1, &bad), -EBADF, VGPU_CAUSE_INVALID);
	bad = -2;
	expect_failure(ctx, vgpu_irq_enable(vfio, index, 0, 1, &bad), -EBADF, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_irq_trigger(vfio, index, 0, count + 1), -ERANGE, VGPU_CAUSE_OUT_OF_RANGE);
	expect_failure(ctx, vgpu_irq_trigger(vfio, index, 0, 0), -EINVAL, VGPU_CAUSE_INVALID);
	if (index == VGPU_IRQ_MSI) {
		expect_failure(ctx, vgpu_irq_mask(vfio, index, 0, 1), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
		expect_failure(ctx, vgpu_irq_set_unmask_eventfd(vfio, index, 0, fd), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	}
	facts->raise();
	expect_irq(fd);
	facts->acknowledge();
	expect_ok(vgpu_irq_disable(vfio, index));
	expect_failure(ctx, vgpu_irq_trigger(vfio, index, 0, 1), -EINVAL, VGPU_CAUSE_INVALID);
	close_device();
	close(null);
	close(fd);
}
END_TEST

/* A device without interrupts. */
START_TEST(none)
{
	uint32_t i;
	int r;

	open_device(NULL);
	for (i = VGPU_IRQ_INTX; i <= VGPU_IRQ_MSIX; i++) {
		r = vgpu_irq_enable(vfio, i, 0, 1, NULL);
		ck_assert_msg(r == -ERANGE || r == -EINVAL || r == -EOPNOTSUPP, "%u: %d", i, r);
		expect_ok(vgpu_irq_disable(vfio, i));
	}
	close_device();
}
END_TEST

void add_irq_bodies(TCase *tcase)
{
	tcase_add_test(tcase, indexes);
	if (facts->raise) {
		tcase_add_test(tcase, from_device);
		tcase_add_test(tcase, triggered);
		tcase_add_test(tcase, mistakes);
		if (facts->irqs[VGPU_IRQ_INTX])
			tcase_add_test(tcase, masked);
	} else if (!facts->irqs[VGPU_IRQ_INTX]) {
		tcase_add_test(tcase, none);
	}
}
