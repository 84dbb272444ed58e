/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NVIDIA's vendor-specific VFIO, shared by the parts of its backend: each virtual function of a GPU has a directory
 * "nvidia"; a type's id written to current_vgpu_type makes a vGPU of the function, 0 takes it back.
 */
#ifndef VG_BACKEND_NVIDIA_VFIO_H
#define VG_BACKEND_NVIDIA_VFIO_H

#include "backend/vfs.h"

#define NVIDIA_DRIVER "nvidia"
#define NVIDIA_DIR "nvidia"
#define NVIDIA_CURRENT NVIDIA_DIR "/current_vgpu_type"
#define NVIDIA_CREATABLE NVIDIA_DIR "/creatable_vgpu_types"

extern const struct vg_backend_ops vg_backend_nvidia_vfio;
extern const char vg_nvidia_name[];

/* nvidia_gpus.c */
struct vg_nvidia_gpu {
	char path[VG_PATH_SIZE]; /* of the physical function */
	struct vg_vfs vfs;
};

struct vg_nvidia_gpus {
	struct vg_vec vec;  /* of struct vg_nvidia_gpu */
	struct vg_vfs *all; /* theirs; fds and items stay theirs */
};

/* All GPUs that can have vGPUs on virtual functions, or only that of this path. 0, or -errno of the driver's directory.
 */
int vg_nvidia_gpus_read(struct vgpu_context *ctx, const char *only, struct vg_nvidia_gpus *out);
void vg_nvidia_gpus_free(struct vg_nvidia_gpus *gpus);
/* The type that a function has now; 0: none. -ENOENT: it can have none. */
int vg_nvidia_current(int dirfd, const char *vf, unsigned *type);

/* nvidia_catalogue.c: the text of creatable_vgpu_types, in any layout that was seen */
struct vg_nvidia_row {
	unsigned id;
	const char *name;
};

/* The next row of *rest, which is cut into pieces for it. false: there is none. */
bool vg_nvidia_row_next(char **rest, struct vg_nvidia_row *out);
/* Has the text, which is cut, a row of this type? */
bool vg_nvidia_lists(char *text, unsigned id);

/* nvidia_names.c: names of types, remembered when they are listed, since a type in use is not */
struct vg_nvidia_names {
	char dir[VG_PATH_SIZE];
	char file[VG_NAME_SIZE];     /* of this model and driver; "": unknown, and nothing is remembered */
	char text[4 * VG_ATTR_SIZE]; /* rows in the catalogue's layout */
};

void vg_nvidia_names_read(struct vgpu_context *ctx, const char *pf_path, struct vg_nvidia_names *out);
/* Remembers the rows of text, which is cut. What can't be written is only logged. */
void vg_nvidia_names_add(struct vgpu_context *ctx, struct vg_nvidia_names *names, char *text);

/* nvidia_types.c */
int vg_nvidia_scan_types(struct vgpu_context *ctx, const struct vgpu_parent *parent, struct vgpu_types *out);
int vg_nvidia_count(struct vgpu_context *ctx, struct vgpu_parent *parent);
void vg_nvidia_explain(struct vgpu_context *ctx, const struct vgpu_parent *parent);
/* nvidia_plan.c */
int vg_nvidia_plan_create(struct vgpu_context *ctx, const struct vg_request *request, struct vg_records *records,
						  struct vg_plan *out);
int vg_nvidia_create_failed(struct vgpu_context *ctx, const struct vg_request *request, const struct vg_plan *plan,
							int step, int err);
int vg_nvidia_plan_remove(struct vgpu_context *ctx, const struct vgpu_device *device, struct vg_plan *out);
int vg_nvidia_remove_failed(struct vgpu_context *ctx, const struct vg_plan *plan, int step, int err);
/* nvidia_functions.c */
int vg_nvidia_plan_functions(struct vgpu_context *ctx, const struct vgpu_parent *parent, unsigned count,
							 struct vg_steps *out);
int vg_nvidia_check_program(struct vgpu_context *ctx, const struct vgpu_parent *parent);
/* nvidia_vfio.c */
uint64_t vg_nvidia_inode_of(struct vgpu_context *ctx, const char *name);

#endif
