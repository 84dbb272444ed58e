/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress bar: on a terminal there is one, elsewhere nothing. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "run_suite.h"

/* What is written to standard error until stop(). */
static int reader;
static int saved;

static void start(bool is_terminal)
{
	int ends[2], writer;

	if (is_terminal) {
		reader = posix_openpt(O_RDWR | O_NOCTTY);
		ck_assert_int_ge(reader, 0);
		ck_assert_int_eq(grantpt(reader) || unlockpt(reader), 0);
		writer = open(ptsname(reader), O_RDWR | O_NOCTTY);
	} else {
		ck_assert_int_eq(pipe(ends), 0);
		reader = ends[0];
		writer = ends[1];
	}
	ck_assert_int_ge(writer, 0);
	saved = dup(STDERR_FILENO);
	dup2(writer, STDERR_FILENO);
	close(writer);
}

static void stop(char *out, size_t size)
{
	size_t done = 0;
	ssize_t n = 0;

	fcntl(reader, F_SETFL, O_NONBLOCK);
	do {
		done += (size_t)n;
		n = read(reader, out + done, size - 1 - done);
	} while (n > 0);
	out[done] = '\0';
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(reader);
}

START_TEST(bar)
{
	struct progress progress;
	char text[4096];

	start(true);
	progress_begin(&progress, "save");
	progress_show(&progress, 512, 1024);
	progress_show(&progress, 513, 1024); /* too soon */
	progress_show(&progress, 1024, 1024);
	progress_end(&progress);
	progress_end(&progress);
	stop(text, sizeof(text));
	ck_assert_str_eq(text, "\rsave [###############               ]  50% 512 bytes   "
						   "\rsave [##############################] 100% 1.0 KiB     \r\n");
}
END_TEST

START_TEST(extremes)
{
	struct progress progress;
	char text[4096];

	start(true);
	progress_begin(&progress, "load");
	progress_show(&progress, 3 << 20, 0);
	progress_end(&progress);
	progress_begin(&progress, "load");
	progress_show(&progress, UINT64_MAX, UINT64_MAX);
	progress_begin(&progress, "load");
	progress_show(&progress, 1, UINT64_MAX);
	stop(text, sizeof(text));
	ck_assert_str_eq(text, "\rload 3.0 MiB     \r\n"
						   "\rload [##############################] 100% 16.0 EiB    "
						   "\rload [                              ]   0% 1 bytes     ");
}
END_TEST

START_TEST(no_terminal)
{
	struct progress progress;
	char text[4096];

	start(false);
	progress_begin(&progress, "save");
	progress_show(&progress, 512, 1024);
	progress_show(&progress, 1024, 1024);
	progress_end(&progress);
	stop(text, sizeof(text));
	ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {bar, extremes, no_terminal, NULL};

	return run_suite("progress", tests);
}
