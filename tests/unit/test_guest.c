/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest memory as a provider reaches it, by each of the three ways, while a client maps and unmaps. */
#include "run_suite.h"
#include "served.h"

#include <linux/vfio.h>

#define MIB ((size_t)1 << 20)
#define OWN_JSON "{\"capabilities\": {\"vgpu_dma_messages\": true}}"
#define SEALED (F_SEAL_SHRINK | F_SEAL_GROW)

/* Memory of each kind adjoins: 1 MiB at 0 is mapped, at 1 MiB copied, at 2 MiB reached by messages. */
struct guest {
	struct served *served;
	struct peer *peer;
	char *sealed;
	char *loose;
	int fds[2];
	char *hidden;
	pthread_mutex_t lock; /* of hidden: a thread sanitizer does not know what sockets order */
	struct peer *back;    /* where the server's messages come */
	atomic_bool is_short;
	atomic_bool stop;
	atomic_bool mute;
	pthread_t thread;
};

/* QEMU counts the padding at the end of its struct, after the data too: it refuses messages without these bytes. */
#define QEMU_TAIL 4u

/* Answers DMA_READ and DMA_WRITE. */
static void *answer(void *data)
{
	struct guest *guest = data;
	struct peer *peer = guest->back;

	while (!guest->stop) {
		struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
		size_t head, tail, at;
		struct vg_user_dma_access access = {0};
		struct vg_user_header reply;
		unsigned char *all;

		if (poll(&ready, 1, 20) != 1)
			continue;
		if (!peer_receive(peer))
			break;
		if (guest->mute)
			continue;
		head = guest->is_short ? 12 : 16;
		tail = guest->is_short ? QEMU_TAIL : 0;
		memcpy(&access, peer->body, head);
		ck_assert_uint_eq(peer->header.size,
						  sizeof(reply) + head + tail + (peer->header.command == VG_USER_DMA_WRITE ? access.count : 0));
		ck_assert_uint_ge(access.address, 2 * MIB);
		at = (size_t)(access.address - 2 * MIB);
		reply = peer->header;
		reply.flags = VG_USER_TYPE_REPLY;
		pthread_mutex_lock(&guest->lock);
		if (reply.command == VG_USER_DMA_WRITE) {
			memcpy(guest->hidden + at, peer->body + head, (size_t)access.count);
			reply.size = (uint32_t)(sizeof(reply) + (guest->is_short ? 0 : head));
		} else {
			reply.size = (uint32_t)(sizeof(reply) + head + access.count + tail);
		}
		all = calloc(1, reply.size);
		memcpy(all, &reply, sizeof(reply));
		memcpy(all + sizeof(reply), &access, reply.size > sizeof(reply) ? head : 0);
		if (reply.command == VG_USER_DMA_READ)
			memcpy(all + sizeof(reply) + head, guest->hidden + at, (size_t)access.count);
		pthread_mutex_unlock(&guest->lock);
		peer_send_raw(peer, all, reply.size, NULL, 0);
		free(all);
	}
	return NULL;
}

/* As a client of this json says hello. */
static void set_up_as(struct guest *guest, uint32_t layout, const char *json, bool is_short)
{
	const struct vgpu_provider_opts opts = {.message_layout = layout, .request_ms = 300, .max_dma_maps = 8};

	*guest = (struct guest){.served = served_new(&opts), .is_short = is_short};
	guest->peer = peer_new(guest->served->socket);
	ck_assert_int_eq(peer_version(guest->peer, 0, json), 0);
	if (strstr(json, "twin")) {
		ck_assert_uint_eq(guest->peer->fd_count, 1);
		guest->back = calloc(1, sizeof(*guest->back));
		guest->back->fd = dup(guest->peer->fds[0]);
		ck_assert_int_eq(fcntl(guest->back->fd, F_SETFL, 0), 0); /* the helpers here wait */
	} else {
		guest->back = guest->peer;
	}
	guest->sealed = peer_memory(MIB, SEALED, &guest->fds[0]);
	guest->loose = peer_memory(MIB, 0, &guest->fds[1]);
	guest->hidden = calloc(1, MIB);
	pthread_mutex_init(&guest->lock, NULL);
	ck_assert_int_eq(peer_map(guest->peer, 0, MIB, 3, guest->fds[0]), 0);
	ck_assert_int_eq(peer_map(guest->peer, MIB, MIB, 3, guest->fds[1]), 0);
	ck_assert_int_eq(peer_map(guest->peer, 2 * MIB, MIB, 3, -1), 0);
	ck_assert_int_eq(pthread_create(&guest->thread, NULL, answer, guest), 0);
}

