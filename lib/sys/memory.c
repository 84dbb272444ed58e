/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to memory behind descriptors. */
#include "sys/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "util/str.h"

int vg_map_shared(int fd, uint64_t offset, size_t size, bool readable, bool writable, void **out)
{
	int prot = (readable ? PROT_READ : 0) | (writable ? PROT_WRITE : 0);
	void *at = mmap(NULL, size, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)offset);

	if (at == MAP_FAILED)
		return -errno;
	if (madvise(at, size, MADV_DONTFORK)) {
		int err = errno;

		munmap(at, size);
		return -err;
	}
	*out = at;
	return 0;
}

int vg_memfd_make(const char *name, uint64_t size, bool read_only, void **out)
{
	int seals = F_SEAL_SHRINK | F_SEAL_GROW | (read_only ? F_SEAL_FUTURE_WRITE : 0) | F_SEAL_SEAL;
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), r;
	void *at = NULL;

	if (fd < 0)
		return -errno;
	r = ftruncate(fd, (off_t)size) || fchmod(fd, 0444) ? -errno : vg_map_shared(fd, 0, size, true, true, &at);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, seals)) {
		r = -errno;
		vg_unmap(at, size);
	}
	if (r) {
		vg_close(fd);
		return r;
	}
	*out = at;
	return fd;
}

int vg_memory_look(int fd, struct vg_memory_kind *out)
{
	int flags = fcntl(fd, F_GETFL), seals;
	struct statfs fs;
	struct stat st;

	*out = (struct vg_memory_kind){0};
	if (flags < 0 || fstat(fd, &st) || fstatfs(fd, &fs))
		return -errno;
	out->is_file = S_ISREG(st.st_mode);
	out->is_huge = fs.f_type == HUGETLBFS_MAGIC;
	out->is_memory = out->is_file && (out->is_huge || fs.f_type == TMPFS_MAGIC);
	out->is_writable = (flags & O_ACCMODE) == O_RDWR;
	out->size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
	seals = fcntl(fd, F_GET_SEALS);
	/*
	 * No seal keeps a hole from being punched but those against writing. Of tmpfs, a page is made when the hole is
	 * touched; of hugetlbfs, whose pages are few, there may be none left, and whoever touches it gets SIGBUS
	 * (hugetlbfs_punch_hole() gives up the reservation too).
	 */
	out->is_fixed = seals >= 0 && seals & F_SEAL_SHRINK && !out->is_huge;
	out->page = out->is_huge ? (uint64_t)fs.f_bsize : vg_page_size();
	return 0;
}

int vg_memory_open_to_read(int fd)
{
	struct vg_memory_kind kind;
	char path[32];
	int r = vg_memory_look(fd, &kind);

	if (r || !kind.is_memory)
		return r ? r : -EOPNOTSUPP;
	vg_strf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return vg_open(AT_FDCWD, path, O_RDONLY, 0);
}

int vg_memory_next(int fd, uint64_t from, uint64_t *start, uint64_t *end)
{
	off_t data = lseek(fd, (off_t)from, SEEK_DATA), hole;

	if (data < 0)
		return errno == ENXIO ? 0 : -errno;
	hole = lseek(fd, data, SEEK_HOLE);
	if (hole < 0)
		return -errno;
	*start = (uint64_t)data;
	*end = (uint64_t)hole;
	return 1;
}

int vg_memory_drop(int fd, uint64_t size)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size) ? -errno : 0;
}
