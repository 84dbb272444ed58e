/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of hugetlbfs that a peer hands over: a hole can be punched in it, whatever its seals, and a touch of that is
 * SIGBUS where no huge page is left. Nobody dies of it. Needs a few free huge pages of 2 MiB, and takes all.
 */
#include "run_suite.h"
#include "served.h"

#define HUGE ((size_t)2 << 20)
#define SEALED (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define TAKE_MAX 4096

static unsigned free_pages(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned n = 0, found = 0, kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "HugePages_Free: %u", &n) == 1)
			found = n;
		sscanf(line, "Hugepagesize: %u", &kib);
	}
	if (file)
		fclose(file);
	return kib == HUGE / 1024 ? found : 0;
}

static char *make_memory(size_t size, int *fd)
{
	char *at;

	*fd = memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
	ck_assert_int_ge(*fd, 0);
	ck_assert_int_eq(ftruncate(*fd, (off_t)size), 0);
	ck_assert_int_eq(fcntl(*fd, F_ADD_SEALS, SEALED), 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

/* Punches a hole in all of it, and takes all huge pages that there are. How many. */
static size_t take_away(int fd, size_t size, void **taken)
{
	size_t n;

	ck_assert_int_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size), 0);
	for (n = 0; n < TAKE_MAX; n++) {
		taken[n] = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (taken[n] == MAP_FAILED)
			break;
		*(volatile char *)taken[n] = 1;
	}
	return n;
}

static void punch_holes(bool trusted)
{
	const struct vgpu_provider_opts opts = {.flags = trusted ? VGPU_PROVIDER_TRUST_MEMORY : 0};
	struct served *served = served_new(&opts);
	struct peer *peer = peer_open(served->socket);
	struct vg_user_dma_map map = {.argsz = sizeof(map), .flags = 3, .offset = 4096, .size = HUGE};
	struct vgpu_guest_span span;
	void *taken[TAKE_MAX];
	char buf[8] = "written";
	size_t n;
	int fd;
	char *at = make_memory(2 * HUGE, &fd);

	/* a part that begins and ends amid huge pages */
	ck_assert_int_eq(peer_call_fds(peer, VG_USER_DMA_MAP, &map, sizeof(map), &fd, 1), 0);
	ck_assert_int_eq(vgpu_guest_write(served->instance, HUGE - 8192, buf, 8), 0);
	ck_assert_str_eq(at + HUGE - 4096, buf);
	memcpy(at + HUGE - 8, "read", 5);
	memcpy(at + HUGE, "more", 5);
	ck_assert_int_eq(vgpu_guest_read(served->instance, HUGE - 4096 - 8, buf, 8), 0);
	ck_assert_str_eq(buf, "read");
	ck_assert_int_eq(vgpu_guest_get(served->instance, 0, 8, VGPU_GUEST_READ, &span, 1), trusted ? 1 : -EOPNOTSUPP);
	if (trusted) { /* it is for those who said that they trust */
		vgpu_guest_put(served->instance, &span, 1);
	} else {
		n = take_away(fd, 2 * HUGE, taken);
		ck_assert_uint_lt(n, TAKE_MAX);
		ck_assert_int_eq(vgpu_guest_read(served->instance, 0, buf, 8), -EFAULT);
		ck_assert_int_eq(vgpu_guest_write(served->instance, 0, buf, 8), -EFAULT);
		while (n)
			munmap(taken[--n], HUGE);
		ck_assert_int_eq(vgpu_guest_read(served->instance, 0, buf, 8), 0);
	}
	ck_assert_int_eq(peer_unmap(peer, 0, HUGE), 0);
	munmap(at, 2 * HUGE);
	close(fd);
	peer_free(peer);
	served_free_all(served);
}

/* And nothing keeps a huge page that was mapped. */
START_TEST(holes)
{
	const unsigned before = free_pages();

	punch_holes(false);
	punch_holes(true);
	ck_assert_uint_eq(free_pages(), before);
}
END_TEST

static int region_fd;

/* BAR0 is of hugetlbfs; a part of it can be mapped that is less than a page of that. */
static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	const struct vgpu_region_info info = {.size = sizeof(info),
										  .length = 2 * HUGE,
										  .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE |
												   VGPU_REGION_FLAG_MMAP | VGPU_REGION_BACKED,
										  .fd = region_fd,
										  .area_count = 1,
										  .areas = {{0, SERVED_PAGE}}};
	struct vgpu_region_info small = info;

	(void)data, (void)params, (void)request;
	small.length = SERVED_PAGE;
	ck_assert_int_eq(vgpu_instance_set_region(instance, 1, &small), -EINVAL);
	return vgpu_instance_set_region(instance, 0, &info);
}

/* A server's memory: not even who trusts it gets more mapped than was asked for. */
START_TEST(parts)
{
	const struct vgpu_provider_ops ops = {.size = sizeof(ops), .get_type = served_get_type, .create = create};
	char dir[] = "/tmp/vgpu-huge.XXXXXX";
	const struct vgpu_provider_opts opts = {
		.size = sizeof(opts), .name = "huge", .flags = VGPU_PROVIDER_THREAD, .socket_dir = mkdtemp(dir)};
	const struct vgpu_instance_opts which = {.size = sizeof(which), .type = "type"};
	const struct vgpu_user_opts user = {.size = sizeof(user), .flags = _i ? VGPU_USER_MAP_UNSEALED : 0};
	const struct vgpu_vfio_opts how = {.size = sizeof(how), .access = VGPU_ACCESS_USER, .user = &user};
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	struct vgpu_mapping *mapping;
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	char *at = make_memory(2 * HUGE, &region_fd);

	ck_assert_int_eq(vgpu_context_new(NULL, &ctx), 0);
	ck_assert_int_eq(vgpu_provider_register(ctx, &opts, &ops, NULL, &provider), 0);
	ck_assert_int_eq(vgpu_instance_create(provider, &which, &instance), 0);
	ck_assert_int_eq(vgpu_vfio_open(ctx, vgpu_instance_get_socket(instance), &how, &vfio), 0);
	ck_assert_int_eq(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(
		strstr(vgpu_error_get_message(vgpu_context_get_error(ctx)), _i ? "larger" : "take the memory"));
	vgpu_vfio_close(vfio);
	vgpu_instance_unref(instance);
	vgpu_provider_unregister(provider);
	vgpu_context_unref(ctx);
	munmap(at, 2 * HUGE);
	close(region_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("huge");
	TCase *tcase = tcase_create("huge");

	if (free_pages() < 2) {
		fprintf(stderr, "there are no two free huge pages of 2 MiB (sysctl vm.nr_hugepages)\n");
		return EXIT_FAILURE;
	}
	tcase_add_test(tcase, holes);
	tcase_add_loop_test(tcase, parts, 0, 2);
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
