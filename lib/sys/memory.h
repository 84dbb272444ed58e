/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to memory behind descriptors: our own memfds, and what a peer hands over. Functions return -errno. */
#ifndef VG_SYS_MEMORY_H
#define VG_SYS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Makes a memfd of this size that nobody can shrink, grow or seal further, and maps it here, readable and writable. It
 * costs nothing until it is touched. Who has only a descriptor to read it can't open another one to write, unless he is
 * root or its owner. read_only: nobody else can write to it or map it to write. A descriptor.
 */
int vg_memfd_make(const char *name, uint64_t size, bool read_only, void **out);

/* Another descriptor of the same memory, by which it can only be read. Needs /proc. -EOPNOTSUPP: it is no memory. */
int vg_memory_open_to_read(int fd);

/* Maps a part of a descriptor, shared; a forked child does not get it. vg_unmap() (sys/devio.h) ends it. */
int vg_map_shared(int fd, uint64_t offset, size_t size, bool readable, bool writable, void **out);

/* What a descriptor is that somebody calls memory. */
struct vg_memory_kind {
	bool is_file;   /* else a device's, or a dmabuf: nobody truncates these */
	bool is_memory; /* a file of tmpfs or hugetlbfs, as memfds are: to read it waits for nobody */
	bool is_huge;   /* of hugetlbfs, which has no write(2) */
	bool is_fixed;  /* nothing that others do makes a touch of a mapping fatal */
	bool is_writable;
	uint64_t size;
	uint64_t page; /* offset and length of a mapping are multiples of it */
};

int vg_memory_look(int fd, struct vg_memory_kind *out);

/* The first part at or behind from that was ever touched: 1; 0: there is none; or -errno. */
int vg_memory_next(int fd, uint64_t from, uint64_t *start, uint64_t *end);
/* Makes the first size bytes as if they were never touched: they read as 0 wherever they are mapped. */
int vg_memory_drop(int fd, uint64_t size);

#endif
