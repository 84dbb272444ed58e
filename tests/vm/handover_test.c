/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A privileged process hands descriptors to an unprivileged one, which makes a handle of them and uses the device. It
 * is user 1000, sees an empty root directory, and is killed should it open a path, fork or exec. handover_test.sh makes
 * the devices.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vfio_test.h"

#define USER 1000
#define FDS_MAX 2

/* What goes with the descriptors. */
struct letter {
	char name[64];
	bool is_mdpy;
	uint32_t ioas_id;
	enum { LETTER_DEVICE, LETTER_GROUP, LETTER_CDEV } kind;
};

union control {
	struct cmsghdr header; /* for its alignment */
	char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* The child has no check: it says what is wrong and ends. */
#define NEED(condition)                                                                                                \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: the unprivileged process needs %s\n", __FILE__, __LINE__, #condition);             \
			_exit(1);                                                                                                  \
		}                                                                                                              \
	} while (0)

#define KILL_ON(name)                                                                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void forbid_paths_and_processes(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		KILL_ON(open),
		KILL_ON(openat),
		KILL_ON(openat2),
		KILL_ON(creat),
		KILL_ON(stat),
		KILL_ON(newfstatat),
		KILL_ON(readlink),
		KILL_ON(readlinkat),
		KILL_ON(access),
		KILL_ON(faccessat),
		KILL_ON(faccessat2),
		KILL_ON(fork),
		KILL_ON(vfork),
		KILL_ON(clone),
		KILL_ON(clone3),
		KILL_ON(execve),
		KILL_ON(execveat),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	NEED(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);
}

static void drop_privileges(void)
{
	NEED(mkdir("/tmp/empty", 0755) == 0 || errno == EEXIST);
	NEED(chroot("/tmp/empty") == 0 && chdir("/") == 0);
	NEED(setgroups(0, NULL) == 0 && setgid(USER) == 0 && setuid(USER) == 0);
	NEED(setuid(0) == -1 && access("/dev", F_OK) == -1);
	forbid_paths_and_processes();
}

static void receive(int socket_fd, struct letter *letter, int fds[FDS_MAX])
{
	struct iovec part = {letter, sizeof(*letter)};
	union control control = {0};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const struct cmsghdr *header;

	NEED(recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC) == (ssize_t)sizeof(*letter));
	header = CMSG_FIRSTHDR(&message);
	NEED(header && header->cmsg_type == SCM_RIGHTS);
	memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
}

static struct vgpu_vfio *adopt(struct vgpu_context *ctx, const struct letter *letter, const int fds[FDS_MAX])
{
	struct vgpu_vfio_fds all = VGPU_VFIO_FDS_INIT;
	struct vgpu_vfio *vfio = NULL;
	int r;

	all.name = letter->name;
	all.ioas_id = letter->ioas_id;
	switch (letter->kind) {
	case LETTER_GROUP:
		all.group_fd = fds[0];
		all.container_fd = fds[1];
		break;
	case LETTER_CDEV:
		all.cdev_fd = fds[0];
		all.iommufd = fds[1];
		break;
	default:
		all.device_fd = fds[0];
	}
	r = vgpu_vfio_open_fds(ctx, &all, &vfio);
	if (r)
		fprintf(stderr, "open_fds: %d: %s\n", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
	NEED(r == 0);
	return vfio;
}

static void use_mdpy(struct vgpu_vfio *vfio)
{
	struct vgpu_mapping *mapping;
	volatile uint8_t *pixels;
	struct vgpu_irq *irq;
	uint32_t id = 0;

	NEED(vgpu_config_read(vfio, 0, 4, &id) == 0 && id == 0x000f1b36);
	NEED(vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping) == 0);
	pixels = vgpu_mapping_get_address(mapping);
	pixels[240 * 2560] = 0x55;
	NEED(vgpu_vfio_reset(vfio) == 0);
	NEED(pixels[240 * 2560] == 240 * 255 / 480);
	vgpu_mapping_unmap(mapping);
	NEED(vgpu_irq_find(vfio, VGPU_IRQ_INTX, &irq) == 0);
	vgpu_irq_unref(irq);
}

