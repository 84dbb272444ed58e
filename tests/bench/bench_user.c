/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What messages of vfio-user cost beside the same bytes on a UNIX stream socket: bench_user
 *
 * The client runs on one CPU, servers (the library's, and bare ones that only receive and send) on another. Turns
 * alternate within one run; figures are medians of the turns.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "bench.h"

#define TURNS 401
#define CALLS 50u  /* in a turn */
#define POSTS 400u /* the same of posted writes */
#define COPIES 4u
#define LOADS 40000
#define WORDS 1024
#define MIB ((size_t)1 << 20)
#define BAR0 (2 * MIB)
#define SPIN_US 100u
/* Sizes of messages: a header is 16 bytes, what region, where and how much 16 more. */
#define SHORT 32u
#define LONG 36u
#define ALL (MIB + SHORT)

static int client_cpu, server_cpu;

static void die(const char *what, struct vgpu_context *ctx)
{
	struct vgpu_error *error = ctx ? vgpu_context_get_error(ctx) : NULL;

	if (error)
		fprintf(stderr, "bench_user: %s: %s: %s\n", what, vgpu_error_get_path(error), vgpu_error_get_message(error));
	else
		fprintf(stderr, "bench_user: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* A server that does nothing but receive and send. */
struct bare {
	pthread_t thread;
	int client_fd;
	int server_fd;
	bool polls;            /* before it receives */
	size_t room;           /* that it has for messages */
	_Atomic size_t take;   /* answers after so many bytes, */
	_Atomic size_t answer; /* with so many */
};

static char *bytes; /* enough for all messages */

static void *serve_bare(void *data)
{
	struct bare *bare = data;
	struct pollfd poll_fd = {.fd = bare->server_fd, .events = POLLIN};
	char *buf = malloc(ALL);
	size_t got = 0;
	ssize_t n;

	bench_pin(server_cpu);
	while (buf) {
		if (bare->polls && poll(&poll_fd, 1, -1) < 0)
			break;
		n = recv(bare->server_fd, buf, bare->room, bare->polls ? MSG_DONTWAIT : 0);
		if (n <= 0)
			break;
		got += (size_t)n;
		if (got < bare->take)
			continue;
		got = 0;
		if (send(bare->server_fd, buf, bare->answer, MSG_NOSIGNAL) < 0)
			break;
	}
	free(buf);
	return NULL;
}

static void start_bare(struct bare *bare, bool polls, size_t room)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		die("socketpair", NULL);
	*bare = (struct bare){.client_fd = ends[0], .server_fd = ends[1], .polls = polls, .room = room};
	if (pthread_create(&bare->thread, NULL, serve_bare, bare))
		die("pthread_create", NULL);
}

static void stop_bare(struct bare *bare)
{
	close(bare->client_fd);
	pthread_join(bare->thread, NULL);
	close(bare->server_fd);
}

/* calls times: sends posts messages of this size, and waits for the answer to the last. */
static int64_t time_bare(struct bare *bare, unsigned calls, unsigned posts, size_t size, size_t answer)
{
	int64_t start;
	size_t got;
	ssize_t n;
	unsigned i;

	bare->take = size * posts;
	bare->answer = answer;
	start = bench_now_ns();
	while (calls--) {
		for (i = 0; i < posts; i++)
			if (send(bare->client_fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
				die("send", NULL);
		for (got = 0; got < answer; got += (size_t)n) {
			n = recv(bare->client_fd, bytes, ALL, 0);
			if (n <= 0)
				die("recv", NULL);
		}
	}
	return bench_now_ns() - start;
}

/* A provider with one vGPU, whose BAR0 is memory and whose BAR2 are registers, and a client of it. */
struct rig {
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	struct vgpu_vfio *vfio;
	pthread_t thread; /* where the caller drives it */
	bool is_driven;
	atomic_bool stop;
	atomic_ulong turns;
	char dir[64];
};

static uint32_t registers[1024];

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	out->id = "bench";
	out->available_instances = -1;
	return i ? -ERANGE : 0;
}

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	const uint32_t both = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE;
	struct vgpu_region_info bar0 = {
		.size = sizeof(bar0), .length = BAR0, .flags = both | VGPU_REGION_FLAG_MMAP | VGPU_REGION_BACKED, .fd = -1};
	struct vgpu_region_info bar2 = {.size = sizeof(bar2), .length = sizeof(registers), .flags = both, .fd = -1};

	(void)data;
	(void)params;
	(void)request;
	if (vgpu_instance_set_region(instance, VGPU_REGION_BAR0, &bar0) ||
		vgpu_instance_set_region(instance, VGPU_REGION_BAR2, &bar2))
		return -EIO;
	memset(vgpu_instance_get_memory(instance, VGPU_REGION_BAR0), 1, BAR0);
	return 0;
}

static ssize_t read_registers(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
							  struct vgpu_request *request)
{
	(void)instance;
	(void)region;
	(void)request;
	memcpy(buf, (char *)registers + offset, len);
	return 0;
}

static ssize_t write_registers(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
							   size_t len, struct vgpu_request *request)
{
	(void)instance;
	(void)region;
	(void)request;
	memcpy((char *)registers + offset, buf, len);
	return 0;
}

static const struct vgpu_provider_ops ops = {
	.size = sizeof(ops), .get_type = get_type, .create = create, .read = read_registers, .write = write_registers};

static void *drive(void *data)
{
	struct rig *rig = data;
	struct pollfd poll_fd = {.fd = vgpu_provider_get_fd(rig->provider), .events = POLLIN};

	while (!rig->stop) {
		poll(&poll_fd, 1, 100);
		rig->turns++;
		vgpu_provider_process(rig->provider);
	}
	return NULL;
}

static void open_rig(struct rig *rig, bool is_driven, uint32_t user_flags, uint32_t client_spin_us,
					 uint32_t provider_spin_us)
{
	const struct vgpu_instance_opts which = {.size = sizeof(which), .type = "bench"};
	const struct vgpu_user_opts user = {.size = sizeof(user), .flags = user_flags, .spin_us = client_spin_us};
	const struct vgpu_vfio_opts how = {.size = sizeof(how), .access = VGPU_ACCESS_USER, .user = &user};
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "bench",
									  .flags = is_driven ? 0 : VGPU_PROVIDER_THREAD,
									  .socket_dir = rig->dir,
									  .spin_us = provider_spin_us};

	*rig = (struct rig){.is_driven = is_driven};
	strcpy(rig->dir, "/tmp/vgpu-bench.XXXXXX");
	if (vgpu_context_new(NULL, &rig->ctx) || !mkdtemp(rig->dir))
		die("context", NULL);
	bench_pin(server_cpu); /* the library's thread stays there */
	if (vgpu_provider_register(rig->ctx, &opts, &ops, NULL, &rig->provider) ||
		vgpu_instance_create(rig->provider, &which, &rig->instance))
		die("provider", rig->ctx);
	if (is_driven && pthread_create(&rig->thread, NULL, drive, rig))
		die("pthread_create", NULL);
	bench_pin(client_cpu);
	if (vgpu_vfio_open(rig->ctx, vgpu_instance_get_socket(rig->instance), &how, &rig->vfio))
		die("open", rig->ctx);
}

static void close_rig(struct rig *rig)
{
	vgpu_vfio_close(rig->vfio);
	rig->stop = true;
	if (rig->is_driven)
		pthread_join(rig->thread, NULL);
	vgpu_provider_unregister(rig->provider);
	vgpu_instance_unref(rig->instance);
	vgpu_context_unref(rig->ctx);
	rmdir(rig->dir);
}

static int64_t time_reads(struct rig *rig)
{
	int64_t start = bench_now_ns();
	uint32_t value;
	unsigned i;

	for (i = 0; i < CALLS; i++)
		if (vgpu_region_read(rig->vfio, VGPU_REGION_BAR2, 64, &value, sizeof(value)) != sizeof(value))
			die("read", rig->ctx);
	return bench_now_ns() - start;
}

static int64_t time_writes(struct rig *rig)
{
	int64_t start = bench_now_ns();
	unsigned i;

	for (i = 0; i < CALLS; i++)
		if (vgpu_region_write(rig->vfio, VGPU_REGION_BAR2, 64, &i, sizeof(i)) != sizeof(i))
			die("write", rig->ctx);
	return bench_now_ns() - start;
}

/* Until the server has done the last of them, too. */
static int64_t time_posts(struct rig *rig, bool flush)
{
	int64_t start = bench_now_ns();
	uint32_t value;
	unsigned i;

	for (i = 1; i < POSTS; i++)
		if (vgpu_region_write(rig->vfio, VGPU_REGION_BAR2, 64, &i, sizeof(i)) != sizeof(i))
			die("write", rig->ctx);
	if (flush && vgpu_vfio_flush(rig->vfio))
		die("flush", rig->ctx);
	if (vgpu_region_read(rig->vfio, VGPU_REGION_BAR2, 64, &value, sizeof(value)) != sizeof(value) || value != i - 1)
		die("read", rig->ctx);
	return bench_now_ns() - start;
}

static int64_t time_copies(struct rig *rig)
{
	int64_t start = bench_now_ns();
	unsigned i;

	for (i = 0; i < COPIES; i++)
		if (vgpu_region_read(rig->vfio, VGPU_REGION_BAR0, 0, bytes, MIB) != (ssize_t)MIB)
			die("read", rig->ctx);
	return bench_now_ns() - start;
}

static __attribute__((noinline)) int64_t touch(volatile uint32_t *words)
{
	int64_t start = bench_now_ns();
	uint32_t sum = 0, i;

	for (i = 0; i < LOADS; i++) {
		sum += words[i % WORDS];
		words[i % WORDS] = sum;
	}
	return bench_now_ns() - start;
}

enum { BLOCKING, POLLING, READ, WRITE, SLEEPY, DRIVEN, SPINNING, TWIN, ROWS };

static int64_t ours[ROWS][TURNS], base[ROWS][TURNS];

/* A read and its reply are as long as a write and its reply, the other way round. */
static void bench_calls(void)
{
	struct bare blocking, polling;
	struct rig thread, sleepy, driven, spinning, twin;
	int turn;

	start_bare(&blocking, false, ALL);
	start_bare(&polling, true, ALL);
	open_rig(&thread, false, 0, 0, 0);
	open_rig(&sleepy, false, 0, 0, 1);
	open_rig(&driven, true, 0, 0, 0);
	open_rig(&spinning, false, 0, SPIN_US, SPIN_US);
	open_rig(&twin, false, VGPU_USER_TWIN, 0, 0);
	for (turn = 0; turn < TURNS; turn++) {
		base[BLOCKING][turn] = time_bare(&blocking, CALLS, 1, SHORT, LONG);
		ours[READ][turn] = time_reads(&thread);
		ours[DRIVEN][turn] = time_reads(&driven);
		base[POLLING][turn] = time_bare(&polling, CALLS, 1, SHORT, LONG);
		ours[SPINNING][turn] = time_reads(&spinning);
		ours[TWIN][turn] = time_reads(&twin);
		ours[SLEEPY][turn] = time_reads(&sleepy);
		ours[WRITE][turn] = time_writes(&thread);
	}
	bench_report("read of 4 bytes: thread, by bare ping-pong", ours[READ], base[BLOCKING], TURNS, CALLS, 1.10);
	bench_report("write of 4 bytes: the same", ours[WRITE], base[BLOCKING], TURNS, CALLS, 1.10);
	bench_report("read: thread that waits at once (spin_us 1)", ours[SLEEPY], base[BLOCKING], TURNS, CALLS, 1.10);
	bench_report("read: thread, client with a second socket", ours[TWIN], base[BLOCKING], TURNS, CALLS, 1.10);
	bench_report("read: pollable fd, by bare ping-pong", ours[DRIVEN], base[BLOCKING], TURNS, CALLS, 1.35);
	bench_report("read: pollable fd, by one that polls, too", ours[DRIVEN], base[POLLING], TURNS, CALLS, 1.35);
	bench_report("read: both may spin, by bare ping-pong", ours[SPINNING], base[BLOCKING], TURNS, CALLS, 0.4);
	close_rig(&twin);
	close_rig(&spinning);
	close_rig(&driven);
	close_rig(&sleepy);
	close_rig(&thread);
	stop_bare(&polling);
	stop_bare(&blocking);
}

static void bench_posts(void)
{
	static int64_t single[TURNS], queued[TURNS], bare_sends[TURNS], small_sends[TURNS];
	struct rig post, queue;
	struct bare bare, small;
	int turn;

	start_bare(&bare, false, ALL);
	start_bare(&small, false, LONG);
	open_rig(&post, false, VGPU_USER_POST, 0, 0);
	open_rig(&queue, false, VGPU_USER_QUEUE, 0, 0);
	for (turn = 0; turn < TURNS; turn++) {
		bare_sends[turn] = time_bare(&bare, 1, POSTS, LONG, LONG);
		single[turn] = time_posts(&post, false);
		small_sends[turn] = time_bare(&small, 1, POSTS, LONG, LONG);
		queued[turn] = time_posts(&queue, true);
	}
	bench_report("posted write of 4 bytes, by bare send", single, bare_sends, TURNS, POSTS, 1.25);
	bench_report("the same, to who receives one at a time", single, small_sends, TURNS, POSTS, 1.25);
	bench_report("posted writes, queued until a flush", queued, bare_sends, TURNS, POSTS, 0.2);
	close_rig(&queue);
	close_rig(&post);
	stop_bare(&small);
	stop_bare(&bare);
}

static void bench_copies(void)
{
	static int64_t copies[TURNS], bare_copies[TURNS];
	struct bare bare;
	struct rig rig;
	int turn;

	start_bare(&bare, false, ALL);
	open_rig(&rig, false, 0, 0, 0);
	for (turn = 0; turn < TURNS; turn++) {
		bare_copies[turn] = time_bare(&bare, COPIES, 1, SHORT, ALL);
		copies[turn] = time_copies(&rig);
	}
	bench_report("read of 1 MiB, by bare request and reply", copies, bare_copies, TURNS, COPIES, 1.25);
	close_rig(&rig);
	stop_bare(&bare);
}

static void bench_map(void)
{
	static int64_t mapped[TURNS], plain[TURNS];
	struct vgpu_mapping *mapping;
	unsigned long turns;
	struct rig rig;
	void *memory;
	int turn, fd = memfd_create("bench", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, BAR0))
		die("memfd", NULL);
	memory = mmap(NULL, BAR0, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	open_rig(&rig, true, 0, 0, 0);
	if (memory == MAP_FAILED || vgpu_region_map(rig.vfio, VGPU_REGION_BAR0, NULL, &mapping))
		die("map", rig.ctx);
	touch(memory);
	touch(vgpu_mapping_get_address(mapping));
	usleep(10000); /* what mapping it took is over */
	turns = rig.turns;
	for (turn = 0; turn < TURNS; turn++) {
		mapped[turn] = touch(vgpu_mapping_get_address(mapping));
		plain[turn] = touch(memory);
	}
	turns = rig.turns - turns;
	bench_report("load + store in a mapped BAR, by plain memory", mapped, plain, TURNS, LOADS, 1.00);
	bench_count("the server's turns meanwhile", (double)turns, 0);
	vgpu_mapping_unmap(mapping);
	close_rig(&rig);
	munmap(memory, BAR0);
}

int main(void)
{
	if (!bench_find_cpus(&client_cpu, &server_cpu)) {
		fprintf(stderr, "bench_user: it needs two CPUs\n");
		return EXIT_FAILURE;
	}
	bytes = calloc(1, ALL);
	if (!bytes)
		return EXIT_FAILURE;
	bench_pin(client_cpu);
	bench_calls();
	bench_posts();
	bench_copies();
	bench_map();
	free(bytes);
	return EXIT_SUCCESS;
}
