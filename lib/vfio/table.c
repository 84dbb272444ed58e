/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's tables of mappings: each mapping is in all of them, or in none. */
#include "vfio/table.h"

#include <errno.h>
#include <stdlib.h>

#include "sys/devio.h"
#include "sys/files.h"
#include "vfio/dma_fail.h"

void vg_map_free(struct vg_map *map)
{
	if (map->fd >= 0)
		vg_close(map->fd);
	free(map);
}

struct vg_table *vg_table_add(struct vg_space *space, const struct vg_table_ops *ops, int fd, uint32_t id)
{
	struct vg_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	*table = (struct vg_table){.ops = ops, .next = space->tables, .users = 1, .fd = fd, .id = id};
	space->tables = table;
	return table;
}

/* Our mappings up to, and without, the one before which it ends (NULL: all), one by one. Returns the first failure. */
static int take_out(const struct vg_space *space, const struct vg_table *table, const struct vg_span *end)
{
	const struct vg_span *span;
	int r = 0, failed;

	for (span = vg_spans_from(&space->maps, 0); span && span != end; span = vg_spans_next(span)) {
		failed = table->ops->unmap(table, span->first, span->last - span->first + 1, NULL);
		r = r ? r : failed;
	}
	return r;
}

void vg_table_put(struct vg_space *space, struct vg_table *table)
{
	struct vg_table **link;

	if (--table->users)
		return;
	for (link = &space->tables; *link != table; link = &(*link)->next)
		;
	*link = table->next;
	if (table->is_shared && table->is_full)
		take_out(space, table, NULL);
	table->ops->close(table);
	free(table);
}

struct vg_table *vg_table_find(const struct vg_space *space, int fd, uint32_t id)
{
	struct vg_table *table;

	for (table = space->tables; table; table = table->next)
		if (table->id == id && vg_same_file(table->fd, fd))
			return table;
	return NULL;
}

static int read_limits(const struct vg_space *space, const struct vg_table *from, const struct vg_table *end,
					   struct vg_limits *out)
{
	const struct vg_table *table;
	int r = vg_limits_init(out, vg_page_size());

	for (table = from; r == 0 && table != end; table = table->next)
		r = table->ops->narrow(table, space->maps.count, out);
	if (r)
		vg_limits_free(out);
	return r;
}

int vg_tables_limits(const struct vg_space *space, struct vg_limits *out)
{
	return read_limits(space, space->tables, NULL, out);
}

static int fail_fill(struct vgpu_context *ctx, const char *operation, const struct vg_space *space,
					 const struct vg_table *table, const struct vg_map *map, int err)
{
	struct vg_limits limits;
	bool known = read_limits(space, table, table->next, &limits) == 0;
	int r = vg_dma_fail_map(ctx, operation, map, known ? &limits : NULL, err);

	if (known)
		vg_limits_free(&limits);
	return r;
}

int vg_table_fill(struct vgpu_context *ctx, const char *operation, struct vg_space *space, struct vg_table *table)
{
	struct vg_span *span;
	int r;

	for (span = vg_spans_from(&space->maps, 0); span; span = vg_spans_next(span)) {
		r = table->ops->map(table, vg_map_of(span));
		if (r == 0)
			continue;
		take_out(space, table, span);
		return fail_fill(ctx, operation, space, table, vg_map_of(span), -r);
	}
	if (space->is_logging) {
		r = table->ops->log ? table->ops->log(table, true) : -EOPNOTSUPP;
		if (r) {
			take_out(space, table, NULL);
			return vg_dma_fail_log(ctx, operation, -r);
		}
	}
	table->is_full = true;
	return 0;
}

int vg_tables_map(const struct vg_space *space, const struct vg_map *map)
{
	const struct vg_table *table, *done;
	int r;

	for (table = space->tables; table; table = table->next) {
		r = table->ops->map(table, map);
		if (r == 0)
			continue;
		for (done = space->tables; done != table; done = done->next)
			done->ops->unmap(done, map->span.first, vg_map_length(map), NULL);
		return r;
	}
	return 0;
}

/* One by one where others may have mappings in between. */
static int unmap_range(const struct vg_table *table, const struct vg_map *first, const struct vg_map *last)
{
	const struct vg_span *span = &first->span;
	int r = 0, failed;

	if (first == last || !(table->is_shared || table->unmaps_one))
		return table->ops->unmap(table, first->span.first, last->span.last - first->span.first + 1, NULL);
	for (; span && span->first <= last->span.first; span = vg_spans_next(span)) {
		failed = table->ops->unmap(table, span->first, span->last - span->first + 1, NULL);
		r = r ? r : failed;
	}
	return r;
}

int vg_tables_unmap(const struct vg_space *space, const struct vg_map *first, const struct vg_map *last)
{
	const struct vg_table *table;
	int r = 0, failed;

	for (table = space->tables; table; table = table->next) {
		failed = unmap_range(table, first, last);
		r = r ? r : failed;
	}
	return r;
}

int vg_tables_unmap_all(const struct vg_space *space)
{
	const struct vg_table *table;
	int r = 0, failed;

	for (table = space->tables; table; table = table->next) {
		failed = table->is_shared || table->unmaps_one ? -EOPNOTSUPP : table->ops->unmap_all(table);
		if (failed == -EOPNOTSUPP)
			failed = take_out(space, table, NULL);
		r = r ? r : failed;
	}
	return r;
}
