/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After a device has been opened, the library makes the system calls that libvgpu(7) lists, and no others: everything
 * that can be done with devices is done under seccomp, which ends the process at any other call. sandbox_test MAN_PAGE
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vfio_test.h"

#define PAGE 4096u
#define CALLS_MAX 64

static const struct call {
	const char *name;
	int number;
} calls[] = {
#define CALL(name)                                                                                                     \
	{                                                                                                                  \
#name, SYS_##name                                                                                              \
	}
	CALL(brk),           CALL(clock_gettime),  CALL(clock_nanosleep),
	CALL(close),         CALL(epoll_create1),  CALL(epoll_ctl),
	CALL(eventfd2),      CALL(fcntl),          CALL(futex),

	CALL(ioctl),         CALL(madvise),        CALL(mmap),
	CALL(mremap),        CALL(munmap),         CALL(newfstatat),
	CALL(poll),          CALL(pread64),        CALL(prlimit64),
	CALL(pwrite64),      CALL(read),           CALL(recvfrom),
	CALL(rt_sigpending), CALL(rt_sigprocmask), CALL(rt_sigtimedwait),
	CALL(sendto),        CALL(write),
};

#define COUNT (sizeof(calls) / sizeof(calls[0]))

static const char *man_page;
static struct vgpu_context *ctx;

/* What the library does not need, but check to end a test. */
static const int own[] = {SYS_exit_group, SYS_lseek, SYS_rt_sigreturn, SYS_timer_create, SYS_timer_delete};

static void sandbox(void)
{
	struct sock_filter filter[2 * CALLS_MAX + 2];
	struct sock_fprog program = {0, filter};
	size_t i, n = 0;

	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (i = 0; i < COUNT + sizeof(own) / sizeof(own[0]); i++) {
		unsigned number = (unsigned)(i < COUNT ? calls[i].number : own[i - COUNT]);

		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	program.len = (unsigned short)n;
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), 0);
}

static void expect_ok(long r)
{
	ck_assert_msg(r >= 0, "%ld: %s: %s", r, vgpu_error_get_operation(vgpu_context_get_error(ctx)),
				  vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

/* Both ways out: what works, and what fails with advice. */
static void use_regions(struct vgpu_vfio *vfio, uint32_t mappable)
{
	struct vgpu_mapping *mapping;
	struct vgpu_region *region;
	uint32_t i, id;

	for (i = 0; i < vgpu_vfio_get_region_count(vfio) + 1; i++)
		if (vgpu_region_find(vfio, i, &region) == 0)
			vgpu_region_unref(region);
	expect_ok(vgpu_config_read(vfio, 0, 4, &id));
	expect_ok(vgpu_config_write(vfio, 4, 2, 6));
	if (vgpu_region_map(vfio, mappable, NULL, &mapping) == 0)
		vgpu_mapping_unmap(mapping);
	ck_assert_int_lt((int)vgpu_region_read(vfio, VGPU_REGION_CONFIG, 1 << 20, &id, 4), 0);
	vgpu_vfio_reset(vfio);
}

static void use_irqs(struct vgpu_vfio *vfio, uint32_t index, uint32_t count)
{
	uint32_t events;

	expect_ok(vgpu_irq_enable(vfio, index, 0, count, NULL));
	vgpu_irq_trigger(vfio, index, 0, count);
	vgpu_irq_mask(vfio, index, 0, 1);
	vgpu_irq_unmask(vfio, index, 0, 1);
	vgpu_irq_set_unmask_eventfd(vfio, index, 0, vgpu_irq_get_eventfd(vfio, index, 0));
	expect_ok(vgpu_irq_disable(vfio, index));
	expect_ok(vgpu_vfio_start_events(vfio, NULL));
	expect_ok(vgpu_vfio_process(vfio, &events));
}

static void use_dma(struct vgpu_vfio *vfio, char *memory)
{
	struct vgpu_dma *dma = vgpu_vfio_get_dma(vfio);
	struct vgpu_dma_limits *limits;
	struct vgpu_reset_set *set;
	uint64_t iova, bits;
	const struct vgpu_dma_bitmap bitmap = {sizeof(bitmap), PAGE, &bits, sizeof(bits)};

	expect_ok(vgpu_dma_limits_find(dma, &limits));
	vgpu_dma_limits_unref(limits);
	expect_ok(vgpu_dma_map(dma, PAGE, memory, PAGE, VGPU_DMA_READ | VGPU_DMA_WRITE));
	ck_assert_int_eq(vgpu_dma_map(dma, PAGE, memory, PAGE, VGPU_DMA_READ), -EEXIST);
	vgpu_dma_map(dma, 0xfee00000, memory, PAGE, VGPU_DMA_READ); /* an IOMMU refuses it, and advice is given */
	expect_ok(vgpu_dma_map_anywhere(dma, memory + PAGE, PAGE, VGPU_DMA_READ, &iova));
	if (vgpu_dma_dirty_start(dma) == 0) {
		expect_ok(vgpu_dma_dirty_read(dma, PAGE, PAGE, &bitmap));
		expect_ok(vgpu_dma_dirty_stop(dma));
	}
	expect_ok(vgpu_dma_unmap(dma, PAGE, PAGE));
	expect_ok(vgpu_dma_unmap_all(dma));
	if (vgpu_reset_set_find(vfio, &set) == 0)
		vgpu_reset_set_unref(set);
	vgpu_vfio_hot_reset(vfio);
}

static void use_display(struct vgpu_vfio *vfio)
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode), .width = 640, .height = 480};
	const uint64_t vbe[] = {640, 480, 32, 1};
	struct vgpu_mapping *mapping = NULL;
	struct vgpu_dmabuf *dmabuf = NULL;
	unsigned char blob[VGPU_EDID_BLOCK_SIZE];
	struct vgpu_display *display;
	struct vgpu_plane *plane;
	size_t i;

	for (i = 0; i < 4; i++) /* mbochs needs a mode; mdpy has no such BAR */
		vgpu_region_write_value(vfio, VGPU_REGION_BAR2, 0x502 + 2 * i, 2, vbe[i]);
	expect_ok(vgpu_display_open(vfio, NULL, &display));
	expect_ok(vgpu_plane_find(display, VGPU_PLANE_PRIMARY, &plane));
	vgpu_plane_map(display, plane, &mapping, &dmabuf);
	ck_assert(mapping || dmabuf);
	vgpu_mapping_unmap(mapping);
	vgpu_dmabuf_unref(dmabuf);
	vgpu_plane_unref(plane);
	vgpu_display_close(display);
	expect_ok(vgpu_edid_make(ctx, &mode, blob));
	vgpu_edid_set(vfio, blob, sizeof(blob), NULL);
}

