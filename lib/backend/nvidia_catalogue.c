/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a function says that it can become. Seen: with a header "ID    : vGPU Name", without one, and empty; rows are
 * "1145  : NVIDIA L40S-1B". Rows with the name first are read too.
 */
#include <string.h>

#include "backend/nvidia_vfio.h"

/* Cuts white space at both ends. */
static char *trim(char *s)
{
	s += strspn(s, " \t");
	vg_chomp(s);
	return s;
}

static bool parse_id(const char *text, unsigned *out)
{
	uint64_t id;

	if (vg_parse_u64(text, 10, UINT32_MAX, &id) || id == 0)
		return false;
	*out = (unsigned)id;
	return true;
}

/* Cuts s into what is in front of a separator and behind it. */
static bool parse_halves(char *s, char *separator, struct vg_nvidia_row *out)
{
	char *left, *right;

	if (!separator)
		return false;
	*separator = '\0';
	left = trim(s);
	right = trim(separator + 1);
	if (parse_id(left, &out->id))
		out->name = right;
	else if (parse_id(right, &out->id))
		out->name = left;
	else
		return false;
	return out->name[0] != '\0';
}

static bool parse_row(char *line, struct vg_nvidia_row *out)
{
	char *colon = strchr(line, ':'), *first, *last;

	if (colon)
		return parse_halves(line, colon, out);
	line = trim(line);
	first = strpbrk(line, " \t");
	last = strrchr(line, ' ');
	if (!first)
		return false;
	/* "1145 NVIDIA L40S-1B", or "NVIDIA L40S-1B 1145" */
	return parse_halves(line, line[0] >= '0' && line[0] <= '9' ? first : last ? last : first, out);
}

bool vg_nvidia_row_next(char **rest, struct vg_nvidia_row *out)
{
	char *line;

	while ((line = strsep(rest, "\n")))
		if (parse_row(line, out))
			return true;
	return false;
}

bool vg_nvidia_lists(char *text, unsigned id)
{
	struct vg_nvidia_row row;

	while (vg_nvidia_row_next(&text, &row))
		if (row.id == id)
			return true;
	return false;
}
