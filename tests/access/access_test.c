/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same tests over each way to a device: access_test user softgpu|softgpu-no-map, which starts its own provider; or
 * access_test group|iommufd FACTS, in the test VM, where access_test.sh gives the names of two devices.
 */
#include "access_test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define UUID "c0ffee00-0000-4000-8000-000000000001"
#define PCI_COMMAND 4
#define MEMORY_AND_MASTER 6u

const struct facts *facts;
enum vgpu_access way;
bool by_calls_only;
struct vgpu_context *ctx;
struct vgpu_vfio *vfio;

/* The provider of this test, and what ends one of its vGPUs. */
static char dir[64];
static struct vgpu_context *provider_ctx;
static struct vgpu_provider *provider;
static struct vgpu_instance *instances[2];
static pthread_t ending;
static int ended;
static pid_t child;

static void make_instance(int i)
{
	const struct vgpu_instance_opts which = {
		.size = sizeof(which), .uuid = UUID, .instance = (uint32_t)i, .type = "softgpu-16"};

	vgpu_instance_unref(instances[i]);
	ck_assert_int_eq(vgpu_instance_create(provider, &which, &instances[i]), 0);
	setenv(i ? "OTHER" : "DEVICE", vgpu_instance_get_socket(instances[i]), 1);
}

static void set_up(void)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts),
									  .name = "softgpu",
									  .flags = VGPU_PROVIDER_THREAD | (by_calls_only ? VGPU_PROVIDER_NO_MAP : 0)};

	ctx = new_context();
	if (way != VGPU_ACCESS_USER)
		return;
	snprintf(dir, sizeof(dir), "/tmp/vgpu-access.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	opts.socket_dir = dir;
	ck_assert_int_eq(vgpu_context_new(NULL, &provider_ctx), 0);
	ck_assert_int_eq(vgpu_softgpu_register(provider_ctx, &opts, 0, &provider), 0);
	make_instance(0);
	make_instance(1);
}

static void tear_down(void)
{
	int i;

	vgpu_context_unref(ctx);
	for (i = 0; i < 2; i++)
		instances[i] = vgpu_instance_unref(instances[i]);
	provider = vgpu_provider_unregister(provider);
	provider_ctx = vgpu_context_unref(provider_ctx);
	if (dir[0])
		ck_assert_int_eq(rmdir(dir), 0);
}

void open_device(struct vgpu_dma *dma)
{
	vfio = open_with(ctx, "DEVICE", way, dma);
	if (facts->regions[0].flags & VGPU_REGION_FLAG_MMAP)
		ck_assert_int_eq(vgpu_config_write(vfio, PCI_COMMAND, 2, config(vfio, PCI_COMMAND, 2) | MEMORY_AND_MASTER), 0);
}

struct vgpu_vfio *open_other(void)
{
	return open_with(ctx, "OTHER", way, NULL);
}

void close_device(void)
{
	vfio = vgpu_vfio_close(vfio);
	ck_assert_ptr_null(vfio);
}

const char *missing_device(void)
{
	return way == VGPU_ACCESS_USER ? "/tmp/vgpu-access-of-nobody.sock" : "00000000-0000-4000-8000-000000000000";
}

