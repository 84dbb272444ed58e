/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The regions of a vGPU, and access to them. */
#ifndef VG_PROVIDER_REGION_H
#define VG_PROVIDER_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <vgpu/instance.h>

struct vgpu_request;

struct vg_region {
	struct vgpu_region_info info;  /* as declared */
	struct vgpu_region_info shown; /* what the client was told: stays so while it is connected */
	bool asked;
	int fd; /* of what is behind it; -1: nothing */
	char *memory;
};

void vg_instance_regions_free(struct vgpu_instance *instance);
/* How many there are: the highest index in use, and one; 9 at least for a PCI device. */
uint32_t vg_regions_count(const struct vgpu_instance *instance);
/* What the client is told of a region; a region that is not there has no length. 0, -EINVAL (no such index), or -errno.
 * On the loop. */
int vg_region_show(struct vgpu_instance *instance, uint32_t index, const struct vg_region **out);
/* The client has gone: the next one is told anew. */
void vg_regions_forget(struct vgpu_instance *instance);

/* May a client read (write) there? 0 or -errno. On the loop. */
int vg_region_check(struct vgpu_instance *instance, uint32_t index, uint64_t offset, uint64_t length, bool is_write);
/* The memory behind all of a checked range, or NULL: then it is accessed by the function below. */
char *vg_region_memory(const struct vgpu_instance *instance, uint32_t index, uint64_t offset, size_t length);
/* Reads or writes a checked range without memory behind it: 0 or more, -errno, or -EINPROGRESS. On the loop. */
ssize_t vg_region_read(struct vgpu_instance *instance, uint32_t index, uint64_t offset, void *buf, size_t length,
					   struct vgpu_request *request);
ssize_t vg_region_write(struct vgpu_instance *instance, uint32_t index, uint64_t offset, const void *buf, size_t length,
						struct vgpu_request *request);

/* Doorbells. */
#define VG_DOORBELLS 16

struct vg_doorbell {
	struct vg_doorbell *next;
	struct vgpu_instance *instance;
	uint32_t region;
	uint64_t offset;
	uint32_t length;
	bool has_value;
	uint64_t value;
	vgpu_doorbell_fn fn;
	void *data;
	struct vg_bell *bell; /* while a client is connected that asked for it */
};

/* Rings for a write: false: no doorbell is meant. On the loop. */
bool vg_doorbell_ring(struct vgpu_instance *instance, uint32_t region, uint64_t offset, const void *buf, size_t length);
/* The eventfd of a doorbell, made at need (borrowed), or -errno. On the loop. */
int vg_doorbell_fd(struct vg_doorbell *doorbell);
/* The client has gone: its copies of the eventfds ring no more. */
void vg_doorbells_close(struct vgpu_instance *instance);
void vg_doorbells_free(struct vgpu_instance *instance);

#endif
