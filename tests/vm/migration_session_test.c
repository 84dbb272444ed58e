/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migration sessions: states, streams in chunks, pre-copy, several devices at once, what drivers refuse. */
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "migration_test.h"

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;
static struct vgpu_migration *session;

static void open_it(const char *variable, int i)
{
	ctx = new_context();
	vfio = open_with(ctx, variable, path_of(i), NULL);
	session = open_session(ctx, vfio);
}

static void close_it(void)
{
	ck_assert_ptr_null(vgpu_migration_close(session));
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

START_TEST(sizes)
{
	uint64_t size = 1;

	open_it("MTTY_A", _i);
	ck_assert_int_eq(vgpu_migration_read_size(session, &size), 0);
	ck_assert_uint_eq(size, SIZE_1);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP_COPY);
	ck_assert_int_eq(vgpu_migration_read_size(session, &size), 0);
	ck_assert_uint_eq(size, SIZE_1);
	close_it();
	open_it("MTTY2_A", _i);
	ck_assert_int_eq(vgpu_migration_read_size(session, &size), 0);
	ck_assert_uint_eq(size, SIZE_2);
	close_it();
}
END_TEST

/* Reads to the end, in small chunks. Returns the length. */
static size_t read_all(struct vgpu_migration *from, unsigned char *buf, size_t size, size_t chunk)
{
	size_t done = 0;
	ssize_t n;

	while ((n = vgpu_migration_read(from, buf + done, size - done < chunk ? size - done : chunk)) > 0)
		done += (size_t)n;
	ck_assert_int_eq(n, 0);
	return done;
}

static void write_all(struct vgpu_migration *to, const unsigned char *buf, size_t size, size_t chunk)
{
	size_t done = 0;
	ssize_t n;

	for (; done < size; done += (size_t)n) {
		n = vgpu_migration_write(to, buf + done, size - done < chunk ? size - done : chunk);
		ck_assert_msg(n > 0, "write: %zd: %s", n, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	}
}

/* The state of what MTTY_A is, or MTTY2_A, read while it is stopped. */
static size_t take_state(const char *variable, int i, unsigned char buf[256])
{
	size_t size;

	open_it(variable, i);
	port_fill(vfio, VGPU_REGION_BAR0, 0xa5, "0123456789abcde");
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP_COPY);
	size = read_all(session, buf, 256, 7);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RUNNING);
	port_expect(vfio, VGPU_REGION_BAR0, 0xa5, "0123456789abcde");
	close_it();
	return size;
}

START_TEST(stop_copy)
{
	unsigned char buf[256];

	ck_assert_uint_eq(take_state("MTTY_A", _i, buf), SIZE_1);
	open_it("MTTY_B", _i);
	port_fill(vfio, VGPU_REGION_BAR0, 0, "other");
	set_state(ctx, session, VGPU_MIGRATION_STATE_RESUMING);
	write_all(session, buf, SIZE_1, 5);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RUNNING);
	port_expect(vfio, VGPU_REGION_BAR0, 0xa5, "0123456789abcde");
	close_it();
}
END_TEST

static void expect_progress(uint64_t initial, uint64_t dirty)
{
	struct vgpu_migration_progress progress = {7, 7};

	ck_assert_int_eq(vgpu_migration_read_progress(session, &progress), 0);
	ck_assert_uint_eq(progress.initial_bytes, initial);
	ck_assert_uint_eq(progress.dirty_bytes, dirty);
}

