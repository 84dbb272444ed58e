/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * softgpu's state as a stream: a head, pieces of the framebuffer, each with its place before it, a piece without
 * length, and the registers. Of the framebuffer comes what was ever touched; in pre-copy that goes on with what has
 * changed since, found by comparing it with what was sent, as clients write to it without a word. Numbers are
 * little-endian.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/migration.h>
#include <vgpu/region.h>

#include "provider/softgpu.h"
#include "sys/memory.h"

#define MAGIC UINT64_C(0x3255504754464f53) /* "SOFTGPU2" */
#define PAGE ((size_t)4096)
#define PIECE_MOST ((size_t)256 << 10) /* of what has changed */
#define LOOK_MOST ((size_t)8 << 20)    /* compared in a turn, so that other vGPUs have theirs */

enum { HEAD = 0, LOOK, PLACE, PIECE, REGISTERS, REST, END };

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
		return (stream->sent ? stream->sent : gpu->memory) + stream->offset;
	default:
		*size = 0;
		return NULL;
	}
}

static bool has_changed(const struct vg_softgpu *gpu, uint64_t page)
{
	return memcmp(gpu->stream.sent + page, gpu->memory + page, PAGE) != 0;
}

/* The next pages that have changed; they count as sent. 1, 0 (there are none), -EINPROGRESS (go on at *start), -errno.
 */
static int find_changed(struct vg_softgpu *gpu, uint64_t *start, uint64_t *end)
{
	uint64_t at = *start, part_end;
	size_t left = LOOK_MOST;
	int r;

	while ((r = vg_memory_next(frame_fd(gpu), at, &at, &part_end)) > 0) {
		for (; left && at < part_end && !has_changed(gpu, at); at += PAGE)
			left -= PAGE;
		*start = at;
		if (!left)
			return -EINPROGRESS;
		for (; at < part_end && at - *start < PIECE_MOST && has_changed(gpu, at); at += PAGE)
			memcpy(gpu->stream.sent + at, gpu->memory + at, PAGE); /* what is sent is this, whoever writes meanwhile */
		*end = at;
		if (at > *start)
			return 1;
	}
	return r;
}

/* The piece that comes next; without length at the end. 0, -EINPROGRESS (it is still looked for), or -errno. */
static int find_piece(struct vg_softgpu *gpu)
{
	struct vg_softgpu_stream *stream = &gpu->stream;
	uint64_t start = stream->offset + stream->length, end = 0;
	int r = stream->sent ? find_changed(gpu, &start, &end) : vg_memory_next(frame_fd(gpu), start, &start, &end);

	if (r == 0 && stream->again) {
		stream->again = false;
		start = 0;
		r = -EINPROGRESS;
	}
	if (r == -EINPROGRESS) {
		stream->offset = start;
		stream->length = 0;
	}
	if (r < 0)
		return r;
	stream->offset = r ? start : 0;
	stream->length = r ? end - start : 0;
	stream->step = r || stream->is_last ? PLACE : REST;
	put_pair(stream->head, stream->offset, stream->length);
	return 0;
}

static void save_next(struct vg_softgpu_stream *stream)
{
	stream->done = 0;
	switch (stream->step) {
	case HEAD:
	case PIECE:
		stream->step = LOOK;
		break;
	case PLACE:
		stream->step = stream->length ? PIECE : REGISTERS;
		break;
	default:
		stream->step = END;
	}
}

/* How many bytes there were, -EINPROGRESS (there are more to come, later), or -errno. */
static ssize_t save(struct vg_softgpu *gpu)
{
	struct vg_softgpu_stream *stream = &gpu->stream;
	struct vg_softgpu_read *read = &gpu->read;
	size_t size, n;
	int r = 0;

	while (r == 0 && read->done < read->size && stream->step != END && stream->step != REST) {
		const unsigned char *from = current(gpu, &size);

		if (stream->step == LOOK) {
			r = find_piece(gpu);
			continue;
		}
		n = size - stream->done < read->size - read->done ? size - stream->done : read->size - read->done;
		memcpy(read->to + read->done, from + stream->done, n);
		stream->done += n;
		read->done += n;
		if (stream->done == size)
			save_next(stream);
	}
	return r ? r : (ssize_t)read->done;
}

