/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of types. Ids mean something on one card model under one driver only, so each pair of these has a file of its
 * own: <var>/lib/vgpu/nvidia-VENDOR:DEVICE:SUBVENDOR:SUBDEVICE-DRIVER, with rows "ID : NAME".
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "backend/nvidia_vfio.h"
#include "sys/rundir.h"

static bool read_key(struct vgpu_context *ctx, const char *pf_path, char *buf, size_t size)
{
	static const char *const files[] = {"vendor", "device", "subsystem_vendor", "subsystem_device"};
	char path[VG_PATH_SIZE], version[64];
	uint64_t ids[VG_COUNT(files)];
	size_t i;

	for (i = 0; i < VG_COUNT(files); i++)
		if (vg_strf(path, sizeof(path), "%s/%s", pf_path, files[i]) < 0 ||
			vg_read_u64(AT_FDCWD, path, 0, 0xffff, &ids[i]))
			return false;
	vg_strf(path, sizeof(path), "%s/module/" NVIDIA_DRIVER "/version", ctx->sys);
	if (vg_read_text(AT_FDCWD, path, version, sizeof(version)) <= 0 ||
		version[strspn(version, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-")])
		return false;
	return vg_strf(buf, size, "nvidia-%04x:%04x:%04x:%04x-%s", (unsigned)ids[0], (unsigned)ids[1], (unsigned)ids[2],
				   (unsigned)ids[3], version) > 0;
}

void vg_nvidia_names_read(struct vgpu_context *ctx, const char *pf_path, struct vg_nvidia_names *out)
{
	char path[VG_PATH_SIZE + VG_NAME_SIZE];

	out->text[0] = out->file[0] = '\0';
	vg_strf(out->dir, sizeof(out->dir), "%s/lib/vgpu", ctx->var);
	if (!read_key(ctx, pf_path, out->file, sizeof(out->file))) {
		out->file[0] = '\0';
		return;
	}
	vg_strf(path, sizeof(path), "%s/%s", out->dir, out->file);
	if (vg_read_text(AT_FDCWD, path, out->text, sizeof(out->text)) < 0)
		out->text[0] = '\0';
	vg_make_printable(out->text);
}

/* Appends a row unless one of its id is there. *grown: it was not. */
static void add_row(struct vg_nvidia_names *names, const struct vg_nvidia_row *row, bool *grown)
{
	char copy[sizeof(names->text)];
	size_t len = strlen(names->text);

	memcpy(copy, names->text, len + 1);
	if (vg_nvidia_lists(copy, row->id))
		return;
	if (vg_strf(names->text + len, sizeof(names->text) - len, "%s%u : %s\n",
				len && names->text[len - 1] != '\n' ? "\n" : "", row->id, row->name) < 0)
		names->text[len] = '\0';
	else
		*grown = true;
}

/* A whole file takes the place of the old one, or nothing does. */
static int replace(struct vgpu_context *ctx, const struct vg_nvidia_names *names)
{
	static const char fresh[] = ".new";
	char path[VG_PATH_SIZE];
	int dir, fd, r = vg_rundir_make(names->dir);

	if (r == -ENOENT) { /* a system without /var/lib */
		vg_strf(path, sizeof(path), "%s/lib", ctx->var);
		r = vg_rundir_make(path);
		r = r ? r : vg_rundir_make(names->dir);
	}
	dir = r ? r : vg_open_dir(AT_FDCWD, names->dir);
	if (dir < 0)
		return dir;
	vg_unlink(dir, fresh); /* of a writer that was killed; the records' lock keeps others out */
	fd = vg_make_file(dir, fresh, 0644, names->text);
	r = fd < 0 ? fd : vg_rename(dir, fresh, names->file);
	vg_close(fd);
	vg_close(dir);
	return r;
}

void vg_nvidia_names_add(struct vgpu_context *ctx, struct vg_nvidia_names *names, char *text)
{
	struct vg_nvidia_row row;
	bool grown = false;
	int r;

	if (!names->file[0])
		return;
	while (vg_nvidia_row_next(&text, &row))
		add_row(names, &row, &grown);
	r = grown ? replace(ctx, names) : 0;
	if (r)
		vg_log(ctx, VGPU_LOG_WARNING, "%s/%s: names of types can't be remembered: %s", names->dir, names->file,
			   strerrordesc_np(-r));
}
