/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers without sockets: registering, creating and destroying, starting, pending ops, who waits for whom. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#include "run_suite.h"

#define UUID "c0ffee00-0000-4000-8000-000000000001"
#define OTHER "c0ffee00-0000-4000-8000-000000000002"

/* A provider whose ops do what a test wants. */
struct made {
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_provider_ops ops;
	int create_result;
	int destroy_result;
	int start_result; /* of instance 2 */
	int shutdown_result;
	int created;
	int destroyed;
	atomic_int freed; /* by whoever drops the last reference: the loop's thread too */
	int started;
	int stopped;
	bool pending;
	int deadlocks;
	struct vgpu_request *request;
};

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	if (i > 1)
		return -ERANGE;
	out->id = i ? "full" : "small";
	out->available_instances = i ? 0 : -1;
	out->framebuffer_mib = 16;
	return 0;
}

static int get_attr(void *data, struct vgpu_instance *instance, size_t i, struct vgpu_attr_info *out)
{
	(void)data;
	if (i > 0)
		return -ERANGE;
	snprintf(out->name, sizeof(out->name), "kind");
	snprintf(out->value, sizeof(out->value), "%s", instance ? vgpu_instance_get_type(instance) : "parent");
	return 0;
}

static void count_free(void *data)
{
	((struct made *)data)->freed++;
}

/* Completes a request some time later, from a thread of its own. */
static void *complete_later(void *data)
{
	usleep(20000);
	vgpu_request_complete(data, 0);
	return NULL;
}

static int later(struct vgpu_request *request)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, complete_later, request), 0);
	pthread_detach(thread);
	return -EINPROGRESS;
}

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	struct made *made = data;

	(void)params;
	made->created++;
	vgpu_instance_set_data(instance, made, count_free);
	made->deadlocks += vgpu_instance_destroy(instance, NULL) == -EDEADLK;
	made->deadlocks += vgpu_provider_start(made->provider, UUID) < 0;
	made->deadlocks += vgpu_provider_process(made->provider) <= 0;
	if (made->create_result == -EINPROGRESS) {
		made->request = request;
		return -EINPROGRESS;
	}
	return made->pending ? later(request) : made->create_result;
}

static int destroy(struct vgpu_instance *instance, uint32_t flags, struct vgpu_request *request)
{
	struct made *made = vgpu_instance_get_data(instance);

	ck_assert(!(flags & VGPU_PROVIDER_DESTROY_ASK));
	made->destroyed++;
	return made->pending ? later(request) : made->destroy_result;
}

static int start(struct vgpu_instance *instance, struct vgpu_request *request)
{
	struct made *made = vgpu_instance_get_data(instance);

	made->started++;
	if (vgpu_instance_get_instance(instance) == 2 && made->start_result)
		return made->start_result;
	return made->pending ? later(request) : 0;
}

static int shutdown_op(struct vgpu_instance *instance, struct vgpu_request *request)
{
	struct made *made = vgpu_instance_get_data(instance);

	(void)request;
	made->stopped++;
	return vgpu_instance_get_instance(instance) == 0 ? made->shutdown_result : 0;
}

static void set_up(struct made *made, uint32_t flags)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "soft-0", .flags = flags};

	*made = (struct made){.ops = {.size = sizeof(made->ops),
								  .get_type = get_type,
								  .get_attr = get_attr,
								  .create = create,
								  .destroy = destroy,
								  .start = start,
								  .shutdown = shutdown_op}};
	ck_assert_int_eq(vgpu_context_new(NULL, &made->ctx), 0);
	ck_assert_int_eq(vgpu_provider_register(made->ctx, &opts, &made->ops, made, &made->provider), 0);
}

static void tear_down(struct made *made)
{
	ck_assert_ptr_null(vgpu_provider_unregister(made->provider));
	vgpu_context_unref(made->ctx);
}

static struct vgpu_instance *make(struct made *made, const char *uuid, uint32_t number)
{
	struct vgpu_instance_opts opts = {.size = sizeof(opts), .uuid = uuid, .instance = number, .type = "small"};
	struct vgpu_instance *instance = NULL;

	ck_assert_int_eq(vgpu_instance_create(made->provider, &opts, &instance), 0);
	return instance;
}

static int try_make(struct made *made, const char *uuid, const char *type)
{
	struct vgpu_instance_opts opts = {.size = sizeof(opts), .uuid = uuid, .type = type};

	return vgpu_instance_create(made->provider, &opts, NULL);
}

static enum vgpu_cause cause(const struct made *made)
{
	return vgpu_error_get_cause(vgpu_context_get_error(made->ctx));
}

static void await_freed(struct made *made, int count)
{
	int tries;

	for (tries = 0; tries < 5000 && made->freed < count; tries++)
		usleep(1000);
	ck_assert_int_eq(made->freed, count);
}

