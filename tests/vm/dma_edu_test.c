/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DMA that really happens: edu reads and writes our memory through the IOMMU. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dma_test.h"

#define IOVA (16 * MIB)

static struct vgpu_context *ctx;
static struct vgpu_dma *dma;
static struct vgpu_vfio *edu;

static void begin(int i)
{
	ctx = new_context();
	dma = new_dma(ctx);
	edu = edu_open(ctx, path_of(i), dma);
}

static void end(void)
{
	vgpu_vfio_close(edu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}

START_TEST(copies)
{
	unsigned char *mem;

	begin(_i);
	mem = memory(MIB);
	map(ctx, dma, IOVA, mem, MIB, RW);
	edu_expect_copy(edu, IOVA, mem, IOVA + MIB - EDU_MOST, mem + MIB - EDU_MOST);
	edu_expect_copy(edu, IOVA + 0x12000, mem + 0x12000, IOVA + 0x7800, mem + 0x7800);
	expect_map(dma, IOVA + 0x12345, IOVA, mem, MIB, RW);
	unmap(ctx, dma, IOVA, MIB);
	expect_map(dma, IOVA, 0, NULL, 0, 0);
	end();
}
END_TEST

/* The kernel's log from now on. */
static int open_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)lseek(fd, 0, SEEK_END), 0);
	return fd;
}

/* Is there a line about a fault at this address, soon? */
static bool has_fault(int fd, uint64_t iova)
{
	char line[8192], wanted[40];
	ssize_t n;
	int tries;

	snprintf(wanted, sizeof(wanted), "fault addr 0x%llx", (unsigned long long)iova);
	for (tries = 0; tries < 50; tries++) {
		while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
			line[n] = '\0';
			if (strstr(line, "DMAR") && strstr(line, wanted))
				return true;
		}
		usleep(10000);
	}
	return false;
}

/* A write that changes nothing, and that the kernel tells of; as it tells of ten in 5 s only, it is tried for longer.
 */
static void expect_fault(uint64_t iova, unsigned char *mem)
{
	int log = open_log(), tries;

	for (tries = 0; tries < 40; tries++) {
		edu_expect_no_write(edu, iova, mem);
		if (has_fault(log, iova))
			break;
	}
	ck_assert_msg(tries < 40, "no fault in the kernel's log");
	close(log);
}

/* An IOVA that is not mapped: nothing is written anywhere, nothing is read, and the kernel tells of the fault. */
START_TEST(not_mapped)
{
	unsigned char *mem, *other;

	begin(_i);
	mem = memory(2 * PAGE);
	other = memory(PAGE);
	map(ctx, dma, IOVA, mem, 2 * PAGE, RW);
	edu_read(edu, IOVA, EDU_MOST); /* so that the buffer has something else than the memory below */
	fill(mem, 2 * PAGE, 0x55000000);
	expect_fault(IOVA + 2 * PAGE, mem + PAGE);
	unmap(ctx, dma, IOVA, 2 * PAGE);
	expect_fault(IOVA, mem);
	fill(other, PAGE, 0x77000000);
	edu_expect_no_write(edu, IOVA, other);
	end();
}
END_TEST

START_TEST(rights)
{
	unsigned char *from, *to;

	begin(_i);
	from = memory(PAGE);
	to = memory(PAGE);
	map(ctx, dma, IOVA, from, PAGE, VGPU_DMA_READ);
	map(ctx, dma, IOVA + PAGE, to, PAGE, RW);
	edu_read(edu, IOVA + PAGE, EDU_MOST);
	fill(from, PAGE, 0x33000000);
	expect_fault(IOVA, from);
	edu_expect_copy(edu, IOVA, from, IOVA + PAGE, to);
	fill(from, PAGE, 0x33000000);
	edu_expect_no_write(edu, IOVA, from); /* no word of it now: the emulated IOMMU has the page in its cache */
	expect_map(dma, IOVA, IOVA, from, PAGE, VGPU_DMA_READ);
	expect_map(dma, IOVA + PAGE + 1, IOVA + PAGE, to, PAGE, RW);
	end();
}
END_TEST