/* edu copies to the memory that it has in itself, and back (QEMU's docs/specs/edu.rst). */
static void move(struct vgpu_vfio *vfio, uint64_t from, uint64_t to, uint64_t command)
{
	uint64_t busy = 1;

	NEED(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 0x80, 8, from) == 0);
	NEED(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 0x88, 8, to) == 0);
	NEED(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 0x90, 8, 1024) == 0);
	NEED(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 0x98, 8, command) == 0);
	while (busy & 1)
		NEED(vgpu_region_read_value(vfio, VGPU_REGION_BAR0, 0x98, 8, &busy) == 0);
}

/* The memory is this process's own, and counts towards its own limit. */
static void copy_by_dma(struct vgpu_vfio *vfio)
{
	struct vgpu_dma *dma = vgpu_vfio_get_dma(vfio);
	unsigned char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(memory != MAP_FAILED);
	memset(memory, 0xa5, 1024);
	NEED(vgpu_dma_map(dma, 0x100000, memory, 4096, VGPU_DMA_READ | VGPU_DMA_WRITE) == 0);
	move(vfio, 0x100000, 0x40000, 1);
	move(vfio, 0x40000, 0x100400, 3);
	NEED(memcmp(memory, memory + 1024, 1024) == 0);
	NEED(vgpu_dma_unmap(dma, 0x100000, 4096) == 0);
}

/* A PCI device: registers, and its interrupt to an eventfd of this process. */
static void use_edu(struct vgpu_vfio *vfio)
{
	int event = eventfd(0, EFD_CLOEXEC);
	struct pollfd poll_fd = {.fd = event, .events = POLLIN};
	uint64_t value = 0;

	NEED(event >= 0);
	NEED(vgpu_config_write(vfio, 4, 2, 6) == 0); /* memory enable, bus master */
	NEED(vgpu_region_read_value(vfio, VGPU_REGION_BAR0, 0, 4, &value) == 0 && value == 0x010000ed);
	NEED(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 4, 4, 0x12345678) == 0);
	NEED(vgpu_region_read_value(vfio, VGPU_REGION_BAR0, 4, 4, &value) == 0 && value == (uint32_t)~0x12345678u);
	NEED(vgpu_irq_enable(vfio, VGPU_IRQ_MSI, 0, 1, &event) == 0);
	NEED(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 0x60, 4, 1) == 0);
	NEED(poll(&poll_fd, 1, -1) == 1);
	NEED(vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 0x64, 4, 1) == 0);
	NEED(vgpu_irq_disable(vfio, VGPU_IRQ_MSI) == 0);
	NEED(vgpu_vfio_reset(vfio) == -EOPNOTSUPP);
	close(event);
	if (vgpu_vfio_get_dma(vfio))
		copy_by_dma(vfio);
}

static void be_unprivileged(int socket_fd)
{
	struct vgpu_context *ctx;
	struct letter letter;
	struct vgpu_vfio *vfio;
	int fds[FDS_MAX] = {-1, -1};

	drop_privileges();
	receive(socket_fd, &letter, fds);
	NEED(vgpu_context_new(NULL, &ctx) == 0);
	vfio = adopt(ctx, &letter, fds);
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	if (letter.is_mdpy)
		use_mdpy(vfio);
	else
		use_edu(vfio);
	vgpu_vfio_close(vfio);
	vgpu_context_unref(ctx);
	_exit(0);
}

/* The other process, before anything is opened that it could inherit. */
static pid_t start(int *socket_fd)
{
	int pair[2];
	pid_t pid;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		be_unprivileged(pair[1]);
	}
	close(pair[1]);
	*socket_fd = pair[0];
	return pid;
}

static void send_letter(int socket_fd, struct letter *letter, const int fds[FDS_MAX])
{
	size_t size = (letter->kind == LETTER_DEVICE ? 1 : 2) * sizeof(int);
	struct iovec part = {letter, sizeof(*letter)};
	union control control = {0};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(size)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(header), fds, size);
	ck_assert_int_eq(sendmsg(socket_fd, &message, 0), (ssize_t)sizeof(*letter));
}

