/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a thousand idle software GPUs of one process cost: bench_softgpu
 *
 * How long the first and the last of them took to create, by turns of whole providers; the memory of the process that
 * they added; and what its threads did in a second of rest. The provider's thread has a CPU of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "bench.h"

#define TURNS 5
#define VGPUS 1000u
#define ENDS 50u
#define UUID "c0ffee00-0000-4000-8000-%012u"

static char dir[64] = "/dev/shm/vgpu-bench.XXXXXX"; /* in memory, as /run is */
static struct vgpu_instance *vgpus[VGPUS];
static struct vgpu_vfio *handles[VGPUS];
static int own_cpu, thread_cpu;
static int64_t first[TURNS * ENDS], last[TURNS * ENDS];

static void die(const char *what, struct vgpu_context *ctx)
{
	struct vgpu_error *error = ctx ? vgpu_context_get_error(ctx) : NULL;

	if (error)
		fprintf(stderr, "bench_softgpu: %s: %s: %s\n", what, vgpu_error_get_path(error), vgpu_error_get_message(error));
	else
		fprintf(stderr, "bench_softgpu: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* The sum of all numbers behind this word in a file of /proc; 0: there is none. */
static double sum_of(const char *path, const char *word)
{
	char line[256];
	double sum = 0;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, word, strlen(word)) == 0)
			sum += strtod(line + strlen(word), NULL);
	if (file)
		fclose(file);
	return sum;
}

static double pss_kib(void)
{
	return sum_of("/proc/self/smaps_rollup", "Pss:");
}

/* How often all threads but this one have begun to run, and nanoseconds that they ran. */
static void look_at_threads(double *switches, double *run_ns)
{
	char path[128], own[32];
	struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");
	FILE *file;
	double ns;

	*switches = *run_ns = 0;
	snprintf(own, sizeof(own), "%d", getpid());
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, own) == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", entry->d_name);
		*switches += sum_of(path, "voluntary_ctxt_switches:") + sum_of(path, "nonvoluntary_ctxt_switches:");
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/schedstat", entry->d_name);
		file = fopen(path, "re");
		if (file && fscanf(file, "%lf", &ns) == 1)
			*run_ns += ns;
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
}

static void create(struct vgpu_context *ctx, struct vgpu_provider *provider, int turn)
{
	struct vgpu_instance_opts which = {.size = sizeof(which), .type = "softgpu-16"};
	char uuid[64];
	int64_t start;
	unsigned i;

	for (i = 0; i < VGPUS; i++) {
		snprintf(uuid, sizeof(uuid), UUID, i);
		which.uuid = uuid;
		start = bench_now_ns();
		if (vgpu_instance_create(provider, &which, &vgpus[i]))
			die("create", ctx);
		start = bench_now_ns() - start;
		if (i < ENDS)
			first[(unsigned)turn * ENDS + i] = start;
		else if (i >= VGPUS - ENDS)
			last[(unsigned)turn * ENDS + i - (VGPUS - ENDS)] = start;
	}
}

/* What a turn found. */
struct rest {
	double kib;
	double used_kib; /* where each has a client in this process: both ends */
	double switches;
	double run_ms;
};

/* Opens all of them. */
static void use(struct vgpu_context *ctx)
{
	const struct vgpu_vfio_opts how = {.size = sizeof(how), .access = VGPU_ACCESS_USER};
	unsigned i;

	for (i = 0; i < VGPUS; i++)
		if (vgpu_vfio_open(ctx, vgpu_instance_get_socket(vgpus[i]), &how, &handles[i]))
			die("open", ctx);
}

static void run(int turn, struct rest *rest)
{
	const struct vgpu_provider_opts opts = {
		.size = sizeof(opts), .name = "bench", .flags = VGPU_PROVIDER_THREAD, .socket_dir = dir};
	struct vgpu_provider *provider;
	struct vgpu_context *ctx;
	double switches, ns, later, later_ns, before;
	unsigned i;

	bench_pin(thread_cpu);
	if (vgpu_context_new(NULL, &ctx) || vgpu_softgpu_register(ctx, &opts, VGPUS * 16, &provider))
		die("register", NULL);
	bench_pin(own_cpu);
	before = pss_kib();
	create(ctx, provider, turn);
	rest->kib = (pss_kib() - before) / VGPUS;
	use(ctx);
	rest->used_kib = (pss_kib() - before) / VGPUS;
	usleep(200000); /* what creating took is over */
	look_at_threads(&switches, &ns);
	sleep(1);
	look_at_threads(&later, &later_ns);
	rest->switches = later - switches;
	rest->run_ms = (later_ns - ns) / 1e6;
	for (i = 0; i < VGPUS; i++)
		vgpu_vfio_close(handles[i]);
	vgpu_provider_unregister(provider);
	for (i = 0; i < VGPUS; i++)
		vgpus[i] = vgpu_instance_unref(vgpus[i]);
	vgpu_context_unref(ctx);
}

int main(void)
{
	struct rest worst = {0}, rest;
	struct rlimit limit;
	int turn;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (!bench_find_cpus(&own_cpu, &thread_cpu)) {
		printf("skipped: software GPUs: there are not two CPUs\n");
		return EXIT_FAILURE;
	}
	if (!mkdtemp(dir))
		die(dir, NULL);
	for (turn = 0; turn < TURNS; turn++) {
		run(turn, &rest);
		worst.kib = fmax(worst.kib, rest.kib);
		worst.used_kib = fmax(worst.used_kib, rest.used_kib);
		worst.switches = fmax(worst.switches, rest.switches);
		worst.run_ms = fmax(worst.run_ms, rest.run_ms);
	}
	rmdir(dir);
	bench_report("create the last 50 of 1000 softgpus, by first", last, first, TURNS * ENDS, 1, 1.2);
	bench_count("memory of each idle one, in KiB (PSS)", worst.kib, 64);
	bench_count("the same with a client of it, both ends", worst.used_kib, 64);
	bench_count("context switches of 1000 in a second of rest", worst.switches, 0);
	bench_count("milliseconds on a CPU of the same", worst.run_ms, 0);
	return EXIT_SUCCESS;
}
