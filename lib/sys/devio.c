/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to opened devices. */
#include "sys/devio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/kcmp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/files.h"
#include "sys/uapi.h"

int vg_node_open(const char *path)
{
	return vg_open(AT_FDCWD, path, O_RDWR, 0);
}

int vg_dup_fd(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* not one of the standard three, which a program may redirect */

	return copy < 0 ? -errno : copy;
}

bool vg_same_file(int a, int b)
{
	int r = a == b ? 1 : fcntl(a, VG_F_DUPFD_QUERY, b);

	if (r < 0) /* Linux before 6.10 */
		r = syscall(SYS_kcmp, getpid(), getpid(), (long)KCMP_FILE, (long)a, (long)b) == 0;
	return r == 1;
}

uint64_t vg_memlock_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

int vg_ioctl(int fd, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int vg_ioctl_value(int fd, unsigned long request, unsigned long value)
{
	int r;

	do
		r = ioctl(fd, request, value);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

#ifndef VG_INLINE_CALLS
ssize_t vg_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	ssize_t n;

	do
		n = pread(fd, buf, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t vg_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	ssize_t n;

	do
		n = pwrite(fd, buf, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}
#endif

int vg_eventfd_make(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int64_t vg_eventfd_take(int fd)
{
	uint64_t count;
	ssize_t n;

	do
		n = read(fd, &count, sizeof(count));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

int vg_poll_make(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int vg_poll_add(int poll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

void vg_poll_remove(int poll_fd, int fd)
{
	epoll_ctl(poll_fd, EPOLL_CTL_DEL, fd, NULL);
}

size_t vg_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int vg_reserve(size_t size, size_t align, size_t phase, void **out)
{
	size_t slack = align - vg_page_size(), head, all;
	char *at;

	if (__builtin_add_overflow(size, slack, &all))
		return -ENOMEM;
	at = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	head = (phase - (uintptr_t)at) & (align - 1);
	if (head)
		munmap(at, head);
	if (slack - head)
		munmap(at + head + size, slack - head);
	at += head;
	if (madvise(at, size, MADV_DONTFORK)) {
		int err = errno;

		munmap(at, size);
		return -err;
	}
	*out = at;
	return 0;
}

int vg_map_over(void *at, size_t size, bool readable, bool writable, int fd, uint64_t offset)
{
	int prot = (readable ? PROT_READ : 0) | (writable ? PROT_WRITE : 0);

	if (mmap(at, size, prot, MAP_SHARED | MAP_FIXED, fd, (off_t)offset) == MAP_FAILED)
		return -errno;
	return madvise(at, size, MADV_DONTFORK) ? -errno : 0;
}

void vg_unmap(void *at, size_t size)
{
	munmap(at, size);
}

int vg_dmabuf_sync(int fd, bool begin)
{
	struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_READ | (begin ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END)};
	int r;

	do
		r = vg_ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	while (r == -EAGAIN);
	return r;
}

int vg_own_memory(void *address, void *buf, size_t size, bool write)
{
	struct iovec theirs = {address, size}, ours = {buf, size};
	const pid_t self = getpid();
	ssize_t n;

	while (ours.iov_len) { /* one call copies 2 GiB at most */
		n = write ? process_vm_writev(self, &ours, 1, &theirs, 1, 0) : process_vm_readv(self, &ours, 1, &theirs, 1, 0);
		if (n <= 0)
			return n < 0 ? -errno : -EFAULT;
		ours = (struct iovec){(char *)ours.iov_base + n, ours.iov_len - (size_t)n};
		theirs = (struct iovec){(char *)theirs.iov_base + n, ours.iov_len};
	}
	return 0;
}
