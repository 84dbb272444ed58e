/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the test programs of the VM share. */
#include "vm_test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Emulated machines beside each other can stand still for seconds: the default would be a matter of luck. */
#define CREATE_TIMEOUT_MS 30000

static void print_log(void *data, int level, const char *message)
{
	(void)data;
	fprintf(stderr, "log %d: %s\n", level, message);
}

struct vgpu_context *vm_context(void)
{
	struct vgpu_context_opts opts = {
		.size = sizeof(opts), .log = print_log, .any_class = getenv("VM_ANY_CLASS") != NULL};
	struct vgpu_context *ctx;

	ck_assert_int_eq(vgpu_context_new(&opts, &ctx), 0);
	return ctx;
}

const char *vm_error(struct vgpu_context *ctx)
{
	static char text[4096];
	struct vgpu_error *error = vgpu_context_get_error(ctx);

	snprintf(text, sizeof(text), "%s: %s: %s; %s (%s, errno %d)", vgpu_error_get_operation(error),
			 vgpu_error_get_path(error), vgpu_error_get_message(error), vgpu_error_get_hint(error),
			 vgpu_cause_get_name(vgpu_error_get_cause(error)), vgpu_error_get_errno(error));
	return text;
}

void vm_show_helpers(void)
{
	if (system("for p in /proc/[0-9]*; do read -r c <$p/comm && [ \"$c\" = vgpu-helper ] && "
			   "{ grep -E '^(Pid|State)' $p/status; cat $p/stack; } >&2; done"))
		fputs("(no helper process)\n", stderr);
}

int vm_try_create(struct vgpu_context *ctx, const char *parent, const char *type, const char *device)
{
	struct vgpu_device_create_opts opts = {
		.size = sizeof(opts), .parent = parent, .type = type, .device = device, .timeout_ms = CREATE_TIMEOUT_MS};

	return vgpu_device_create(ctx, &opts, NULL);
}

struct vgpu_device *vm_create(struct vgpu_context *ctx, const char *parent, const char *type, const char *device)
{
	struct vgpu_device_create_opts opts = {.size = sizeof(opts), .parent = parent, .type = type, .device = device};
	struct vgpu_device *out = NULL;

	vm_assert_ok(ctx, vgpu_device_create(ctx, &opts, &out));
	ck_assert_ptr_nonnull(out);
	return out;
}

int vm_destroy(struct vgpu_context *ctx, const char *device, bool force, unsigned timeout_ms)
{
	struct vgpu_device_destroy_opts opts = {
		.size = sizeof(opts), .flags = force ? VGPU_DESTROY_FORCE : 0, .timeout_ms = timeout_ms};

	return vgpu_device_destroy(ctx, device, &opts);
}

size_t vm_device_count(struct vgpu_context *ctx)
{
	struct vgpu_devices *devices;
	size_t count;

	vm_assert_ok(ctx, vgpu_device_list(ctx, NULL, &devices));
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 0);
	count = vgpu_devices_get_count(devices);
	vgpu_devices_unref(devices);
	return count;
}

size_t vm_record_count(void)
{
	DIR *dir = opendir("/run/vgpu");
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

size_t vm_reconcile(struct vgpu_context *ctx)
{
	struct vgpu_mends *mends;
	size_t count;

	vm_assert_ok(ctx, vgpu_record_reconcile(ctx, NULL, &mends));
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_mends_get_errors(mends)), 0);
	count = vgpu_mends_get_count(mends);
	vgpu_mends_unref(mends);
	return count;
}

void vm_clean(struct vgpu_context *ctx)
{
	struct vgpu_devices *devices;
	size_t i;

	vm_assert_ok(ctx, vgpu_device_list(ctx, NULL, &devices));
	for (i = 0; i < vgpu_devices_get_count(devices); i++)
		vm_assert_ok(ctx, vm_destroy(ctx, vgpu_device_get_sysfs_path(vgpu_devices_get(devices, i)), false, 0));
	vgpu_devices_unref(devices);
	vm_reconcile(ctx);
	ck_assert_uint_eq(vm_device_count(ctx), 0);
	ck_assert_uint_eq(vm_record_count(), 0);
}

long long vm_available(struct vgpu_context *ctx, const char *parent, const char *type)
{
	struct vgpu_type_list_opts opts = {.size = sizeof(opts), .parent = parent};
	struct vgpu_types *types;
	long long available = -2;
	size_t i;

	vm_assert_ok(ctx, vgpu_type_list(ctx, &opts, &types));
	for (i = 0; i < vgpu_types_get_count(types); i++)
		if (strcmp(vgpu_type_get_id(vgpu_types_get(types, i)), type) == 0)
			available = vgpu_type_get_available_instances(vgpu_types_get(types, i));
	vgpu_types_unref(types);
	return available;
}

bool vm_has_iommufd(void)
{
	return access("/dev/iommu", F_OK) == 0;
}

/* Keeps only what how says of an opened device. */
static int keep(struct vgpu_vfio *vfio, enum vm_hold how, unsigned region)
{
	struct vgpu_mapping *mapping;
	int fd;

	switch (how) {
	case HOLD_DEVICE_FD:
		fd = dup(vgpu_vfio_get_device_fd(vfio));
		vgpu_vfio_close(vfio);
		return fd < 0;
	case HOLD_MAPPING:
		if (vgpu_region_map(vfio, region, NULL, &mapping))
			return 1;
		vgpu_vfio_close(vfio);
		return 0;
	case HOLD_GROUP:
	case HOLD_CDEV:
	default:
		return 0;
	}
}

pid_t vm_hold(const char *device, enum vm_hold how, unsigned region)
{
	int ready[2];
	char word = 0;
	pid_t pid;

	if (how == HOLD_CDEV && !vm_has_iommufd())
		return -1;
	ck_assert_int_eq(pipe(ready), 0);
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct vgpu_vfio_opts opts = {.size = sizeof(opts),
									  .access = how == HOLD_CDEV ? VGPU_ACCESS_IOMMUFD : VGPU_ACCESS_GROUP};
		struct vgpu_context *ctx = vm_context();
		struct vgpu_vfio *vfio;

		if (vgpu_vfio_open(ctx, device, &opts, &vfio) || keep(vfio, how, region)) {
			fprintf(stderr, "holding %s: %s\n", device, vm_error(ctx));
			_exit(1);
		}
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_msg(read(ready[0], &word, 1) == 1, "the child could not hold %s", device);
	close(ready[0]);
	return pid;
}

void vm_let_go(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
