/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device at work in several threads (interrupts, guest memory, ops that are completed later, management), while
 * clients come and go, are killed, and at last the provider is unregistered under all of them. ThreadSanitizer and
 * AddressSanitizer look on; afterwards nothing is left open.
 */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "fds.h"
#include "run_suite.h"
#include "served.h"

#define CYCLES 1000
#define KILLED 20
#define GUEST (16 * SERVED_PAGE)

static struct {
	char dir[64];
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	struct served served; /* what served_create() needs */
	pthread_mutex_t lock;
	struct vgpu_request *pending[64];
	unsigned count;
	unsigned writes; /* on the loop */
	atomic_bool stop;
	atomic_int lent;
	atomic_int copied;
} gpu;

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	(void)data;
	return served_create(&gpu.served, instance, params, request);
}

/* Each other op is completed by another thread. */
static int later(struct vgpu_request *request)
{
	int r = 0;

	pthread_mutex_lock(&gpu.lock);
	if (gpu.writes++ % 2 && gpu.count < 64 && !gpu.stop) {
		gpu.pending[gpu.count++] = request;
		r = -EINPROGRESS;
	}
	pthread_mutex_unlock(&gpu.lock);
	return r;
}

static ssize_t write_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
							size_t len, struct vgpu_request *request)
{
	(void)instance, (void)region, (void)offset, (void)buf, (void)len;
	return later(request);
}

static int quiesce(struct vgpu_instance *instance, enum vgpu_quiesce why, struct vgpu_request *request)
{
	(void)instance, (void)why;
	return later(request);
}

static int reset(struct vgpu_instance *instance, struct vgpu_request *request)
{
	(void)instance;
	return later(request);
}

static void *complete(void *data)
{
	struct vgpu_request *request;

	(void)data;
	do {
		pthread_mutex_lock(&gpu.lock);
		request = gpu.count ? gpu.pending[--gpu.count] : NULL;
		pthread_mutex_unlock(&gpu.lock);
		vgpu_request_complete(request, 0);
		if (!request)
			sched_yield();
	} while (!gpu.stop || request);
	return NULL;
}

static void *interrupt(void *data)
{
	uint32_t i;

	(void)data;
	for (i = 0; !gpu.stop; i++) {
		vgpu_instance_trigger_irq(gpu.instance, i % 5, i % 4);
		vgpu_instance_set_intx(gpu.instance, i & 1);
		vgpu_pci_trigger(gpu.instance, i % 8);
		sched_yield();
	}
	return NULL;
}

static void *use_memory(void *data)
{
	struct vgpu_guest_span spans[4];
	char buf[64] = {0};
	uint32_t i;
	int n;

	(void)data;
	for (i = 0; !gpu.stop; i++) {
		n = vgpu_guest_get(gpu.instance, i % (GUEST - 64), 64, VGPU_GUEST_READ | VGPU_GUEST_WRITE, spans, 4);
		if (n > 0) {
			sched_yield();
			vgpu_guest_put(gpu.instance, spans, (size_t)n);
			gpu.lent++;
		}
		gpu.copied += vgpu_guest_write(gpu.instance, GUEST + i % (GUEST - 64), buf, sizeof(buf)) == 0;
		vgpu_guest_read(gpu.instance, i % (3 * GUEST), buf, sizeof(buf));
		vgpu_guest_mark_dirty(gpu.instance, i % GUEST, SERVED_PAGE);
		sched_yield();
	}
	return NULL;
}

static void *manage(void *data)
{
	struct vgpu_plane_info plane = {.size = sizeof(plane)};
	struct vgpu_instance *found;

	(void)data;
	while (!gpu.stop) {
		if (vgpu_instance_find(gpu.provider, SERVED_UUID, 0, &found) == 0) {
			vgpu_instance_get_state(found);
			vgpu_instance_get_client_pid(found);
			vgpu_instance_get_plane(found, 1, &plane);
			vgpu_instance_unref(found);
		}
		vgpu_provider_start(gpu.provider, SERVED_UUID);
		vgpu_provider_shutdown(gpu.provider, SERVED_UUID, NULL);
		sched_yield();
	}
	return NULL;
}

