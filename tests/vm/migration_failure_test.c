/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saves and loads that fail: whatever it was, the device runs afterwards, and nothing stays open. */
#include <fcntl.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "migration_test.h"

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;
static unsigned char state[256]; /* a good one */
static int fds_before;

static void open_it(const char *variable, int i)
{
	int fd = memfd_create("state", MFD_CLOEXEC);
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .state = VGPU_MIGRATION_STATE_RUNNING};

	ctx = new_context();
	vfio = open_with(ctx, variable, path_of(i), NULL);
	port_fill(vfio, VGPU_REGION_BAR0, 0x21, "saved");
	ck_assert_int_eq(vgpu_migration_save(vfio, fd, &opts), 0);
	ck_assert_int_eq(pread(fd, state, sizeof(state), 0), SIZE_1);
	close(fd);
	port_expect(vfio, VGPU_REGION_BAR0, 0x21, "saved");
	fds_before = count_fds();
}

static void close_it(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

/* Saving must fail so, and leave the device at its work. fd is closed. */
static void expect_no_save(int fd, const struct vgpu_migration_opts *opts, int wanted, enum vgpu_cause cause)
{
	expect_failure(ctx, vgpu_migration_save(vfio, fd, opts), wanted, cause);
	if (fd >= 0)
		close(fd);
	expect_usable(ctx, vfio);
}

static void expect_no_load(int fd, const struct vgpu_migration_opts *opts, int wanted, enum vgpu_cause cause)
{
	expect_failure(ctx, vgpu_migration_load(vfio, fd, opts), wanted, cause);
	if (fd >= 0)
		close(fd);
	expect_usable(ctx, vfio);
}

static int file_with(const void *bytes, size_t size)
{
	int fd = memfd_create("state", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* The write end of a pipe that takes nothing more; its read end. */
static int full_pipe(int *reader, int flags)
{
	int ends[2];
	char page[4096] = {0};

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ends[1], page, sizeof(page)) > 0)
		;
	fcntl(ends[1], F_SETFL, flags);
	*reader = ends[0];
	return ends[1];
}

static int give_up(void *data, const void *bytes, size_t length, uint64_t done, uint64_t total)
{
	(void)bytes;
	(void)done;
	(void)total;
	++*(unsigned *)data;
	return length < 1000; /* always */
}

START_TEST(save_fails)
{
	unsigned calls = 0;
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .timeout_ms = 50};
	struct vgpu_migration_opts cancel = {.size = sizeof(cancel), .chunk = give_up, .data = &calls};
	int ends[2], reader, pre_copy;

	open_it("MTTY_A", _i);
	for (pre_copy = 0; pre_copy < 2; pre_copy++) {
		opts.flags = cancel.flags = pre_copy ? VGPU_MIGRATION_SAVE_PRE_COPY : 0;
		opts.timeout_ms = 60000;
		expect_no_save(open("/dev/full", O_WRONLY), &opts, -ENOSPC, VGPU_CAUSE_LIMIT);

		/* SIGPIPE, which is not ignored here, would end the test */
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
		close(ends[0]);
		expect_no_save(ends[1], &opts, -EPIPE, VGPU_CAUSE_OTHER);
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		close(ends[0]);
		expect_no_save(ends[1], &opts, -EPIPE, VGPU_CAUSE_OTHER);

		opts.timeout_ms = 50;
		expect_no_save(full_pipe(&reader, 0), &opts, -ETIMEDOUT, VGPU_CAUSE_OTHER);
		close(reader);
		expect_no_save(full_pipe(&reader, O_NONBLOCK), &opts, -ETIMEDOUT, VGPU_CAUSE_OTHER);
		close(reader);
		expect_no_save(open("/dev/null", O_WRONLY), &cancel, -ECANCELED, VGPU_CAUSE_OTHER);
		ck_assert_uint_eq(calls, (unsigned)pre_copy + 1);
	}
	expect_no_save(-1, NULL, -EBADF, VGPU_CAUSE_INVALID);
	expect_no_save(open("/dev/null", O_RDONLY), NULL, -EBADF, VGPU_CAUSE_INVALID);
	expect_no_save(open("/", O_RDONLY | O_DIRECTORY), NULL, -EISDIR, VGPU_CAUSE_INVALID);
	ck_assert_int_eq(count_fds(), fds_before);
	close_it();
}
END_TEST

