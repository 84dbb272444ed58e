/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several threads on one DMA object, while devices join and leave, and edu works. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "dma_test.h"

#define THREADS 3
#define ROUNDS 400
#define WINDOW (16 * MIB)

/* check's assertions are for one thread: these count what goes wrong. */
static struct vgpu_dma *dma;
static atomic_int mistakes;
static atomic_bool over;

struct worker {
	pthread_t thread;
	uint64_t window; /* IOVAs of its own */
	unsigned char *mem;
};

static void expect(bool good, const char *what)
{
	if (!good && atomic_fetch_add(&mistakes, 1) < 10)
		fprintf(stderr, "mistake: %s\n", what);
}

static void *change(void *data)
{
	struct worker *worker = data;
	struct vgpu_dma_range found = {.size = sizeof(found)};
	uint64_t follows, iova;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t at = worker->window + (uint64_t)(round % 16) * 4 * PAGE;

		expect(vgpu_dma_map(dma, at, worker->mem, PAGE, RW) == 0, "map");
		expect(vgpu_dma_map(dma, at, worker->mem, PAGE, RW) == -EEXIST, "map twice");
		expect(vgpu_dma_map_anywhere(dma, worker->mem, PAGE, RW, &iova) == 0, "map anywhere");
		expect(vgpu_dma_find(dma, at + 1, &found, &follows) == 0 && found.address == worker->mem && follows == 4095,
			   "find");
		expect(vgpu_dma_unmap(dma, iova, PAGE) == 0, "unmap elsewhere");
		expect(vgpu_dma_unmap(dma, at, PAGE) == 0, "unmap");
		expect(vgpu_dma_find(dma, at, &found, NULL) == -ENOENT, "find what is gone");
	}
	return NULL;
}

static void *look(void *data)
{
	struct vgpu_dma_range found = {.size = sizeof(found)};
	struct vgpu_dma_limits *limits;
	uint64_t at = 0;

	while (!over) {
		at = (at + 5 * PAGE) % (WINDOW * (THREADS + 1));
		if (vgpu_dma_find(dma, at, &found, NULL) == 0)
			expect(found.iova <= at && at - found.iova < found.length, "found something else");
		if (at % (64 * PAGE) == 0) {
			expect(vgpu_dma_limits_find(dma, &limits) == 0, "limits");
			vgpu_dma_limits_unref(limits);
		}
	}
	return data;
}

static void *come_and_go(void *data)
{
	const struct vgpu_vfio_opts *opts = data;
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;

	if (vgpu_context_new(NULL, &ctx))
		return NULL;
	while (!over) {
		int r = vgpu_vfio_open(ctx, device("MTTY"), opts, &vfio);

		expect(r == 0, "open");
		if (r == 0)
			vgpu_vfio_close(vfio);
	}
	vgpu_context_unref(ctx);
	return NULL;
}

/* with_edu 0: the table itself comes and goes with the device. */
static void run_threads(int i, bool with_edu)
{
	struct vgpu_context *ctx = new_context();
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .access = path_of(i)};
	struct worker workers[THREADS];
	unsigned char *mem = memory(MIB);
	struct vgpu_vfio *edu = NULL;
	pthread_t looker, joiner;
	int n;

	over = false;
	mistakes = 0;
	opts.dma = dma = new_dma(ctx);
	map(ctx, dma, 8 * MIB, mem, MIB, RW);
	if (with_edu)
		edu = edu_open(ctx, path_of(i), dma);
	ck_assert_int_eq(pthread_create(&looker, NULL, look, NULL), 0);
	ck_assert_int_eq(pthread_create(&joiner, NULL, come_and_go, &opts), 0);
	for (n = 0; n < THREADS; n++) {
		workers[n].window = WINDOW * (uint64_t)(n + 1);
		workers[n].mem = memory(PAGE);
		ck_assert_int_eq(pthread_create(&workers[n].thread, NULL, change, &workers[n]), 0);
	}
	for (n = 0; edu && n < 5; n++)
		edu_expect_copy(edu, 8 * MIB, mem, 8 * MIB + PAGE, mem + PAGE);
	for (n = 0; n < THREADS; n++)
		pthread_join(workers[n].thread, NULL);
	over = true;
	pthread_join(looker, NULL);
	pthread_join(joiner, NULL);
	ck_assert_int_eq(mistakes, 0);
	if (!edu)
		edu = edu_open(ctx, path_of(i), dma);
	ck_assert_int_eq(mappings_left(ctx, dma), i ? -1 : 65534);
	edu_expect_copy(edu, 8 * MIB, mem, 8 * MIB + PAGE, mem + PAGE);
	vgpu_vfio_close(edu);
	vgpu_dma_unref(dma);
	vgpu_context_unref(ctx);
}

START_TEST(threads)
{
	run_threads(_i / 2, _i % 2);
}
END_TEST

void add_thread_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("threads");

	tcase_set_timeout(tcase, 240);
	tcase_add_loop_test(tcase, threads, 0, paths * 2);
	suite_add_tcase(suite, tcase);
}