START_TEST(pre_copy)
{
	struct vgpu_migration_progress progress = {7, 7};
	unsigned char buf[256];
	int fd;

	open_it("MTTY_A", _i);
	port_fill(vfio, VGPU_REGION_BAR0, 0x11, "early");
	set_state(ctx, session, VGPU_MIGRATION_STATE_PRE_COPY);
	fd = vgpu_migration_get_fd(session);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	expect_progress(HEAD_SIZE, 0);
	ck_assert_int_eq(vgpu_migration_read(session, buf, 10), 10);
	expect_progress(HEAD_SIZE - 10, 0);
	ck_assert_int_eq(vgpu_migration_read(session, buf + 10, 200), HEAD_SIZE - 10);
	ck_assert_int_eq(vgpu_migration_read(session, buf + HEAD_SIZE, 200), 0); /* for now */
	expect_progress(0, 0);
	port_put(vfio, VGPU_REGION_BAR0, '+'); /* it runs */
	set_state(ctx, session, VGPU_MIGRATION_STATE_PRE_COPY_P2P);
	ck_assert_int_eq(vgpu_migration_get_fd(session), fd);
	expect_progress(0, 0);
	set_state(ctx, session, VGPU_MIGRATION_STATE_PRE_COPY);
	set_state(ctx, session, VGPU_MIGRATION_STATE_PRE_COPY_P2P);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP_COPY);
	ck_assert_int_eq(vgpu_migration_get_fd(session), fd);
	expect_failure(ctx, vgpu_migration_read_progress(session, &progress), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_uint_eq(read_all(session, buf + HEAD_SIZE, 200, 100), PORT_SIZE);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP);
	ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RUNNING);
	close_it();
	open_it("MTTY_B", _i);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RESUMING);
	fd = vgpu_migration_get_fd(session);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	write_all(session, buf, SIZE_1, 1);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RUNNING);
	port_expect(vfio, VGPU_REGION_BAR0, 0x11, "early+");
	close_it();
}
END_TEST

/* Pre-copy can be left without a harm; a second stream is a new one. */
START_TEST(pre_copy_given_up)
{
	unsigned char buf[256];

	open_it("MTTY_A", _i);
	set_state(ctx, session, VGPU_MIGRATION_STATE_PRE_COPY);
	ck_assert_int_eq(vgpu_migration_read(session, buf, 20), 20);
	ck_assert_int_eq(vgpu_migration_stop(session), 0);
	ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
	expect_state(session, VGPU_MIGRATION_STATE_RUNNING);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RUNNING_P2P);
	set_state(ctx, session, VGPU_MIGRATION_STATE_PRE_COPY_P2P);
	expect_progress(HEAD_SIZE, 0);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP_COPY);
	ck_assert_uint_eq(read_all(session, buf, 256, 256), SIZE_1);
	close_it();
	ctx = new_context();
	vfio = open_with(ctx, "MTTY_A", path_of(_i), NULL);
	expect_usable(ctx, vfio);
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}
END_TEST

/* One end of what is moved from device to device. */
struct lane {
	struct vgpu_vfio *from;
	struct vgpu_vfio *to;
	struct vgpu_migration *source;
	struct vgpu_migration *target;
	unsigned char buf[8];
	size_t have;
	size_t moved;
	bool is_read;
};

static void lane_open(struct lane *lane, const char *from, const char *to, int i, const char *text)
{
	lane->from = open_with(ctx, from, path_of(i), NULL);
	lane->to = open_with(ctx, to, path_of(i), NULL);
	port_fill(lane->from, VGPU_REGION_BAR0, 0x42, text);
	port_fill(lane->to, VGPU_REGION_BAR0, 0, "");
	lane->source = open_session(ctx, lane->from);
	lane->target = open_session(ctx, lane->to);
	set_state(ctx, lane->source, VGPU_MIGRATION_STATE_PRE_COPY);
	set_state(ctx, lane->target, VGPU_MIGRATION_STATE_RESUMING);
}

static void lane_close(struct lane *lane, const char *text)
{
	set_state(ctx, lane->source, VGPU_MIGRATION_STATE_STOP);
	set_state(ctx, lane->target, VGPU_MIGRATION_STATE_STOP);
	set_state(ctx, lane->target, VGPU_MIGRATION_STATE_RUNNING);
	port_expect(lane->to, VGPU_REGION_BAR0, 0x42, text);
	set_state(ctx, lane->source, VGPU_MIGRATION_STATE_RUNNING);
	vgpu_migration_close(lane->source);
	vgpu_migration_close(lane->target);
	vgpu_vfio_close(lane->from);
	vgpu_vfio_close(lane->to);
}

