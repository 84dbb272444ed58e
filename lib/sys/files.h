/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to files and directories. Every function returns -errno and makes no error record: the caller knows
 * whether a missing file is an error. Everything read is untrusted: bounded, and terminated.
 */
#ifndef VG_SYS_FILES_H
#define VG_SYS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Paths are composed in buffers of this size. */
#define VG_PATH_SIZE 4096
#define VG_NAME_SIZE 256
/* sysfs hands out at most a page. */
#define VG_ATTR_SIZE 4096

/* Opens a directory to read it; dirfd may be AT_FDCWD. Returns a descriptor (close it with vg_close) or -errno. */
int vg_open_dir(int dirfd, const char *path);
/* open(2) with O_CLOEXEC and O_NOCTTY added. mode matters for O_CREAT only. */
int vg_open(int dirfd, const char *path, int flags, mode_t mode);
void vg_close(int fd);

/* Reads a small file into buf, terminated, white space at its end cut. Its length, or -errno; -EFBIG if it is longer.
 */
ssize_t vg_read_text(int dirfd, const char *path, char *buf, size_t size);
/* Reads a file that holds one number ("4", "0x10de"); -EINVAL if it holds something else. */
int vg_read_u64(int dirfd, const char *path, unsigned base, uint64_t max, uint64_t *out);
/* The target of a link. */
int vg_read_link(int dirfd, const char *path, char *buf, size_t size);
/* The last part of a link's target. */
int vg_read_link_name(int dirfd, const char *path, char *buf, size_t size);
/* As stat(2), links followed. */
int vg_stat(int dirfd, const char *path, struct stat *out);
bool vg_exists(int dirfd, const char *path);
/* realpath(3) into buf[VG_PATH_SIZE]. */
int vg_real_path(const char *path, char *buf);

/* Makes a file that is not there yet, of this mode whatever the umask, with this text. A descriptor or -errno. */
int vg_make_file(int dirfd, const char *name, mode_t mode, const char *text);
/* Writes text at the end of a file that was made by vg_make_file(), or opened to append. 0 or -errno. */
int vg_append(int fd, const char *text);
int vg_rename(int dirfd, const char *from, const char *to);
int vg_unlink(int dirfd, const char *name);

struct vg_dirent {
	const char *name;
	uint64_t inode;
	bool is_link;
};

/* A directory's entries, but "." and "..", in the kernel's order. */
struct vg_entries {
	struct vg_dirent *items;
	size_t count;
	char *names;
};

/* Reads a directory. A missing one is -ENOENT. */
int vg_entries_read(int dirfd, const char *path, struct vg_entries *out);
/* The same of a descriptor opened with vg_open_dir(), from its position on. */
int vg_entries_read_fd(int fd, struct vg_entries *out);
/* Sorts by name, runs of digits as numbers. */
void vg_entries_sort(struct vg_entries *entries);
void vg_entries_free(struct vg_entries *entries);

/* Milliseconds, and microseconds, on a clock that only goes forward. */
int64_t vg_now_ms(void);
int64_t vg_now_us(void);
void vg_sleep_ms(int64_t ms);

#endif
