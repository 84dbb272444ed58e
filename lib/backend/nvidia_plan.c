/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nvidia-vfio: which function becomes the vGPU, and what the driver's errors mean. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "backend/nvidia_vfio.h"
#include "model/record.h"
#include "model/write_failed.h"

static const char operation[] = "create";

/* What the functions of a GPU had to say to a request. */
struct search {
	unsigned id;
	const struct vg_vf *chosen;
	size_t functions, typed, claimed;
	bool is_known; /* the type: some function lists it, has it, or had it */
};

static int fail_nothing(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_vfs *vfs,
						const struct search *search)
{
	int r;

	if (!vfs->count)
		return vg_vf_fail_capacity(ctx, request, "enable them: vgpuctl vfs, with --enable max",
								   "none of its virtual functions is enabled");
	if (search->claimed) { /* one of these may come free again */
		r = vg_vf_fail_capacity(ctx, request, "destroy a vGPU of this parent, or take another parent",
								"others are creating vGPUs on the last functions");
		return r < 0 ? VG_RETRY : r;
	}
	if (search->functions && search->functions == search->typed)
		return vg_vf_fail_capacity(ctx, request, "destroy a vGPU of this parent, or take another parent",
								   "no virtual function is free");
	if (search->is_known)
		return vg_vf_fail_capacity(ctx, request,
								   "destroy a vGPU of this parent, or take another parent or type; types tells why",
								   "no free virtual function can become this type now");
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = operation,
										.path = request->parent->name,
										.value = request->type,
										.err = ENODEV,
										.cause = VGPU_CAUSE_NO_TYPE,
										.hint = "list the types of this parent"},
				   "it offers no type '%s'", request->type);
}

/* One function: is it free, and does it offer the type? names, if there are any, learn what it offers. */
static void look_at(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_vfs *vfs,
					const struct vg_vf *vf, struct vg_records *records, struct vg_nvidia_names *names,
					struct search *search)
{
	char path[VG_NAME_SIZE], text[VG_ATTR_SIZE + 1], copy[VG_ATTR_SIZE + 1];
	unsigned type;

	if (vg_nvidia_current(vfs->fd, vf->name, &type))
		return;
	search->is_known = search->is_known || type == search->id;
	if (request->parent->function && strcmp(request->parent->function, vf->name) != 0)
		return;
	search->functions++;
	if (type) {
		search->typed++;
		return;
	}
	vg_strf(path, sizeof(path), "%s/" NVIDIA_CREATABLE, vf->name);
	if (vg_read_text(vfs->fd, path, text, sizeof(text)) < 0)
		return;
	vg_make_printable(text);
	memcpy(copy, text, sizeof(copy));
	if (!vg_nvidia_lists(copy, search->id))
		return;
	search->is_known = true;
	if (vg_vf_is_claimed(records, vg_nvidia_name, vf->name)) {
		search->claimed++;
		return;
	}
	search->chosen = vf;
	if (records)
		vg_nvidia_names_add(ctx, names, text);
}

static int fill(struct vgpu_context *ctx, const struct vg_vfs *vfs, const struct search *search, const char *type,
				struct vg_plan *out)
{
	char path[VG_PATH_SIZE];
	const struct vg_write undo = {path, "0"};
	int r;

	vg_strcopy(out->name, sizeof(out->name), search->chosen->name);
	out->inode = vg_vf_identity(search->chosen->inode, search->id);
	r = vg_strf(out->dir, sizeof(out->dir), "%s/%s", vfs->dir, out->name);
	if (r > 0)
		r = vg_strf(path, sizeof(path), "%s/" NVIDIA_CURRENT, out->dir);
	vg_steps_clear(&out->steps);
	if (r > 0)
		r = vg_steps_add(&out->steps, path, type, &undo);
	return r < 0 ? vg_fail_errno(ctx, operation, vfs->dir, -r) : 0;
}

int vg_nvidia_plan_create(struct vgpu_context *ctx, const struct vg_request *request, struct vg_records *records,
						  struct vg_plan *out)
{
	struct vg_nvidia_names names;
	struct search search = {0};
	struct vg_vfs vfs;
	char copy[sizeof(names.text)];
	uint64_t id;
	size_t i;
	int r;

