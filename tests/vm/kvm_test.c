/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what KVM is told, on a real kernel. kvm_test.sh makes the devices. */
#include "kvm_test.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static struct vgpu_context *ctx;
static struct guest guest;

static void setup(void)
{
	ctx = new_context();
	guest_make_vm(&guest);
}

static void teardown(void)
{
	guest_end(&guest);
	vgpu_context_unref(ctx);
}

struct vgpu_kvm *kvm_of(struct vgpu_context *context, const struct guest *vm)
{
	struct vgpu_kvm_opts opts = VGPU_KVM_OPTS_INIT;
	struct vgpu_kvm *kvm = NULL;
	int r;

	opts.vm_fd = vm->vm_fd;
	r = vgpu_kvm_new(context, &opts, &kvm);
	ck_assert_msg(r == 0, "kvm: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(context)));
	return kvm;
}

struct vgpu_vfio *open_in_vm(struct vgpu_context *context, const char *variable, enum vgpu_access access,
							 struct vgpu_dma *dma, struct vgpu_kvm *kvm)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = access, .dma = dma, .kvm = kvm};
	struct vgpu_vfio *vfio = NULL;
	int r = vgpu_vfio_open(context, device(variable), &opts, &vfio);

	ck_assert_msg(r == 0, "%s: open: %d: %s", variable, r, vgpu_error_get_message(vgpu_context_get_error(context)));
	return vfio;
}

static void expect_no_kvm(int vm_fd, int device_fd, int wanted, enum vgpu_cause cause)
{
	struct vgpu_kvm_opts opts = {sizeof(opts), vm_fd, device_fd};
	struct vgpu_kvm *kvm = NULL;
	int before = count_fds();

	expect_failure(ctx, vgpu_kvm_new(ctx, &opts, &kvm), wanted, cause);
	ck_assert_ptr_null(kvm);
	ck_assert_int_eq(count_fds(), before);
}