/* Reads when there is nothing to write, and the other way round. */
static struct pollfd lane_wants(struct lane *lane)
{
	struct pollfd wants = {.fd = -1};

	if (lane->have)
		wants = (struct pollfd){.fd = vgpu_migration_get_fd(lane->target), .events = POLLOUT};
	else if (!lane->is_read)
		wants = (struct pollfd){.fd = vgpu_migration_get_fd(lane->source), .events = POLLIN};
	return wants;
}

static void lane_move(struct lane *lane, short events)
{
	ssize_t n;

	if (events & POLLOUT) {
		n = vgpu_migration_write(lane->target, lane->buf, lane->have);
		ck_assert_int_gt(n, 0);
		lane->have -= (size_t)n;
		memmove(lane->buf, lane->buf + n, lane->have);
		lane->moved += (size_t)n;
	} else if (events & POLLIN) {
		n = vgpu_migration_read(lane->source, lane->buf, sizeof(lane->buf));
		ck_assert_int_ge(n, 0);
		lane->have = (size_t)n;
		lane->is_read = n == 0;
	}
}

/* Both lanes advance by turns until both sources are at their end. Returns the turns in which both moved. */
static int move_lanes(struct lane lanes[2])
{
	struct pollfd fds[2];
	int together = 0;

	for (;;) {
		fds[0] = lane_wants(&lanes[0]);
		fds[1] = lane_wants(&lanes[1]);
		if (fds[0].fd < 0 && fds[1].fd < 0)
			return together;
		ck_assert_int_gt(poll(fds, 2, 10000), 0);
		together += fds[0].revents && fds[1].revents;
		lane_move(&lanes[0], fds[0].revents);
		lane_move(&lanes[1], fds[1].revents);
	}
}

START_TEST(interleaved)
{
	struct lane lanes[2] = {{0}};
	int i;

	ctx = new_context();
	lane_open(&lanes[0], "MTTY_A", "MTTY_B", _i, "first");
	lane_open(&lanes[1], "MTTY2_A", "MTTY2_B", _i, "second lane");
	ck_assert_int_gt(move_lanes(lanes), 0);
	/* all devices stop talking to each other before any of them stops */
	for (i = 0; i < 2; i++)
		set_state(ctx, lanes[i].source, VGPU_MIGRATION_STATE_PRE_COPY_P2P);
	for (i = 0; i < 2; i++) {
		set_state(ctx, lanes[i].source, VGPU_MIGRATION_STATE_STOP_COPY);
		lanes[i].is_read = false;
	}
	ck_assert_int_gt(move_lanes(lanes), 0);
	ck_assert_uint_eq(lanes[0].moved, SIZE_1);
	ck_assert_uint_eq(lanes[1].moved, SIZE_2);
	lane_close(&lanes[0], "first");
	lane_close(&lanes[1], "second lane");
	vgpu_context_unref(ctx);
}
END_TEST

/* The device as it was before: mtty's reset leaves the port alone. */
static void expect_given_up(void)
{
	ck_assert_int_eq(vgpu_migration_stop(session), 0);
	ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
	expect_state(session, VGPU_MIGRATION_STATE_RUNNING);
	port_expect(vfio, VGPU_REGION_BAR0, 0x33, "before");
	vgpu_migration_close(session);
	expect_usable(ctx, vfio);
	session = open_session(ctx, vfio);
}

static void begin_resuming(void)
{
	port_fill(vfio, VGPU_REGION_BAR0, 0x33, "before");
	set_state(ctx, session, VGPU_MIGRATION_STATE_RESUMING);
}

