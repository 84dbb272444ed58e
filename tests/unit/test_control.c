/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The control socket of a provider: management calls on the one side, and whatever else may connect. */
#include <check.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "control/call.h"
#include "control/protocol.h"
#include "peer.h"
#include "run_suite.h"
#include "sys/files.h"
#include "tree.h"
#include "util/str.h"

#define UUID TREE_UUID
#define WAIT_MS 10000

/* What ops do. */
static struct {
	atomic_int create;  /* result; 1: pending */
	atomic_int start;   /* result for instance 1; 1: pending */
	atomic_int stop;    /* likewise */
	atomic_int destroy; /* result when asked */
	atomic_uint types;
	atomic_int starts;
	atomic_int stops;
	atomic_int freed;
	char params[64];
	_Atomic(struct vgpu_request *) request;
} told;

static char root[PATH_MAX];
static struct vgpu_context *ctx;
static struct vgpu_provider *provider;

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	if (i > told.types)
		return -ERANGE;
	out->id = "type";
	if (i) /* enough for several pages */
		out->id = "other";
	out->description =
		"of no use but to be long, so that not all fit into one message: \"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"";
	out->available_instances = -1;
	return 0;
}

static int pend(struct vgpu_request *request, int result)
{
	if (result <= 0)
		return result;
	told.request = request;
	return -EINPROGRESS;
}

static int op_create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	struct vgpu_region_info bar = {.size = sizeof(bar),
								   .length = 65536,
								   .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE | VGPU_REGION_BACKED,
								   .fd = -1};

	(void)data;
	snprintf(told.params, sizeof(told.params), "%s", params ? params : "");
	if (vgpu_instance_set_region(instance, 0, &bar))
		return -EIO;
	memset(vgpu_instance_get_memory(instance, 0), 0x5a, 65536);
	return pend(request, told.create);
}

static int op_destroy(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request)
{
	(void)instance, (void)request;
	if (flags & VGPU_PROVIDER_DESTROY_ASK)
		return told.destroy;
	told.freed++;
	return 0;
}

static int op_start(struct vgpu_instance *instance, struct vgpu_request *request)
{
	told.starts++;
	return vgpu_instance_get_instance(instance) == 1 ? pend(request, told.start) : 0;
}

static int op_shutdown(struct vgpu_instance *instance, struct vgpu_request *request)
{
	told.stops++;
	return vgpu_instance_get_instance(instance) == 1 ? pend(request, told.stop) : 0;
}

static int op_get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out)
{
	(void)instance;
	if (type == 2)
		return 0;
	*out = (struct vgpu_plane_info){.size = sizeof(*out),
									.format = VGPU_FORMAT_XRGB8888,
									.width = 16,
									.height = 8,
									.stride = 64,
									.offset = 4096,
									.length = 512};
	return 0;
}

static void setup(void)
{
	static const struct vgpu_provider_ops ops = {.size = sizeof(ops),
												 .get_type = get_type,
												 .create = op_create,
												 .destroy = op_destroy,
												 .start = op_start,
												 .shutdown = op_shutdown,
												 .get_plane = op_get_plane};
	char dir[PATH_MAX];
	struct vgpu_provider_opts opts = {
		.size = sizeof(opts), .name = "gpu0", .vendor = 1, .flags = VGPU_PROVIDER_THREAD, .socket_dir = dir};

	told.create = told.start = told.stop = told.destroy = told.starts = told.stops = told.freed = 0;
	told.types = 1;
	told.request = NULL;
	tree_new(root);
	ctx = tree_context(root);
	tree_dir(root, "run");
	ck_assert_int_eq(vgpu_context_make_runtime_dir(ctx, NULL), 0);
	snprintf(dir, sizeof(dir), "%s", vgpu_context_get_runtime_dir(ctx));
	ck_assert_int_eq(vgpu_provider_register(ctx, &opts, &ops, NULL, &provider), 0);
	ck_assert_int_eq(vgpu_provider_open_control(provider), 0);
}

static void teardown(void)
{
	vgpu_provider_unregister(provider);
	vgpu_context_unref(ctx);
	tree_free(root);
}

static struct vgpu_error *last(void)
{
	return vgpu_context_get_error(ctx);
}

