/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device nodes from outside: are they there, whose are they, is a group free. */
#include "sys/devnode.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/files.h"
#include "util/str.h"

int vg_devnum_read(const char *path, dev_t *out)
{
	char text[32];
	uint64_t major_number, minor_number;
	char *colon;
	ssize_t n = vg_read_text(AT_FDCWD, path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	colon = strchr(text, ':');
	if (!colon)
		return -EINVAL;
	*colon = '\0';
	if (vg_parse_u64(text, 10, UINT32_MAX, &major_number) || vg_parse_u64(colon + 1, 10, UINT32_MAX, &minor_number))
		return -EINVAL;
	*out = makedev((unsigned)major_number, (unsigned)minor_number);
	return 0;
}

bool vg_node_is(const char *path, dev_t number)
{
	struct stat st;

	return fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == number;
}

/* A user's or group's number by name, by one of the reentrant look-ups, which say ERANGE for a small buffer. */
static int look_up(const char *name, bool is_group, unsigned *out)
{
	size_t size = 1024;
	char *buf = NULL;
	int r;

	do {
		struct passwd user, *user_found = NULL;
		struct group group, *group_found = NULL;
		char *bigger;

		size *= 2;
		bigger = realloc(buf, size);
		if (!bigger) {
			free(buf);
			return -ENOMEM;
		}
		buf = bigger;
		if (is_group)
			r = getgrnam_r(name, &group, buf, size, &group_found);
		else
			r = getpwnam_r(name, &user, buf, size, &user_found);
		if (group_found)
			*out = group_found->gr_gid;
		else if (user_found)
			*out = user_found->pw_uid;
		else if (r == 0)
			r = ENOENT;
	} while (r == ERANGE && size < 1024 * 1024);
	free(buf);
	return r ? -ENOENT : 0;
}

static int parse_id(const char *text, bool is_group, unsigned *out)
{
	uint64_t number;

	/* the largest number means 'leave it' to chown(2) */
	if (vg_parse_u64(text, 10, UINT32_MAX - 1, &number) == 0) {
		*out = (unsigned)number;
		return 0;
	}
	return look_up(text, is_group, out);
}

int vg_owner_parse(const char *text, uid_t *uid, gid_t *gid)
{
	char user[VG_NAME_SIZE];
	unsigned id;
	char *group;
	int r = 0;

	if (vg_strcopy(user, sizeof(user), text) < 0)
		return -ENOENT;
	group = strchr(user, ':');
	if (group)
		*group++ = '\0';
	if ((!*user && !group) || (group && !*group))
		return -ENOENT;
	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (*user) {
		r = parse_id(user, false, &id);
		if (r == 0)
			*uid = id;
	}
	if (r == 0 && group) {
		r = parse_id(group, true, &id);
		if (r == 0)
			*gid = id;
	}
	return r;
}

int vg_node_chown(const char *path, uid_t uid, gid_t gid)
{
	return lchown(path, uid, gid) ? -errno : 0;
}

bool vg_node_may_open(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
}

int vg_group_hold(const char *path)
{
	return vg_open(AT_FDCWD, path, O_RDWR | O_NONBLOCK | O_NOFOLLOW, 0);
}
