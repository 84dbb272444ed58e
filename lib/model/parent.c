/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parents: PCI facts, listing, getters. */
#include "model/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/list.h"
#include "model/backend_ops.h"
#include "model/host.h"
#include "sys/hwdb.h"
#include "util/pair.h"

static void parent_free(struct vgpu_parent *parent)
{
	free(parent->name);
	free(parent->path);
	free(parent->control);
	free(parent->function);
	free(parent->driver);
	free(parent->pci_address);
	free(parent->vendor_name);
	free(parent->device_name);
	free(parent->class_name);
	free(parent);
}

VG_DEFINE_REF(parent, parent_free)

struct vgpu_parent *vg_parent_new(const char *backend, const char *name, const char *path)
{
	struct vgpu_parent *parent = calloc(1, sizeof(*parent));

	if (!parent)
		return NULL;
	vg_ref_init(&parent->ref);
	parent->backend = backend;
	parent->vendor = parent->device = parent->class_code = parent->numa_node = parent->iommu_group = -1;
	parent->types = parent->devices = parent->vf_count = parent->vf_total = -1;
	parent->name = strdup(name);
	if (!parent->name || vg_dup(path, &parent->path))
		return vgpu_parent_unref(parent);
	return parent;
}

bool vg_parent_is(const char *name, const char *text)
{
	char a[VG_PCI_SIZE], b[VG_PCI_SIZE];

	if (strcmp(name, text) == 0)
		return true;
	return vg_pci_parse(name, a) == 0 && vg_pci_parse(text, b) == 0 && strcmp(a, b) == 0;
}

static void unref_parent(void *parent)
{
	vgpu_parent_unref(parent);
}

void vg_parents_clear(struct vgpu_parents *parents)
{
	vg_vec_clear(&parents->vec, unref_parent);
	vg_errors_clear(&parents->errors);
}

static int cmp_parents(const void *a, const void *b)
{
	const struct vgpu_parent *x = a, *y = b;

	return vg_natural_cmp(x->name, y->name);
}

int vg_parents_scan(struct vgpu_context *ctx, const char *operation, const char *text, struct vgpu_parents *out)
{
	const struct vg_backend_ops *const *backend;
	int r;

	for (backend = vg_backends(); *backend; backend++) {
		r = (*backend)->scan_parents(ctx, text, out);
		if (r)
			return r;
	}
	if (text && !out->vec.count && vg_is_pf_of_parents(ctx, text))
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = operation,
											.path = text,
											.value = text,
											.err = ENODEV,
											.cause = VGPU_CAUSE_NO_PARENT,
											.hint = "take one of them: list the parents of this host"},
					   "this physical function is no parent, its virtual functions are");
	if (text && !out->vec.count)
		return vg_fail(ctx,
					   &(struct vg_failure){.operation = operation,
											.path = text,
											.value = text,
											.err = ENODEV,
											.cause = VGPU_CAUSE_NO_PARENT,
											.hint = "list the parents of this host; a parent's name is its kernel name "
													"or PCI address"},
					   "there is no such parent");
	vg_vec_sort(&out->vec, cmp_parents);
	return 0;
}

static int read_number(int dir, const char *name, unsigned base, int max, int *out)
{
	uint64_t value;
	int r = vg_read_u64(dir, name, base, (uint64_t)max, &value);

	if (r == 0)
		*out = (int)value;
	return r;
}

static int read_link_copy(int dir, const char *name, char **out)
{
	char text[VG_NAME_SIZE];

	if (vg_read_link_name(dir, name, text, sizeof(text)) == 0)
		return vg_dup(text, out);
	return 0;
}

/* Only an attribute that is there and wrong is an error: a virtual parent has none of them. */
static int note_bad(struct vgpu_context *ctx, struct vgpu_parents *list, const char *path, const char *name, int r)
{
	char file[VG_PATH_SIZE];

	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return 0;
	vg_strf(file, sizeof(file), "%s/%s", path, name);
	vg_fail(ctx,
			&(struct vg_failure){.operation = "list parents",
								 .path = file,
								 .err = -r,
								 .cause = r == -EINVAL ? VGPU_CAUSE_BAD_DATA : VGPU_CAUSE_NONE},
			r == -EINVAL ? "holds no number" : NULL);
	return vg_errors_add(&list->errors, vgpu_context_get_error(ctx));
}

static int read_facts(struct vgpu_context *ctx, struct vgpu_parent *parent, struct vgpu_parents *list)
{
	struct {
		const char *name;
		unsigned base;
		int max;
		int *out;
	} const numbers[] = {{"vendor", 0, 0xffff, &parent->vendor},
						 {"device", 0, 0xffff, &parent->device},
						 {"class", 0, 0xffffff, &parent->class_code},
						 {"sriov_numvfs", 10, 0xffff, &parent->vf_count},
						 {"sriov_totalvfs", 10, 0xffff, &parent->vf_total}};
	char text[VG_NAME_SIZE];
	int dir = vg_open_dir(AT_FDCWD, parent->path);
	size_t i;
	int r = 0;

	if (dir < 0)
		return note_bad(ctx, list, parent->path, ".", dir);
	if (vg_read_link_name(dir, "subsystem", text, sizeof(text)) == 0 && strcmp(text, "pci") == 0) {
		char address[VG_PCI_SIZE];

		if (vg_pci_parse(vg_basename(parent->path), address) == 0)
			r = vg_dup(address, &parent->pci_address);
		for (i = 0; r == 0 && i < VG_COUNT(numbers); i++)
			r = note_bad(ctx, list, parent->path, numbers[i].name,
						 read_number(dir, numbers[i].name, numbers[i].base, numbers[i].max, numbers[i].out));
	}
	if (r == 0)
		r = read_link_copy(dir, "driver", &parent->driver);
	/* -1 means none there: read_number leaves it at -1 then */
	read_number(dir, "numa_node", 10, INT_MAX, &parent->numa_node);
	if (vg_read_link_name(dir, "iommu_group", text, sizeof(text)) == 0) {
		uint64_t group;

		if (vg_parse_u64(text, 10, INT_MAX, &group) == 0)
			parent->iommu_group = (int)group;
	}
	vg_close(dir);
	return r;
}

