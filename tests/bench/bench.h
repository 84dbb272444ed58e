/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Timing for the benchmarks: medians of interleaved runs, so that a ratio holds when the machine's speed drifts. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
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

#endif
