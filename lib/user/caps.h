/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What vfio-user peers say of themselves when a connection begins. No I/O. */
#ifndef VG_USER_CAPS_H
#define VG_USER_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Version data, its NUL included, are not longer, nor nested deeper. */
#define VG_USER_JSON_SIZE 4096
#define VG_USER_JSON_DEPTH 8
/* A peer that takes less data at once can't be written a 64-bit register. */
#define VG_USER_DATA_MIN 8u

/* Which capabilities a peer names. */
enum vg_user_cap {
	VG_USER_CAP_MSG_FDS = 1u << 0,
	VG_USER_CAP_DATA_SIZE = 1u << 1,
	VG_USER_CAP_DMA_MAPS = 1u << 2,
	VG_USER_CAP_PGSIZES = 1u << 3,
	VG_USER_CAP_TWIN_SOCKET = 1u << 4,
	VG_USER_CAP_WRITE_MULTIPLE = 1u << 5,
	VG_USER_CAP_MIGRATION = 1u << 6,   /* not in the specification: {pgsize, max_bitmap_size}, of QEMU and others */
	VG_USER_CAP_DISPLAY = 1u << 7,     /* libvgpu's own: the private command about planes */
	VG_USER_CAP_DMA_MESSAGES = 1u << 8 /* libvgpu's own: DMA_READ and DMA_WRITE are laid out as specified */
};

struct vg_user_caps {
	uint32_t named; /* VG_USER_CAP_* */
	uint32_t max_msg_fds;
	uint32_t max_data_xfer_size;
	uint32_t max_dma_maps;
	uint64_t pgsizes;
	uint64_t migration_pgsize;
	uint64_t max_bitmap_size;
	int twin_index; /* of the twin socket among a reply's descriptors; -1: none */
	bool twin_socket;
	bool write_multiple;
	bool dma_messages;
	uint32_t display; /* VG_USER_DISPLAY_VERSION, or less; 0: none */
};

/* The defaults: those of a peer that names nothing. */
void vg_user_caps_init(struct vg_user_caps *caps);
/*
 * Reads the version data of a peer: size bytes, ended by a NUL (0 bytes: none were sent). 0, -EPROTO (it makes no
 * sense), or -ENOMEM. What is not known, and more than the first NUL, is ignored.
 */
int vg_user_caps_parse(const void *json, size_t size, struct vg_user_caps *out);
/*
 * What an end with these capabilities answers to those that a peer proposed: named are only those that both name, and
 * no limit is above the proposed one (QEMU refuses a server that can take more than itself).
 */
void vg_user_caps_answer(const struct vg_user_caps *own, const struct vg_user_caps *proposed, struct vg_user_caps *out);
/* Writes version data of the named ones: its size with the NUL, or -ENAMETOOLONG. */
int vg_user_caps_write(const struct vg_user_caps *caps, char *out, size_t size);
/* The minor version of an answer to one proposed; -EPROTO: the majors differ. */
int vg_user_minor(uint16_t major, uint16_t minor);

#endif
