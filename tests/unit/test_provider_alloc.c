/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A provider's process runs out of memory, or of descriptors: each allocation of each call and of each message fails in
 * turn, alone, and with all that come after it. A call says so, and leaves nothing half made; a client gets an error or
 * is disconnected; another client's requests are answered meanwhile; and when there is memory again, everything works.
 * AddressSanitizer and valgrind, which run this too, see what leaks.
 */
#include <limits.h>

#include "alloc_messages.h"
#include "control/protocol.h"
#include "fds.h"
#include "run_suite.h"

#define VM_UUID "c0ffee00-0000-4000-8000-000000000003"

static int register_provider(void)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "gpu",
									  .vendor_name = "v",
									  .device_name = "d",
									  .socket_dir = gpu.dir,
									  .message_layout = VGPU_MESSAGE_LAYOUT_SPEC,
									  .request_ms = 60000};
	int r;

	failing.armed = true;
	r = vgpu_provider_register(gpu.ctx, &opts, &ops, NULL, &gpu.provider);
	failing.armed = false;
	return r;
}

static int open_control(void)
{
	int r;

	failing.armed = true;
	r = vgpu_provider_open_control(gpu.provider);
	failing.armed = false;
	return r;
}

static int create_mine(void)
{
	struct vgpu_instance *found;
	int r = make_vgpu(SERVED_UUID, true, &gpu.mine);

	if (r) /* nothing is left */
		ck_assert_int_eq(vgpu_instance_find(gpu.provider, SERVED_UUID, 0, &found), -ENODEV);
	return r;
}

static int connect_mine(void)
{
	return connect_to(gpu.mine, PEER_QEMU_JSON, true, &gpu.client);
}

static int connect_twin(void)
{
	return connect_to(gpu.mine, PEER_TWIN_JSON, true, &gpu.client);
}

/* The second is turned away. */
static int connect_more(void)
{
	struct peer *more;
	int r = connect_to(gpu.mine, PEER_QEMU_JSON, true, &more);

	ck_assert_msg(r < 0, "two clients");
	return r == -EBUSY ? 0 : r;
}

static int start(void)
{
	int r;

	failing.armed = true;
	r = vgpu_provider_start(gpu.provider, SERVED_UUID);
	failing.armed = false;
	return r;
}

static int shut_down(void)
{
	struct vgpu_errors *errors = NULL;
	int r;

	failing.armed = true;
	r = vgpu_provider_shutdown(gpu.provider, SERVED_UUID, &errors);
	failing.armed = false;
	vgpu_errors_unref(errors);
	return r;
}

static int destroy_mine(void)
{
	int r;

	failing.armed = true;
	r = vgpu_instance_destroy(gpu.mine, NULL);
	failing.armed = false;
	return r;
}

static void connect_control(void)
{
	char path[108];

	if (gpu.control >= 0)
		close(gpu.control);
	snprintf(path, sizeof(path), "%s/gpu.control", gpu.dir);
	gpu.control = peer_connect(path);
	pump(true);
}

/* A management client's request: 0, the error of its reply, or -EPIPE. */
static int manage(const char *request)
{
	static char reply[VG_CONTROL_DATA + 1];
	struct vg_user_header header = {
		.id = 1, .command = VG_CONTROL_COMMAND, .size = (uint32_t)(sizeof(header) + strlen(request))};
	struct iovec parts[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)request, strlen(request)}};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	const char *error;
	ssize_t n;

	if (gpu.control < 0)
		connect_control();
	if (sendmsg(gpu.control, &message, MSG_NOSIGNAL) == (ssize_t)header.size)
		pump(true);
	n = recv(gpu.control, reply, sizeof(reply) - 1, MSG_DONTWAIT); /* all of it is there */
	ck_assert_msg(n >= 0 || errno == ECONNRESET, "neither a reply nor the end: %s", request);
	if (n <= 0) {
		close(gpu.control);
		gpu.control = -1;
		return -EPIPE;
	}
	reply[n] = '\0';
	error = strstr(reply + sizeof(header), "\"errno\":");
	return error ? -atoi(error + 8) : 0;
}

#define REQUEST(command, more) "{\"version\":1,\"command\":\"" command "\"" more "}"

static int manage_parent(void)
{
	connect_control();
	return manage(REQUEST("parent", ""));
}

static int manage_types(void)
{
	return manage(REQUEST("types", ""));
}

static int manage_list(void)
{
	return manage(REQUEST("list", ""));
}

static int manage_attributes(void)
{
	return manage(REQUEST("attributes", ",\"vgpu\":\"" SERVED_UUID "\""));
}

