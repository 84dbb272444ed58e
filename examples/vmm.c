/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a virtual machine monitor does with two vGPUs, from open to migration: vmm SOURCE TARGET
 *
 * Guest memory for DMA, KVM, regions and BARs, interrupts and events in one epoll loop, reset, and the state of SOURCE
 * moved to TARGET while the loop goes on. The "guest" is a few register accesses that the kernel's sample serial ports
 * (mtty) understand; a real monitor has a vCPU make them.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create() */
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vgpu/vgpu.h>

#define RAM_SIZE (64ull << 20)
#define LOW_SIZE (16ull << 20) /* below the hole that PCs have under 4 GiB */
#define HIGH_IOVA (4ull << 30)
#define UART_IER 1
#define UART_IER_EMPTY 2 /* interrupt when there is nothing to send */
#define UART_SCRATCH 7
#define WAIT_MS 5000

enum { IRQ, EVENT }; /* what an entry of the loop is about */

struct gpu {
	const char *name;
	struct vgpu_vfio *vfio;
	struct vgpu_mapping *bars[6];
	unsigned irqs; /* interrupts so far */
};

struct machine {
	struct vgpu_context *ctx;
	struct vgpu_dma *dma;
	struct vgpu_kvm *kvm; /* NULL: this host has no KVM */
	int vm_fd;
	char *ram;
	int ram_fd;
	int loop;
	struct gpu gpus[2];
};

static int failed(const struct machine *machine, const char *what)
{
	const struct vgpu_error *error = vgpu_context_get_error(machine->ctx);

	fprintf(stderr, "vmm: %s: %s: %s: %s; %s\n", what, vgpu_error_get_operation(error), vgpu_error_get_path(error),
			vgpu_error_get_message(error), vgpu_error_get_hint(error));
	return -1;
}

static int died(const char *what)
{
	fprintf(stderr, "vmm: %s: %s\n", what, strerror(errno));
	return -1;
}

/* The whole of the guest's memory in one call, before there is any device. */
static int make_ram(struct machine *machine)
{
	struct vgpu_dma_range ranges[] = {
		{.size = sizeof(ranges[0]), .iova = 0, .length = LOW_SIZE},
		{.size = sizeof(ranges[0]), .iova = HIGH_IOVA, .length = RAM_SIZE - LOW_SIZE, .offset = LOW_SIZE},
	};
	size_t i;

	machine->ram_fd = memfd_create("ram", MFD_CLOEXEC);
	if (machine->ram_fd < 0 || ftruncate(machine->ram_fd, RAM_SIZE))
		return died("memfd");
	machine->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, machine->ram_fd, 0);
	if (machine->ram == MAP_FAILED)
		return died("mmap");
	for (i = 0; i < 2; i++) {
		ranges[i].address = machine->ram + ranges[i].offset;
		ranges[i].flags = VGPU_DMA_READ | VGPU_DMA_WRITE | VGPU_DMA_FD;
		ranges[i].fd = machine->ram_fd;
	}
	if (vgpu_dma_new(machine->ctx, &machine->dma) || vgpu_dma_map_ranges(machine->dma, ranges, 2, VGPU_DMA_MERGE))
		return failed(machine, "guest memory");
	return 0;
}

static int make_kvm(struct machine *machine)
{
	struct vgpu_kvm_opts opts = VGPU_KVM_OPTS_INIT;
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm_fd < 0) {
		printf("no KVM here: %s\n", strerror(errno));
		return 0;
	}
	opts.vm_fd = machine->vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	close(kvm_fd);
	if (opts.vm_fd < 0)
		return died("KVM_CREATE_VM");
	if (ioctl(opts.vm_fd, KVM_CREATE_IRQCHIP))
		return died("KVM_CREATE_IRQCHIP");
	return vgpu_kvm_new(machine->ctx, &opts, &machine->kvm) ? failed(machine, "KVM") : 0;
}

static int watch(const struct machine *machine, int fd, const struct gpu *gpu, unsigned kind)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(gpu - machine->gpus) << 1 | kind};

	return epoll_ctl(machine->loop, EPOLL_CTL_ADD, fd, &event) ? died("epoll_ctl") : 0;
}

