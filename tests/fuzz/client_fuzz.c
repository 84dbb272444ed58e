/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a vfio-user server may say to each call of its client. */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How an answer is made of the fuzzer's bytes. */
#define RAW (1u << 0)     /* it has a header of its own */
#define FAILED (1u << 1)  /* the error flag */
#define SILENT (1u << 2)  /* none */
#define FDS (1u << 3)     /* descriptors, as many as the next byte says */
#define CUT (1u << 4)     /* only a part, as long as the next byte says */
#define ECHO (1u << 5)    /* the request's body first, as far as the next byte says */
#define REQUEST (1u << 6) /* a request of its own before it */
#define HONEST (1u << 7)  /* as far as it is needed to open a device */

static void request_memory(void)
{
	struct {
		struct vg_user_header header;
		unsigned char body[64];
	} message;

	wire_take(&message, sizeof(message));
	message.header.size &= 0x7f;
	wire_send(&message, sizeof(message.header) + (message.header.size & 0x3f), 0);
}

static bool answer(struct vg_message *message)
{
	static unsigned char bytes[sizeof(struct vg_user_header) + 256 + 4096];
	struct vg_user_header header = message->header;
	unsigned char *body = bytes + sizeof(header);
	uint8_t how, n = 0;
	uint16_t more;
	unsigned fds = 0;
	size_t size = 0, echo;

	if (!wire_take(&how, 1))
		return false;
	if (how & HONEST && wire_answer_open(message))
		return true;
	if (how & REQUEST)
		request_memory();
	if (how & SILENT || header.flags & VG_USER_NO_REPLY)
		return true;
	if (how & ECHO) {
		wire_take(&n, 1);
		echo = n < message->size ? n : message->size;
		memcpy(body, message->body, echo);
		size = echo;
	}
	wire_take(&more, 2);
	size += wire_take(body + size, more % 4096);
	header.flags = VG_USER_TYPE_REPLY | (how & FAILED ? VG_USER_ERROR : 0);
	header.size = (uint32_t)(sizeof(header) + size);
	if (how & RAW)
		wire_take(&header, sizeof(header));
	memcpy(bytes, &header, sizeof(header));
	size += sizeof(header);
	if (how & FDS) {
		wire_take(&n, 1);
		fds = n;
	}
	if (how & CUT) {
		wire_take(&n, 1);
		size = n < size ? n : size;
	}
	wire_send(bytes, size, fds);
	return true;
}

static void use_regions(struct vgpu_vfio *vfio)
{
	static unsigned char buf[20000];
	struct vgpu_mapping *mapping;
	struct vgpu_io_fds *fds;
	uint64_t value;

	if (vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &mapping) == 0)
		vgpu_mapping_unmap(mapping);
	if (vgpu_io_fds_find(vfio, VGPU_REGION_BAR0, &fds) == 0)
		vgpu_io_fds_unref(fds);
	vgpu_region_read_value(vfio, VGPU_REGION_BAR2, 0, 4, &value);
	vgpu_region_read(vfio, VGPU_REGION_BAR2, 0, buf, sizeof(buf));
	vgpu_region_write(vfio, VGPU_REGION_BAR2, 0, buf, sizeof(buf));
}

static void use_migration(struct vgpu_vfio *vfio)
{
	const struct vgpu_dirty_range range = {0, 1 << 20};
	uint64_t page = 4096, bits[64];
	struct vgpu_migration *m;
	unsigned char buf[1000];

	vgpu_dirty_start(vfio, &range, 1, &page);
	vgpu_dirty_read(vfio, 0, 1 << 20, 4096, bits, 64);
	if (vgpu_migration_open(vfio, &m))
		return;
	vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_STOP_COPY);
	vgpu_migration_read(m, buf, sizeof(buf));
	vgpu_migration_set_state(m, VGPU_MIGRATION_STATE_RESUMING);
	vgpu_migration_write(m, buf, sizeof(buf));
	vgpu_migration_close(m);
}

static void use_display(struct vgpu_vfio *vfio)
{
	static volatile char last;
	struct vgpu_display *display;
	struct vgpu_mapping *mapping;
	struct vgpu_plane *plane;
	int i;

	if (vgpu_display_open(vfio, NULL, &display))
		return;
	for (i = 0; i < 4; i++) {
		if (vgpu_plane_find(display, i % 3 ? VGPU_PLANE_PRIMARY : VGPU_PLANE_CURSOR, &plane) < 0)
			continue;
		if (vgpu_plane_map(display, plane, &mapping, NULL) == 0) {
			last = ((char *)vgpu_mapping_get_address(mapping))[vgpu_mapping_get_size(mapping) - 1];
			vgpu_mapping_unmap(mapping);
		}
		vgpu_plane_unref(plane);
	}
	(void)last;
	vgpu_display_close(display);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char memory[3 * 4096] __attribute__((aligned(4096)));
	int eventfds[2] = {wire_file(), wire_file()}, fd;
	struct vgpu_context *ctx;
	struct vgpu_vfio *vfio;
	struct vgpu_dma *dma;
	uint32_t events;

	if (vgpu_context_new(NULL, &ctx))
		return 0;
	wire_data = data;
	wire_size = size;
	vfio = wire_open(ctx, answer);
	if (vfio) {
		dma = vgpu_vfio_get_dma(vfio);
		vgpu_dma_map(dma, 0x1000, memory, 8192, VGPU_DMA_READ | VGPU_DMA_WRITE);
		use_regions(vfio);
		vgpu_irq_enable(vfio, VGPU_IRQ_MSIX, 0, 2, eventfds);
		vgpu_dma_unmap(dma, 0x1000, 8192);
		use_migration(vfio);
		if (vgpu_vfio_start_events(vfio, &fd) == 0)
			vgpu_vfio_process(vfio, &events);
		use_display(vfio);
		vgpu_vfio_close(vfio);
	}
	wire_close();
	vgpu_context_unref(ctx);
	return 0;
}
