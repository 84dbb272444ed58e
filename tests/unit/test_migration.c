/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drivers as none of the kernel's samples is: that fail for good, make callers wait, and say what makes no sense. ioctl
 * is ours here; the stream that the driver hands out is a real pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "run_suite.h"
#include "sys/uapi_migration.h"

/* The driver. */
static struct {
	uint32_t state;
	uint64_t flags;
	int ends[2];       /* of the pipe that is the stream; -1: none */
	int fd;            /* what a state with a stream answers; -2: an end of a new pipe; -3: zeros */
	uint32_t fails_at; /* the state that it can't reach: it goes to ERROR */
	int fails_with;    /* its errno */
	bool stays;        /* it stays in its state instead */
	int reset;         /* what a reset answers */
	uint32_t reset_to;
	int resets;
	uint64_t initial_bytes; /* of pre-copy */
	uint64_t page_size;     /* that logging chooses; 0: as asked */
	int logging_stops;
} driver;

int __wrap_ioctl(int fd, unsigned long request, ...);

static bool is_saving(uint32_t state)
{
	return state == VFIO_DEVICE_STATE_STOP_COPY || state >= VGPU_MIGRATION_STATE_PRE_COPY;
}

static int new_stream(uint32_t state)
{
	if (driver.fd == -3)
		return open("/dev/zero", O_RDONLY);
	if (driver.fd != -2)
		return driver.fd;
	ck_assert_int_eq(pipe2(driver.ends, O_CLOEXEC), 0);
	fcntl(driver.ends[is_saving(state)], F_SETFL, O_NONBLOCK);
	return driver.ends[!is_saving(state)];
}

static int set_state(struct vfio_device_feature_mig_state *request)
{
	uint32_t before = driver.state, state = request->device_state;

	request->data_fd = -1;
	if (driver.fails_with && state == driver.fails_at) {
		if (!driver.stays)
			driver.state = VFIO_DEVICE_STATE_ERROR;
		errno = driver.fails_with;
		return -1;
	}
	driver.state = state;
	if ((is_saving(state) && !is_saving(before)) || (state == VFIO_DEVICE_STATE_RESUMING && before != state))
		request->data_fd = new_stream(state);
	return 0;
}

static int feature(struct vfio_device_feature *request)
{
	void *data = request->data;

	switch (request->flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_MIGRATION:
		memcpy(data, &driver.flags, sizeof(driver.flags));
		return 0;
	case VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
		if (request->flags & VFIO_DEVICE_FEATURE_SET)
			return set_state(data);
		memcpy(data, &driver.state, sizeof(driver.state));
		return 0;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
		if (driver.page_size && !(request->flags & VFIO_DEVICE_FEATURE_PROBE))
			memcpy(data, &driver.page_size, sizeof(driver.page_size));
		return 0;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
		driver.logging_stops++;
		return 0;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
		return 0;
	default:
		errno = ENOTTY;
		return -1;
	}
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		return 0;
	case VFIO_DEVICE_FEATURE:
		return feature(arg);
	case VFIO_DEVICE_RESET:
		driver.resets++;
		if (driver.reset) {
			errno = driver.reset;
			return -1;
		}
		driver.state = driver.reset_to;
		return 0;
	case VG_VFIO_MIG_GET_PRECOPY_INFO:
		((struct vg_vfio_precopy_info *)arg)->initial_bytes = driver.initial_bytes;
		return 0;
	default:
		errno = ENOTTY;
		return -1;
	}
}

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;
static struct vgpu_migration *session;

static void open_device(void)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	memset(&driver, 0, sizeof(driver));
	driver.state = driver.reset_to = VFIO_DEVICE_STATE_RUNNING;
	driver.flags = 7;
	driver.fd = -2;
	driver.ends[0] = driver.ends[1] = -1;
	fds.name = "fake";
	fds.device_fd = memfd_create("device", MFD_CLOEXEC);
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), 0);
	close(fds.device_fd);
}

