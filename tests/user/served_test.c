/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both ends of the library's own: the client's handle over a provider's vGPU, and over softgpu. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run_suite.h"
#include "served.h"

static struct served *served;
static struct vgpu_context *ctx;

static void setup(void)
{
	served = served_new(NULL);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
}

static void teardown(void)
{
	vgpu_context_unref(ctx);
	if (served)
		served_free_all(served);
}

static struct vgpu_vfio *open_at(const char *path, const struct vgpu_user_opts *user)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = VGPU_ACCESS_USER, .user = user};
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_vfio_open(ctx, path, &opts, &vfio);

	ck_assert_msg(r == 0, "%d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	return vfio;
}

START_TEST(registers)
{
	struct vgpu_user_opts user = {.size = sizeof(user),
								  .flags = _i == 1   ? VGPU_USER_POST
										   : _i == 2 ? VGPU_USER_QUEUE
													 : 0};
	struct vgpu_vfio *vfio = open_at(served->socket, &user);
	uint32_t i, value;

	for (i = 0; i < 500; i++)
		ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 4 * (i % 16), &i, 4), 4);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 12, &value, 4), 4);
	ck_assert_uint_eq(value, 499);
	ck_assert_int_eq(served->writes, 500);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &value, 4), 4);
	ck_assert_uint_eq(value, 0x56781234);
	ck_assert_int_eq(vgpu_vfio_reset(vfio), 0);
	ck_assert_int_eq(served->resets, 1);
	vgpu_vfio_close(vfio);
}
END_TEST

START_TEST(regions_and_maps)
{
	struct vgpu_vfio *vfio = open_at(served->socket, NULL);
	unsigned char *theirs = vgpu_instance_get_memory(served->instance, VGPU_REGION_BAR0), byte = 0, *address;
	struct vgpu_region *region;
	struct vgpu_mapping *mapping;
	struct vgpu_io_fds *fds;
	struct vgpu_io_fd bell = {.size = sizeof(bell)};

	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping), 0);
	ck_assert_uint_eq(vgpu_mapping_get_area_count(mapping), 2);
	address = vgpu_mapping_get_address(mapping);
	address[SERVED_PAGE + 3] = 0x5a;
	ck_assert_uint_eq(theirs[SERVED_PAGE + 3], 0x5a);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR0, SERVED_PAGE + 3, &byte, 1), 1);
	ck_assert_uint_eq(byte, 0x5a);
	ck_assert_int_eq(vgpu_region_find(vfio, 9, &region), 0);
	ck_assert_str_eq(vgpu_region_get_name(region), "edid");
	vgpu_region_unref(region);
	ck_assert_int_eq(vgpu_io_fds_find(vfio, VGPU_REGION_BAR2, &fds), 0);
	ck_assert_int_eq(vgpu_io_fds_get(fds, 0, &bell), 0);
	ck_assert_uint_eq(bell.offset, SERVED_BELL);
	ck_assert_int_eq(eventfd_write(bell.fd, 1), 0);
	PEER_WAIT_FOR(served->rings == 1);
	vgpu_io_fds_unref(fds);
	vgpu_vfio_close(vfio);
	address[SERVED_PAGE + 3] = 0x5b; /* what is mapped stays mapped */
	ck_assert_uint_eq(theirs[SERVED_PAGE + 3], 0x5b);
	vgpu_mapping_unmap(mapping);
}
END_TEST

START_TEST(interrupts)
{
	struct vgpu_vfio *vfio = open_at(served->socket, NULL);
	int fds[8], i;
	uint64_t count;

	for (i = 0; i < 8; i++)
		fds[i] = i == 3 ? -1 : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 8, fds), 0);
	ck_assert_int_eq(vgpu_instance_trigger_irq(served->instance, VGPU_IRQ_MSIX, 5), 0);
	ck_assert_int_eq(read(fds[5], &count, 8), 8);
	ck_assert_int_eq(vgpu_irq_trigger(vfio, VGPU_IRQ_MSIX, 7, 1), 0);
	ck_assert_int_eq(read(fds[7], &count, 8), 8);
	ck_assert_int_eq(vgpu_irq_disable(vfio, VGPU_IRQ_MSIX), 0);
	ck_assert_int_eq(vgpu_instance_has_irq(served->instance, VGPU_IRQ_MSIX, 5), 0);
	for (i = 0; i < 8; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	vgpu_vfio_close(vfio);
}
END_TEST