START_TEST(wrong_arguments)
{
	struct vgpu_kvm_opts opts = VGPU_KVM_OPTS_INIT;
	struct vgpu_kvm *kvm = NULL;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int vcpu = ioctl(guest.vm_fd, KVM_CREATE_VCPU, 0);

	ck_assert_int_ge(vcpu, 0);
	expect_no_kvm(-1, -1, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(guest.vm_fd, guest.vm_fd, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(null, -1, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(-1, null, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(guest.kvm_fd, -1, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(-1, guest.kvm_fd, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(vcpu, -1, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(-1, vcpu, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(-1, guest.vm_fd, -EINVAL, VGPU_CAUSE_INVALID);
	expect_no_kvm(1000, -1, -EBADF, VGPU_CAUSE_INVALID);
	expect_no_kvm(-1, 1000, -EBADF, VGPU_CAUSE_INVALID);
	opts.vm_fd = guest.vm_fd;
	ck_assert_int_eq(vgpu_kvm_new(NULL, &opts, &kvm), -EINVAL);
	expect_failure(ctx, vgpu_kvm_new(ctx, NULL, &kvm), -EINVAL, VGPU_CAUSE_INVALID);
	expect_failure(ctx, vgpu_kvm_new(ctx, &opts, NULL), -EINVAL, VGPU_CAUSE_INVALID);
	opts.size = offsetof(struct vgpu_kvm_opts, device_fd);
	expect_failure(ctx, vgpu_kvm_new(ctx, &opts, &kvm), -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(kvm);
	ck_assert_ptr_null(vgpu_kvm_ref(NULL));
	ck_assert_ptr_null(vgpu_kvm_unref(NULL));
	close(vcpu);
	close(null);
}
END_TEST

/* A VM has one VFIO device, until nobody has it open any more. */
START_TEST(one_device)
{
	struct vgpu_kvm_opts opts = VGPU_KVM_OPTS_INIT;
	struct vgpu_kvm *first = kvm_of(ctx, &guest), *second = NULL;
	int before = count_fds();

	ck_assert_int_ne(fcntl(vgpu_kvm_get_device_fd(first), F_GETFD) & FD_CLOEXEC, 0);
	expect_no_kvm(guest.vm_fd, -1, -EBUSY, VGPU_CAUSE_IN_USE);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_hint(vgpu_context_get_error(ctx)), "device_fd"));
	opts.device_fd = vgpu_kvm_get_device_fd(first);
	ck_assert_int_eq(vgpu_kvm_new(ctx, &opts, &second), 0);
	ck_assert_int_ne(vgpu_kvm_get_device_fd(second), opts.device_fd);
	ck_assert_int_ne(fcntl(vgpu_kvm_get_device_fd(second), F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_ptr_eq(vgpu_kvm_ref(second), second);
	vgpu_kvm_unref(second);
	vgpu_kvm_unref(first);
	expect_no_kvm(guest.vm_fd, -1, -EBUSY, VGPU_CAUSE_IN_USE);
	vgpu_kvm_unref(second);
	ck_assert_int_eq(count_fds(), before - 1);
	vgpu_kvm_unref(kvm_of(ctx, &guest));
}
END_TEST

/* In a child process; what it returns is the exit code. */
static int in_child(int (*call)(void *data), void *data)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(call(data));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int make_kvm(void *data)
{
	struct vgpu_kvm_opts *opts = data;
	struct vgpu_context *own;
	struct vgpu_kvm *kvm;
	int r;

	if (vgpu_context_new(NULL, &own))
		return 100;
	r = vgpu_kvm_new(own, opts, &kvm);
	return vgpu_error_get_cause(vgpu_context_get_error(own)) == VGPU_CAUSE_REFUSED ? -r : 101;
}

/* KVM serves the process that made the VM only. */
START_TEST(other_process)
{
	struct vgpu_kvm_opts vm = VGPU_KVM_OPTS_INIT, device = VGPU_KVM_OPTS_INIT;
	struct vgpu_kvm *kvm;

	vm.vm_fd = guest.vm_fd;
	ck_assert_int_eq(in_child(make_kvm, &vm), EIO);
	kvm = kvm_of(ctx, &guest);
	device.device_fd = vgpu_kvm_get_device_fd(kvm);
	ck_assert_int_eq(in_child(make_kvm, &device), EIO);
	vgpu_kvm_unref(kvm);
}
END_TEST

/* What KVM says to a file's being added or taken away: 0 or -errno. */
static int tell(const struct vgpu_kvm *kvm, uint64_t what, int32_t fd)
{
	struct kvm_device_attr attr = {.group = KVM_DEV_VFIO_GROUP, .attr = what, .addr = (uintptr_t)&fd};

	return ioctl(vgpu_kvm_get_device_fd(kvm), KVM_SET_DEVICE_ATTR, &attr) ? -errno : 0;
}

/* KVM knows the file, and goes on to do so. */
static bool knows(const struct vgpu_kvm *kvm, int fd)
{
	int r = tell(kvm, KVM_DEV_VFIO_GROUP_ADD, fd);

	if (r == 0)
		ck_assert_int_eq(tell(kvm, KVM_DEV_VFIO_GROUP_DEL, fd), 0);
	else
		ck_assert_int_eq(r, -EEXIST);
	return r == -EEXIST;
}

/* The file that KVM is told of; a duplicate. */
static int file_of(struct vgpu_vfio *vfio)
{
	int fd =
		vgpu_vfio_get_access(vfio) == VGPU_ACCESS_GROUP ? vgpu_vfio_get_group_fd(vfio) : vgpu_vfio_get_device_fd(vfio);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	ck_assert_int_ge(copy, 0);
	return copy;
}

/* Told by open, taken back by close, for mdevs and PCI devices, of each VM anew. */
START_TEST(told_and_taken_back)
{
	static const char *const names[] = {"MTTY", "MDPY", "EDU"};
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	int before = count_fds(), fd;
	struct vgpu_vfio *vfio;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		vfio = open_in_vm(ctx, names[i], path_of(_i), NULL, kvm);
		fd = file_of(vfio);
		ck_assert(knows(kvm, fd));
		vgpu_vfio_close(vfio);
		ck_assert_int_eq(tell(kvm, KVM_DEV_VFIO_GROUP_DEL, fd), -ENOENT);
		close(fd);
		/* KVM holds nothing open either */
		vgpu_vfio_close(open_with(ctx, names[i], path_of(_i), NULL));
		ck_assert_int_eq(count_fds(), before);
		vfio = open_with(ctx, names[i], path_of(_i), NULL); /* without a VM it knows nothing */
		fd = file_of(vfio);
		if (_i == 0)
			ck_assert(!knows(kvm, fd));
		close(fd);
		vgpu_vfio_close(vfio);
	}
	vgpu_kvm_unref(kvm);
}
END_TEST

/* The number of uses that the module has. */
static int uses_of_kvm(void)
{
	FILE *file = fopen("/sys/module/kvm/refcnt", "re");
	int count = -1;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &count), 1);
	fclose(file);
	return count;
}

/* A device that finds a VM when it is opened holds it (Linux 6.2 and later): KVM was told before. */
START_TEST(told_before)
{
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	struct utsname name;
	struct vgpu_vfio *vfio;
	int before;

	ck_assert_int_eq(uname(&name), 0);
	before = uses_of_kvm();
	vfio = open_with(ctx, "MTTY", path_of(_i), NULL);
	ck_assert_int_eq(uses_of_kvm(), before);
	vgpu_vfio_close(vfio);
	vfio = open_in_vm(ctx, "MTTY", path_of(_i), NULL, kvm);
	ck_assert_int_eq(uses_of_kvm(), before + (strncmp(name.release, "6.1.", 4) != 0));
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(uses_of_kvm(), before);
	vgpu_kvm_unref(kvm);
}
END_TEST

/* The handle keeps object and VM. */
START_TEST(handle_holds_vm)
{
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	struct vgpu_vfio *vfio = open_in_vm(ctx, "MTTY", path_of(_i), NULL, kvm);
	int before = count_fds();

	vgpu_kvm_unref(kvm);
	ck_assert_int_eq(count_fds(), before);
	expect_no_kvm(guest.vm_fd, -1, -EBUSY, VGPU_CAUSE_IN_USE);
	vgpu_vfio_close(vfio);
	vgpu_kvm_unref(kvm_of(ctx, &guest));
}
END_TEST

/* A group is told of once: with its first device that is in the VM, until its last is closed. */
START_TEST(one_group)
{
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	struct vgpu_vfio *a, *b;
	struct vgpu_dma *dma;
	int fd, round;

	for (round = 0; round < 2; round++) {
		ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
		a = open_in_vm(ctx, "GROUP_A", VGPU_ACCESS_GROUP, dma, round ? kvm : NULL);
		fd = file_of(a);
		ck_assert_int_eq(knows(kvm, fd), round);
		b = open_in_vm(ctx, "GROUP_B", VGPU_ACCESS_AUTO, dma, round ? NULL : kvm);
		ck_assert(knows(kvm, fd));
		vgpu_vfio_close(round ? a : b);
		ck_assert(knows(kvm, fd));
		vgpu_vfio_close(round ? b : a);
		ck_assert_int_eq(tell(kvm, KVM_DEV_VFIO_GROUP_DEL, fd), -ENOENT);
		close(fd);
		vgpu_dma_unref(dma);
	}
	vgpu_kvm_unref(kvm);
}
END_TEST

/* One group cannot be in two VMs; the first keeps it. */
START_TEST(two_vms)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = VGPU_ACCESS_GROUP};
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	struct vgpu_vfio *a, *b = NULL;
	struct guest other;
	int before, fd;

	guest_make_vm(&other);
	opts.kvm = kvm_of(ctx, &other);
	ck_assert_int_eq(vgpu_dma_new(ctx, &opts.dma), 0);
	a = open_in_vm(ctx, "GROUP_A", VGPU_ACCESS_GROUP, opts.dma, kvm);
	fd = file_of(a);
	before = count_fds();
	expect_failure(ctx, vgpu_vfio_open(ctx, device("GROUP_B"), &opts, &b), -EXDEV, VGPU_CAUSE_INVALID);
	ck_assert_ptr_null(b);
	ck_assert_int_eq(count_fds(), before);
	ck_assert(knows(kvm, fd));
	ck_assert(!knows(opts.kvm, fd));
	close(fd);
	vgpu_vfio_close(a);
	vgpu_dma_unref(opts.dma);
	vgpu_kvm_unref(opts.kvm);
	vgpu_kvm_unref(kvm);
	guest_end(&other);
}
END_TEST

static int open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* mdpy's nodes, opened by this test. */
static struct vgpu_vfio_fds open_nodes(int i, struct vgpu_kvm *kvm)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	fds.name = device("MDPY");
	fds.kvm = kvm;
	if (i == 0) {
		fds.group_fd = open_node(device("MDPY_GROUP"));
		fds.container_fd = open_node("/dev/vfio/vfio");
	} else {
		fds.cdev_fd = open_node(device("MDPY_CDEV"));
		fds.iommufd = open_node("/dev/iommu");
	}
	return fds;
}

static void close_nodes(const struct vgpu_vfio_fds *fds, int i)
{
	close(i ? fds->cdev_fd : fds->group_fd);
	close(i ? fds->iommufd : fds->container_fd);
}

static void expect_no_adopt(const struct vgpu_vfio_fds *fds, int wanted, enum vgpu_cause cause)
{
	struct vgpu_vfio *vfio = NULL;
	int before = count_fds();

	expect_failure(ctx, vgpu_vfio_open_fds(ctx, fds, &vfio), wanted, cause);
	ck_assert_ptr_null(vfio);
	ck_assert_int_eq(count_fds(), before);
}

/* Handed-over descriptors: KVM is told and forgets all the same, also when the opening fails in the end. */
START_TEST(from_descriptors)
{
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	struct vgpu_vfio_fds fds = open_nodes(_i, kvm), bad = fds;
	int file = _i ? fds.cdev_fd : fds.group_fd;
	struct vgpu_vfio *vfio = NULL;

	if (_i == 0) {
		bad.name = "no-such-device";
		expect_no_adopt(&bad, -ENODEV, VGPU_CAUSE_NO_VFIO_DRIVER);
	} else {
		bad.iommufd = guest.vm_fd;
		bad.ioas_id = 1;
		expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
	}
	ck_assert_int_eq(tell(kvm, KVM_DEV_VFIO_GROUP_DEL, file), -ENOENT);
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), 0);
	ck_assert(knows(kvm, file));
	bad = (struct vgpu_vfio_fds)VGPU_VFIO_FDS_INIT;
	bad.name = fds.name;
	bad.kvm = kvm;
	bad.device_fd = vgpu_vfio_get_device_fd(vfio);
	expect_no_adopt(&bad, -EINVAL, VGPU_CAUSE_INVALID);
	ck_assert_ptr_nonnull(strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), "before it is opened"));
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(tell(kvm, KVM_DEV_VFIO_GROUP_DEL, file), -ENOENT);
	close_nodes(&fds, _i);
	vgpu_kvm_unref(kvm);
}
END_TEST

