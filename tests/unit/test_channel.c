/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of vfio-user over socket pairs: cut anywhere, as large as allowed, with descriptors, and hostile. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fds.h"
#include "noise.h"
#include "run_suite.h"
#include "sys/files.h"
#include "sys/unixsock.h"
#include "user/channel.h"

#define MIB ((uint32_t)1 << 20)
#define HEADER sizeof(struct vg_user_header)
#define FOREVER 100000

static bool counting;
static size_t allocations; /* while counting: the linker sends the library's calls here (see CMakeLists.txt) */

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations += counting;
	return __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations += counting;
	return __real_realloc(old, size);
}

/* Two channels, or a channel and the bare socket at its other end. */
static struct vg_channel a, b;
static int bare;
static unsigned char data[MIB + 4096], seen[MIB + 4096];

static void fill(void)
{
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + i / 251);
}

static void setup(void)
{
	int pair[2];

	fill();
	ck_assert_int_eq(vg_socket_pair(pair), 0);
	vg_channel_init(&a, pair[0], MIB, 8, FOREVER);
	vg_channel_init(&b, pair[1], MIB, 8, FOREVER);
	bare = pair[1];
}

static void teardown(void)
{
	vg_channel_free(&a);
	vg_channel_free(&b);
}

/* A descriptor that can be told from others: the inode of a pipe. */
static int make_fd(ino_t *inode)
{
	struct stat st;
	int pair[2];

	ck_assert_int_eq(pipe(pair), 0);
	close(pair[1]);
	ck_assert_int_eq(fstat(pair[0], &st), 0);
	*inode = st.st_ino;
	return pair[0];
}

