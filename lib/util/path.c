/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as text. */
#include "util/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"

int vg_path_resolve(const char *dir, const char *target, char *buf, size_t size)
{
	size_t len;
	int n = vg_strcopy(buf, size, target[0] == '/' ? "" : dir);

	if (n < 0)
		return n;
	len = (size_t)n;
	while (*target) {
		size_t part = strcspn(target, "/");

		if (part == 2 && target[0] == '.' && target[1] == '.') {
			vg_path_parent(buf);
			len = strlen(buf);
		} else if (part > 0 && !(part == 1 && target[0] == '.')) {
			n = vg_strf(buf + len, size - len, "/%.*s", (int)part, target);
			if (n < 0)
				return n;
			len += (size_t)n;
		}
		target += part;
		target += strspn(target, "/");
	}
	return 0;
}

void vg_path_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

bool vg_name_is_plain(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

char *vg_path_join(const char *dir, const char *name)
{
	size_t dir_length = strlen(dir), name_size = strlen(name) + 1;
	char *path = malloc(dir_length + 1 + name_size), *at;

	if (!path)
		return NULL;
	at = mempcpy(path, dir, dir_length);
	*at++ = '/';
	memcpy(at, name, name_size);
	return path;
}
