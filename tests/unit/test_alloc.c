/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory runs out: each allocation of each call fails in turn, alone, and with all that come after it. The call fails
 * with -ENOMEM and leaves its result alone, or it succeeds and nothing is missing that no error tells of.
 * Valgrind and AddressSanitizer, which run this too, see what leaks.
 */
#include <signal.h>
#include <sys/wait.h>

#include "failing.h"
#include "run_suite.h"
#include "scripted.h"
#include "tree.h"

/* A context, made while no allocation fails. */
static struct vgpu_context *begin(const char *root)
{
	struct vgpu_context *ctx;

	failing.armed = false;
	ctx = tree_context(root);
	failing.armed = true;
	return ctx;
}

/* What a call gives: 0 or -errno, and how many things it lists, or has errors for. */
struct result {
	int r;
	size_t items;
	size_t errors;
};

typedef struct result (*call_fn)(const char *root);

static struct result new_context(const char *root)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .root = root};
	struct vgpu_context *ctx = NULL;
	int r = vgpu_context_new(&opts, &ctx);

	vgpu_context_unref(ctx);
	return (struct result){r, ctx != NULL, 0};
}

/* Calls LIST(ctx, opts, &list) with the context made beforehand, so that each allocation that fails is LIST's own. */
#define DEFINE_LIST(NAME, PLURAL, FLAGS)                                                                               \
	static struct result list_##PLURAL(const char *root) {                                                             \
		struct vgpu_##NAME##_list_opts opts = {.size = sizeof(opts), .flags = (FLAGS)};                                \
		struct vgpu_##PLURAL *list = NULL;                                                                             \
		struct vgpu_context *ctx = begin(root);                                                                        \
		struct result result = {0};                                                                                    \
                                                                                                                       \
		result.r = vgpu_##NAME##_list(ctx, &opts, &list);                                                              \
		failing.armed = false;                                                                                         \
		result.items = vgpu_##PLURAL##_get_count(list);                                                                \
		if (list)                                                                                                      \
			result.errors = vgpu_errors_get_count(vgpu_##PLURAL##_get_errors(list));                                   \
		if (result.r)                                                                                                  \
			ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(ctx)), ENOMEM);                               \
		vgpu_##PLURAL##_unref(list);                                                                                   \
		vgpu_context_unref(ctx);                                                                                       \
		return result;                                                                                                 \
	}

DEFINE_LIST(parent, parents, VGPU_PARENT_NAMES)
DEFINE_LIST(type, types, 0)
DEFINE_LIST(device, devices, VGPU_DEVICE_USERS | VGPU_DEVICE_ATTRS)

static struct result find_device(const char *root)
{
	struct vgpu_device *device = NULL;
	struct vgpu_context *ctx = begin(root);
	struct result result = {0};

	result.r = vgpu_device_find(ctx, TREE_UUID, VGPU_DEVICE_USERS | VGPU_DEVICE_ATTRS, &device);
	failing.armed = false;
	result.items = device != NULL;
	vgpu_device_unref(device);
	vgpu_context_unref(ctx);
	return result;
}

static struct result check_host(const char *root)
{
	struct vgpu_checks *checks = NULL;
	struct vgpu_context *ctx = begin(root);
	struct result result = {0};

	result.r = vgpu_check_list(ctx, &checks);
	failing.armed = false;
	result.items = vgpu_checks_get_count(checks);
	vgpu_checks_unref(checks);
	vgpu_context_unref(ctx);
	return result;
}

static struct result list_rooms(const char *root)
{
	struct vgpu_room_list_opts opts = {.size = sizeof(opts), .mix = "mtty-1=2,1145=1"};
	struct vgpu_rooms *rooms = NULL;
	struct vgpu_context *ctx = begin(root);
	struct result result = {0};

	result.r = vgpu_room_list(ctx, &opts, &rooms);
	failing.armed = false;
	result.items = vgpu_rooms_get_count(rooms);
	if (rooms)
		result.errors = vgpu_errors_get_count(vgpu_rooms_get_errors(rooms));
	vgpu_rooms_unref(rooms);
	vgpu_context_unref(ctx);
	return result;
}

static struct result reconcile(const char *root)
{
	struct vgpu_record_reconcile_opts opts = {.size = sizeof(opts), .flags = VGPU_RECONCILE_DRY_RUN};
	struct vgpu_mends *mends = NULL;
	struct vgpu_context *ctx = begin(root);
	struct result result = {0};

