/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two vGPUs of one provider, one of which is attacked for as long as it takes the other's client to have its requests
 * answered. What is measured is that they are: an answer that does not come at all fails.
 */
#include <linux/vfio.h>

#include "control/protocol.h"
#include "run_suite.h"
#include "served.h"

#define OTHER_UUID "c0ffee00-0000-4000-8000-000000000002"
#define REQUESTS 200
#define RANGE ((uint64_t)1 << 36) /* no memory, but a large bitmap */

static struct {
	struct served *served; /* the one that is attacked */
	struct vgpu_instance *other;
	char control[108];
	atomic_bool stop;
	atomic_int attacks;
} gpu;

/* A bound, not a flaw, is what ends a flood. */
static void flood(uint16_t command, uint32_t flags, const void *body, size_t size)
{
	static _Thread_local unsigned char all[1 << 18];
	struct peer *peer = peer_open(gpu.served->socket);
	struct vg_user_header header = {1, command, (uint32_t)(sizeof(header) + size), flags, 0};
	size_t n;

	for (n = 0; n + header.size <= sizeof(all); n += header.size) {
		memcpy(all + n, &header, sizeof(header));
		memcpy(all + n + sizeof(header), body, size);
	}
	fcntl(peer->fd, F_SETFL, flags & VG_USER_NO_REPLY ? 0 : O_NONBLOCK);
	while (!gpu.stop && peer_send_raw(peer, all, n, NULL, 0))
		gpu.attacks++;
	peer_free(peer);
}

static void posted_writes(void)
{
	const struct {
		struct vg_user_region_access access;
		uint32_t value;
	} body = {{0, VGPU_REGION_BAR2, 4}, 1};

	flood(VG_USER_REGION_WRITE, VG_USER_NO_REPLY, &body, sizeof(body.access) + 4);
}

static void many_writes(void)
{
	static struct {
		struct vg_user_write_multi head;
		struct vg_user_write writes[1000];
	} body = {.head = {1000}};
	size_t i;

	for (i = 0; i < 1000; i++)
		body.writes[i] = (struct vg_user_write){0, VGPU_REGION_BAR2, 4, {0}};
	flood(VG_USER_REGION_WRITE_MULTI, VG_USER_NO_REPLY, &body, sizeof(body));
}

/* Reads whose answers nobody reads. */
static void deaf_reads(void)
{
	const struct vg_user_region_access body = {0, VGPU_REGION_ROM, SERVED_PAGE};

	while (!gpu.stop) {
		flood(VG_USER_REGION_READ, 0, &body, sizeof(body));
		gpu.attacks++;
	}
}

static void half_messages(void)
{
	struct peer *peer;

	while (!gpu.stop) {
		peer = peer_new(gpu.served->socket);
		peer_send_raw(peer, "half a hello", 12, NULL, 0);
		while (!gpu.stop && peer_receive(peer)) /* its end comes */
			;
		peer_free(peer);
		gpu.attacks++;
	}
}

static void connections(void)
{
	int fds[64];
	size_t i;

	while (!gpu.stop) {
		for (i = 0; i < 64; i++)
			fds[i] = peer_connect(gpu.served->socket);
		for (i = 0; i < 64; i++)
			close(fds[i]);
		gpu.attacks++;
	}
}

/* Reports of what was written to in a large range: each takes long. */
static void dirty_reports(void)
{
	struct {
		struct vg_user_feature feature;
		uint64_t words[3];
	} start = {{4096, VFIO_DEVICE_FEATURE_SET | 6}, {4096, 0, 0}},
	  report = {{4096, VFIO_DEVICE_FEATURE_GET | 8}, {0, RANGE, (uint64_t)1 << 31}};
	struct peer *peer = peer_open(gpu.served->socket);

	ck_assert_int_eq(peer_map(peer, 0, RANGE, 3, -1), 0);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_FEATURE, &start, sizeof(start)), 0);
	while (!gpu.stop && peer_send(peer, VG_USER_DEVICE_FEATURE, VG_USER_NO_REPLY, &report, sizeof(report), NULL, 0))
		gpu.attacks++;
	peer_free(peer);
}

/* Memory that comes and goes while the device copies it, and eventfds that are full. */
static void shaky_memory(void)
{
	struct peer *peer = peer_open(gpu.served->socket);
	struct vg_user_irq_set give = {sizeof(give), 0x24, VGPU_IRQ_MSIX, 0, 1};
	const int eventfd_full = eventfd(UINT32_MAX, 0);
	const uint64_t full = UINT64_MAX - 1 - UINT32_MAX;
	static char buf[16 * SERVED_PAGE];
	int memory;
	void *at = peer_memory(sizeof(buf), 0, &memory);

	ck_assert_int_eq(write(eventfd_full, &full, sizeof(full)), sizeof(full));
	ck_assert_int_eq(peer_call_fds(peer, VG_USER_DEVICE_SET_IRQS, &give, sizeof(give), &eventfd_full, 1), 0);
	while (!gpu.stop) {
		ck_assert_int_eq(peer_map(peer, 0, sizeof(buf), 3, memory), 0);
		ck_assert_int_eq(ftruncate(memory, SERVED_PAGE), 0);
		ck_assert_int_eq(vgpu_guest_write(gpu.served->instance, 0, buf, sizeof(buf)), -EFAULT);
		ck_assert_int_eq(vgpu_guest_read(gpu.served->instance, 0, buf, SERVED_PAGE), 0);
		ck_assert_int_eq(vgpu_pci_trigger(gpu.served->instance, 0), 0);
		ck_assert_int_eq(ftruncate(memory, sizeof(buf)), 0);
		ck_assert_int_eq(peer_unmap(peer, 0, sizeof(buf)), 0);
		gpu.attacks++;
	}
	munmap(at, sizeof(buf));
	close(memory);
	close(eventfd_full);
	peer_free(peer);
}