START_TEST(registering)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "soft-0"};
	struct vgpu_provider *other = NULL;
	struct vgpu_context *ctx;
	struct made made;

	set_up(&made, 0);
	ck_assert_str_eq(vgpu_provider_get_name(made.provider), "soft-0");
	ck_assert_int_eq(vgpu_provider_register(made.ctx, &opts, &made.ops, NULL, &other), -EEXIST);
	ck_assert_int_eq(cause(&made), VGPU_CAUSE_EXISTS);
	opts.name = "a/b";
	ck_assert_int_eq(vgpu_provider_register(made.ctx, &opts, &made.ops, NULL, &other), -EINVAL);
	opts.name = "..";
	ck_assert_int_eq(vgpu_provider_register(made.ctx, &opts, &made.ops, NULL, &other), -EINVAL);
	opts.name = "b";
	opts.flags = 1u << 31;
	ck_assert_int_eq(vgpu_provider_register(made.ctx, &opts, &made.ops, NULL, &other), -EINVAL);
	opts.flags = 0;
	opts.message_layout = 77;
	ck_assert_int_eq(vgpu_provider_register(made.ctx, &opts, &made.ops, NULL, &other), -EINVAL);
	ck_assert_int_eq(vgpu_provider_register(NULL, &opts, &made.ops, NULL, &other), -EINVAL);
	ck_assert_ptr_null(other);
	opts = (struct vgpu_provider_opts){.size = sizeof(opts), .name = "soft-0"};
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0); /* contexts are independent */
	ck_assert_int_eq(vgpu_provider_register(ctx, &opts, &made.ops, NULL, &other), 0);
	vgpu_provider_unregister(other);
	vgpu_context_unref(ctx);
	tear_down(&made);
}
END_TEST

START_TEST(types_and_attributes)
{
	struct vgpu_attr_info attr = {.size = sizeof(attr)};
	struct vgpu_type_info type = {.size = sizeof(type)};
	struct vgpu_instance *instance;
	struct made made;

	set_up(&made, 0);
	ck_assert_int_eq(vgpu_provider_get_type(made.provider, 1, &type), 0);
	ck_assert_str_eq(type.id, "full");
	ck_assert_int_eq(vgpu_provider_get_type(made.provider, 2, &type), -ERANGE);
	type.size = sizeof(type) + 1;
	ck_assert_int_eq(vgpu_provider_get_type(made.provider, 0, &type), -E2BIG);
	instance = make(&made, UUID, 0);
	ck_assert_int_eq(vgpu_provider_get_attr(made.provider, NULL, 0, &attr), 0);
	ck_assert_str_eq(attr.value, "parent");
	ck_assert_int_eq(vgpu_provider_get_attr(made.provider, instance, 0, &attr), 0);
	ck_assert_str_eq(attr.value, "small");
	ck_assert_int_eq(vgpu_provider_get_attr(made.provider, instance, 1, &attr), -ERANGE);
	ck_assert_int_eq(vgpu_instance_destroy(instance, NULL), 0);
	ck_assert_int_eq(vgpu_provider_get_attr(made.provider, instance, 0, &attr), -ENODEV);
	vgpu_instance_unref(instance);
	tear_down(&made);
}
END_TEST