static void set_up(struct guest *guest, uint32_t layout, bool twin)
{
	set_up_as(guest, layout, twin ? PEER_TWIN_JSON : PEER_QEMU_JSON, layout == VGPU_MESSAGE_LAYOUT_QEMU);
}

static void stop(struct guest *guest)
{
	if (!guest->stop) {
		guest->stop = true;
		pthread_join(guest->thread, NULL);
	}
}

static void tear_down(struct guest *guest)
{
	stop(guest);
	if (guest->back != guest->peer)
		peer_free(guest->back);
	peer_free(guest->peer);
	served_free_all(guest->served);
	munmap(guest->sealed, MIB);
	munmap(guest->loose, MIB);
	close(guest->fds[0]);
	close(guest->fds[1]);
	free(guest->hidden);
}

START_TEST(three_ways)
{
	struct vgpu_guest_span spans[4];
	struct vgpu_instance *instance;
	struct guest guest;
	char *buf = malloc(3 * MIB), *back = malloc(3 * MIB);
	size_t i;

	if (_i < 4)
		set_up(&guest, _i & 1 ? VGPU_MESSAGE_LAYOUT_QEMU : VGPU_MESSAGE_LAYOUT_SPEC, _i & 2);
	else /* one that says how it does it, whatever the option is */
		set_up_as(&guest, _i & 1 ? VGPU_MESSAGE_LAYOUT_QEMU : VGPU_MESSAGE_LAYOUT_NONE, OWN_JSON, false);
	instance = guest.served->instance;
	for (i = 0; i < 3 * MIB; i++)
		buf[i] = (char)(i * 7 + i / 4096);
	ck_assert_int_eq(vgpu_guest_write(instance, 0, buf, 3 * MIB), 0);
	ck_assert_int_eq(memcmp(guest.sealed, buf, MIB), 0);
	ck_assert_int_eq(memcmp(guest.loose, buf + MIB, MIB), 0);
	pthread_mutex_lock(&guest.lock);
	ck_assert_int_eq(memcmp(guest.hidden, buf + 2 * MIB, MIB), 0);
	pthread_mutex_unlock(&guest.lock);
	ck_assert_int_eq(vgpu_guest_read(instance, 5, back, 3 * MIB - 5), 0);
	ck_assert_int_eq(memcmp(back, buf + 5, 3 * MIB - 5), 0);
	ck_assert_int_eq(vgpu_guest_read(instance, 3 * MIB - 5, back, 6), -EFAULT);
	ck_assert_int_eq(vgpu_guest_read(instance, UINT64_MAX, back, 6), -EFAULT);
	ck_assert_int_eq(vgpu_guest_read(instance, 0, back, 0), 0);

	ck_assert_int_eq(vgpu_guest_get(instance, 100, 200, VGPU_GUEST_READ, spans, 4), 1);
	ck_assert_int_eq(memcmp(spans[0].address, buf + 100, 200), 0);
	vgpu_guest_put(instance, spans, 1);
	ck_assert_int_eq(vgpu_guest_get(instance, MIB - 1, 2, VGPU_GUEST_READ, spans, 4), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_guest_get(instance, 9 * MIB, 2, VGPU_GUEST_READ, spans, 4), -EFAULT);
	ck_assert_int_eq(ftruncate(guest.fds[1], 4096), 0); /* the client cuts off what it had shared */
	ck_assert_int_eq(vgpu_guest_read(instance, MIB, back, MIB), -EFAULT);
	tear_down(&guest);
	free(buf);
	free(back);
}
END_TEST