/* A client that does some of all, and stops anywhere. */
static void be_client(unsigned cycle, const int *memory)
{
	struct vg_user_irq_set give = {sizeof(give), 0x24, VGPU_IRQ_MSIX, 0, 4};
	struct {
		struct vg_user_region_access access;
		uint32_t value;
		uint32_t unused;
	} body = {{0, VGPU_REGION_BAR2, 4}, 1, 0};
	struct peer *peer = peer_new(vgpu_instance_get_socket(gpu.instance));
	int fds[4], twin = -1, step = 0;
	size_t i;

	for (i = 0; i < 4; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	while (step < (int)(cycle % 8)) {
		switch (step++) {
		case 0:
			if (peer_version(peer, 0, cycle % 3 ? PEER_QEMU_JSON : PEER_TWIN_JSON)) {
				peer_free(peer); /* the one before is not quite gone */
				sched_yield();
				peer = peer_new(vgpu_instance_get_socket(gpu.instance));
				step = 0;
			} else if (peer->fd_count) { /* whose end would be the other's too */
				twin = peer->fds[--peer->fd_count];
			}
			break;
		case 1:
			ck_assert_int_eq(peer_map(peer, 0, GUEST, 3, memory[0]), 0);
			ck_assert_int_eq(peer_map(peer, GUEST, GUEST, 3, memory[1]), 0);
			break;
		case 2:
			ck_assert_int_eq(peer_call_fds(peer, VG_USER_DEVICE_SET_IRQS, &give, sizeof(give), fds, 4), 0);
			break;
		case 3:
			for (i = 0; i < 20; i++)
				peer_send(peer, VG_USER_REGION_WRITE, VG_USER_NO_REPLY, &body, sizeof(body) - 4, NULL, 0);
			break;
		case 4:
			ck_assert_int_eq(peer_unmap(peer, GUEST, GUEST), 0);
			break;
		case 5:
			ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
			break;
		default:
			peer_send(peer, VG_USER_DEVICE_RESET, 0, NULL, 0, NULL, 0);
		}
	}
	for (i = 0; i < 4; i++)
		close(fds[i]);
	if (twin >= 0)
		close(twin);
	peer_free(peer);
}

static void kill_clients(const int *memory)
{
	unsigned i, cycle;
	pid_t child;

	for (i = 0; i < KILLED; i++) {
		child = fork();
		if (child == 0) {
			for (cycle = i;; cycle++)
				be_client(cycle, memory);
		}
		usleep(2000 * (i % 5));
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
}

static void set_up(void)
{
	static const struct vgpu_provider_ops ops = {.size = sizeof(ops),
												 .get_type = served_get_type,
												 .create = create,
												 .write = write_region,
												 .quiesce = quiesce,
												 .reset = reset};
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "gpu",
									  .socket_dir = gpu.dir,
									  .flags = VGPU_PROVIDER_THREAD,
									  .quiesce_ms = 60000,
									  .request_ms = 60000};
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = SERVED_UUID, .type = "type"};

	pthread_mutex_init(&gpu.lock, NULL);
	memcpy(gpu.dir, "/tmp/vgpu-stress.XXXXXX", 24);
	ck_assert_ptr_nonnull(mkdtemp(gpu.dir));
	ck_assert_int_eq(vgpu_context_new(NULL, &gpu.ctx), 0);
	ck_assert_int_eq(vgpu_provider_register(gpu.ctx, &opts, &ops, NULL, &gpu.provider), 0);
	ck_assert_int_eq(vgpu_provider_open_control(gpu.provider), 0);
	ck_assert_int_eq(vgpu_instance_create(gpu.provider, &which, &gpu.instance), 0);
}

START_TEST(comes_and_goes)
{
	static void *(*const work[])(void *) = {complete, interrupt, use_memory, use_memory, manage};
	pthread_t threads[5];
	unsigned cycle, before;
	int memory[2], i;

	munmap(peer_memory(GUEST, F_SEAL_SHRINK, &memory[0]), GUEST);
	munmap(peer_memory(GUEST, 0, &memory[1]), GUEST);
	set_up();
	before = count_fds();
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work[i], NULL), 0);
	for (cycle = 0; cycle < CYCLES; cycle++)
		be_client(cycle, memory);
	kill_clients(memory);
	PEER_WAIT_FOR(vgpu_instance_get_state(gpu.instance) == VGPU_INSTANCE_FREE);
	ck_assert_int_gt(gpu.lent, 0);
	ck_assert_int_gt(gpu.copied, 0);
	gpu.stop = true; /* and all that is pending is completed */
	for (i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	PEER_WAIT_FOR(count_fds() == before);
	vgpu_provider_unregister(gpu.provider);
	vgpu_instance_unref(gpu.instance);
	vgpu_context_unref(gpu.ctx);
	ck_assert_int_eq(gpu.served.freed, 1);
	ck_assert_int_eq(rmdir(gpu.dir), 0);
	close(memory[0]);
	close(memory[1]);
}
END_TEST

/* The provider ends while its client, and threads that hold the vGPU, go on. */
START_TEST(ends_at_work)
{
	static void *(*const work[])(void *) = {complete, interrupt, use_memory, use_memory};
	pthread_t threads[4];
	struct peer *peer;
	int memory, i;

	munmap(peer_memory(GUEST, F_SEAL_SHRINK, &memory), GUEST);
	set_up();
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work[i], NULL), 0);
	peer = peer_open(vgpu_instance_get_socket(gpu.instance));
	ck_assert_int_eq(peer_map(peer, 0, GUEST, 3, memory), 0);
	PEER_WAIT_FOR(gpu.lent > 10);
	vgpu_provider_unregister(gpu.provider);
	ck_assert_int_eq(vgpu_instance_trigger_irq(gpu.instance, VGPU_IRQ_MSIX, 0), -ENODEV);
	gpu.stop = true;
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	vgpu_instance_unref(gpu.instance);
	vgpu_context_unref(gpu.ctx);
	ck_assert_int_eq(gpu.served.freed, 1);
	peer_free(peer);
	ck_assert_int_eq(rmdir(gpu.dir), 0);
	close(memory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stress");
	TCase *tcase = tcase_create("stress");

	tcase_add_test(tcase, comes_and_goes);
	tcase_add_loop_test(tcase, ends_at_work, 0, 10);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
