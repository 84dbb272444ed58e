/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: reading the directory, claiming, changing and removing one. */
#include "model/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/lock.h"
#include "sys/rundir.h"

/* Into ctx->boot. A boot id is the same as long as the process lives. */
static int read_boot(struct vgpu_context *ctx)
{
	char path[VG_PATH_SIZE], text[64];

	_Static_assert(sizeof(ctx->boot) == VG_BOOT_SIZE, "both hold the start of the boot id");
	if (ctx->boot[0])
		return 0;
	vg_strf(path, sizeof(path), "%s/sys/kernel/random/boot_id", ctx->proc);
	if (vg_read_text(AT_FDCWD, path, text, sizeof(text)) < VG_BOOT_SIZE - 1)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = "read the boot id",
											.path = path,
											.err = EIO,
											.cause = VGPU_CAUSE_BAD_DATA,
											.hint = "mount procfs"},
					   "it can't be read, so no record can be told from one of an earlier boot");
	text[VG_BOOT_SIZE - 1] = '\0';
	memcpy(ctx->boot, text, VG_BOOT_SIZE);
	return 0;
}

static int cmp_records(const void *a, const void *b)
{
	return strcmp(((const struct vg_record *)a)->name, ((const struct vg_record *)b)->name);
}

int vg_records_read(struct vgpu_context *ctx, struct vg_records *out)
{
	struct vg_records records = {.dir = -1};
	char path[VG_PATH_SIZE];
	size_t i;
	int r;

	vg_strf(path, sizeof(path), "%s/vgpu", ctx->run);
	records.dir = vg_open_dir(AT_FDCWD, path);
	if (records.dir == -ENOENT) {
		records.dir = -1;
		*out = records;
		return 0;
	}
	r = records.dir < 0 ? records.dir : vg_entries_read_fd(records.dir, &records.entries);
	if (r) {
		vg_close(records.dir);
		return vg_fail_errno(ctx, "read records", path, -r);
	}
	records.items = calloc(records.entries.count + 1, sizeof(*records.items));
	if (!records.items) {
		vg_records_free(&records);
		return vg_fail_memory(ctx, "read records");
	}
	for (i = 0; i < records.entries.count; i++)
		if (vg_record_name_parse(records.entries.items[i].name, &records.items[records.count]) == 0)
			records.count++;
	qsort(records.items, records.count, sizeof(*records.items), cmp_records);
	/* without a boot id every record is void: what it claims cannot be told from another boot's */
	if (records.count && read_boot(ctx) == 0)
		memcpy(records.boot, ctx->boot, VG_BOOT_SIZE);
	*out = records;
	return 0;
}

void vg_records_free(struct vg_records *records)
{
	vg_close(records->dir);
	vg_entries_free(&records->entries);
	free(records->items);
	*records = (struct vg_records){.dir = -1};
}

struct vg_record *vg_records_find(struct vg_records *records, const char *backend, const char *name)
{
	size_t low = 0, high = records->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(records->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < records->count && strcmp(records->items[low].name, name) == 0; low++)
		if (strcmp(records->items[low].backend, backend) == 0)
			return &records->items[low];
	return NULL;
}

struct vg_record *vg_records_find_pair(struct vg_records *records, const struct vg_pair *pair)
{
	size_t i;

	for (i = 0; i < records->count; i++)
		if (vg_pair_cmp(&records->items[i].pair, pair) == 0)
			return &records->items[i];
	return NULL;
}

bool vg_record_is_live(const struct vg_records *records, const struct vg_record *record)
{
	return vg_life_is_held(records->dir, record->file);
}

bool vg_record_is_valid(const struct vg_records *records, const struct vg_record *record, uint64_t inode)
{
	if (!records->boot[0] || strcmp(records->boot, record->boot) != 0)
		return false;
	return inode && (record->inode == inode || (record->state == VG_RECORD_CREATING && record->inode == 0));
}

bool vg_record_get(const struct vg_records *records, const struct vg_record *record, const char *key, char *buf,
				   size_t size)
{
	char text[VG_ATTR_SIZE];
	char *line, *rest = text;
	size_t n = strlen(key);

	if (vg_read_text(records->dir, record->file, text, sizeof(text)) < 0)
		return false;
	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, key, n) == 0 && line[n] == '=')
			return vg_strcopy(buf, size, line + n + 1) > 0;
	return false;
}

/* *path receives what failed: the directory, or the lock. */
static int take_lock(struct vgpu_context *ctx, int64_t deadline, char *path)
{
	char lock[VG_PATH_SIZE];
	int fd, r;

	vg_strf(lock, sizeof(lock), "%s/vgpu/" VG_RECORD_LOCK, ctx->run);
	fd = vg_lock_take(lock, deadline);
	if (fd == -ENOENT) { /* the first vGPU since the host was booted */
		vg_strf(path, VG_PATH_SIZE, "%s/vgpu", ctx->run);
		r = vg_rundir_make(path);
		if (r)
			return r;
		fd = vg_lock_take(lock, deadline);
	}
	vg_strcopy(path, VG_PATH_SIZE, lock);
	return fd;
}

