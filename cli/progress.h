/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A progress bar on standard error, where that is a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	bool is_shown;   /* standard error is a terminal */
	bool is_begun;   /* there is a bar */
	int64_t next_ms; /* when it is drawn again */
};

void progress_begin(struct progress *progress, const char *what);
/* total 0: unknown. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total);
/* Leaves the line as it was shown last. */
void progress_end(struct progress *progress);

#endif
