/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical functions and their virtual functions (SR-IOV). Kernel: Documentation/ABI/testing/sysfs-bus-pci. */
#include "backend/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "model/cdevs.h"
#include "model/record.h"
#include "util/path.h"

int vg_pci_path(struct vgpu_context *ctx, const char *address, char buf[VG_PATH_SIZE])
{
	char base[VG_PATH_SIZE], target[VG_PATH_SIZE], path[VG_PATH_SIZE];
	int r;

	if (!vg_name_is_plain(address))
		return -ENOENT;
	vg_strf(base, sizeof(base), "%s/" PCI_DEVICES, ctx->sys);
	if (vg_strf(path, sizeof(path), "%s/%s", base, address) < 0)
		return -ENAMETOOLONG;
	r = vg_read_link(AT_FDCWD, path, target, sizeof(target));
	return r ? r : vg_path_resolve(base, target, buf, VG_PATH_SIZE);
}

int vg_vf_parent(struct vgpu_context *ctx, const char *address, char buf[VG_PATH_SIZE])
{
	char path[VG_PATH_SIZE], link[VG_PATH_SIZE], target[VG_PATH_SIZE];
	int r = vg_pci_path(ctx, address, path);

	if (r)
		return r;
	if (vg_strf(link, sizeof(link), "%s/physfn", path) < 0)
		return -ENAMETOOLONG;
	r = vg_read_link(AT_FDCWD, link, target, sizeof(target));
	return r ? r : vg_path_resolve(path, target, buf, VG_PATH_SIZE);
}

int vg_pf_named(struct vgpu_context *ctx, const char *text, char path[VG_PATH_SIZE], char function[VG_PCI_SIZE])
{
	char address[VG_PCI_SIZE];

	function[0] = '\0';
	if (vg_pci_parse(text, address))
		return -ENODEV;
	if (vg_vf_parent(ctx, address, path) == 0) {
		vg_strcopy(function, VG_PCI_SIZE, address);
		return 0;
	}
	return vg_pci_path(ctx, address, path) ? -ENODEV : 0;
}

int vg_pf_add(struct vgpu_parents *out, const char *backend, const char *path, const char *function)
{
	struct vgpu_parent *parent = vg_parent_new(backend, vg_basename(path), path);

	if (!parent)
		return -ENOMEM;
	if ((!function || !function[0] || vg_dup(function, &parent->function) == 0) && vg_vec_add(&out->vec, parent) == 0)
		return 0;
	vgpu_parent_unref(parent);
	return -ENOMEM;
}

static int cmp_vfs(const void *a, const void *b)
{
	return strcmp(((const struct vg_vf *)a)->name, ((const struct vg_vf *)b)->name);
}

struct vg_vf *vg_vfs_find(const struct vg_vfs *vfs, const char *name)
{
	struct vg_vf key;

	if (!vfs->count || vg_strcopy(key.name, sizeof(key.name), name) < 0)
		return NULL;
	return bsearch(&key, vfs->items, vfs->count, sizeof(key), cmp_vfs);
}

/* The number in "virtfn7"; false: the entry is no link to a virtual function. */
static bool parse_link(const struct vg_dirent *entry, unsigned *number)
{
	uint64_t value;

	if (strncmp(entry->name, "virtfn", 6) != 0 || vg_parse_u64(entry->name + 6, 10, UINT16_MAX, &value))
		return false;
	*number = (unsigned)value;
	return true;
}

/*
 * The PCI functions beside the physical one, if they are as many as it has virtual ones: then they are these, and no
 * link needs to be read. Functions have their numbers by the order of their addresses.
 */
static bool take_siblings(struct vg_vfs *vfs, const struct vg_entries *siblings, size_t links)
{
	char address[VG_PCI_SIZE];
	size_t i, count = 0;

	for (i = 0; i < siblings->count; i++) {
		if (vg_pci_parse(siblings->items[i].name, address) || strcmp(address, vfs->pf) == 0)
			continue;
		if (count < links) {
			vg_strcopy(vfs->items[count].name, sizeof(vfs->items[count].name), address);
			vfs->items[count].inode = siblings->items[i].inode;
		}
		count++;
	}
	if (count != links)
		return false;
	qsort(vfs->items, count, sizeof(*vfs->items), cmp_vfs);
	for (i = 0; i < count; i++)
		vfs->items[i].number = (unsigned)i;
	vfs->count = count;
	return true;
}