	result.r = vgpu_record_reconcile(ctx, &opts, &mends);
	failing.armed = false;
	result.items = vgpu_mends_get_count(mends);
	if (mends)
		result.errors = vgpu_errors_get_count(vgpu_mends_get_errors(mends));
	vgpu_mends_unref(mends);
	vgpu_context_unref(ctx);
	return result;
}

#define SOFT "c0ffee00-0000-4000-8000-00000000000a"
#define SOFT_VGPU                                                                                                      \
	"{\"uuid\":\"" SOFT "\",\"instance\":0,\"type\":\"t\",\"state\":\"ready\",\"started\":false,\"client_pid\":1,"     \
	"\"device_api\":\"vfio-pci\",\"socket\":\"/run/x.sock\"}"
#define SOFT_LIST(next) "{\"version\":1,\"parent\":\"gpu0\",\"vgpus\":[" SOFT_VGPU "]" next "}"

/* The process of a provider of software GPUs, which has memory enough. */
static pid_t provide(const char *root)
{
	static struct scripted gpu = {
		.lines = {{"\"parent\"",
				   "{\"version\":1,\"parent\":{\"name\":\"gpu0\",\"vendor_name\":\"v\",\"device_name\":\"d\"}}"},
				  {"\"types\"", "{\"version\":1,\"types\":[{\"id\":\"t\",\"name\":\"n\",\"description\":\"d\"}]}"},
				  {"\"vgpu\":\"" SOFT ":1", "{\"version\":1,\"vgpus\":[]}"},
				  {"attributes", "{\"version\":1,\"attributes\":[{\"name\":\"a\",\"value\":\"b\"}]}"},
				  {"\"list\"", SOFT_LIST("")},
				  {"create", "{\"version\":1,\"vgpu\":" SOFT_VGPU "}"},
				  {"start", "{\"version\":1,\"started\":[0]}"},
				  {"shutdown", "{\"version\":1,\"errors\":[{\"errno\":5,\"message\":\"m\"}]}"}}};
	pid_t child;

	gpu.fd = scripted_bind(root, "gpu0");
	ck_assert_int_eq(listen(gpu.fd, 16), 0);
	child = fork();
	if (child == 0) {
		scripted_run(&gpu);
		_exit(0);
	}
	close(gpu.fd);
	return child;
}

static struct result create_soft(const char *root)
{
	struct vgpu_device_create_opts opts = {
		.size = sizeof(opts), .parent = "gpu0", .type = "t", .device = SOFT ":1", .params = "p"};
	struct vgpu_device *device = NULL;
	struct vgpu_context *ctx = begin(root);
	struct result result = {0};

	result.r = vgpu_device_create(ctx, &opts, &device);
	failing.armed = false;
	result.items = device != NULL;
	vgpu_device_unref(device);
	vgpu_context_unref(ctx);
	return result;
}

static struct result start_vm(const char *root)
{
	struct vgpu_context *ctx = begin(root);
	struct result result = {0};

	result.r = vgpu_vm_start(ctx, SOFT, NULL);
	failing.armed = false;
	result.items = result.r == 0;
	vgpu_context_unref(ctx);
	return result;
}

/* One vGPU fails always: the call has worked when it says so. */
static struct result shut_down_vm(const char *root)
{
	struct vgpu_errors *errors = NULL;
	struct vgpu_context *ctx = begin(root);
	struct result result = {0};

	result.r = vgpu_vm_shutdown(ctx, SOFT, NULL, &errors);
	failing.armed = false;
	if (result.r == -EIO && vgpu_errors_get_count(errors) == 1)
		result = (struct result){.items = 1};
	vgpu_errors_unref(errors);
	vgpu_context_unref(ctx);
	return result;
}

static const struct {
	const char *name;
	call_fn call;
} calls[] = {{"context", new_context}, {"parents", list_parents}, {"types", list_types},     {"devices", list_devices},
			 {"rooms", list_rooms},    {"find", find_device},     {"check", check_host},     {"reconcile", reconcile},
			 {"create", create_soft},  {"start", start_vm},       {"shutdown", shut_down_vm}};