/* A SIGPIPE that was pending before is not ours to take. */
START_TEST(pending_signal_stays)
{
	sigset_t set;
	int ends[2];

	open_it("MTTY_A", _i);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGPIPE);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	expect_no_save(ends[1], NULL, -EPIPE, VGPU_CAUSE_OTHER);
	ck_assert_int_eq(sigpending(&set), 0);
	ck_assert(sigismember(&set, SIGPIPE));
	close_it();
}
END_TEST

/* The file may not grow: part of the state is written, then the rest is refused. */
START_TEST(file_size_limit)
{
	struct rlimit limit = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
	char path[] = "/tmp/state.XXXXXX";
	int fd = mkstemp(path);

	open_it("MTTY_A", _i);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	expect_no_save(fd, NULL, -EFBIG, VGPU_CAUSE_LIMIT);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	unlink(path);
	close_it();
}
END_TEST

START_TEST(load_fails)
{
	unsigned calls = 0;
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .timeout_ms = 60000};
	struct vgpu_migration_opts cancel = {.size = sizeof(cancel), .chunk = give_up, .data = &calls};
	unsigned char bad[SIZE_1] = {0};
	int ends[2], kind;

	open_it("MTTY_A", _i);
	expect_no_load(-1, NULL, -EBADF, VGPU_CAUSE_INVALID);
	expect_no_load(open("/dev/null", O_WRONLY), NULL, -EBADF, VGPU_CAUSE_INVALID);
	expect_no_load(open("/", O_RDONLY | O_DIRECTORY), NULL, -EISDIR, VGPU_CAUSE_INVALID);
	expect_no_load(file_with(state, 30), NULL, -EINVAL, VGPU_CAUSE_BAD_DATA);
	expect_no_load(file_with(state, SIZE_1 + 1), NULL, -ENOMEM, VGPU_CAUSE_BAD_DATA);
	expect_no_load(file_with(bad, sizeof(bad)), NULL, -EFAULT, VGPU_CAUSE_BAD_DATA);
	opts.length = 30;
	expect_no_load(file_with(state, SIZE_1), &opts, -EINVAL, VGPU_CAUSE_BAD_DATA);
	opts.length = 100;
	expect_no_load(file_with(state, SIZE_1), &opts, -ENODATA, VGPU_CAUSE_BAD_DATA);
	opts.length = UINT64_MAX;
	expect_no_load(file_with(state, SIZE_1), &opts, -ENODATA, VGPU_CAUSE_BAD_DATA);
	expect_no_load(file_with(state, SIZE_1), &cancel, -ECANCELED, VGPU_CAUSE_OTHER);
	ck_assert_uint_eq(calls, 1);

	/* nobody sends the rest */
	opts = (struct vgpu_migration_opts){.size = sizeof(opts), .timeout_ms = 50};
	for (kind = 0; kind < 4; kind++) {
		int flags = kind & 1 ? O_NONBLOCK : 0;

		if (kind < 2)
			ck_assert_int_eq(pipe2(ends, O_CLOEXEC | flags), 0);
		else
			ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | (flags ? SOCK_NONBLOCK : 0), 0, ends), 0);
		ck_assert_int_eq(write(ends[1], state, 40), 40);
		expect_no_load(ends[0], &opts, -ETIMEDOUT, VGPU_CAUSE_OTHER);
		close(ends[1]);
	}
	ck_assert_int_eq(count_fds(), fds_before);

	/* and after all that a good one */
	ends[0] = file_with(state, SIZE_1);
	ck_assert_int_eq(vgpu_migration_load(vfio, ends[0], NULL), 0);
	port_expect(vfio, VGPU_REGION_BAR0, 0x21, "saved");
	close(ends[0]);
	close_it();
}
END_TEST

/* Before the first bytes are there, the device goes on with its work. */
START_TEST(nothing_to_load)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .timeout_ms = 50};
	struct vgpu_migration *session;
	int ends[2];

	open_it("MTTY_A", _i);
	session = open_session(ctx, vfio);
	set_state(ctx, session, VGPU_MIGRATION_STATE_RUNNING_P2P);
	vgpu_migration_close(session);
	port_fill(vfio, VGPU_REGION_BAR0, 0x66, "untouched");
	ends[0] = open("/dev/null", O_RDONLY);
	expect_failure(ctx, vgpu_migration_load(vfio, ends[0], NULL), -ENODATA, VGPU_CAUSE_BAD_DATA);
	close(ends[0]);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	expect_failure(ctx, vgpu_migration_load(vfio, ends[0], &opts), -ETIMEDOUT, VGPU_CAUSE_OTHER);
	close(ends[0]);
	close(ends[1]);
	session = open_session(ctx, vfio);
	expect_state(session, VGPU_MIGRATION_STATE_RUNNING_P2P);
	ck_assert_int_eq(vgpu_migration_stop(session), 0);
	vgpu_migration_close(session);
	port_expect(vfio, VGPU_REGION_BAR0, 0x66, "untouched");
	close_it();
}
END_TEST