static void use_migration(struct vgpu_vfio *from, struct vgpu_vfio *to, int file, const int pipe_fds[2])
{
	struct vgpu_migration_opts opts = {.size = sizeof(opts), .flags = VGPU_MIGRATION_SAVE_PRE_COPY, .timeout_ms = 5000};

	if (vgpu_migration_save(from, file, &opts) == -EOPNOTSUPP)
		return;
	expect_ok(lseek(file, 0, SEEK_SET));
	expect_ok(vgpu_migration_load(to, file, NULL));
	expect_ok(vgpu_migration_save(to, pipe_fds[1], &opts));
	close(pipe_fds[1]);
	opts.flags = 0;
	expect_ok(vgpu_migration_load(from, pipe_fds[0], &opts));
	close(pipe_fds[0]);
}

START_TEST(only_those)
{
	static const char *const names[] = {"EDU", "NVME", "MTTY", "MTTY2", "MDPY", "MBOCHS"};
	enum { EDU, NVME, MTTY, MTTY2, MDPY, MBOCHS, DEVICES };
	struct vgpu_vfio *vfio[DEVICES];
	int i, file = memfd_create("state", MFD_CLOEXEC), pipe_fds[2];
	char *memory = mmap(NULL, 2 * (size_t)PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ctx = new_context();
	ck_assert_int_eq(pipe(pipe_fds), 0);
	for (i = 0; i < DEVICES; i++)
		vfio[i] = open_with(ctx, names[i], path_of(_i), NULL);
	sandbox();
	for (i = 0; i < DEVICES; i++)
		use_regions(vfio[i], i == MDPY ? 16 : VGPU_REGION_BAR0);
	use_irqs(vfio[EDU], VGPU_IRQ_INTX, 1);
	use_irqs(vfio[NVME], VGPU_IRQ_MSIX, 4);
	use_irqs(vfio[MTTY], VGPU_IRQ_MSI, 1);
	use_dma(vfio[EDU], memory);
	use_dma(vfio[NVME], memory);
	use_dma(vfio[MTTY], memory);
	use_display(vfio[MDPY]);
	use_display(vfio[MBOCHS]);
	use_migration(vfio[MTTY], vfio[MTTY2], file, pipe_fds);
	for (i = 0; i < DEVICES; i++)
		vgpu_vfio_close(vfio[i]);
	vgpu_context_unref(ctx);
}
END_TEST

/* The page's list and ours are the same. */
START_TEST(documented)
{
	FILE *page = fopen(man_page, "re");
	char line[256], word[64];
	size_t i, found = 0;
	int on = 0;

	ck_assert_ptr_nonnull(page);
	while (fgets(line, sizeof(line), page)) {
		if (strncmp(line, ".SH", 3) == 0)
			on = strstr(line, "SYSTEM CALLS") != NULL;
		if (!on || sscanf(line, ".BR %60[a-z0-9_]", word) != 1)
			continue;
		for (i = 0; i < COUNT && strcmp(calls[i].name, word) != 0; i++)
			;
		ck_assert_msg(i < COUNT, "the page has %s, the test has not", word);
		found++;
	}
	ck_assert_uint_eq(found, COUNT);
	fclose(page);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("sandbox");
	TCase *tcase = tcase_create("sandbox");

	if (argc != 2) {
		fprintf(stderr, "usage: sandbox_test MAN_PAGE\n");
		return 2;
	}
	man_page = argv[1];
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, only_those, 0, has_iommufd() ? 2 : 1);
	tcase_add_test(tcase, documented);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
