/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software GPUs in management calls, whatever their providers answer. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "run_suite.h"
#include "scripted.h"

#define UUID TREE_UUID
#define VGPU(uuid, instance, more)                                                                                     \
	"{\"uuid\":\"" uuid "\",\"instance\":" #instance ",\"type\":\"t1\",\"state\":\"ready\",\"started\":false,"         \
	"\"device_api\":\"vfio-pci\",\"socket\":\"/run/x.sock\"" more "}"
#define LIST(entries) "{\"version\":1,\"parent\":\"gpu0\",\"vgpus\":[" entries "]}"
#define PARENT "{\"version\":1,\"parent\":{\"name\":\"gpu0\",\"vendor\":4660,\"device\":4369,\"types\":2,\"vgpus\":1}}"
#define ERROR(number, cause)                                                                                           \
	"{\"version\":1,\"error\":{\"errno\":" #number ",\"cause\":\"" cause "\",\"message\":\"because\",\"hint\":\"so\"}}"

static char root[PATH_MAX];
static struct vgpu_context *ctx;

static void setup(void)
{
	tree_new(root);
	tree_dir(root, "run/vgpu/soft");
	ctx = tree_context(root);
}

static void teardown(void)
{
	vgpu_context_unref(ctx);
	tree_free(root);
}

static struct vgpu_error *last(void)
{
	return vgpu_context_get_error(ctx);
}

static void socket_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "run/vgpu/soft/%s.sock", name);
	tree_file(root, path, "");
}

START_TEST(lists)
{
	struct scripted gpu = {
		.lines = {{"\"parent\"", PARENT},
				  {"\"first\":0", "{\"version\":1,\"types\":[{\"id\":\"t1\",\"name\":\"one\",\"available_instances\":3,"
								  "\"framebuffer_mib\":16,\"max_resolution\":\"1x1\"}],\"next\":1}"},
				  {"\"first\":1", "{\"version\":1,\"types\":[{\"id\":\"t2\",\"new\":{}}]}"},
				  {"\"after\"", LIST(VGPU(UUID, 2, ",\"client_pid\":1"))},
				  {"\"list\"",
				   "{\"version\":1,\"parent\":\"gpu0\",\"vgpus\":[" VGPU(UUID, 0, "") "],\"next\":\"" UUID ":0\"}"}}};
	struct vgpu_devices *devices;
	struct vgpu_parents *parents;
	struct vgpu_device *device;
	struct vgpu_types *types;

	setup();
	scripted_start(&gpu, root, "gpu0");
	ck_assert_int_eq(vgpu_parent_list(ctx, NULL, &parents), 0);
	ck_assert_uint_eq(vgpu_parents_get_count(parents), 1);
	ck_assert_str_eq(vgpu_parent_get_name(vgpu_parents_get(parents, 0)), "gpu0");
	ck_assert_str_eq(vgpu_parent_get_backend(vgpu_parents_get(parents, 0)), "soft");
	ck_assert_ptr_null(vgpu_parent_get_sysfs_path(vgpu_parents_get(parents, 0)));
	ck_assert_int_eq(vgpu_parent_get_vendor(vgpu_parents_get(parents, 0)), 0x1234);
	ck_assert_int_eq(vgpu_parent_get_type_count(vgpu_parents_get(parents, 0)), 2);
	vgpu_parents_unref(parents);
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &types), 0);
	ck_assert_uint_eq(vgpu_types_get_count(types), 2);
	ck_assert_int_eq(vgpu_type_get_available_instances(vgpu_types_get(types, 0)), 3);
	ck_assert_int_eq(vgpu_type_get_framebuffer_mib(vgpu_types_get(types, 0)), 16);
	ck_assert_str_eq(vgpu_type_get_max_resolution(vgpu_types_get(types, 0)), "1x1");
	ck_assert_int_eq(vgpu_type_get_available_instances(vgpu_types_get(types, 1)), -1);
	vgpu_types_unref(types);
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 2);
	device = vgpu_devices_get(devices, 1);
	ck_assert_str_eq(vgpu_device_get_name(device), UUID ":2");
	ck_assert_str_eq(vgpu_device_get_backend(device), "soft");
	ck_assert_str_eq(vgpu_device_get_owner(device), "libvgpu");
	ck_assert_str_eq(vgpu_device_get_parent_name(device), "gpu0");
	ck_assert_str_eq(vgpu_device_get_socket(device), "/run/x.sock");
	ck_assert_ptr_null(vgpu_device_get_group_node(device));
	ck_assert_int_eq(vgpu_device_get_iommu_group(device), -1);
	ck_assert_int_eq(vgpu_device_get_started(device), 0);
	ck_assert_int_eq(vgpu_device_get_user_count(device), 1);
	ck_assert_int_eq(vgpu_device_get_user_pid(device, 0), 1);
	ck_assert_int_eq(vgpu_device_get_user_via(device, 0), VGPU_USER_SOCKET);
	ck_assert_int_eq(vgpu_device_get_user_count(vgpu_devices_get(devices, 0)), 0);
	vgpu_devices_unref(devices);
	scripted_stop(&gpu);
	teardown();
}
END_TEST

