/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A progress bar. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 30u
#define INTERVAL_MS 100

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "12.3 MiB" */
static void describe(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, size, "%" PRIu64 " bytes", bytes);
		return;
	}
	for (; value >= 1024; i++)
		value /= 1024;
	snprintf(buf, size, "%.1f %s", value, units[i]);
}

void progress_begin(struct progress *progress, const char *what)
{
	*progress = (struct progress){.what = what, .is_shown = isatty(STDERR_FILENO)};
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total)
{
	static const char full[] = "##############################";
	char amount[32];
	unsigned filled, percent;

	if (!progress->is_shown || (done != total && now_ms() < progress->next_ms))
		return;
	_Static_assert(sizeof(full) == BAR_WIDTH + 1, "as wide as the bar");
	describe(done, amount, sizeof(amount));
	if (total) {
		filled = (unsigned)((double)done / (double)total * BAR_WIDTH);
		percent = (unsigned)((double)done / (double)total * 100);
		fprintf(stderr, "\r%s [%-*.*s] %3u%% %-12s", progress->what, (int)BAR_WIDTH, (int)filled, full, percent,
				amount);
	} else {
		fprintf(stderr, "\r%s %-12s", progress->what, amount);
	}
	progress->is_begun = true;
	progress->next_ms = now_ms() + INTERVAL_MS;
}

void progress_end(struct progress *progress)
{
	if (progress->is_begun)
		fputc('\n', stderr);
	progress->is_begun = false;
}
