/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ops that are still pending when their vGPU, or their provider, comes to its end; and are completed then or later. */
#include <linux/vfio.h>

#include "run_suite.h"
#include "served.h"

/* Which op is pending. */
enum what { CREATE, DESTROY, READ, WRITE, WRITES, RESET, QUIESCE, STATE, SAVE, KINDS };

static struct {
	struct served served; /* what served_create() needs */
	char dir[64];
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	enum what what;
	atomic_int calls; /* of ops */
	_Atomic(struct vgpu_request *) request;
} gpu;

static int pend(enum what what, struct vgpu_request *request)
{
	gpu.calls++;
	if (what != gpu.what || gpu.request)
		return 0;
	gpu.request = request;
	return -EINPROGRESS;
}

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	int r = served_create(&gpu.served, instance, params, request);

	(void)data;
	gpu.served.instance = instance;
	return r ? r : pend(CREATE, request);
}

static int destroy(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request)
{
	(void)instance, (void)flags;
	return pend(DESTROY, request);
}

static ssize_t read_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
						   struct vgpu_request *request)
{
	(void)instance, (void)region, (void)offset, (void)buf, (void)len;
	return pend(READ, request);
}

static ssize_t write_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
							size_t len, struct vgpu_request *request)
{
	(void)instance, (void)region, (void)offset, (void)buf, (void)len;
	return pend(gpu.what == WRITES ? WRITES : WRITE, request);
}

static int quiesce(struct vgpu_instance *instance, enum vgpu_quiesce why, struct vgpu_request *request)
{
	(void)instance, (void)why;
	return pend(QUIESCE, request);
}

static void resume(struct vgpu_instance *instance)
{
	(void)instance;
	gpu.calls++;
}

static int reset(struct vgpu_instance *instance, struct vgpu_request *request)
{
	(void)instance;
	return pend(RESET, request);
}

static int set_state(struct vgpu_instance *instance, uint32_t from, uint32_t to, struct vgpu_request *request)
{
	(void)instance, (void)from, (void)to;
	return pend(STATE, request);
}

static ssize_t save(struct vgpu_instance *instance, void *buf, size_t len, struct vgpu_request *request)
{
	(void)instance, (void)buf, (void)len;
	return pend(SAVE, request);
}

static void set_up(enum what what)
{
	static const struct vgpu_provider_ops ops = {.size = sizeof(ops),
												 .get_type = served_get_type,
												 .create = create,
												 .destroy = destroy,
												 .read = read_region,
												 .write = write_region,
												 .quiesce = quiesce,
												 .resume = resume,
												 .reset = reset,
												 .set_migration_state = set_state,
												 .read_migration = save};
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "gpu",
									  .socket_dir = gpu.dir,
									  .flags = VGPU_PROVIDER_THREAD,
									  .quiesce_ms = 20,
									  .request_ms = 1000};

	gpu.what = what;
	gpu.request = NULL;
	gpu.calls = 0;
	gpu.served.freed = 0;
	memcpy(gpu.dir, "/tmp/vgpu-pending.XXXXXX", 25);
	ck_assert_ptr_nonnull(mkdtemp(gpu.dir));
	ck_assert_int_eq(vgpu_context_new(NULL, &gpu.ctx), 0);
	ck_assert_int_eq(vgpu_provider_register(gpu.ctx, &opts, &ops, NULL, &gpu.provider), 0);
}

static void send_feature(struct peer *peer, uint32_t state)
{
	struct {
		struct vg_user_feature feature;
		uint32_t data[2];
	} body = {{sizeof(body), VFIO_DEVICE_FEATURE_SET | 2}, {state, 0}};

	peer_send(peer, VG_USER_DEVICE_FEATURE, 0, &body, sizeof(body), NULL, 0);
}

/* The client's message that makes the op pending. */
static void send_message(struct peer *peer)
{
	struct {
		struct vg_user_region_access access;
		uint32_t value;
		uint32_t unused;
	} access = {{0, VGPU_REGION_BAR2, 4}, 1, 0};
	struct {
		struct vg_user_write_multi head;
		struct vg_user_write writes[3];
	} writes = {{3}, {{0, 2, 4, {0}}, {4, 2, 4, {0}}, {8, 2, 4, {0}}}};
	struct vg_user_mig_data data = {4096, 64};

	switch (gpu.what) {
	case READ:
		peer_send(peer, VG_USER_REGION_READ, 0, &access, sizeof(access.access), NULL, 0);
		break;
	case WRITE:
		peer_send(peer, VG_USER_REGION_WRITE, 0, &access, sizeof(access) - 4, NULL, 0);
		break;
	case WRITES:
		peer_send(peer, VG_USER_REGION_WRITE_MULTI, 0, &writes, sizeof(writes), NULL, 0);
		break;
	case STATE:
		send_feature(peer, VFIO_DEVICE_STATE_STOP_COPY);
		break;
	case SAVE:
		send_feature(peer, VFIO_DEVICE_STATE_STOP_COPY);
		ck_assert(peer_receive(peer));
		peer_send(peer, VG_USER_MIG_DATA_READ, 0, &data, sizeof(data), NULL, 0);
		break;
	default:
		peer_send(peer, VG_USER_DEVICE_RESET, 0, NULL, 0, NULL, 0);
	}
}

