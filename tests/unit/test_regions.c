/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which parts of a region are mapped, and which are trapped, as the provider decides for each client. */
#include <stdatomic.h>
#include <vgpu/vgpu.h>

#include "peer.h"
#include "run_suite.h"

#define PAGE 4096u
#define LENGTH (4 * PAGE)

static struct {
	atomic_int flags; /* what op get_region_info leaves of the flags; -1: it fails */
	atomic_int first; /* the page that can be mapped, and is not trapped; -1: all */
	atomic_int asked;
	atomic_int trapped;
	int fd;
	uint32_t region_flags;
} decide;

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	out->id = "type";
	out->available_instances = -1;
	return i ? -ERANGE : 0;
}

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	const struct vgpu_region_info info = {
		.size = sizeof(info), .length = LENGTH, .flags = decide.region_flags, .fd = decide.fd, .fd_offset = PAGE};

	(void)data, (void)params, (void)request;
	return vgpu_instance_set_region(instance, 0, &info);
}

static ssize_t trap_read(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
						 struct vgpu_request *request)
{
	(void)instance, (void)region, (void)offset, (void)request;
	decide.trapped++;
	memset(buf, 't', len);
	return 0;
}

static ssize_t trap_write(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf, size_t len,
						  struct vgpu_request *request)
{
	(void)instance, (void)region, (void)offset, (void)buf, (void)len, (void)request;
	decide.trapped++;
	return 0;
}

static int get_region_info(struct vgpu_instance *instance, uint32_t region, struct vgpu_region_info *info)
{
	(void)instance;
	ck_assert_uint_eq(region, 0);
	ck_assert_uint_eq(info->length, LENGTH);
	ck_assert_uint_eq(info->area_count, 0);
	decide.asked++;
	if (decide.flags < 0)
		return -EAGAIN;
	info->flags &= (uint32_t)decide.flags;
	info->length = 1; /* not for it to change */
	if (decide.first >= 0) {
		info->area_count = 1;
		info->areas[0] = (struct vgpu_area_info){(uint64_t)decide.first * PAGE, PAGE};
	}
	return 0;
}

static const struct vgpu_provider_ops ops = {.size = sizeof(ops),
											 .get_type = get_type,
											 .create = create,
											 .read = trap_read,
											 .write = trap_write,
											 .get_region_info = get_region_info};

struct host {
	char dir[32];
	struct vgpu_context *ctx;
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
};

#define ALL (VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE | VGPU_REGION_FLAG_MMAP | (int)VGPU_REGION_BACKED)

/* A vGPU with one region, of the pages behind the first of fd, or of the library's own with -1. */
static void set_up(struct host *host, int fd, uint32_t region_flags, uint32_t provider_flags)
{
	const struct vgpu_instance_opts which = {.size = sizeof(which), .type = "type"};
	struct vgpu_provider_opts opts = {
		.size = sizeof(opts), .name = "host", .flags = VGPU_PROVIDER_THREAD | provider_flags, .socket_dir = host->dir};

	decide.asked = decide.trapped = 0;
	decide.flags = ALL;
	decide.first = -1;
	decide.fd = fd;
	decide.region_flags = region_flags;
	memcpy(host->dir, "/tmp/vgpu-regions.XXXXXX", 25);
	ck_assert_ptr_nonnull(mkdtemp(host->dir));
	ck_assert_int_eq(vgpu_context_new(NULL, &host->ctx), 0);
	ck_assert_int_eq(vgpu_provider_register(host->ctx, &opts, &ops, NULL, &host->provider), 0);
	ck_assert_int_eq(vgpu_instance_create(host->provider, &which, &host->instance), 0);
}

static void tear_down(struct host *host)
{
	vgpu_provider_unregister(host->provider);
	vgpu_instance_unref(host->instance);
	vgpu_context_unref(host->ctx);
	ck_assert_int_eq(rmdir(host->dir), 0);
}

static struct vgpu_vfio *open_it(struct host *host)
{
	struct vgpu_vfio *vfio = NULL;

	PEER_WAIT_FOR(vgpu_instance_get_state(host->instance) == VGPU_INSTANCE_FREE);
	ck_assert_int_eq(vgpu_vfio_open(host->ctx, vgpu_instance_get_socket(host->instance), NULL, &vfio), 0);
	return vfio;
}

/* Reads a byte of each page by message: which are trapped, as bits. */
static unsigned trapped(struct vgpu_vfio *vfio)
{
	unsigned i, bits = 0;
	char byte = 0;

	for (i = 0; i < LENGTH / PAGE; i++) {
		ck_assert_int_eq(vgpu_region_read(vfio, 0, i * PAGE + 7, &byte, 1), 1);
		bits |= (byte == 't' ? 1u : 0u) << i;
	}
	return bits;
}

static bool can_map(struct vgpu_vfio *vfio, unsigned page)
{
	struct vgpu_region_map_opts opts = {.size = sizeof(opts), .offset = page * (uint64_t)PAGE, .length = PAGE};
	struct vgpu_mapping *mapping = NULL;

	if (vgpu_region_map(vfio, 0, &opts, &mapping))
		return false;
	vgpu_mapping_unmap(mapping);
	return true;
}