static int connect_to(const char *socket_path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(socket_path), sizeof(address.sun_path));
	memcpy(address.sun_path, socket_path, strlen(socket_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* The device's node: what a command prints. */
static int open_node(const char *command)
{
	char node[256] = "";
	FILE *from = popen(command, "r");

	ck_assert_ptr_nonnull(from);
	ck_assert_ptr_nonnull(fgets(node, sizeof(node), from));
	pclose(from);
	node[strcspn(node, "\n")] = '\0';
	return open_path(node);
}

struct vgpu_vfio_fds open_nodes(void)
{
	struct vgpu_vfio_fds fds = VGPU_VFIO_FDS_INIT;

	fds.name = device("DEVICE");
	if (way == VGPU_ACCESS_USER) {
		fds.name = "softgpu";
		fds.socket_fd = connect_to(device("DEVICE"));
	} else if (way == VGPU_ACCESS_GROUP) {
		fds.group_fd = open_node("echo /dev/vfio/$(basename $(readlink /sys/bus/*/devices/$DEVICE/iommu_group))");
		fds.container_fd = open_path("/dev/vfio/vfio");
	} else {
		fds.cdev_fd = open_node("echo /dev/vfio/devices/$(ls /sys/bus/*/devices/$DEVICE/vfio-dev)");
		fds.iommufd = open_path("/dev/iommu");
	}
	return fds;
}

void close_nodes(const struct vgpu_vfio_fds *fds)
{
	const int all[] = {fds->group_fd, fds->container_fd, fds->cdev_fd, fds->iommufd, fds->socket_fd};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= 0)
			close(all[i]);
}

static void *destroy(void *data)
{
	const struct vgpu_instance_destroy_opts opts = {.size = sizeof(opts), .deadline_ms = 30000};

	ended = vgpu_instance_destroy(data, &opts);
	return NULL;
}

/* A word to the kernel's driver; exec: a forked child would itself keep the device open. */
static void tell_driver(const char *file)
{
	char command[200];

	snprintf(command, sizeof(command), "echo %s >/sys/bus/pci/drivers/vfio-pci/%s", device("DEVICE"), file);
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

void host_begin(void)
{
	if (way == VGPU_ACCESS_USER)
		ck_assert_int_eq(pthread_create(&ending, NULL, destroy, instances[0]), 0);
	else
		tell_driver("unbind");
}

void host_end(void)
{
	if (way == VGPU_ACCESS_USER)
		ck_assert_int_eq(pthread_join(ending, NULL), 0);
	else
		ck_assert_int_eq(waitpid(child, &ended, 0), child);
	ck_assert_int_eq(ended, 0);
}

void host_return(void)
{
	if (way == VGPU_ACCESS_USER) {
		make_instance(0);
		return;
	}
	tell_driver("bind");
	host_end();
}

void expect_ok(int r)
{
	ck_assert_msg(r == 0, "%d: %s", r, vgpu_error_get_message(vgpu_context_get_error(ctx)));
}

uint64_t get_at(uint32_t region, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	expect_ok(vgpu_region_read_value(vfio, region, offset, width, &value));
	return value;
}

void put_at(uint32_t region, uint64_t offset, unsigned width, uint64_t value)
{
	expect_ok(vgpu_region_write_value(vfio, region, offset, width, value));
}

uint64_t get(const struct place *place)
{
	return get_at(place->region, place->offset, place->width);
}

void put(const struct place *place, uint64_t value)
{
	put_at(place->region, place->offset, place->width, value);
}

int make_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	ck_assert_int_ge(fd, 0);
	return fd;
}

uint64_t take(int fd, int timeout_ms)
{
	struct pollfd polls[2] = {{.fd = fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
	uint64_t count = 0;
	uint32_t events;
	int waited = 0;

	vgpu_vfio_start_events(vfio, &polls[1].fd); /* not where REQ or ERR are somebody's */
	while (waited <= timeout_ms && !polls[0].revents) {
		int ready = poll(polls, 2, 10);

		waited += ready ? 0 : 10;
		if (ready > 0 && polls[1].revents)
			expect_ok(vgpu_vfio_process(vfio, &events));
	}
	if (polls[0].revents)
		ck_assert_int_eq((int)read(fd, &count, sizeof(count)), sizeof(count));
	return count;
}

static bool read_arguments(int argc, char **argv)
{
	static const char *const ways[] = {
		[VGPU_ACCESS_GROUP] = "group", [VGPU_ACCESS_IOMMUFD] = "iommufd", [VGPU_ACCESS_USER] = "user"};
	const char *name = argc == 3 ? argv[2] : "";
	enum vgpu_access i;

	for (i = VGPU_ACCESS_GROUP; argc == 3 && i <= VGPU_ACCESS_USER; i++)
		if (strcmp(argv[1], ways[i]) == 0)
			way = i;
	by_calls_only = strcmp(name, "softgpu-no-map") == 0;
	facts = facts_find(by_calls_only ? "softgpu" : name);
	return way && facts && (way == VGPU_ACCESS_USER) == (strcmp(facts->name, "softgpu") == 0);
}

int main(int argc, char **argv)
{
	void (*const parts[])(TCase *) = {add_open_bodies, add_region_bodies, add_map_bodies,   add_irq_bodies,
									  add_dma_bodies,  add_state_bodies,  add_dirty_bodies, add_display_bodies};
	Suite *suite;
	TCase *tcase;
	size_t i;

	if (!read_arguments(argc, argv)) {
		fprintf(stderr, "usage: access_test user softgpu|softgpu-no-map, or access_test group|iommufd FACTS\n");
		return 2;
	}
	suite = suite_create("access");
	tcase = tcase_create(facts->name);
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](tcase);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