static int manage_plane(void)
{
	return manage(REQUEST("plane", ",\"vgpu\":\"" SERVED_UUID "\""));
}

static int manage_events(void)
{
	return manage(REQUEST("events", ""));
}

static int manage_create(void)
{
	struct vgpu_instance *found;
	int r = manage(REQUEST("create", ",\"type\":\"type\",\"instance\":0,\"uuid\":\"" VM_UUID "\""));

	if (r)
		ck_assert_msg(vgpu_instance_find(gpu.provider, VM_UUID, 0, &found) == -ENODEV, "it was made all the same: %d",
					  r);
	return r;
}

static int manage_destroy(void)
{
	struct vgpu_instance *found;
	int r = manage(REQUEST("destroy", ",\"vgpu\":\"" VM_UUID "\""));

	if (r == -EPIPE && vgpu_instance_find(gpu.provider, VM_UUID, 0, &found) == -ENODEV)
		return 0; /* it is gone, and there was no memory to say so */
	vgpu_instance_unref(r == -EPIPE ? found : NULL);
	return r;
}

static int manage_start(void)
{
	return manage(REQUEST("start", ",\"uuid\":\"" SERVED_UUID "\""));
}

static int manage_shutdown(void)
{
	return manage(REQUEST("shutdown", ",\"uuid\":\"" SERVED_UUID "\""));
}

/* What there is before a step. */
enum level { CONTEXT, PROVIDER, NEIGHBOUR, CONTROL, MINE, CLIENT };

static const struct step {
	const char *name;
	int (*act)(void);
	int (*before[2])(void);
	enum level level;
	bool is_free; /* it may need nothing */
} steps[] = {{"register", register_provider, {0}, CONTEXT, false},
			 {"open control", open_control, {0}, PROVIDER, false},
			 {"create", create_mine, {0}, NEIGHBOUR, false},
			 {"connect", connect_mine, {0}, MINE, false},
			 {"connect with a twin", connect_twin, {0}, MINE, false},
			 {"connect more", connect_more, {0}, CLIENT, false},
			 {"info", info, {0}, CLIENT, true},
			 {"region info", region_info, {0}, CLIENT, true},
			 {"IO fds", io_fds, {0}, CLIENT, false},
			 {"IRQs", irqs, {0}, CLIENT, false},
			 {"unmask", unmasker, {0}, CLIENT, false},
			 {"read", read_registers, {0}, CLIENT, false},
			 {"read memory", read_memory, {0}, CLIENT, true},
			 {"write", write_registers, {0}, CLIENT, false},
			 {"write multi", write_multi, {0}, CLIENT, false},
			 {"map", map_file, {0}, CLIENT, false},
			 {"map nothing", map_nothing, {0}, CLIENT, false},
			 {"map, logged", map_file, {map_nothing, log_start}, CLIENT, false},
			 {"unmap", unmap, {map_file}, CLIENT, true},
			 {"reset", reset, {0}, CLIENT, true},
			 {"log", log_start, {map_file}, CLIENT, false},
			 {"report", log_report, {map_file, log_start}, CLIENT, true},
			 {"stop and copy", stop_copy, {0}, CLIENT, true},
			 {"save", save_state, {stop_copy}, CLIENT, false},
			 {"load", load_state, {resuming}, CLIENT, false},
			 {"held", held, {map_nothing}, CLIENT, false},
			 {"start", start, {0}, MINE, false},
			 {"shut down", shut_down, {start}, MINE, false},
			 {"destroy", destroy_mine, {0}, MINE, true},
			 {"control: parent", manage_parent, {0}, CONTROL, false},
			 {"control: types", manage_types, {0}, CONTROL, false},
			 {"control: list", manage_list, {0}, MINE, false},
			 {"control: attributes", manage_attributes, {0}, MINE, false},
			 {"control: plane", manage_plane, {0}, MINE, false},
			 {"control: events", manage_events, {0}, CONTROL, false},
			 {"control: create", manage_create, {0}, CONTROL, false},
			 {"control: destroy", manage_destroy, {manage_create}, CONTROL, false},
			 {"control: start", manage_start, {0}, MINE, false},
			 {"control: shutdown", manage_shutdown, {start}, MINE, false}};

