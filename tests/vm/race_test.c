/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several processes at once, and processes that are killed at any step: one wins, and nothing is left half-made. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../run_suite.h"
#include "vm_test.h"

#define RACERS 4
#define ROUNDS 150 /* of killing */

/* Where vGPUs are made: VM_PARENT and VM_TYPE of the environment, if set, stand for all of them. */
static struct {
	const char *parent, *type;
} one = {"mtty", "mtty-1"}, other = {"mdpy", "mdpy-vga"}, four = {"mdpy", "mdpy-hd"}; /* four: of those there are */

/* Exit codes of a racer: how its call ended. */
enum { WON, LOST_EXISTS, LOST_CAPACITY, LOST_GONE, LOST_BUSY, BROKEN };

static int outcome(struct vgpu_context *ctx, int r)
{
	enum vgpu_cause cause = vgpu_error_get_cause(vgpu_context_get_error(ctx));

	if (r == 0)
		return WON;
	if (r == -EEXIST && cause == VGPU_CAUSE_EXISTS)
		return LOST_EXISTS;
	if (r == -ENOSPC && cause == VGPU_CAUSE_NO_CAPACITY)
		return LOST_CAPACITY;
	if (r == -ENODEV && (cause == VGPU_CAUSE_NO_DEVICE || cause == VGPU_CAUSE_GONE))
		return LOST_GONE;
	if (r == -EAGAIN)
		return LOST_BUSY;
	fprintf(stderr, "racer: %d: %s\n", r, vm_error(ctx));
	vm_show_helpers();
	return BROKEN;
}

/* Starts RACERS processes at once on work(ctx, racer) and counts how they ended. */
static void race(int (*work)(struct vgpu_context *, int), int counts[BROKEN + 1])
{
	int gate[2], i, status;
	pid_t pids[RACERS];

	ck_assert_int_eq(pipe(gate), 0);
	memset(counts, 0, sizeof(int) * (BROKEN + 1));
	fflush(NULL);
	for (i = 0; i < RACERS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] == 0) {
			struct vgpu_context *ctx = vm_context();
			char c;

			close(gate[1]);
			if (read(gate[0], &c, 1) != 0)
				_exit(BROKEN);
			_exit(outcome(ctx, work(ctx, i)));
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (i = 0; i < RACERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= BROKEN);
		counts[WEXITSTATUS(status)]++;
	}
	ck_assert_int_eq(counts[BROKEN], 0);
}

static int create_same(struct vgpu_context *ctx, int racer)
{
	return racer % 2 ? vm_try_create(ctx, other.parent, other.type, VM_UUID ":1")
					 : vm_try_create(ctx, one.parent, one.type, VM_UUID ":1");
}

static int create_own(struct vgpu_context *ctx, int racer)
{
	char device[64];

	snprintf(device, sizeof(device), VM_UUID ":%d", racer);
	return vm_try_create(ctx, four.parent, four.type, device);
}

static int destroy_same(struct vgpu_context *ctx, int racer)
{
	(void)racer;
	return vm_destroy(ctx, VM_UUID ":1", false, 0);
}

START_TEST(same_pair)
{
	struct vgpu_context *ctx = vm_context();
	int counts[BROKEN + 1], i;

	for (i = 0; i < 20; i++) {
		race(create_same, counts);
		ck_assert_int_eq(counts[WON], 1);
		ck_assert_int_eq(counts[LOST_EXISTS], RACERS - 1);
		ck_assert_uint_eq(vm_device_count(ctx), 1);
		ck_assert_uint_eq(vm_record_count(), 1);
		race(destroy_same, counts);
		ck_assert_int_eq(counts[WON], 1);
		ck_assert_int_eq(counts[WON] + counts[LOST_GONE] + counts[LOST_BUSY], RACERS);
		ck_assert_uint_eq(vm_device_count(ctx), 0);
		ck_assert_uint_eq(vm_record_count(), 0);
	}
	vgpu_context_unref(ctx);
}
END_TEST