static int name_parents(struct vgpu_parents *list)
{
	struct vg_hwdb *hwdb = vg_hwdb_open();
	size_t i;
	int r = 0;

	if (!hwdb) /* no database: the names stay unknown */
		return 0;
	for (i = 0; r == 0 && i < list->vec.count; i++) {
		struct vgpu_parent *parent = list->vec.items[i];
		struct vg_hwdb_names names = {0};

		if (parent->vendor_name || parent->device_name) /* its provider has named it */
			continue;
		r = vg_hwdb_look_up(hwdb, parent->vendor, parent->device, parent->class_code, &names);
		parent->vendor_name = names.vendor;
		parent->device_name = names.device;
		parent->class_name = names.class_name;
	}
	vg_hwdb_close(hwdb);
	return r;
}

static int fill(struct vgpu_context *ctx, struct vgpu_parents *list, uint32_t flags)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < list->vec.count; i++) {
		struct vgpu_parent *parent = list->vec.items[i];

		if (parent->path)
			r = read_facts(ctx, parent, list);
		if (r == 0 && vg_backend_find(parent->backend)->count(ctx, parent))
			r = vg_errors_add(&list->errors, vgpu_context_get_error(ctx));
	}
	if (r == 0 && (flags & VGPU_PARENT_NAMES))
		r = name_parents(list);
	return r;
}

int vgpu_parent_list(struct vgpu_context *ctx, const struct vgpu_parent_list_opts *opts, struct vgpu_parents **out)
{
	static const char operation[] = "list parents";
	struct vgpu_parent_list_opts known;
	struct vgpu_parents *list;
	int r;

	if (!ctx || !out)
		return -EINVAL;
	r = vg_opts_take(ctx, operation, &known, sizeof(known), opts);
	if (r)
		return r;
	if (known.flags & ~VGPU_PARENT_NAMES)
		return vg_fail_invalid(ctx, operation, "flags", "unknown flag");
	list = calloc(1, sizeof(*list));
	if (!list)
		return vg_fail_memory(ctx, operation);
	r = vg_parents_scan(ctx, operation, known.parent, list);
	if (r == 0 && fill(ctx, list, known.flags))
		r = vg_fail_memory(ctx, operation);
	if (r) {
		vgpu_parents_unref(list);
		return r;
	}
	*out = list;
	return 0;
}

VG_DEFINE_LIST(parents, parent, unref_parent)
VG_DEFINE_LIST_ERRORS(parents)

const char *vgpu_parent_get_name(const struct vgpu_parent *parent)
{
	return parent->name;
}

const char *vgpu_parent_get_backend(const struct vgpu_parent *parent)
{
	return parent->backend;
}

const char *vgpu_parent_get_sysfs_path(const struct vgpu_parent *parent)
{
	return parent->path;
}

const char *vgpu_parent_get_driver(const struct vgpu_parent *parent)
{
	return parent->driver;
}

const char *vgpu_parent_get_pci_address(const struct vgpu_parent *parent)
{
	return parent->pci_address;
}

int vgpu_parent_get_vendor(const struct vgpu_parent *parent)
{
	return parent->vendor;
}

int vgpu_parent_get_device(const struct vgpu_parent *parent)
{
	return parent->device;
}

int vgpu_parent_get_class(const struct vgpu_parent *parent)
{
	return parent->class_code;
}

const char *vgpu_parent_get_vendor_name(const struct vgpu_parent *parent)
{
	return parent->vendor_name;
}

const char *vgpu_parent_get_device_name(const struct vgpu_parent *parent)
{
	return parent->device_name;
}

const char *vgpu_parent_get_class_name(const struct vgpu_parent *parent)
{
	return parent->class_name;
}

int vgpu_parent_get_numa_node(const struct vgpu_parent *parent)
{
	return parent->numa_node;
}

int vgpu_parent_get_iommu_group(const struct vgpu_parent *parent)
{
	return parent->iommu_group;
}

int vgpu_parent_get_vf_count(const struct vgpu_parent *parent)
{
	return parent->vf_count;
}

int vgpu_parent_get_vf_total(const struct vgpu_parent *parent)
{
	return parent->vf_total;
}

int vgpu_parent_get_type_count(const struct vgpu_parent *parent)
{
	return parent->types;
}

int vgpu_parent_get_device_count(const struct vgpu_parent *parent)
{
	return parent->devices;
}
