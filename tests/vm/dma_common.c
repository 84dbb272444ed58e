/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of DMA share. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dma_test.h"

/* edu's registers in BAR0, and its buffer as its DMA engine sees it. */
#define SOURCE 0x80
#define TARGET 0x88
#define COUNT 0x90
#define COMMAND 0x98
#define START 1u
#define TO_MEMORY 2u
#define BUFFER 0x40000u

/* PCI config space: the command register, with memory decoding and bus mastering. */
#define PCI_COMMAND 4
#define MEMORY_AND_MASTER 6u

void edu_set_up(struct vgpu_vfio *edu)
{
	ck_assert_int_eq(vgpu_config_write(edu, PCI_COMMAND, 2, config(edu, PCI_COMMAND, 2) | MEMORY_AND_MASTER), 0);
}

struct vgpu_vfio *edu_open(struct vgpu_context *ctx, enum vgpu_access access, struct vgpu_dma *dma)
{
	struct vgpu_vfio *edu = open_with(ctx, "EDU", access, dma);

	edu_set_up(edu);
	return edu;
}

static void set(struct vgpu_vfio *edu, uint64_t offset, uint64_t value)
{
	ck_assert_int_eq(vgpu_region_write_value(edu, VGPU_REGION_BAR0, offset, 4, value), 0);
}

static void run(struct vgpu_vfio *edu, uint64_t from, uint64_t to, uint32_t count, uint32_t command)
{
	uint64_t state = START;
	int tries;

	ck_assert_uint_lt(from | to, 1u << 28); /* edu knows no more bits */
	ck_assert_uint_le(count, EDU_MOST);
	set(edu, SOURCE, from);
	set(edu, TARGET, to);
	set(edu, COUNT, count);
	set(edu, COMMAND, command | START);
	for (tries = 0; state & START && tries < 10000; tries++) {
		usleep(2000);
		ck_assert_int_eq(vgpu_region_read_value(edu, VGPU_REGION_BAR0, COMMAND, 4, &state), 0);
	}
	ck_assert_msg(!(state & START), "edu does not end its DMA");
}

void edu_read(struct vgpu_vfio *edu, uint64_t iova, uint32_t count)
{
	run(edu, iova, BUFFER, count, 0);
}

void edu_write(struct vgpu_vfio *edu, uint64_t iova, uint32_t count)
{
	run(edu, BUFFER, iova, count, TO_MEMORY);
}

void edu_expect_copy(struct vgpu_vfio *edu, uint64_t from, void *from_address, uint64_t to, void *to_address)
{
	static uint32_t seed = 1;

	fill(from_address, EDU_MOST, seed++ << 16);
	memset(to_address, 0, EDU_MOST);
	edu_read(edu, from, EDU_MOST);
	edu_write(edu, to, EDU_MOST);
	ck_assert_int_eq(memcmp(from_address, to_address, EDU_MOST), 0);
	fill(to_address, EDU_MOST, 0xff000000); /* unlike what is in edu's buffer */
}

void edu_expect_no_write(struct vgpu_vfio *edu, uint64_t iova, void *address)
{
	unsigned char before[EDU_MOST];

	memcpy(before, address, EDU_MOST);
	edu_write(edu, iova, EDU_MOST);
	ck_assert_int_eq(memcmp(before, address, EDU_MOST), 0);
}

void fill(void *address, uint64_t length, uint32_t seed)
{
	uint32_t *words = address;
	uint64_t i;

	for (i = 0; i < length / 4; i++)
		words[i] = seed + (uint32_t)i;
}

void *memory(uint64_t length)
{
	void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	fill(at, length, 0x10000000);
	return at;
}

struct vgpu_dma *new_dma(struct vgpu_context *ctx)
{
	struct vgpu_dma *dma = NULL;

	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	return dma;
}

void map(struct vgpu_context *ctx, struct vgpu_dma *dma, uint64_t iova, void *address, uint64_t length, uint32_t flags)
{
	int r = vgpu_dma_map(dma, iova, address, length, flags);

	ck_assert_msg(r == 0, "map 0x%llx: %d: %s", (unsigned long long)iova, r,
				  vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

void unmap(struct vgpu_context *ctx, struct vgpu_dma *dma, uint64_t iova, uint64_t length)
{
	int r = vgpu_dma_unmap(dma, iova, length);

	ck_assert_msg(r == 0, "unmap 0x%llx: %d: %s", (unsigned long long)iova, r,
				  vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

void expect_map(struct vgpu_dma *dma, uint64_t iova, uint64_t start, void *address, uint64_t length, uint32_t flags)
{
	struct vgpu_dma_range range = {.size = sizeof(range), .iova = 77};
	uint64_t follows = 7;

	if (!length) {
		ck_assert_int_eq(vgpu_dma_find(dma, iova, &range, &follows), -ENOENT);
		ck_assert_uint_eq(range.iova, 77);
		ck_assert_uint_eq(follows, 7);
		return;
	}
	ck_assert_int_eq(vgpu_dma_find(dma, iova, &range, &follows), 0);
	ck_assert_uint_eq(range.size, sizeof(range));
	ck_assert_uint_eq(range.iova, start);
	ck_assert_ptr_eq(range.address, address);
	ck_assert_uint_eq(range.length, length);
	ck_assert_uint_eq(range.flags, flags);
	ck_assert_int_eq(range.fd >= 0, (flags & VGPU_DMA_FD) != 0);
	ck_assert_uint_eq(follows, start + length - iova);
}

int64_t mappings_left(struct vgpu_context *ctx, struct vgpu_dma *dma)
{
	struct vgpu_dma_limits *limits;
	int64_t left;
	int r = vgpu_dma_limits_find(dma, &limits);

	ck_assert_msg(r == 0, "limits: %d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	left = vgpu_dma_limits_get_mappings_left(limits);
	ck_assert_ptr_null(vgpu_dma_limits_unref(limits));
	return left;
}

void expect_words(struct vgpu_context *ctx, const char *words)
{
	struct vgpu_error *error = vgpu_context_get_error(ctx);
	const char *message = vgpu_error_get_message(error), *hint = vgpu_error_get_hint(error);

	ck_assert_msg(strstr(message, words) || strstr(hint, words), "no \"%s\" in: %s; %s", words, message, hint);
}

int open_path(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}