static void *read_guest(void *data)
{
	static unsigned char bytes[64];

	ck_assert_int_eq(vgpu_guest_read(served->instance, 0x10ff0, bytes, sizeof(bytes)), 0);
	memset(bytes, 0xc3, sizeof(bytes));
	*(int *)data = vgpu_guest_write(served->instance, 0x10000, bytes, sizeof(bytes));
	return bytes;
}

/* Memory without a file: the provider reads and writes it by messages, served by the events. */
START_TEST(guest_memory)
{
	struct vgpu_vfio *vfio = open_at(served->socket, NULL);
	unsigned char *memory = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pollfd poll_fd = {.events = POLLIN};
	uint32_t events;
	pthread_t thread;
	int result = -1, turns = 0;

	ck_assert_int_eq(vgpu_dma_map(vgpu_vfio_get_dma(vfio), 0x10000, memory, 8192, VGPU_DMA_READ | VGPU_DMA_WRITE), 0);
	ck_assert_int_eq(vgpu_vfio_start_events(vfio, &poll_fd.fd), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_guest, &result), 0);
	while (pthread_tryjoin_np(thread, NULL)) {
		poll(&poll_fd, 1, 100);
		ck_assert_int_eq(vgpu_vfio_process(vfio, &events), 0);
		ck_assert_int_lt(turns++, 1000);
	}
	ck_assert_int_eq(result, 0);
	ck_assert_uint_eq(memory[63], 0xc3);
	ck_assert_int_eq(vgpu_dma_unmap(vgpu_vfio_get_dma(vfio), 0x10000, 8192), 0);
	vgpu_vfio_close(vfio);
	munmap(memory, 2 * 4096);
}
END_TEST

/* One client at a time; it finds the device as it was; a provider that ends is told of. */
START_TEST(comings_and_goings)
{
	struct vgpu_vfio *vfio = open_at(served->socket, NULL), *other = NULL;
	struct pollfd poll_fd = {.events = POLLIN};
	uint32_t value = 77, events;

	ck_assert_int_eq(vgpu_vfio_open(ctx, served->socket, NULL, &other), -EBUSY);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_IN_USE);
	ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, &value, 4), 4);
	vgpu_vfio_close(vfio);
	served_await(served, vgpu_instance_get_state(served->instance));
	PEER_WAIT_FOR(vgpu_instance_get_client_pid(served->instance) <= 0);
	vfio = open_at(served->socket, NULL);
	value = 0;
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), 4);
	ck_assert_uint_eq(value, 77);
	ck_assert_int_eq(vgpu_vfio_start_events(vfio, &poll_fd.fd), 0);
	served_free_all(served);
	served = NULL;
	do {
		ck_assert_int_eq(poll(&poll_fd, 1, 10000), 1);
		ck_assert_int_eq(vgpu_vfio_process(vfio, &events), 0);
	} while (!(events & VGPU_VFIO_EVENT_ERROR));
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), -ENODEV);
	vgpu_vfio_close(vfio);
}
END_TEST

/* What is posted comes without another call, also where the socket had no room for it. */
START_TEST(posted)
{
	const struct vgpu_user_opts user = {.size = sizeof(user), .flags = VGPU_USER_POST};
	struct vgpu_vfio *vfio = open_at(served->socket, &user);
	int i;

	served->write_us = 1;
	for (i = 0; i < 3000; i++)
		ck_assert_int_eq(vgpu_region_write(vfio, VGPU_REGION_BAR2, 64, &i, 4), 4);
	PEER_WAIT_FOR(served->writes == 3000);
	vgpu_vfio_close(vfio);
}
END_TEST