START_TEST(finds)
{
	struct scripted gpu = {
		.lines = {{"\"vgpu\":\"" UUID ":1\"", LIST(VGPU(UUID, 1, ""))},
				  {"\"vgpu\":\"" UUID ":2\"", LIST("")},
				  {"attributes", "{\"version\":1,\"attributes\":[{\"name\":\"a\",\"value\":\"b\"}]}"}}};
	struct vgpu_device *device;
	char path[PATH_MAX];

	setup();
	socket_file(UUID ":1");
	socket_file(UUID ":2");
	scripted_start(&gpu, root, "gpu0");
	ck_assert_int_eq(vgpu_device_find(ctx, UUID ":1", 0, &device), 0);
	ck_assert_int_eq(vgpu_device_get_instance(device), 1);
	vgpu_device_unref(device);
	ck_assert_int_eq(vgpu_device_find(ctx, UUID ":2", 0, &device), -ENODEV);
	ck_assert_int_eq(vgpu_device_find(ctx, UUID ":3", 0, &device), -ENODEV);
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_NO_DEVICE);
	tree_path(root, "run/vgpu/soft/" UUID ":2.sock", path);
	ck_assert_int_eq(vgpu_device_find(ctx, path, 0, &device), -EINVAL); /* it is no socket */
	scripted_stop(&gpu);
	ck_assert_int_eq(gpu.calls[0], 1);
	ck_assert_int_eq(gpu.calls[1], 1);
	teardown();
}
END_TEST

/* Of a provider that answers so, a listing keeps the error, and goes on with the others. */
static const char *const nonsense[] = {
	"",
	"x",
	"[]",
	"null",
	"{",
	"{}",
	"{\"version\":2,\"vgpus\":[]}",
	"{\"version\":\"1\",\"vgpus\":[]}",
	"{\"version\":1} {\"version\":1}",
	"{\"version\":1,\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}",
	LIST("1"),
	LIST("1,{},null,[]"),
	LIST("{}"),
	LIST("null"),
	LIST("{\"uuid\":\"x\",\"instance\":0,\"type\":\"t\",\"state\":\"ready\"}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":65536,\"type\":\"t\",\"state\":\"ready\"}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":-1,\"type\":\"t\",\"state\":\"ready\"}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":99999999999999999999999,\"type\":\"t\",\"state\":\"ready\"}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":0,\"type\":\"\\u001b\",\"state\":\"ready\"}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":0,\"type\":\"t\\u0000\",\"state\":\"ready\"}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":0,\"type\":{},\"state\":\"ready\"}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":0,\"type\":\"t\",\"state\":1}"),
	LIST("{\"uuid\":\"" UUID "\",\"instance\":0,\"type\":\"t\",\"state\":\"ready\",\"socket\":\"x\"}"),
	"{\"version\":1,\"parent\":\"gpu0\",\"vgpus\":[],\"next\":\"x\"}",
	"{\"version\":1,\"vgpus\":[" VGPU(UUID, 0, "") "]}",
	"{\"version\":1,\"error\":{}}",
	"{\"version\":1,\"error\":{\"errno\":-5,\"cause\":7,\"message\":[]}}",
	ERROR(13, "permission"),
};