static ino_t inode_of(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

static size_t put_message(unsigned char *at, uint16_t id, const void *body, size_t size)
{
	struct vg_user_header header = {.id = id, .command = 9, .size = (uint32_t)(HEADER + size)};

	memcpy(at, &header, HEADER);
	if (size)
		memcpy(at + HEADER, body, size);
	return HEADER + size;
}

static void push(const void *bytes, size_t size, const int *fds, size_t fd_count)
{
	struct iovec part = {(void *)(uintptr_t)bytes, size};

	ck_assert_int_eq(vg_socket_send(bare, &part, 1, fds, fd_count), (ssize_t)size);
}

static struct vg_message *take(void)
{
	struct vg_message *message = NULL;

	ck_assert_int_eq(vg_channel_receive(&a, &message), 1);
	return message;
}

static void expect_none(void)
{
	struct vg_message *message;

	ck_assert_int_eq(vg_channel_receive(&a, &message), 0);
}

static void expect_end(int err)
{
	struct vg_message *message;

	ck_assert_int_eq(vg_channel_receive(&a, &message), err);
	ck_assert_int_eq(vg_channel_receive(&a, &message), err); /* for ever */
}

static void expect_message(uint16_t id, const void *body, size_t size)
{
	struct vg_message *message = take();

	ck_assert_uint_eq(message->header.id, id);
	ck_assert_uint_eq(message->size, size);
	ck_assert_mem_eq(message->body, body, size);
	ck_assert_int_eq(message->refused, 0);
}

/* Cut once at each byte, with descriptors with the first part, or with the second. */
START_TEST(split_at_each_byte)
{
	unsigned char bytes[3 * 64];
	size_t size, cut, i;
	unsigned fds = count_fds();
	ino_t inode;
	int fd = make_fd(&inode), taken;

	size = put_message(bytes, 1, data, 40);
	for (cut = 1; cut < size; cut++) {
		for (i = 0; i < 2; i++) {
			struct vg_message *message;

			push(bytes, cut, &fd, i == 0);
			expect_none();
			push(bytes + cut, size - cut, &fd, i == 1);
			message = take();
			ck_assert_uint_eq(message->size, 40);
			ck_assert_mem_eq(message->body, data, 40);
			ck_assert_uint_eq(message->fds->count, 1);
			taken = vg_fds_take(message->fds, 0);
			ck_assert_uint_eq(inode_of(taken), inode);
			ck_assert_int_eq(fcntl(taken, F_GETFD), FD_CLOEXEC);
			ck_assert_int_eq(vg_fds_take(message->fds, 0), -1);
			close(taken);
			expect_none();
		}
	}
	close(fd);
	ck_assert_uint_eq(count_fds(), fds);
}
END_TEST

/* Byte by byte, messages of all lengths after each other. */
START_TEST(byte_by_byte)
{
	unsigned char bytes[256];
	size_t length, size, i;

	for (length = 0; length < 64; length++) {
		size = put_message(bytes, (uint16_t)length, data, length);
		for (i = 0; i + 1 < size; i++) {
			push(bytes + i, 1, NULL, 0);
			expect_none();
		}
		push(bytes + i, 1, NULL, 0);
		expect_message((uint16_t)length, data, length);
		expect_none();
	}
}
END_TEST

/* Many in one, and the last of them cut at each byte. */
START_TEST(many_at_once)
{
	static unsigned char bytes[100 * 64];
	size_t size = 0, cut;
	uint16_t i;

	for (i = 0; i < 50; i++)
		size += put_message(bytes + size, i, data + i, i);
	for (cut = size - 60; cut < size; cut++) {
		push(bytes, cut, NULL, 0);
		for (i = 0; i < 49; i++)
			expect_message(i, data + i, i);
		expect_none();
		push(bytes + cut, size - cut, NULL, 0);
		expect_message(49, data + 49, 49);
		expect_none();
	}
}
END_TEST

/* Descriptors of several messages that are received by few calls go to the right ones. */
START_TEST(fds_in_a_row)
{
	unsigned char bytes[64];
	unsigned open_before = count_fds();
	ino_t inodes[8];
	int fds[8], taken;
	uint16_t i;

	for (i = 0; i < 8; i++) {
		fds[i] = make_fd(&inodes[i]);
		push(bytes, put_message(bytes, (uint16_t)(3 * i), data, 4), NULL, 0);
		push(bytes, put_message(bytes, (uint16_t)(3 * i + 1), data, 20), &fds[i], 1);
		push(bytes, put_message(bytes, (uint16_t)(3 * i + 2), data, 0), NULL, 0);
	}
	for (i = 0; i < 24; i++) {
		struct vg_message *message = take();

		ck_assert_uint_eq(message->header.id, i);
		ck_assert_uint_eq(message->fds->count, i % 3 == 1);
		if (i % 3 == 1 && i % 2) { /* those that are left in are closed */
			taken = vg_fds_take(message->fds, 0);
			ck_assert_uint_eq(inode_of(taken), inodes[i / 3]);
			close(taken);
		}
	}
	expect_none();
	for (i = 0; i < 8; i++)
		close(fds[i]);
	ck_assert_uint_eq(count_fds(), open_before);
}
END_TEST

/* The header of the message after one with descriptors is cut off, and comes with descriptors too. */
START_TEST(fds_of_two_halves)
{
	unsigned char bytes[256];
	size_t first, size;
	ino_t inodes[3];
	int fds[3], i;

	for (i = 0; i < 3; i++)
		fds[i] = make_fd(&inodes[i]);
	first = put_message(bytes, 1, data, 30);
	size = first + put_message(bytes + first, 2, data, 30);
	push(bytes, 20, &fds[0], 1);
	expect_none();
	push(bytes + 20, first - 20 + 5, &fds[1], 1); /* the second starts in these */
	push(bytes + first + 5, size - first - 5, &fds[2], 1);
	ck_assert_uint_eq(take()->fds->count, 1);
	ck_assert_uint_eq(inode_of(a.in.message.fds->fd[0]), inodes[0]);
	ck_assert_uint_eq(take()->fds->count, 2);
	ck_assert_uint_eq(inode_of(a.in.message.fds->fd[0]), inodes[1]);
	ck_assert_uint_eq(inode_of(a.in.message.fds->fd[1]), inodes[2]);
	expect_none();
	for (i = 0; i < 3; i++)
		close(fds[i]);
}
END_TEST

START_TEST(hostile_sizes)
{
	static const uint32_t sizes[] = {0, 1, 15, MIB + HEADER + VG_USER_OVERHEAD + 1, 0x7fffffff, 0xffffffff};
	struct vg_user_header header = {.id = 1, .command = 1, .size = sizes[_i]};

	push(&header, sizeof(header), NULL, 0);
	expect_end(sizes[_i] < HEADER ? -EPROTO : -EMSGSIZE);
	ck_assert_uint_lt(a.in.room, 65536); /* nothing was made for it */
}
END_TEST

START_TEST(hostile_type)
{
	struct vg_user_header header = {.id = 1, .command = 1, .size = HEADER, .flags = 2 + (uint32_t)_i};

	push(&header, sizeof(header), NULL, 0);
	expect_end(-EPROTO);
}
END_TEST

/* More than allowed, at once or bit by bit: the message is refused, and the next is not. */
START_TEST(too_many_fds)
{
	unsigned open_before = count_fds();
	unsigned char bytes[64];
	size_t size = put_message(bytes, 1, data, 20), i;
	struct vg_message *message;
	int fds[253];

	for (i = 0; i < 253; i++)
		fds[i] = STDIN_FILENO;
	push(bytes, size, fds, 9);
	message = take();
	ck_assert_int_eq(message->refused, E2BIG);
	ck_assert_uint_eq(message->fds->count, 0);
	push(bytes, size, fds, 8);
	message = take();
	ck_assert_int_eq(message->refused, 0);
	ck_assert_uint_eq(message->fds->count, 8);
	push(bytes, size, fds, 253);
	ck_assert_int_eq(take()->refused, E2BIG);
	for (i = 0; i < size; i++)
		push(bytes + i, 1, fds, 8);
	message = take();
	ck_assert_int_eq(message->refused, E2BIG);
	ck_assert_uint_eq(message->fds->count, 0);
	push(bytes, size, NULL, 0);
	ck_assert_int_eq(take()->refused, 0);
	expect_none();
	ck_assert_uint_eq(count_fds(), open_before);
}
END_TEST

/* The process has no descriptors left for them: the message is refused, and nothing leaks. */
START_TEST(truncated_fds)
{
	const char *preload = getenv("LD_PRELOAD");
	unsigned open_before = count_fds();
	struct rlimit limit, low;
	unsigned char bytes[64];
	struct vg_message *message;
	int fds[8] = {0};

	if (preload && strstr(preload, "vgpreload")) /* under valgrind, a limit of descriptors is not the kernel's */
		return;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = open_before + 3;
	push(bytes, put_message(bytes, 1, data, 20), fds, 8);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	message = take();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(message->refused, EMFILE);
	ck_assert_uint_eq(message->fds->count, 0);
	ck_assert_uint_eq(count_fds(), open_before);
	push(bytes, put_message(bytes, 2, data, 20), NULL, 0);
	ck_assert_int_eq(take()->refused, 0);
}
END_TEST

static void send_b(uint16_t id, size_t size, const int *fds, size_t fd_count, unsigned flags, int expected)
{
	struct vg_user_header header = {.id = id, .command = 10};
	struct iovec body[2] = {{data, size < 16 ? size : 16}, {data + 16, size < 16 ? 0 : size - 16}};

	ck_assert_int_eq(vg_channel_send(&b, &header, body, 2, fds, fd_count, flags), expected);
}

/* Receives what b sends on and on; the data go to seen. */
static void pump(uint16_t id, size_t size)
{
	struct vg_message *message;
	int r, turns = 0;

	while ((r = vg_channel_receive(&a, &message)) == 0) {
		ck_assert_int_ge(vg_channel_flush(&b), 0);
		ck_assert_int_lt(turns++, 100000);
	}
	ck_assert_int_eq(r, 1);
	ck_assert_uint_eq(message->header.id, id);
	ck_assert_uint_eq(message->size + message->sunk, size);
	ck_assert_mem_eq(message->body, data, message->size);
	ck_assert_mem_eq(seen, data + message->size, message->sunk);
}

static size_t sink_room = sizeof(seen);

static bool sink(void *unused, const struct vg_user_header *header, size_t *head, void **to, size_t *room)
{
	(void)unused;
	memset(seen, 0, sizeof(seen));
	*head = 16;
	*to = seen;
	*room = sink_room;
	return header->command == 10;
}

/* A message of the greatest size, copied, borrowed, sunk; and small ones around it. */
START_TEST(one_mib)
{
	unsigned flags = _i & 1 ? VG_SEND_BORROW : 0;
	int i;

	if (_i & 2)
		a.sink = sink;
	for (i = 0; i < 3; i++) {
		send_b(1, 20, NULL, 0, 0, 0);
		send_b(2, MIB + 16, NULL, 0, flags, 0);
		ck_assert_uint_gt(vg_channel_queued(&b), 0);
		if (flags)
			send_b(3, 20, NULL, 0, 0, -EAGAIN); /* nothing goes behind a borrowed body */
		pump(1, 20);
		pump(2, MIB + 16);
		ck_assert_int_eq(vg_channel_flush(&b), 0);
		send_b(4, 7, NULL, 0, 0, 0);
		pump(4, 7);
		expect_none();
		ck_assert_uint_eq(vg_channel_queued(&b), 0);
	}
}
END_TEST

/* A message whose data go elsewhere, cut at each byte, with another one behind it. */
START_TEST(sink_split)
{
	unsigned char bytes[256];
	struct vg_user_header header = {.id = 5, .command = 10, .size = HEADER + 60};
	size_t size = HEADER + 60, cut;

	a.sink = sink;
	memcpy(bytes, &header, HEADER);
	memcpy(bytes + HEADER, data, 60);
	size += put_message(bytes + size, 6, data, 30);
	for (cut = 1; cut < size; cut++) {
		struct vg_message *message;

		push(bytes, cut, NULL, 0);
		if (cut < HEADER + 60)
			expect_none();
		push(bytes + cut, size - cut, NULL, 0);
		message = take();
		ck_assert_uint_eq(message->size, 16);
		ck_assert_uint_eq(message->sunk, 44);
		ck_assert_mem_eq(message->body, data, 16);
		ck_assert_mem_eq(seen, data + 16, 44);
		expect_message(6, data, 30);
		expect_none();
	}
}
END_TEST

/* More data than there is room for. */
START_TEST(sink_overflow)
{
	a.sink = sink;
	sink_room = 43;
	send_b(1, 16 + 43, NULL, 0, 0, 0);
	ck_assert_uint_eq(take()->sunk, 43);
	send_b(1, 16 + 44, NULL, 0, 0, 0);
	expect_end(-EPROTO);
}
END_TEST

/* Who does not read is not sent more than the limit; what was queued arrives in order, descriptors too. */
START_TEST(back_pressure)
{
	struct vg_user_header header = {.id = 0, .command = 1};
	struct iovec body = {data, 4000};
	unsigned open_before = count_fds();
	uint16_t sent = 0, got = 0;
	int fd = STDIN_FILENO, r;
	unsigned with = 0;

	for (;;) {
		bool has_fd = sent % 50 == 0;

		header.id = sent;
		r = vg_channel_send(&b, &header, &body, 1, &fd, has_fd, 0);
		if (r)
			break;
		with += has_fd;
		sent++;
	}
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_uint_gt(sent, 100);
	ck_assert_uint_le(vg_channel_queued(&b), b.max_queue);
	ck_assert_uint_le(b.out.room, 4 * b.max_queue);
	while (got < sent) {
		struct vg_message *message;

		r = vg_channel_receive(&a, &message);
		if (r == 0) {
			ck_assert_int_ge(vg_channel_flush(&b), 0);
			continue;
		}
		ck_assert_int_eq(r, 1);
		ck_assert_uint_eq(message->header.id, got);
		ck_assert_uint_eq(message->fds->count, got % 50 == 0);
		got++;
	}
	expect_none();
	ck_assert_uint_gt(with, 2);
	ck_assert_uint_eq(count_fds(), open_before);
}
END_TEST

/* What waits for a flush is sent by few calls, and what is queued with descriptors still has its own. */
START_TEST(later)
{
	int fd = STDIN_FILENO;
	uint16_t i;

	for (i = 0; i < 100; i++)
		send_b(i, 20, &fd, i % 10 == 3, VG_SEND_LATER, 0);
	expect_none();
	send_b(i, 20, NULL, 0, 0, 0);
	for (i = 0; i <= 100; i++) {
		struct vg_message *message = take();

		ck_assert_uint_eq(message->header.id, i);
		ck_assert_uint_eq(message->fds->count, i % 10 == 3);
	}
	ck_assert_uint_eq(vg_channel_queued(&b), 0);
	for (i = 0; i < VG_CHANNEL_QUEUED_FDS; i++)
		send_b(i, 20, &fd, 1, VG_SEND_LATER, 0);
	send_b(i, 20, &fd, 1, VG_SEND_LATER, -EAGAIN);
	send_b(i, 20, NULL, 0, VG_SEND_LATER, 0);
}
END_TEST

/* A half message, and a peer that reads nothing, end the connection at their deadline. */
START_TEST(deadlines)
{
	struct vg_user_header header = {.id = 1, .command = 9, .size = HEADER + 1};
	struct vg_message *message;
	int r;

	a.half_ms = b.half_ms = 50;
	ck_assert_int_eq(vg_channel_deadline(&a), INT64_MAX);
	push(&header, HEADER, NULL, 0);
	expect_none();
	ck_assert_int_lt(vg_channel_deadline(&a), vg_now_ms() + 51);
	do
		vg_sleep_ms(5);
	while ((r = vg_channel_receive(&a, &message)) == 0);
	ck_assert_int_eq(r, -ETIMEDOUT);
	expect_end(-ETIMEDOUT);
	ck_assert_int_eq(vg_channel_deadline(&b), INT64_MAX);
	send_b(2, MIB, NULL, 0, 0, 0);
	ck_assert_int_lt(vg_channel_deadline(&b), vg_now_ms() + 51);
	do
		vg_sleep_ms(5);
	while ((r = vg_channel_flush(&b)) == 1);
	ck_assert_int_eq(r, -ETIMEDOUT);
	send_b(2, 1, NULL, 0, 0, -ETIMEDOUT);
}
END_TEST

/* One byte now and then does not keep a half message alive. */
START_TEST(drip)
{
	struct vg_user_header header = {.id = 1, .command = 9, .size = HEADER + 100000};
	struct vg_message *message;
	int r;

	a.half_ms = 50;
	push(&header, HEADER, NULL, 0);
	while ((r = vg_channel_receive(&a, &message)) == 0) {
		push(data, 1, NULL, 0);
		vg_sleep_ms(2);
	}
	ck_assert_int_eq(r, -ETIMEDOUT);
}
END_TEST

/* The peer has gone, in the midst of a message too; what it sent before counts. */
START_TEST(peer_gone)
{
	send_b(1, 20, NULL, 0, 0, 0);
	push(data, 5, NULL, 0);
	close(b.fd);
	b.fd = -1;
	expect_message(1, data, 20);
	expect_end(-ENODEV);
	b.fd = a.fd; /* its other end is closed */
	a.fd = -1;
	send_b(1, 20, NULL, 0, 0, -ENODEV);
	send_b(1, 20, NULL, 0, 0, -ENODEV);
}
END_TEST

START_TEST(replies)
{
	struct vg_user_header command = {.id = 77, .command = 9};
	struct iovec body = {data, 24};
	struct vg_message *message;

	ck_assert_int_eq(vg_channel_reply(&b, &command, &body, 1, NULL, 0, 0), 0);
	ck_assert_int_eq(vg_channel_reply_error(&b, &command, EEXIST), 0);
	command.flags = VG_USER_NO_REPLY;
	ck_assert_int_eq(vg_channel_reply(&b, &command, &body, 1, NULL, 0, 0), 0);
	ck_assert_int_eq(vg_channel_reply_error(&b, &command, EEXIST), 0);
	message = take();
	ck_assert_uint_eq(message->header.id, 77);
	ck_assert_uint_eq(message->header.command, 9);
	ck_assert_uint_eq(message->header.flags, VG_USER_TYPE_REPLY);
	ck_assert_uint_eq(message->size, 24);
	message = take();
	ck_assert_uint_eq(message->header.flags, VG_USER_TYPE_REPLY | VG_USER_ERROR);
	ck_assert_uint_eq(message->header.error, EEXIST);
	ck_assert_uint_eq(message->size, 0);
	expect_none();
}
END_TEST

/* Sends, and receives all; the number of messages. */
static int exchange(void)
{
	static const size_t sizes[] = {20, 4096, MIB};
	struct vg_message *message;
	int got = 0;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct vg_user_header header = {.id = 1, .command = 9};
		struct iovec body = {data, sizes[i]};

		if (vg_channel_send(&b, &header, &body, 1, NULL, 0, i == 1 ? VG_SEND_LATER : 0))
			return -1;
	}
	while (got < 3 && vg_channel_flush(&b) >= 0)
		got += vg_channel_receive(&a, &message);
	return got;
}