static atomic_bool stop;

static void *drive(void *data)
{
	struct vgpu_provider *provider = data;
	struct pollfd poll_fd = {.fd = vgpu_provider_get_fd(provider), .events = POLLIN};

	while (!stop) {
		poll(&poll_fd, 1, 20);
		ck_assert_int_eq(vgpu_provider_process(provider), 0);
	}
	return NULL;
}

/* A provider without a thread: two clients take turns, and one goes on when the other has gone. */
START_TEST(driven)
{
	const struct vgpu_provider_opts opts = {.spin_us = _i ? 1000 : 0};
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = SERVED_UUID, .instance = 1, .type = "type"};
	const struct vgpu_user_opts post = {.size = sizeof(post), .flags = VGPU_USER_POST};
	struct served *mine = served_make(&opts, 0);
	struct vgpu_instance *second;
	struct vgpu_vfio *vfio, *other;
	uint32_t i, value;
	pthread_t thread;

	stop = false;
	ck_assert_int_eq(vgpu_instance_create(mine->provider, &which, &second), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, drive, mine->provider), 0);
	vfio = open_at(mine->socket, NULL);
	other = open_at(vgpu_instance_get_socket(second), &post);
	for (i = 0; i < 500; i++) {
		ck_assert_int_eq(vgpu_region_write(other, VGPU_REGION_BAR2, 64, &i, 4), 4);
		if (i % 3)
			continue; /* some writes of one, with no word of the other */
		ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 128, &value, 4), 4);
		ck_assert_int_eq(vgpu_region_read(other, VGPU_REGION_BAR2, 64, &value, 4), 4);
		ck_assert_uint_eq(value, i);
	}
	ck_assert_int_eq(vgpu_region_write(other, VGPU_REGION_BAR2, 64, &i, 4), 4);
	PEER_WAIT_FOR(mine->writes == 501); /* it came without another word */
	vgpu_vfio_close(other);
	PEER_WAIT_FOR(vgpu_instance_get_state(second) == VGPU_INSTANCE_FREE);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 64, &value, 4), 4);
	vgpu_vfio_close(vfio);
	served_await(mine, VGPU_INSTANCE_FREE);
	stop = true;
	pthread_join(thread, NULL);
	ck_assert_int_eq(vgpu_instance_destroy(second, NULL), 0);
	vgpu_instance_unref(second);
	ck_assert_int_eq(mine->freed, 1);
	mine->freed = 0;
	served_free_all(mine);
}
END_TEST

/* A provider without migration, and one whose table of mappings is full: in words that are true of it. */
START_TEST(refusals)
{
	struct vgpu_vfio *vfio = open_at(served->socket, NULL);
	struct vgpu_migration *session = NULL;
	struct vgpu_dma *dma = vgpu_vfio_get_dma(vfio);
	char *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t i;
	int r = 0;

	ck_assert_int_eq(vgpu_migration_open(vfio, &session), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_UNSUPPORTED);
	ck_assert_str_eq(vgpu_error_get_message(vgpu_context_get_error(ctx)), "its provider can't migrate it");
	for (i = 0; r == 0 && i < 5000; i++)
		r = vgpu_dma_map(dma, i * 8192, memory, 4096, VGPU_DMA_READ);
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_LIMIT);
	ck_assert_ptr_nonnull(
		strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), "the vfio-user server's limit of 4096 mappings"));
	ck_assert_int_eq(vgpu_dma_dirty_start(dma), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), "vfio-user"));
	vgpu_vfio_close(vfio);
	munmap(memory, 4096);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user served");
	TCase *tcase = tcase_create("user served");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, registers, 0, 3);
	tcase_add_test(tcase, regions_and_maps);
	tcase_add_test(tcase, interrupts);
	tcase_add_test(tcase, guest_memory);
	tcase_add_test(tcase, refusals);
	tcase_add_test(tcase, comings_and_goings);
	tcase_add_test(tcase, posted);
	tcase_add_loop_test(tcase, driven, 0, 2);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
