/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* softgpu as a client sees it: display, EDID, copy engine, migration; and what idle ones cost. */
#include "peer.h"
#include "run_suite.h"

#include <linux/vfio.h>
#include <sys/resource.h>
#include <time.h>
#include <vgpu/vgpu.h>

#define UUID "c0ffee00-0000-4000-8000-000000000001"
#define MIB ((size_t)1 << 20)
#define GUEST_SIZE (4 * MIB)

struct soft {
	char dir[64];
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance[2];
	struct peer *peer[2];
	char *guest;
	int guest_fd;
	int irq;
};

static void set_up(struct soft *soft)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "softgpu-0", .flags = VGPU_PROVIDER_THREAD};
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = UUID, .type = "softgpu-16"};
	struct vg_user_irq_set set = {sizeof(set), VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, VGPU_IRQ_MSI, 0,
								  1};
	int i;

	*soft = (struct soft){.dir = "/tmp/vgpu-soft.XXXXXX", .irq = eventfd(0, 0)};
	ck_assert_ptr_nonnull(mkdtemp(soft->dir));
	opts.socket_dir = soft->dir;
	ck_assert_int_eq(vgpu_context_new(NULL, &soft->ctx), 0);
	ck_assert_int_eq(vgpu_softgpu_register(soft->ctx, &opts, 64, &soft->provider), 0);
	soft->guest = peer_memory(GUEST_SIZE, F_SEAL_SHRINK, &soft->guest_fd);
	for (i = 0; i < 2; i++) {
		which.instance = (uint32_t)i;
		ck_assert_int_eq(vgpu_instance_create(soft->provider, &which, &soft->instance[i]), 0);
		soft->peer[i] = peer_open(vgpu_instance_get_socket(soft->instance[i]));
		ck_assert_int_eq(peer_map(soft->peer[i], 0, GUEST_SIZE, 3, soft->guest_fd), 0);
		ck_assert_int_eq(peer_call_fds(soft->peer[i], VG_USER_DEVICE_SET_IRQS, &set, sizeof(set), &soft->irq, 1), 0);
	}
}

static void tear_down(struct soft *soft)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (soft->peer[i])
			peer_free(soft->peer[i]);
		vgpu_instance_unref(soft->instance[i]);
	}
	vgpu_provider_unregister(soft->provider);
	vgpu_context_unref(soft->ctx);
	munmap(soft->guest, GUEST_SIZE);
	close(soft->guest_fd);
	close(soft->irq);
	ck_assert_int_eq(rmdir(soft->dir), 0);
}

static uint32_t read32(struct peer *peer, uint32_t region, uint64_t offset)
{
	uint32_t value = 0;

	ck_assert_int_eq(peer_region_read(peer, region, offset, &value, 4), 0);
	return value;
}

static void write32(struct peer *peer, uint32_t region, uint64_t offset, uint32_t value)
{
	ck_assert_int_eq(peer_region_write(peer, region, offset, &value, 4), 0);
}

static void write_vbe(struct peer *peer, uint32_t index, uint16_t value)
{
	ck_assert_int_eq(peer_region_write(peer, 2, 0x500 + 2 * index, &value, 2), 0);
}

