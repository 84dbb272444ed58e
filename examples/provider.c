/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The smallest useful provider: vGPUs with 16 MiB of memory in BAR0, a counter in BAR2 that sends an interrupt with
 * each write, and a register that adds up the bytes of a page of guest memory.
 *
 *     provider DIRECTORY
 *
 * makes one vGPU and serves it in DIRECTORY until the program is ended.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/vgpu.h>

#define PAGE 4096u

struct counter {
	uint32_t writes;
	uint64_t address; /* of the page to add up */
	uint32_t sum;
};

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	if (i > 0)
		return -ERANGE;
	out->id = "counter";
	out->framebuffer_mib = 16;
	out->available_instances = out->max_instances = -1;
	return 0;
}

static int create(void *data, struct vgpu_instance *instance, const char *params, struct vgpu_request *request)
{
	const struct vgpu_pci_opts pci = {.size = sizeof(pci), .vendor = 0x1234, .device = 0x0c07, .class_code = 0x038000};
	const struct vgpu_region_info memory = {.size = sizeof(memory),
											.length = 16u << 20,
											.flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE |
													 VGPU_REGION_FLAG_MMAP | VGPU_REGION_BACKED,
											.fd = -1};
	const struct vgpu_region_info registers = {
		.size = sizeof(registers), .length = PAGE, .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE, .fd = -1};
	struct counter *counter = calloc(1, sizeof(*counter));
	int r;

	(void)data, (void)params, (void)request;
	if (!counter)
		return -ENOMEM;
	vgpu_instance_set_data(instance, counter, free);
	if ((r = vgpu_pci_set(instance, &pci)) < 0 ||
		(r = vgpu_pci_set_bar(instance, 0, memory.length, VGPU_PCI_BAR_PREFETCH)) < 0 ||
		(r = vgpu_pci_set_bar(instance, 2, registers.length, 0)) < 0 || (r = vgpu_pci_add_msi(instance, 1)) < 0 ||
		(r = vgpu_instance_set_region(instance, VGPU_REGION_BAR0, &memory)) < 0 ||
		(r = vgpu_instance_set_region(instance, VGPU_REGION_BAR2, &registers)) < 0)
		return r;
	return 0;
}

/* BAR2: 0 number of writes to it, 8 address of a page of guest memory, 16 sum of its bytes; BAR0 needs no code. */
static ssize_t read_register(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
							 struct vgpu_request *request)
{
	const struct counter *counter = vgpu_instance_get_data(instance);
	const uint32_t value = offset == 0 ? counter->writes : offset == 16 ? counter->sum : 0;

	(void)region, (void)request;
	memcpy(buf, &value, len < sizeof(value) ? len : sizeof(value));
	return 0;
}

static ssize_t write_register(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
							  size_t len, struct vgpu_request *request)
{
	struct counter *counter = vgpu_instance_get_data(instance);
	struct vgpu_guest_span span;
	size_t i;

	(void)region, (void)request;
	counter->writes++;
	if (offset == 8 && len == sizeof(counter->address)) {
		memcpy(&counter->address, buf, len);
		if (vgpu_guest_get(instance, counter->address, PAGE, VGPU_GUEST_READ, &span, 1) != 1)
			return -EFAULT; /* not there, or not all in one piece that can be borrowed */
		for (counter->sum = 0, i = 0; i < PAGE; i++)
			counter->sum += ((const unsigned char *)span.address)[i];
		vgpu_guest_put(instance, &span, 1);
	}
	return vgpu_pci_trigger(instance, 0);
}

static const struct vgpu_provider_ops ops = {
	.size = sizeof(ops), .get_type = get_type, .create = create, .read = read_register, .write = write_register};

int main(int argc, char **argv)
{
	struct vgpu_provider_opts opts = {.size = sizeof(opts), .name = "counter-0", .socket_dir = argv[1]};
	const struct vgpu_instance_opts which = {.size = sizeof(which), .type = "counter"};
	struct vgpu_provider *provider;
	struct vgpu_instance *instance;
	struct vgpu_context *ctx;

	if (argc != 2 || vgpu_context_new(NULL, &ctx))
		return 2;
	signal(SIGTERM, end);
	signal(SIGINT, end);
	if (vgpu_provider_register(ctx, &opts, &ops, NULL, &provider) ||
		vgpu_instance_create(provider, &which, &instance)) {
		fprintf(stderr, "provider: %s\n", vgpu_error_get_message(vgpu_context_get_error(ctx)));
		return 1;
	}
	puts(vgpu_instance_get_socket(instance));
	fflush(stdout);
	while (!ended) {
		struct pollfd ready = {.fd = vgpu_provider_get_fd(provider), .events = POLLIN};

		if (poll(&ready, 1, -1) > 0)
			vgpu_provider_process(provider);
	}
	vgpu_instance_unref(instance);
	vgpu_provider_unregister(provider);
	vgpu_context_unref(ctx);
	return 0;
}