static void open_session(void)
{
	open_device();
	ck_assert_int_eq(vgpu_migration_open(vfio, &session), 0);
}

static void close_device(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

static void close_session(void)
{
	vgpu_migration_close(session);
	close_device();
}

static void expect(int result, int wanted, enum vgpu_cause cause)
{
	struct vgpu_error *error = vgpu_context_get_error(ctx);

	ck_assert_msg(result == wanted, "%d instead of %d: %s", result, wanted, vgpu_error_get_message(error));
	ck_assert_msg(vgpu_error_get_cause(error) == cause, "%s instead of %s: %s",
				  vgpu_cause_get_name(vgpu_error_get_cause(error)), vgpu_cause_get_name(cause),
				  vgpu_error_get_message(error));
}

START_TEST(error_state)
{
	open_session();
	driver.fails_at = VFIO_DEVICE_STATE_STOP_COPY;
	driver.fails_with = ETIMEDOUT;
	expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY), -EIO, VGPU_CAUSE_LOST);
	ck_assert_int_eq(driver.resets, 0); /* the caller decides */
	driver.fails_at = VFIO_DEVICE_STATE_STOP;
	expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP), -EIO, VGPU_CAUSE_LOST);
	driver.fails_at = VFIO_DEVICE_STATE_RUNNING; /* only a reset helps */
	ck_assert_int_eq(vgpu_migration_stop(session), 0);
	ck_assert_int_eq(driver.resets, 1);
	ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
	driver.fails_with = 0;

	/* a session that ends so is given up too */
	ck_assert_int_eq(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_PRE_COPY), 0);
	driver.fails_at = VFIO_DEVICE_STATE_STOP_COPY;
	driver.fails_with = EIO;
	expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY), -EIO, VGPU_CAUSE_LOST);
	ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
	close_session();
	ck_assert_int_eq(driver.resets, 2);
	ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
}
END_TEST

/* The refusal leaves the device where it was, stream and all; going back fails, and the reset does not. */
START_TEST(step_back_fails)
{
	int fd;

	open_session();
	ck_assert_int_eq(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_PRE_COPY), 0);
	fd = vgpu_migration_get_fd(session);
	driver.fails_at = VFIO_DEVICE_STATE_STOP_COPY;
	driver.fails_with = EBUSY;
	driver.stays = true;
	expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY), -EBUSY, VGPU_CAUSE_IN_USE);
	ck_assert_int_eq(vgpu_migration_get_fd(session), fd);
	driver.fails_at = VFIO_DEVICE_STATE_RUNNING;
	ck_assert_int_eq(vgpu_migration_stop(session), 0);
	ck_assert_int_eq(driver.resets, 1);
	close_session();
}
END_TEST

START_TEST(reset_fails)
{
	int fd = open("/dev/null", O_WRONLY);

	open_session();
	driver.state = VFIO_DEVICE_STATE_ERROR;
	driver.reset = EIO;
	expect(vgpu_migration_stop(session), -EIO, VGPU_CAUSE_LOST);
	driver.reset = 0;
	driver.reset_to = VFIO_DEVICE_STATE_STOP;
	expect(vgpu_migration_stop(session), -EIO, VGPU_CAUSE_LOST);
	vgpu_migration_close(session);
	driver.state = VFIO_DEVICE_STATE_RUNNING;
	driver.reset = EIO;
	driver.fails_at = VFIO_DEVICE_STATE_STOP_COPY;
	driver.fails_with = ENOMEM;
	expect(vgpu_migration_save(vfio, fd, NULL), -EIO, VGPU_CAUSE_LOST);
	driver.reset = 0;
	driver.reset_to = VFIO_DEVICE_STATE_RUNNING;
	driver.fails_with = 0;
	driver.state = VFIO_DEVICE_STATE_ERROR; /* a save begins with a reset then */
	driver.fd = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(vgpu_migration_save(vfio, fd, NULL), 0);
	close(fd);
	close_device();
}
END_TEST