START_TEST(rights_and_limits)
{
	struct vgpu_guest_span span;
	struct guest guest;
	int fd, pipes[2];
	uint32_t i;
	char *memory;

	set_up(&guest, VGPU_MESSAGE_LAYOUT_NONE, false);
	stop(&guest);
	memory = peer_memory(MIB, SEALED, &fd);
	ck_assert_int_eq(vgpu_guest_read(guest.served->instance, 2 * MIB, &i, 4), -EOPNOTSUPP);
	ck_assert_int_eq(peer_map(guest.peer, 8 * MIB, MIB, VG_USER_DMA_FLAG_READ, fd), 0);
	ck_assert_int_eq(vgpu_guest_write(guest.served->instance, 8 * MIB, &i, 4), -EACCES);
	ck_assert_int_eq(vgpu_guest_get(guest.served->instance, 8 * MIB, 4, VGPU_GUEST_WRITE, &span, 1), -EACCES);
	ck_assert_int_eq(vgpu_guest_read(guest.served->instance, 8 * MIB, &i, 4), 0);
	ck_assert_int_eq(peer_map(guest.peer, 8 * MIB + 4096, 4096, 3, fd), -EEXIST);
	ck_assert_int_eq(peer_map(guest.peer, 7 * MIB, 3 * MIB, 3, -1), -EEXIST);
	ck_assert_int_eq(peer_map(guest.peer, 16 * MIB, 2 * MIB, 3, fd), -ERANGE);
	ck_assert_int_eq(peer_map(guest.peer, 16 * MIB, 0, 3, fd), -EINVAL);
	ck_assert_int_eq(peer_map(guest.peer, UINT64_MAX - 4095, 8192, 3, -1), -EINVAL);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(peer_map(guest.peer, 16 * MIB, 4096, 3, pipes[0]), -EINVAL); /* no memory */
	ck_assert_int_eq(peer_unmap(guest.peer, 8 * MIB, 4096), -ENOENT);
	ck_assert_int_eq(peer_unmap(guest.peer, 8 * MIB, MIB), 0);
	ck_assert_int_eq(vgpu_guest_read(guest.served->instance, 8 * MIB, &i, 4), -EFAULT);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(peer_map(guest.peer, (16 + i) * MIB, MIB, 3, -1), 0);
	ck_assert_int_eq(peer_map(guest.peer, 64 * MIB, MIB, 3, -1), -ENOSPC);
	munmap(memory, MIB);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	tear_down(&guest);
}
END_TEST

START_TEST(borrowing)
{
	struct vg_user_dma_unmap unmap = {.argsz = sizeof(unmap), .address = 0, .size = MIB};
	struct vgpu_guest_span span;
	struct guest guest;

	set_up(&guest, VGPU_MESSAGE_LAYOUT_NONE, false);
	stop(&guest);
	ck_assert_int_eq(vgpu_guest_get(guest.served->instance, 0, 4096, VGPU_GUEST_WRITE, &span, 1), 1);
	ck_assert(peer_send(guest.peer, VG_USER_DMA_UNMAP, 0, &unmap, sizeof(unmap), NULL, 0));
	PEER_WAIT_FOR(guest.served->quiesces == 1);
	usleep(50000);
	ck_assert_int_eq(poll(&(struct pollfd){.fd = guest.peer->fd, .events = POLLIN}, 1, 0), 0); /* no answer yet */
	memset(span.address, 'x', 4096);
	ck_assert_int_eq(vgpu_guest_get(guest.served->instance, 0, 4096, VGPU_GUEST_WRITE, &span, 1), -EBUSY);
	vgpu_guest_put(guest.served->instance, &span, 1);
	ck_assert(peer_receive(guest.peer));
	ck_assert_uint_eq(guest.peer->header.flags, VG_USER_TYPE_REPLY);
	ck_assert_uint_eq(guest.peer->size, sizeof(unmap));
	ck_assert_int_eq(guest.sealed[4095], 'x');
	ck_assert_int_eq(vgpu_guest_get(guest.served->instance, 0, 4096, VGPU_GUEST_WRITE, &span, 1), -EFAULT);
	ck_assert_int_eq(guest.served->resumes, 1);
	tear_down(&guest);
}
END_TEST

