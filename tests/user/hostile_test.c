/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Servers that lie, are cut off, or fall silent in the midst of a message: each call of the client ends in time, with
 * an error or with what can be believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fds.h"
#include "noise.h"
#include "run_suite.h"
#include "server.h"
#include "sys/files.h"
#include "sys/unixsock.h"

#define TIMEOUT_MS 150
#define BODY_MAX 256

static struct server server; /* large */
static struct vgpu_context *ctx;
static const struct vgpu_user_opts quick = {.size = sizeof(quick), .timeout_ms = TIMEOUT_MS};
/* Where honest answers may come too late as well. */
static const struct vgpu_user_opts hasty = {.size = sizeof(hasty), .timeout_ms = 20};

static void setup(void)
{
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	server_init(&server);
}

static void teardown(void)
{
	server_free(&server);
	vgpu_context_unref(ctx);
}

/* What a server says instead of the honest answer to one command. */
enum lie {
	WRONG_ID,
	WRONG_COMMAND,
	AS_COMMAND,
	NO_TYPE,
	SHORT_HEADER, /* and then nothing */
	SIZE_0,
	SIZE_15,
	SIZE_HUGE,
	SIZE_MORE, /* than it sends */
	BODY_EMPTY,
	BODY_SHORT, /* a byte less */
	BODY_LONG,
	BODY_NOISE,
	BODY_ONES,
	ERROR_0,
	ERROR_HUGE,
	ERROR_BODY,
	SILENCE,
	HANG_UP,
	FDS_MANY, /* 40: more than were allowed */
	FDS_ODD,  /* 5 that nobody asked for */
	FLOOD,    /* of replies that nobody waits for */
	LIES
};

static const struct {
	const char *name;
	uint16_t command;
} commands[] = {
	{"version", VG_USER_VERSION},
	{"info", VG_USER_DEVICE_GET_INFO},
	{"region", VG_USER_DEVICE_GET_REGION_INFO},
	{"io fds", VG_USER_DEVICE_GET_REGION_IO_FDS},
	{"irq info", VG_USER_DEVICE_GET_IRQ_INFO},
	{"set irqs", VG_USER_DEVICE_SET_IRQS},
	{"read", VG_USER_REGION_READ},
	{"write", VG_USER_REGION_WRITE},
	{"dma map", VG_USER_DMA_MAP},
	{"dma unmap", VG_USER_DMA_UNMAP},
	{"reset", VG_USER_DEVICE_RESET},
	{"feature", VG_USER_DEVICE_FEATURE},
	{"mig read", VG_USER_MIG_DATA_READ},
	{"mig write", VG_USER_MIG_DATA_WRITE},
	{"plane", VG_USER_QUERY_GFX_PLANE},
};

static enum lie lie;
static uint16_t lied_to;

static void send_raw(const struct vg_user_header *header, const void *body, size_t size, int fd, size_t fd_count)
{
	struct iovec parts[2] = {{(void *)(uintptr_t)header, sizeof(*header)}, {(void *)(uintptr_t)body, size}};
	int fds[253] = {0};
	size_t i;

	for (i = 0; i < fd_count; i++)
		fds[i] = fd;
	vg_socket_send(server.channel.fd, parts, 2, fds, fd_count);
}

/* The size of the honest body, more or less. */
static size_t size_of_body(const struct vg_message *message)
{
	return message->size < 64 ? message->size : 64;
}

static void flood(const struct vg_user_header *header)
{
	struct vg_user_header other = *header;
	unsigned i;

	for (i = 0; i < 1000; i++) {
		other.id = (uint16_t)(header->id + 1 + i);
		other.size = sizeof(other);
		send_raw(&other, NULL, 0, -1, 0);
	}
}

