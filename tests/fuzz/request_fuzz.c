/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What management clients ask of a provider's process: each line of the input is the body of a request. A line that
 * begins with a NUL is sent as it is, without a header; with 1, the ops that are pending are completed, with the next
 * byte as their result; with 2, the client hangs up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "provider/control.h"
#include "sys/files.h"
#include "sys/unixsock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vgpu_provider *provider;
static char path[64];

/* Ops are pending, or fail, as a vGPU's number and parameters say. */
#define PENDS(number) ((number)&1)
#define FAILS(number) ((number)&2)

static struct vgpu_request *pending[16];
static unsigned pending_count;

static int answer(struct vgpu_instance *instance, struct vgpu_request *request)
{
	const uint32_t number = vgpu_instance_get_instance(instance);

	if (PENDS(number) && pending_count < 16) {
		pending[pending_count++] = request;
		return -EINPROGRESS;
	}
	return FAILS(number) ? -EIO : 0;
}

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	static char ids[200][16];

	(void)data;
	if (i >= 200)
		return -ERANGE;
	snprintf(ids[i], sizeof(ids[i]), "type-%zu", i);
	out->id = ids[i];
	out->description = "a type that is described with many words, so that not all types fit into one reply: "
					   "one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen";
	out->available_instances = i == 1 ? 0 : -1;
	out->framebuffer_mib = 1;
	out->max_resolution = "1x1";
	return 0;
}

static int get_attr(void *data, struct vgpu_instance *instance, size_t i, struct vgpu_attr_info *out)
{
	(void)data;
	snprintf(out->name, sizeof(out->name), "a%zu", i);
	snprintf(out->value, sizeof(out->value), instance ? "of a vGPU" : "of the parent");
	return i < 3 ? 0 : -ERANGE;
}

static int create(void *data, struct vgpu_instance *made, const char *params, struct vgpu_request *request)
{
	const struct vgpu_region_info info = {
		.size = sizeof(info), .length = 4096, .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_BACKED, .fd = -1};

	(void)data;
	if (params && strcmp(params, "no") == 0)
		return -EIO;
	if (vgpu_instance_set_region(made, 0, &info))
		abort();
	if (params)
		return 0;
	return answer(made, request);
}

static int destroy(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request)
{
	return flags & VGPU_PROVIDER_DESTROY_FORCE ? 0 : answer(instance, request);
}

static int power(struct vgpu_instance *instance, struct vgpu_request *request)
{
	return answer(instance, request);
}

static int get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out)
{
	(void)instance;
	if (type == 1)
		*out = (struct vgpu_plane_info){
			.size = out->size, .format = 0x34325258, .width = 16, .height = 4, .stride = 64, .length = 256};
	return 0;
}

static void clean_up(void)
{
	vgpu_provider_unregister(provider);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

static void set_up(void)
{
	static const struct vgpu_provider_ops ops = {.size = sizeof(ops),
												 .get_type = get_type,
												 .get_attr = get_attr,
												 .create = create,
												 .destroy = destroy,
												 .start = power,
												 .shutdown = power,
												 .get_plane = get_plane};
	char dir[] = "/dev/shm/vgpu-fuzz-XXXXXX";
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "gpu",
									  .vendor = 1,
									  .device = 2,
									  .vendor_name = "vendor",
									  .device_name = "device",
									  .quiesce_ms = 100000};
	struct vgpu_context *ctx;

	opts.socket_dir = mkdtemp(dir);
	if (!opts.socket_dir || vgpu_context_new(NULL, &ctx) || vgpu_provider_register(ctx, &opts, &ops, NULL, &provider) ||
		vgpu_provider_open_control(provider))
		abort();
	snprintf(path, sizeof(path), "%s/gpu.control", dir);
	vgpu_context_unref(ctx);
	atexit(clean_up);
}

static void complete_all(int result)
{
	while (pending_count)
		vgpu_request_complete(pending[--pending_count], result);
	vgpu_provider_process(provider);
}

/* What comes back: a descriptor is memory, and closed. */
static ssize_t receive(int fd)
{
	static char reply[1 << 17];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {reply, sizeof(reply)};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);
	int got;

	if (n > 0 && CMSG_FIRSTHDR(&message)) {
		memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(got));
		close(got);
	}
	return n;
}

static int turn(int fd)
{
	ssize_t n;

	vgpu_provider_process(provider);
	vgpu_provider_process(provider); /* first it was let in */
	while ((n = receive(fd)) > 0)
		;
	if (n != 0)
		return fd;
	close(fd); /* the other end has had enough */
	return -1;
}

static int say(int fd, const uint8_t *line, size_t size)
{
	struct vg_user_header header = {1, VG_CONTROL_COMMAND, (uint32_t)(sizeof(header) + size), 0, 0};
	const bool is_raw = size && !line[0];

	if (size && line[0] == 1)
		complete_all(size > 1 ? (int8_t)line[1] : 0);
	if (size && line[0] == 2 && fd >= 0) {
		close(fd);
		vgpu_provider_process(provider);
		fd = -1;
	}
	if (size && (line[0] == 1 || line[0] == 2))
		return fd;
	if (fd < 0)
		fd = vg_socket_connect(path, vg_now_ms() + 1000);
	if (fd < 0)
		abort();
	if (!is_raw)
		send(fd, &header, sizeof(header), MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);
	send(fd, line + is_raw, size - is_raw, MSG_NOSIGNAL | MSG_DONTWAIT);
	return turn(fd);
}

/* What was made is destroyed, and what happened is told, so that inputs do not depend on each other. */
static void destroy_all(void)
{
	const struct vgpu_instance_destroy_opts force = {.size = sizeof(force), .flags = VGPU_INSTANCE_FORCE};
	struct vgpu_provider_event event = {.size = sizeof(event)};
	struct vgpu_instance *instance;
	size_t i;

	while (vgpu_provider_take_event(provider, &event) > 0)
		;
	for (i = 0; i < VG_BUCKETS; i++)
		while ((instance = vgpu_instance_ref(provider->buckets[i]))) {
			vgpu_instance_destroy(instance, &force);
			vgpu_instance_unref(instance);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end;
	int fd = -1;

	if (!provider)
		set_up();
	while (size) {
		end = memchr(data, '\n', size);
		fd = say(fd, data, end ? (size_t)(end - data) : size);
		size -= end ? (size_t)(end - data) + 1 : size;
		data = end ? end + 1 : data;
	}
	if (fd >= 0)
		close(fd);
	vgpu_provider_process(provider);
	while (pending_count)
		complete_all(0);
	destroy_all();
	return 0;
}
