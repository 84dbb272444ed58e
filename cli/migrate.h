/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of vgpuctl migrate share. */
#ifndef CLI_MIGRATE_H
#define CLI_MIGRATE_H

#include <errno.h>

#include "progress.h"
#include "statefile.h"
#include "vgpuctl.h"

/* A transfer between a device and a file. */
struct migration {
	struct app *app;
	const char *action; /* "save" or "restore" */
	const char *device; /* DEVICE */
	const char *file;   /* FILE as it was typed */
	uint32_t timeout_ms;
	struct state_identity identity;
	struct state_sum sum;
	unsigned char tail[STATEFILE_TAIL_SIZE];
	struct progress progress;
	bool is_changed; /* restore: the file is not any more what was verified */
};

/* Both do the whole; they report failures and return an exit code. */
int migrate_save(struct migration *migration);
int migrate_restore(struct migration *migration);

/* cmd_migrate.c */
/* Reports what a call on the file came to. */
int migrate_fail_file(struct migration *migration, int err);
/* Reports what is wrong with the file. */
int migrate_fail_content(struct migration *migration, const char *what);
/* What sysfs says of the device, without opening it. */
int migrate_identify(struct migration *migration);
/* Opens the device, and adds what only that tells. */
int migrate_open(struct migration *migration);
/* A device in the middle of a transfer is not left alone: from here on signals are asked about between chunks. */
void migrate_catch_signals(void);
/* A signal came that asks the program to end. */
bool migrate_is_interrupted(void);

#endif
