/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that a client sends to a vGPU's socket: of any kind, many, and when there are none left. */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include "fds.h"
#include "run_suite.h"
#include "served.h"

START_TEST(many_descriptors)
{
	struct served *served = served_new(NULL);
	struct vg_user_dma_map map = {.argsz = sizeof(map), .flags = 3, .size = 4096};
	struct peer *peer = peer_open(served->socket);
	int fds[40], i, memory;

	peer_memory(4096, F_SEAL_SHRINK, &memory);
	for (i = 0; i < 40; i++)
		fds[i] = memory;
	ck_assert_int_lt(peer_call_fds(peer, VG_USER_DMA_MAP, &map, sizeof(map), fds, 40), 0);
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_open(served->socket);
	ck_assert_int_eq(peer_call_fds(peer, VG_USER_DMA_MAP, &map, sizeof(map), fds, 2), -EINVAL);
	for (i = 0; i < 3000; i++) /* with messages that want none: each is closed */
		ck_assert_int_eq(peer_call_fds(peer, VG_USER_REGION_READ, &map, 0, fds, 10), -EINVAL);
	peer_free(peer);
	close(memory);
	served_still_works(served);
	served_free_all(served);
}
END_TEST

/* What is no eventfd is refused as one, and what is no memory as that; none of them is waited for. */
START_TEST(wrong_descriptors)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	struct vg_user_irq_set give[] = {{sizeof(give[0]), 0x24, VGPU_IRQ_MSIX, 0, 1},
									 {sizeof(give[0]), 0x14, VGPU_IRQ_INTX, 0, 1}};
	int fds[12], ends[2], memory, r;
	size_t count = 0, i, j;
	void *at = peer_memory(SERVED_PAGE, F_SEAL_SHRINK, &memory);

	ck_assert_int_eq(pipe(ends), 0);
	fds[count++] = ends[0];
	fds[count++] = ends[1];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fds[count++] = ends[0];
	fds[count++] = ends[1];
	fds[count++] = memory;
	fds[count++] = epoll_create1(0);
	fds[count++] = timerfd_create(CLOCK_MONOTONIC, 0);
	fds[count++] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[count++] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[count++] = open("/", O_PATH | O_CLOEXEC);
	fds[count++] = eventfd(0, EFD_NONBLOCK);
	for (i = 0; i < count; i++) {
		const bool is_eventfd = i + 1 == count;

		ck_assert_int_ge(fds[i], 0);
		for (j = 0; j < 2; j++) {
			r = peer_call_fds(peer, VG_USER_DEVICE_SET_IRQS, &give[j], sizeof(give[j]), &fds[i], 1);
			ck_assert_msg(is_eventfd ? r == 0 : r == -EINVAL, "descriptor %zu: %d", i, r);
		}
		ck_assert_int_eq(vgpu_instance_has_irq(served->instance, VGPU_IRQ_MSIX, 0), is_eventfd);
		r = peer_map(peer, i * SERVED_PAGE, SERVED_PAGE, 3, fds[i]);
		ck_assert_msg(fds[i] == memory ? r == 0 : r < 0, "descriptor %zu as memory: %d", i, r);
	}
	peer_free(peer);
	munmap(at, SERVED_PAGE);
	for (i = 0; i < count; i++)
		close(fds[i]);
	served_still_works(served);
	served_free_all(served);
}
END_TEST

static void ignore(void *data, int result)
{
	(void)result;
	(*(atomic_int *)data)++;
}

/* Commands with descriptors, while one is worked on that takes long: few are kept. */
START_TEST(held_descriptors)
{
	const struct vgpu_provider_opts opts = {.message_layout = VGPU_MESSAGE_LAYOUT_SPEC};
	struct served *served = served_new(&opts);
	struct peer *peer = peer_open(served->socket);
	struct {
		struct vg_user_region_access access;
		uint32_t value;
		uint32_t unused;
	} slow = {{SERVED_SLOW, VGPU_REGION_BAR2, 4}, 1, 0};
	atomic_int done = 0;
	unsigned before, i;
	int fds[16];
	char buf[4];

	for (i = 0; i < 16; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	served->hold_write = true;
	ck_assert_int_eq(peer_map(peer, 0, SERVED_PAGE, 3, -1), 0);
	ck_assert_int_eq(vgpu_guest_start_read(served->instance, 0, buf, sizeof(buf), ignore, &done), -EINPROGRESS);
	ck_assert(peer_send(peer, VG_USER_REGION_WRITE, 0, &slow, sizeof(slow) - 4, NULL, 0));
	PEER_WAIT_FOR(served->request);
	before = count_fds();
	fcntl(peer->fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < 500 && peer_send(peer, VG_USER_DMA_MAP, 0, &slow, sizeof(slow), fds, 16); i++)
		;
	usleep(100000); /* for the server to take what it takes */
	ck_assert_uint_le(count_fds(), before + 64 + 16 + 16);
	peer_free(peer);
	vgpu_request_complete(served->request, 0);
	served_await(served, VGPU_INSTANCE_FREE);
	ck_assert_int_eq(done, 1);
	for (i = 0; i < 16; i++)
		close(fds[i]);
	served->hold_write = false;
	served_still_works(served);
	served_free_all(served);
}
END_TEST

/* No descriptors are left: who connects then is hung up on, and is let in when there are some again. */
START_TEST(no_descriptors)
{
	struct served *served = served_new(NULL);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct rlimit limit, none;
	struct peer *peers[4];
	int others[64];
	size_t i, count = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", served->socket);
	for (i = 0; i < 4; i++) {
		peers[i] = calloc(1, sizeof(*peers[i]));
		peers[i]->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)peers[3]->fd + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	while (count < 64 && (others[count] = dup(peers[0]->fd)) >= 0) /* what is free below that */
		count++;
	ck_assert_uint_lt(count, 64);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(connect(peers[i]->fd, (struct sockaddr *)&address, sizeof(address)), 0);
		ck_assert(!peer_receive(peers[i]));
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (count)
		close(others[--count]);
	for (i = 0; i < 4; i++)
		peer_free(peers[i]);
	served_still_works(served);
	served_free_all(served);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("descriptors");
	TCase *tcase = tcase_create("descriptors");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, many_descriptors);
	tcase_add_test(tcase, wrong_descriptors);
	tcase_add_test(tcase, held_descriptors);
	tcase_add_test(tcase, no_descriptors);
	return run_checks(suite);
}
