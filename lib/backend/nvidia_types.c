/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nvidia-vfio: the types of a GPU: what its functions offer, what they are, and what is remembered. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "backend/nvidia_vfio.h"
#include "model/host.h"

static const char operation[] = "list types";

/* Adds the type, or finds it among those from first on. *out NULL without memory. */
static struct vgpu_type *find_or_add(struct vgpu_types *list, size_t first, const char *parent, unsigned id)
{
	struct vgpu_type *type;
	char text[16];
	size_t i;

	vg_strf(text, sizeof(text), "%u", id);
	for (i = first; i < list->vec.count; i++) {
		type = list->vec.items[i];
		if (strcmp(type->id, text) == 0)
			return type;
	}
	type = vg_type_new(parent, text);
	if (!type)
		return NULL;
	type->available_instances = type->creatable = 0;
	type->device_api = strdup("vfio-pci");
	if (type->device_api && vg_vec_add(&list->vec, type) == 0)
		return type;
	vgpu_type_unref(type);
	return NULL;
}

/* Each row of a text. How many can be created no file tells: unknown, if one can. */
static int add_rows(struct vgpu_types *list, size_t first, const char *parent, char *text, bool offered)
{
	struct vg_nvidia_row row;

	while (vg_nvidia_row_next(&text, &row)) {
		struct vgpu_type *type = find_or_add(list, first, parent, row.id);

		if (!type || (!type->name && vg_dup(row.name, &type->name)))
			return -ENOMEM;
		if (offered) {
			type->creatable = 1;
			type->available_instances = -1;
		}
	}
	return 0;
}

/* What a function is, and what it could become. */
static int add_function(struct vgpu_context *ctx, const struct vgpu_parent *parent, const struct vg_vfs *vfs,
						const char *name, size_t first, struct vgpu_types *out)
{
	char path[VG_NAME_SIZE], text[VG_ATTR_SIZE + 1], full[VG_PATH_SIZE];
	unsigned type;
	ssize_t n;
	int r = vg_nvidia_current(vfs->fd, name, &type);

	if (r == -ENOENT)
		return 0; /* it has another driver */
	if (r == 0 && type)
		return find_or_add(out, first, parent->name, type) ? 0 : -ENOMEM;
	vg_strf(path, sizeof(path), "%s/" NVIDIA_CREATABLE, name);
	n = vg_read_text(vfs->fd, path, text, sizeof(text));
	if (n >= 0) {
		vg_make_printable(text);
		return add_rows(out, first, parent->name, text, true);
	}
	if (n == -ENODEV || n == -ENOENT)
		return 0; /* going */
	vg_strf(full, sizeof(full), "%s/%s", vfs->dir, path);
	vg_fail_errno(ctx, operation, full, (int)-n);
	return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
}

int vg_nvidia_scan_types(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out)
{
	struct vg_nvidia_names names;
	size_t first = out->vec.count, i;
	struct vg_vfs vfs;
	int r = vg_vfs_read(parent->path, &vfs);

	if (r == -ENOMEM)
		return r;
	if (r) {
		vg_fail_errno(ctx, operation, parent->path, -r);
		return vg_errors_add(&out->errors, vgpu_context_get_error(ctx));
	}
	for (i = 0; r == 0 && i < vfs.count; i++)
		if (!parent->function || strcmp(vfs.items[i].name, parent->function) == 0)
			r = add_function(ctx, parent, &vfs, vfs.items[i].name, first, out);
	vg_nvidia_names_read(ctx, parent->path, &names);
	if (r == 0 && vfs.count)
		r = add_rows(out, first, parent->name, names.text, false);
	vg_vfs_free(&vfs);
	return r;
}

int vg_nvidia_count(struct vgpu_context *ctx, struct vgpu_parent *parent)
{
	struct vgpu_types types = {0};
	struct vg_vfs vfs;
	unsigned type;
	size_t i;
	int r = vg_vfs_read(parent->path, &vfs);

	if (r)
		return vg_fail_errno(ctx, "list parents", parent->path, -r);
	parent->devices = 0;
	for (i = 0; i < vfs.count; i++)
		parent->devices += vg_nvidia_current(vfs.fd, vfs.items[i].name, &type) == 0 && type;
	vg_vfs_free(&vfs);
	r = vg_nvidia_scan_types(ctx, parent, &types);
	parent->types = (int)types.vec.count;
	vg_types_clear(&types);
	return r ? vg_fail_memory(ctx, "list parents") : 0;
}