/* What Linux' driver bochs does when it is bound, in this order, and a mode of 1024x768. */
START_TEST(display)
{
	struct vgpu_plane_info plane = {.size = sizeof(plane)};
	struct soft soft;
	struct peer *peer;
	unsigned char edid[128], sum = 0;
	uint16_t value;
	size_t i;

	set_up(&soft);
	peer = soft.peer[0];
	ck_assert_uint_eq(read32(peer, VGPU_REGION_CONFIG, 0), 0x11111234);
	ck_assert_uint_eq(read32(peer, VGPU_REGION_CONFIG, 8) >> 8, 0x038000);
	ck_assert_int_eq(peer_region_read(peer, 2, 0x500, &value, 2), 0);
	ck_assert_uint_eq(value & 0xfff0, 0xb0c0);
	ck_assert_int_eq(peer_region_read(peer, 2, 0x500 + 20, &value, 2), 0);
	ck_assert_uint_eq(value, 16 * MIB / 65536);
	ck_assert_uint_eq(read32(peer, 2, 0x600), 8);
	ck_assert_int_eq(peer_region_read(peer, 2, 0, edid, sizeof(edid)), 0);
	for (i = 0; i < sizeof(edid); i++)
		sum = (unsigned char)(sum + edid[i]);
	ck_assert_uint_eq(sum, 0);
	ck_assert_uint_eq(edid[1], 0xff);
	ck_assert_int_eq(vgpu_instance_get_plane(soft.instance[0], 1, &plane), 0);
	ck_assert_uint_eq(plane.format, 0); /* no mode yet */
	value = 0x20;
	ck_assert_int_eq(peer_region_write(peer, 2, 0x400, &value, 1), 0); /* a VGA port */
	write_vbe(peer, 4, 0);
	write_vbe(peer, 3, 32);
	write_vbe(peer, 1, 1024);
	write_vbe(peer, 2, 768);
	write_vbe(peer, 6, 1024);
	write_vbe(peer, 7, 4096);
	write_vbe(peer, 8, 0);
	write_vbe(peer, 9, 768);
	write_vbe(peer, 4, 0x41);
	ck_assert_int_eq(vgpu_instance_get_plane(soft.instance[0], 1, &plane), 0);
	ck_assert_uint_eq(plane.format, 0x34325258);
	ck_assert_uint_eq(plane.width, 1024);
	ck_assert_uint_eq(plane.stride, 4096);
	ck_assert_uint_eq(plane.offset, 768 * 4096);
	write_vbe(peer, 9, 65535); /* beyond the memory: nothing is shown */
	ck_assert_int_eq(vgpu_instance_get_plane(soft.instance[0], 1, &plane), 0);
	ck_assert_uint_eq(plane.format, 0);
	ck_assert_int_eq(vgpu_instance_get_plane(soft.instance[0], 2, &plane), 0);
	tear_down(&soft);
}
END_TEST

START_TEST(edid)
{
	unsigned char block[256], shown[128];
	struct soft soft;
	struct peer *peer;

	set_up(&soft);
	peer = soft.peer[0];
	ck_assert_uint_eq(read32(peer, 9, 8), sizeof(shown)); /* the first monitor, as the guest sees it */
	ck_assert_int_eq(peer_region_read(peer, 2, 0, shown, sizeof(shown)), 0);
	ck_assert_int_eq(peer_region_read(peer, 9, 2048, block, sizeof(shown)), 0);
	ck_assert_mem_eq(block, shown, sizeof(shown));
	memset(block, 0x5a, sizeof(block));
	ck_assert_uint_eq(read32(peer, 9, 0), 2048);
	ck_assert_uint_eq(read32(peer, 9, 4), 1024);
	ck_assert_uint_eq(read32(peer, 9, 12), 1920);
	write32(peer, 9, 20, 2); /* down */
	ck_assert_uint_eq(read32(peer, 2, 0), 0);
	ck_assert_int_eq(peer_region_write(peer, 9, 2048, block, sizeof(block)), 0);
	write32(peer, 9, 8, 4096); /* too long: stays as it was */
	ck_assert_uint_eq(read32(peer, 9, 8), sizeof(shown));
	write32(peer, 9, 8, sizeof(block));
	write32(peer, 9, 20, 1); /* up */
	ck_assert_uint_eq(read32(peer, 2, 252), 0x5a5a5a5a);
	ck_assert_uint_eq(read32(peer, 2, 256), 0);
	tear_down(&soft);
}
END_TEST

static void command(struct peer *peer, uint64_t source, uint64_t target, uint32_t length, uint32_t what)
{
	ck_assert_int_eq(peer_region_write(peer, 4, 0x10, &source, 8), 0);
	ck_assert_int_eq(peer_region_write(peer, 4, 0x18, &target, 8), 0);
	write32(peer, 4, 0x20, length);
	write32(peer, 4, 0x08, what);
}

static void await_irq(const struct soft *soft)
{
	struct pollfd ready = {.fd = soft->irq, .events = POLLIN};
	uint64_t n;

	ck_assert_int_eq(poll(&ready, 1, PEER_WAIT_MS), 1);
	ck_assert_int_eq(read(soft->irq, &n, sizeof(n)), sizeof(n));
}