/* Whatever is sent to the control socket. */
static void management(void)
{
	static const char request[] = "{\"version\":1,\"command\":\"types\"}";
	struct {
		struct vg_user_header header;
		char text[sizeof(request)];
	} message = {.header = {1, VG_CONTROL_COMMAND, (uint32_t)(sizeof(message.header) + sizeof(request) - 1), 0, 0}};
	size_t i, size = message.header.size;
	int fds[40];

	memcpy(message.text, request, sizeof(request));
	while (!gpu.stop) {
		for (i = 0; i < 40; i++)
			fds[i] = peer_connect(gpu.control);
		for (i = 0; i < 40; i++) /* a whole request, one of them and a half, a half */
			send(fds[i], &message, i % 3 ? size / (i % 3) : size, MSG_NOSIGNAL | MSG_DONTWAIT);
		for (i = 0; i < 40; i++)
			close(fds[i]);
		gpu.attacks++;
	}
}

static const struct {
	const char *name;
	void (*fn)(void);
} attacks[] = {{"posted writes", posted_writes}, {"many writes", many_writes}, {"deaf reads", deaf_reads},
			   {"half messages", half_messages}, {"connections", connections}, {"dirty reports", dirty_reports},
			   {"shaky memory", shaky_memory},   {"management", management}};

#define ATTACKS ((int)(sizeof(attacks) / sizeof(attacks[0])))

static void *attack(void *data)
{
	attacks[*(int *)data % ATTACKS].fn();
	return NULL;
}

static void ask_other(void)
{
	struct peer *peer = peer_open(vgpu_instance_get_socket(gpu.other));
	uint32_t i, value;

	for (i = 0; i < REQUESTS; i++) {
		ck_assert_int_eq(peer_region_write(peer, VGPU_REGION_BAR2, 4, &i, 4), 0);
		ck_assert_int_eq(peer_region_read(peer, VGPU_REGION_CONFIG, 0, &value, 4), 0);
		ck_assert_uint_eq(value, 0x56781234);
	}
	peer_free(peer);
}

/* A management client has its answer, too; as soon as it is let in. */
static void ask_control(void)
{
	static const char request[] = "{\"version\":1,\"command\":\"parent\"}";
	struct vg_user_header header = {1, VG_CONTROL_COMMAND, (uint32_t)(sizeof(header) + strlen(request)), 0, 0};
	char answer[1024];
	ssize_t n = 0;
	int tries, fd;

	for (tries = 0; tries < 100 && n <= 0; tries++) { /* those who have asked nothing yet are who is closed first */
		fd = peer_connect(gpu.control);
		if (send(fd, &header, sizeof(header), MSG_NOSIGNAL | MSG_MORE) == sizeof(header) &&
			send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
			n = recv(fd, answer, sizeof(answer), 0);
		close(fd);
	}
	ck_assert_int_gt(n, (int)sizeof(header));
}

START_TEST(goes_on)
{
	/* at last, floods while the server looks for more of the one before it looks at the other */
	const struct vgpu_provider_opts opts = {.request_ms = 500, .spin_us = _i < ATTACKS ? 0 : 100000};
	const struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = OTHER_UUID, .type = "type"};
	pthread_t thread;
	int tries;

	gpu.stop = false;
	gpu.attacks = 0;
	gpu.served = served_new(&opts);
	ck_assert_int_eq(vgpu_instance_create(gpu.served->provider, &which, &gpu.other), 0);
	ck_assert_int_eq(vgpu_provider_open_control(gpu.served->provider), 0);
	snprintf(gpu.control, sizeof(gpu.control), "%s/served.control", gpu.served->dir);
	ck_assert_int_eq(pthread_create(&thread, NULL, attack, &_i), 0);
	for (tries = 0; tries < 20000 && !gpu.attacks; tries++)
		usleep(1000);
	ask_other();
	ask_control();
	gpu.stop = true;
	pthread_join(thread, NULL);
	ck_assert_msg(gpu.attacks > 0, "%s: there was no attack", attacks[_i % ATTACKS].name);
	served_await(gpu.served, VGPU_INSTANCE_FREE);
	ask_other();
	vgpu_instance_destroy(gpu.other, NULL);
	vgpu_instance_unref(gpu.other);
	PEER_WAIT_FOR(gpu.served->freed == 1);
	gpu.served->freed = 0;
	served_free_all(gpu.served);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("neighbours");
	TCase *tcase = tcase_create("neighbours");

	tcase_add_loop_test(tcase, goes_on, 0, ATTACKS + 2);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
