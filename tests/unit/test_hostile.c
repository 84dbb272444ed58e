/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that mean harm, or are broken: what they do ends their own connection at most, and nobody else notices. */
#include "run_suite.h"
#include "served.h"

/* The server still works, for somebody else and after all of it. */
static void still_works(struct served *served)
{
	uint32_t value = 0;
	struct peer *peer;

	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_open(served->socket);
	ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 0, &value, 4), 0);
	ck_assert_uint_eq(value, 0x56781234);
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
}

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Commands with any numbers in their bodies, in the layout that they ought to have and cut off anywhere. */
START_TEST(random_bodies)
{
	static const uint64_t odd[] = {0,
								   1,
								   2,
								   3,
								   8,
								   16,
								   32,
								   4096,
								   0x7fffffff,
								   0x80000000,
								   0xffffffff,
								   UINT64_MAX,
								   UINT64_MAX - 4095,
								   INT64_MAX,
								   (uint64_t)1 << 40,
								   0x20001,
								   0x10002,
								   0x60002,
								   0x20006};
	const struct vgpu_provider_opts opts = {.request_ms = 300, .max_dma_maps = 16};
	struct served *served = served_new(&opts);
	uint32_t seed = 88172645u + (uint32_t)_i, round, i, j;
	struct peer *peer;

	for (round = 0; round < 20; round++) {
		peer = peer_open(served->socket);
		for (i = 0; i < 200; i++) {
			unsigned char body[512];
			size_t size = next(&seed) % 5 ? next(&seed) % 128 : next(&seed) % sizeof(body);
			int fds[3] = {eventfd(0, EFD_NONBLOCK), memfd_create("x", 0), dup(0)};
			uint16_t command = (uint16_t)(next(&seed) % 20);
			uint32_t flags = next(&seed) % 8 ? VG_USER_NO_REPLY : VG_USER_NO_REPLY | 1;

			for (j = 0; j < sizeof(body); j += 4) {
				uint64_t value = next(&seed) % 3 ? odd[next(&seed) % (sizeof(odd) / sizeof(odd[0]))] : next(&seed);

				memcpy(body + j, &value, 4);
				if (next(&seed) % 2 && j + 8 <= sizeof(body)) {
					memcpy(body + j, &value, 8);
					j += 4;
				}
			}
			if (!peer_send(peer, command, flags, body, size, fds, next(&seed) % 4))
				i = 200;
			for (j = 0; j < 3; j++)
				close(fds[j]);
		}
		peer_free(peer);
		served_await(served, VGPU_INSTANCE_FREE);
	}
	still_works(served);
	served_free_all(served);
}
END_TEST

START_TEST(bad_headers)
{
	static const struct vg_user_header headers[] = {{1, 1, 0, 0, 0},          {1, 1, 15, 0, 0},
													{1, 1, UINT32_MAX, 0, 0}, {1, 9, (2u << 20) + 16, 0, 0},
													{1, 4, 32, 2, 0},         {1, 4, 32, 15, 0}};
	struct served *served = served_new(NULL);
	unsigned char all[32] = {0};
	struct peer *peer;
	size_t i;

	for (i = 0; i < 2 * sizeof(headers) / sizeof(headers[0]); i++) {
		peer = i % 2 ? peer_open(served->socket) : peer_new(served->socket);
		memcpy(all, &headers[i / 2], sizeof(headers[0]));
		ck_assert(peer_send_raw(peer, all, sizeof(all), NULL, 0));
		while (peer_receive(peer)) /* an answer is fine, and the end comes */
			;
		peer_free(peer);
		served_await(served, VGPU_INSTANCE_FREE);
	}
	still_works(served);
	served_free_all(served);
}
END_TEST

/* Half a message, and nothing for ever; nothing at all; answers that are never read. */
START_TEST(slow_peers)
{
	const struct vgpu_provider_opts opts = {.request_ms = 200};
	struct served *served = served_new(&opts);
	struct vg_user_region_access access = {.offset = SERVED_PAGE, .region = 0, .count = SERVED_PAGE};
	struct peer *peer = peer_new(served->socket);
	size_t i;

	ck_assert(peer_send_raw(peer, "half", 4, NULL, 0));
	ck_assert(!peer_receive(peer));
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_new(served->socket);
	ck_assert(!peer_receive(peer));
	peer_free(peer);
	served_await(served, VGPU_INSTANCE_FREE);
	peer = peer_open(served->socket);
	fcntl(peer->fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < 100000; i++) /* until the socket is full both ways */
		if (!peer_send(peer, VG_USER_REGION_READ, 0, &access, sizeof(access), NULL, 0))
			break;
	ck_assert_uint_lt(i, 100000);
	served_await(served, VGPU_INSTANCE_FREE); /* the server has given it up */
	peer_free(peer);
	peer = peer_open(served->socket); /* one that has said hello may be idle */
	usleep(400000);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	peer_free(peer);
	still_works(served);
	served_free_all(served);
}
END_TEST

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
	still_works(served);
	served_free_all(served);
}
END_TEST

