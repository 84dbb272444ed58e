/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that mean harm, or are broken: what they do ends their own connection at most, and nobody else notices. */
#include <sys/wait.h>

#include "run_suite.h"
#include "served.h"

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
		peer = peer_new(served->socket);
		ck_assert_int_eq(peer_version(peer, 0, round % 2 ? PEER_DISPLAY_JSON : PEER_QEMU_JSON), 0);
		for (i = 0; i < 200; i++) {
			unsigned char body[512];
			size_t size = next(&seed) % 5 ? next(&seed) % 128 : next(&seed) % sizeof(body);
			int fds[3] = {eventfd(0, EFD_NONBLOCK), memfd_create("x", 0), dup(0)};
			uint16_t command = (uint16_t)(next(&seed) % 21);
			uint32_t flags = next(&seed) % 8 ? VG_USER_NO_REPLY : VG_USER_NO_REPLY | 1;

			for (j = 0; j < sizeof(body); j += 4) {
				uint64_t value = next(&seed) % 3 ? odd[next(&seed) % (sizeof(odd) / sizeof(odd[0]))] : next(&seed);

				memcpy(body + j, &value, 4);
				if (next(&seed) % 2 && j + 8 <= sizeof(body)) {
					memcpy(body + j, &value, 8);
					j += 4;
				}
			}
			if (command == 20)
				command = VG_USER_QUERY_GFX_PLANE;
			if (!peer_send(peer, command, flags, body, size, fds, next(&seed) % 4))
				i = 200;
			for (j = 0; j < 3; j++)
				close(fds[j]);
		}
		peer_free(peer);
		served_await(served, VGPU_INSTANCE_FREE);
	}
	served_still_works(served);
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
	served_still_works(served);
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
	served_still_works(served);
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
	served_still_works(served);
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
	served_still_works(served);
	served_free_all(served);
}
END_TEST