START_TEST(engine)
{
	struct soft soft;
	struct peer *peer;
	size_t i;

	set_up(&soft);
	peer = soft.peer[0];
	ck_assert_uint_eq(read32(peer, 4, 0), 0x55504753);
	for (i = 0; i < MIB; i++)
		soft.guest[i] = (char)(i * 13 + i / 256);
	command(peer, 0, 4096, MIB, 0x101); /* guest to framebuffer */
	await_irq(&soft);
	ck_assert_uint_eq(read32(peer, 4, 0x0c), 2);
	ck_assert_int_eq(memcmp((char *)vgpu_instance_get_memory(soft.instance[0], 0) + 4096, soft.guest, MIB), 0);
	command(peer, 4096, 2 * MIB, MIB, 0x201); /* back, elsewhere */
	await_irq(&soft);
	ck_assert_int_eq(memcmp(soft.guest + 2 * MIB, soft.guest, MIB), 0);
	command(peer, 0, 3 * MIB, 100, 0x301); /* within the guest */
	await_irq(&soft);
	ck_assert_int_eq(memcmp(soft.guest + 3 * MIB, soft.guest, 100), 0);
	write32(peer, 4, 0x24, 0x04030201);
	command(peer, 0, 3 * MIB, 6, 0x202);
	await_irq(&soft);
	ck_assert_int_eq(memcmp(soft.guest + 3 * MIB, "\1\2\3\4\1\2", 6), 0);
	ck_assert_int_eq(soft.guest[3 * MIB + 6], soft.guest[6]);
	ck_assert_uint_eq(read32(peer, 4, 0x2c), 4);

	command(peer, 0, 16 * MIB - 1, 2, 2); /* beyond the framebuffer */
	await_irq(&soft);
	ck_assert_uint_eq(read32(peer, 4, 0x0c), 6);
	ck_assert_uint_eq(read32(peer, 4, 0x28), EFAULT);
	command(peer, GUEST_SIZE - 1, 0, 2, 0x101); /* beyond the guest */
	await_irq(&soft);
	ck_assert_uint_eq(read32(peer, 4, 0x28), EFAULT);
	command(peer, UINT64_MAX, 0, UINT32_MAX, 0x101);
	await_irq(&soft);
	command(peer, 0, 0, 4, 77);
	await_irq(&soft);
	ck_assert_uint_eq(read32(peer, 4, 0x28), EINVAL);
	write32(peer, 4, 0x0c, 7);
	ck_assert_uint_eq(read32(peer, 4, 0x0c), 0);
	tear_down(&soft);
}
END_TEST

static int set_state(struct peer *peer, uint32_t state)
{
	struct {
		struct vg_user_feature feature;
		uint32_t state;
		uint32_t fd;
	} body = {{16, VFIO_DEVICE_FEATURE_SET | 2}, state, 0};

	return peer_call(peer, VG_USER_DEVICE_FEATURE, &body, sizeof(body));
}

static size_t save(struct peer *peer, unsigned char *to, size_t room, uint32_t chunk)
{
	struct vg_user_mig_data head = {8 + chunk, chunk};
	size_t total = 0;

	for (;;) {
		ck_assert_int_eq(peer_call(peer, VG_USER_MIG_DATA_READ, &(struct vg_user_mig_data){8 + chunk, chunk}, 8), 0);
		memcpy(&head, peer->body, sizeof(head));
		ck_assert_uint_le(head.size, chunk);
		ck_assert_uint_le(total + head.size, room);
		memcpy(to + total, peer->body + 8, head.size);
		total += head.size;
		if (head.size < chunk)
			return total;
	}
}

static int load(struct peer *peer, const unsigned char *from, size_t size, uint32_t chunk)
{
	unsigned char *body = malloc(8 + chunk);
	size_t at, n;
	int r = 0;

	for (at = 0; at < size && r == 0; at += n) {
		n = size - at < chunk ? size - at : chunk;
		memcpy(body, &(struct vg_user_mig_data){(uint32_t)(8 + n), (uint32_t)n}, 8);
		memcpy(body + 8, from + at, n);
		r = peer_call(peer, VG_USER_MIG_DATA_WRITE, body, 8 + n);
	}
	free(body);
	return r;
}