/* What somebody else told KVM is his to take back. */
START_TEST(told_by_another)
{
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	struct vgpu_vfio_fds fds = open_nodes(_i, kvm);
	int file = _i ? fds.cdev_fd : fds.group_fd;
	struct vgpu_vfio *vfio = NULL;

	ck_assert_int_eq(tell(kvm, KVM_DEV_VFIO_GROUP_ADD, file), 0);
	ck_assert_int_eq(vgpu_vfio_open_fds(ctx, &fds, &vfio), 0);
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(tell(kvm, KVM_DEV_VFIO_GROUP_DEL, file), 0);
	close_nodes(&fds, _i);
	vgpu_kvm_unref(kvm);
}
END_TEST

static int open_inherited(void *data)
{
	struct vgpu_vfio_opts *opts = data;
	struct vgpu_context *own;
	struct vgpu_vfio *vfio;
	int r;

	if (vgpu_context_new(NULL, &own))
		return 100;
	r = vgpu_vfio_open(own, device("MTTY2"), opts, &vfio);
	return vgpu_error_get_cause(vgpu_context_get_error(own)) == VGPU_CAUSE_REFUSED ? -r : 101;
}

/* KVM refuses the file; nothing stays open. */
START_TEST(refused)
{
	struct vgpu_kvm *kvm = kvm_of(ctx, &guest);
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = path_of(_i), .kvm = kvm};

	ck_assert_int_eq(in_child(open_inherited, &opts), EIO);
	vgpu_vfio_close(open_in_vm(ctx, "MTTY2", path_of(_i), NULL, kvm));
	vgpu_kvm_unref(kvm);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kvm");
	TCase *tcase = tcase_create("kvm");
	int paths = has_iommufd() ? 2 : 1;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, wrong_arguments);
	tcase_add_test(tcase, one_device);
	tcase_add_test(tcase, other_process);
	tcase_add_loop_test(tcase, told_and_taken_back, 0, paths);
	tcase_add_loop_test(tcase, told_before, 0, paths);
	tcase_add_loop_test(tcase, handle_holds_vm, 0, paths);
	tcase_add_test(tcase, one_group);
	tcase_add_test(tcase, two_vms);
	tcase_add_loop_test(tcase, from_descriptors, 0, paths);
	tcase_add_loop_test(tcase, told_by_another, 0, paths);
	tcase_add_loop_test(tcase, refused, 0, paths);
	suite_add_tcase(suite, tcase);
	add_irqfd_tests(suite, paths);
	add_thread_tests(suite, paths);
	return run_suite(suite);
}
