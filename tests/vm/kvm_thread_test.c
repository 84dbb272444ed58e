/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several threads open and close devices of one VM. */
#include <pthread.h>

#include "kvm_test.h"

struct worker {
	const char *name;
	struct vgpu_dma *dma;
	struct vgpu_kvm *kvm;
	enum vgpu_access access;
	int failures;
};

static struct vgpu_context *ctx;

static void *open_and_close(void *data)
{
	struct worker *worker = data;
	struct vgpu_vfio_opts opts = {
		.size = sizeof(opts), .access = worker->access, .dma = worker->dma, .kvm = worker->kvm};
	struct vgpu_vfio *vfio = NULL;
	uint32_t id;
	int i;

	for (i = 0; i < 20; i++) {
		if (vgpu_vfio_open(ctx, worker->name, &opts, &vfio)) {
			worker->failures++;
			continue;
		}
		if (vgpu_config_read(vfio, 0, 4, &id) || vgpu_vfio_reset(vfio))
			worker->failures++;
		vgpu_vfio_close(vfio);
	}
	return NULL;
}

/* Devices of one VM, and of one IOMMU group, come and go from several threads. */
START_TEST(threads)
{
	static const char *const names[] = {"MTTY", "MDPY", "NVME", "NVME"};
	struct worker workers[4];
	struct vgpu_kvm *kvm;
	struct vgpu_dma *dma;
	struct guest guest;
	pthread_t ids[4];
	int before;
	size_t i;

	ctx = new_context();
	guest_make_vm(&guest);
	kvm = kvm_of(ctx, &guest);
	before = count_fds();
	ck_assert_int_eq(vgpu_dma_new(ctx, &dma), 0);
	for (i = 0; i < 4; i++) {
		workers[i] = (struct worker){device(names[i]), dma, kvm, path_of(_i), 0};
		if (i < 3 || _i == 0) /* a group's device may be opened twice, a node of its own not */
			ck_assert_int_eq(pthread_create(&ids[i], NULL, open_and_close, &workers[i]), 0);
	}
	for (i = 0; i < 4; i++) {
		if (i < 3 || _i == 0)
			ck_assert_int_eq(pthread_join(ids[i], NULL), 0);
		ck_assert_msg(workers[i].failures == 0, "%s: %d failures", names[i], workers[i].failures);
	}
	vgpu_dma_unref(dma);
	ck_assert_int_eq(count_fds(), before);
	vgpu_kvm_unref(kvm);
	guest_end(&guest);
	vgpu_context_unref(ctx);
}
END_TEST

void add_thread_tests(Suite *suite, int paths)
{
	TCase *tcase = tcase_create("threads");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, threads, 0, paths);
	suite_add_tcase(suite, tcase);
}