/* Makes a vGPU of which the op is pending; and its client, or NULL. */
static struct peer *make_pending(void)
{
	struct vgpu_instance_opts which = {.size = sizeof(which), .type = "type", .deadline_ms = 20};
	const struct vgpu_instance_destroy_opts soon = {.size = sizeof(soon), .deadline_ms = 20};
	struct vgpu_instance *instance = NULL;
	struct peer *peer = NULL;

	if (gpu.what == CREATE) {
		ck_assert_int_eq(vgpu_instance_create(gpu.provider, &which, &instance), -ETIMEDOUT);
		return NULL;
	}
	which.deadline_ms = 0;
	ck_assert_int_eq(vgpu_instance_create(gpu.provider, &which, &instance), 0);
	if (gpu.what == DESTROY) {
		ck_assert_int_eq(vgpu_instance_destroy(instance, &soon), -ETIMEDOUT);
	} else {
		peer = peer_open(vgpu_instance_get_socket(instance));
		send_message(peer);
		PEER_WAIT_FOR(gpu.request);
	}
	vgpu_instance_unref(instance);
	return peer;
}

static void finish(struct peer *peer)
{
	if (peer)
		peer_free(peer);
	ck_assert_msg(rmdir(gpu.dir) == 0, "something is left in %s", gpu.dir);
}

/* Nothing is freed before the request is completed, all of it then, and no op is called. */
START_TEST(completed_after_the_end)
{
	struct peer *peer;
	int calls;

	set_up((enum what)(_i / 2));
	peer = make_pending();
	vgpu_provider_unregister(gpu.provider);
	vgpu_context_unref(gpu.ctx);
	calls = gpu.calls;
	ck_assert_int_eq(gpu.served.freed, 0);
	vgpu_request_complete(gpu.request, _i % 2 ? -EIO : 0);
	ck_assert_int_eq(gpu.served.freed, 1);
	ck_assert_int_eq(gpu.calls, calls);
	finish(peer);
}
END_TEST

/* The vGPU alone comes to its end; its provider goes on. */
START_TEST(completed_after_a_destruction)
{
	const struct vgpu_instance_destroy_opts force = {.size = sizeof(force), .flags = VGPU_INSTANCE_FORCE};
	struct vgpu_instance *instance;
	struct peer *peer;
	int calls;

	set_up((enum what)(READ + _i));
	peer = make_pending();
	instance = vgpu_instance_ref(gpu.served.instance);
	ck_assert_int_eq(vgpu_instance_destroy(instance, &force), 0);
	vgpu_instance_unref(instance);
	calls = gpu.calls;
	ck_assert_int_eq(gpu.served.freed, 0);
	vgpu_request_complete(gpu.request, 0);
	PEER_WAIT_FOR(gpu.served.freed == 1);
	ck_assert_int_eq(gpu.calls, calls);
	vgpu_provider_unregister(gpu.provider);
	vgpu_context_unref(gpu.ctx);
	finish(peer);
}
END_TEST

static void *complete_soon(void *data)
{
	usleep(*(useconds_t *)data);
	vgpu_request_complete(gpu.request, 0);
	return NULL;
}

/* At any time of it. */
START_TEST(completed_meanwhile)
{
	useconds_t when;
	pthread_t thread;
	struct peer *peer;

	for (when = 0; when < 60000; when += 4999) {
		set_up((enum what)_i);
		peer = make_pending();
		ck_assert_int_eq(pthread_create(&thread, NULL, complete_soon, &when), 0);
		vgpu_provider_unregister(gpu.provider);
		pthread_join(thread, NULL);
		vgpu_context_unref(gpu.ctx);
		ck_assert_int_eq(gpu.served.freed, 1);
		finish(peer);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pending");
	TCase *tcase = tcase_create("pending");

	tcase_add_loop_test(tcase, completed_after_the_end, 0, 2 * KINDS);
	tcase_add_loop_test(tcase, completed_after_a_destruction, 0, KINDS - READ);
	tcase_add_loop_test(tcase, completed_meanwhile, 0, KINDS);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
