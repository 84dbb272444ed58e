/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's tables of mappings (a container, an IOAS of iommufd), and the mappings of a DMA object, which each of
 * its tables holds.
 */
#ifndef VG_VFIO_TABLE_H
#define VG_VFIO_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <vgpu/dma.h>

#include "core/negative.h"
#include "vfio/limits.h"

/* One mapping. */
struct vg_map {
	struct vg_span span; /* its IOVAs; the first field */
	void *address;
	uint32_t flags; /* VGPU_DMA_* */
	int fd;         /* of the file behind it, ours; -1: none */
	uint64_t offset;
};

static inline struct vg_map *vg_map_of(struct vg_span *span)
{
	return (struct vg_map *)span;
}

static inline uint64_t vg_map_length(const struct vg_map *map)
{
	return map->span.last - map->span.first + 1; /* never the whole of 64 bits: it is aligned */
}

/* Closes its file and frees it. */
void vg_map_free(struct vg_map *map);

struct vg_table;

/* What a kind of table can do. All return 0 or -errno, without a record. */
struct vg_table_ops {
	int (*map)(const struct vg_table *table, const struct vg_map *map);
	/* Unmaps whole mappings in the range, maybe none. bitmap NULL: without a last look at dirty pages. */
	int (*unmap)(const struct vg_table *table, uint64_t iova, uint64_t length, const struct vgpu_dma_bitmap *bitmap);
	/* In one go. -EOPNOTSUPP: the kernel can't. NULL: only one by one. */
	int (*unmap_all)(const struct vg_table *table);
	/* used: how many mappings the caller has in there. */
	int (*narrow)(const struct vg_table *table, size_t used, struct vg_limits *limits);
	/* Starts or stops the log of dirty pages. NULL, as read_log: there is none. */
	int (*log)(const struct vg_table *table, bool on);
	/* The bits are zero before. */
	int (*read_log)(const struct vg_table *table, uint64_t iova, uint64_t length, const struct vgpu_dma_bitmap *bitmap);
	/* Closes the descriptor, and undoes what closing would leave. */
	void (*close)(const struct vg_table *table);
};

struct vg_table {
	const struct vg_table_ops *ops;
	struct vg_table *next;
	unsigned users; /* the path's: devices, or groups */
	int fd;
	uint32_t id;     /* of the IOAS */
	bool owns_id;    /* we made the IOAS */
	bool is_shared;  /* somebody else may have mappings in there: they are never touched */
	bool is_full;    /* it holds the space's mappings */
	bool unmaps_one; /* its unmap takes one mapping, and it has no unmap_all */
	void *data;      /* of a table that has no fd */
};

struct vg_group;

/* What devices of one DMA object share. */
struct vg_space {
	struct vg_table *tables;
	struct vg_group *groups; /* of the path by group */
	struct vg_spans maps;    /* of struct vg_map */
	bool is_logging;         /* dirty pages */
};

/* Adds a table with one user. Takes fd over, unless there is no memory: NULL. */
struct vg_table *vg_table_add(struct vg_space *space, const struct vg_table_ops *ops, int fd, uint32_t id);
/* A user less. The last one takes our mappings out of a shared table, and closes it. */
void vg_table_put(struct vg_space *space, struct vg_table *table);
/* The table of this fd (the same open file) and id, or NULL. */
struct vg_table *vg_table_find(const struct vg_space *space, int fd, uint32_t id);
/* Puts all mappings of the space into a new table; fails with a record of operation, nothing being in there. */
int vg_table_fill(struct vgpu_context *ctx, const char *operation, struct vg_space *space, struct vg_table *table);

/* Maps in all tables, or in none. 0 or -errno without a record. */
int vg_tables_map(const struct vg_space *space, const struct vg_map *map);
/* Takes the mappings from first to last (both ours) out of all tables; goes on after a failure, and returns the first.
 */
int vg_tables_unmap(const struct vg_space *space, const struct vg_map *first, const struct vg_map *last);
int vg_tables_unmap_all(const struct vg_space *space);
/* The limits of all tables at once (free them with vg_limits_free). */
int vg_tables_limits(const struct vg_space *space, struct vg_limits *out);

#endif