/* The client neither answers, nor leaves; then it leaves. */
START_TEST(no_answer)
{
	struct guest guest;
	uint32_t value = 0;

	set_up(&guest, VGPU_MESSAGE_LAYOUT_SPEC, _i);
	guest.mute = true;
	ck_assert_int_eq(vgpu_guest_read(guest.served->instance, 2 * MIB, &value, 4), -ETIMEDOUT);
	stop(&guest);
	ck_assert_int_eq(peer_call(guest.peer, VG_USER_DEVICE_RESET, NULL, 0), 0);
	tear_down(&guest);
}
END_TEST

/* A client that has another layout than the provider was told: no byte is taken for another. */
START_TEST(other_layout)
{
	struct guest guest;
	char buf[64] = "";

	set_up(&guest, _i ? VGPU_MESSAGE_LAYOUT_QEMU : VGPU_MESSAGE_LAYOUT_SPEC, false);
	guest.is_short = !_i;
	memset(guest.hidden, 'x', 4096);
	ck_assert_int_eq(vgpu_guest_read(guest.served->instance, 2 * MIB, buf, sizeof(buf)), -EIO);
	ck_assert_int_eq(buf[sizeof(buf) - 1], 0);
	served_await(guest.served, VGPU_INSTANCE_FREE); /* it is disconnected */
	tear_down(&guest);
}
END_TEST

static void *read_hidden(void *data)
{
	struct guest *guest = data;
	uint32_t value;

	return (void *)(intptr_t)vgpu_guest_read(guest->served->instance, 2 * MIB, &value, 4);
}

START_TEST(gone_while_reading)
{
	struct guest guest;
	pthread_t thread;
	void *result;

	set_up(&guest, VGPU_MESSAGE_LAYOUT_SPEC, true);
	guest.mute = true;
	ck_assert_int_eq(pthread_create(&thread, NULL, read_hidden, &guest), 0);
	usleep(20000);
	shutdown(guest.peer->fd, SHUT_RDWR);
	pthread_join(thread, &result);
	ck_assert_int_eq((int)(intptr_t)result, -ENODEV);
	served_await(guest.served, VGPU_INSTANCE_FREE);
	ck_assert_int_eq((int)(intptr_t)read_hidden(&guest), -ENODEV);
	tear_down(&guest);
}
END_TEST

static int log_report(struct peer *peer, uint64_t iova, uint64_t length, uint64_t page, uint64_t *bits)
{
	struct {
		struct vg_user_feature feature;
		uint64_t iova;
		uint64_t length;
		uint64_t page_size;
	} body = {{4096, VFIO_DEVICE_FEATURE_GET | 8}, iova, length, page};
	int r = peer_call(peer, VG_USER_DEVICE_FEATURE, &body, sizeof(body));

	if (r == 0)
		memcpy(bits, peer->body + sizeof(body), sizeof(*bits));
	return r;
}