static int create(const char *device, uint32_t timeout_ms)
{
	struct vgpu_device_create_opts opts = {.size = sizeof(opts),
										   .parent = "gpu0",
										   .type = "type",
										   .device = device,
										   .params = "a=\"b\"",
										   .timeout_ms = timeout_ms};

	return vgpu_device_create(ctx, &opts, NULL);
}

static size_t count_devices(void)
{
	struct vgpu_devices *devices;
	size_t n;

	ck_assert_int_eq(vgpu_device_list(ctx, NULL, &devices), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_devices_get_errors(devices)), 0);
	n = vgpu_devices_get_count(devices);
	vgpu_devices_unref(devices);
	return n;
}

static void await(atomic_int *value, int wanted)
{
	int i;

	for (i = 0; i < WAIT_MS && *value != wanted; i++)
		usleep(1000);
	ck_assert_int_eq(*value, wanted);
}

START_TEST(manages)
{
	struct vgpu_parents *parents;
	struct vgpu_types *types;
	struct vgpu_device *device;
	struct vgpu_instance *instance;

	setup();
	told.types = 2000;
	ck_assert_int_eq(vgpu_provider_open_control(provider), -EEXIST);
	ck_assert_int_eq(vgpu_parent_list(ctx, NULL, &parents), 0);
	ck_assert_uint_eq(vgpu_parents_get_count(parents), 1);
	ck_assert_int_eq(vgpu_parent_get_type_count(vgpu_parents_get(parents, 0)), 2001);
	vgpu_parents_unref(parents);
	ck_assert_int_eq(vgpu_type_list(ctx, NULL, &types), 0);
	ck_assert_uint_eq(vgpu_errors_get_count(vgpu_types_get_errors(types)), 0);
	ck_assert_uint_eq(vgpu_types_get_count(types), 2001);
	vgpu_types_unref(types);
	told.types = 1;
	ck_assert_int_eq(create(UUID ":1", 0), 0);
	ck_assert_str_eq(told.params, "a=\"b\"");
	ck_assert_int_eq(create(UUID ":1", 0), -EEXIST);
	ck_assert_int_eq(vgpu_device_find(ctx, UUID ":1", 0, &device), 0);
	ck_assert_ptr_nonnull(vgpu_device_get_socket(device));
	ck_assert_int_eq(vgpu_device_get_user_count(device), 0);
	vgpu_device_unref(device);
	ck_assert_int_eq(vgpu_instance_find(provider, UUID, 1, &instance), 0);
	ck_assert_int_eq(vgpu_device_find(ctx, vgpu_instance_get_socket(instance), 0, &device), 0);
	ck_assert_int_eq(vgpu_device_get_instance(device), 1);
	vgpu_device_unref(device);
	vgpu_instance_unref(instance);
	ck_assert_int_eq(vgpu_device_destroy(ctx, UUID ":1", NULL), 0);
	ck_assert_int_eq(vgpu_device_destroy(ctx, UUID ":1", NULL), -ENODEV);
	ck_assert_int_eq(told.freed, 1);
	teardown();
}
END_TEST

/* More than one message holds. */
START_TEST(lists_many)
{
	char device[64];
	int i;

	setup();
	for (i = 0; i < 600; i++) {
		snprintf(device, sizeof(device), UUID ":%d", i);
		ck_assert_int_eq(create(device, 0), 0);
	}
	ck_assert_uint_eq(count_devices(), 600);
	teardown();
}
END_TEST

