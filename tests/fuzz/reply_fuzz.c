/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What providers' processes answer to management calls: the first byte says which calls are made (bits 0-1), which of
 * the first five replies bring a descriptor (bits 2-6), and whether that is no memory (bit 7). Each line after it is
 * the body of a reply, in turn, or, behind a NUL, what is sent without a header. The last line is the reply to all that
 * follows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "control/protocol.h"
#include "sys/unixsock.h"

#define UUID "c0ffee00-0000-4000-8000-000000000001"
#define CALLS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* The linker sends the library's calls here. */
int __wrap_vg_socket_connect(const char *path, int64_t deadline);

static struct vgpu_context *ctx;
static char dir[] = "/dev/shm/vgpu-fuzz-XXXXXX";
static const uint8_t *rest;
static size_t left;
static int calls;
static int peer = -1;
static int memory = -1, other = -1;
static uint8_t how;

/* A connection whose other end has answered already. */
int __wrap_vg_socket_connect(const char *path, int64_t deadline)
{
	const uint8_t *end = memchr(rest, '\n', left);
	const size_t size = end ? (size_t)(end - rest) : left;
	struct vg_user_header header = {1, VG_CONTROL_COMMAND, (uint32_t)(sizeof(header) + size), VG_USER_TYPE_REPLY, 0};
	struct iovec parts[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)rest, size}};
	const unsigned fds = calls < 5 ? how >> (2 + calls) & 1 : 0;
	int ends[2];

	(void)path, (void)deadline;
	if (size && !rest[0]) {
		parts[0].iov_len = 0;
		parts[1] = (struct iovec){(void *)(uintptr_t)(rest + 1), size - 1};
	}
	if (peer >= 0)
		close(peer);
	peer = -1;
	if (++calls > CALLS_MAX)
		return -ECONNREFUSED;
	if (vg_socket_pair(ends))
		abort();
	vg_socket_send(ends[1], parts, 2, how & 0x80 ? &other : &memory, fds);
	shutdown(ends[1], SHUT_WR);
	peer = ends[1];
	if (end) {
		left -= size + 1;
		rest = end + 1;
	}
	return ends[0];
}

static void clean_up(void)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/gpu.control", dir);
	unlink(name);
	snprintf(name, sizeof(name), "%s/" UUID ":0.sock", dir);
	unlink(name);
	rmdir(dir);
}

static void touch(const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	if (!file)
		abort();
	fclose(file);
}

static void set_up(void)
{
	struct vgpu_context_opts opts = {.size = sizeof(opts), .root = "/nonexistent"};

	opts.runtime_dir = mkdtemp(dir);
	if (!opts.runtime_dir || vgpu_context_new(&opts, &ctx))
		abort();
	touch("gpu.control");
	touch(UUID ":0.sock");
	memory = memfd_create("fuzz", MFD_CLOEXEC);
	other = eventfd(0, EFD_CLOEXEC);
	if (memory < 0 || other < 0 || ftruncate(memory, 1 << 16))
		abort();
	atexit(clean_up);
}

static void list(void)
{
	const struct vgpu_device_list_opts opts = {.size = sizeof(opts), .flags = VGPU_DEVICE_ATTRS | VGPU_DEVICE_USERS};
	struct vgpu_devices *devices;

	if (vgpu_device_list(ctx, &opts, &devices) == 0)
		vgpu_devices_unref(devices);
}

static void list_others(void)
{
	struct vgpu_parents *parents;
	struct vgpu_types *types;

	if (vgpu_parent_list(ctx, NULL, &parents) == 0)
		vgpu_parents_unref(parents);
	if (vgpu_type_list(ctx, NULL, &types) == 0)
		vgpu_types_unref(types);
}

static void take_picture(void)
{
	struct vgpu_picture *picture;

	if (vgpu_picture_take(ctx, UUID, 1, &picture) == 0)
		vgpu_picture_unref(picture);
}

static void change(void)
{
	const struct vgpu_device_create_opts opts = {
		.size = sizeof(opts), .parent = "gpu", .type = "type", .device = UUID ":1"};
	struct vgpu_errors *errors = NULL;

	vgpu_device_create(ctx, &opts, NULL);
	vgpu_device_destroy(ctx, UUID, NULL);
	vgpu_vm_start(ctx, UUID, NULL);
	vgpu_vm_shutdown(ctx, UUID, NULL, &errors);
	vgpu_errors_unref(errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const what[])(void) = {list, list_others, take_picture, change};

	if (!ctx)
		set_up();
	if (!size)
		return 0;
	rest = data + 1;
	left = size - 1;
	calls = 0;
	how = data[0];
	what[how & 3]();
	if (peer >= 0)
		close(peer);
	peer = -1;
	return 0;
}
