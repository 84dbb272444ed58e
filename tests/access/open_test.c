/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening, what a handle says, handing over, and a host that wants its device back. */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "access_test.h"

START_TEST(says)
{
	const bool is_user = way == VGPU_ACCESS_USER;

	open_device(NULL);
	ck_assert_int_eq(vgpu_vfio_get_access(vfio), way);
	ck_assert_str_eq(vgpu_vfio_get_access_reason(vfio), is_user ? "it is a vfio-user socket" : "asked for");
	ck_assert_ptr_nonnull(strstr(device("DEVICE"), vgpu_vfio_get_name(vfio)));
	ck_assert_uint_eq(vgpu_vfio_get_flags(vfio) & VGPU_VFIO_FLAG_PCI, VGPU_VFIO_FLAG_PCI);
	ck_assert_uint_ge(vgpu_vfio_get_region_count(vfio), 9);
	ck_assert_uint_ge(vgpu_vfio_get_irq_count(vfio), 5);
	ck_assert_ptr_nonnull(vgpu_vfio_get_dma(vfio));
	ck_assert_int_eq(vgpu_vfio_get_device_fd(vfio) >= 0, !is_user);
	ck_assert_int_eq(vgpu_vfio_get_group_fd(vfio) >= 0, way == VGPU_ACCESS_GROUP);
	ck_assert_int_eq(vgpu_vfio_get_container_fd(vfio) >= 0, way == VGPU_ACCESS_GROUP);
	ck_assert_int_eq(vgpu_vfio_get_iommufd(vfio) >= 0, way == VGPU_ACCESS_IOMMUFD);
	ck_assert_int_eq(vgpu_vfio_get_ioas_id(vfio) != 0, way == VGPU_ACCESS_IOMMUFD);
	ck_assert_int_eq(vgpu_vfio_flush(vfio), 0);
	close_device();
	vfio = open_with(ctx, "DEVICE", VGPU_ACCESS_AUTO, NULL);
	ck_assert_int_ne(vgpu_vfio_get_access(vfio), VGPU_ACCESS_AUTO);
	close_device();
}
END_TEST

