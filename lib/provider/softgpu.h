/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vGPU of softgpu (vgpu/softgpu.h says what it is), from within. All of it on the loop. */
#ifndef VG_PROVIDER_SOFTGPU_H
#define VG_PROVIDER_SOFTGPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/provider.h"

#define VG_SOFTGPU_EDID_REGION 9u
#define VG_SOFTGPU_EDID_SIZE 1024u
#define VG_SOFTGPU_VBE_COUNT 11u
#define VG_SOFTGPU_ENGINE_WORDS 12u

struct vg_softgpu_parent {
	uint64_t vram; /* bytes that are left */
};

/* What a migration carries over, beside the framebuffer: little-endian, as all of it. */
struct vg_softgpu_state {
	uint16_t vbe[VG_SOFTGPU_VBE_COUNT + 1]; /* padded */
	uint32_t engine[VG_SOFTGPU_ENGINE_WORDS];
	uint32_t engine_done; /* bytes of the command that is under way */
	uint32_t edid_size;
	uint32_t edid_link;
	uint32_t edid_new_size;
	unsigned char edid[VG_SOFTGPU_EDID_SIZE];     /* what the guest sees */
	unsigned char edid_new[VG_SOFTGPU_EDID_SIZE]; /* what the client has written */
};

struct vg_softgpu {
	struct vgpu_instance *instance;
	struct vg_softgpu_parent *parent;
	uint64_t vram;
	unsigned char *memory;
	uint32_t max_x;
	uint32_t max_y;
	struct vg_softgpu_state state;
	struct vg_post run; /* the engine goes on */
	bool at_rest;       /* between quiesce and resume */
	bool stopped;       /* by migration */
	bool in_flight;     /* a transfer of the engine's is under way */
	bool is_read;       /* it fills the bounce buffer, whose bytes then go to the target */
	size_t part;
	unsigned char *bounce;
	struct vg_softgpu_stream {
		unsigned step;   /* of the stream: what is next */
		size_t done;     /* of that */
		uint64_t offset; /* of the piece of framebuffer */
		uint64_t length;
		unsigned char *sent; /* since pre-copy: the framebuffer as it was sent; NULL: there was none */
		bool is_last;        /* the vGPU is stopped: the registers come at the end */
		bool again;          /* what lies before the piece may have changed since it was sent */
		unsigned char head[16];
	} stream;
	struct vg_softgpu_read { /* of the stream, which looks for what has changed in several turns */
		struct vg_post post;
		struct vgpu_request *request;
		unsigned char *to;
		size_t size;
		size_t done;
	} read;
};

/* Display: registers in BAR2, the EDID region, planes. */
void vg_softgpu_display_reset(struct vg_softgpu *gpu);
void vg_softgpu_display_read(struct vg_softgpu *gpu, uint64_t offset, unsigned char *buf, size_t len);
void vg_softgpu_display_write(struct vg_softgpu *gpu, uint64_t offset, const unsigned char *buf, size_t len);
void vg_softgpu_edid_read(struct vg_softgpu *gpu, uint64_t offset, unsigned char *buf, size_t len);
void vg_softgpu_edid_write(struct vg_softgpu *gpu, uint64_t offset, const unsigned char *buf, size_t len);
int vg_softgpu_get_plane(struct vgpu_instance *instance, uint32_t type, struct vgpu_plane_info *out);

/* The copy engine: registers in BAR4. */
void vg_softgpu_engine_reset(struct vg_softgpu *gpu);
void vg_softgpu_engine_read(struct vg_softgpu *gpu, uint64_t offset, unsigned char *buf, size_t len);
void vg_softgpu_engine_write(struct vg_softgpu *gpu, uint64_t offset, const unsigned char *buf, size_t len);
/* Goes on with a command that is under way, if nothing keeps it. */
void vg_softgpu_engine_kick(struct vg_softgpu *gpu);
bool vg_softgpu_engine_is_busy(const struct vg_softgpu *gpu);

/* Migration. */
void vg_softgpu_stream_drop(struct vg_softgpu *gpu);
int vg_softgpu_set_state(struct vgpu_instance *instance, uint32_t from, uint32_t to, struct vgpu_request *request);
ssize_t vg_softgpu_save(struct vgpu_instance *instance, void *buf, size_t len, struct vgpu_request *request);
ssize_t vg_softgpu_load(struct vgpu_instance *instance, const void *buf, size_t len, struct vgpu_request *request);

#endif