START_TEST(outlives_nonsense)
{
	struct scripted good = {.lines = {{"list", LIST(VGPU(UUID, 7, ""))}}};
	struct scripted bad = {.lines = {{"list", nonsense[_i]}}};
	struct vgpu_devices *devices;

	setup();
	scripted_start(&bad, root, "bad");
	scripted_start(&good, root, "good");
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 1);
	ck_assert_int_eq(vgpu_device_get_instance(vgpu_devices_get(devices, 0)), 7);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 1);
	vgpu_devices_unref(devices);
	scripted_stop(&bad);
	scripted_stop(&good);
	teardown();
}
END_TEST

/* More types than anybody has, on pages that are as full as can be. */
START_TEST(ends_endless_types)
{
	static char page[VG_CONTROL_DATA];
	struct scripted gpu = {.lines = {{"\"parent\"", PARENT}, {"types", page}}};
	struct vgpu_types *types;
	size_t n = (size_t)snprintf(page, sizeof(page), "{\"version\":1,\"next\":60000,\"types\":[{}");

	while (n < sizeof(page) - 16)
		n += (size_t)snprintf(page + n, sizeof(page) - n, _i ? ",{\"id\":\"t\"}" : ",{}");
	snprintf(page + n, sizeof(page) - n, "]}");
	setup();
	scripted_start(&gpu, root, "gpu0");
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &types), 0);
	ck_assert_uint_gt(vgpu_errors_get_count(vgpu_types_get_errors(types)), 0);
	vgpu_types_unref(types);
	scripted_stop(&gpu);
	ck_assert_int_eq(gpu.calls[1], 1);
	teardown();
}
END_TEST

/* Pages that never end. */
START_TEST(ends_endless_pages)
{
	struct scripted gpu = {
		.lines = {
			{"list", "{\"version\":1,\"parent\":\"gpu0\",\"vgpus\":[" VGPU(UUID, 0, "") "],\"next\":\"" UUID ":0\"}"},
		}};
	struct scripted empty = {.lines = {
								 {"list", "{\"version\":1,\"parent\":\"gpu2\",\"vgpus\":[],\"next\":\"" UUID ":0\"}"},
							 }};
	struct scripted types = {.lines = {{"\"parent\"", PARENT}, {"types", "{\"version\":1,\"types\":[],\"next\":1}"}}};
	struct vgpu_devices *devices;
	struct vgpu_types *list;

	setup();
	scripted_start(&gpu, root, "gpu0");
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 1);
	vgpu_devices_unref(devices);
	scripted_stop(&gpu);
	ck_assert_int_eq(gpu.calls[0], 2);
	scripted_start(&empty, root, "gpu2");
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 1);
	vgpu_devices_unref(devices);
	scripted_stop(&empty);
	ck_assert_int_eq(empty.calls[0], 1);
	scripted_start(&types, root, "gpu1");
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &list), 0);
	vgpu_types_unref(list);
	scripted_stop(&types);
	ck_assert_int_eq(types.calls[1], 2);
	teardown();
}
END_TEST

/* Raw bytes that are no message, and one that stops half-way and closes. */
START_TEST(outlives_broken_frames)
{
	static const char *const frames[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
										 "\x01\x00\x00\x81\x40\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00{}",
										 "\x01\x00\x00\x81"};
	static const size_t sizes[] = {16, 18, 4};
	struct vgpu_devices *devices;
	pid_t child;
	int fd, status;

	setup();
	fd = scripted_bind(root, "gpu0");
	ck_assert_int_eq(listen(fd, 4), 0);
	child = fork();
	if (child == 0) {
		int peer = accept(fd, NULL, NULL);
		char buf[512];

		if (read(peer, buf, sizeof(buf)) < 0 || write(peer, frames[_i], sizes[_i]) < 0)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 0);
	vgpu_devices_unref(devices);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(fd);
	teardown();
}
END_TEST