	if (vg_parse_u64(request->type, 10, UINT32_MAX, &id) || id == 0)
		return vg_fail_invalid(ctx, operation, request->type, "this is no id of a type: these are numbers here");
	search.id = (unsigned)id;
	r = vg_vfs_read(request->parent->path, &vfs);
	if (r)
		return r == -ENOMEM ? vg_fail_memory(ctx, operation) : vg_fail_errno(ctx, operation, request->parent->path, -r);
	vg_nvidia_names_read(ctx, request->parent->path, &names);
	memcpy(copy, names.text, sizeof(copy));
	search.is_known = vg_nvidia_lists(copy, search.id);
	for (i = 0; !search.chosen && i < vfs.count; i++)
		look_at(ctx, request, &vfs, &vfs.items[i], records, &names, &search);
	r = search.chosen ? fill(ctx, &vfs, &search, request->type, out) : fail_nothing(ctx, request, &vfs, &search);
	vg_vfs_free(&vfs);
	return r;
}

/* The driver says little: EPERM for a function that has a type, EIO for all that its firmware refuses. */
int vg_nvidia_create_failed(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_plan *plan,
							int step_number, int err)
{
	struct vg_failure failure = {.operation = operation, .err = err, .cause = VGPU_CAUSE_REFUSED};
	struct vg_plan other;
	struct vg_step step;
	int r;

	vg_steps_get(&plan->steps, step_number, &step);
	failure.path = step.write.path;
	failure.value = step.write.value;
	switch (err) {
	case EPERM:
		failure.err = EBUSY;
		failure.cause = VGPU_CAUSE_IN_USE;
		failure.hint = "try again";
		r = vg_fail(ctx, &failure, "the function was made a vGPU by something else meanwhile, or is not free yet");
		return r < 0 ? VG_RETRY : r;
	case EIO:
	case EINVAL:
	case ENOSPC:
	case ENODEV:
		/* what siblings have become meanwhile may be why, and the functions say so now */
		r = vg_nvidia_plan_create(ctx, request, NULL, &other);
		if (r < 0)
			return r;
		if (err == ENOSPC)
			return vg_vf_fail_capacity(ctx, request, "destroy a vGPU of this parent, or take another parent or type",
									   "the driver has no room left for this type");
		failure.hint = "see the kernel's log: the driver may have said why";
		return vg_fail(ctx, &failure, "the driver refused the request");
	default:
		failure.cause = VGPU_CAUSE_NONE;
		return vg_write_failed(ctx, &failure);
	}
}

int vg_nvidia_plan_remove(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out)
{
	char path[VG_PATH_SIZE];
	int r = vg_strf(path, sizeof(path), "%s/" NVIDIA_CURRENT, device->path);

	vg_strcopy(out->name, sizeof(out->name), device->name);
	out->inode = device->inode;
	vg_steps_clear(&out->steps);
	if (r > 0)
		r = vg_steps_add(&out->steps, path, "0", NULL);
	return r < 0 ? vg_fail_errno(ctx, "destroy", device->path, -r) : 0;
}

int vg_nvidia_remove_failed(struct vgpu_context *ctx, const struct vg_plan *plan, int step_number, int err)
{
	struct vg_failure failure = {.operation = "destroy", .value = plan->name, .err = err};
	struct vg_step step;
	int r;

	vg_steps_get(&plan->steps, step_number, &step);
	failure.path = step.write.path;
	switch (err) {
	case ENODEV:
	case ENOENT:
		failure.err = ENODEV;
		failure.cause = VGPU_CAUSE_GONE;
		return vg_fail(ctx, &failure, "the function went away meanwhile, or lost its driver");
	case EPERM:
	case EBUSY:
		if (vg_nvidia_inode_of(ctx, plan->name) != plan->inode) {
			failure.err = ENODEV;
			failure.cause = VGPU_CAUSE_GONE;
			return vg_fail(ctx, &failure, "somebody else removed it meanwhile");
		}
		failure.err = EBUSY;
		failure.cause = VGPU_CAUSE_IN_USE;
		failure.hint = "end the process that uses it; its driver may need some seconds more";
		r = vg_fail(ctx, &failure, "the driver still says that it is in use");
		return r < 0 ? VG_RETRY : r;
	default:
		return vg_write_failed(ctx, &failure);
	}
}