/* A guest gets a BAR's mapped areas as memory slots; its other accesses become vgpu_region_read() and _write(). */
static int map_bars(const struct machine *machine, struct gpu *gpu)
{
	struct vgpu_region *region;
	uint32_t i;

	for (i = 0; i < 6; i++) {
		if (vgpu_region_find(gpu->vfio, i, &region))
			return failed(machine, gpu->name);
		printf("%s: bar%u: %llu bytes%s\n", gpu->name, i, (unsigned long long)vgpu_region_get_size(region),
			   vgpu_region_get_area_count(region) ? ", mapped" : "");
		if (vgpu_region_get_area_count(region) && vgpu_region_map(gpu->vfio, i, NULL, &gpu->bars[i])) {
			vgpu_region_unref(region);
			return failed(machine, gpu->name);
		}
		vgpu_region_unref(region);
	}
	return 0;
}

/* With a guest, the eventfd is KVM's irqfd as well, and the interrupt goes straight in. */
static int connect_irq(const struct machine *machine, const struct gpu *gpu)
{
	int event_fd;

	if (vgpu_irq_enable(gpu->vfio, VGPU_IRQ_MSI, 0, 1, NULL) || vgpu_vfio_start_events(gpu->vfio, &event_fd))
		return failed(machine, gpu->name);
	return watch(machine, vgpu_irq_get_eventfd(gpu->vfio, VGPU_IRQ_MSI, 0), gpu, IRQ) ||
				   watch(machine, event_fd, gpu, EVENT)
			   ? -1
			   : 0;
}

static int plug(const struct machine *machine, struct gpu *gpu, const char *name)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts), .dma = machine->dma, .kvm = machine->kvm};

	gpu->name = name;
	if (vgpu_vfio_open(machine->ctx, name, &opts, &gpu->vfio))
		return failed(machine, name);
	printf("%s: open: %s\n", name, vgpu_vfio_get_access_reason(gpu->vfio));
	if (vgpu_vfio_reset(gpu->vfio) && vgpu_error_get_errno(vgpu_context_get_error(machine->ctx)) != EOPNOTSUPP)
		return failed(machine, name);
	return map_bars(machine, gpu) || connect_irq(machine, gpu) ? -1 : 0;
}

static void unplug(struct gpu *gpu)
{
	size_t i;

	for (i = 0; i < 6; i++)
		gpu->bars[i] = vgpu_mapping_unmap(gpu->bars[i]);
	gpu->vfio = vgpu_vfio_close(gpu->vfio);
}

static int handle(const struct machine *machine, struct gpu *gpu, unsigned kind)
{
	uint64_t count;
	uint32_t events;

	if (kind == IRQ) {
		if (read(vgpu_irq_get_eventfd(gpu->vfio, VGPU_IRQ_MSI, 0), &count, sizeof(count)) == sizeof(count))
			gpu->irqs += (unsigned)count;
		return 0;
	}
	if (vgpu_vfio_process(gpu->vfio, &events))
		return failed(machine, gpu->name);
	if (events & VGPU_VFIO_EVENT_REQUEST)
		printf("%s: the host wants it back\n", gpu->name); /* take it from the guest, then unplug() */
	if (events & VGPU_VFIO_EVENT_ERROR)
		printf("%s: it has failed\n", gpu->name);
	return 0;
}

/* One turn of the loop. */
static int turn(struct machine *machine, int timeout_ms)
{
	struct epoll_event ready[8];
	int i, n = epoll_wait(machine->loop, ready, 8, timeout_ms), r = 0;

	for (i = 0; r == 0 && i < n; i++)
		r = handle(machine, &machine->gpus[ready[i].data.u32 >> 1], ready[i].data.u32 & 1);
	return r;
}

/* What the guest's driver would do: ask for an interrupt, and take it. */
static int run_guest(struct machine *machine, struct gpu *gpu, uint64_t scratch)
{
	if (vgpu_region_write_value(gpu->vfio, VGPU_REGION_BAR0, UART_SCRATCH, 1, scratch) ||
		vgpu_region_write_value(gpu->vfio, VGPU_REGION_BAR0, UART_IER, 1, UART_IER_EMPTY))
		return failed(machine, gpu->name);
	if (turn(machine, WAIT_MS))
		return -1;
	printf("%s: %u interrupt\n", gpu->name, gpu->irqs);
	return gpu->irqs == 1 ? 0 : -1;
}

