/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the devices are that the same tests run with, and how each is made to do something. */
#include <string.h>
#include <sys/utsname.h>

#include "access_test.h"

#define R VGPU_REGION_FLAG_READ
#define REGION_RW (R | VGPU_REGION_FLAG_WRITE)
#define REGION_RWM (REGION_RW | VGPU_REGION_FLAG_MMAP)
#define REGION_RWC (REGION_RW | VGPU_REGION_FLAG_CAPS)

#define INTX_FLAGS (VGPU_IRQ_FLAG_EVENTFD | VGPU_IRQ_FLAG_MASKABLE | VGPU_IRQ_FLAG_AUTOMASKED)
#define MSI_FLAGS (VGPU_IRQ_FLAG_EVENTFD | VGPU_IRQ_FLAG_NORESIZE)

/* softgpu's copy engine, in BAR 4 (vgpu/softgpu.h). */
#define SOFT_COMMAND 0x08
#define SOFT_STATUS 0x0c
#define SOFT_SOURCE 0x10
#define SOFT_TARGET 0x18
#define SOFT_LENGTH 0x20
#define SOFT_COPY_GUEST 0x301
#define SOFT_FILL 2
#define SOFT_FAILED 4u

static void soft_raise(void)
{
	put_at(VGPU_REGION_BAR4, SOFT_LENGTH, 4, 0);
	put_at(VGPU_REGION_BAR4, SOFT_COMMAND, 4, SOFT_FILL);
}

static void soft_acknowledge(void)
{
	put_at(VGPU_REGION_BAR4, SOFT_STATUS, 4, 7);
}

static bool soft_copy(uint64_t from, uint64_t to, uint32_t length)
{
	uint64_t status;

	put_at(VGPU_REGION_BAR4, SOFT_SOURCE, 8, from);
	put_at(VGPU_REGION_BAR4, SOFT_TARGET, 8, to);
	put_at(VGPU_REGION_BAR4, SOFT_LENGTH, 4, length);
	put_at(VGPU_REGION_BAR4, SOFT_COMMAND, 4, SOFT_COPY_GUEST);
	expect_irq(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSI, 0));
	status = get_at(VGPU_REGION_BAR4, SOFT_STATUS, 4);
	soft_acknowledge();
	return !(status & SOFT_FAILED);
}

/* edu's registers in BAR 0 (QEMU's docs/specs/edu.rst). */
#define EDU_STATUS 0x24
#define EDU_RAISE 0x60
#define EDU_ACK 0x64
#define EDU_SOURCE 0x80
#define EDU_TARGET 0x88
#define EDU_COUNT 0x90
#define EDU_COMMAND 0x98
#define EDU_START 1u
#define EDU_TO_MEMORY 2u
#define EDU_IRQ 4u
#define EDU_BUFFER 0x40000u

static void raise_edu(void)
{
	put_at(VGPU_REGION_BAR0, EDU_RAISE, 4, 1);
}

static void acknowledge_edu(void)
{
	put_at(VGPU_REGION_BAR0, EDU_ACK, 4, get_at(VGPU_REGION_BAR0, EDU_STATUS, 4));
}

static void run_edu(uint64_t from, uint64_t to, uint32_t length, uint32_t command)
{
	put_at(VGPU_REGION_BAR0, EDU_SOURCE, 4, from);
	put_at(VGPU_REGION_BAR0, EDU_TARGET, 4, to);
	put_at(VGPU_REGION_BAR0, EDU_COUNT, 4, length);
	put_at(VGPU_REGION_BAR0, EDU_COMMAND, 4, command | EDU_START | EDU_IRQ);
	expect_irq(vgpu_irq_get_eventfd(vfio, VGPU_IRQ_MSI, 0));
	acknowledge_edu();
}

/* The IOMMU keeps it from memory that it may not touch, and edu does not get to know. */
static bool copy_edu(uint64_t from, uint64_t to, uint32_t length)
{
	run_edu(from, EDU_BUFFER, length, 0);
	run_edu(EDU_BUFFER, to, length, EDU_TO_MEMORY);
	return true;
}

/* mtty: with an empty FIFO it interrupts when this is set. */
#define UART_IER 1
#define UART_IER_THRI 2

static void raise_mtty(void)
{
	put_at(VGPU_REGION_BAR0, UART_IER, 1, UART_IER_THRI);
}

static void acknowledge_mtty(void)
{
	put_at(VGPU_REGION_BAR0, UART_IER, 1, 0);
}

