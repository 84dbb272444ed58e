/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* softgpu's copy engine: between guest memory and framebuffer, a part at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/guest.h>
#include <vgpu/pci.h>

#include "provider/softgpu.h"

#define MAGIC 0x55504753u
#define VERSION 1u
#define PART ((size_t)64 << 10)

enum { ID = 0, VERSION_AT, COMMAND, STATUS, SOURCE, SOURCE_HIGH, TARGET, TARGET_HIGH, LENGTH, PATTERN, FAILURE, COUNT };

#define BUSY 1u
#define DONE 2u
#define FAILED 4u

#define KIND(command) ((command)&0xffu)
#define COPY 1u
#define FILL 2u
#define SOURCE_IS_GUEST (1u << 8)
#define TARGET_IS_GUEST (1u << 9)

static uint32_t *word(struct vg_softgpu *gpu, unsigned i)
{
	return &gpu->state.engine[i];
}

static uint64_t address(struct vg_softgpu *gpu, unsigned low)
{
	return *word(gpu, low) | (uint64_t)*word(gpu, low + 1) << 32;
}

bool vg_softgpu_engine_is_busy(const struct vg_softgpu *gpu)
{
	return gpu->state.engine[STATUS] & BUSY;
}

void vg_softgpu_engine_reset(struct vg_softgpu *gpu)
{
	memset(gpu->state.engine, 0, sizeof(gpu->state.engine));
	gpu->state.engine_done = 0;
	*word(gpu, ID) = MAGIC;
	*word(gpu, VERSION_AT) = VERSION;
	gpu->is_read = false;
}

static void finish(struct vg_softgpu *gpu, int r)
{
	*word(gpu, STATUS) = DONE | (r < 0 ? FAILED : 0);
	*word(gpu, FAILURE) = r < 0 ? (uint32_t)-r : 0;
	(*word(gpu, COUNT))++;
	gpu->state.engine_done = 0;
	free(gpu->bounce);
	gpu->bounce = NULL;
	if (vgpu_instance_has_irq(gpu->instance, VGPU_IRQ_MSI, 0))
		vgpu_pci_trigger(gpu->instance, 0);
	else
		vgpu_instance_set_intx(gpu->instance, 1);
}

/* A part of the framebuffer, or NULL. */
static unsigned char *frame(struct vg_softgpu *gpu, uint64_t at, size_t len)
{
	return at <= gpu->vram && len <= gpu->vram - at ? gpu->memory + at : NULL;
}

/* The part that is done counts; false: it was the bounce buffer's filling, whose bytes are still to go. */
static bool count_part(struct vg_softgpu *gpu)
{
	if (gpu->is_read)
		return false;
	gpu->state.engine_done += (uint32_t)gpu->part;
	return true;
}

static void take_transfer(void *data, int result)
{
	struct vg_softgpu *gpu = data;

	gpu->in_flight = false;
	if (!vg_softgpu_engine_is_busy(gpu)) /* it was reset */
		return;
	/* a client that goes, or takes memory back, ends a command that needs it */
	if (result < 0)
		finish(gpu, result);
	else if (count_part(gpu) || gpu->bounce)
		vg_softgpu_engine_kick(gpu);
}

static void fill(unsigned char *to, uint32_t pattern, size_t phase, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = (unsigned char)(pattern >> (phase + i) % 4 * 8);
}

/* Where the next bytes come from; guest memory is read into the bounce buffer. 0, -EINPROGRESS or -errno. */
static int fetch(struct vg_softgpu *gpu, const unsigned char **from)
{
	const uint32_t command = *word(gpu, COMMAND);
	const size_t done = gpu->state.engine_done;
	int r;

	if (KIND(command) == COPY && !(command & SOURCE_IS_GUEST)) {
		*from = frame(gpu, address(gpu, SOURCE) + done, gpu->part);
		return *from ? 0 : -EFAULT;
	}
	if (!gpu->bounce)
		gpu->bounce = malloc(PART);
	if (!gpu->bounce)
		return -ENOMEM;
	*from = gpu->bounce;
	if (KIND(command) == FILL) {
		fill(gpu->bounce, *word(gpu, PATTERN), done, gpu->part);
		return 0;
	}
	if (gpu->is_read) { /* it has come */
		gpu->is_read = false;
		return 0;
	}
	r = vgpu_guest_start_read(gpu->instance, address(gpu, SOURCE) + done, gpu->bounce, gpu->part, take_transfer, gpu);
	gpu->is_read = r == -EINPROGRESS;
	return r;
}