/* What the functions are, in numbers. */
struct tally {
	size_t functions; /* that have the vendor's directory */
	size_t typed;
};

static void count_functions(const struct vg_vfs *vfs, struct tally *out)
{
	unsigned type;
	size_t i;

	for (i = 0; i < vfs->count; i++) {
		if (vg_nvidia_current(vfs->fd, vfs->items[i].name, &type))
			continue;
		out->functions++;
		out->typed += type != 0;
	}
}

/* Is the kernel older than the interface? *known: its version could be read. */
static bool kernel_is_old(struct vgpu_context *ctx)
{
	char path[VG_PATH_SIZE], text[64], *minor;
	uint64_t numbers[2];

	vg_strf(path, sizeof(path), "%s/sys/kernel/osrelease", ctx->proc);
	if (vg_read_text(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return false;
	minor = strchr(text, '.');
	if (!minor)
		return false;
	*minor++ = '\0';
	minor[strspn(minor, "0123456789")] = '\0';
	if (vg_parse_u64(text, 10, UINT16_MAX, &numbers[0]) || vg_parse_u64(minor, 10, UINT16_MAX, &numbers[1]))
		return false;
	return numbers[0] < 6 || (numbers[0] == 6 && numbers[1] < 8);
}

static void explain(struct vgpu_context *ctx, const struct vgpu_parent *parent, size_t vfs, const struct tally *tally)
{
	struct vg_failure why = {
		.operation = operation, .path = parent->name, .err = ENODEV, .cause = VGPU_CAUSE_NO_CAPACITY};

	if (!vfs) {
		why.cause = VGPU_CAUSE_NOT_READY;
		why.hint = "enable them: vgpuctl vfs, with --enable max";
		vg_fail(ctx, &why, "vGPUs live on virtual functions, and none is enabled");
	} else if (!tally->functions && !vg_host_has_module(ctx, "nvidia_vgpu_vfio")) {
		why.cause = VGPU_CAUSE_MODULE_MISSING;
		why.hint = "install NVIDIA's driver for vGPU hosts, and load nvidia-vgpu-vfio";
		vg_fail(ctx, &why, "module nvidia_vgpu_vfio is not loaded");
	} else if (!tally->functions && kernel_is_old(ctx)) {
		why.cause = VGPU_CAUSE_UNSUPPORTED;
		why.hint = "use Linux 6.8 or later, or a driver that offers mdevs here";
		vg_fail(ctx, &why, "the kernel is older than this interface, and the functions offer no mdevs");
	} else if (!tally->functions) {
		why.cause = VGPU_CAUSE_NO_TYPE;
		why.hint = "see the kernel's log; functions that vfio-pci or another driver has offer none";
		vg_fail(ctx, &why, "no virtual function has the vendor's directory");
	} else if (tally->typed == tally->functions) {
		why.hint = "destroy a vGPU of this parent";
		vg_fail(ctx, &why, "each virtual function has a vGPU already");
	} else if (tally->typed) {
		why.hint = "destroy those, or take the type that they have; functions of one GPU share its memory, and "
				   "unless it is set to heterogeneous mode they share one type";
		vg_fail(ctx, &why, "the vGPUs that are there decide: beside them no other can be created");
	} else {
		why.hint = "with MIG on, create GPU instances first; else see the kernel's log";
		vg_fail(ctx, &why, "no function has a vGPU, and none can be created");
	}
}

void vg_nvidia_explain(struct vgpu_context *ctx, const struct vgpu_parent *parent)
{
	struct tally tally = {0};
	struct vg_vfs vfs;
	int r = vg_vfs_read(parent->path, &vfs);

	if (r) {
		vg_fail_errno(ctx, operation, parent->path, -r);
		return;
	}
	count_functions(&vfs, &tally);
	explain(ctx, parent, vfs.count, &tally);
	vg_vfs_free(&vfs);
}