/* Where sizes have settled, nothing is allocated any more. */
START_TEST(no_allocations)
{
	int i, got;

	for (i = 0; i < 20; i++) {
		allocations = 0;
		counting = true; /* check itself allocates */
		got = exchange();
		counting = false;
		ck_assert_int_eq(got, 3);
		if (i == 0)
			ck_assert_uint_gt(allocations, 0);
	}
	ck_assert_uint_eq(allocations, 0);
}
END_TEST

/* Random sizes, cut at random, sunk or not, with descriptors or not: all arrive. */
START_TEST(random_streams)
{
	static unsigned char bytes[64 * 1024];
	unsigned open_before = count_fds();
	int fds[8] = {0}, turn;

	noise_seed(_i);
	a.sink = _i & 1 ? sink : NULL;
	for (turn = 0; turn < 300; turn++) {
		size_t size = (size_t)noise() % (noise() % 4 ? 100 : 60000), done = 0, n;
		size_t fd_count = noise() % 3 ? 0 : (size_t)(noise() % 8);
		struct vg_user_header header = {.id = (uint16_t)turn, .command = noise() % 2 ? 10 : 9};
		struct vg_message *message = NULL;
		int r;

		header.size = (uint32_t)(HEADER + size);
		memcpy(bytes, &header, HEADER);
		memcpy(bytes + HEADER, data, size);
		while (done < HEADER + size) {
			n = 1 + (size_t)noise() % (noise() % 3 ? 20 : 70000);
			if (n > HEADER + size - done)
				n = HEADER + size - done;
			push(bytes + done, n, fds, done ? 0 : fd_count);
			done += n;
			r = vg_channel_receive(&a, &message);
			ck_assert_int_eq(r, done == HEADER + size);
		}
		ck_assert_uint_eq(message->size + message->sunk, size);
		ck_assert_mem_eq(message->body, data, message->size);
		ck_assert_mem_eq(seen, data + message->size, message->sunk);
		ck_assert_uint_eq(message->fds->count, fd_count);
	}
	expect_none();
	ck_assert_uint_eq(count_fds(), open_before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("channel");
	TCase *tcase = tcase_create("channel");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, split_at_each_byte);
	tcase_add_test(tcase, byte_by_byte);
	tcase_add_test(tcase, many_at_once);
	tcase_add_test(tcase, fds_in_a_row);
	tcase_add_test(tcase, fds_of_two_halves);
	tcase_add_loop_test(tcase, hostile_sizes, 0, 6);
	tcase_add_loop_test(tcase, hostile_type, 0, 14);
	tcase_add_test(tcase, too_many_fds);
	tcase_add_test(tcase, truncated_fds);
	tcase_add_loop_test(tcase, one_mib, 0, 4);
	tcase_add_test(tcase, sink_split);
	tcase_add_test(tcase, sink_overflow);
	tcase_add_test(tcase, back_pressure);
	tcase_add_test(tcase, later);
	tcase_add_test(tcase, deadlines);
	tcase_add_test(tcase, drip);
	tcase_add_test(tcase, peer_gone);
	tcase_add_test(tcase, replies);
	tcase_add_test(tcase, no_allocations);
	tcase_add_loop_test(tcase, random_streams, 0, 20);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