START_TEST(nonsense)
{
	static const int bad_fds[] = {-1, -77, INT32_MIN, INT32_MAX, 1000000};
	enum vgpu_migration_state state = VGPU_MIGRATION_STATE_RESUMING;
	size_t i;

	open_session();
	for (i = 0; i < sizeof(bad_fds) / sizeof(bad_fds[0]); i++) {
		driver.fd = bad_fds[i];
		expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY), -EPROTO, VGPU_CAUSE_BAD_DATA);
		ck_assert_int_eq(vgpu_migration_get_fd(session), -1);
		ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
		expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_RESUMING), -EPROTO, VGPU_CAUSE_BAD_DATA);
		ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
	}
	driver.state = 8;
	expect(vgpu_migration_read_state(session, &state), -EPROTO, VGPU_CAUSE_BAD_DATA);
	ck_assert_int_eq(state, VGPU_MIGRATION_STATE_RESUMING);
	vgpu_migration_close(session);
	session = NULL;
	expect(vgpu_migration_open(vfio, &session), -EPROTO, VGPU_CAUSE_BAD_DATA);
	ck_assert_ptr_null(session);
	driver.state = VFIO_DEVICE_STATE_RUNNING;
	driver.flags = 6;
	expect(vgpu_migration_open(vfio, &session), -EPROTO, VGPU_CAUSE_BAD_DATA);
	ck_assert_ptr_null(session);
	close_device();
}
END_TEST

START_TEST(few_states)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts)};
	uint64_t size = 5;
	int fd;

	open_device();
	driver.flags = 1 | (uint64_t)1 << 40;
	ck_assert_int_eq(vgpu_migration_open(vfio, &session), 0);
	ck_assert_uint_eq(vgpu_migration_get_flags(session), driver.flags);
	expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_RUNNING_P2P), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_PRE_COPY), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_PRE_COPY_P2P), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	expect(vgpu_migration_read_size(session, &size), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	ck_assert_uint_eq(size, 5);
	vgpu_migration_close(session);
	driver.fd = open("/dev/zero", O_RDONLY); /* to save it all would take for ever */
	opts.state = VGPU_MIGRATION_STATE_RUNNING_P2P;
	expect(vgpu_migration_save(vfio, driver.fd, &opts), -EBADF, VGPU_CAUSE_INVALID);
	fd = open("/dev/null", O_WRONLY);
	expect(vgpu_migration_save(vfio, fd, &opts), -EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	close(fd);
	close_device();
}
END_TEST

/* The stream's other end is the test's. */
START_TEST(waiting)
{
	unsigned char buf[128] = {0};
	ssize_t n, all = 0;

	open_session();
	ck_assert_int_eq(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_STOP_COPY), 0);
	ck_assert_int_eq(fcntl(vgpu_migration_get_fd(session), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	ck_assert_int_eq(vgpu_migration_read(session, buf, 128), -EAGAIN);
	ck_assert_int_eq(write(driver.ends[1], "state", 5), 5);
	ck_assert_int_eq(vgpu_migration_read(session, buf, 128), 5);
	ck_assert_int_eq(vgpu_migration_read(session, buf, 128), -EAGAIN);
	close(driver.ends[1]);
	ck_assert_int_eq(vgpu_migration_read(session, buf, 128), 0);
	ck_assert_int_eq(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_RESUMING), 0);
	while ((n = vgpu_migration_write(session, buf, 128)) > 0)
		all += n;
	ck_assert_int_eq(n, -EAGAIN); /* which is no failure */
	ck_assert_int_gt(all, 4096);
	ck_assert_int_gt(read(driver.ends[0], buf, 128), 0);
	ck_assert_int_eq(vgpu_migration_set_state(session, VGPU_MIGRATION_STATE_RUNNING), 0);
	ck_assert_int_eq(driver.resets, 0);
	close(driver.ends[0]);
	close_session();
}
END_TEST

/* The driver has nothing, or takes nothing, for ever: the deadline ends it. */
START_TEST(driver_that_hangs)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .timeout_ms = 30};
	int fd = memfd_create("state", MFD_CLOEXEC);

	open_device();
	expect(vgpu_migration_save(vfio, fd, &opts), -ETIMEDOUT, VGPU_CAUSE_OTHER);
	ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
	close(driver.ends[1]);
	opts.flags = VGPU_MIGRATION_SAVE_PRE_COPY;
	expect(vgpu_migration_save(vfio, fd, &opts), -ETIMEDOUT, VGPU_CAUSE_OTHER);
	ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
	close(driver.ends[1]);
	opts.flags = 0;
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	expect(vgpu_migration_load(vfio, fd, &opts), -ETIMEDOUT, VGPU_CAUSE_OTHER);
	ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
	ck_assert_int_eq(driver.resets, 1); /* only of what was being loaded */
	close(driver.ends[0]);
	close(fd);
	close_device();
}
END_TEST