static void expect_end(pid_t pid)
{
	int status = -1;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!WIFSIGNALED(status), "it was killed by signal %d: it did what it must not do", WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static const char *const names[] = {"MDPY", "EDU"};

static struct letter letter_for(int i, int kind)
{
	struct letter letter = {.is_mdpy = i == 0, .kind = kind};

	snprintf(letter.name, sizeof(letter.name), "%s", device(names[i]));
	return letter;
}

static int open_node(int i, const char *suffix)
{
	char variable[32];
	int fd;

	snprintf(variable, sizeof(variable), "%s_%s", names[i], suffix);
	fd = open(device(variable), O_RDWR | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", variable, strerror(errno));
	return fd;
}

static int open_path(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* Nodes that are only opened: the group's and a container's, or the device's own and iommufd's. */
START_TEST(nodes)
{
	struct vgpu_context *ctx;
	int i, socket_fd, fds[FDS_MAX];
	struct letter letter;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		pid = start(&socket_fd);
		letter = letter_for(i, _i ? LETTER_CDEV : LETTER_GROUP);
		fds[0] = open_node(i, _i ? "CDEV" : "GROUP");
		fds[1] = open_path(_i ? "/dev/iommu" : "/dev/vfio/vfio");
		send_letter(socket_fd, &letter, fds);
		close(fds[0]); /* it lives on in the letter */
		close(fds[1]);
		expect_end(pid);
		close(socket_fd);
		ctx = new_context(); /* and is free afterwards */
		vgpu_vfio_close(open_with(ctx, names[i], path_of(_i), NULL));
		vgpu_context_unref(ctx);
	}
}
END_TEST

/* A device that the giver has opened, and keeps. */
START_TEST(opened_device)
{
	struct vgpu_context *ctx;
	struct letter letter;
	struct vgpu_vfio *vfio;
	int i, socket_fd, fds[FDS_MAX] = {-1, -1};
	pid_t pid;

	for (i = 0; i < 2; i++) {
		pid = start(&socket_fd);
		ctx = new_context();
		vfio = open_with(ctx, names[i], path_of(_i), NULL);
		letter = letter_for(i, LETTER_DEVICE);
		fds[0] = vgpu_vfio_get_device_fd(vfio);
		send_letter(socket_fd, &letter, fds);
		expect_end(pid);
		ck_assert_uint_ne(config(vfio, 0, 4), 0);
		close(socket_fd);
		vgpu_vfio_close(vfio);
		vgpu_context_unref(ctx);
	}
}
END_TEST

/* A place in the giver's own table of memory, which another device of his uses: his container, or his IOAS. */
START_TEST(table_of_the_giver)
{
	struct vgpu_context *ctx;
	struct letter letter;
	struct vgpu_vfio *vfio;
	int i, socket_fd, fds[FDS_MAX];
	pid_t pid;

	for (i = 0; i < 2; i++) {
		pid = start(&socket_fd);
		ctx = new_context();
		vfio = open_with(ctx, "MTTY", path_of(_i), NULL);
		letter = letter_for(i, _i ? LETTER_CDEV : LETTER_GROUP);
		letter.ioas_id = vgpu_vfio_get_ioas_id(vfio);
		fds[0] = open_node(i, _i ? "CDEV" : "GROUP");
		fds[1] = _i ? vgpu_vfio_get_iommufd(vfio) : vgpu_vfio_get_container_fd(vfio);
		send_letter(socket_fd, &letter, fds);
		expect_end(pid);
		ck_assert_uint_ne(config(vfio, 0, 4), 0);
		close(fds[0]);
		close(socket_fd);
		vgpu_vfio_close(vfio);
		vgpu_context_unref(ctx);
	}
}
END_TEST

/* The other process is what it claims to be: without descriptors it gets nowhere. */
START_TEST(filter_bites)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		drop_privileges();
		_exit(open("/dev/vfio/vfio", O_RDWR) >= 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handover");
	TCase *tcase = tcase_create("handover");
	int paths = has_iommufd() ? 2 : 1;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, nodes, 0, paths);
	tcase_add_loop_test(tcase, opened_device, 0, paths);
	tcase_add_loop_test(tcase, table_of_the_giver, 0, paths);
	tcase_add_test(tcase, filter_bites);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