START_TEST(starts_and_shuts_down)
{
	struct vgpu_errors *errors = NULL;
	struct vgpu_device *device;
	struct vgpu_vm_opts opts = {.size = sizeof(opts), .timeout_ms = 400};

	setup();
	ck_assert_int_eq(create(UUID ":0", 0), 0);
	ck_assert_int_eq(create(UUID ":1", 0), 0);
	told.start = -EIO;
	ck_assert_int_eq(vgpu_vm_start(ctx, UUID, NULL), -EIO);
	ck_assert_int_eq(told.stops, 1); /* the first, again */
	told.start = 1;
	ck_assert_int_eq(vgpu_vm_start(ctx, UUID, &opts), -ETIMEDOUT);
	ck_assert_int_eq(vgpu_error_get_cause(last()), VGPU_CAUSE_PENDING);
	await(&told.stops, 2);
	vgpu_request_complete(told.request, -EIO);
	told.start = 0;
	ck_assert_int_eq(vgpu_vm_start(ctx, UUID, NULL), 0);
	ck_assert_int_eq(vgpu_device_find(ctx, UUID ":1", 0, &device), 0);
	ck_assert_int_eq(vgpu_device_get_started(device), 1);
	vgpu_device_unref(device);
	told.stop = -EBUSY;
	told.stops = 0;
	ck_assert_int_eq(vgpu_vm_shutdown(ctx, UUID, NULL, &errors), -EBUSY);
	ck_assert_uint_eq(vgpu_errors_get_count(errors), 1);
	ck_assert_str_eq(vgpu_error_get_path(vgpu_errors_get(errors, 0)), UUID ":1");
	vgpu_errors_unref(errors);
	ck_assert_int_eq(told.stops, 2);
	told.stop = 1;
	errors = NULL;
	ck_assert_int_eq(vgpu_vm_shutdown(ctx, UUID, &opts, &errors), -ETIMEDOUT);
	ck_assert_uint_eq(vgpu_errors_get_count(errors), 1);
	vgpu_errors_unref(errors);
	vgpu_request_complete(told.request, 0);
	teardown();
}
END_TEST

START_TEST(takes_pictures)
{
	struct vgpu_picture *picture;
	const unsigned char *pixels;

	setup();
	ck_assert_int_eq(create(UUID, 0), 0);
	ck_assert_int_eq(vgpu_picture_take(ctx, UUID, 1, &picture), 0);
	ck_assert_uint_eq(vgpu_picture_get_format(picture), VGPU_FORMAT_XRGB8888);
	ck_assert_uint_eq(vgpu_picture_get_width(picture), 16);
	ck_assert_uint_eq(vgpu_picture_get_height(picture), 8);
	ck_assert_uint_eq(vgpu_picture_get_stride(picture), 64);
	pixels = vgpu_picture_get_pixels(picture);
	ck_assert_uint_eq(pixels[0], 0x5a);
	ck_assert_uint_eq(pixels[511], 0x5a);
	vgpu_picture_unref(picture);
	ck_assert_int_eq(vgpu_picture_take(ctx, UUID, 2, &picture), -ENODATA);
	ck_assert_int_eq(vgpu_picture_take(ctx, UUID, 3, &picture), -EINVAL);
	ck_assert_int_eq(vgpu_picture_take(ctx, UUID ":1", 1, &picture), -ENODEV);
	teardown();
}
END_TEST

/* What comes for a picture is memory that the receiver can read, and nothing else. */
START_TEST(pictures_are_read_only)
{
	struct vg_control_at at = {.owner = getuid()};
	struct json_object *reply, *request;
	struct vgpu_instance *instance;
	char path[PATH_MAX + 32];
	struct stat st;
	int fd = -1;

	setup();
	ck_assert_int_eq(create(UUID, 0), 0);
	snprintf(path, sizeof(path), "%s/gpu0.control", vgpu_context_get_runtime_dir(ctx));
	at.path = path;
	request = vg_control_request("plane");
	ck_assert_int_eq(vg_json_add_text(request, "vgpu", UUID ":0"), 0);
	ck_assert_int_eq(vg_control_call(ctx, "test", &at, request, vg_now_ms() + WAIT_MS, &reply, &fd), 0);
	json_object_put(reply);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	ck_assert_int_eq(write(fd, "x", 1), -1);
	ck_assert_ptr_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0222, 0); /* nor is it opened anew to write by any other user */
	close(fd);
	/* while its provider and its clients go on to write */
	ck_assert_int_eq(vgpu_instance_find(provider, UUID, 0, &instance), 0);
	((char *)vgpu_instance_get_memory(instance, 0))[0] = 1;
	vgpu_instance_unref(instance);
	teardown();
}
END_TEST

/* Who gives up leaves nothing behind; others do not wait meanwhile. */
START_TEST(undoes_what_nobody_waits_for)
{
	setup();
	told.create = 1;
	ck_assert_int_eq(create(UUID, 300), -ETIMEDOUT);
	ck_assert_uint_eq(count_devices(), 0);
	vgpu_request_complete(told.request, 0);
	await(&told.freed, 1);
	ck_assert_uint_eq(count_devices(), 0);
	told.create = 0;
	ck_assert_int_eq(create(UUID, 0), 0);
	teardown();
}
END_TEST