/* There is room for four: three are taken. */
START_TEST(last_instance)
{
	struct vgpu_context *ctx = vm_context();
	int counts[BROKEN + 1], i;

	for (i = 100; i < 103; i++) {
		char device[64];

		snprintf(device, sizeof(device), VM_UUID ":%d", i);
		vm_assert_ok(ctx, vm_try_create(ctx, four.parent, four.type, device));
	}
	for (i = 0; i < 20; i++) {
		char device[64];
		int racer;

		race(create_own, counts);
		ck_assert_int_eq(counts[WON], 1);
		ck_assert_int_eq(counts[LOST_CAPACITY], RACERS - 1);
		ck_assert_uint_eq(vm_device_count(ctx), 4);
		ck_assert_uint_eq(vm_record_count(), 4);
		for (racer = 0; racer < RACERS; racer++) {
			snprintf(device, sizeof(device), VM_UUID ":%d", racer);
			vm_destroy(ctx, device, false, 0);
		}
		ck_assert_uint_eq(vm_device_count(ctx), 3);
	}
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Runs work in a child and kills it ns after it began; ns < 0: lets it end. Returns how long the child lived. */
static int64_t run_and_kill(int (*work)(struct vgpu_context *, int), int64_t ns)
{
	struct timespec delay = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	int64_t start;
	int gate[2];
	char c = 'x';
	pid_t pid;

	ck_assert_int_eq(pipe(gate), 0);
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct vgpu_context *ctx = vm_context();

		if (write(gate[1], &c, 1) != 1)
			_exit(1);
		work(ctx, 1);
		_exit(0);
	}
	ck_assert_int_eq(read(gate[0], &c, 1), 1);
	start = now_ns();
	if (ns >= 0) {
		nanosleep(&delay, NULL);
		kill(pid, SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(gate[0]);
	close(gate[1]);
	return now_ns() - start;
}

static int create_one(struct vgpu_context *ctx, int racer)
{
	(void)racer;
	return vm_try_create(ctx, one.parent, one.type, VM_UUID ":1");
}

/* An mdev goes with its directory; a function loses its type, or its driver. */
static bool is_in_kernel(const struct vgpu_device *device)
{
	char path[512], type[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/nvidia/current_vgpu_type", vgpu_device_get_sysfs_path(device));
	file = fopen(path, "r");
	if (file) {
		if (!fgets(type, sizeof(type), file))
			type[0] = '\0';
		fclose(file);
		return strcmp(type, "0\n") != 0;
	}
	snprintf(path, sizeof(path), "%s%s", vgpu_device_get_sysfs_path(device),
			 vgpu_device_get_physfn(device) ? "/driver" : "");
	return access(path, F_OK) == 0;
}

/* One listing. What it shows the kernel must have; -1: that was removed since, by the helper of a killed process. */
static int look(struct vgpu_context *ctx)
{
	struct vgpu_devices *devices;
	struct vgpu_device *device;
	int there;

	vm_assert_ok(ctx, vgpu_device_list(ctx, NULL, &devices));
	ck_assert_uint_le(vgpu_devices_get_count(devices), 1);
	there = vgpu_devices_get_count(devices) == 1;
	device = vgpu_devices_get(devices, 0);
	if (there && !vgpu_device_get_sysfs_path(device))
		ck_assert_str_eq(vgpu_device_get_state(device), "removing");
	else if (there && !is_in_kernel(device))
		there = -1;
	else if (there && vgpu_device_get_type(device))
		ck_assert_str_eq(vgpu_device_get_type(device), one.type);
	vgpu_devices_unref(devices);
	return there;
}

/* What list shows must be what the kernel has: a vGPU that is there, and none that is not. */
static bool assert_truth(struct vgpu_context *ctx)
{
	int there = look(ctx);

	if (there < 0)
		there = look(ctx);
	ck_assert_int_ge(there, 0);
	return there;
}

/* The helper of a killed process may still be at work: its record says so until it has ended. */
static int settle(struct vgpu_context *ctx, int (*work)(struct vgpu_context *, int))
{
	int tries, r = -EAGAIN;

	for (tries = 0; tries < 200; tries++) {
		r = work(ctx, 1);
		if (r != -EAGAIN && !(r == -EEXIST && vm_device_count(ctx) == 0))
			break;
		usleep(5000);
	}
	return r;
}

/* Kills are spread over somewhat more than what the work takes on this machine at this time. */
static int64_t kill_time(int round, int64_t whole)
{
	return whole * 3 / 2 * round / ROUNDS;
}

START_TEST(killed_creator)
{
	struct vgpu_context *ctx = vm_context();
	int round, there = 0, mended = 0;
	int64_t whole = 0;

	for (round = 0; round < ROUNDS; round++) {
		int r;

		if (round % 30 == 0) {
			whole = run_and_kill(create_one, -1);
			vm_assert_ok(ctx, destroy_same(ctx, 0));
		}
		run_and_kill(create_one, kill_time(round, whole));
		usleep(round % 3 ? 0 : 20000);
		there += assert_truth(ctx);
		if (round % 2) {
			mended += vm_reconcile(ctx) > 0;
			assert_truth(ctx);
		}
		r = settle(ctx, create_one);
		ck_assert_msg(r == 0 || r == -EEXIST, "round %d: %s", round, vm_error(ctx));
		ck_assert(assert_truth(ctx));
		r = settle(ctx, destroy_same);
		ck_assert_msg(r == 0, "round %d: %s", round, vm_error(ctx));
		ck_assert_uint_eq(vm_device_count(ctx), 0);
		ck_assert_uint_eq(vm_record_count(), 0);
	}
	fprintf(stderr, "killed creators: after %d of %d the vGPU was there, reconcile mended %d\n", there, ROUNDS, mended);
	ck_assert_int_gt(there, 0);
	ck_assert_int_lt(there, ROUNDS);
	vgpu_context_unref(ctx);
}
END_TEST

START_TEST(killed_destroyer)
{
	struct vgpu_context *ctx = vm_context();
	int round, there = 0;
	int64_t whole = 0;

	for (round = 0; round < ROUNDS; round++) {
		int r;

		vm_assert_ok(ctx, create_one(ctx, 0));
		if (round % 30 == 0) {
			whole = run_and_kill(destroy_same, -1);
			vm_assert_ok(ctx, create_one(ctx, 0));
		}
		run_and_kill(destroy_same, kill_time(round, whole));
		there += assert_truth(ctx);
		if (round % 2)
			vm_reconcile(ctx);
		assert_truth(ctx);
		r = settle(ctx, destroy_same);
		ck_assert_msg(r == 0 || r == -ENODEV, "round %d: %s", round, vm_error(ctx));
		ck_assert_uint_eq(vm_device_count(ctx), 0);
		r = settle(ctx, create_one);
		ck_assert_msg(r == 0, "round %d: %s", round, vm_error(ctx));
		vm_assert_ok(ctx, destroy_same(ctx, 0));
		ck_assert_uint_eq(vm_record_count(), 0);
	}
	fprintf(stderr, "killed destroyers: the vGPU was there after %d of %d\n", there, ROUNDS);
	ck_assert_int_gt(there, 0);
	ck_assert_int_lt(there, ROUNDS);
	vgpu_context_unref(ctx);
}
END_TEST

/* Kills the helpers of create and destroy again and again while they are at work. */
static int harass(struct vgpu_context *ctx, int racer)
{
	int i;

	(void)ctx;
	(void)racer;
	for (i = 0; i < 60; i++) {
		if (system(
				"for p in /proc/[0-9]*; do read -r c <$p/comm && [ \"$c\" = vgpu-helper ] && kill -9 ${p#/proc/}; done "
				"2>/dev/null"))
			continue;
	}
	return 0;
}

START_TEST(killed_helper)
{
	struct vgpu_context *ctx = vm_context();
	int killed = 0, status = 0, r;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(harass(ctx, 0));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		r = create_one(ctx, 0);
		killed += r == -ECONNRESET;
		ck_assert_msg(r == 0 || r == -ECONNRESET, "create: %s", vm_error(ctx));
		ck_assert_int_eq(assert_truth(ctx), r == 0);
		if (r)
			continue;
		r = destroy_same(ctx, 0);
		killed += r == -ECONNRESET;
		ck_assert_msg(r == 0 || r == -ECONNRESET, "destroy: %s", vm_error(ctx));
		ck_assert_int_eq(assert_truth(ctx), r != 0);
		while (r == -ECONNRESET)
			r = destroy_same(ctx, 0);
		ck_assert_msg(r == 0, "destroy again: %s", vm_error(ctx));
	}
	fprintf(stderr, "killed helpers: %d calls failed for it\n", killed);
	vm_clean(ctx);
	vgpu_context_unref(ctx);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {same_pair, last_instance, killed_creator, killed_destroyer, killed_helper, NULL};

	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	if (getenv("VM_PARENT") && getenv("VM_TYPE")) {
		one.parent = other.parent = four.parent = getenv("VM_PARENT");
		one.type = other.type = four.type = getenv("VM_TYPE");
	}
	return run_suite("race", tests);
}