/* What the header says that it should not. */
static void lie_in_header(struct vg_user_header *header)
{
	switch (lie) {
	case WRONG_ID:
		header->id++;
		break;
	case WRONG_COMMAND:
		header->command++;
		break;
	case AS_COMMAND:
		header->flags = 0;
		break;
	case NO_TYPE:
		header->flags = 7;
		break;
	case ERROR_0:
	case ERROR_HUGE:
	case ERROR_BODY:
		header->flags |= VG_USER_ERROR;
		header->error = lie == ERROR_HUGE ? 0xfffffff0 : 0;
		break;
	case SIZE_0:
	case SIZE_15:
		header->size = lie == SIZE_0 ? 0 : 15;
		break;
	case SIZE_HUGE:
		header->size = 0xffffffff;
		break;
	case SIZE_MORE:
		header->size += 100;
		break;
	default:
		break;
	}
}

/* What the body, of size bytes, is instead; returns its size then. */
static size_t lie_in_body(unsigned char *body, size_t size)
{
	size_t i;

	switch (lie) {
	case BODY_EMPTY:
	case ERROR_0:
	case ERROR_HUGE:
		return 0;
	case BODY_SHORT:
		return size - (size > 0);
	case BODY_LONG:
		return BODY_MAX;
	case BODY_NOISE:
		for (i = 0; i < size; i++)
			body[i] = (unsigned char)noise();
		return size;
	case BODY_ONES:
		memset(body, 0xff, size);
		return size;
	default:
		return size;
	}
}

static bool tell(struct server *s, struct vg_message *message)
{
	struct vg_user_header header = message->header;
	unsigned char body[BODY_MAX] = {0};
	size_t size = size_of_body(message);

	if (message->header.command != lied_to)
		return false;
	memcpy(body, message->body, size);
	header.flags = VG_USER_TYPE_REPLY;
	switch (lie) {
	case SHORT_HEADER:
		vg_socket_send(s->channel.fd, &(struct iovec){&header, 7}, 1, NULL, 0); /* the client may have given up */
		return true;
	case SILENCE:
		return true;
	case HANG_UP:
		vg_socket_shutdown(s->channel.fd);
		return true;
	case FLOOD:
		flood(&header);
		server_answer(s, message);
		return true;
	default:
		size = lie_in_body(body, size);
		header.size = (uint32_t)(sizeof(header) + size);
		lie_in_header(&header);
		send_raw(&header, body, size, s->wake, lie == FDS_MANY ? 40 : lie == FDS_ODD ? 5 : 0);
		return true;
	}
}

/* What the display shows. Returns how many calls failed. */
static unsigned look(struct vgpu_vfio *vfio)
{
	struct vgpu_mapping *mapping;
	struct vgpu_display *display;
	struct vgpu_plane *plane;
	unsigned failed = 0;
	int type;

	if (vgpu_display_open(vfio, NULL, &display))
		return 1;
	for (type = VGPU_PLANE_PRIMARY; type <= VGPU_PLANE_CURSOR; type++) {
		if (vgpu_plane_find(display, type, &plane) < 0) {
			failed++;
			continue;
		}
		if (vgpu_plane_map(display, plane, &mapping, NULL) == 0)
			vgpu_mapping_unmap(mapping);
		vgpu_plane_unref(plane);
	}
	vgpu_display_close(display);
	return failed;
}