/* One that is killed while the provider is at work. */
START_TEST(undoes_what_the_killed_wanted)
{
	pid_t child;
	int i;

	setup();
	told.create = 1;
	child = fork();
	if (child == 0) {
		struct vgpu_context *other = tree_context(root);

		ctx = other;
		create(UUID, 0);
		_exit(0);
	}
	for (i = 0; i < WAIT_MS && !told.request; i++)
		usleep(1000);
	ck_assert_ptr_nonnull(told.request);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_uint_eq(count_devices(), 0); /* by now the end of its connection has been seen */
	vgpu_request_complete(told.request, 0);
	await(&told.freed, 1);
	ck_assert_uint_eq(count_devices(), 0);
	teardown();
}
END_TEST

static void *complete_later(void *data)
{
	(void)data;
	usleep(100000);
	vgpu_request_complete(told.request, 0);
	return NULL;
}

/* The end of a provider that is still at work: it waits for that, and nothing is left. */
START_TEST(ends_with_work_to_do)
{
	pthread_t thread;
	pid_t child;
	int i, status;

	setup();
	told.create = 1;
	child = fork();
	if (child == 0) {
		ctx = tree_context(root);
		_exit(create(UUID, 20000) == 0);
	}
	for (i = 0; i < WAIT_MS && !told.request; i++)
		usleep(1000);
	ck_assert_int_eq(pthread_create(&thread, NULL, complete_later, NULL), 0);
	teardown();
	pthread_join(thread, NULL);
	ck_assert_int_eq(told.freed, 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

static int connect_control(void)
{
	char path[108];

	snprintf(path, sizeof(path), "%.60s/run/vgpu/soft/gpu0.control", root);
	return peer_connect(path);
}

/* Sends a message with this header and text. */
static void say(int fd, const struct vg_user_header *wanted, const char *text)
{
	struct vg_user_header header = *wanted;
	struct iovec parts[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)text, strlen(text)}};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (!header.size)
		header.size = (uint32_t)(sizeof(header) + strlen(text));
	ck_assert_int_gt(sendmsg(fd, &message, MSG_NOSIGNAL), 0);
}

/* The reply's text; "": the connection was closed. */
static const char *hear(int fd)
{
	static char text[VG_CONTROL_DATA + 1];
	struct vg_user_header header;

	text[0] = '\0';
	if (recv(fd, &header, sizeof(header), MSG_WAITALL) != sizeof(header))
		return text;
	ck_assert_uint_le(header.size - sizeof(header), VG_CONTROL_DATA);
	ck_assert_int_eq(recv(fd, text, header.size - sizeof(header), MSG_WAITALL), (int)(header.size - sizeof(header)));
	text[header.size - sizeof(header)] = '\0';
	return text;
}

static const struct vg_user_header usual = {.id = 7, .command = VG_CONTROL_COMMAND};

/* Requests that get an error, and leave the connection as it was. */
static const char *const refused[] = {
	"{}",
	"{\"version\":1}",
	"{\"version\":2,\"command\":\"list\"}",
	"{\"version\":\"1\",\"command\":\"list\"}",
	"{\"version\":1,\"command\":7}",
	"{\"version\":1,\"command\":\"x\"}",
	"{\"version\":1,\"command\":\"list\",\"after\":\"x\"}",
	"{\"version\":1,\"command\":\"list\",\"vgpu\":\"x\"}",
	"{\"version\":1,\"command\":\"attributes\",\"vgpu\":\"" UUID ":9\"}",
	"{\"version\":1,\"command\":\"create\"}",
	"{\"version\":1,\"command\":\"create\",\"type\":\"type\"}",
	"{\"version\":1,\"command\":\"create\",\"type\":\"type\",\"uuid\":\"x\"}",
	"{\"version\":1,\"command\":\"create\",\"type\":\"type\",\"uuid\":\"" UUID "\",\"instance\":65536}",
	"{\"version\":1,\"command\":\"create\",\"type\":\"type\",\"uuid\":\"" UUID "\",\"instance\":-1}",
	"{\"version\":1,\"command\":\"create\",\"type\":\"type\",\"uuid\":\"" UUID "\"}",
	"{\"version\":1,\"command\":\"create\",\"type\":\"../x\",\"uuid\":\"" UUID "\",\"instance\":0}",
	"{\"version\":1,\"command\":\"create\",\"type\":\"none\",\"uuid\":\"" UUID "\",\"instance\":0}",
	"{\"version\":1,\"command\":\"destroy\"}",
	"{\"version\":1,\"command\":\"destroy\",\"vgpu\":[]}",
	"{\"version\":1,\"command\":\"destroy\",\"vgpu\":\"" UUID ":9\"}",
	"{\"version\":1,\"command\":\"start\"}",
	"{\"version\":1,\"command\":\"start\",\"uuid\":\"" UUID "\"}",
	"{\"version\":1,\"command\":\"shutdown\",\"uuid\":\"" UUID "\",\"instances\":[{}]}",
	"{\"version\":1,\"command\":\"plane\"}",
	"{\"version\":1,\"command\":\"plane\",\"vgpu\":\"" UUID ":9\",\"plane\":99}",
};

