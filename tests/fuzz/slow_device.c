/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device whose ops are pending when the fuzzer wants. One at a time. */
#include "slow_device.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define SPANS 8
#define COPIES 4

enum { PEND_READ = 1, PEND_WRITE = 2, PEND_QUIESCE = 4, PEND_RESET = 8, PEND_STATE = 16, PEND_DATA = 32, REFUSE = 64 };

static uint8_t pends;
static struct vgpu_request *pending[8];
static unsigned pending_count;
static struct vgpu_guest_span spans[SPANS];
static int span_count;
static unsigned copies;
static unsigned char registers[PAGE];
static char buffers[COPIES][1 << 16];

static int answer(uint8_t which, struct vgpu_request *request, int result)
{
	if (pends & REFUSE)
		result = -EIO;
	if (!(pends & which) || pending_count == sizeof(pending) / sizeof(pending[0]))
		return result;
	pending[pending_count++] = request;
	return -EINPROGRESS;
}

static int get_type(void *data, size_t i, struct vgpu_type_info *out)
{
	(void)data;
	out->id = "type";
	out->available_instances = -1;
	return i ? -ERANGE : 0;
}

static void ring(struct vgpu_instance *instance, void *data)
{
	(void)data;
	vgpu_pci_trigger(instance, 0);
}

static int create(void *data, struct vgpu_instance *made, const char *params, struct vgpu_request *request)
{
	const struct vgpu_pci_opts pci = {
		.size = sizeof(pci), .vendor = 0x1234, .device = 1, .class_code = 0x038000, .interrupt_pin = 1};
	const struct vgpu_region_info bar0 = {.size = sizeof(bar0),
										  .length = 4 * PAGE,
										  .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE |
												   VGPU_REGION_FLAG_MMAP | VGPU_REGION_BACKED,
										  .type = 0,
										  .fd = -1,
										  .area_count = 2,
										  .areas = {{PAGE, PAGE}, {3 * PAGE, PAGE}}};
	const struct vgpu_region_info bar2 = {
		.size = sizeof(bar2), .length = PAGE, .flags = VGPU_REGION_FLAG_READ | VGPU_REGION_FLAG_WRITE, .fd = -1};
	const uint64_t value = 7;

	(void)data, (void)params, (void)request;
	if (vgpu_pci_set(made, &pci) || vgpu_pci_set_bar(made, 0, 4 * PAGE, 0) || vgpu_pci_set_bar(made, 2, PAGE, 0) ||
		vgpu_pci_add_msi(made, 4) < 0 || vgpu_pci_add_msix(made, 20, 2, 0x800, 0xc00) < 0 ||
		vgpu_instance_set_region(made, 0, &bar0) || vgpu_instance_set_region(made, 2, &bar2) ||
		vgpu_instance_add_doorbell(made, 2, 0x100, 4, NULL, ring, NULL) ||
		vgpu_instance_add_doorbell(made, 2, 0x108, 8, &value, ring, NULL) ||
		vgpu_instance_add_doorbell(made, 0, 0x10, 0, NULL, ring, NULL))
		abort();
	return 0;
}

static ssize_t read_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, void *buf, size_t len,
						   struct vgpu_request *request)
{
	(void)instance;
	if (region != 2)
		return -ENXIO;
	memcpy(buf, registers + offset, len);
	return answer(PEND_READ, request, 0);
}

static ssize_t write_region(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf,
							size_t len, struct vgpu_request *request)
{
	(void)instance;
	if (region != 2)
		return -ENXIO;
	memcpy(registers + offset, buf, len);
	return answer(PEND_WRITE, request, 0);
}

static int set_irqs(struct vgpu_instance *instance, const struct vgpu_irq_change *change)
{
	(void)instance, (void)change;
	return pends & REFUSE ? -EIO : 0;
}

static int quiesce(struct vgpu_instance *instance, enum vgpu_quiesce why, struct vgpu_request *request)
{
	(void)instance, (void)why;
	return answer(PEND_QUIESCE, request, 0);
}

static void resume(struct vgpu_instance *instance)
{
	(void)instance;
}