START_TEST(bad_streams)
{
	unsigned char one[256], two[256], garbage[SIZE_1];
	size_t n;

	memset(garbage, 0x5a, sizeof(garbage));
	ck_assert_uint_eq(take_state("MTTY_A", _i, one), SIZE_1);
	ck_assert_uint_eq(take_state("MTTY2_A", _i, two), SIZE_2);
	open_it("MTTY_B", _i);

	/* what is no state: after that mtty itself would take the rest for one */
	begin_resuming();
	expect_failure(ctx, (int)vgpu_migration_write(session, garbage, HEAD_SIZE), -EFAULT, VGPU_CAUSE_BAD_DATA);
	expect_failure(ctx, (int)vgpu_migration_write(session, one + HEAD_SIZE, PORT_SIZE), -EIO, VGPU_CAUSE_BAD_DATA);
	expect_failure(ctx, vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP), -EIO, VGPU_CAUSE_BAD_DATA);
	expect_state(session, VGPU_MIGRATION_STATE_RESUMING);
	expect_given_up();

	/* another type's */
	begin_resuming();
	expect_failure(ctx, (int)vgpu_migration_write(session, two, HEAD_SIZE), -EFAULT, VGPU_CAUSE_BAD_DATA);
	expect_given_up();

	/* too short, by any number of bytes */
	for (n = 0; n < SIZE_1; n += 13) {
		begin_resuming();
		write_all(session, one, n, 50);
		expect_failure(ctx, vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP), -EINVAL, VGPU_CAUSE_BAD_DATA);
		expect_state(session, VGPU_MIGRATION_STATE_RESUMING);
		expect_given_up();
	}

	/* too long */
	begin_resuming();
	write_all(session, one, SIZE_1, SIZE_1);
	expect_failure(ctx, (int)vgpu_migration_write(session, "x", 1), -ENOMEM, VGPU_CAUSE_BAD_DATA);
	expect_given_up();
	begin_resuming();
	expect_failure(ctx, (int)vgpu_migration_write(session, one, 256), -ENOMEM, VGPU_CAUSE_BAD_DATA);
	vgpu_migration_close(session); /* gives up too */
	expect_usable(ctx, vfio);
	session = open_session(ctx, vfio);

	/* and after all that a good one */
	begin_resuming();
	write_all(session, one, SIZE_1, 64);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RUNNING);
	port_expect(vfio, VGPU_REGION_BAR0, 0xa5, "0123456789abcde");
	close_it();
}
END_TEST

