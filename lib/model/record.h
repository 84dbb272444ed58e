/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records from within: one file in <run>/vgpu a vGPU that libvgpu made. Its name holds all that a listing needs:
 *
 *   UUID:INSTANCE,STATE,BOOT,INODE,BACKEND,PARENT,NAME
 *
 * STATE is "creating", "ready", "removing" (ours) or "foreign" (somebody else's vGPU that libvgpu removes); BOOT the
 * first eight digits of the boot id; INODE that of the vGPU's directory in sysfs in hexadecimal, 0 before it is made;
 * in PARENT and NAME (the kernel's), bytes other than letters, digits, '.', ':', '_' and '-' are %XX. The file holds
 * "key=value" lines for people: type, creator, time.
 *
 * Who is at work on a record (and the helper that writes to the kernel for it) holds the file's lock of life.
 */
#ifndef VG_MODEL_RECORD_H
#define VG_MODEL_RECORD_H

#include <vgpu/record.h>

#include "core/context.h"
#include "sys/files.h"
#include "util/pair.h"

#define VG_BOOT_SIZE 9
#define VG_RECORD_LOCK ".lock"

enum vg_record_state {
	VG_RECORD_CREATING,
	VG_RECORD_READY,
	VG_RECORD_REMOVING,
	VG_RECORD_FOREIGN,
};

struct vg_record {
	struct vg_pair pair;
	enum vg_record_state state;
	char boot[VG_BOOT_SIZE];
	uint64_t inode;
	char backend[32];
	char parent[VG_NAME_SIZE];
	char name[VG_NAME_SIZE];
	char file[VG_NAME_SIZE]; /* the record's own file name */
};

/* The records' directory, read once. */
struct vg_records {
	int dir;                 /* -1: there is none */
	char boot[VG_BOOT_SIZE]; /* this boot; "" if unknown or not needed */
	struct vg_entries entries;
	struct vg_record *items; /* sorted by name (the kernel's) */
	size_t count;
};

int vg_record_name_parse(const char *file, struct vg_record *out);
/* Fills record->file from the rest. 0 or -ENAMETOOLONG. */
int vg_record_name_format(struct vg_record *record);

/* Reads all records; a missing directory is an empty one. */
int vg_records_read(struct vgpu_context *ctx, struct vg_records *out);
void vg_records_free(struct vg_records *records);
/* The record of this kernel name in this backend, or NULL. */
struct vg_record *vg_records_find(struct vg_records *records, const char *backend, const char *name);
struct vg_record *vg_records_find_pair(struct vg_records *records, const struct vg_pair *pair);
/* Is somebody at work on it? */
bool vg_record_is_live(const struct vg_records *records, const struct vg_record *record);
/* Was it made in this boot, for the vGPU whose directory has this inode (0: there is none)? */
bool vg_record_is_valid(const struct vg_records *records, const struct vg_record *record, uint64_t inode);
/* A value of its file ("type"); false if there is none. */
bool vg_record_get(const struct vg_records *records, const struct vg_record *record, const char *key, char *buf,
				   size_t size);

/* The directory's lock, for claiming and removing records: never held over a write to the kernel's sysfs. */
int vg_records_lock(struct vgpu_context *ctx, const char *operation, int64_t deadline);

/*
 * A record that this process works on, its life lock held by fd. Made (or taken over) under the lock; its state
 * changes by renaming it, which only its holder does, so that needs no lock.
 */
struct vg_claim {
	struct vg_record record;
	int dir;
	int fd;
};

/*
 * Makes a new record of what record says (boot and file are filled in). A claim takes over the records' open directory,
 * so that nothing more can be done with records than to look at what was read, and to free it.
 */
int vg_claim_new(struct vgpu_context *ctx, struct vg_records *records, const struct vg_record *record, const char *type,
				 struct vg_claim *out);
/* Takes an existing record over. -EAGAIN without an error record: somebody is at work on it. */
int vg_claim_take(struct vgpu_context *ctx, struct vg_records *records, const struct vg_record *record,
				  struct vg_claim *out);
/* Renames a record: for whoever has claimed it, or under the lock one that nobody is at work on. 0 or -errno. */
int vg_record_set(int dir, struct vg_record *record, enum vg_record_state state, uint64_t inode);
/* Removes the record and ends the claim. Takes the lock for it; without the lock the record is left, void. */
void vg_claim_remove(struct vgpu_context *ctx, struct vg_claim *claim);
/* A creation that is complete: the record says "ready", and its helper lets go of the vGPU. */
int vg_claim_commit(struct vg_claim *claim, uint64_t inode);
/* Ends the claim and leaves the record: nobody is at work on it any more. */
void vg_claim_end(struct vg_claim *claim);
/* The same, but the helper is still at work on it. */
void vg_claim_leave(struct vg_claim *claim);

#endif