static int reset(struct vgpu_instance *instance, struct vgpu_request *request)
{
	(void)instance;
	memset(registers, 0, sizeof(registers));
	return answer(PEND_RESET, request, 0);
}

static int set_state(struct vgpu_instance *instance, uint32_t from, uint32_t to, struct vgpu_request *request)
{
	(void)instance, (void)from, (void)to;
	return answer(PEND_STATE, request, 0);
}

static ssize_t save(struct vgpu_instance *instance, void *buf, size_t len, struct vgpu_request *request)
{
	(void)instance;
	memset(buf, 's', len);
	return answer(PEND_DATA, request, (int)(len / 2));
}

static ssize_t load(struct vgpu_instance *instance, const void *buf, size_t len, struct vgpu_request *request)
{
	(void)instance;
	memcpy(buffers[0], buf, len < sizeof(buffers[0]) ? len : sizeof(buffers[0])); /* all of it can be read */
	return answer(PEND_DATA, request, (int)len);
}

const struct vgpu_provider_ops slow_ops = {.size = sizeof(slow_ops),
										   .get_type = get_type,
										   .create = create,
										   .read = read_region,
										   .write = write_region,
										   .set_irqs = set_irqs,
										   .quiesce = quiesce,
										   .resume = resume,
										   .reset = reset,
										   .set_migration_state = set_state,
										   .read_migration = save,
										   .write_migration = load};

static void copied(void *data, int result)
{
	(void)data, (void)result;
	copies--;
}

static void copy(struct vgpu_instance *instance, uint64_t iova, size_t length, bool is_write)
{
	char *buffer = buffers[copies % COPIES];
	int r;

	if (copies == COPIES)
		return;
	r = is_write ? vgpu_guest_start_write(instance, iova, buffer, length, copied, NULL)
				 : vgpu_guest_start_read(instance, iova, buffer, length, copied, NULL);
	copies += r == -EINPROGRESS;
}

static void borrow(struct vgpu_instance *instance, uint64_t iova, size_t length, bool is_write)
{
	int i;

	if (span_count && !length) {
		vgpu_guest_put(instance, spans, (size_t)span_count);
		span_count = 0;
	}
	if (span_count || !length)
		return;
	span_count = vgpu_guest_get(instance, iova, length, is_write ? VGPU_GUEST_WRITE : VGPU_GUEST_READ, spans, SPANS);
	if (span_count < 0)
		span_count = 0;
	for (i = 0; i < span_count; i++) {
		if (is_write)
			memset(spans[i].address, 'g', spans[i].length);
		else
			memcpy(buffers[0], spans[i].address, spans[i].length);
	}
}

static void signal_all(struct vgpu_instance *instance)
{
	uint32_t i, vector;

	for (i = 0; i < 5; i++)
		for (vector = 0; vector < 20; vector++)
			vgpu_instance_trigger_irq(instance, i, vector);
	vgpu_instance_set_intx(instance, 1);
	vgpu_instance_set_intx(instance, 0);
	vgpu_pci_trigger(instance, 3);
}

static void complete(int result)
{
	struct vgpu_request *request;

	if (!pending_count)
		return;
	request = pending[--pending_count];
	vgpu_request_complete(request, result);
}

void slow_act(struct vgpu_instance *instance, uint8_t what, const uint8_t *data, size_t size)
{
	struct {
		uint64_t iova;
		uint16_t length;
		uint8_t is_write;
	} order = {0};
	int32_t result = 0;

	if (what == SLOW_COPY || what == SLOW_BORROW) {
		memcpy(&order, data, size < sizeof(order) ? size : sizeof(order));
		(what == SLOW_COPY ? copy : borrow)(instance, order.iova, order.length, order.is_write & 1);
	} else if (what == SLOW_ANSWER) {
		memcpy(&result, data, size < sizeof(result) ? size : sizeof(result));
		complete(result);
	} else if (what == SLOW_PEND) {
		pends = size ? data[0] : 0;
	} else {
		signal_all(instance);
	}
}

int slow_end(struct vgpu_instance *instance)
{
	const bool had = pending_count || span_count;

	pends = 0;
	borrow(instance, 0, 0, false);
	while (pending_count)
		complete(0);
	return had;
}
