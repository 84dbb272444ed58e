/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving to and loading from descriptors: files, pipes, sockets. */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "migration_test.h"

static struct vgpu_context *ctx;
static struct vgpu_vfio *from;
static struct vgpu_vfio *to;

static void open_both(const char *a, const char *b, int i)
{
	ctx = new_context();
	from = open_with(ctx, a, path_of(i), NULL);
	to = open_with(ctx, b, path_of(i), NULL);
	port_fill(from, VGPU_REGION_BAR0, 0x99, "what was sent");
	port_fill(to, VGPU_REGION_BAR0, 0x11, "old");
}

static void close_both(void)
{
	vgpu_vfio_close(from);
	vgpu_vfio_close(to);
	vgpu_context_unref(ctx);
}

static void check(int r)
{
	ck_assert_msg(r == 0, "%d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

static void expect_left_in(struct vgpu_vfio *vfio, enum vgpu_migration_state state)
{
	struct vgpu_migration *session = open_session(ctx, vfio);

	expect_state(session, state);
	vgpu_migration_stop(session);
	vgpu_migration_close(session);
}

static int new_file(void)
{
	int fd = memfd_create("state", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(file)
{
	int fd = new_file();

	open_both("MTTY_A", "MTTY_B", _i);
	check(vgpu_migration_save(from, fd, NULL));
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), SIZE_1);
	expect_left_in(from, VGPU_MIGRATION_STATE_STOP);
	lseek(fd, 0, SEEK_SET);
	check(vgpu_migration_load(to, fd, NULL));
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), SIZE_1);
	port_expect(to, VGPU_REGION_BAR0, 0x99, "what was sent");
	expect_left_in(to, VGPU_MIGRATION_STATE_RUNNING);
	close(fd);
	close_both();
}
END_TEST

/* With two ports, with bytes of somebody else's before and behind, and every state to be left in. */
START_TEST(part_of_file)
{
	static const uint32_t states[] = {VGPU_MIGRATION_STATE_STOP, VGPU_MIGRATION_STATE_RUNNING,
									  VGPU_MIGRATION_STATE_RUNNING_P2P};
	struct vgpu_migration_opts opts = {.size = sizeof(opts)};
	size_t i;
	int fd;

	open_both("MTTY2_A", "MTTY2_B", _i);
	for (i = 0; i < 3; i++) {
		fd = new_file();
		port_fill(from, VGPU_REGION_BAR0, 0x99, "first port");
		port_fill(from, VGPU_REGION_BAR1, (uint8_t)i, "second");
		opts = (struct vgpu_migration_opts){
			.size = sizeof(opts), .state = states[i], .flags = i ? VGPU_MIGRATION_SAVE_PRE_COPY : 0};
		ck_assert_int_eq(write(fd, "before", 6), 6);
		check(vgpu_migration_save(from, fd, &opts));
		expect_left_in(from, states[i]);
		ck_assert_int_eq(write(fd, "behind", 6), 6);
		ck_assert_int_eq(lseek(fd, 6, SEEK_SET), 6);
		opts.flags = 0;
		opts.length = SIZE_2;
		check(vgpu_migration_load(to, fd, &opts));
		ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 6 + SIZE_2);
		expect_left_in(to, states[i]);
		port_expect(to, VGPU_REGION_BAR0, 0x99, "first port");
		port_expect(to, VGPU_REGION_BAR1, (uint8_t)i, "second");
		close(fd);
	}
	close_both();
}
END_TEST

static void *load_it(void *fd)
{
	return vgpu_migration_load(to, *(int *)fd, NULL) ? fd : NULL;
}

/* From device to device, with both calls at work at once. ends[0] is read from. */
static void pass_through(int ends[2], int i)
{
	pthread_t loader;
	void *failed;

	open_both("MTTY_A", "MTTY_B", i);
	ck_assert_int_eq(pthread_create(&loader, NULL, load_it, &ends[0]), 0);
	check(vgpu_migration_save(from, ends[1], NULL));
	expect_left_in(from, VGPU_MIGRATION_STATE_STOP);
	close(ends[1]);
	pthread_join(loader, &failed);
	ck_assert_ptr_null(failed);
	port_expect(to, VGPU_REGION_BAR0, 0x99, "what was sent");
	close(ends[0]);
	close_both();
}

START_TEST(pipes)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pass_through(ends, _i);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	pass_through(ends, _i);
}
END_TEST

START_TEST(sockets)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pass_through(ends, _i);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	pass_through(ends, _i);
}
END_TEST

struct told {
	unsigned calls;
	uint64_t done;
	uint64_t total;
	unsigned char bytes[256];
};

static int tell(void *data, const void *bytes, size_t length, uint64_t done, uint64_t total)
{
	struct told *told = data;

	told->calls++;
	if (done - told->done != length || done > sizeof(told->bytes))
		return -1;
	memcpy(told->bytes + told->done, bytes, length);
	told->done = done;
	told->total = total;
	return 0;
}

START_TEST(chunks_are_told)
{
	struct told told = {0}, untold = {0};
	struct vgpu_migration_opts opts = {
		.size = sizeof(opts), .flags = VGPU_MIGRATION_SAVE_PRE_COPY, .chunk = tell, .data = &told};
	unsigned char buf[256];
	int fd = new_file();

	open_both("MTTY_A", "MTTY_B", _i);
	check(vgpu_migration_save(from, fd, &opts));
	ck_assert_uint_eq(told.calls, 2); /* in pre-copy, and when stopped */
	ck_assert_uint_eq(told.done, SIZE_1);
	ck_assert_uint_eq(told.total, SIZE_1);
	ck_assert_int_eq(pread(fd, buf, sizeof(buf), 0), SIZE_1);
	ck_assert_mem_eq(buf, told.bytes, SIZE_1);
	lseek(fd, 0, SEEK_SET);
	opts = (struct vgpu_migration_opts){.size = sizeof(opts), .chunk = tell, .data = &untold};
	check(vgpu_migration_load(to, fd, &opts));
	ck_assert_uint_eq(untold.done, SIZE_1);
	ck_assert_uint_eq(untold.total, 0);
	ck_assert_mem_eq(untold.bytes, told.bytes, SIZE_1);
	close(fd);
	close_both();
}
END_TEST

START_TEST(bad_options)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts)};
	int fd = new_file();

	open_both("MTTY_A", "MTTY_B", _i);
	ck_assert_int_eq(vgpu_migration_save(NULL, fd, NULL), -EINVAL);
	ck_assert_int_eq(vgpu_migration_load(NULL, fd, NULL), -EINVAL);
	opts.flags = 2;
	expect_failure(ctx, vgpu_migration_save(from, fd, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	opts.flags = VGPU_MIGRATION_SAVE_PRE_COPY;
	expect_failure(ctx, vgpu_migration_load(to, fd, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	opts.flags = 0;
	opts.length = 5;
	expect_failure(ctx, vgpu_migration_save(from, fd, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	opts.length = 0;
	opts.state = VGPU_MIGRATION_STATE_STOP_COPY;
	expect_failure(ctx, vgpu_migration_save(from, fd, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	opts.state = 4711;
	expect_failure(ctx, vgpu_migration_load(to, fd, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	opts.size = 1;
	expect_failure(ctx, vgpu_migration_load(to, fd, &opts), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 0);
	port_expect(to, VGPU_REGION_BAR0, 0x11, "old");
	close(fd);
	close_both();
}
END_TEST

void add_file_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {file, part_of_file, pipes, sockets, chunks_are_told, bad_options};
	TCase *tcase = tcase_create("file");
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, paths);
	suite_add_tcase(suite, tcase);
}