START_TEST(creating_and_destroying)
{
	struct vgpu_instance *instance, *found = NULL;
	struct made made;

	set_up(&made, (uint32_t)_i);
	instance = make(&made, "C0FFEE00-0000-4000-8000-000000000001", 7);
	ck_assert_str_eq(vgpu_instance_get_uuid(instance), UUID);
	ck_assert_int_eq(made.deadlocks, 3);
	ck_assert_ptr_null(vgpu_instance_get_socket(instance));
	ck_assert_int_eq(vgpu_instance_get_state(instance), VGPU_INSTANCE_FREE);
	ck_assert_int_eq(vgpu_instance_find(made.provider, UUID, 7, &found), 0);
	ck_assert_ptr_eq(found, instance);
	ck_assert_int_eq(vgpu_instance_find(made.provider, UUID, 8, &found), -ENODEV);
	ck_assert_int_eq(vgpu_instance_find(made.provider, "x", 8, &found), -EINVAL);
	ck_assert_int_eq(try_make(&made, "no", "small"), -EINVAL);
	ck_assert_int_eq(try_make(&made, OTHER, "large"), -ENOENT);
	ck_assert_int_eq(cause(&made), VGPU_CAUSE_NO_TYPE);
	ck_assert_int_eq(try_make(&made, OTHER, "full"), -ENOSPC);
	ck_assert_int_eq(cause(&made), VGPU_CAUSE_NO_CAPACITY);
	vgpu_instance_unref(make(&made, UUID, 0));
	ck_assert_int_eq(try_make(&made, UUID, "small"), -EEXIST);
	ck_assert_int_eq(cause(&made), VGPU_CAUSE_EXISTS);
	ck_assert_int_eq(vgpu_instance_trigger_irq(instance, VGPU_IRQ_REQ, 0), 0);

	made.destroy_result = -EBUSY; /* refused: it is intact */
	ck_assert_int_eq(vgpu_instance_destroy(instance, NULL), -EBUSY);
	ck_assert_int_eq(cause(&made), VGPU_CAUSE_IN_USE);
	ck_assert_int_eq(vgpu_instance_get_state(instance), VGPU_INSTANCE_FREE);
	made.destroy_result = 0;
	ck_assert_int_eq(vgpu_instance_destroy(instance, NULL), 0);
	ck_assert_int_eq(vgpu_instance_destroy(instance, NULL), -ENODEV);
	ck_assert_int_eq(vgpu_instance_find(made.provider, UUID, 7, &found), -ENODEV);
	ck_assert_int_eq(vgpu_instance_get_state(instance), VGPU_INSTANCE_GONE);
	ck_assert_int_eq(vgpu_instance_trigger_irq(instance, VGPU_IRQ_REQ, 0), -ENODEV);
	ck_assert_int_eq(made.freed, 0);
	vgpu_instance_unref(found);
	vgpu_instance_unref(instance);
	await_freed(&made, 1);
	tear_down(&made); /* the other one is destroyed */
	ck_assert_int_eq(made.freed, 2);
	ck_assert_int_eq(made.destroyed, 3);
}
END_TEST

START_TEST(failed_creation)
{
	struct vgpu_instance_opts opts = {.size = sizeof(opts), .uuid = UUID, .type = "small", .deadline_ms = 1};
	struct vgpu_instance *instance = NULL;
	struct made made;

	set_up(&made, (uint32_t)_i);
	made.create_result = -ENXIO;
	ck_assert_int_eq(try_make(&made, UUID, "small"), -ENXIO);
	ck_assert_int_eq(cause(&made), VGPU_CAUSE_REFUSED);
	await_freed(&made, 1); /* it had set its data */
	ck_assert_int_eq(made.destroyed, 0);
	ck_assert_int_eq(vgpu_instance_find(made.provider, UUID, 0, &instance), -ENODEV);

	made.create_result = -EINPROGRESS; /* in its own time */
	ck_assert_int_eq(vgpu_instance_create(made.provider, &opts, &instance), -ETIMEDOUT);
	ck_assert_int_eq(vgpu_instance_find(made.provider, UUID, 0, &instance), -ENODEV);
	made.create_result = 0;
	ck_assert_int_eq(try_make(&made, UUID, "small"), -EEXIST); /* its name is not free yet */
	vgpu_request_complete(made.request, 0);
	if (!_i)
		vgpu_provider_process(made.provider);
	while (try_make(&made, UUID, "small") == -EEXIST)
		usleep(1000);
	ck_assert_int_eq(made.destroyed, 1); /* what came too late */
	tear_down(&made);
	ck_assert_int_eq(made.freed, 3);
}
END_TEST

/* Without any op but types: vGPUs come and go all the same. */
START_TEST(no_ops)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "bare"};
	const struct vgpu_provider_ops ops = {.size = offsetof(struct vgpu_provider_ops, get_attr), .get_type = get_type};
	struct vgpu_plane_info plane = {.size = sizeof(plane)};
	struct vgpu_attr_info attr = {.size = sizeof(attr)};
	struct vgpu_instance *instance;
	struct made made = {0};

	ck_assert_int_eq(vgpu_context_new(NULL, &made.ctx), 0);
	ck_assert_int_eq(vgpu_provider_register(made.ctx, &opts, &ops, NULL, &made.provider), 0);
	instance = make(&made, NULL, 0);
	ck_assert_uint_eq(strlen(vgpu_instance_get_uuid(instance)), 36);
	ck_assert_int_eq(vgpu_provider_start(made.provider, vgpu_instance_get_uuid(instance)), 0);
	ck_assert_int_eq(vgpu_instance_is_started(instance), 1);
	ck_assert_int_eq(vgpu_instance_get_plane(instance, 1, &plane), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_provider_get_attr(made.provider, instance, 0, &attr), -ERANGE);
	ck_assert_int_eq(vgpu_instance_destroy(instance, NULL), 0);
	vgpu_instance_unref(instance);
	tear_down(&made);
}
END_TEST