static void post(struct vg_softgpu *gpu);

static void go_on(struct vg_post *posted)
{
	struct vg_softgpu *gpu = VG_OWNER(posted, struct vg_softgpu, read.post);
	struct vgpu_instance *instance = gpu->instance;
	ssize_t n = save(gpu);

	if (n == -EINPROGRESS)
		post(gpu);
	else
		vgpu_request_complete(gpu->read.request, n);
	vgpu_instance_unref(instance);
}

static void post(struct vg_softgpu *gpu)
{
	gpu->read.post.fn = go_on;
	vgpu_instance_ref(gpu->instance);
	if (!vg_loop_post(&gpu->instance->provider->loop, &gpu->read.post))
		vgpu_instance_unref(gpu->instance);
}

ssize_t vg_softgpu_save(struct vgpu_instance *instance, void *buf, size_t len, struct vgpu_request *request)
{
	struct vg_softgpu *gpu = vgpu_instance_get_data(instance);
	ssize_t n;

	gpu->read.request = request;
	gpu->read.to = buf;
	gpu->read.size = len;
	gpu->read.done = 0;
	if (gpu->stream.step == REST)
		gpu->stream.step = LOOK;
	n = save(gpu);
	if (n == -EINPROGRESS)
		post(gpu);
	return n;
}

static int load_next(struct vg_softgpu *gpu)
{
	struct vg_softgpu_stream *stream = &gpu->stream;
	uint64_t magic, vram;

	stream->done = 0;
	switch (stream->step) {
	case HEAD:
		get_pair(stream->head, &magic, &vram);
		stream->step = PLACE;
		return magic == MAGIC && vram == gpu->vram ? 0 : -EINVAL;
	case PLACE:
		get_pair(stream->head, &stream->offset, &stream->length);
		if (stream->offset > gpu->vram || stream->length > gpu->vram - stream->offset)
			return -EINVAL;
		stream->step = stream->length ? PIECE : REGISTERS;
		return 0;
	case PIECE:
		stream->step = PLACE;
		return 0;
	default: /* REGISTERS */
		stream->step = END;
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

void vg_softgpu_stream_drop(struct vg_softgpu *gpu)
{
	free(gpu->stream.sent);
	gpu->stream = (struct vg_softgpu_stream){0};
}

/* A stream begins, or ends. 0 or -errno. */
static int begin(struct vg_softgpu *gpu, uint32_t to)
{
	vg_softgpu_stream_drop(gpu);
	put_pair(gpu->stream.head, MAGIC, gpu->vram);
	gpu->stream.is_last = to == VFIO_DEVICE_STATE_STOP_COPY;
	if (to == VFIO_DEVICE_STATE_RESUMING)
		return vg_memory_drop(frame_fd(gpu), gpu->vram);
	if (to == VGPU_MIGRATION_STATE_PRE_COPY)
		gpu->stream.sent = calloc(1, gpu->vram); /* it costs as much as is sent */
	return to == VGPU_MIGRATION_STATE_PRE_COPY && !gpu->stream.sent ? -ENOMEM : 0;
}

int vg_softgpu_set_state(struct vgpu_instance *instance, uint32_t from, uint32_t to, struct vgpu_request *request)
{
	struct vg_softgpu *gpu = vgpu_instance_get_data(instance);
	struct vg_softgpu_stream *stream = &gpu->stream;
	int r = 0;

	(void)request;
	if (from == VFIO_DEVICE_STATE_RESUMING) {
		r = stream->step == END ? check_registers(gpu) : -EINVAL;
		if (r) { /* what has come is no state: it starts anew */
			vg_softgpu_display_reset(gpu);
			vg_softgpu_engine_reset(gpu);
			return r;
		}
	}
	if (from == VGPU_MIGRATION_STATE_PRE_COPY && to == VFIO_DEVICE_STATE_STOP_COPY) { /* it goes on */
		stream->is_last = true;
		stream->again = stream->step != REST && stream->step != HEAD;
	} else {
		r = begin(gpu, to);
	}
	if (r == 0)
		gpu->stopped = to != VFIO_DEVICE_STATE_RUNNING && to != VGPU_MIGRATION_STATE_PRE_COPY;
	return r;
}
