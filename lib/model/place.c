/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In which order parents are tried for a vGPU: by what the caller wishes, then by how full they are. */
#include "model/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/pair.h"

struct rank {
	struct vgpu_parent *parent;
	int misses; /* wishes that it does not meet */
	int load;   /* less is better */
};

/* Is the device of this address above the parent, or the parent itself? */
static bool is_below(const struct vgpu_parent *parent, const char *address)
{
	size_t n = strlen(address);
	const char *at = parent->path;

	while (at && (at = strstr(at, address))) {
		if (at[-1] == '/' && (at[n] == '/' || !at[n]))
			return true;
		at += n;
	}
	return false;
}

static int cmp_ranks(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->misses != y->misses)
		return x->misses < y->misses ? -1 : 1;
	if (x->load != y->load)
		return x->load < y->load ? -1 : 1;
	return vg_natural_cmp(x->parent->name, y->parent->name);
}

static struct rank rank_of(struct vgpu_parent *parent, const struct vgpu_device_create_opts *opts, const char *address)
{
	struct rank rank = {.parent = parent};

	if ((opts->flags & VGPU_CREATE_NUMA) && parent->numa_node != opts->numa_node)
		rank.misses++;
	if (address && !is_below(parent, address))
		rank.misses++;
	rank.load = opts->flags & VGPU_CREATE_PACK ? -parent->devices : parent->devices;
	return rank;
}

int vg_place_rank(struct vgpu_context *ctx, const struct vgpu_device_create_opts *opts, struct vgpu_parents **out)
{
	char address[VG_PCI_SIZE];
	struct vgpu_parents *parents;
	struct rank *ranks;
	size_t i;
	int r;

	if (opts->below && vg_pci_parse(opts->below, address))
		return vg_fail_invalid(ctx, "create", opts->below, "this is no PCI address");
	r = vgpu_parent_list(ctx, NULL, &parents);
	if (r)
		return r;
	ranks = calloc(parents->vec.count + 1, sizeof(*ranks));
	if (!ranks) {
		vgpu_parents_unref(parents);
		return vg_fail_memory(ctx, "create");
	}
	for (i = 0; i < parents->vec.count; i++)
		ranks[i] = rank_of(parents->vec.items[i], opts, opts->below ? address : NULL);
	qsort(ranks, parents->vec.count, sizeof(*ranks), cmp_ranks);
	for (i = 0; i < parents->vec.count; i++)
		parents->vec.items[i] = ranks[i].parent;
	free(ranks);
	*out = parents;
	return 0;
}

int vg_place_fail(struct vgpu_context *ctx, const char *type, bool is_full)
{
	struct vg_failure failure = {.operation = "create", .path = VG_PLACE_AUTO, .value = type};

	if (is_full) {
		failure.err = ENOSPC;
		failure.cause = VGPU_CAUSE_NO_CAPACITY;
		failure.hint = "destroy a vGPU, or take another type";
		return vg_fail(ctx, &failure, "no parent that offers type '%s' has room for one more", type);
	}
	failure.err = ENODEV;
	failure.cause = VGPU_CAUSE_NO_TYPE;
	failure.hint = "list the types of this host";
	return vg_fail(ctx, &failure, "no parent offers type '%s'", type);
}