/* Moves what is there from one stream to the other. Returns 1 at the end (in pre-copy: for now), 0, or -1. */
static int move_chunk(const struct machine *machine, struct vgpu_migration *from, struct vgpu_migration *to)
{
	static char buf[65536];
	struct pollfd ready = {.events = POLLOUT};
	ssize_t done = 0, n = vgpu_migration_read(from, buf, sizeof(buf)), written;

	if (n == -EAGAIN)
		return 0;
	while (n > 0 && done < n) {
		written = vgpu_migration_write(to, buf + done, (size_t)(n - done));
		ready.fd = vgpu_migration_get_fd(to);
		if (written == -EAGAIN)
			poll(&ready, 1, WAIT_MS);
		else if (written < 0)
			return failed(machine, "migration");
		else
			done += written;
	}
	return n < 0 ? failed(machine, "migration") : n == 0;
}

/* The loop goes on while the device is copied; it stands still only for what is left at the end. */
static int copy_state(struct machine *machine, struct vgpu_migration *from, struct vgpu_migration *to)
{
	int r = 0;

	if (vgpu_migration_set_state(to, VGPU_MIGRATION_STATE_RESUMING))
		return failed(machine, "target");
	if (vgpu_migration_get_flags(from) & VGPU_MIGRATION_FLAG_PRE_COPY) {
		if (vgpu_migration_set_state(from, VGPU_MIGRATION_STATE_PRE_COPY))
			return failed(machine, "source");
		while (r == 0 && turn(machine, 0) == 0)
			r = move_chunk(machine, from, to);
	}
	if (r < 0 || vgpu_migration_set_state(from, VGPU_MIGRATION_STATE_STOP_COPY))
		return failed(machine, "source");
	while ((r = move_chunk(machine, from, to)) == 0)
		;
	if (r < 0 || vgpu_migration_set_state(from, VGPU_MIGRATION_STATE_STOP) ||
		vgpu_migration_set_state(to, VGPU_MIGRATION_STATE_RUNNING))
		return failed(machine, "migration");
	return 0;
}

static int migrate(struct machine *machine, const struct gpu *source, const struct gpu *target)
{
	struct vgpu_migration *from = NULL, *to = NULL;
	uint64_t scratch = 0;
	int r;

	if (vgpu_migration_open(source->vfio, &from)) {
		printf("%s: no migration: %s\n", source->name, vgpu_error_get_message(vgpu_context_get_error(machine->ctx)));
		return vgpu_error_get_errno(vgpu_context_get_error(machine->ctx)) == EOPNOTSUPP ? 0 : -1;
	}
	r = vgpu_migration_open(target->vfio, &to) ? failed(machine, target->name) : copy_state(machine, from, to);
	vgpu_migration_close(from);
	vgpu_migration_close(to);
	if (r || vgpu_region_read_value(target->vfio, VGPU_REGION_BAR0, UART_SCRATCH, 1, &scratch))
		return failed(machine, target->name);
	printf("%s: migrated, scratch register %#llx\n", target->name, (unsigned long long)scratch);
	return scratch == 0xa5 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct machine machine = {.vm_fd = -1, .ram_fd = -1};
	struct gpu *source = &machine.gpus[0], *target = &machine.gpus[1];
	int r;

	if (argc != 3 || vgpu_context_new(NULL, &machine.ctx)) {
		fprintf(stderr, "usage: vmm SOURCE TARGET\n");
		return 2;
	}
	machine.loop = epoll_create1(EPOLL_CLOEXEC);
	r = make_ram(&machine) || make_kvm(&machine) || plug(&machine, source, argv[1]) ||
		plug(&machine, target, argv[2]) || run_guest(&machine, source, 0xa5) || run_guest(&machine, target, 0x11) ||
		migrate(&machine, source, target);
	unplug(source);
	unplug(target);
	vgpu_dma_unref(machine.dma);
	vgpu_kvm_unref(machine.kvm);
	vgpu_context_unref(machine.ctx);
	return r ? 1 : 0;
}
