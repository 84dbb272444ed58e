/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as text. No context, no I/O. */
#ifndef VG_UTIL_PATH_H
#define VG_UTIL_PATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where a link in directory dir (absolute) points, "." and ".." taken away by text alone: right for sysfs, whose
 * directories are reached by no other link. 0 or -ENAMETOOLONG.
 */
int vg_path_resolve(const char *dir, const char *target, char *buf, size_t size);
/* The directory part, in place: "/a/b" becomes "/a". */
void vg_path_parent(char *path);
/* May the kernel have given this name to a directory entry: not empty, no slash, not "." or ".."? */
bool vg_name_is_plain(const char *name);

/* New string "dir/name" (free it), or NULL without memory. */
char *vg_path_join(const char *dir, const char *name);

#endif