START_TEST(refuses)
{
	int fd;

	setup();
	fd = connect_control();
	say(fd, &usual, refused[_i]);
	ck_assert_ptr_nonnull(strstr(hear(fd), "\"error\":"));
	say(fd, &usual, "{\"version\":1,\"command\":\"list\",\"unknown\":[1]}");
	ck_assert_str_eq(hear(fd), "{\"version\":1,\"vgpus\":[],\"parent\":\"gpu0\"}");
	close(fd);
	teardown();
}
END_TEST

/* What is no request ends the connection, and no other. */
static const struct {
	struct vg_user_header header;
	const char *text;
} broken[] = {
	{{.command = VG_CONTROL_COMMAND, .size = 15}, ""},
	{{.command = VG_CONTROL_COMMAND, .size = UINT32_MAX}, "{}"},
	{{.command = VG_CONTROL_COMMAND, .size = 16 + VG_CONTROL_DATA * 2}, "{}"},
	{{.command = VG_CONTROL_COMMAND, .size = 16}, ""},
	{{.command = VG_CONTROL_COMMAND}, "x"},
	{{.command = VG_CONTROL_COMMAND}, "[]"},
	{{.command = VG_CONTROL_COMMAND}, "{\"version\":1,\"command\":\"list\"} {}"},
	{{.command = VG_CONTROL_COMMAND}, "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"},
	{{.command = VG_CONTROL_COMMAND}, "{\"version\":1,\"command\":\"\xff\"}"},
	{{.command = VG_CONTROL_COMMAND, .flags = VG_USER_TYPE_REPLY}, "{\"version\":1,\"command\":\"list\"}"},
	{{.command = VG_CONTROL_COMMAND, .flags = VG_USER_NO_REPLY}, "{\"version\":1,\"command\":\"list\"}"},
	{{.command = VG_USER_VERSION}, "{\"version\":1,\"command\":\"list\"}"},
};

START_TEST(breaks_off)
{
	int fd, other;

	setup();
	fd = connect_control();
	other = connect_control();
	say(fd, &broken[_i].header, broken[_i].text);
	ck_assert_str_eq(hear(fd), "");
	say(other, &usual, "{\"version\":1,\"command\":\"list\"}");
	ck_assert_str_ne(hear(other), "");
	close(fd);
	close(other);
	teardown();
}
END_TEST

/* A request before the reply to the one before. */
START_TEST(takes_turns)
{
	int fd;

	setup();
	told.create = 1;
	fd = connect_control();
	say(fd, &usual,
		"{\"version\":1,\"command\":\"create\",\"type\":\"type\",\"uuid\":\"" UUID
		"\",\"instance\":0,\"timeout_ms\":200}");
	say(fd, &usual, "{\"version\":1,\"command\":\"list\"}");
	ck_assert_str_eq(hear(fd), "");
	close(fd);
	ck_assert_uint_eq(count_devices(), 0);
	vgpu_request_complete(told.request, -EIO);
	teardown();
}
END_TEST

/* Connections that say nothing, or half a message, keep nobody out. */
START_TEST(outlives_a_crowd)
{
	int fds[100], i;

	setup();
	for (i = 0; i < 100; i++) {
		fds[i] = connect_control();
		ck_assert_int_eq(send(fds[i], "half", 4, MSG_NOSIGNAL), 4);
		ck_assert_uint_eq(count_devices(), 0);
	}
	ck_assert_int_eq(create(UUID, 0), 0);
	for (i = 0; i < 100; i++)
		close(fds[i]);
	teardown();
}
END_TEST

