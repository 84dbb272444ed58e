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
		return arena_printf(arena, "%llu", (unsigned long long)value->number);
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

static void print_spaces(size_t count)
{
	static const char spaces[] = "                                ";

	for (; count > sizeof(spaces) - 1; count -= sizeof(spaces) - 1)
		fputs(spaces, stdout);
	fwrite(spaces, 1, count, stdout);
}

static void print_cell(const char *text, const struct column *column, size_t width, bool is_last)
{
	size_t length = strlen(text), left = column->flags & COLUMN_RIGHT ? width - length : 0;

	print_spaces(left);
	fwrite(text, 1, length, stdout);
	if (!is_last)
		print_spaces(width - length - left);
	putchar(is_last ? '\n' : ' ');
}

static void print_plain(const char **cells, size_t lines, const struct column **columns, size_t count,
						const size_t *widths, bool has_headings)
{
	size_t i;

	for (i = 0; has_headings && i < count; i++)
		print_cell(columns[i]->heading, columns[i], widths[i], i + 1 == count);
	for (i = 0; i < lines * count; i++)
		print_cell(cells[i], columns[i % count], widths[i % count], i % count + 1 == count);
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
		print_plain(cells, list->count, columns, (size_t)count, widths, has_headings);
	else
		r = print_scols(cells, list->count, columns, (size_t)count, has_headings);
	if (!r && ferror(stdout))
		r = -(errno ? errno : EIO);
	return -r;
}
