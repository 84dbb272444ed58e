/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as a table. */
#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "render.h"

static const struct column *find_column(const struct table *table, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if ((!strncasecmp(column->key, name, length) && !column->key[length]) ||
			(!strncasecmp(column->heading, name, length) && !column->heading[length]))
			return column;
	}
	return NULL;
}

static int default_columns(const struct table *table, const struct column **out)
{
	size_t i;
	int n = 0;

	for (i = 0; i < table->column_count && n < MAX_COLUMNS; i++)
		if (table->columns[i].flags & COLUMN_DEFAULT)
			out[n++] = &table->columns[i];
	return n;
}

int table_choose(const struct table *table, const char *text, const struct column **out, const char **bad,
				 size_t *bad_length)
{
	int n = 0;

	if (!text)
		return default_columns(table, out);
	for (;;) {
		size_t length = strcspn(text, ",");
		const struct column *column = find_column(table, text, length);

		if (!column || n == MAX_COLUMNS) {
			*bad = text;
			*bad_length = length;
			return -1;
		}
		out[n++] = column;
		if (!text[length])
			return n;
		text += length + 1;
	}
}

bool table_shows(const struct table *table, const char *chosen, const char *key)
{
	const struct column *columns[MAX_COLUMNS];
	const char *bad;
	size_t length;
	int i, n = table_choose(table, chosen, columns, &bad, &length);

	for (i = 0; i < n; i++)
		if (!strcmp(columns[i]->key, key))
			return true;
	return false;
}

/* A text of several lines becomes one. */
static const char *one_line(struct arena *arena, const char *text)
{
	char *line, *to;
	size_t n = 0;
	const char *p;

	for (p = text; *p; p++)
		n += *p == '\n';
	if (!n)
		return text;
	line = to = arena_alloc(arena, strlen(text) + n + 1);
	for (p = text; *p; p++) {
		if (*p == '\n') {
			*to++ = ',';
			*to++ = ' ';
		} else {
			*to++ = *p;
		}
	}
	return line;
}

static const char *number_text(struct arena *arena, uint64_t number)
{
	enum { SIZE = 21 }; /* the digits of 2^64 - 1, and the end */
	char *text = (char *)arena_alloc(arena, SIZE) + SIZE - 1;

	do {
		*--text = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return text;
}

static const char *cell_text(struct arena *arena, const struct value *value);

static const char *list_text(struct arena *arena, const struct list *list)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < list->count; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? "," : "", cell_text(arena, &list->items[i]));
	return *text ? text : "none";
}

static const char *cell_text(struct arena *arena, const struct value *value)
{
	switch (value->kind) {
	case KIND_BOOL:
		return value->is_true ? "yes" : "no";
	case KIND_NUMBER:
		return number_text(arena, value->number);
	case KIND_TEXT:
		return one_line(arena, value->text);
	case KIND_LIST:
		return list_text(arena, value->list);
	case KIND_RECORD:
		return value->record->title ?: "-";
	case KIND_NULL:
		break;
	}
	return "-";
}

/* Records of one list have their keys at the same places mostly: *place is where the last one had it. */
static const struct value *find_cell(const struct record *record, const char *key, size_t *place)
{
	size_t i;

	if (*place < record->count && record->fields[*place].key == key)
		return &record->fields[*place].value;
	for (i = 0; i < record->count; i++)
		if (!strcmp(record->fields[i].key, key)) {
			*place = i;
			return &record->fields[i].value;
		}
	return NULL;
}

/* The cells of all lines, one line behind the other. */
static const char **make_cells(const struct list *list, const struct column **columns, size_t count)
{
	const char **cells = arena_alloc(list->arena, list->count * count * sizeof(*cells));
	size_t places[MAX_COLUMNS] = {0}, line, i;

	for (line = 0; line < list->count; line++)
		for (i = 0; i < count; i++) {
			const struct value *value = find_cell(list->items[line].record, columns[i]->key, &places[i]);

			cells[line * count + i] = value ? cell_text(list->arena, value) : "-";
		}
	return cells;
}

