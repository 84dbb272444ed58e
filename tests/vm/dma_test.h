/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of DMA share: QEMU's device edu, which copies between memory and a buffer of its own. */
#ifndef TESTS_VM_DMA_TEST_H
#define TESTS_VM_DMA_TEST_H

#include <stddef.h>

#include "vfio_test.h"

#define PAGE ((uint64_t)4096)
#define MIB ((uint64_t)1 << 20)
#define RW (VGPU_DMA_READ | VGPU_DMA_WRITE)
/* QEMU 7.2 aborts on a transfer of edu's whole buffer of 4096 bytes. */
#define EDU_MOST 2048u

/* Opens edu and lets it do DMA. */
struct vgpu_vfio *edu_open(struct vgpu_context *ctx, enum vgpu_access access, struct vgpu_dma *dma);
void edu_set_up(struct vgpu_vfio *edu);
/* edu reads memory into its buffer; it writes its buffer to memory. Returns when it is done; takes 100 ms. */
void edu_read(struct vgpu_vfio *edu, uint64_t iova, uint32_t count);
void edu_write(struct vgpu_vfio *edu, uint64_t iova, uint32_t count);
/* edu copies from one IOVA to another: at address there must be the same then; different is seen before. */
void edu_expect_copy(struct vgpu_vfio *edu, uint64_t from, void *from_address, uint64_t to, void *to_address);
/* edu can't write there: the memory at address, which is or was mapped at the IOVA, stays as it is. */
void edu_expect_no_write(struct vgpu_vfio *edu, uint64_t iova, void *address);

/* Memory, in pages of the usual size; filled so that no two words in it are the same. */
void *memory(uint64_t length);
void fill(void *address, uint64_t length, uint32_t seed);
struct vgpu_dma *new_dma(struct vgpu_context *ctx);
/* Asserts success. */
void map(struct vgpu_context *ctx, struct vgpu_dma *dma, uint64_t iova, void *address, uint64_t length, uint32_t flags);
void unmap(struct vgpu_context *ctx, struct vgpu_dma *dma, uint64_t iova, uint64_t length);
/* The mapping that holds iova is this one; length 0: there is none. */
void expect_map(struct vgpu_dma *dma, uint64_t iova, uint64_t start, void *address, uint64_t length, uint32_t flags);
int64_t mappings_left(struct vgpu_context *ctx, struct vgpu_dma *dma);
/* The last error's message, or hint, has this in it. */
void expect_words(struct vgpu_context *ctx, const char *words);
/* A device's node, opened by this test. */
int open_path(const char *path);

/* The parts of dma_test. */
void add_edu_tests(Suite *suite, int paths);
void add_map_tests(Suite *suite, int paths);
void add_limit_tests(Suite *suite, int paths);
void add_join_tests(Suite *suite, int paths);
void add_given_tests(Suite *suite, int paths);
void add_dirty_tests(Suite *suite, int paths);
void add_thread_tests(Suite *suite, int paths);

#endif