/* Memory that our process may only read: a device may read it too, and not write it. */
START_TEST(read_only_memory)
{
	unsigned char *from, *to;
	int fd = memfd_create("ro", MFD_CLOEXEC), r;

	begin(_i);
	ck_assert_int_eq(ftruncate(fd, (off_t)PAGE), 0);
	to = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	from = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert(to != MAP_FAILED && from != MAP_FAILED);
	r = vgpu_dma_map(dma, IOVA, from, PAGE, RW);
	expect_failure(ctx, r, -EFAULT, VGPU_CAUSE_INVALID);
	expect_words(ctx, "may not write there");
	munmap(to, PAGE);
	r = vgpu_dma_map(dma, IOVA, to, PAGE, RW); /* not there at all */
	expect_failure(ctx, r, -EFAULT, VGPU_CAUSE_INVALID);
	expect_map(dma, IOVA, 0, NULL, 0, 0);
	end();
}
END_TEST

/* Memory comes and goes while the device is at work. */
START_TEST(hot_plug)
{
	unsigned char *base, *more, *other;

	begin(_i);
	base = memory(MIB);
	more = memory(MIB);
	other = memory(MIB);
	map(ctx, dma, IOVA, base, MIB, RW);
	edu_expect_copy(edu, IOVA, base, IOVA + PAGE, base + PAGE);
	map(ctx, dma, IOVA + MIB, more, MIB, RW);
	edu_expect_copy(edu, IOVA, base, IOVA + MIB, more);
	unmap(ctx, dma, IOVA + MIB, MIB);
	fill(more, MIB, 0x66000000);
	edu_expect_no_write(edu, IOVA + MIB, more);
	map(ctx, dma, IOVA + MIB, other, MIB, RW);
	fill(more, MIB, 0x66000000);
	edu_expect_no_write(edu, IOVA + MIB, more);
	edu_expect_copy(edu, IOVA + MIB, other, IOVA, base);
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	expect_map(dma, IOVA, 0, NULL, 0, 0);
	fill(base, MIB, 0x66000000);
	edu_expect_no_write(edu, IOVA, base);
	ck_assert_int_eq(vgpu_dma_unmap_all(dma), 0);
	end();
}
END_TEST

/* A file's memory, in huge pages, wherever there is room: at the IOMMU's huge pages, in three ranges that are one. */
START_TEST(huge_pages)
{
	struct vgpu_dma_range ranges[3] = {{0}}, found = {.size = sizeof(found)};
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB), i;
	unsigned char *mem;
	uint64_t iova = 0;

	begin(_i);
	ck_assert_int_eq(ftruncate(fd, 8 << 20), 0);
	mem = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_msg(mem != MAP_FAILED, "no huge pages: %s", strerror(errno));
	fill(mem, 8 * MIB, 0);
	ck_assert_int_eq(vgpu_dma_map_anywhere(dma, mem, 8 * MIB, RW, &iova), 0);
	ck_assert_uint_eq(iova % (2 * MIB), (uintptr_t)mem % (2 * MIB));
	edu_expect_copy(edu, iova + 5 * MIB, mem + 5 * MIB, iova + 2 * MIB - PAGE, mem + 2 * MIB - PAGE);
	unmap(ctx, dma, iova, 8 * MIB);
	for (i = 0; i < 3; i++)
		ranges[i] = (struct vgpu_dma_range){
			sizeof(ranges[0]), 64 * MIB + 2 * MIB * i, mem + 2 * MIB * i, 2 * MIB, RW | VGPU_DMA_FD, fd, 2 * MIB * i};
	ck_assert_int_eq(vgpu_dma_map_ranges(dma, ranges, 3, VGPU_DMA_MERGE), 0);
	expect_map(dma, 66 * MIB, 64 * MIB, mem, 6 * MIB, RW | VGPU_DMA_FD);
	close(fd); /* the object has its own */
	ck_assert_int_eq(vgpu_dma_find(dma, 64 * MIB, &found, NULL), 0);
	ck_assert_int_ne(fcntl(found.fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_uint_eq(found.offset, 0);
	edu_expect_copy(edu, 66 * MIB - 1024, mem + 2 * MIB - 1024, 69 * MIB, mem + 5 * MIB);
	unmap(ctx, dma, 64 * MIB, 6 * MIB);
	ck_assert_int_eq(fcntl(found.fd, F_GETFD), -1);
	end();
}
END_TEST

void add_edu_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("edu");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, copies, 0, paths);
	tcase_add_loop_test(tcase, not_mapped, 0, paths);
	tcase_add_loop_test(tcase, rights, 0, paths);
	tcase_add_loop_test(tcase, read_only_memory, 0, paths);
	tcase_add_loop_test(tcase, hot_plug, 0, paths);
	tcase_add_loop_test(tcase, huge_pages, 0, paths);
	suite_add_tcase(suite, tcase);
}