START_TEST(leaves_the_dead_out)
{
	struct scripted gpu = {.lines = {{"\"parent\"", PARENT}, {"list", LIST(VGPU(UUID, 0, ""))}}};
	struct vgpu_device *device;
	struct vgpu_devices *devices;
	struct vgpu_parents *parents;

	setup();
	socket_file(UUID ":0");
	scripted_start(&gpu, root, "gpu0");
	scripted_stop(&gpu);
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 0);
	vgpu_devices_unref(devices);
	ck_assert_int_eq(vgpu_parent_list(ctx, NULL, &parents), 0);
	ck_assert_uint_eq(vgpu_parents_get_count(parents), 0);
	vgpu_parents_unref(parents);
	ck_assert_int_eq(vgpu_device_find(ctx, UUID, 0, &device), -ENODEV);
	teardown();
}
END_TEST

START_TEST(trusts_no_open_directory)
{
	struct scripted gpu = {.lines = {{"list", LIST(VGPU(UUID, 0, ""))}}};
	struct vgpu_devices *devices;
	char path[PATH_MAX];

	setup();
	scripted_start(&gpu, root, "gpu0");
	tree_path(root, "run/vgpu/soft", path);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_devices_get_count(devices), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 1);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_errors_get(vgpu_devices_get_errors(devices), 0)), VGPU_CAUSE_PERMISSION);
	vgpu_devices_unref(devices);
	scripted_stop(&gpu);
	ck_assert_int_eq(gpu.calls[0], 0);
	teardown();
}
END_TEST

/* A process of another user that came to listen in root's directory. */
START_TEST(trusts_no_other_user)
{
	struct vgpu_devices *devices;
	struct vgpu_error *error;
	pid_t child;
	int fd, ready[2];
	char byte;

	if (geteuid() != 0)
		return; /* only root can become another */
	setup();
	fd = scripted_bind(root, "gpu0");
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		if (setresuid(65534, 65534, 65534) || listen(fd, 4) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	error = vgpu_errors_get(vgpu_devices_get_errors(devices), 0);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(vgpu_error_get_errno(error), EPERM);
	ck_assert_int_eq(vgpu_error_get_cause(error), VGPU_CAUSE_PERMISSION);
	vgpu_devices_unref(devices);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fd);
	close(ready[0]);
	close(ready[1]);
	teardown();
}
END_TEST

START_TEST(does_not_wait_for_ever)
{
	struct scripted silent = {.lines = {{"list", ""}, {"\"parent\"", ""}}};
	struct vgpu_devices *devices;

	setup();
	scripted_start(&silent, root, "gpu0");
	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 1);
	ck_assert_int_eq(vgpu_error_get_errno(vgpu_errors_get(vgpu_devices_get_errors(devices), 0)), ETIMEDOUT);
	vgpu_devices_unref(devices);
	scripted_stop(&silent);
	teardown();
}
END_TEST

START_TEST(creates)
{
	struct scripted gpu = {.lines = {{"\"parent\"", PARENT},
									 {"\"instance\":1", "{\"version\":1,\"vgpu\":" VGPU(UUID, 1, "") "}"},
									 {"\"instance\":2", ERROR(17, "exists")},
									 {"\"instance\":3", "{\"version\":1,\"vgpu\":{}}"},
									 {"\"instance\":4", NULL},
									 {"\"instance\":5", ""}}};
	struct vgpu_device_create_opts opts = {
		.size = sizeof(opts), .parent = "gpu0", .type = "t1", .device = UUID ":1", .params = "a=b"};
	struct vgpu_device *device;

	setup();
	scripted_start(&gpu, root, "gpu0");
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), 0);
	ck_assert_str_eq(vgpu_device_get_name(device), UUID ":1");
	vgpu_device_unref(device);
	opts.device = UUID ":2";
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EEXIST);
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_EXISTS);
	ck_assert_str_eq(vgpu_error_get_message(last()), "because");
	ck_assert_str_eq(vgpu_error_get_hint(last()), "so");
	opts.device = UUID ":3";
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EPROTO);
	opts.device = UUID ":4";
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -ENOTCONN);
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_GONE);
	opts.device = UUID ":5";
	opts.timeout_ms = 50;
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -ETIMEDOUT);
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_PENDING);
	opts.timeout_ms = 0;
	opts.owner = "0";
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EOPNOTSUPP);
	opts.owner = NULL;
	opts.attrs = (const char *const[]){"a/b=c", NULL};
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EOPNOTSUPP);
	scripted_stop(&gpu);
	ck_assert_ptr_nonnull(strstr(gpu.last[1], "\"params\":\"a=b\""));
	ck_assert_ptr_nonnull(strstr(gpu.last[1], "\"uuid\":\"" UUID "\""));
	ck_assert_ptr_nonnull(strstr(gpu.last[1], "\"timeout_ms\":"));
	teardown();
}
END_TEST