/* Connections by the hundred: those that are too many are closed. */
START_TEST(many_connections)
{
	struct served *served = served_new(NULL);
	struct peer *peer = peer_open(served->socket);
	int fds[100], i;

	for (i = 0; i < 100; i++)
		fds[i] = peer_connect(served->socket);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	for (i = 0; i < 100; i++)
		close(fds[i]);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	peer_free(peer);
	still_works(served);
	served_free_all(served);
}
END_TEST

/* Replies that nobody asked for, and those to our messages that lie. */
START_TEST(false_replies)
{
	const struct vgpu_provider_opts opts = {.message_layout = VGPU_MESSAGE_LAYOUT_SPEC, .request_ms = 500};
	struct served *served = served_new(&opts);
	struct vg_user_header header = {77, VG_USER_DMA_READ, 16, VG_USER_TYPE_REPLY, 0};
	struct peer *peer = peer_open(served->socket);
	uint32_t value;

	ck_assert(peer_send_raw(peer, &header, sizeof(header), NULL, 0));
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	ck_assert_int_eq(peer_map(peer, 0, 4096, 3, -1), 0);
	ck_assert_int_eq(vgpu_guest_read(served->instance, 4096, &value, 4), -EFAULT);
	peer_free(peer);
	still_works(served);
	served_free_all(served);
}
END_TEST

struct flood {
	struct peer *peer;
	atomic_bool stop;
	atomic_bool began;
};

/* Posted writes, more than a server can work off before the next have come. */
static void *pour(void *data)
{
	static const struct {
		struct vg_user_header header;
		struct vg_user_region_access access;
		uint32_t value;
	} __attribute__((packed))
	post = {{1, VG_USER_REGION_WRITE, 36, VG_USER_NO_REPLY, 0}, {.region = VGPU_REGION_BAR2, .count = 4}, 1};
	static unsigned char many[2000 * sizeof(post)];
	struct flood *flood = data;
	size_t i;

	for (i = 0; i < sizeof(many); i += sizeof(post))
		memcpy(many + i, &post, sizeof(post));
	while (!flood->stop && peer_send_raw(flood->peer, many, sizeof(many), NULL, 0))
		flood->began = true;
	return NULL;
}

/* A client that never lets up: other vGPUs' clients, and the provider's own calls, have their turn all the same. */
START_TEST(flooding)
{
	struct served *served = served_new(NULL);
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = SERVED_UUID, .instance = 1, .type = "type"};
	struct flood flood = {.peer = peer_open(served->socket)};
	struct vgpu_instance *other;
	struct peer *peer;
	pthread_t thread;
	uint32_t value;
	int i;

	served->write_us = 10;
	ck_assert_int_eq(pthread_create(&thread, NULL, pour, &flood), 0);
	PEER_WAIT_FOR(flood.began);
	ck_assert_int_eq(vgpu_instance_create(served->provider, &which, &other), 0);
	peer = peer_open(vgpu_instance_get_socket(other));
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_BAR2, 0, &value, 4), 0);
	flood.stop = true;
	shutdown(flood.peer->fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	peer_free(flood.peer);
	peer_free(peer);
	PEER_WAIT_FOR(vgpu_instance_get_state(other) == VGPU_INSTANCE_FREE);
	ck_assert_int_eq(vgpu_instance_destroy(other, NULL), 0);
	vgpu_instance_unref(other);
	PEER_WAIT_FOR(served->freed == 1);
	served->freed = 0;
	still_works(served);
	served_free_all(served);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = tcase_create("hostile");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, random_bodies, 0, 4);
	tcase_add_test(tcase, bad_headers);
	tcase_add_test(tcase, slow_peers);
	tcase_add_test(tcase, many_descriptors);
	tcase_add_test(tcase, many_connections);
	tcase_add_test(tcase, false_replies);
	tcase_add_test(tcase, flooding);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