/* By the links; inodes then from the directory that the functions lie in, which costs no call for each. */
static void take_links(struct vg_vfs *vfs, int pf, const struct vg_entries *entries, const struct vg_entries *siblings)
{
	char target[VG_NAME_SIZE];
	struct vg_vf *vf;
	struct stat st;
	size_t i;

	for (i = 0; i < entries->count; i++) {
		vf = &vfs->items[vfs->count];
		vf->inode = 0;
		if (parse_link(&entries->items[i], &vf->number) &&
			vg_read_link_name(pf, entries->items[i].name, target, sizeof(target)) == 0 &&
			vg_pci_parse(target, vf->name) == 0)
			vfs->count++;
	}
	if (vfs->count)
		qsort(vfs->items, vfs->count, sizeof(*vfs->items), cmp_vfs);
	for (i = 0; i < siblings->count; i++) {
		vf = vg_vfs_find(vfs, siblings->items[i].name);
		if (vf)
			vf->inode = siblings->items[i].inode;
	}
	for (i = 0; i < vfs->count; i++)
		if (!vfs->items[i].inode && vg_stat(vfs->fd, vfs->items[i].name, &st) == 0)
			vfs->items[i].inode = st.st_ino;
}

static int read_functions(struct vg_vfs *vfs, int pf, const struct vg_entries *entries)
{
	struct vg_entries siblings;
	unsigned number;
	size_t i, links = 0;
	int r;

	for (i = 0; i < entries->count; i++)
		links += parse_link(&entries->items[i], &number);
	vfs->items = calloc(links + 1, sizeof(*vfs->items));
	vfs->fd = vfs->items ? vg_open_dir(AT_FDCWD, vfs->dir) : -ENOMEM;
	if (vfs->fd < 0 || !links)
		return vfs->fd < 0 ? vfs->fd : 0;
	r = vg_entries_read_fd(vfs->fd, &siblings);
	if (r)
		return r;
	if (!take_siblings(vfs, &siblings, links))
		take_links(vfs, pf, entries, &siblings);
	vg_entries_free(&siblings);
	return 0;
}

int vg_vfs_read(const char *pf_path, struct vg_vfs *out)
{
	struct vg_vfs vfs = {.fd = -1};
	struct vg_entries entries;
	int pf = vg_open_dir(AT_FDCWD, pf_path);
	int r;

	if (pf < 0)
		return pf;
	vg_strcopy(vfs.dir, sizeof(vfs.dir), pf_path);
	vg_path_parent(vfs.dir);
	vg_strcopy(vfs.pf, sizeof(vfs.pf), vg_basename(pf_path));
	r = vg_entries_read_fd(pf, &entries);
	if (r == 0) {
		r = read_functions(&vfs, pf, &entries);
		vg_entries_free(&entries);
	}
	vg_close(pf);
	if (r)
		vg_vfs_free(&vfs);
	else
		*out = vfs;
	return r;
}

void vg_vfs_free(struct vg_vfs *vfs)
{
	vg_close(vfs->fd);
	free(vfs->items);
	*vfs = (struct vg_vfs){.fd = -1};
}

struct all_vfs {
	struct vg_vfs *items;
	size_t count;
};

static int found_cdev(void *data, const char *device, const char *cdev)
{
	const struct all_vfs *all = data;
	size_t i;

	for (i = 0; i < all->count; i++) {
		struct vg_vf *vf = vg_vfs_find(&all->items[i], device);

		if (vf)
			vg_strcopy(vf->cdev, sizeof(vf->cdev), cdev);
	}
	return 0;
}

