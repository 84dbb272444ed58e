/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Timing for the benchmarks: medians of interleaved runs, so that a ratio holds when the machine's speed drifts. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The first two CPUs that we may use; false: there is one alone. */
static inline bool bench_find_cpus(int *first, int *second)
{
	cpu_set_t set;
	int cpu, found = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return false;
	for (cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			*(found++ ? second : first) = cpu;
	return found == 2;
}

/* Has this thread, and those that it begins, run on one CPU. */
static inline void bench_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("sched_setaffinity");
		exit(EXIT_FAILURE);
	}
}

static inline int bench_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static inline int64_t bench_median(int64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), bench_cmp);
	return values[count / 2];
}

/* A line of the report: the medians of ours and of what it is measured by, calls of each in a value, and their ratio.
 */
static inline void bench_report(const char *what, int64_t *ours, int64_t *base, size_t count, double calls,
								double target)
{
	double a = (double)bench_median(ours, count) / calls, b = (double)bench_median(base, count) / calls;

	printf("%-44s %12.3f %12.3f %8.3f %8.3f%s\n", what, a / 1e3, b / 1e3, a / b, target,
		   a / b >= target + 0.005 ? "  missed" : "");
	fflush(stdout);
}

/* A line with one figure, and the most that it should be. */
static inline void bench_count(const char *what, double value, double target)
{
	printf("%-44s %12s %12s %8.2f %8.2f%s\n", what, "", "", value, target, value > target ? "  missed" : "");
	fflush(stdout);
}

#endif