START_TEST(migration)
{
	struct vgpu_plane_info plane = {.size = sizeof(plane)};
	struct vg_user_feature feature = {16, VFIO_DEVICE_FEATURE_GET | 1};
	unsigned char *state = malloc(2 * MIB), *memory[2];
	struct soft soft;
	size_t size;
	int i;

	set_up(&soft);
	for (i = 0; i < 2; i++)
		memory[i] = vgpu_instance_get_memory(soft.instance[i], 0);
	ck_assert_int_eq(peer_call(soft.peer[0], VG_USER_DEVICE_FEATURE, &feature, sizeof(feature)), 0);
	ck_assert_uint_eq(soft.peer[0]->body[8], VGPU_MIGRATION_FLAG_STOP_COPY | VGPU_MIGRATION_FLAG_PRE_COPY);
	memory[0][5000] = 'a';
	memory[0][16 * MIB - 1] = 'z';
	memory[1][9000000] = 'x'; /* must go */
	write_vbe(soft.peer[0], 3, 32);
	write_vbe(soft.peer[0], 1, 640);
	write_vbe(soft.peer[0], 2, 480);
	write_vbe(soft.peer[0], 4, 1);
	write32(soft.peer[0], 4, 0x24, 99);

	ck_assert_int_eq(peer_call(soft.peer[0], VG_USER_MIG_DATA_READ, &(struct vg_user_mig_data){24, 16}, 8), -EINVAL);
	ck_assert_int_eq(set_state(soft.peer[0], VFIO_DEVICE_STATE_STOP), 0);
	command(soft.peer[0], 0, 0, 4096, 2); /* while it is stopped: it is carried over */
	ck_assert_uint_eq(read32(soft.peer[0], 4, 0x0c), 1);
	ck_assert_int_eq(set_state(soft.peer[0], VFIO_DEVICE_STATE_STOP_COPY), 0);
	size = save(soft.peer[0], state, 2 * MIB, 1000);
	ck_assert_uint_lt(size, 100000); /* what was never touched does not come along */
	ck_assert_int_eq(set_state(soft.peer[0], 5), -EINVAL);

	ck_assert_int_eq(set_state(soft.peer[1], VFIO_DEVICE_STATE_RESUMING), 0); /* by way of STOP */
	ck_assert_int_eq(load(soft.peer[1], state, size - 1, 777), 0);
	ck_assert_int_eq(set_state(soft.peer[1], VFIO_DEVICE_STATE_RUNNING), -EINVAL); /* a byte is missing */
	ck_assert_int_eq(peer_call(soft.peer[1], VG_USER_DEVICE_RESET, NULL, 0), 0);
	ck_assert_int_eq(set_state(soft.peer[1], VFIO_DEVICE_STATE_RESUMING), 0);
	ck_assert_int_eq(load(soft.peer[1], state, size, 4096), 0);
	ck_assert_int_eq(load(soft.peer[1], state, 1, 1), -EINVAL); /* one too many */
	ck_assert_int_eq(set_state(soft.peer[1], VFIO_DEVICE_STATE_STOP), -EINVAL);
	ck_assert_int_eq(peer_call(soft.peer[1], VG_USER_DEVICE_RESET, NULL, 0), 0);
	ck_assert_int_eq(set_state(soft.peer[1], VFIO_DEVICE_STATE_RESUMING), 0);
	ck_assert_int_eq(load(soft.peer[1], state, size, 65536), 0);
	ck_assert_int_eq(set_state(soft.peer[1], VFIO_DEVICE_STATE_RUNNING), 0);
	await_irq(&soft); /* the command goes on here */
	ck_assert_int_eq(vgpu_instance_get_plane(soft.instance[1], 1, &plane), 0);
	ck_assert_uint_eq(plane.width, 640);
	ck_assert_uint_eq(memory[1][4], 99);
	ck_assert_uint_eq(memory[1][5000], 'a');
	ck_assert_uint_eq(memory[1][16 * MIB - 1], 'z');
	ck_assert_uint_eq(memory[1][9000000], 0);
	state[0] ^= 1; /* another head */
	ck_assert_int_eq(set_state(soft.peer[1], VFIO_DEVICE_STATE_RESUMING), 0);
	ck_assert_int_eq(load(soft.peer[1], state, size, 65536), -EINVAL);
	tear_down(&soft);
	free(state);
}
END_TEST

