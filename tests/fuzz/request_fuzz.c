/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What management clients ask of a provider's process, here softgpu's: each line of the input is the body of a request.
 * A line that begins with a NUL is sent as it is, without a header.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpu/softgpu.h>

#include "provider/control.h"
#include "sys/files.h"
#include "sys/unixsock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vgpu_provider *provider;
static char path[64];

static void clean_up(void)
{
	vgpu_provider_unregister(provider);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

static void set_up(void)
{
	char dir[] = "/tmp/vgpu-fuzz-XXXXXX";
	struct vgpu_provider_opts opts = {
		.size = sizeof(opts), .name = "gpu", .vendor_name = "vendor", .quiesce_ms = 100000};
	struct vgpu_context *ctx;

	opts.socket_dir = mkdtemp(dir);
	if (!opts.socket_dir || vgpu_context_new(NULL, &ctx) || vgpu_softgpu_register(ctx, &opts, 64, &provider) ||
		vgpu_provider_open_control(provider))
		abort();
	snprintf(path, sizeof(path), "%s/gpu.control", dir);
	vgpu_context_unref(ctx);
	atexit(clean_up);
}

static int turn(int fd)
{
	static char reply[1 << 17];
	ssize_t n;

	vgpu_provider_process(provider);
	vgpu_provider_process(provider); /* first it was let in */
	while ((n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0)
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

	if (fd < 0)
		fd = vg_socket_connect(path, vg_now_ms() + 1000);
	if (fd < 0)
		abort();
	if (!is_raw)
		send(fd, &header, sizeof(header), MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);
	send(fd, line + is_raw, size - is_raw, MSG_NOSIGNAL | MSG_DONTWAIT);
	return turn(fd);
}

/* What was made is destroyed, so that inputs do not depend on each other. */
static void destroy_all(void)
{
	const struct vgpu_instance_destroy_opts force = {.size = sizeof(force), .flags = VGPU_INSTANCE_FORCE};
	struct vgpu_instance *instance;
	size_t i;

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
	destroy_all();
	return 0;
}