int vg_vfs_read_cdevs(struct vgpu_context *ctx, struct vg_vfs *all, size_t count)
{
	struct all_vfs data = {all, count};

	return vg_cdevs_read(ctx, found_cdev, &data);
}

/* Device with its path, parent and inode. */
static struct vgpu_device *new_device(const char *backend, const char *dir, const char *pf, const char *address,
									  uint64_t inode)
{
	struct vgpu_device *device = vg_device_new(backend, address);

	if (!device)
		return NULL;
	device->inode = inode;
	device->path = vg_path_join(dir, address);
	device->parent_name = strdup(pf);
	device->physfn = strdup(pf);
	device->device_api = strdup("vfio-pci");
	if (device->path && device->parent_name && device->physfn && device->device_api)
		return device;
	return vgpu_device_unref(device);
}

static int read_links(struct vgpu_context *ctx, int fd, bool brief, struct vgpu_device *device)
{
	char path[VG_NAME_SIZE * 2], text[VG_NAME_SIZE];
	int r = 0;

	vg_strf(path, sizeof(path), "%s/driver", device->name);
	if (!device->driver && vg_read_link_name(fd, path, text, sizeof(text)) == 0) {
		vg_make_printable(text);
		r = vg_dup(text, &device->driver);
	}
	vg_strf(path, sizeof(path), "%s/iommu_group", device->name);
	if (r == 0 && !brief && vg_read_link_name(fd, path, text, sizeof(text)) == 0)
		r = vg_device_set_group(ctx, device, text);
	return r;
}

int vg_vf_device(struct vgpu_context *ctx, const char *backend, const struct vg_vfs *vfs, const struct vg_vf *vf,
				 const char *driver, bool brief, struct vgpu_device **out)
{
	struct vgpu_device *device = new_device(backend, vfs->dir, vfs->pf, vf->name, vf->inode);
	int r = device ? vg_dup(driver, &device->driver) : -ENOMEM;

	if (r == 0)
		r = read_links(ctx, vfs->fd, brief, device);
	if (r == 0 && !brief && vf->cdev[0])
		r = vg_device_set_cdev(ctx, device, vf->cdev);
	if (r)
		vgpu_device_unref(device);
	else
		*out = device;
	return r;
}

int vg_vf_read_device(struct vgpu_context *ctx, const char *backend, const char *address, struct vgpu_device **out)
{
	char path[VG_PATH_SIZE], pf[VG_PATH_SIZE], parsed[VG_PCI_SIZE];
	struct vgpu_device *device;
	struct stat st;
	int fd, r;

	if (vg_pci_parse(address, parsed) || vg_vf_parent(ctx, parsed, pf) || vg_pci_path(ctx, parsed, path) ||
		vg_stat(AT_FDCWD, path, &st))
		return -ENODEV;
	vg_path_parent(path);
	device = new_device(backend, path, vg_basename(pf), parsed, st.st_ino);
	if (!device)
		return -ENOMEM;
	fd = vg_open_dir(AT_FDCWD, path);
	r = fd < 0 ? fd : read_links(ctx, fd, false, device);
	vg_close(fd);
	if (r == 0)
		r = vg_device_read_cdev(ctx, device);
	if (r)
		vgpu_device_unref(device);
	else
		*out = device;
	return r;
}

uint64_t vg_vf_identity(uint64_t inode, unsigned type)
{
	return inode ^ (uint64_t)type << 48;
}

bool vg_vf_is_claimed(struct vg_records *records, const char *backend, const char *name)
{
	const struct vg_record *record = records ? vg_records_find(records, backend, name) : NULL;

	return record && vg_record_is_live(records, record);
}

int(vg_vf_fail_capacity)(struct vgpu_context *ctx, const struct vg_request *request, const char *hint,
						 const char *message)
{
	return vg_fail(ctx,
				   &(struct vg_failure){.operation = "create",
										.path = request->parent->name,
										.value = request->type,
										.err = ENOSPC,
										.cause = VGPU_CAUSE_NO_CAPACITY,
										.hint = hint},
				   "%s", message);
}
