/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl migrate save. A file appears under its name when it is complete, and replaces what was there only then. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migrate.h"

/* Where the state goes. */
struct target {
	int fd;
	char *path; /* the file that is replaced at the end; NULL: fd is written to in place */
	char *temporary;
};

static int open_temporary(struct migration *m, struct target *target, const char *path)
{
	target->path = arena_printf(m->app->arena, "%s", path);
	target->temporary = arena_printf(m->app->arena, "%s.XXXXXX", path);
	target->fd = mkostemp(target->temporary, O_CLOEXEC); /* 0600: this may hold a guest's memory */
	if (target->fd >= 0)
		return 0;
	target->temporary = NULL;
	return migrate_fail_file(m, errno);
}

/* What is there and no regular file (a pipe, a device) is written to as it is. A link's target is what is replaced. */
static int open_target(struct migration *m, struct target *target)
{
	char path[PATH_MAX];
	struct stat st;

	if (!strcmp(m->file, "-")) {
		if (isatty(STDOUT_FILENO))
			return report_usage(m->app, m->file, "a terminal is no place for a state");
		target->fd = STDOUT_FILENO;
		return 0;
	}
	if (stat(m->file, &st))
		return errno == ENOENT ? open_temporary(m, target, m->file) : migrate_fail_file(m, errno);
	if (S_ISREG(st.st_mode))
		return realpath(m->file, path) ? open_temporary(m, target, path) : migrate_fail_file(m, errno);
	target->fd = open(m->file, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return target->fd < 0 ? migrate_fail_file(m, errno) : 0;
}

static int write_all(struct migration *m, int fd, const unsigned char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return migrate_fail_file(m, errno);
		if (n < 0 && migrate_is_interrupted())
			return EXIT_CODE_FAILED;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

static int on_chunk(void *data, const void *bytes, size_t length, uint64_t done, uint64_t total)
{
	struct migration *m = data;

	state_add(&m->sum, bytes, length);
	progress_show(&m->progress, done, total);
	return migrate_is_interrupted();
}

static int save_to(struct migration *m, int fd)
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts),
									   .flags = m->app->args.options[OPT_PRE_COPY] ? VGPU_MIGRATION_SAVE_PRE_COPY : 0,
									   .state = VGPU_MIGRATION_STATE_RUNNING,
									   .timeout_ms = m->timeout_ms,
									   .chunk = on_chunk,
									   .data = m};
	unsigned char head[STATEFILE_HEAD_SIZE];
	int code;

	state_begin(&m->sum, &m->identity, head);
	code = write_all(m, fd, head, sizeof(head));
	if (code)
		return code;
	progress_begin(&m->progress, "save");
	if (vgpu_migration_save(m->app->vfio, fd, &opts))
		return report_last(m->app);
	state_end(&m->sum, m->tail);
	return write_all(m, fd, m->tail, sizeof(m->tail));
}

/* The name is durable when the directory is. */
static int sync_directory(const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	int fd, r;

	if (!copy)
		return -1;
	if (slash)
		slash[slash == copy] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -1;
	r = fsync(fd);
	close(fd);
	return r;
}

static int finish_file(struct migration *m, struct target *target)
{
	if (fsync(target->fd) || rename(target->temporary, target->path))
		return migrate_fail_file(m, errno);
	target->temporary = NULL;
	return sync_directory(target->path) ? migrate_fail_file(m, errno) : 0;
}

int migrate_save(struct migration *m)
{
	struct target target = {.fd = -1};
	int code = migrate_identify(m);

	migrate_catch_signals();
	if (!code)
		code = open_target(m, &target);
	if (!code)
		code = migrate_open(m);
	if (!code)
		code = save_to(m, target.fd);
	if (!code && target.temporary)
		code = finish_file(m, &target);
	if (target.temporary)
		unlink(target.temporary);
	if (target.fd > STDERR_FILENO && close(target.fd) && !code)
		code = migrate_fail_file(m, errno);
	return code;
}