static int count_events(struct made *made, uint32_t type)
{
	struct vgpu_provider_event event = {.size = sizeof(event)};
	struct pollfd ready = {.fd = vgpu_provider_get_event_fd(made->provider), .events = POLLIN};
	int n = 0;

	while (poll(&ready, 1, 0) == 1) {
		ck_assert_int_eq(vgpu_provider_take_event(made->provider, &event), 1);
		ck_assert_str_eq(event.uuid, UUID);
		n += event.type == type;
	}
	ck_assert_int_eq(vgpu_provider_take_event(made->provider, &event), 0);
	return n;
}

START_TEST(starting_and_shutting_down)
{
	struct vgpu_errors *errors = NULL;
	struct vgpu_instance *instances[4];
	struct made made;
	uint32_t i;

	set_up(&made, _i & 1 ? VGPU_PROVIDER_THREAD : 0);
	made.pending = _i & 2;
	for (i = 0; i < 4; i++)
		instances[i] = make(&made, UUID, i);
	ck_assert_int_eq(vgpu_provider_start(made.provider, OTHER), -ENODEV);
	ck_assert_int_eq(vgpu_provider_start(made.provider, "x"), -EINVAL);
	made.start_result = -EIO; /* the third of four */
	ck_assert_int_eq(vgpu_provider_start(made.provider, UUID), -EIO);
	ck_assert_str_eq(vgpu_error_get_path(vgpu_context_get_error(made.ctx)), UUID ":2");
	ck_assert_int_eq(made.started, 3);
	ck_assert_int_eq(made.stopped, 2);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(vgpu_instance_is_started(instances[i]), 0);
	ck_assert_int_eq(count_events(&made, VGPU_PROVIDER_EVENT_ONLINE), 2);
	made.start_result = 0;
	ck_assert_int_eq(vgpu_provider_start(made.provider, UUID), 0);
	ck_assert_int_eq(vgpu_provider_start(made.provider, UUID), 0);
	ck_assert_int_eq(made.started, 7);
	ck_assert_int_eq(count_events(&made, VGPU_PROVIDER_EVENT_ONLINE), 4);

	made.stopped = 0;
	made.shutdown_result = -EAGAIN; /* of the first: the others go on */
	ck_assert_int_eq(vgpu_provider_shutdown(made.provider, UUID, &errors), -EAGAIN);
	ck_assert_uint_eq(vgpu_errors_get_count(errors), 1);
	ck_assert_str_eq(vgpu_error_get_path(vgpu_errors_get(errors, 0)), UUID ":0");
	vgpu_errors_unref(errors);
	ck_assert_int_eq(made.stopped, 4);
	ck_assert_int_eq(vgpu_instance_is_started(instances[0]), 1);
	ck_assert_int_eq(vgpu_instance_is_started(instances[3]), 0);
	ck_assert_int_eq(count_events(&made, VGPU_PROVIDER_EVENT_OFFLINE), 3);
	made.shutdown_result = 0;
	ck_assert_int_eq(vgpu_provider_shutdown(made.provider, UUID, &errors), 0);
	ck_assert_ptr_null(errors);
	for (i = 0; i < 4; i++)
		vgpu_instance_unref(instances[i]);
	tear_down(&made);
	ck_assert_int_eq(made.freed, 4);
}
END_TEST

static void *use(void *data)
{
	struct made *made = data;
	int i;

	for (i = 0; i < 300; i++) {
		struct vgpu_instance *instance = NULL;

		if (vgpu_instance_find(made->provider, UUID, 0, &instance))
			continue;
		vgpu_instance_trigger_irq(instance, VGPU_IRQ_REQ, 0);
		ck_assert_str_eq(vgpu_instance_get_type(instance), "small");
		vgpu_instance_get_state(instance);
		vgpu_instance_unref(instance);
	}
	return NULL;
}

/* Who has found one keeps it, whoever destroys it meanwhile. */
START_TEST(finding_while_destroying)
{
	pthread_t threads[3];
	struct made made;
	size_t i;
	int n;

	set_up(&made, VGPU_PROVIDER_THREAD);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use, &made), 0);
	for (n = 0; n < 100; n++) {
		struct vgpu_instance *instance = make(&made, UUID, 0);

		ck_assert_int_eq(vgpu_instance_destroy(instance, NULL), 0);
		vgpu_instance_unref(instance);
	}
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	tear_down(&made);
	ck_assert_int_eq(made.freed, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("provider");
	TCase *tcase = tcase_create("provider");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, registering);
	tcase_add_test(tcase, types_and_attributes);
	tcase_add_loop_test(tcase, creating_and_destroying, 0, 2); /* VGPU_PROVIDER_THREAD is 1 */
	tcase_add_loop_test(tcase, failed_creation, 0, 2);
	tcase_add_test(tcase, no_ops);
	tcase_add_loop_test(tcase, starting_and_shutting_down, 0, 4);
	tcase_add_test(tcase, finding_while_destroying);
	return run_checks(suite);
}