/* A pair is one vGPU, whoever makes it. */
START_TEST(creates_no_pair_twice)
{
	struct scripted gpu = {.lines = {{"\"parent\"", PARENT}, {"list", LIST(VGPU(UUID, 3, ""))}}};
	struct vgpu_device_create_opts opts = {.size = sizeof(opts), .parent = "gpu0", .type = "t1", .device = UUID};
	struct vgpu_device *device;

	setup();
	tree_host(root);
	socket_file(UUID ":3");
	scripted_start(&gpu, root, "gpu0");
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EEXIST); /* an mdev has it */
	opts.parent = "mtty";
	opts.type = "mtty-1";
	opts.device = UUID ":3";
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EEXIST); /* a software GPU has it */
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_EXISTS);
	opts.device = UUID ":4";
	opts.params = "x";
	ck_assert_int_eq(vgpu_device_create(ctx, &opts, &device), -EOPNOTSUPP); /* the kernel takes none */
	scripted_stop(&gpu);
	teardown();
}
END_TEST

START_TEST(destroys)
{
	struct scripted gpu = {.lines = {{"\"list\"", LIST(VGPU(UUID, 0, ",\"client_pid\":1,\"in_use\":true"))},
									 {"\"force\":true", "{\"version\":1}"},
									 {"destroy", ERROR(16, "in-use")}}};
	struct vgpu_device_destroy_opts opts = {.size = sizeof(opts)};

	setup();
	tree_file(root, "proc/1/comm", "vmm\n");
	socket_file(UUID ":0");
	scripted_start(&gpu, root, "gpu0");
	ck_assert_int_eq(vgpu_device_destroy(ctx, UUID, &opts), -EBUSY);
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_IN_USE);
	ck_assert_str_eq(vgpu_error_get_message(last()), "in use by vmm (pid 1)");
	opts.flags = VGPU_DESTROY_FORCE;
	ck_assert_int_eq(vgpu_device_destroy(ctx, UUID, &opts), 0);
	scripted_stop(&gpu);
	teardown();
}
END_TEST

START_TEST(starts_all_or_none)
{
	struct scripted a = {.lines = {{"list", LIST(VGPU(UUID, 0, ",\"x\":1") "," VGPU(UUID, 2, ""))},
								   {"\"start\"", "{\"version\":1,\"started\":[2,\"x\",-1,70000]}"},
								   {"shutdown", "{\"version\":1}"}}};
	struct scripted b = {.lines = {{"list", LIST(VGPU(UUID, 1, ""))}, {"\"start\"", ERROR(5, "refused")}}};

	setup();
	scripted_start(&a, root, "a");
	ck_assert_int_eq(vgpu_vm_start(ctx, UUID, NULL), 0);
	ck_assert_int_eq(vgpu_vm_start(ctx, "C0FFEE00-0000-4000-8000-000000000002", NULL), -ENODEV);
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_NO_DEVICE);
	ck_assert_int_eq(vgpu_vm_start(ctx, "x", NULL), -EINVAL);
	scripted_start(&b, root, "b");
	ck_assert_int_eq(vgpu_vm_start(ctx, UUID, NULL), -EIO);
	ck_assert_str_eq(vgpu_error_get_message(last()), "because");
	scripted_stop(&a);
	scripted_stop(&b);
	ck_assert_int_eq(a.calls[1], 2);
	ck_assert_int_eq(a.calls[2], 1);
	ck_assert_ptr_nonnull(strstr(a.last[2], "\"instances\":[2]"));
	teardown();
}
END_TEST

