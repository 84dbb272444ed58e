/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nvidia-vfio: enabling virtual functions, and what that would end. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "backend/nvidia_vfio.h"

int vg_nvidia_plan_functions(struct vgpu_context *ctx, const struct vgpu_parent *parent, unsigned count,
							 struct vg_steps *out)
{
	char path[VG_PATH_SIZE], value[16];
	int r = vg_strf(path, sizeof(path), "%s/sriov_numvfs", parent->path);

	vg_strf(value, sizeof(value), "%u", count);
	vg_steps_clear(out);
	if (r > 0)
		r = vg_steps_add(out, path, value, NULL);
	return r < 0 ? vg_fail_errno(ctx, "set virtual functions", parent->path, -r) : 0;
}

/* The driver's number of this GPU. 0 or -errno. */
static int read_minor(struct vgpu_context *ctx, const struct vgpu_parent *parent, uint64_t *out)
{
	static const char key[] = "Device Minor:";
	char path[VG_PATH_SIZE], text[VG_ATTR_SIZE], *at;

	vg_strf(path, sizeof(path), "%s/driver/nvidia/gpus/%s/information", ctx->proc, parent->name);
	if (vg_read_text(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return -ENOENT;
	at = strstr(text, key);
	if (!at)
		return -EINVAL;
	at += sizeof(key) - 1;
	at += strspn(at, " \t");
	at[strspn(at, "0123456789")] = '\0';
	return vg_parse_u64(at, 10, UINT16_MAX, out);
}

/* The program takes the GPU from its driver, which ends GPU instances. */
int vg_nvidia_check_program(struct vgpu_context *ctx, const struct vgpu_parent *parent)
{
	char path[VG_PATH_SIZE];
	struct vg_entries entries;
	bool found = false;
	uint64_t number;
	size_t i;

	if (read_minor(ctx, parent, &number))
		return 0; /* not told: the program may know */
	vg_strf(path, sizeof(path), "%s/driver/nvidia/capabilities/gpu%u/mig", ctx->proc, (unsigned)number);
	if (vg_entries_read(AT_FDCWD, path, &entries))
		return 0; /* no MIG */
	for (i = 0; i < entries.count; i++)
		found = found || strncmp(entries.items[i].name, "gi", 2) == 0;
	vg_entries_free(&entries);
	if (!found)
		return 0;
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = "set virtual functions",
										.path = parent->name,
										.err = EBUSY,
										.cause = VGPU_CAUSE_IN_USE,
										.hint = "destroy them first, and create them when the functions are enabled"},
				   "it has GPU instances (MIG), which this would end");
}
