/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl migrate restore. All of the file is verified before the device is opened, and again while it is loaded. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migrate.h"

#define CHUNK_SIZE ((size_t)1 << 20)
/* What can't be read twice is kept meanwhile, up to this. */
#define SPOOL_MAX ((uint64_t)64 << 30)

struct source {
	int fd;
	uint64_t size;
	uint64_t length; /* of the stream */
	struct state_identity identity;
};

/* A file without a name: in TMPDIR or /var/tmp, else in memory. */
static int make_spool(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(dir && dir[0] ? dir : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("vgpuctl", MFD_CLOEXEC);
}

/* Reads until size bytes are there, or the end: their number, or -1. */
static ssize_t read_full(int fd, unsigned char *buf, size_t size)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < size && n) {
		n = read(fd, buf + done, size - done);
		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)done;
}

static int write_full(int fd, const unsigned char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, buf + done, size - done);

		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int check_head(struct migration *m, struct source *source, const unsigned char *head, size_t size)
{
	const char *what = "it is too short for the saved state of a device";

	if (size >= STATEFILE_HEAD_SIZE)
		what = state_check_head(head, &source->identity, &m->sum);
	return what ? migrate_fail_content(m, what) : 0;
}

/* What is no state at all is refused at its first bytes: it may have no end. */
static int fill_spool(struct migration *m, struct source *source, int from, unsigned char *buf)
{
	ssize_t n;
	int code;

	do {
		n = read_full(from, buf, CHUNK_SIZE);
		if (n < 0)
			return migrate_fail_file(m, errno);
		code = source->size ? 0 : check_head(m, source, buf, (size_t)n);
		if (code)
			return code;
		source->size += (uint64_t)n;
		if (source->size > SPOOL_MAX)
			return report_failure(m->app, m->file, EFBIG, VGPU_CAUSE_LIMIT,
								  "it is too long to be kept meanwhile: put it into a file");
		if (write_full(source->fd, buf, (size_t)n))
			return migrate_fail_file(m, errno);
	} while (n);
	return 0;
}

static int spool(struct migration *m, struct source *source, int from)
{
	unsigned char *buf = malloc(CHUNK_SIZE);
	int code;

	source->size = 0;
	source->fd = make_spool();
	if (!buf || source->fd < 0)
		code = migrate_fail_file(m, buf ? errno : ENOMEM);
	else
		code = fill_spool(m, source, from, buf);
	free(buf);
	return code;
}

static int open_source(struct migration *m, struct source *source)
{
	bool is_stdin = !strcmp(m->file, "-");
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(m->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int code;

	if (fd < 0)
		return migrate_fail_file(m, errno);
	if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
		code = migrate_fail_file(m, S_ISDIR(st.st_mode) ? EISDIR : errno);
		close(fd);
		return code;
	}
	if (S_ISREG(st.st_mode) && (!is_stdin || lseek(fd, 0, SEEK_CUR) == 0)) {
		source->fd = fd;
		source->size = (uint64_t)st.st_size;
		return 0;
	}
	code = spool(m, source, fd);
	close(fd);
	return code;
}

static ssize_t read_at(int fd, unsigned char *buf, size_t size, uint64_t offset)
{
	return lseek(fd, (off_t)offset, SEEK_SET) < 0 ? -1 : read_full(fd, buf, size);
}

/* Sums up the stream. */
static int sum_up(struct migration *m, const struct source *source, unsigned char *buf)
{
	uint64_t left;
	ssize_t n;

	if (lseek(source->fd, STATEFILE_HEAD_SIZE, SEEK_SET) < 0)
		return migrate_fail_file(m, errno);
	progress_begin(&m->progress, "verify");
	for (left = source->length; left; left -= (uint64_t)n) {
		n = read_full(source->fd, buf, left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE);
		if (n < 0)
			return migrate_fail_file(m, errno);
		if (!n)
			return migrate_fail_content(m, "it has become shorter");
		state_add(&m->sum, buf, (size_t)n);
		progress_show(&m->progress, m->sum.length, source->length);
	}
	progress_end(&m->progress);
	return state_agrees(&m->sum, m->tail) ? 0 : migrate_fail_content(m, "it was altered: the checksum differs");
}

