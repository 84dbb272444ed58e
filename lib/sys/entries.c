/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to directories: names, inodes and kinds of entries by getdents64, which costs no call an entry. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/files.h"
#include "util/str.h"

#define FIRST_SIZE ((size_t)65536)
/* Less room than this is not worth a call. */
#define LEAST_ROOM 4096

/* All of a directory's raw entries; *size bytes of it. */
static int read_raw(int fd, char **raw, size_t *size)
{
	size_t room = 0, used = 0;
	char *buf = NULL;

	for (;;) {
		long n;

		if (room - used < LEAST_ROOM) {
			size_t more = room ? room * 2 : FIRST_SIZE;
			char *bigger = realloc(buf, more);

			if (!bigger) {
				free(buf);
				return -ENOMEM;
			}
			buf = bigger;
			room = more;
		}
		n = syscall(SYS_getdents64, fd, buf + used, room - used);
		if (n < 0) {
			int err = errno;

			free(buf);
			return -err;
		}
		if (n == 0)
			break;
		used += (size_t)n;
	}
	*raw = buf;
	*size = used;
	return 0;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

int vg_entries_read_fd(int fd, struct vg_entries *out)
{
	struct vg_entries entries = {0};
	size_t size = 0, at, count = 0;
	int r = read_raw(fd, &entries.names, &size);
	const struct dirent64 *raw;

	if (r)
		return r;
	for (at = 0; at < size; at += raw->d_reclen, count++)
		raw = (const void *)(entries.names + at);
	entries.items = calloc(count ? count : 1, sizeof(*entries.items));
	if (!entries.items) {
		free(entries.names);
		return -ENOMEM;
	}
	for (at = 0; at < size; at += raw->d_reclen) {
		raw = (const void *)(entries.names + at);
		if (!is_dots(raw->d_name))
			entries.items[entries.count++] = (struct vg_dirent){raw->d_name, raw->d_ino, raw->d_type == DT_LNK};
	}
	*out = entries;
	return 0;
}

int vg_entries_read(int dirfd, const char *path, struct vg_entries *out)
{
	int fd = vg_open_dir(dirfd, path);
	int r;

	if (fd < 0)
		return fd;
	r = vg_entries_read_fd(fd, out);
	vg_close(fd);
	return r;
}

static int cmp_entries(const void *a, const void *b)
{
	const struct vg_dirent *x = a, *y = b;

	return vg_natural_cmp(x->name, y->name);
}

void vg_entries_sort(struct vg_entries *entries)
{
	if (entries->count > 1)
		qsort(entries->items, entries->count, sizeof(*entries->items), cmp_entries);
}

void vg_entries_free(struct vg_entries *entries)
{
	free(entries->items);
	free(entries->names);
	*entries = (struct vg_entries){0};
}
