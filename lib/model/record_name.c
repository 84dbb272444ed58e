/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file name of a record: all that a listing needs to know. */
#include <errno.h>
#include <string.h>

#include "model/record.h"

static const char *const state_names[] = {
	[VG_RECORD_CREATING] = "creating",
	[VG_RECORD_READY] = "ready",
	[VG_RECORD_REMOVING] = "removing",
	[VG_RECORD_FOREIGN] = "foreign",
};

static bool is_plain(char c)
{
	return (c >= '0' && c <= ':') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
		   c == '-';
}

static int escape(const char *s, char *buf, size_t size)
{
	size_t len = 0;

	for (; *s; s++) {
		int n = is_plain(*s) ? vg_strf(buf + len, size - len, "%c", *s)
							 : vg_strf(buf + len, size - len, "%%%02X", (unsigned char)*s);

		if (n < 0)
			return n;
		len += (size_t)n;
	}
	return 0;
}

static int unescape(const char *s, char *buf, size_t size)
{
	size_t len = 0;

	for (; *s; s++) {
		uint64_t c = (unsigned char)*s;

		if (len + 1 >= size)
			return -EINVAL;
		if (*s == '%') {
			char hex[3] = {s[1], s[1] ? s[2] : '\0', '\0'};

			if (!hex[0] || !hex[1] || vg_parse_u64(hex, 16, 0xff, &c) || c == 0)
				return -EINVAL;
			s += 2;
		} else if (!is_plain(*s)) {
			return -EINVAL;
		}
		buf[len++] = (char)c;
	}
	buf[len] = '\0';
	return len ? 0 : -EINVAL;
}

int vg_record_name_parse(const char *file, struct vg_record *out)
{
	enum { PAIR, STATE, BOOT, INODE, BACKEND, PARENT, NAME, FIELDS };
	struct vg_record record = {0};
	char text[VG_NAME_SIZE];
	char *field[FIELDS], *rest = text;
	size_t i;

	if (vg_strcopy(text, sizeof(text), file) < 0)
		return -EINVAL;
	for (i = 0; i < FIELDS; i++) {
		field[i] = strsep(&rest, ",");
		if (!field[i])
			return -EINVAL;
	}
	if (rest || vg_pair_parse(field[PAIR], &record.pair))
		return -EINVAL;
	for (i = 0; i < VG_COUNT(state_names) && strcmp(state_names[i], field[STATE]) != 0; i++)
		;
	if (i == VG_COUNT(state_names) || strlen(field[BOOT]) != VG_BOOT_SIZE - 1 ||
		vg_parse_u64(field[INODE], 16, UINT64_MAX, &record.inode) ||
		unescape(field[BACKEND], record.backend, sizeof(record.backend)) ||
		unescape(field[PARENT], record.parent, sizeof(record.parent)) ||
		unescape(field[NAME], record.name, sizeof(record.name)))
		return -EINVAL;
	record.state = (enum vg_record_state)i;
	vg_strcopy(record.boot, sizeof(record.boot), field[BOOT]);
	vg_strcopy(record.file, sizeof(record.file), file);
	*out = record;
	return 0;
}

int vg_record_name_format(struct vg_record *record)
{
	char pair[VG_PAIR_SIZE], parent[VG_NAME_SIZE], name[VG_NAME_SIZE];
	int r = escape(record->parent, parent, sizeof(parent));

	if (r == 0)
		r = escape(record->name, name, sizeof(name));
	if (r)
		return r;
	vg_pair_format(&record->pair, pair);
	r = vg_strf(record->file, sizeof(record->file), "%s,%s,%s,%llx,%s,%s,%s", pair, state_names[record->state],
				record->boot, (unsigned long long)record->inode, record->backend, parent, name);
	return r < 0 ? r : 0;
}