/* Head, tail, and all between. Afterwards the checksum is where the stream begins. */
static int verify(struct migration *m, struct source *source)
{
	unsigned char *buf = malloc(CHUNK_SIZE), head[STATEFILE_HEAD_SIZE];
	const char *what;
	ssize_t n = buf ? read_at(source->fd, head, sizeof(head), 0) : -1;
	int code = n < 0 ? migrate_fail_file(m, buf ? errno : ENOMEM) : check_head(m, source, head, (size_t)n);

	if (!code) {
		n = source->size < sizeof(m->tail)
				? 0
				: read_at(source->fd, m->tail, sizeof(m->tail), source->size - sizeof(m->tail));
		if (n < 0)
			code = migrate_fail_file(m, errno);
		else if ((what = state_check_tail(m->tail, n == sizeof(m->tail) ? source->size : 0, &source->length)))
			code = migrate_fail_content(m, what);
	}
	if (!code)
		code = sum_up(m, source, buf);
	if (!code)
		code = check_head(m, source, head, sizeof(head));
	free(buf);
	return code;
}

static int fail_foreign(struct migration *m, const char *what, const char *saved, const char *found)
{
	return report_failure(
		m->app, m->file, EINVAL, VGPU_CAUSE_INVALID,
		arena_printf(m->app->arena, "this is the state of a device of another %s: %s, not %s", what, saved, found));
}

/* What sysfs says of the device has to be what it says of the one that was saved. */
static int compare_type(struct migration *m, const struct state_identity *saved)
{
	if (saved->type[0] && !m->app->device) /* migrate_identify() found no vGPU, and that is the last error */
		return report_last(m->app);
	if (strcmp(saved->type, m->identity.type) != 0)
		return fail_foreign(m, "type", saved->type[0] ? saved->type : "none",
							m->identity.type[0] ? m->identity.type : "none");
	if (strcmp(saved->api, m->identity.api) != 0)
		return fail_foreign(m, "interface", saved->api[0] ? saved->api : "none",
							m->identity.api[0] ? m->identity.api : "none");
	return 0;
}

static const char *ids_text(struct migration *m, const struct state_identity *identity)
{
	return arena_printf(m->app->arena, "%04x:%04x (%04x:%04x)", identity->pci_ids[0], identity->pci_ids[1],
						identity->pci_ids[2], identity->pci_ids[3]);
}

static int compare_ids(struct migration *m, const struct state_identity *saved)
{
	if (!memcmp(saved->pci_ids, m->identity.pci_ids, sizeof(saved->pci_ids)))
		return 0;
	return fail_foreign(m, "kind", ids_text(m, saved), ids_text(m, &m->identity));
}

/* The last chunk is only taken if all was what had been verified: the driver takes the state over after it. */
static int on_chunk(void *data, const void *bytes, size_t length, uint64_t done, uint64_t total)
{
	struct migration *m = data;
	struct state_sum sum;

	state_add(&m->sum, bytes, length);
	progress_show(&m->progress, done, total);
	if (done == total) {
		sum = m->sum;
		m->is_changed = !state_agrees(&sum, m->tail);
	}
	return m->is_changed || migrate_is_interrupted();
}

static int load_from(struct migration *m, const struct source *source)
{
	struct vgpu_migration_opts opts = {
		.size = sizeof(opts), .timeout_ms = m->timeout_ms, .length = source->length, .chunk = on_chunk, .data = m};

	migrate_catch_signals();
	if (lseek(source->fd, STATEFILE_HEAD_SIZE, SEEK_SET) < 0)
		return migrate_fail_file(m, errno);
	progress_begin(&m->progress, "restore");
	if (!vgpu_migration_load(m->app->vfio, source->fd, &opts))
		return 0;
	return m->is_changed ? migrate_fail_content(m, "somebody changed it meanwhile") : report_last(m->app);
}

int migrate_restore(struct migration *m)
{
	struct source source = {.fd = -1};
	int code = migrate_identify(m);

	if (!code)
		code = open_source(m, &source);
	if (!code)
		code = verify(m, &source);
	if (!code)
		code = compare_type(m, &source.identity);
	if (!code)
		code = migrate_open(m);
	if (!code)
		code = compare_ids(m, &source.identity);
	if (!code)
		code = load_from(m, &source);
	if (source.fd >= 0)
		close(source.fd);
	return code;
}