/* All that a handle can do, in any state of its server. Returns how many calls failed. */
static unsigned use(struct vgpu_vfio *vfio)
{
	static unsigned char big[300000];
	struct vgpu_dma *dma = vgpu_vfio_get_dma(vfio);
	struct vgpu_region *region;
	struct vgpu_mapping *mapping;
	struct vgpu_io_fds *fds;
	struct vgpu_irq *irq;
	struct vgpu_migration *m;
	int eventfds[2] = {server.wake, server.wake}, fd;
	uint64_t page = 4096, bits[64], value;
	const struct vgpu_dirty_range range = {0, 1 << 20};
	unsigned failed = 0;
	uint32_t events;

	if (vgpu_region_find(vfio, VGPU_REGION_BAR0, &region) == 0)
		vgpu_region_unref(region);
	else
		failed++;
	if (vgpu_region_find(vfio, EDID_REGION, &region) == 0)
		vgpu_region_unref(region);
	if (vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping) == 0)
		vgpu_mapping_unmap(mapping);
	if (vgpu_io_fds_find(vfio, VGPU_REGION_BAR0, &fds) == 0)
		vgpu_io_fds_unref(fds);
	else
		failed++;
	if (vgpu_irq_find(vfio, VGPU_IRQ_MSIX, &irq) == 0)
		vgpu_irq_unref(irq);
	else
		failed++;
	failed += vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 2, eventfds) != 0;
	failed += vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 0, 4, &value) != 0;
	failed += vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, big, sizeof(big)) != sizeof(big);
	failed += vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, big, sizeof(big)) != sizeof(big);
	failed +=
		vgpu_dma_map(dma, 0x100000, (void *)((uintptr_t)(big + 4095) & ~(uintptr_t)4095), 4096, VGPU_DMA_READ) != 0;
	failed += vgpu_dma_unmap(dma, 0x100000, 4096) != 0;
	failed += vgpu_vfio_reset(vfio) != 0;
	failed += vgpu_dirty_start(vfio, &range, 1, &page) != 0;
	failed += vgpu_dirty_read(vfio, 0, 1 << 20, 4096, bits, 64) != 0;
	if (vgpu_migration_open(vfio, &m) == 0) {
		vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_STOP_COPY);
		failed += vgpu_migration_read(m, big, sizeof(big)) < 0;
		vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_STOP);
		vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_RESUMING);
		failed += vgpu_migration_write(m, big, 1000) < 0;
		vgpu_migration_close(m);
	} else {
		failed++;
	}
	failed += look(vfio);
	if (vgpu_vfio_start_events(vfio, &fd) == 0)
		vgpu_vfio_process(vfio, &events);
	return failed;
}

/* After these the client waits for an answer: not for long, in a test. */
static bool is_waited_for(void)
{
	return lie == WRONG_ID || lie == AS_COMMAND || lie == SHORT_HEADER || lie == SIZE_MORE || lie == SILENCE;
}

/* Each lie to each command. */
START_TEST(each_lie)
{
	unsigned open_before = count_fds(), failed;
	struct vgpu_vfio *vfio = NULL;
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;
	int r;

	lie = (enum lie)(_i % LIES);
	lied_to = commands[_i / LIES].command;
	noise_seed(_i);
	server.hook = tell;
	fds.name = commands[_i / LIES].name;
	fds.socket_fd = server_start(&server);
	fds.user = is_waited_for() ? &hasty : NULL;
	r = vgpu_vfio_open_fds(ctx, &fds, &vfio);
	close(fds.socket_fd);
	ck_assert_int_eq(r == 0, vfio != NULL);
	if (lied_to != VG_USER_VERSION && lied_to != VG_USER_DEVICE_GET_INFO && !is_waited_for())
		ck_assert_msg(r == 0, "%s: %d", fds.name, r);
	if (r == 0) {
		failed = use(vfio);
		/* these are no answers at all */
		if (lie == WRONG_ID || lie == WRONG_COMMAND || lie == NO_TYPE || lie == SHORT_HEADER || lie == SIZE_0 ||
			lie == SIZE_HUGE || lie == SIZE_MORE || lie == ERROR_0 || lie == ERROR_HUGE || lie == ERROR_BODY ||
			lie == SILENCE || lie == HANG_UP || lie == FDS_MANY)
			ck_assert_msg(failed > 0, "%s, lie %d", fds.name, lie);
		if (lie == FLOOD)
			ck_assert_msg(failed == 0, "%s, flood: %u", fds.name, failed);
		vgpu_vfio_close(vfio);
	} else {
		ck_assert_int_eq(vgpu_error_get_errno(vgpu_context_get_error(ctx)), -r);
	}
	server_stop(&server);
	teardown();
	ck_assert_uint_le(count_fds(), open_before);
	setup();
	server.stop = true;
	server.memory_fd = server.wake = -1;
}
END_TEST

/* Half a reply's data have come, into the caller's buffer: at the deadline the rest must not follow. */
static bool half_data(struct server *s, struct vg_message *message)
{
	struct vg_user_header header = message->header;
	unsigned char body[16 + 1000];

	if (header.command != VG_USER_REGION_READ)
		return false;
	memset(body, 0xee, sizeof(body));
	memcpy(body, message->body, 16);
	header.flags = VG_USER_TYPE_REPLY;
	header.size = sizeof(header) + 16 + 4096;
	send_raw(&header, body, sizeof(body), -1, 0);
	vg_sleep_ms(2 * TIMEOUT_MS);
	send_raw(&header, body, sizeof(body), -1, 0);
	(void)s;
	return true;
}