/* What was sent once comes again where it has changed, and only there, while the guest draws. */
START_TEST(pre_copy)
{
	unsigned char *state = malloc(40 * MIB), *memory[2];
	struct soft soft;
	size_t size, n, i;

	set_up(&soft);
	for (i = 0; i < 2; i++)
		memory[i] = vgpu_instance_get_memory(soft.instance[i], 0);
	memset(memory[0], 1, 16 * MIB); /* all of it: it is compared in several turns */
	memory[0][5 * MIB] = 2;
	ck_assert_int_eq(set_state(soft.peer[0], VGPU_MIGRATION_STATE_PRE_COPY), 0);
	size = save(soft.peer[0], state, 40 * MIB, 1 << 20);
	ck_assert_uint_ge(size, 16 * MIB);
	ck_assert_uint_eq(save(soft.peer[0], state + size, MIB, 4096), 0);
	write32(soft.peer[0], 4, 0x24, 77); /* it runs */
	memory[0][3 * MIB + 7] = 3;
	memory[0][3 * MIB + 4096] = 4; /* one piece */
	memory[0][16 * MIB - 1] = 5;
	n = save(soft.peer[0], state + size, MIB, 5000);
	ck_assert_uint_eq(n, 2 * 16 + 3 * 4096);
	size += n;
	ck_assert_uint_eq(save(soft.peer[0], state + size, MIB, 5000), 0);
	/* in the middle of a piece, with changes before it and in it */
	memory[0][9 * MIB] = 6;
	ck_assert_int_eq(peer_call(soft.peer[0], VG_USER_MIG_DATA_READ, &(struct vg_user_mig_data){108, 100}, 8), 0);
	memcpy(state + size, soft.peer[0]->body + 8, 100);
	size += 100;
	memory[0][9 * MIB + 4000] = 7;
	memory[0][0] = 8;
	ck_assert_int_eq(set_state(soft.peer[0], VGPU_MIGRATION_STATE_STOP_COPY), 0);
	ck_assert_int_eq(set_state(soft.peer[0], VGPU_MIGRATION_STATE_PRE_COPY), -EINVAL);
	size += save(soft.peer[0], state + size, MIB, 10000);

	ck_assert_int_eq(set_state(soft.peer[1], VGPU_MIGRATION_STATE_PRE_COPY), 0);
	ck_assert_int_eq(set_state(soft.peer[1], VGPU_MIGRATION_STATE_RESUMING), 0); /* by way of RUNNING and STOP */
	ck_assert_int_eq(load(soft.peer[1], state, size, 65536), 0);
	ck_assert_int_eq(set_state(soft.peer[1], VGPU_MIGRATION_STATE_RUNNING), 0);
	ck_assert_int_eq(memcmp(memory[0], memory[1], 16 * MIB), 0);
	ck_assert_uint_eq(read32(soft.peer[1], 4, 0x24), 77);

	/* given up, begun anew, reset, and left */
	ck_assert_int_eq(set_state(soft.peer[0], VFIO_DEVICE_STATE_STOP), 0);
	ck_assert_int_eq(set_state(soft.peer[0], VGPU_MIGRATION_STATE_PRE_COPY), 0); /* by way of RUNNING */
	ck_assert_int_eq(set_state(soft.peer[0], VGPU_MIGRATION_STATE_RUNNING), 0);
	ck_assert_int_eq(peer_call(soft.peer[0], VG_USER_MIG_DATA_READ, &(struct vg_user_mig_data){24, 16}, 8), -EINVAL);
	ck_assert_int_eq(set_state(soft.peer[0], VGPU_MIGRATION_STATE_PRE_COPY), 0);
	ck_assert_uint_ge(save(soft.peer[0], state, 40 * MIB, 1 << 20), 16 * MIB);
	ck_assert_int_eq(peer_call(soft.peer[0], VG_USER_DEVICE_RESET, NULL, 0), 0);
	ck_assert_int_eq(peer_call(soft.peer[0], VG_USER_MIG_DATA_READ, &(struct vg_user_mig_data){24, 16}, 8), -EINVAL);
	ck_assert_int_eq(set_state(soft.peer[0], VGPU_MIGRATION_STATE_PRE_COPY), 0);
	ck_assert_uint_ge(save(soft.peer[0], state, 40 * MIB, 1 << 20), 16 * MIB);
	peer_send(soft.peer[0], VG_USER_MIG_DATA_READ, 0, &(struct vg_user_mig_data){24, 16}, 8, NULL,
			  0); /* takes two turns */
	tear_down(&soft);
	free(state);
}
END_TEST