/* A PCI function: its links, and two of its files. */
static void add_function(const char *root, const char *address, const char *vendor, const char *driver)
{
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(target, sizeof(target), "../../../devices/pci0000:3a/%s", address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", address);
	tree_link(root, path, target);
	snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s/%s", driver, address);
	snprintf(target, sizeof(target), "../../../../devices/pci0000:3a/%s", address);
	tree_link(root, path, target);
	snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/vendor", address);
	tree_file(root, path, vendor);
	snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/class", address);
	tree_file(root, path, "0x030000\n");
	snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/driver", address);
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	tree_link(root, path, target);
	snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/iommu_group", address);
	tree_link(root, path, "../../../kernel/iommu_groups/7");
}

/* A device whose virtual functions are vGPUs: number 0 is one, number 1 is not. */
static void add_gpu(const char *root, char bus, const char *vendor, const char *driver, const char *vf_driver)
{
	char path[PATH_MAX], address[16], target[32];
	int i;

	snprintf(address, sizeof(address), "0000:3%c:00.0", bus);
	add_function(root, address, vendor, driver);
	snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/sriov_totalvfs", address);
	tree_file(root, path, "2\n");
	snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/sriov_numvfs", address);
	tree_file(root, path, "2\n");
	for (i = 0; i < 2; i++) {
		snprintf(address, sizeof(address), "0000:3%c:00.%d", bus, i + 1);
		add_function(root, address, vendor, i ? driver : vf_driver);
		snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/physfn", address);
		snprintf(target, sizeof(target), "../0000:3%c:00.0", bus);
		tree_link(root, path, target);
		snprintf(path, sizeof(path), "sys/devices/pci0000:3a/0000:3%c:00.0/virtfn%d", bus, i);
		snprintf(target, sizeof(target), "../%s", address);
		tree_link(root, path, target);
		if (strcmp(vf_driver, driver) != 0)
			continue;
		snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/nvidia/current_vgpu_type", address);
		tree_file(root, path, i ? "0\n" : "1145\n");
		snprintf(path, sizeof(path), "sys/devices/pci0000:3a/%s/nvidia/creatable_vgpu_types", address);
		tree_file(root, path, i ? "ID : vGPU Name\n1145 : NVIDIA L40S-1B\n" : "");
	}
}

static struct result run(call_fn call, const char *root, long n)
{
	struct result result;

	failing_begin(n);
	failing.armed = true;
	result = call(root);
	failing.armed = false;
	return result;
}

START_TEST(each_allocation)
{
	call_fn call = calls[_i / 2].call;
	const char *name = calls[_i / 2].name;
	struct result whole, result;
	char root[PATH_MAX];
	pid_t provider;
	long n;

	tree_new(root);
	tree_host(root);
	tree_file(root, "run/vgpu/" TREE_UUID ":3,creating,00000000,0,mdev,mtty," TREE_UUID, "type=mtty-1\n");
	add_gpu(root, 'b', "0x10de\n", "nvidia", "nvidia");
	add_gpu(root, 'c', "0x8086\n", "xe", "vfio-pci");
	tree_dir(root, "run/vgpu/soft");
	provider = provide(root);
	failing.go_on = _i % 2;
	whole = run(call, root, 1000000);
	ck_assert_msg(whole.r == 0 && !failing.failed && whole.items > 0, "%s: %d, %zu items", name, whole.r, whole.items);
	for (n = 0;; n++) {
		result = run(call, root, n);
		if (!failing.failed)
			break;
		if (result.r)
			ck_assert_msg(result.r == -ENOMEM && result.items == 0, "%s, allocation %ld: %d", name, n, result.r);
		else
			ck_assert_msg(result.items == whole.items || result.errors > whole.errors,
						  "%s, allocation %ld: %zu of %zu items, %zu errors", name, n, result.items, whole.items,
						  result.errors);
	}
	kill(provider, SIGKILL);
	waitpid(provider, NULL, 0);
	ck_assert_msg(n > 0, "%s: no allocation was seen", name);
	ck_assert_msg(result.r == 0 && result.items == whole.items, "%s, at last: %d", name, result.r);
	tree_free(root);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alloc");
	TCase *tcase = tcase_create("alloc");

	tcase_add_loop_test(tcase, each_allocation, 0, 2 * (int)(sizeof(calls) / sizeof(calls[0])));
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
