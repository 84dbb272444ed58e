/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The example of a provider, run as it is, and used by a client. */
#include "peer.h"
#include "run_suite.h"

#include <linux/vfio.h>
#include <signal.h>
#include <sys/wait.h>

static const char *program;

START_TEST(counter)
{
	struct vg_user_irq_set set = {sizeof(set), VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1, 0, 1};
	char dir[] = "/tmp/vgpu-example.XXXXXX", command[256], socket[200] = "";
	int irq = eventfd(0, EFD_NONBLOCK), fd;
	uint64_t address = 4096, n = 0;
	unsigned char *memory;
	struct peer *peer;
	uint32_t value;
	FILE *output;
	int pid = 0;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(command, sizeof(command), "echo $$; exec %s %s", program, dir);
	output = popen(command, "re");
	ck_assert_ptr_nonnull(output);
	ck_assert_int_eq(fscanf(output, "%d %199s", &pid, socket), 2);
	peer = peer_open(socket);
	memory = peer_memory(8192, F_SEAL_SHRINK, &fd);
	memory[4096] = 200;
	memory[8191] = 100;
	ck_assert_int_eq(peer_map(peer, 0, 8192, 3, fd), 0);
	ck_assert_int_eq(peer_call_fds(peer, VG_USER_DEVICE_SET_IRQS, &set, sizeof(set), &irq, 1), 0);
	ck_assert_int_eq(peer_region_write(peer, 2, 8, &address, 8), 0);
	ck_assert_int_eq(read(irq, &n, sizeof(n)), sizeof(n));
	ck_assert_int_eq(peer_region_read(peer, 2, 16, &value, 4), 0);
	ck_assert_uint_eq(value, 300);
	address = 8192;
	ck_assert_int_eq(peer_region_write(peer, 2, 8, &address, 8), -EFAULT);
	ck_assert_int_eq(peer_region_read(peer, 2, 0, &value, 4), 0);
	ck_assert_uint_eq(value, 2);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(pclose(output), 0);
	ck_assert_int_eq(rmdir(dir), 0); /* it leaves nothing behind */
	peer_free(peer);
	munmap(memory, 8192);
	close(fd);
	close(irq);
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *const tests[] = {counter, NULL};

	program = argc > 1 ? argv[1] : "";
	return run_suite("example", tests);
}
