/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Library create + destroy beside the two bare sysfs writes and one fork, in turn: bench_life PARENT TYPE */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "bench.h"

#define UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define ROUNDS 300

static int write_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, value, strlen(value));
	close(fd);
	return n < 0 ? -errno : 0;
}

static int bare(const char *create_path)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return -errno;
	if (write_file(create_path, UUID))
		return -EIO;
	return write_file("/sys/bus/mdev/devices/" UUID "/remove", "1");
}

static int with_library(struct vgpu_context *ctx, const struct vgpu_device_create_opts *opts)
{
	int r = vgpu_device_create(ctx, opts, NULL);

	return r ? r : vgpu_device_destroy(ctx, UUID, NULL);
}

int main(int argc, char **argv)
{
	struct vgpu_device_create_opts opts = {.size = sizeof(opts), .device = UUID};
	int64_t a[ROUNDS], b[ROUNDS];
	struct vgpu_context *ctx;
	char path[512];
	int i;

	if (argc != 3 || vgpu_context_new(NULL, &ctx))
		return 2;
	opts.parent = argv[1];
	opts.type = argv[2];
	snprintf(path, sizeof(path), "/sys/class/mdev_bus/%s/mdev_supported_types/%s/create", argv[1], argv[2]);
	for (i = 0; i < ROUNDS; i++) {
		int64_t start = bench_now_ns(), middle, end;
		int r = bare(path);

		middle = bench_now_ns();
		r = r ? r : with_library(ctx, &opts);
		end = bench_now_ns();
		if (r) {
			fprintf(stderr, "round %d: %s: %s\n", i, strerror(-r), vgpu_error_get_message(vgpu_context_get_error(ctx)));
			return 1;
		}
		a[i] = middle - start;
		b[i] = end - middle;
	}
	vgpu_context_unref(ctx);
	bench_report("library: create + destroy, by writes + fork", b, a, ROUNDS, 1, 1.5);
	return 0;
}
