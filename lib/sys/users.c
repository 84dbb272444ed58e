/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds VFIO devices: a scan of /proc for descriptors and mappings. */
#include "sys/users.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/context.h"
#include "sys/files.h"

/* The inode of the first PID namespace, from which every process can be seen (PROC_PID_INIT_INO in the kernel). */
#define INIT_PID_NS "pid:[4026531836]"
#define DEVICE_LINK "anon_inode:[vfio-device]"

static int add(struct vg_holders *holders, pid_t pid, enum vgpu_user_via via, const char *node)
{
	struct vg_holder *items, *holder;
	size_t i;

	for (i = holders->count; i > 0 && holders->items[i - 1].pid == pid; i--) {
		holder = &holders->items[i - 1];
		if (holder->via == via && (node == holder->node || (node && holder->node && !strcmp(node, holder->node))))
			return 0;
	}
	items = reallocarray(holders->items, holders->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	holders->items = items;
	holder = &items[holders->count];
	*holder = (struct vg_holder){.pid = pid, .via = via};
	if (vg_dup(node, &holder->node))
		return -ENOMEM;
	holders->count++;
	return 0;
}

/* The node of a vGPU that is being removed goes before its users do: the kernel then adds " (deleted)". */
static void cut_deleted(char *link)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(link);

	if (n > sizeof(deleted) - 1 && strcmp(link + n - (sizeof(deleted) - 1), deleted) == 0)
		link[n - (sizeof(deleted) - 1)] = '\0';
}

/* "/dev/vfio/7", "/dev/vfio/noiommu-7", "/dev/vfio/devices/vfio3"; the container /dev/vfio/vfio belongs to nobody. */
static bool node_via(const char *node, enum vgpu_user_via *via)
{
	const char *name = strncmp(node, "/dev/vfio/", 10) == 0 ? node + 10 : NULL;

	if (!name || strcmp(name, "vfio") == 0)
		return false;
	*via = strncmp(name, "devices/", 8) == 0 ? VGPU_USER_CDEV : VGPU_USER_GROUP;
	return true;
}

/* Since Linux 6.17 fdinfo names the device: "vfio-device-syspath: /sys/devices/...". */
static int add_device_fd(struct vg_holders *holders, int dir, pid_t pid, const char *fd)
{
	static const char key[] = "vfio-device-syspath:";
	char path[VG_NAME_SIZE + 16], text[VG_ATTR_SIZE];
	char *node = NULL;

	vg_strf(path, sizeof(path), "fdinfo/%s", fd);
	if (vg_read_text(dir, path, text, sizeof(text)) > 0)
		node = strstr(text, key);
	if (node) {
		node += sizeof(key) - 1;
		node += strspn(node, " \t");
		node[strcspn(node, "\n")] = '\0';
	}
	return add(holders, pid, VGPU_USER_DEVICE, node);
}

static int scan_fds(struct vg_holders *holders, int dir, pid_t pid)
{
	struct vg_entries fds;
	int fd_dir = vg_open_dir(dir, "fd");
	size_t i;
	int r;

	if (fd_dir < 0)
		return fd_dir;
	r = vg_entries_read_fd(fd_dir, &fds);
	if (r) {
		vg_close(fd_dir);
		return r;
	}
	for (i = 0; r == 0 && i < fds.count; i++) {
		enum vgpu_user_via via;
		char link[VG_PATH_SIZE];

		if (vg_read_link(fd_dir, fds.items[i].name, link, sizeof(link)))
			continue; /* closed meanwhile */
		cut_deleted(link);
		if (node_via(link, &via))
			r = add(holders, pid, via, link);
		else if (strcmp(link, DEVICE_LINK) == 0)
			r = add_device_fd(holders, dir, pid, fds.items[i].name);
	}
	vg_entries_free(&fds);
	vg_close(fd_dir);
	return r;
}

/* One line of /proc/PID/maps. */
static int scan_map_line(struct vg_holders *holders, pid_t pid, const char *line)
{
	enum vgpu_user_via via;
	const char *node = strchr(line, '/');

	if (strstr(line, DEVICE_LINK))
		return add(holders, pid, VGPU_USER_MAPPING, NULL);
	if (node && node_via(node, &via))
		return add(holders, pid, VGPU_USER_MAPPING, node);
	return 0;
}