static const struct facts all[] = {
	{
		.name = "softgpu",
		.id = 0x11111234,
		.regions = {[0] = {16 * MIB, REGION_RWM},
					[2] = {4096, REGION_RW},
					[4] = {4096, REGION_RW},
					[7] = {256, REGION_RW},
					[9] = {4096, REGION_RWC}},
		.beyond = 16,
		.scratch = {{2, 0x502, 2}, {4, 0x24, 4}, {4, 0x10, 8}},
		.memory = 0,
		.memory_by_calls = true,
		.maps_parts = true,
		.irqs = {1, 1, 0},
		.irq_flags = {INTX_FLAGS, VGPU_IRQ_FLAG_EVENTFD},
		.raises = VGPU_IRQ_MSI,
		.silences = true,
		.raise = soft_raise,
		.acknowledge = soft_acknowledge,
		.copy = soft_copy,
		.copy_most = (uint32_t)MIB,
		.reset = RESET_CLEARS,
		.migration = VGPU_MIGRATION_FLAG_STOP_COPY | VGPU_MIGRATION_FLAG_PRE_COPY,
		.logs = true,
		.display = BY_USER,
		.sets_mode = true,
		.source = VGPU_DISPLAY_REGION,
		.edid = 9,
		.asks_back = true,
	},
	{
		.name = "bochs",
		.id = 0x11111234,
		.regions = {[0] = {16 * MIB, REGION_RWM}, [2] = {4096, REGION_RWM}, [7] = {4096, REGION_RW}},
		.beyond = 16,
		.scratch = {{2, 0x502, 2}, {2, 0x504, 2}, {2, 0x50e, 2}},
		.memory = 0,
		.memory_by_calls = true,
		.maps_parts = true,
		.irq_flags = {INTX_FLAGS, MSI_FLAGS},
		.edid = -1,
		.asks_back = true,
	},
	{
		.name = "edu",
		.id = 0x11e81234,
		.regions = {[0] = {MIB, REGION_RWM}, [7] = {256, REGION_RW}},
		.beyond = 16,
		.scratch = {{0, EDU_SOURCE, 4}, {0, EDU_TARGET, 4}},
		.memory = -1,
		.irqs = {1, 1, 0},
		.irq_flags = {INTX_FLAGS, MSI_FLAGS},
		.raises = VGPU_IRQ_MSI,
		.silences = true,
		.raise = raise_edu,
		.acknowledge = acknowledge_edu,
		.copy = copy_edu,
		.copy_most = EDU_MOST,
		.edid = -1,
		.asks_back = true,
	},
	{
		.name = "mtty",
		.id = 0x32534348,
		.regions = {[0] = {8, REGION_RW}, [7] = {0xff, REGION_RW}},
		.beyond = 9,
		.scratch = {{0, 7, 1}},
		.memory = -1,
		.irqs = {1, 1, 0},
		.irq_flags = {INTX_FLAGS, MSI_FLAGS},
		.raises = VGPU_IRQ_MSI,
		.raise = raise_mtty,
		.acknowledge = acknowledge_mtty,
		.reset = RESET_KEEPS,
		.migration = VGPU_MIGRATION_FLAG_STOP_COPY | VGPU_MIGRATION_FLAG_P2P | VGPU_MIGRATION_FLAG_PRE_COPY,
		.edid = -1,
	},
	{
		/* Linux 6.1's can't migrate, has interrupts that trouble its kernel (tests/vm/README.md), and claims REQ */
		.name = "mtty-6.1",
		.id = 0x32534348,
		.regions = {[0] = {8, REGION_RW}, [7] = {0xff, REGION_RW}},
		.beyond = 9,
		.scratch = {{0, 7, 1}},
		.memory = -1,
		.irqs = {1, 1, 0},
		.irq_flags = {INTX_FLAGS, MSI_FLAGS},
		.reset = RESET_KEEPS,
		.edid = -1,
	},
	{
		.name = "mdpy",
		.id = 0x000f1b36,
		.regions = {[0] = {2 * MIB, REGION_RWM}},
		.beyond = 17,
		.memory = 0,
		.reset = RESET_KEEPS,
		.display = BY_KERNEL,
		.source = VGPU_DISPLAY_REGION,
		.edid = -1,
	},
	{
		.name = "mbochs",
		.id = 0x11111234,
		.regions = {[0] = {4 * MIB, REGION_RWM}, [2] = {4096, REGION_RW}, [9] = {4096, REGION_RWC}},
		.beyond = 10,
		.scratch = {{2, 0x502, 2}, {2, 0x504, 2}, {2, 0x50e, 2}},
		.memory = 0,
		.reset = RESET_CLEARS,
		.display = BY_KERNEL,
		.sets_mode = true,
		.source = VGPU_DISPLAY_DMABUF,
		.edid = 9,
	},
};

const struct facts *facts_find(const char *name)
{
	struct utsname host;
	size_t i;

	uname(&host);
	if (strcmp(name, "mtty") == 0 && strncmp(host.release, "6.1.", 4) == 0)
		name = "mtty-6.1";
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

bool has_display(void)
{
	return facts->display & (way == VGPU_ACCESS_USER ? BY_USER : BY_KERNEL);
}

bool has_memory_map(void)
{
	return facts->memory >= 0 && !by_calls_only;
}