int vg_records_lock(struct vgpu_context *ctx, const char *operation, int64_t deadline)
{
	char path[VG_PATH_SIZE];
	struct vg_failure failure = {.operation = operation, .path = path};
	int fd = take_lock(ctx, deadline, path);

	if (fd >= 0)
		return fd;
	failure.err = -fd;
	if (fd == -ETIMEDOUT) {
		failure.cause = VGPU_CAUSE_LOCKED;
		failure.hint = "find its holder with lslocks(8); it may be stopped";
		return vg_fail(ctx, &failure, "another process holds the lock of the records");
	}
	if (fd == -EACCES || fd == -EPERM || fd == -EROFS)
		failure.hint = "run as root; the directory must be root's, and nobody else may write to it";
	return vg_fail(ctx, &failure, "records of vGPUs can't be written: %s", strerrordesc_np(-fd));
}

static int fail_record(struct vgpu_context *ctx, const char *file, int r)
{
	return vg_fail(ctx, &(struct vg_failure){.operation = "write a record", .path = file, .err = -r}, NULL);
}

/* The file's text: for people, and for whoever asks which type was meant. */
static int format_text(const char *type, char *buf, size_t size)
{
	char creator[64];
	int n;

	vg_strf(creator, sizeof(creator), "%s", program_invocation_short_name);
	vg_make_printable(creator);
	creator[strcspn(creator, "\n")] = '\0';
	n = vg_strf(buf, size, "type=%s\ncreator=%s\ncreator_pid=%d\ncreator_uid=%u\ntime=%lld\n", type ? type : "",
				creator, (int)getpid(), (unsigned)getuid(), (long long)time(NULL));
	return n < 0 ? n : 0;
}

/* Killed before it has taken the life lock, a creator leaves a record of no vGPU, which is void. */
static int make_record(struct vg_claim *claim, const char *type)
{
	char text[VG_ATTR_SIZE];
	int r = format_text(type, text, sizeof(text));

	if (r)
		return r;
	claim->fd = vg_make_file(claim->dir, claim->record.file, 0644, text);
	if (claim->fd < 0)
		return claim->fd;
	r = vg_life_take(claim->fd);
	if (r)
		vg_unlink(claim->dir, claim->record.file);
	return r;
}

int vg_claim_new(struct vgpu_context *ctx, struct vg_records *records, const struct vg_record *record, const char *type,
				 struct vg_claim *out)
{
	struct vg_claim claim = {.record = *record, .dir = records->dir, .fd = -1};
	int r = read_boot(ctx);

	if (r)
		return r;
	memcpy(claim.record.boot, ctx->boot, VG_BOOT_SIZE);
	r = vg_record_name_format(&claim.record);
	if (r == 0)
		r = make_record(&claim, type);
	if (r) {
		vg_close(claim.fd);
		return fail_record(ctx, claim.record.file[0] ? claim.record.file : claim.record.parent, r);
	}
	records->dir = -1;
	*out = claim;
	return 0;
}

int vg_claim_take(struct vgpu_context *ctx, struct vg_records *records, const struct vg_record *record,
				  struct vg_claim *out)
{
	struct vg_claim claim = {.record = *record, .dir = records->dir, .fd = -1};
	int r;

	claim.fd = vg_open(claim.dir, record->file, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0);
	r = claim.fd < 0 ? claim.fd : vg_life_take(claim.fd);
	if (r) {
		vg_close(claim.fd);
		return r == -EAGAIN ? r : fail_record(ctx, record->file, r);
	}
	records->dir = -1;
	*out = claim;
	return 0;
}

int vg_record_set(int dir, struct vg_record *record, enum vg_record_state state, uint64_t inode)
{
	struct vg_record changed = *record;
	int r;

	changed.state = state;
	changed.inode = inode;
	r = vg_record_name_format(&changed);
	if (r == 0)
		r = vg_rename(dir, record->file, changed.file);
	if (r == 0)
		*record = changed;
	return r;
}

void vg_claim_remove(struct vgpu_context *ctx, struct vg_claim *claim)
{
	char path[VG_PATH_SIZE];
	int lock = take_lock(ctx, vg_now_ms() + 1000, path);
	int r = lock < 0 ? lock : vg_unlink(claim->dir, claim->record.file);

	/* a record that stays is void: it names a vGPU that is not there */
	if (r)
		vg_log(ctx, VGPU_LOG_WARNING, "record %s can't be removed: %s", claim->record.file, strerrordesc_np(-r));
	vg_claim_end(claim);
	if (lock >= 0)
		vg_lock_drop(lock);
}

int vg_claim_commit(struct vg_claim *claim, uint64_t inode)
{
	char text[64];
	int r = vg_record_set(claim->dir, &claim->record, VG_RECORD_READY, inode);

	/* last: until the file has grown, the helper takes the vGPU back */
	vg_strf(text, sizeof(text), "made=%lld\n", (long long)time(NULL));
	return r ? r : vg_append(claim->fd, text);
}

void vg_claim_leave(struct vg_claim *claim)
{
	vg_close(claim->fd);
	vg_close(claim->dir);
	claim->fd = claim->dir = -1;
}

void vg_claim_end(struct vg_claim *claim)
{
	vg_life_drop(claim->fd);
	vg_claim_leave(claim);
}