static int scan_maps(struct vg_holders *holders, int dir, pid_t pid)
{
	char *line = NULL;
	size_t room = 0;
	int fd = vg_open(dir, "maps", O_RDONLY, 0);
	FILE *file;
	int r = 0;

	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		vg_close(fd);
		return -ENOMEM;
	}
	while (r == 0 && getline(&line, &room, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		cut_deleted(line);
		r = scan_map_line(holders, pid, line);
	}
	free(line);
	fclose(file);
	return r;
}

static int scan_process(struct vg_holders *holders, int proc, const char *name)
{
	size_t before = holders->count, i;
	char command[32] = "";
	uint64_t pid;
	int dir, r;

	if (!isdigit((unsigned char)name[0]) || vg_parse_u64(name, 10, INT32_MAX, &pid))
		return 0;
	dir = vg_open_dir(proc, name);
	if (dir < 0)
		return 0; /* ended meanwhile */
	r = scan_fds(holders, dir, (pid_t)pid);
	if (r == 0)
		r = scan_maps(holders, dir, (pid_t)pid);
	if (r == -EACCES || r == -EPERM) {
		holders->complete = false;
		r = 0;
	}
	if (holders->count > before && vg_read_text(dir, "comm", command, sizeof(command)) > 0)
		vg_make_printable(command);
	for (i = before; i < holders->count; i++)
		memcpy(holders->items[i].command, command, sizeof(command));
	vg_close(dir);
	return r == -ENOMEM ? r : 0; /* anything else: it ended meanwhile */
}

int vg_holders_scan(struct vgpu_context *ctx, struct vg_holders *out)
{
	struct vg_holders holders = {.complete = geteuid() == 0};
	struct vg_entries entries;
	char ns[64];
	size_t i;
	int proc = vg_open_dir(AT_FDCWD, ctx->proc);
	int r;

	if (proc < 0)
		return proc;
	if (vg_read_link(proc, "self/ns/pid", ns, sizeof(ns)) || strcmp(ns, INIT_PID_NS) != 0)
		holders.complete = false;
	r = vg_entries_read_fd(proc, &entries);
	if (r == 0) {
		for (i = 0; r == 0 && i < entries.count; i++)
			r = scan_process(&holders, proc, entries.items[i].name);
		vg_entries_free(&entries);
	}
	vg_close(proc);
	if (r) {
		vg_holders_free(&holders);
		return r;
	}
	*out = holders;
	return 0;
}

void vg_holders_free(struct vg_holders *holders)
{
	size_t i;

	for (i = 0; i < holders->count; i++)
		free(holders->items[i].node);
	free(holders->items);
	*holders = (struct vg_holders){0};
}

/* Links in /proc say "/dev/vfio/7" whatever directory the context calls dev: compare from "/vfio/" on. */
static bool same_node(const char *a, const char *b)
{
	const char *x = a ? strstr(a, "/vfio/") : NULL;
	const char *y = b ? strstr(b, "/vfio/") : NULL;

	return x && y && strcmp(x, y) == 0;
}

bool vg_holder_matches(const struct vg_holder *holder, const char *sysfs_path, const char *group_node,
					   const char *cdev_node, bool *certain)
{
	*certain = holder->node != NULL;
	if (!holder->node)
		return true;
	if (strncmp(holder->node, "/sys/", 5) == 0) {
		const char *path = sysfs_path ? strstr(sysfs_path, "/devices/") : NULL;

		return path && strcmp(path, holder->node + 4) == 0;
	}
	return same_node(holder->node, group_node) || same_node(holder->node, cdev_node);
}

void vg_holders_describe(const struct vg_holders *holders, const char *sysfs_path, const char *group_node,
						 const char *cdev_node, char *buf, size_t size)
{
	pid_t last = -1;
	size_t len = 0, i;
	bool certain;

	buf[0] = '\0';
	for (i = 0; i < holders->count; i++) {
		const struct vg_holder *holder = &holders->items[i];
		int n;

		if (holder->pid == last || !vg_holder_matches(holder, sysfs_path, group_node, cdev_node, &certain))
			continue;
		last = holder->pid;
		n = vg_strf(buf + len, size - len, "%s%s%s (pid %d)", len ? ", " : "", certain ? "" : "perhaps ",
					holder->command[0] ? holder->command : "?", (int)holder->pid);
		if (n < 0) {
			buf[len] = '\0';
			return;
		}
		len += (size_t)n;
	}
}