/* Numbers that wrap, or promise more than there is: refused, each with its error, and nothing has changed. */
START_TEST(numbers)
{
	const struct vgpu_provider_opts opts = {.message_layout = VGPU_MESSAGE_LAYOUT_SPEC};
	struct served *served = served_new(&opts);
	struct peer *peer = peer_open(served->socket);
	int memory;
	void *at = peer_memory(SERVED_PAGE, F_SEAL_SHRINK, &memory);
	const struct {
		uint16_t command;
		uint16_t size;
		int result;
		uint64_t words[4];
	} tries[] = {
		/* offset; region, count */
		{VG_USER_REGION_READ, 16, -EINVAL, {UINT64_MAX, 2 | (uint64_t)1 << 32}},
		{VG_USER_REGION_READ, 16, -EINVAL, {UINT64_MAX - 3, 2 | (uint64_t)4 << 32}},
		{VG_USER_REGION_READ, 16, -EINVAL, {1, 2 | (uint64_t)UINT32_MAX << 32}},
		{VG_USER_REGION_READ, 16, -EINVAL, {0, UINT32_MAX | (uint64_t)4 << 32}},
		{VG_USER_REGION_WRITE, 24, -EINVAL, {UINT64_MAX - 3, 2 | (uint64_t)8 << 32, 0}},
		{VG_USER_REGION_WRITE, 24, -EINVAL, {0, 2 | (uint64_t)9 << 32, 0}},
		/* count; of each: offset; region, count; data */
		{VG_USER_REGION_WRITE_MULTI, 32, -EINVAL, {UINT64_MAX, 0, 2, 0}},
		{VG_USER_REGION_WRITE_MULTI, 32, -EINVAL, {((uint64_t)1 << 61) + 1, 0, 2, 0}},
		{VG_USER_REGION_WRITE_MULTI, 32, -EINVAL, {1, 0, 2 | (uint64_t)9 << 32, 0}},
		{VG_USER_REGION_WRITE_MULTI, 32, -EINVAL, {1, UINT64_MAX, 2 | (uint64_t)8 << 32, 0}},
		/* argsz, flags; offset; address; size */
		{VG_USER_DMA_MAP, 32, -EINVAL, {32 | (uint64_t)3 << 32, 0, UINT64_MAX, 2}},
		{VG_USER_DMA_MAP, 32, -EINVAL, {32 | (uint64_t)3 << 32, 0, 1, UINT64_MAX}},
		{VG_USER_DMA_MAP, 32, -EINVAL, {32 | (uint64_t)3 << 32, UINT64_MAX, 0, 4096}},
		{VG_USER_DMA_MAP, 32, -EINVAL, {32 | (uint64_t)3 << 32, INT64_MAX, 0, 4096}},
		{VG_USER_DMA_UNMAP, 24, -ENOENT, {24, UINT64_MAX, UINT64_MAX}},
		{VG_USER_DMA_UNMAP, 24, -EINVAL, {24 | (uint64_t)UINT32_MAX << 32, 0, 0}},
		/* argsz, flags; index, start; count */
		{VG_USER_DEVICE_SET_IRQS, 20, -EINVAL, {20 | (uint64_t)0x21 << 32, 2 | (uint64_t)UINT32_MAX << 32, 2}},
		{VG_USER_DEVICE_SET_IRQS, 20, -EINVAL, {20 | (uint64_t)0x22 << 32, 2 | (uint64_t)4 << 32, UINT32_MAX}},
		{VG_USER_DEVICE_SET_IRQS, 20, -EINVAL, {20 | (uint64_t)0x22 << 32, 2, 4}},
		{VG_USER_DEVICE_GET_IRQ_INFO, 16, -EINVAL, {16, UINT32_MAX}},
		{VG_USER_DEVICE_GET_REGION_INFO, 32, -EINVAL, {4096, UINT32_MAX}},
		{VG_USER_DEVICE_GET_REGION_INFO, 32, -EINVAL, {8, 0}},
		{VG_USER_DEVICE_GET_REGION_IO_FDS, 16, -EINVAL, {4096, UINT32_MAX}},
		{VG_USER_DEVICE_GET_INFO, 16, -EINVAL, {0}},
		/* argsz, flags; then page size, ranges; or IOVA, length, page size */
		{VG_USER_DEVICE_FEATURE, 24, -E2BIG, {64 | (uint64_t)0x20006 << 32, 4096, UINT32_MAX}},
		{VG_USER_DEVICE_FEATURE, 32, -EOVERFLOW, {4096 | (uint64_t)0x10008 << 32, UINT64_MAX - 4095, 8192, 4096}},
		{VG_USER_DEVICE_FEATURE, 32, -E2BIG, {UINT32_MAX | (uint64_t)0x10008 << 32, 0, UINT64_MAX, 4096}},
		{VG_USER_DEVICE_FEATURE, 32, -EINVAL, {4096 | (uint64_t)0x10008 << 32, 0, 4096, 3}},
		{VG_USER_DEVICE_FEATURE, 8, -EINVAL, {8 | (uint64_t)0xffffffff << 32}},
		{VG_USER_MIG_DATA_READ, 8, -EOPNOTSUPP, {8 | (uint64_t)UINT32_MAX << 32}},
		{VG_USER_PRIVATE, 8, -EOPNOTSUPP, {0}},
		{UINT16_MAX, 8, -EOPNOTSUPP, {0}},
		{VG_USER_DMA_READ, 16, -EOPNOTSUPP, {0, 4096}}};
	size_t i, cut;
	int r;

	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const int fds = tries[i].command == VG_USER_DMA_MAP;

		r = peer_call_fds(peer, tries[i].command, tries[i].words, tries[i].size, &memory, (size_t)fds);
		ck_assert_msg(r == tries[i].result, "try %zu: %d", i, r);
		for (cut = 0; cut < tries[i].size; cut++) /* and the same cut off anywhere */
			ck_assert_int_lt(peer_call_fds(peer, tries[i].command, tries[i].words, cut, &memory, (size_t)fds), 0);
	}
	ck_assert_int_eq(served->writes, 0);
	ck_assert_int_eq(served->reads, 0);
	ck_assert_int_eq(vgpu_guest_read(served->instance, 0, &r, 4), -EFAULT);
	peer_free(peer);
	munmap(at, SERVED_PAGE);
	close(memory);
	served_still_works(served);
	served_free_all(served);
}
END_TEST

