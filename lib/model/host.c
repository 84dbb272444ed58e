/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the host works for vGPUs: probes. */
#include "model/host.h"

#include <fcntl.h>

#include "sys/files.h"
#include "util/pair.h"

bool vg_host_has_module(struct vgpu_context *ctx, const char *name)
{
	char path[VG_PATH_SIZE];

	vg_strf(path, sizeof(path), "%s/module/%s", ctx->sys, name);
	return vg_exists(AT_FDCWD, path);
}

bool vg_is_pf_of_parents(struct vgpu_context *ctx, const char *text)
{
	char path[VG_PATH_SIZE], address[VG_PCI_SIZE];

	if (vg_pci_parse(text, address))
		return false;
	vg_strf(path, sizeof(path), "%s/bus/pci/devices/%s/virtfn0/mdev_supported_types", ctx->sys, address);
	return vg_exists(AT_FDCWD, path);
}

bool vg_host_has_iommu(struct vgpu_context *ctx)
{
	struct vg_entries entries;
	char path[VG_PATH_SIZE];
	bool any;

	vg_strf(path, sizeof(path), "%s/class/iommu", ctx->sys);
	if (vg_entries_read(AT_FDCWD, path, &entries))
		return false;
	any = entries.count > 0;
	vg_entries_free(&entries);
	return any;
}
