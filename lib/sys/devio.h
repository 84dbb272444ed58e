/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door to opened devices: ioctl, positioned reads and writes, mappings, duplicates. Functions return -errno. */
#ifndef VG_SYS_DEVIO_H
#define VG_SYS_DEVIO_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* Opens a node to read, write and map. A descriptor (close it with vg_close), or -errno. */
int vg_node_open(const char *path);
/* A duplicate that is closed on exec, or -errno. */
int vg_dup_fd(int fd);
/* Are these two descriptors of one open file? False where the kernel does not tell. */
bool vg_same_file(int a, int b);
/* How much memory this process may lock, in bytes; UINT64_MAX: no limit. */
uint64_t vg_memlock_limit(void);
/* ioctl(2), begun again after a signal. */
int vg_ioctl(int fd, unsigned long request, void *arg);
/* The same with a number as argument. */
int vg_ioctl_value(int fd, unsigned long request, unsigned long value);
/*
 * System calls, begun again after a signal: their result, or -errno. A register's read, or the mapping of a page, is
 * hardly more than the system call, so that libc's detour (linkage table, cancellation, errno) would be much of what
 * the library adds.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VG_SANITIZED 1 /* these look into calls */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define VG_SANITIZED 1
#endif
#endif
#if defined(__x86_64__) && !defined(VG_SANITIZED)
#define VG_INLINE_CALLS 1
static inline long vg_syscall(long number, int fd, uint64_t second, uint64_t third, uint64_t fourth)
{
	register uint64_t r10 __asm__("r10") = fourth;
	long n;

	for (;;) {
		__asm__ volatile("syscall"
						 : "=a"(n)
						 : "0"(number), "D"((long)fd), "S"(second), "d"(third), "r"(r10)
						 : "rcx", "r11", "memory");
		if (n != -EINTR)
			return n;
	}
}

static inline ssize_t vg_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	return vg_syscall(SYS_pread64, fd, (uintptr_t)buf, len, offset);
}

static inline ssize_t vg_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	return vg_syscall(SYS_pwrite64, fd, (uintptr_t)buf, len, offset);
}

static inline int vg_ioctl_quick(int fd, unsigned long request, void *arg)
{
	return (int)vg_syscall(SYS_ioctl, fd, request, (uintptr_t)arg, 0);
}
#else
ssize_t vg_pread(int fd, void *buf, size_t len, uint64_t offset);
ssize_t vg_pwrite(int fd, const void *buf, size_t len, uint64_t offset);
static inline int vg_ioctl_quick(int fd, unsigned long request, void *arg)
{
	return vg_ioctl(fd, request, arg);
}
#endif

/* A new eventfd, non-blocking and at 0, or -errno. */
int vg_eventfd_make(void);
/* Takes what was added to a non-blocking eventfd: the number, 0 where it is none, or -errno. */
int64_t vg_eventfd_take(int fd);
/* A descriptor that is readable while one of those added to it is, or -errno. */
int vg_poll_make(void);
int vg_poll_add(int poll_fd, int fd);
void vg_poll_remove(int poll_fd, int fd);

size_t vg_page_size(void);
/*
 * Reserves size bytes of addresses without memory, at an address that is phase modulo align (a power of two, at least
 * a page; size and phase are multiples of a page). A forked child does not get them.
 */
int vg_reserve(size_t size, size_t align, size_t phase, void **out);
/*
 * Copies this process's own memory at address into buf, or with write the other way; -EFAULT where there is none (it
 * may be of a file that was truncated), which plain copying would not survive.
 */
int vg_own_memory(void *address, void *buf, size_t size, bool write);
/* Maps a part of a descriptor over reserved addresses; a forked child does not get it. */
int vg_map_over(void *at, size_t size, bool readable, bool writable, int fd, uint64_t offset);
void vg_unmap(void *at, size_t size);
/* Begins, or ends, reading of a dmabuf's memory by the processor. */
int vg_dmabuf_sync(int fd, bool begin);

#endif