/* As far as it stays the same. */
static void set_up(enum level level)
{
	failing_begin(LONG_MAX);
	memset(&gpu, 0, sizeof(gpu));
	gpu.control = -1;
	memcpy(gpu.dir, "/tmp/vgpu-alloc.XXXXXX", 23);
	ck_assert_ptr_nonnull(mkdtemp(gpu.dir));
	ck_assert_int_eq(vgpu_context_new(NULL, &gpu.ctx), 0);
	munmap(peer_memory(GUEST, F_SEAL_SHRINK, &gpu.memory), GUEST);
	if (level >= PROVIDER)
		ck_assert_int_eq(register_provider(), 0);
	if (level >= NEIGHBOUR) {
		ck_assert_int_eq(make_vgpu(OTHER_UUID, false, &gpu.other), 0);
		ck_assert_int_eq(connect_to(gpu.other, PEER_QEMU_JSON, false, &gpu.neighbour), 0);
		ask_neighbour();
	}
	if (level >= CONTROL)
		ck_assert_int_eq(open_control(), 0);
}

static void disconnect(void)
{
	if (gpu.client)
		peer_free(gpu.client);
	gpu.client = NULL;
	if (gpu.provider)
		pump(false);
}

static void prepare(const struct step *step)
{
	size_t i;

	if (step->level >= CLIENT)
		ck_assert_int_eq(connect_mine(), 0);
	for (i = 0; i < 2 && step->before[i]; i++)
		ck_assert_int_eq(step->before[i](), 0);
}

static void destroy_all(void)
{
	const struct vgpu_instance_destroy_opts force = {.size = sizeof(force), .flags = VGPU_INSTANCE_FORCE};
	struct vgpu_instance *instance;

	if (gpu.control >= 0)
		close(gpu.control);
	gpu.control = -1;
	if (vgpu_instance_find(gpu.provider, SERVED_UUID, 0, &instance) == 0) {
		ck_assert_int_eq(vgpu_instance_destroy(instance, &force), 0);
		vgpu_instance_unref(instance);
	}
	if (vgpu_instance_find(gpu.provider, VM_UUID, 0, &instance) == 0) {
		ck_assert_int_eq(vgpu_instance_destroy(instance, &force), 0);
		vgpu_instance_unref(instance);
	}
	pump(false);
	gpu.mine = vgpu_instance_unref(gpu.mine);
}

static void tear_down(void)
{
	if (gpu.neighbour)
		peer_free(gpu.neighbour);
	close(gpu.memory);
	vgpu_provider_unregister(gpu.provider);
	vgpu_instance_unref(gpu.other);
	vgpu_context_unref(gpu.ctx);
	ck_assert_msg(rmdir(gpu.dir) == 0, "something is left in %s", gpu.dir);
}

static void check_failure(const struct step *step, long n, int r)
{
	ck_assert_msg(r == -ENOMEM || r == -EMFILE || (r == -EPIPE && step->level >= CONTROL), "%s, allocation %ld: %d",
				  step->name, n, r);
	if (step->act == register_provider || step->act == open_control || step->act == create_mine || step->act == start)
		ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(gpu.ctx)), failing.go_on ? ENOMEM : -r);
}

/* False: nothing has failed. */
static bool run(const struct step *step, long n)
{
	bool failed;
	int r;

	if (step->level >= MINE)
		ck_assert_int_eq(create_mine(), 0);
	prepare(step);
	failing_begin(n);
	r = step->act();
	failed = failing.failed;
	if (gpu.neighbour)
		ask_neighbour();
	failing_begin(LONG_MAX);
	if (gpu.neighbour)
		ask_neighbour();
	ck_assert_msg(failed || r == 0, "%s: %d", step->name, r);
	disconnect();
	ck_assert_int_ne(held_result, 1); /* one way or another, it came to its end */
	if (r) {                          /* now there is memory */
		check_failure(step, n, r);
		if (step->level == CLIENT) /* from anew */
			prepare(step);
		r = step->act();
		ck_assert_msg(r == 0, "%s, after allocation %ld failed: %d", step->name, n, r);
	}
	disconnect();
	destroy_all();
	return failed;
}

START_TEST(each_allocation)
{
	const struct step *step = &steps[_i / 2];
	const bool anew = step->level < NEIGHBOUR; /* else it is enough to have one provider */
	unsigned before = count_fds(), now;
	bool failed = true;
	long n;

	failing.go_on = _i % 2;
	if (!anew) {
		set_up(step->level);
		before = count_fds();
	}
	for (n = 0; failed; n++) {
		if (anew)
			set_up(step->level);
		failed = run(step, n);
		if (anew)
			tear_down();
		now = count_fds();
		ck_assert_msg(now == before, "%s, allocation %ld: %u descriptors of %u", step->name, n, now, before);
	}
	if (!anew)
		tear_down();
	ck_assert_msg(n > 1 || step->is_free, "%s: no allocation was seen", step->name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("provider alloc");
	TCase *tcase = tcase_create("provider alloc");

	tcase_add_loop_test(tcase, each_allocation, 0, 2 * (int)(sizeof(steps) / sizeof(steps[0])));
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