START_TEST(tells_events)
{
	int fd, deaf, i;

	setup();
	ck_assert_int_eq(create(UUID ":1", 0), 0);
	fd = connect_control();
	deaf = connect_control();
	say(fd, &usual, "{\"version\":1,\"command\":\"events\"}");
	say(deaf, &usual, "{\"version\":1,\"command\":\"events\"}");
	ck_assert_str_eq(hear(fd), "{\"version\":1}");
	ck_assert_int_eq(vgpu_vm_start(ctx, UUID, NULL), 0);
	ck_assert_str_eq(hear(fd), "{\"version\":1,\"event\":\"online\",\"uuid\":\"" UUID "\",\"instance\":1}");
	ck_assert_int_eq(vgpu_vm_shutdown(ctx, UUID, NULL, NULL), 0);
	ck_assert_str_eq(hear(fd), "{\"version\":1,\"event\":\"offline\",\"uuid\":\"" UUID "\",\"instance\":1}");
	for (i = 0; i < 5000; i++) { /* who never reads is let go of, and delays nobody */
		ck_assert_int_eq(vgpu_provider_start(provider, UUID), 0);
		ck_assert_int_eq(vgpu_provider_shutdown(provider, UUID, NULL), 0);
		hear(fd);
		hear(fd);
	}
	close(fd);
	close(deaf);
	teardown();
}
END_TEST

/* Descriptors that come with a request are closed, and end the connection. */
START_TEST(takes_no_descriptors)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = {{0}};
	static const char text[] = "{\"version\":1,\"command\":\"list\"}";
	struct vg_user_header header = usual;
	struct iovec parts[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)text, strlen(text)}};
	struct msghdr message = {
		.msg_iov = parts, .msg_iovlen = 2, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int fd, i, fds[8], ends[2];

	setup();
	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	for (i = 0; i < 8; i++)
		fds[i] = ends[1];
	*head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fds))};
	memcpy(CMSG_DATA(head), fds, sizeof(fds));
	header.size = (uint32_t)(sizeof(header) + strlen(text));
	for (i = 0; i < 300; i++) { /* more than there could be */
		fd = connect_control();
		ck_assert_int_gt(sendmsg(fd, &message, MSG_NOSIGNAL), 0);
		ck_assert_str_eq(hear(fd), "");
		close(fd);
	}
	close(ends[1]);
	PEER_WAIT_FOR(poll(&(struct pollfd){.fd = ends[0]}, 1, 0) == 1); /* nobody has the other end any more */
	close(ends[0]);
	ck_assert_uint_eq(count_devices(), 0);
	teardown();
}
END_TEST

/* As long as it may be, and with each member of another kind than it ought to be. */
START_TEST(reads_any_shape)
{
	static const char *const kinds[] = {"null", "true", "-1", "9e99", "\"\"", "[]", "{}", "[[{}]]", "\"\\u0000\""};
	static const char *const members[] = {"vgpu",       "uuid",  "type",  "params", "instance", "force",  "instances",
										  "timeout_ms", "after", "first", "plane",  "version",  "command"};
	static const char *const commands[] = {"parent", "types",   "list",  "attributes", "plane",
										   "create", "destroy", "start", "shutdown",   "events"};
	char *text = malloc(VG_CONTROL_DATA + 1);
	size_t i, j, k;
	int fd, n;

	setup();
	fd = connect_control();
	for (i = 0; i < VG_COUNT(commands); i++) {
		for (j = 0; j < VG_COUNT(members); j++) {
			for (k = 0; k < VG_COUNT(kinds); k++) {
				snprintf(text, VG_CONTROL_DATA, "{\"version\":1,\"command\":\"%s\",\"uuid\":\"%s\",\"%s\":%s}",
						 commands[i], UUID, members[j], kinds[k]);
				say(fd, &usual, text);
				ck_assert_msg(strncmp(hear(fd), "{\"version\":1", 12) == 0, "%s", text);
			}
		}
	}
	n = snprintf(text, VG_CONTROL_DATA, "{\"version\":1,\"command\":\"list\",\"x\":\"");
	memset(text + n, 'x', VG_CONTROL_DATA - (size_t)n);
	memcpy(text + VG_CONTROL_DATA - 2, "\"}", 3);
	say(fd, &usual, text);
	ck_assert_str_eq(hear(fd), "{\"version\":1,\"vgpus\":[],\"parent\":\"gpu0\"}");
	close(fd);
	free(text);
	teardown();
}
END_TEST