START_TEST(half_held)
{
	struct vgpu_vfio *vfio;
	unsigned char *buf = calloc(1, 4096), *copy = calloc(1, 4096);
	int64_t start;

	server.hook = half_data;
	vfio = server_open(&server, ctx, NULL, &quick);
	start = vg_now_ms();
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, buf, 4096), -ETIMEDOUT);
	ck_assert_int_ge(vg_now_ms() - start, TIMEOUT_MS / 2);
	memcpy(copy, buf, 4096);
	vg_sleep_ms(3 * TIMEOUT_MS);
	ck_assert_int_lt(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, buf, 0), 1);
	ck_assert_mem_eq(copy, buf, 4096);
	ck_assert_int_lt(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, buf, 4), 0);
	vgpu_vfio_close(vfio);
	free(buf);
	free(copy);
}
END_TEST

/* A late reply is nobody's: the next call gets its own. */
static bool late(struct server *s, struct vg_message *message)
{
	if (message->header.command == VG_USER_REGION_READ && !s->hook_data) {
		s->hook_data = s;
		vg_sleep_ms(2 * TIMEOUT_MS);
	}
	return false;
}

START_TEST(late_reply)
{
	struct vgpu_vfio *vfio;
	uint32_t value = 0;
	int r, tries = 0;

	server.hook = late;
	vfio = server_open(&server, ctx, NULL, &quick);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_CONFIG, 0, &value, 2), -ETIMEDOUT);
	ck_assert_uint_eq(value, 0);
	while ((r = (int)vgpu_region_read(vfio, VGPU_REGION_CONFIG, 2, &value, 2)) == -ETIMEDOUT)
		ck_assert_int_lt(tries++, 100);
	ck_assert_int_eq(r, 2);
	ck_assert_uint_eq(value, 0x1111);
	vgpu_vfio_close(vfio);
}
END_TEST

/* It reads nothing any more: what is posted is bounded, and ends in time. */
static bool deaf(struct server *s, struct vg_message *message)
{
	if (message->header.command != VG_USER_REGION_READ)
		return false;
	while (!s->stop)
		vg_sleep_ms(5);
	return true;
}

START_TEST(deaf_server)
{
	struct vgpu_user_opts user = {.size = sizeof(user), .flags = VGPU_USER_POST, .timeout_ms = TIMEOUT_MS};
	struct vgpu_vfio *vfio;
	uint32_t value = 0;
	ssize_t n;
	long i;

	server.hook = deaf;
	vfio = server_open(&server, ctx, NULL, &user);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), -ETIMEDOUT);
	for (i = 0; (n = vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, &value, 4)) == 4; i++)
		ck_assert_int_lt(i, 10000000);
	ck_assert_int_eq(n, -ETIMEDOUT);
	ck_assert_int_lt(vgpu_vfio_flush(vfio), 0);
	ck_assert_int_lt(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), 0);
	vgpu_vfio_close(vfio);
}
END_TEST

/* It asks for memory again and again, and reads no answer: what waits is bounded. */
static bool greedy(struct server *s, struct vg_message *message)
{
	struct vg_user_header header = {.id = 1, .command = VG_USER_DMA_READ, .size = 32};
	struct vg_user_dma_access access = {0x1000, VG_USER_DEFAULT_DATA};
	struct iovec parts[2] = {{&header, sizeof(header)}, {&access, sizeof(access)}};

	if (message->header.command != VG_USER_REGION_READ)
		return false;
	while (!s->stop) {
		parts[0].iov_len = sizeof(header);
		if (vg_socket_send(s->channel.fd, parts, 2, NULL, 0) < 0)
			vg_sleep_ms(1);
	}
	return true;
}