START_TEST(mistakes)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = 77};
	enum vgpu_access other = way == VGPU_ACCESS_USER ? VGPU_ACCESS_GROUP : VGPU_ACCESS_USER;

	ck_assert_int_eq(vgpu_vfio_open(NULL, device("DEVICE"), NULL, &vfio), -EINVAL);
	expect_failure(ctx, vgpu_vfio_open(ctx, device("DEVICE"), NULL, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_vfio_open(ctx, NULL, NULL, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_vfio_open(ctx, "no device", NULL, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_vfio_open(ctx, device("DEVICE"), &opts, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	opts.size = 4;
	expect_failure(ctx, vgpu_vfio_open(ctx, device("DEVICE"), &opts, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(vfio);
	ck_assert_ptr_null(vgpu_vfio_close(NULL));
	expect_no_open(ctx, missing_device(), way, NULL, -ENODEV, VGPU_CAUSE_NO_DEVICE);
	expect_no_open(ctx, device("DEVICE"), other, NULL, -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_str_ne(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "");
}
END_TEST

/* One user at a time; and many one after the other leave nothing open. */
START_TEST(busy)
{
	struct vgpu_vfio *second = NULL;
	int before, i;

	open_device(NULL);
	expect_failure(ctx, vgpu_vfio_open(ctx, device("DEVICE"), NULL, &second), -EBUSY, VGPU_CAUSE_IN_USE);
	ck_assert_ptr_null(second);
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	close_device();
	before = count_fds();
	for (i = 0; i < 20; i++) {
		open_device(NULL);
		ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
		close_device();
	}
	if (way != VGPU_ACCESS_USER)
		ck_assert_int_eq(count_fds(), before);
}
END_TEST

/* The context and the DMA object may be released first; what was asked for stays readable. */
START_TEST(release_order)
{
	struct vgpu_region *region;
	struct vgpu_dma *dma = new_dma(ctx);

	open_device(dma);
	ck_assert_ptr_eq(vgpu_vfio_get_dma(vfio), dma);
	ck_assert_ptr_null(vgpu_dma_unref(dma));
	ctx = vgpu_context_unref(ctx);
	ck_assert_ptr_null(ctx);
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	ck_assert_int_eq(vgpu_region_find(vfio, VGPU_REGION_CONFIG, &region), 0);
	close_device();
	ck_assert_uint_eq(vgpu_region_get_index(region), VGPU_REGION_CONFIG);
	vgpu_region_unref(region);
}
END_TEST

/* Descriptors that somebody else opened, in a place without paths. */
START_TEST(handed_over)
{
	struct vgpu_vfio_fds fds = open_nodes(), bad;
	int null = open_path("/dev/null"), before = count_fds();

	bad = fds;
	if (way == VGPU_ACCESS_USER)
		bad.socket_fd = null;
	else if (way == VGPU_ACCESS_GROUP)
		bad.group_fd = null;
	else
		bad.cdev_fd = null;
	expect_failure(ctx, vgpu_vfio_open_fds(ctx, &bad, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	bad = (struct vgpu_vfio_fds)VGPU_VFIO_FDS_INIT;
	bad.name = fds.name;
	expect_failure(ctx, vgpu_vfio_open_fds(ctx, &bad, &vfio), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(vfio);
	if (way != VGPU_ACCESS_USER) /* a server in this process comes and goes with its end when it likes */
		ck_assert_int_eq(count_fds(), before);
	expect_ok(vgpu_vfio_open_fds(ctx, &fds, &vfio));
	ck_assert_int_eq(vgpu_vfio_get_access(vfio), way);
	ck_assert_str_eq(vgpu_vfio_get_name(vfio), fds.name);
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	close_nodes(&fds); /* the handle has its own */
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	close_device();
	close(null);
}
END_TEST

static char failed[1];

static void *read_much(void *data)
{
	struct vgpu_region *region;
	uint32_t value;
	int i;

	(void)data;
	for (i = 0; i < 500; i++) {
		if (vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &value, 4) != 4 || value != facts->id ||
			vgpu_region_find(vfio, (uint32_t)i % 8, &region))
			return failed;
		vgpu_region_unref(region);
		if (vgpu_region_read(vfio, 50, 0, &value, 4) != -EINVAL ||
			vgpu_error_get_cause(vgpu_context_get_error(ctx)) != VGPU_CAUSE_NO_REGION)
			return failed;
	}
	return NULL;
}

START_TEST(threads)
{
	pthread_t all[4];
	void *bad;
	int i;

	open_device(NULL);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&all[i], NULL, read_much, NULL), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(all[i], &bad);
		ck_assert_ptr_null(bad);
	}
	close_device();
}
END_TEST

static uint32_t process(void)
{
	uint32_t events = ~0u;

	expect_ok(vgpu_vfio_process(vfio, &events));
	return events;
}

/* The host takes a device back that is in use: it gets it once the handle has been closed. */
START_TEST(asked_back)
{
	struct pollfd poll_fd = {.events = POLLIN};
	int again = -1;

	open_device(NULL);
	expect_failure(ctx, vgpu_vfio_process(vfio, &(uint32_t){0}), -EINVAL, VGPU_CAUSE_INVALID);
	expect_ok(vgpu_vfio_start_events(vfio, &poll_fd.fd));
	expect_ok(vgpu_vfio_start_events(vfio, &again));
	ck_assert_int_eq(again, poll_fd.fd);
	expect_failure(ctx, vgpu_irq_enable(vfio, VGPU_IRQ_REQ, 0, 1, NULL), -EBUSY, VGPU_CAUSE_IN_USE);
	expect_failure(ctx, vgpu_irq_disable(vfio, VGPU_IRQ_REQ), -EBUSY, VGPU_CAUSE_IN_USE);
	ck_assert_int_eq(poll(&poll_fd, 1, 50), 0);
	ck_assert_uint_eq(process(), 0);
	host_begin();
	ck_assert_int_eq(poll(&poll_fd, 1, 20000), 1);
	ck_assert_uint_eq(process(), VGPU_VFIO_EVENT_REQUEST);
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id); /* all works until we let go */
	close_device();
	host_end();
	ck_assert_int_eq(vgpu_vfio_open(ctx, device("DEVICE"), NULL, &vfio), -ENODEV);
	host_return();
	open_device(NULL);
	ck_assert_uint_eq(config(vfio, 0, 4), facts->id);
	close_device();
}
END_TEST

/* Whose REQ the caller takes for itself. */
START_TEST(own_request)
{
	open_device(NULL);
	expect_ok(vgpu_irq_enable(vfio, VGPU_IRQ_REQ, 0, 1, NULL));
	expect_failure(ctx, vgpu_vfio_start_events(vfio, NULL), -EBUSY, VGPU_CAUSE_IN_USE);
	expect_ok(vgpu_irq_disable(vfio, VGPU_IRQ_REQ));
	expect_ok(vgpu_vfio_start_events(vfio, NULL));
	expect_ok(vgpu_irq_trigger(vfio, VGPU_IRQ_REQ, 0, 1));
	ck_assert_uint_eq(process(), VGPU_VFIO_EVENT_REQUEST);
	ck_assert_uint_eq(process(), 0);
	close_device();
}
END_TEST

/* Of a driver that asks for nothing back: it never becomes readable. */
START_TEST(quiet)
{
	struct pollfd poll_fd = {.events = POLLIN};

	open_device(NULL);
	expect_ok(vgpu_vfio_start_events(vfio, &poll_fd.fd));
	ck_assert_int_eq(poll(&poll_fd, 1, 50), 0);
	ck_assert_uint_eq(process(), 0);
	close_device();
}
END_TEST

void add_open_bodies(TCase *tcase)
{
	tcase_add_test(tcase, says);
	tcase_add_test(tcase, mistakes);
	tcase_add_test(tcase, busy);
	tcase_add_test(tcase, release_order);
	tcase_add_test(tcase, handed_over);
	tcase_add_test(tcase, threads);
	if (facts->asks_back) {
		tcase_add_test(tcase, asked_back);
		tcase_add_test(tcase, own_request);
	} else {
		tcase_add_test(tcase, quiet);
	}
}