/* A device of one port, a state of two. */
START_TEST(wrong_type)
{
	struct vgpu_vfio *two;
	int fd = memfd_create("state", MFD_CLOEXEC);

	open_it("MTTY_A", _i);
	two = open_with(ctx, "MTTY2_A", path_of(_i), NULL);
	ck_assert_int_eq(vgpu_migration_save(two, fd,
										 &(struct vgpu_migration_opts){
											 .size = sizeof(struct vgpu_migration_opts),
											 .state = VGPU_MIGRATION_STATE_RUNNING,
										 }),
					 0);
	vgpu_vfio_close(two);
	lseek(fd, 0, SEEK_SET);
	expect_no_load(fd, NULL, -ENOMEM, VGPU_CAUSE_BAD_DATA);
	close_it();
}
END_TEST

static void on_alarm(int number)
{
	(void)number;
}

/* A signal wakes a call that waits, and asks the caller. */
START_TEST(signal_interrupts)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval soon = {.it_value = {.tv_usec = 50000}, .it_interval = {.tv_usec = 50000}};
	unsigned calls = 0;
	struct vgpu_migration_opts cancel = {.size = sizeof(cancel), .chunk = give_up, .data = &calls};
	int ends[2], reader;

	open_it("MTTY_A", _i);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	expect_no_load(ends[0], &cancel, -ECANCELED, VGPU_CAUSE_OTHER);
	close(ends[1]);
	expect_no_save(full_pipe(&reader, 0), &cancel, -ECANCELED, VGPU_CAUSE_OTHER);
	close(reader);
	ck_assert_uint_eq(calls, 2);
	close_it();
}
END_TEST

/* Somebody died in the middle of a save: mtty stays as it was. */
START_TEST(left_unfinished)
{
	struct {
		uint32_t argsz;
		uint32_t flags;
		struct vfio_device_feature_mig_state state;
	} request = {.argsz = sizeof(request),
				 .flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
				 .state = {.device_state = VFIO_DEVICE_STATE_STOP_COPY}};
	struct vgpu_migration *session;
	int fd;

	open_it("MTTY_A", _i);
	ck_assert_int_eq(ioctl(vgpu_vfio_get_device_fd(vfio), VFIO_DEVICE_FEATURE, &request), 0);
	close(request.state.data_fd);
	close_it();
	ctx = new_context();
	vfio = open_with(ctx, "MTTY_A", path_of(_i), NULL);
	session = open_session(ctx, vfio);
	expect_state(session, VGPU_MIGRATION_STATE_STOP_COPY);
	vgpu_migration_close(session); /* it is not this session's to give up */
	session = open_session(ctx, vfio);
	expect_state(session, VGPU_MIGRATION_STATE_STOP_COPY);
	expect_failure(ctx, vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY), -EPROTO,
				   VGPU_CAUSE_BAD_DATA);
	expect_state(session, VGPU_MIGRATION_STATE_RUNNING);
	vgpu_migration_close(session);
	ck_assert_int_eq(ioctl(vgpu_vfio_get_device_fd(vfio), VFIO_DEVICE_FEATURE, &request), 0);
	close(request.state.data_fd);
	fd = memfd_create("state", MFD_CLOEXEC);
	ck_assert_int_eq(vgpu_migration_save(vfio, fd, NULL), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), SIZE_1);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(vgpu_migration_load(vfio, fd, NULL), 0);
	close(fd);
	expect_usable(ctx, vfio);
	close_it();
}
END_TEST

void add_failure_tests(Suite *suite, int paths)
{
	const TTest *const tests[] = {save_fails,      pending_signal_stays, file_size_limit,   load_fails,
								  nothing_to_load, wrong_type,           signal_interrupts, left_unfinished};
	TCase *tcase = tcase_create("failure");
	size_t i;

	tcase_set_timeout(tcase, 60);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(tcase, tests[i], 0, paths);
	suite_add_tcase(suite, tcase);
}