START_TEST(greedy_server)
{
	unsigned char *memory = aligned_alloc(4096, VG_USER_DEFAULT_DATA);
	struct vgpu_vfio *vfio;
	uint32_t value = 0;

	memset(memory, 1, VG_USER_DEFAULT_DATA);
	server.hook = greedy;
	vfio = server_open(&server, ctx, NULL, &quick);
	ck_assert_int_eq(vgpu_dma_map(vgpu_vfio_get_dma(vfio), 0x1000, memory, VG_USER_DEFAULT_DATA, VGPU_DMA_READ), 0);
	ck_assert_int_eq(vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, &value, 4), -ETIMEDOUT);
	vgpu_vfio_close(vfio);
	free(memory);
}
END_TEST

/* Versions and version data. */
static const struct {
	uint16_t major;
	uint16_t minor;
	int expected;
	const char *json;
} versions[] = {
	{0, 0, 0, NULL},
	{0, 0, 0, ""},
	{0, 2, 0, "{}"},
	{0, 1, 0, "{\"capabilities\":{\"x\":[]}}"},
	{0, 3, -EOPNOTSUPP, "{}"},
	{1, 0, -EOPNOTSUPP, "{}"},
	{0, 0, -EPROTO, "{"},
	{0, 0, -EPROTO, "[]"},
	{0, 0, -EPROTO, "{\"capabilities\":{\"max_data_xfer_size\":0}}"},
	{0, 0, -EPROTO, "{\"capabilities\":{\"twin_socket\":{\"supported\":true}}}"},
	{0, 0, -EPROTO, "{\"capabilities\":{\"twin_socket\":{\"supported\":true,\"fd_index\":0}}}"},
	{0, 0, -EPROTO, "{\"capabilities\":{\"twin_socket\":{\"supported\":true,\"fd_index\":4000000000}}}"},
	{0, 0, 0, "{\"capabilities\":{\"twin_socket\":{\"supported\":false,\"fd_index\":0}}}"},
};

static bool answer_version(struct server *s, struct vg_message *message)
{
	const int i = *(int *)s->hook_data;
	unsigned char body[512];
	size_t size = 4;

	if (message->header.command != VG_USER_VERSION)
		return false;
	memcpy(body, &versions[i].major, 2);
	memcpy(body + 2, &versions[i].minor, 2);
	if (versions[i].json) {
		size += strlen(versions[i].json) + 1;
		memcpy(body + 4, versions[i].json, size - 4);
	}
	server_reply(s, message, body, size);
	return true;
}

START_TEST(other_versions)
{
	int i = _i;

	server.hook = answer_version;
	server.hook_data = &i;
	ck_assert_msg(server_try_open(&server, ctx) == versions[i].expected, "%d: %s", i,
				  vgpu_error_get_message(vgpu_context_get_error(ctx)));
}
END_TEST

/* Version data with noise, from the honest server's on. */
static bool noisy_version(struct server *s, struct vg_message *message)
{
	static const char good[] =
		"\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":65536,\"pgsizes\":4096,"
		"\"twin_socket\":{\"supported\":false},\"migration\":{\"pgsize\":4096}}}";
	char body[sizeof(good)];
	int n;

	if (message->header.command != VG_USER_VERSION)
		return false;
	memcpy(body, good, sizeof(good));
	for (n = 1 + noise() % 3; n; n--)
		body[4 + noise() % (int)(sizeof(good) - 4)] = (char)noise();
	server_reply(s, message, body, (size_t)(4 + noise() % (int)(sizeof(good) - 3)));
	return true;
}

START_TEST(noisy_versions)
{
	noise_seed(_i);
	server.hook = noisy_version;
	server_try_open(&server, ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user hostile");
	TCase *tcase = tcase_create("user hostile");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, each_lie, 0, LIES * (int)(sizeof(commands) / sizeof(commands[0])));
	tcase_add_test(tcase, half_held);
	tcase_add_test(tcase, late_reply);
	tcase_add_test(tcase, deaf_server);
	tcase_add_test(tcase, greedy_server);
	tcase_add_loop_test(tcase, other_versions, 0, (int)(sizeof(versions) / sizeof(versions[0])));
	tcase_add_loop_test(tcase, noisy_versions, 0, 50);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
