/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical functions and their virtual functions (SR-IOV), as the backends that put vGPUs on these see them. */
#ifndef VG_BACKEND_VFS_H
#define VG_BACKEND_VFS_H

#include "core/negative.h"
#include "model/backend_ops.h"

#define PCI_DEVICES "bus/pci/devices"

struct vg_vf {
	char name[VG_PCI_SIZE]; /* its PCI address */
	unsigned number;        /* of virtfnN */
	uint64_t inode;         /* of its directory */
	char cdev[16];          /* "vfio7"; "" if none, or not looked for */
};

struct vg_vfs {
	char dir[VG_PATH_SIZE]; /* directory that they, and their physical function, lie in */
	char pf[VG_PCI_SIZE];
	int fd;              /* of dir */
	struct vg_vf *items; /* sorted by name */
	size_t count;
};

/* The virtual functions that this physical function has now. 0 or -errno (-ENOENT: it is gone). */
int vg_vfs_read(const char *pf_path, struct vg_vfs *out);
void vg_vfs_free(struct vg_vfs *vfs);
struct vg_vf *vg_vfs_find(const struct vg_vfs *vfs, const char *name);
/* Finds the nodes of their own of them all. 0 or -ENOMEM. */
int vg_vfs_read_cdevs(struct vgpu_context *ctx, struct vg_vfs *all, size_t count);

/* The directory of a PCI device, links resolved. 0 or -errno. */
int vg_pci_path(struct vgpu_context *ctx, const char *address, char buf[VG_PATH_SIZE]);
/* The directory of the physical function of a virtual one. -ENOENT: it is none. */
int vg_vf_parent(struct vgpu_context *ctx, const char *address, char buf[VG_PATH_SIZE]);

/*
 * The physical function that text names: by its own address, or by that of one of its virtual functions, which is
 * then copied to function. 0, or -ENODEV: it is no PCI device.
 */
int vg_pf_named(struct vgpu_context *ctx, const char *text, char path[VG_PATH_SIZE], char function[VG_PCI_SIZE]);
/* Adds a parent; function: "" or NULL: any. 0 or -ENOMEM. */
int vg_pf_add(struct vgpu_parents *out, const char *backend, const char *path, const char *function);

/* A vGPU on a virtual function, its type aside. driver: NULL: its link has to tell. brief: without group and node. */
int vg_vf_device(struct vgpu_context *ctx, const char *backend, const struct vg_vfs *vfs, const struct vg_vf *vf,
				 const char *driver, bool brief, struct vgpu_device **out);
/* The same by the function's address alone. -ENODEV: it is no virtual function. */
int vg_vf_read_device(struct vgpu_context *ctx, const char *backend, const char *address, struct vgpu_device **out);
/* What tells a vGPU of this type from another on the same function: inode, and in its upper 16 bits the type. */
uint64_t vg_vf_identity(uint64_t inode, unsigned type);
/* Is somebody at work on a record of this function? records may be NULL: nobody. */
bool vg_vf_is_claimed(struct vg_records *records, const char *backend, const char *name);
/* No vGPU can be created: fails with -ENOSPC. */
int vg_vf_fail_capacity(struct vgpu_context *ctx, const struct vg_request *request, const char *hint,
						const char *message);
#define vg_vf_fail_capacity(...) vg_negative(vg_vf_fail_capacity(__VA_ARGS__))

#endif