/* A device that changes faster than it is read is stopped all the same: when its first state has been read. */
START_TEST(pre_copy_ends)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .flags = VGPU_MIGRATION_SAVE_PRE_COPY};
	int fd = memfd_create("state", MFD_CLOEXEC);

	open_device();
	driver.fd = open("/dev/zero", O_RDONLY); /* the end never comes; stopped, it would not either */
	driver.fails_at = VFIO_DEVICE_STATE_STOP_COPY;
	driver.fails_with = EINVAL;
	driver.stays = true;
	expect(vgpu_migration_save(vfio, fd, &opts), -EINVAL, VGPU_CAUSE_REFUSED);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 256 << 10);
	ck_assert_uint_eq(driver.state, VFIO_DEVICE_STATE_RUNNING);
	close(fd);
	close_device();
}
END_TEST

static void *change_states(void *failed)
{
	int i;

	for (i = 0; i < 200; i++)
		if (vgpu_migration_set_state(session, i % 2 ? VGPU_MIGRATION_STATE_RUNNING : VGPU_MIGRATION_STATE_STOP_COPY))
			return failed;
	return NULL;
}

static void *use_stream(void *failed)
{
	enum vgpu_migration_state state;
	char buf[64];
	ssize_t n;
	int i;

	for (i = 0; i < 200; i++) {
		vgpu_migration_get_fd(session);
		n = vgpu_migration_read(session, buf, sizeof(buf));
		if ((n != sizeof(buf) && n != -EINVAL) || vgpu_migration_read_state(session, &state))
			return failed;
	}
	return NULL;
}

/* The driver here takes no lock: the session's is what keeps calls apart. For ThreadSanitizer. */
START_TEST(threads)
{
	static char failed[1];
	pthread_t all[4];
	void *bad;
	int i;

	open_session();
	driver.fd = -3;
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&all[i], NULL, i ? use_stream : change_states, failed), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(all[i], &bad);
		ck_assert_ptr_null(bad);
	}
	close_session();
}
END_TEST

START_TEST(dirty_page_sizes)
{
	static const uint64_t bad[] = {1, 2048, 4097, 6000, UINT64_MAX};
	const struct vgpu_dirty_range range = {0, 1 << 21};
	uint64_t page_size = 4096;
	size_t i;

	open_device();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		driver.page_size = bad[i];
		expect(vgpu_dirty_start(vfio, &range, 1, &page_size), -EPROTO, VGPU_CAUSE_BAD_DATA);
		ck_assert_uint_eq(page_size, 4096);
		ck_assert_int_eq(driver.logging_stops, (int)i + 1);
	}
	driver.page_size = 1 << 21;
	ck_assert_int_eq(vgpu_dirty_start(vfio, &range, 1, &page_size), 0);
	ck_assert_uint_eq(page_size, 1 << 21);
	close_device();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {error_state,       step_back_fails, reset_fails,      nonsense, few_states, waiting,
								  driver_that_hangs, pre_copy_ends,   dirty_page_sizes, threads,  NULL};

	return run_suite("migration", tests);
}