START_TEST(types)
{
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = UUID, .instance = 2, .type = "softgpu-64"};
	struct vgpu_type_info type = {.size = sizeof(type)};
	struct soft soft;

	set_up(&soft); /* 64 MiB, of which 32 are taken */
	ck_assert_int_eq(vgpu_provider_get_type(soft.provider, 0, &type), 0);
	ck_assert_str_eq(type.id, "softgpu-16");
	ck_assert_int_eq(type.available_instances, 2);
	ck_assert_int_eq(vgpu_instance_create(soft.provider, &which, NULL), -ENOSPC);
	which.type = "softgpu-16";
	which.params = "count=3";
	ck_assert_int_eq(vgpu_instance_create(soft.provider, &which, NULL), -EINVAL);
	peer_free(soft.peer[0]);
	soft.peer[0] = NULL;
	PEER_WAIT_FOR(vgpu_instance_get_state(soft.instance[0]) == VGPU_INSTANCE_FREE);
	ck_assert_int_eq(vgpu_instance_destroy(soft.instance[0], NULL), 0);
	ck_assert_int_eq(vgpu_provider_get_type(soft.provider, 0, &type), 0);
	ck_assert_int_eq(type.available_instances, 3);
	tear_down(&soft);
}
END_TEST

/* Kilobytes that this process has of its own. */
static long own_kib(void)
{
	char line[256];
	long kib = 0, n;
	FILE *file = fopen("/proc/self/smaps_rollup", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Dirty: %ld", &n) == 1)
			kib += n;
	if (file)
		fclose(file);
	return kib;
}

START_TEST(many_idle)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "softgpu-0", .flags = VGPU_PROVIDER_THREAD};
	struct vgpu_instance_opts which = {.size = sizeof(which), .uuid = UUID, .type = "softgpu-16"};
	char dir[] = "/tmp/vgpu-idle.XXXXXX";
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct rlimit limit;
	struct timespec before, after;
	const uint32_t count = 1000;
	long start, end;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	opts.socket_dir = dir;
	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	ck_assert_int_eq(vgpu_softgpu_register(ctx, &opts, count * 16, &provider), 0);
	start = own_kib();
	for (which.instance = 0; which.instance < count; which.instance++)
		ck_assert_int_eq(vgpu_instance_create(provider, &which, NULL), 0);
	end = own_kib();
	printf("%ld KiB for %u vGPUs\n", end - start, count);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	if (!getenv("CK_TIMEOUT_MULTIPLIER")) /* valgrind needs more */
		ck_assert_msg(start && end - start < 64L * count, "%ld KiB for %u vGPUs", end - start, count);
#endif
	usleep(100000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	usleep(300000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	/* only this thread ran, to sleep and to wake up */
	ck_assert_int_lt((after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec, 100000000);
	vgpu_provider_unregister(provider);
	vgpu_context_unref(ctx);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("softgpu");
	TCase *tcase = tcase_create("softgpu");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, display);
	tcase_add_test(tcase, edid);
	tcase_add_test(tcase, engine);
	tcase_add_test(tcase, migration);
	tcase_add_test(tcase, pre_copy);
	tcase_add_test(tcase, types);
	tcase_add_test(tcase, many_idle);
	return run_checks(suite);
}