/* The kernel's vGPUs take part, and nothing is done. */
START_TEST(starts_those_of_the_kernel)
{
	struct vgpu_errors *errors = NULL;

	setup();
	tree_host(root);
	ck_assert_int_eq(vgpu_vm_start(ctx, UUID, NULL), 0);
	ck_assert_int_eq(vgpu_vm_shutdown(ctx, UUID, NULL, &errors), 0);
	ck_assert_ptr_null(errors);
	teardown();
}
END_TEST

START_TEST(shuts_down_the_rest)
{
	struct scripted a = {.lines = {{"list", LIST(VGPU(UUID, 0, ""))},
								   {"shutdown", "{\"version\":1,\"errors\":[{\"path\":\"" UUID ":0\",\"errno\":16,"
												"\"cause\":\"in-use\",\"message\":\"no\"}]}"}}};
	struct scripted b = {.lines = {{"list", LIST(VGPU(UUID, 1, ""))}, {"shutdown", "{\"version\":1}"}}};
	struct vgpu_errors *errors = NULL;

	setup();
	scripted_start(&a, root, "a");
	scripted_start(&b, root, "b");
	ck_assert_int_eq(vgpu_vm_shutdown(ctx, UUID, NULL, &errors), -EBUSY);
	ck_assert_uint_eq(vgpu_errors_get_count(errors), 1);
	ck_assert_str_eq(vgpu_error_get_path(vgpu_errors_get(errors, 0)), UUID ":0");
	ck_assert_str_eq(vgpu_error_get_message(vgpu_errors_get(errors, 0)), "no");
	vgpu_errors_unref(errors);
	scripted_stop(&a);
	scripted_stop(&b);
	ck_assert_int_eq(b.calls[1], 1);
	teardown();
}
END_TEST

START_TEST(knows_its_directory)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .root = "/x"};
	struct vgpu_context *other;
	char usual[64];

	ck_assert_int_eq(vgpu_context_new(&opts, &other), 0);
	ck_assert_str_eq(vgpu_context_get_runtime_dir(other), "/x/run/vgpu/soft");
	vgpu_context_unref(other);
	opts.runtime_dir = "/y/";
	ck_assert_int_eq(vgpu_context_new(&opts, &other), 0);
	ck_assert_str_eq(vgpu_context_get_runtime_dir(other), "/y");
	vgpu_context_unref(other);
	opts.runtime_dir = "y";
	ck_assert_int_eq(vgpu_context_new(&opts, &other), -EINVAL);
	if (geteuid() == 0 && setresuid(1234, 1234, 1234))
		ck_abort();
	setenv("XDG_RUNTIME_DIR", "/z", 1);
	ck_assert_int_eq(vgpu_context_new(NULL, &other), 0);
	ck_assert_str_eq(vgpu_context_get_runtime_dir(other), "/z/vgpu");
	vgpu_context_unref(other);
	setenv("XDG_RUNTIME_DIR", "z", 1);
	ck_assert_int_eq(vgpu_context_new(NULL, &other), 0);
	snprintf(usual, sizeof(usual), "/tmp/vgpu-%u", (unsigned)geteuid());
	ck_assert_str_eq(vgpu_context_get_runtime_dir(other), usual);
	vgpu_context_unref(other);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {lists,
								  finds,
								  ends_endless_pages,
								  leaves_the_dead_out,
								  trusts_no_open_directory,
								  trusts_no_other_user,
								  does_not_wait_for_ever,
								  creates,
								  creates_no_pair_twice,
								  destroys,
								  starts_all_or_none,
								  starts_those_of_the_kernel,
								  shuts_down_the_rest,
								  knows_its_directory,
								  NULL};
	Suite *suite = suite_create("soft");
	TCase *tcase = tcase_create("all");
	size_t i;

	tcase_add_loop_test(tcase, outlives_nonsense, 0, (int)(sizeof(nonsense) / sizeof(nonsense[0])));
	tcase_add_loop_test(tcase, outlives_broken_frames, 0, 3);
	tcase_add_loop_test(tcase, ends_endless_types, 0, 2);
	for (i = 0; tests[i]; i++)
		tcase_add_test(tcase, tests[i]);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