START_TEST(bad_arguments)
{
	struct vgpu_migration_progress progress;
	enum vgpu_migration_state state;
	uint64_t size;
	char buf[8];

	open_it("MTTY_A", _i);
	ck_assert_int_eq(vgpu_migration_open(NULL, &session), -EINVAL);
	expect_failure(ctx, vgpu_migration_open(vfio, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(vgpu_migration_close(NULL));
	ck_assert_int_eq(vgpu_migration_read_state(NULL, &state), -EINVAL);
	ck_assert_int_eq(vgpu_migration_set_state(NULL, VGPU_MIGRATION_STATE_STOP), -EINVAL);
	ck_assert_int_eq(vgpu_migration_stop(NULL), -EINVAL);
	ck_assert_int_eq(vgpu_migration_read(NULL, buf, 8), -EINVAL);
	ck_assert_int_eq(vgpu_migration_write(NULL, buf, 8), -EINVAL);
	ck_assert_int_eq(vgpu_migration_read_progress(NULL, &progress), -EINVAL);
	ck_assert_int_eq(vgpu_migration_read_size(NULL, &size), -EINVAL);
	expect_failure(ctx, vgpu_migration_read_state(session, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_read_progress(session, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_read_progress(session, &progress), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_migration_read_size(session, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP_COPY);
	expect_failure(ctx, (int)vgpu_migration_read(session, NULL, 8), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_migration_read(session, buf, 0), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_migration_write(session, buf, 8), -EINVAL, VGPU_CAUSE_INVALID);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RESUMING);
	expect_failure(ctx, (int)vgpu_migration_read(session, buf, 8), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_migration_write(session, NULL, 8), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, (int)vgpu_migration_write(session, buf, 0), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_str_eq(vgpu_migration_state_get_name((enum vgpu_migration_state)8), "unknown");
	ck_assert_str_eq(vgpu_migration_state_get_name((enum vgpu_migration_state) - 1), "unknown");
	ck_assert_str_eq(vgpu_migration_state_get_name(VGPU_MIGRATION_STATE_PRE_COPY_P2P), "pre-copy-p2p");
	close_it();
}
END_TEST

/* The kernel has changed the state already when it finds no descriptor for the stream. */
START_TEST(no_descriptor_left)
{
	struct rlimit limit, before;
	int before_fds, r;

	open_it("MTTY_A", _i);
	before_fds = count_fds();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)dup(0);
	close((int)limit.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &limit);
	r = vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY);
	setrlimit(RLIMIT_NOFILE, &before);
	expect_failure(ctx, r, -EMFILE, VGPU_CAUSE_OTHER);
	ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
	ck_assert_int_eq(vgpu_migration_stop(session), 0);
	vgpu_migration_close(session);
	expect_usable(ctx, vfio);
	ck_assert_int_eq(count_fds(), before_fds);
	session = open_session(ctx, vfio);
	close_it();
}
END_TEST

/* Somebody else resets the device, whose stream is then dead. */
START_TEST(reset_by_somebody_else)
{
	unsigned char buf[256];

	open_it("MTTY_A", _i);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP_COPY);
	ck_assert_int_eq(ioctl(vgpu_vfio_get_device_fd(vfio), VFIO_DEVICE_RESET), 0);
	expect_failure(ctx, (int)vgpu_migration_read(session, buf, 8), -ENODEV, VGPU_CAUSE_GONE);
	expect_state(session, VGPU_MIGRATION_STATE_RUNNING);
	ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
	set_state(ctx, session, VGPU_MIGRATION_STATE_PRE_COPY);
	ck_assert_int_eq(ioctl(vgpu_vfio_get_device_fd(vfio), VFIO_DEVICE_RESET), 0);
	set_state(ctx, session, VGPU_MIGRATION_STATE_STOP_COPY);
	ck_assert_uint_eq(read_all(session, buf, 256, 256), SIZE_1);
	close_it();
}
END_TEST

static void *change_states(void *data)
{
	static const enum vgpu_migration_state round[] = {VGPU_MIGRATION_STATE_PRE_COPY, VGPU_MIGRATION_STATE_PRE_COPY_P2P,
													  VGPU_MIGRATION_STATE_STOP_COPY, VGPU_MIGRATION_STATE_STOP,
													  VGPU_MIGRATION_STATE_RUNNING};
	int i;

	for (i = 0; i < 300; i++)
		if (vgpu_migration_set_state(session, round[i % 5]))
			return data;
	return NULL;
}

/* Whatever the state is just now, no call may do more than fail. */
static void *use_stream(void *data)
{
	struct vgpu_migration_progress progress;
	enum vgpu_migration_state state;
	char buf[16];
	ssize_t n;
	int i;

	for (i = 0; i < 300; i++) {
		vgpu_migration_get_fd(session);
		n = vgpu_migration_read(session, buf, sizeof(buf));
		if ((n < 0 && n != -EINVAL) || vgpu_migration_read_state(session, &state))
			return data;
		vgpu_migration_read_progress(session, &progress);
	}
	return NULL;
}

START_TEST(threads)
{
	static char failed[1];
	pthread_t all[3];
	void *bad;
	int i;

	open_it("MTTY_A", _i);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&all[i], NULL, i ? use_stream : change_states, failed), 0);
	for (i = 0; i < 3; i++) {
		pthread_join(all[i], &bad);
		ck_assert_ptr_null(bad);
	}
	vgpu_migration_close(session);
	expect_usable(ctx, vfio);
	session = open_session(ctx, vfio);
	close_it();
}
END_TEST

void add_session_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {sizes,       stop_copy,     pre_copy,           pre_copy_given_up,      interleaved,
								  bad_streams, bad_arguments, no_descriptor_left, reset_by_somebody_else, threads};
	TCase *tcase = tcase_create("session");
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, paths);
	suite_add_tcase(suite, tcase);
}
