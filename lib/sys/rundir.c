/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories below the run directory that only their owner writes to. */
#include "sys/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

int vg_rundir_make(const char *path)
{
	struct stat st;

	/* made under a umask that is not ours: set the mode where it was made, not where it was found */
	if (mkdir(path, 0755) == 0)
		return chmod(path, 0755) ? -errno : 0;
	if (errno != EEXIST)
		return -errno;
	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return (st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 022) ? -EPERM : 0;
}

int vg_socketdir_make(const char *path, bool is_public)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	if (!is_public || (st.st_mode & 0755) == 0755)
		return 0;
	return chmod(path, 0755) ? -errno : 0;
}