START_TEST(dirty_pages)
{
	struct {
		struct vg_user_feature feature;
		uint64_t page_size;
		uint32_t ranges;
		uint32_t reserved;
	} start = {{64, VFIO_DEVICE_FEATURE_SET | 6}, 4096, 0, 0};
	struct vg_user_feature end = {64, VFIO_DEVICE_FEATURE_SET | 7};
	struct vgpu_guest_span span;
	struct vgpu_instance *instance;
	struct guest guest;
	uint64_t bits = 0;

	set_up(&guest, VGPU_MESSAGE_LAYOUT_NONE, false);
	stop(&guest);
	instance = guest.served->instance;
	ck_assert_int_eq(log_report(guest.peer, 0, MIB, 4096, &bits), -EINVAL); /* there is no log */
	ck_assert_int_eq(peer_call(guest.peer, VG_USER_DEVICE_FEATURE, &start, sizeof(start)), 0);
	ck_assert_int_eq(peer_call(guest.peer, VG_USER_DEVICE_FEATURE, &start, sizeof(start)), -EINVAL);
	ck_assert_int_eq(vgpu_guest_write(instance, 3 * 4096 + 4095, "ab", 2), 0);
	ck_assert_int_eq(vgpu_guest_read(instance, 9 * 4096, &bits, 2), 0);
	ck_assert_int_eq(vgpu_guest_get(instance, 6 * 4096, 4096, VGPU_GUEST_WRITE, &span, 1), 1);
	vgpu_guest_put(instance, &span, 1);
	vgpu_guest_mark_dirty(instance, MIB - 1, 2); /* of two ranges */
	ck_assert_int_eq(log_report(guest.peer, 0, 64 * 4096, 4096, &bits), 0);
	ck_assert_uint_eq(bits, 0x58);
	ck_assert_int_eq(log_report(guest.peer, 0, 64 * 4096, 4096, &bits), 0); /* taken */
	ck_assert_uint_eq(bits, 0);
	ck_assert_int_eq(log_report(guest.peer, MIB - 4096, 2 * 4096, 4096, &bits), 0);
	ck_assert_uint_eq(bits, 3);
	ck_assert_int_eq(vgpu_guest_write(instance, 8192, "ab", 2), 0);
	ck_assert_int_eq(log_report(guest.peer, 0, 64 * 4096, 8192, &bits), 0); /* coarser */
	ck_assert_uint_eq(bits, 2);
	ck_assert_int_eq(vgpu_guest_write(instance, 4096, "ab", 2), 0);
	ck_assert_int_eq(log_report(guest.peer, 0, 8192, 1024, &bits), 0); /* finer */
	ck_assert_uint_eq(bits, 0xf0);
	ck_assert_int_eq(log_report(guest.peer, 0, 0, 4096, &bits), -EINVAL);
	ck_assert_int_eq(log_report(guest.peer, 0, 4096, 1000, &bits), -EINVAL);
	ck_assert_int_eq(log_report(guest.peer, 4096, UINT64_MAX, 4096, &bits), -EOVERFLOW);
	ck_assert_int_eq(peer_call(guest.peer, VG_USER_DEVICE_FEATURE, &end, sizeof(end)), 0);
	ck_assert_int_eq(peer_call(guest.peer, VG_USER_DEVICE_FEATURE, &end, sizeof(end)), -EINVAL);
	ck_assert_int_eq(log_report(guest.peer, 0, MIB, 4096, &bits), -EINVAL);
	tear_down(&guest);
}
END_TEST

/* Who does not say how it lays messages out is sent none, unless the option does. */
START_TEST(unknown_layout)
{
	static const char *const json[] = {PEER_QEMU_JSON, PEER_TWIN_JSON, "{\"capabilities\": {}}",
									   "{\"capabilities\": {\"vgpu_dma_messages\": false}}"};
	struct guest guest;
	char byte;

	set_up_as(&guest, VGPU_MESSAGE_LAYOUT_NONE, json[_i], false);
	ck_assert_ptr_null(strstr((char *)guest.peer->body + 4, "vgpu_dma_messages\":true"));
	ck_assert_int_eq(vgpu_guest_read(guest.served->instance, 2 * MIB, &byte, 1), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_guest_write(guest.served->instance, 2 * MIB, "x", 1), -EOPNOTSUPP);
	tear_down(&guest);
}
END_TEST

static int log_start(struct peer *peer, uint64_t page, const uint64_t (*ranges)[2], uint32_t count)
{
	struct {
		struct vg_user_feature feature;
		uint64_t page_size;
		uint32_t count;
		uint32_t reserved;
		uint64_t ranges[300][2];
	} start = {{sizeof(start), VFIO_DEVICE_FEATURE_SET | 6}, page, count, 0, {{0}}};

	memcpy(start.ranges, ranges, count * sizeof(*ranges));
	return peer_call(peer, VG_USER_DEVICE_FEATURE, &start, sizeof(start) - (300 - count) * sizeof(*ranges));
}