/* The first message: JSON of any shape is answered, or refused and hung up on. */
START_TEST(versions)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"\"x\"",
		"{}",
		"{\"capabilities\":[]}",
		"{\"capabilities\":{\"max_msg_fds\":-1}}",
		"{\"capabilities\":{\"max_msg_fds\":1e999}}",
		"{\"capabilities\":{\"max_msg_fds\":\"16\",\"max_data_xfer_size\":{}}}",
		"{\"capabilities\":{\"max_data_xfer_size\":0}}",
		"{\"capabilities\":{\"max_data_xfer_size\":18446744073709551615}}",
		"{\"capabilities\":{\"pgsizes\":0,\"migration\":[[[[]]]]}}",
		"{\"capabilities\":{\"twin_socket\":{\"supported\":7,\"fd_index\":-9}}}",
		"{\"capabilities\":{\"twin_socket\":true}}",
		"{\"capabilities\":{\"\\u0000\":1}}",
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}",
		"{\"capabilities\":{}} and more",
		"\xff\xfe"};
	struct served *served = served_new(NULL);
	struct vg_user_version version = {0, 1};
	struct peer *peer;
	char *deep;
	size_t i;
	int r;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		peer = peer_new(served->socket);
		r = peer_version(peer, 1, texts[i]);
		if (r == 0) /* then it is a client as any other */
			ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
		else
			ck_assert_msg(r == -EINVAL && !peer_receive(peer), "%s: %d", texts[i], r);
		peer_free(peer);
		served_await(served, VGPU_INSTANCE_FREE);
	}
	deep = malloc(1 << 20); /* nested as deep as a message allows */
	memcpy(deep, &version, sizeof(version));
	memset(deep + sizeof(version), '[', (1 << 20) - sizeof(version));
	deep[(1 << 20) - 1] = '\0';
	peer = peer_new(served->socket);
	ck_assert_int_eq(peer_call(peer, VG_USER_VERSION, deep, 1 << 20), -EINVAL);
	ck_assert(!peer_receive(peer));
	peer_free(peer);
	free(deep);
	served_still_works(served);
	served_free_all(served);
}
END_TEST

/* Another user, begun before there is a server, whose threads would not be his: what he finds, at a path that comes. */
static pid_t begin_other_user(int path_fd)
{
	pid_t child = fork();
	char path[108] = "";
	struct peer *peer;
	int r;

	if (child)
		return child;
	if (setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234) || read(path_fd, path, sizeof(path) - 1) <= 0)
		_exit(2);
	peer = peer_new(path);
	r = peer_version(peer, 0, PEER_QEMU_JSON);
	peer_free(peer);
	_exit(r == -EPIPE ? 0 : 1);
}

/* Whoever may not, is not listened to, whatever the socket's mode says. */
START_TEST(other_user)
{
	struct served *served;
	int ends[2], status;
	pid_t child;

	if (geteuid() != 0)
		return; /* only root can become another */
	ck_assert_int_eq(pipe(ends), 0);
	child = begin_other_user(ends[0]);
	served = served_new(NULL);
	ck_assert_int_eq(chmod(served->dir, 0755), 0);
	ck_assert_int_eq(chmod(served->socket, 0666), 0);
	ck_assert_int_gt(write(ends[1], served->socket, strlen(served->socket)), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(ends[0]);
	close(ends[1]);
	served_still_works(served);
	served_free_all(served);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = tcase_create("hostile");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, random_bodies, 0, 4);
	tcase_add_test(tcase, bad_headers);
	tcase_add_test(tcase, slow_peers);
	tcase_add_test(tcase, many_connections);
	tcase_add_test(tcase, false_replies);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, versions);
	tcase_add_test(tcase, other_user);
	return run_checks(suite);
}