/* A decision holds while a client is connected; the next client may meet another. */
START_TEST(each_client_anew)
{
	struct vgpu_vfio *vfio;
	struct host host;

	set_up(&host, -1, ALL, 0);
	vfio = open_it(&host);
	ck_assert_uint_eq(trapped(vfio), 0);
	ck_assert(can_map(vfio, 0) && can_map(vfio, 3));
	decide.first = 2;
	ck_assert_uint_eq(trapped(vfio), 0);
	ck_assert(can_map(vfio, 3));
	ck_assert_int_eq(decide.asked, 1);
	vgpu_vfio_close(vfio);

	vfio = open_it(&host); /* one page of it is mapped */
	ck_assert_uint_eq(trapped(vfio), 0xb);
	ck_assert(!can_map(vfio, 1) && can_map(vfio, 2));
	ck_assert_int_eq(vgpu_region_write(vfio, 0, 2 * PAGE, "x", 1), 1);
	ck_assert_int_eq(((char *)vgpu_instance_get_memory(host.instance, 0))[2 * PAGE], 'x');
	ck_assert_int_eq(vgpu_region_write(vfio, 0, 3 * PAGE, "x", 1), 1);
	ck_assert_int_eq(((char *)vgpu_instance_get_memory(host.instance, 0))[3 * PAGE], 0);
	vgpu_vfio_close(vfio);

	decide.first = -1;
	decide.flags = ALL & ~(int)VGPU_REGION_FLAG_MMAP; /* nothing is mapped, and nothing trapped */
	vfio = open_it(&host);
	ck_assert_uint_eq(trapped(vfio), 0);
	ck_assert(!can_map(vfio, 2));
	vgpu_vfio_close(vfio);

	decide.flags = ALL & ~(int)VGPU_REGION_BACKED; /* all is trapped */
	vfio = open_it(&host);
	ck_assert_uint_eq(trapped(vfio), 0xf);
	ck_assert(!can_map(vfio, 2));
	vgpu_vfio_close(vfio);
	ck_assert_int_eq(decide.asked, 4);
	tear_down(&host);
}
END_TEST

/* A client that reads before it asks: the decision is made then. One that could not be made is made later. */
START_TEST(first_touch)
{
	struct vg_user_region_info info = {.argsz = 4096};
	struct host host;
	struct peer *peer;
	char byte = 0;

	set_up(&host, -1, ALL, 0);
	decide.first = 1;
	decide.flags = -1;
	peer = peer_open(vgpu_instance_get_socket(host.instance));
	ck_assert_int_eq(peer_region_read(peer, 0, 0, &byte, 1), -EAGAIN);
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)), -EAGAIN);
	decide.flags = ALL;
	ck_assert_int_eq(peer_region_read(peer, 0, 0, &byte, 1), 0);
	ck_assert_int_eq(byte, 't');
	ck_assert_int_eq(peer_region_read(peer, 0, PAGE, &byte, 1), 0);
	ck_assert_int_eq(byte, 0);
	ck_assert_int_eq(decide.asked, 3);
	decide.first = 7; /* outside: an answer that makes no sense, but not now */
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)), 0);
	ck_assert_uint_eq(peer->size, 32 + 16 + 16);
	peer_free(peer);
	PEER_WAIT_FOR(vgpu_instance_get_state(host.instance) == VGPU_INSTANCE_FREE);
	peer = peer_open(vgpu_instance_get_socket(host.instance));
	ck_assert_int_eq(peer_call(peer, VG_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)), -EIO);
	ck_assert_int_eq(peer_region_read(peer, 0, PAGE, &byte, 1), -EIO);
	peer_free(peer);
	tear_down(&host);
}
END_TEST

/* With nothing mappable, what is trapped is trapped all the same. */
START_TEST(nothing_mappable)
{
	struct vgpu_vfio *vfio;
	struct host host;

	set_up(&host, -1, ALL, VGPU_PROVIDER_NO_MAP);
	decide.first = 0;
	vfio = open_it(&host);
	ck_assert_uint_eq(trapped(vfio), 0xe);
	ck_assert(!can_map(vfio, 0));
	vgpu_vfio_close(vfio);
	tear_down(&host);
}
END_TEST

/* Memory of the provider's; with _i 1 a descriptor that can only be read. */
START_TEST(memory_of_its_own)
{
	const uint32_t flags = ALL & ~(_i ? (uint32_t)VGPU_REGION_FLAG_WRITE : 0);
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_vfio *vfio;
	struct host host;
	char path[32];
	int fd = memfd_create("own", MFD_CLOEXEC | MFD_ALLOW_SEALING), given;

	ck_assert_int_eq(ftruncate(fd, PAGE + LENGTH), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	ck_assert_int_eq(pwrite(fd, "own", 4, PAGE + 16), 4);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	given = open(path, (_i ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	ck_assert_int_ge(given, 0);
	set_up(&host, given, flags, 0);
	close(given);
	vfio = open_it(&host);
	ck_assert_int_eq(vgpu_region_map(vfio, 0, NULL, &mapping), 0);
	ck_assert_str_eq((char *)vgpu_mapping_get_address(mapping) + 16, "own");
	if (_i) {
		ck_assert_int_lt(vgpu_region_write(vfio, 0, 16, "his", 4), 0);
	} else {
		char *at = vgpu_mapping_get_address(mapping);

		at[17] = 'f';
		ck_assert_int_eq(vgpu_region_write(vfio, 0, 16, "e", 1), 1);
		ck_assert_str_eq(at + 16, "efn");
		ck_assert_int_eq(pread(fd, path, 4, PAGE + 16), 4);
		ck_assert_str_eq(path, "efn");
	}
	vgpu_mapping_unmap(mapping);
	vgpu_vfio_close(vfio);
	tear_down(&host);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("regions");
	TCase *tcase = tcase_create("regions");

	tcase_add_test(tcase, each_client_anew);
	tcase_add_test(tcase, first_touch);
	tcase_add_test(tcase, nothing_mappable);
	tcase_add_loop_test(tcase, memory_of_its_own, 0, 2);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