/* Only what is asked for is logged, and can be asked of. */
START_TEST(dirty_ranges)
{
	static const uint64_t pages[][2] = {{MIB, 8192}, {8192, 4096}, {12288, 4096}, {MIB - 8192, 4096}};
	static const uint64_t overlap[][2] = {{8192, 8192}, {0, 4096}, {12288, 4096}}, high[][2] = {{-8192ull, 8192}};
	static const uint64_t odd[][2] = {{100, 4096}}, empty[][2] = {{4096, 0}}, all[300][2];
	struct vg_user_feature end = {8, VFIO_DEVICE_FEATURE_SET | 7};
	struct vgpu_instance *instance;
	static const char text[200];
	struct guest guest;
	uint64_t bits = 0, i;

	set_up(&guest, VGPU_MESSAGE_LAYOUT_NONE, false);
	stop(&guest);
	instance = guest.served->instance;
	ck_assert_int_eq(log_start(guest.peer, 4096, overlap, 3), -EINVAL);
	ck_assert_int_eq(log_start(guest.peer, 4096, high, 1), -EOVERFLOW);
	ck_assert_int_eq(log_start(guest.peer, 4096, odd, 1), -EINVAL);
	ck_assert_int_eq(log_start(guest.peer, 4096, empty, 1), -EINVAL);
	ck_assert_int_eq(log_start(guest.peer, 3000, pages, 1), -EINVAL);
	ck_assert_int_eq(log_start(guest.peer, 4096, all, 300), -E2BIG);
	ck_assert_int_eq(log_report(guest.peer, 0, 4096, 4096, &bits), -EINVAL); /* none of these began a log */
	ck_assert_int_eq(log_start(guest.peer, 4096, pages, 4), 0);
	for (i = 0; i < 16; i++) /* across the ranges' ends, too */
		ck_assert_int_eq(vgpu_guest_write(instance, i * 4096 + 4000, text, sizeof(text)), 0);
	vgpu_guest_mark_dirty(instance, 0, 2 * MIB);
	ck_assert_int_eq(log_report(guest.peer, 8192, 8192, 4096, &bits), 0); /* two that adjoin */
	ck_assert_uint_eq(bits, 3);
	ck_assert_int_eq(log_report(guest.peer, MIB, 8192, 4096, &bits), 0);
	ck_assert_uint_eq(bits, 3);
	ck_assert_int_eq(log_report(guest.peer, MIB - 8192, 4096, 4096, &bits), 0);
	ck_assert_uint_eq(bits, 1);
	ck_assert_int_eq(log_report(guest.peer, 4096, 8192, 4096, &bits), -EINVAL);
	ck_assert_int_eq(log_report(guest.peer, 12288, 8192, 4096, &bits), -EINVAL);
	ck_assert_int_eq(log_report(guest.peer, 0, 4096, 4096, &bits), -EINVAL);
	ck_assert_int_eq(log_report(guest.peer, MIB - 8192, 4 * 4096, 4096, &bits), -EINVAL); /* over a hole */
	/* what is mapped anew is logged as well, without a bitmap where nothing is asked for */
	ck_assert_int_eq(peer_unmap(guest.peer, MIB, MIB), 0);
	ck_assert_int_eq(peer_map(guest.peer, MIB, MIB, 3, guest.fds[1]), 0);
	vgpu_guest_mark_dirty(instance, MIB + 4096, 1);
	ck_assert_int_eq(log_report(guest.peer, MIB, 8192, 4096, &bits), 0);
	ck_assert_uint_eq(bits, 2);
	vgpu_guest_mark_dirty(instance, 2 * MIB, 4096);
	ck_assert_int_eq(peer_call(guest.peer, VG_USER_DEVICE_FEATURE, &end, sizeof(end)), 0);
	ck_assert_int_eq(log_start(guest.peer, 4096, pages, 1), 0);
	tear_down(&guest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guest");
	TCase *tcase = tcase_create("guest");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, three_ways, 0, 6);
	tcase_add_test(tcase, rights_and_limits);
	tcase_add_test(tcase, borrowing);
	tcase_add_loop_test(tcase, no_answer, 0, 2);
	tcase_add_loop_test(tcase, other_layout, 0, 2);
	tcase_add_test(tcase, gone_while_reading);
	tcase_add_loop_test(tcase, unknown_layout, 0, 4);
	tcase_add_test(tcase, dirty_pages);
	tcase_add_test(tcase, dirty_ranges);
	return run_checks(suite);
}
