/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Renderers: records as a table for people, or as a JSON document. */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "record.h"

#define MAX_COLUMNS 32

enum column_flags {
	COLUMN_DEFAULT = 1 << 0, /* shown unless -o chooses */
	COLUMN_RIGHT = 1 << 1,
	COLUMN_CUT = 1 << 2, /* may be cut on a narrow terminal */
	COLUMN_WRAP = 1 << 3 /* may take several lines on a narrow terminal */
};

struct column {
	const char *key; /* of the record's field */
	const char *heading;
	unsigned flags;
};

struct table {
	const struct column *columns;
	size_t column_count;
};

/*
 * The columns that text ("COL,COL"; NULL: the default ones) names, into out[MAX_COLUMNS]. Returns their number, or
 * -1 with *bad and *bad_length as the word that is no column.
 */
int table_choose(const struct table *table, const char *text, const struct column **out, const char **bad,
				 size_t *bad_length);
/* Whether a column is among the chosen ones. */
bool table_shows(const struct table *table, const char *chosen, const char *key);

/* Prints the list's records. chosen was checked before. 0 or an errno. */
int render_table(const struct table *table, const struct list *list, const char *chosen, bool has_headings);
/* Prints the document. Returns 0 or an errno. */
int render_json(const struct record *document);

#endif