/* Another user, who can reach the socket, is not listened to; unless he was let in. */
START_TEST(admits_the_owner_only)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "gpu1", .flags = VGPU_PROVIDER_THREAD};
	const struct vgpu_provider_ops ops = {.size = sizeof(ops)};
	struct vgpu_provider *second;
	char path[PATH_MAX];
	pid_t child;
	int status;

	if (geteuid() != 0)
		return; /* only root can become another */
	setup();
	ck_assert_int_eq(vgpu_context_make_runtime_dir(ctx, "1234"), 0);
	opts.socket_dir = vgpu_context_get_runtime_dir(ctx);
	opts.owner = "1234:4321";
	ck_assert_int_eq(vgpu_provider_register(ctx, &opts, &ops, NULL, &second), 0);
	ck_assert_int_eq(vgpu_provider_open_control(second), 0);
	tree_path(root, "run/vgpu/soft/gpu0.control", path);
	ck_assert_int_eq(chmod(path, 0666), 0); /* the peer's user is looked at, whatever the mode says */
	ck_assert_int_eq(chmod(root, 0755), 0);
	child = fork();
	if (child == 0) {
		struct vgpu_context *other;
		struct vgpu_parents *parents;
		const char *name;

		if (setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234))
			_exit(1);
		other = tree_context(root);
		if (vgpu_parent_list(other, NULL, &parents) || vgpu_parents_get_count(parents) != 1)
			_exit(2);
		name = vgpu_parent_get_name(vgpu_parents_get(parents, 0));
		_exit(strcmp(name, "gpu1") ? 3 : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	child = fork();
	if (child == 0) {
		const gid_t groups[] = {4321};
		struct vgpu_context *other;
		struct vgpu_parents *parents;

		if (setgroups(1, groups) || setresgid(77, 77, 77) || setresuid(77, 77, 77))
			_exit(1);
		other = tree_context(root);
		_exit(vgpu_parent_list(other, NULL, &parents) || vgpu_parents_get_count(parents) != 1 ? 2 : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	vgpu_provider_unregister(second);
	teardown();
}
END_TEST

START_TEST(makes_directories)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts)};
	char path[PATH_MAX];
	struct vgpu_context *other;
	struct stat st;

	tree_new(root);
	tree_path(root, "x/dir", path);
	opts.root = root;
	opts.runtime_dir = path;
	ck_assert_int_eq(vgpu_context_new(&opts, &other), 0);
	ck_assert_int_eq(vgpu_context_make_runtime_dir(other, NULL), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(vgpu_context_make_runtime_dir(other, "0"), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_int_eq(vgpu_context_make_runtime_dir(other, NULL), -EPERM);
	ck_assert_int_eq(vgpu_error_get_cause(vgpu_context_get_error(other)), VGPU_CAUSE_PERMISSION);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink("/tmp", path), 0);
	ck_assert_int_eq(vgpu_context_make_runtime_dir(other, NULL), -ENOTDIR);
	ck_assert_int_eq(unlink(path), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(mkdir(path, 0700), 0);
		ck_assert_int_eq(chown(path, 1234, 1234), 0);
		ck_assert_int_eq(vgpu_context_make_runtime_dir(other, NULL), -EPERM);
	}
	vgpu_context_unref(other);
	tree_free(root);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {manages,
								  lists_many,
								  starts_and_shuts_down,
								  takes_pictures,
								  pictures_are_read_only,
								  undoes_what_nobody_waits_for,
								  undoes_what_the_killed_wanted,
								  ends_with_work_to_do,
								  takes_turns,
								  outlives_a_crowd,
								  tells_events,
								  takes_no_descriptors,
								  reads_any_shape,
								  admits_the_owner_only,
								  makes_directories,
								  NULL};
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("all");
	size_t i;

	tcase_add_loop_test(tcase, refuses, 0, (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_loop_test(tcase, breaks_off, 0, (int)(sizeof(broken) / sizeof(broken[0])));
	for (i = 0; tests[i]; i++)
		tcase_add_test(tcase, tests[i]);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