/* Widths of the columns; false where a byte is not a character as wide as any other. */
static bool measure(const char **cells, size_t lines, const struct column **columns, size_t count, size_t *widths)
{
	size_t i, n;

	for (i = 0; i < count; i++)
		widths[i] = strlen(columns[i]->heading);
	for (i = 0; i < lines * count; i++) {
		for (n = 0; cells[i][n]; n++)
			if (cells[i][n] < ' ' || cells[i][n] > '~')
				return false;
		if (n > widths[i % count])
			widths[i % count] = n;
	}
	return true;
}

/* Puts a cell where the line goes on; returns where it ends. */
static char *put_cell(char *at, const char *text, const struct column *column, size_t width, bool is_last)
{
	size_t length = strlen(text), left = column->flags & COLUMN_RIGHT ? width - length : 0;
	size_t right = is_last ? 0 : width - length - left;

	memset(at, ' ', left);
	at += left;
	at = mempcpy(at, text, length);
	memset(at, ' ', right);
	at += right;
	*at++ = is_last ? '\n' : ' ';
	return at;
}

static void print_line(char *line, const char **cells, const struct column **columns, size_t count,
					   const size_t *widths)
{
	char *at = line;
	size_t i;

	for (i = 0; i < count; i++)
		at = put_cell(at, cells[i], columns[i], widths[i], i + 1 == count);
	fwrite(line, 1, (size_t)(at - line), stdout);
}

static void print_plain(struct arena *arena, const char **cells, size_t lines, const struct column **columns,
						size_t count, const size_t *widths, bool has_headings)
{
	const char *headings[MAX_COLUMNS];
	size_t i, width = 0;
	char *line;

	for (i = 0; i < count; i++) {
		headings[i] = columns[i]->heading;
		width += widths[i] + 1;
	}
	line = arena_alloc(arena, width);
	if (has_headings)
		print_line(line, headings, columns, count, widths);
	for (i = 0; i < lines; i++)
		print_line(line, cells + i * count, columns, count, widths);
}

static int fill_scols(struct libscols_table *out, const char **cells, size_t lines, const struct column **columns,
					  size_t count)
{
	struct libscols_line *line = NULL;
	size_t i;
	int r = 0;

	for (i = 0; i < count; i++) {
		unsigned flags = columns[i]->flags;
		int scols_flags = (flags & COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0) | (flags & COLUMN_CUT ? SCOLS_FL_TRUNC : 0) |
						  (flags & COLUMN_WRAP ? SCOLS_FL_WRAP : 0);

		if (!scols_table_new_column(out, columns[i]->heading, 0, scols_flags))
			return -ENOMEM;
	}
	for (i = 0; r == 0 && i < lines * count; i++) {
		if (i % count == 0)
			line = scols_table_new_line(out, NULL);
		r = line ? scols_line_set_data(line, i % count, cells[i]) : -ENOMEM;
	}
	return r;
}

static int print_scols(const char **cells, size_t lines, const struct column **columns, size_t count, bool has_headings)
{
	struct libscols_table *out;
	int r;

	/* the width of a character depends on it */
	setlocale(LC_CTYPE, "");
	out = scols_new_table();
	if (!out)
		return -ENOMEM;
	scols_table_enable_noheadings(out, !has_headings);
	r = fill_scols(out, cells, lines, columns, count);
	if (r == 0)
		r = scols_print_table(out);
	scols_unref_table(out);
	return r;
}

/*
 * Where there is no terminal to fit a table to, and only ASCII in it, we pad it ourselves, to the same effect:
 * libsmartcols takes a third of the time of listing 1024 vGPUs, for it finds out the width of each character thrice.
 */
int render_table(const struct table *table, const struct list *list, const char *chosen, bool has_headings)
{
	const struct column *columns[MAX_COLUMNS];
	size_t widths[MAX_COLUMNS], length;
	const char *bad, **cells;
	int count = table_choose(table, chosen, columns, &bad, &length), r = 0;

	if (!list->count || count < 1)
		return 0;
	cells = make_cells(list, columns, (size_t)count);
	errno = 0;
	if (!isatty(STDOUT_FILENO) && measure(cells, list->count, columns, (size_t)count, widths))
		print_plain(list->arena, cells, list->count, columns, (size_t)count, widths, has_headings);
	else
		r = print_scols(cells, list->count, columns, (size_t)count, has_headings);
	if (!r && ferror(stdout))
		r = -(errno ? errno : EIO);
	return -r;
}
