/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a driver that lies about a hot reset is answered, which no driver at hand does; and lists of any length. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "run_suite.h"
#include "sys/uapi.h"

#define NAME "0000:01:00.0"

/* The driver: how many functions it says that it has, and how it errs. */
static struct {
	uint32_t count;
	uint32_t says; /* in its answer; 0: the truth */
	uint32_t flags;
	int always; /* an errno, instead of an answer */
	int grows;  /* functions more at each answer */
	int reset;  /* the errno of a hot reset */
	unsigned asked;
} driver;

static int refuse(int err)
{
	errno = err;
	return -1;
}

static int answer(struct vfio_pci_hot_reset_info *info)
{
	uint32_t room = (info->argsz - (uint32_t)sizeof(*info)) / (uint32_t)sizeof(info->devices[0]), i;

	driver.asked++;
	if (driver.always && driver.always != ENOSPC)
		return refuse(driver.always);
	driver.count += (uint32_t)driver.grows;
	info->flags = driver.flags;
	info->count = driver.says ? driver.says : driver.count;
	if (driver.always || driver.count > room)
		return refuse(ENOSPC);
	for (i = 0; i < driver.count; i++) {
		info->devices[i].group_id = driver.flags ? i - 1 : 7 + i; /* as an id: not owned, owned, 1, 2 ... */
		info->devices[i].bus = 1;
		info->devices[i].devfn = (uint8_t)i;
	}
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...);

/* The linker sends the library's calls here (see CMakeLists.txt). */
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct vfio_device_info *info;
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		info = arg;
		info->flags = VFIO_DEVICE_FLAGS_PCI;
		return 0;
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
		return answer(arg);
	case VFIO_DEVICE_PCI_HOT_RESET:
		ck_assert_uint_eq(((struct vfio_pci_hot_reset *)arg)->count, 0);
		return driver.reset ? refuse(driver.reset) : 0;
	default:
		return refuse(ENOTTY);
	}
}

static struct vgpu_context *ctx;
static struct vgpu_vfio *vfio;

static void setup(void)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	memset(&driver, 0, sizeof(driver));
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	fds.name = NAME;
	fds.device_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), 0);
	close(fds.device_fd);
}

static void teardown(void)
{
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
}

static void expect_no_set(int wanted, enum vgpu_cause cause)
{
	struct vgpu_reset_set *set = NULL;

	ck_assert_int_eq(vgpu_reset_set_find(vfio, &set), wanted);
	ck_assert_ptr_null(set);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), cause);
	ck_assert_int_eq(vgpu_vfio_hot_reset(vfio), wanted);
}

START_TEST(any_length)
{
	static const uint32_t counts[] = {1, 2, 3, 250, 65536};
	struct vgpu_reset_set *set;
	size_t i;

	setup();
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		driver.count = counts[i];
		ck_assert_int_eq(vgpu_reset_set_find(vfio, &set), 0);
		ck_assert_uint_eq(vgpu_reset_set_get_count(set), counts[i]);
		ck_assert_str_eq(vgpu_reset_set_get_address(set, 0), NAME);
		ck_assert_int_eq(vgpu_reset_set_get_iommu_group(set, counts[i] - 1), (int)(6 + counts[i]));
		ck_assert_int_eq(vgpu_reset_set_get_device_id(set, 0), -1);
		ck_assert_int_eq(vgpu_reset_set_is_owned(set, 0), 0);
		vgpu_reset_set_unref(set);
	}
	teardown();
}
END_TEST

START_TEST(ids)
{
	struct vgpu_reset_set *set;

	setup();
	driver.count = 12;
	driver.flags = VG_VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	ck_assert_int_eq(vgpu_reset_set_find(vfio, &set), 0);
	ck_assert_int_eq(vgpu_reset_set_is_owned(set, 0), 0);
	ck_assert_int_eq(vgpu_reset_set_get_device_id(set, 0), 0);
	ck_assert_int_eq(vgpu_reset_set_is_owned(set, 1), 1);
	ck_assert_int_eq(vgpu_reset_set_get_device_id(set, 1), 0);
	ck_assert_int_eq(vgpu_reset_set_is_owned(set, 2), 1);
	ck_assert_int_eq(vgpu_reset_set_get_device_id(set, 2), 1);
	ck_assert_int_eq(vgpu_reset_set_get_iommu_group(set, 2), -1);
	ck_assert_str_eq(vgpu_reset_set_get_address(set, 9), "0000:01:01.1");
	vgpu_reset_set_unref(set);
	ck_assert_int_eq(vgpu_vfio_hot_reset(vfio), 0);
	driver.reset = EINVAL;
	ck_assert_int_eq(vgpu_vfio_hot_reset(vfio), -EPERM);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), NAME));
	driver.reset = EBUSY;
	ck_assert_int_eq(vgpu_vfio_hot_reset(vfio), -EBUSY);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(ctx)), VGPU_CAUSE_IN_USE);
	teardown();
}
END_TEST

/* Names of very many functions do not fit into a message: they are cut. */
START_TEST(long_message)
{
	setup();
	driver.count = 200;
	driver.flags = VG_VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	driver.reset = EINVAL;
	ck_assert_int_eq(vgpu_vfio_hot_reset(vfio), -EPERM);
	teardown();
}
END_TEST

START_TEST(lies)
{
	setup();
	driver.count = 0;
	expect_no_set(-EPROTO, VGPU_CAUSE_BAD_DATA);
	driver.count = 1;
	driver.says = UINT32_MAX; /* more than there was room for */
	expect_no_set(-EPROTO, VGPU_CAUSE_BAD_DATA);
	driver.count = 100;
	driver.says = 1; /* no room, it says, for one */
	expect_no_set(-EPROTO, VGPU_CAUSE_BAD_DATA);
	driver.says = 65537;
	expect_no_set(-EPROTO, VGPU_CAUSE_BAD_DATA);
	driver.says = UINT32_MAX;
	expect_no_set(-EPROTO, VGPU_CAUSE_BAD_DATA);
	teardown();
}
END_TEST

/* Functions that come all the time are not waited for without end. */
START_TEST(restless)
{
	setup();
	driver.count = 3;
	driver.grows = 1;
	expect_no_set(-EAGAIN, VGPU_CAUSE_IN_USE);
	driver.grows = 0;
	driver.always = EAGAIN;
	driver.asked = 0;
	expect_no_set(-EAGAIN, VGPU_CAUSE_IN_USE);
	ck_assert_uint_lt(driver.asked, 50);
	driver.always = EPERM;
	expect_no_set(-EPERM, VGPU_CAUSE_REFUSED);
	driver.always = ENODEV;
	expect_no_set(-EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	driver.always = ENOTTY;
	expect_no_set(-EOPNOTSUPP, VGPU_CAUSE_UNSUPPORTED);
	teardown();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {any_length, ids, long_message, lies, restless, NULL};

	return run_suite("reset", tests);
}