/* The next part. 0, -EINPROGRESS or -errno. */
static int step(struct vg_softgpu *gpu)
{
	const size_t left = *word(gpu, LENGTH) - gpu->state.engine_done;
	const uint64_t target = address(gpu, TARGET) + gpu->state.engine_done;
	const unsigned char *from = NULL;
	unsigned char *to;
	int r;

	gpu->part = left < PART ? left : PART;
	r = fetch(gpu, &from);
	if (r)
		return r;
	if (*word(gpu, COMMAND) & TARGET_IS_GUEST) {
		r = vgpu_guest_start_write(gpu->instance, target, from, gpu->part, take_transfer, gpu);
	} else {
		to = frame(gpu, target, gpu->part);
		if (!to)
			return -EFAULT;
		memmove(to, from, gpu->part);
	}
	if (r == 0)
		gpu->state.engine_done += (uint32_t)gpu->part;
	return r;
}

/* One part a turn, so that other vGPUs have theirs. */
static void run(struct vg_post *post)
{
	struct vg_softgpu *gpu = VG_OWNER(post, struct vg_softgpu, run);
	struct vgpu_instance *instance = gpu->instance;
	int r = 0;

	if (vg_softgpu_engine_is_busy(gpu) && !gpu->at_rest && !gpu->stopped && !gpu->in_flight) {
		if (gpu->state.engine_done < *word(gpu, LENGTH)) {
			gpu->in_flight = true;
			r = step(gpu);
			gpu->in_flight = r == -EINPROGRESS;
		}
		if (r == 0 && gpu->state.engine_done < *word(gpu, LENGTH))
			vg_softgpu_engine_kick(gpu);
		else if (r != -EINPROGRESS)
			finish(gpu, r);
	}
	vgpu_instance_unref(instance);
}

void vg_softgpu_engine_kick(struct vg_softgpu *gpu)
{
	if (!vg_softgpu_engine_is_busy(gpu) || gpu->at_rest || gpu->stopped || gpu->in_flight)
		return;
	gpu->run.fn = run;
	vgpu_instance_ref(gpu->instance);
	if (!vg_loop_post(&gpu->instance->provider->loop, &gpu->run))
		vgpu_instance_unref(gpu->instance);
}

/* The memory that is no guest's must fit; all of it, so that a failure comes before the first byte. */
static int check(struct vg_softgpu *gpu)
{
	const uint32_t command = *word(gpu, COMMAND);

	if ((KIND(command) != COPY && KIND(command) != FILL) || command & ~(0xffu | SOURCE_IS_GUEST | TARGET_IS_GUEST))
		return -EINVAL;
	if (!(command & TARGET_IS_GUEST) && !frame(gpu, address(gpu, TARGET), *word(gpu, LENGTH)))
		return -EFAULT;
	if (KIND(command) == COPY && !(command & SOURCE_IS_GUEST) && !frame(gpu, address(gpu, SOURCE), *word(gpu, LENGTH)))
		return -EFAULT;
	return 0;
}

static void begin(struct vg_softgpu *gpu)
{
	int r = check(gpu);

	gpu->state.engine_done = 0;
	if (r) {
		finish(gpu, r);
		return;
	}
	*word(gpu, STATUS) = BUSY;
	vg_softgpu_engine_kick(gpu); /* in a later turn: the write is answered first */
}

void vg_softgpu_engine_read(struct vg_softgpu *gpu, uint64_t offset, unsigned char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		uint64_t at = offset + i;

		buf[i] = at / 4 < VG_SOFTGPU_ENGINE_WORDS ? (unsigned char)(gpu->state.engine[at / 4] >> at % 4 * 8) : 0;
	}
}

static void write_word(struct vg_softgpu *gpu, uint64_t i, uint32_t value)
{
	if (i == STATUS) {
		*word(gpu, STATUS) &= ~(value & (DONE | FAILED));
		if (value & DONE)
			vgpu_instance_set_intx(gpu->instance, 0);
	} else if (i >= COMMAND && i <= PATTERN && !vg_softgpu_engine_is_busy(gpu)) {
		gpu->state.engine[i] = value;
		if (i == COMMAND)
			begin(gpu);
	}
}

void vg_softgpu_engine_write(struct vg_softgpu *gpu, uint64_t offset, const unsigned char *buf, size_t len)
{
	uint32_t value;
	size_t i;

	if ((offset | len) % sizeof(value))
		return;
	for (i = 0; i < len; i += sizeof(value)) {
		memcpy(&value, buf + i, sizeof(value));
		write_word(gpu, (offset + i) / sizeof(value), value);
	}
}
