/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device nodes from outside: are they there, whose are they, is a group free. */
#ifndef VG_SYS_DEVNODE_H
#define VG_SYS_DEVNODE_H

#include <stdbool.h>
#include <sys/types.h>

/* The number in a sysfs file "dev" ("511:3"). */
int vg_devnum_read(const char *path, dev_t *out);
/* Is this path a character device of this number? */
bool vg_node_is(const char *path, dev_t number);
/* "USER[:GROUP]", names or numbers; -1: leave as it is. 0, or -ENOENT: there is nobody of this name. */
int vg_owner_parse(const char *text, uid_t *uid, gid_t *gid);
int vg_node_chown(const char *path, uid_t uid, gid_t gid);
/* May the process open it for reading and writing? */
bool vg_node_may_open(const char *path);
/* Opens a group's node to hold it: a descriptor, -EBUSY (somebody has it, or a device of it), or another -errno. */
int vg_group_hold(const char *path);

#endif
