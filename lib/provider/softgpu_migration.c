/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * softgpu's state as a stream: a head, the registers, then pieces of the framebuffer that were ever touched, each with
 * its place before it, and a piece without length at the end. Numbers are little-endian.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpu/region.h>

#include "provider/softgpu.h"
#include "sys/memory.h"

#define MAGIC UINT64_C(0x3155504754464f53) /* "SOFTGPU1" */

enum { HEAD = 0, REGISTERS, PLACE, PIECE, END };

static int frame_fd(const struct vg_softgpu *gpu)
{
	return gpu->instance->regions[VGPU_REGION_BAR0]->fd;
}

static void put_pair(unsigned char *to, uint64_t first, uint64_t second)
{
	memcpy(to, &first, sizeof(first));
	memcpy(to + sizeof(first), &second, sizeof(second));
}

static void get_pair(const unsigned char *from, uint64_t *first, uint64_t *second)
{
	memcpy(first, from, sizeof(*first));
	memcpy(second, from + sizeof(*first), sizeof(*second));
}

/* The registers are complete. */
static int check_registers(struct vg_softgpu *gpu)
{
	struct vg_softgpu_state *state = &gpu->state;

	if (state->edid_size > VG_SOFTGPU_EDID_SIZE || state->edid_new_size > VG_SOFTGPU_EDID_SIZE ||
		state->engine_done > state->engine[8] || state->vbe[10] != gpu->vram >> 16)
		return -EINVAL;
	return 0;
}

/* What the next step's bytes are: where, and how many. */
static unsigned char *current(struct vg_softgpu *gpu, size_t *size)
{
	struct vg_softgpu_stream *stream = &gpu->stream;

	switch (stream->step) {
	case HEAD:
	case PLACE:
		*size = sizeof(stream->head);
		return stream->head;
	case REGISTERS:
		*size = sizeof(gpu->state);
		return (unsigned char *)&gpu->state;
	case PIECE:
		*size = (size_t)stream->length;
		return gpu->memory + stream->offset;
	default:
		*size = 0;
		return NULL;
	}
}

/* The piece that comes next; without length at the end. 0 or -errno. */
static int find_piece(struct vg_softgpu *gpu)
{
	struct vg_softgpu_stream *stream = &gpu->stream;
	uint64_t start, end;
	int r = vg_memory_next(frame_fd(gpu), stream->offset + stream->length, &start, &end);

	if (r < 0)
		return r;
	stream->offset = r ? start : 0;
	stream->length = r ? end - start : 0;
	put_pair(stream->head, stream->offset, stream->length);
	return 0;
}

static int save_next(struct vg_softgpu *gpu)
{
	struct vg_softgpu_stream *stream = &gpu->stream;

	stream->done = 0;
	switch (stream->step) {
	case HEAD:
		stream->step = REGISTERS;
		return 0;
	case REGISTERS:
	case PIECE:
		stream->step = PLACE;
		return find_piece(gpu);
	default:
		stream->step = stream->length ? PIECE : END;
		return 0;
	}
}

ssize_t vg_softgpu_save(struct vgpu_instance *instance, void *buf, size_t len, struct vgpu_request *request)
{
	struct vg_softgpu *gpu = vgpu_instance_get_data(instance);
	struct vg_softgpu_stream *stream = &gpu->stream;
	size_t total = 0, size, n;
	int r = 0;

	(void)request;
	while (r == 0 && total < len && stream->step != END) {
		const unsigned char *from = current(gpu, &size);

		n = size - stream->done < len - total ? size - stream->done : len - total;
		memcpy((char *)buf + total, from + stream->done, n);
		stream->done += n;
		total += n;
		if (stream->done == size)
			r = save_next(gpu);
	}
	return r ? r : (ssize_t)total;
}

static int load_next(struct vg_softgpu *gpu)
{
	struct vg_softgpu_stream *stream = &gpu->stream;
	uint64_t magic, vram;

	stream->done = 0;
	switch (stream->step) {
	case HEAD:
		get_pair(stream->head, &magic, &vram);
		stream->step = REGISTERS;
		return magic == MAGIC && vram == gpu->vram ? 0 : -EINVAL;
	case PLACE:
		get_pair(stream->head, &stream->offset, &stream->length);
		if (stream->offset > gpu->vram || stream->length > gpu->vram - stream->offset)
			return -EINVAL;
		stream->step = stream->length ? PIECE : END;
		return 0;
	default: /* REGISTERS, PIECE */
		stream->step = PLACE;
		return 0;
	}
}

ssize_t vg_softgpu_load(struct vgpu_instance *instance, const void *buf, size_t len, struct vgpu_request *request)
{
	struct vg_softgpu *gpu = vgpu_instance_get_data(instance);
	struct vg_softgpu_stream *stream = &gpu->stream;
	size_t total = 0, size, n;
	int r = 0;

	(void)request;
	while (r == 0 && total < len) {
		unsigned char *to = current(gpu, &size);

		if (!to) { /* more than there is */
			r = -EINVAL;
			break;
		}
		n = size - stream->done < len - total ? size - stream->done : len - total;
		memcpy(to + stream->done, (const char *)buf + total, n);
		stream->done += n;
		total += n;
		if (stream->done == size)
			r = load_next(gpu);
	}
	if (r)
		stream->step = HEAD; /* it can't end well any more */
	return r ? r : (ssize_t)total;
}

int vg_softgpu_set_state(struct vgpu_instance *instance, uint32_t from, uint32_t to, struct vgpu_request *request)
{
	struct vg_softgpu *gpu = vgpu_instance_get_data(instance);
	int r;

	(void)request;
	if (from == VFIO_DEVICE_STATE_RESUMING) {
		r = gpu->stream.step == END ? check_registers(gpu) : -EINVAL;
		if (r) { /* what has come is no state: it starts anew */
			vg_softgpu_display_reset(gpu);
			vg_softgpu_engine_reset(gpu);
			return r;
		}
	}
	if (to == VFIO_DEVICE_STATE_RESUMING) {
		r = vg_memory_drop(frame_fd(gpu), gpu->vram);
		if (r)
			return r;
	}
	gpu->stopped = to != VFIO_DEVICE_STATE_RUNNING;
	gpu->stream = (struct vg_softgpu_stream){0};
	put_pair(gpu->stream.head, MAGIC, gpu->vram);
	return 0;
}
