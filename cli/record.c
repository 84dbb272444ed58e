/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records, and the memory that they live in. */
#include "record.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exitcode.h"

/* So large that it comes zeroed from the kernel, and takes memory only as it is used. */
#define CHUNK_SIZE (256u * 1024)

struct chunk {
	struct chunk *next;
	alignas(max_align_t) char data[];
};

struct arena {
	struct chunk *chunks;
	size_t left; /* in the first chunk, at its end */
	char *at;
};

static _Noreturn void out_of_memory(void)
{
	fputs("vgpuctl: out of memory\n", stderr);
	exit(EXIT_CODE_FAILED);
}

struct arena *arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		out_of_memory();
	return arena;
}

void arena_free(struct arena *arena)
{
	struct chunk *chunk, *next;

	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static void add_chunk(struct arena *arena, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		out_of_memory();
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->at = chunk->data;
	arena->left = size;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	char *at;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (size > arena->left)
		add_chunk(arena, size > CHUNK_SIZE ? size : CHUNK_SIZE);
	at = arena->at;
	arena->at += size;
	arena->left -= size;
	return at;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	/* mostly it fits into what is left of the chunk */
	va_start(args, fmt);
	n = vsnprintf(arena->at, arena->left, fmt, args);
	va_end(args);
	if (n < 0)
		out_of_memory();
	if ((size_t)n < arena->left)
		return arena_alloc(arena, (size_t)n + 1);
	text = arena_alloc(arena, (size_t)n + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}

/* An array of twice the room; the old one stays in the arena until all of it is freed. */
static void *grow(struct arena *arena, const void *items, size_t *room, size_t item_size, size_t first)
{
	size_t n = *room ? *room * 2 : first;
	void *bigger = arena_alloc(arena, n * item_size);

	if (*room)
		memcpy(bigger, items, *room * item_size);
	*room = n;
	return bigger;
}

struct record *record_new(struct arena *arena)
{
	struct record *record = arena_alloc(arena, sizeof(*record));

	record->arena = arena;
	return record;
}

struct list *list_new(struct arena *arena)
{
	struct list *list = arena_alloc(arena, sizeof(*list));

	list->arena = arena;
	return list;
}

static struct value *record_set(struct record *record, const char *key, enum kind kind)
{
	struct field *field;

	if (record->count == record->room)
		record->fields = grow(record->arena, record->fields, &record->room, sizeof(*field), 20);
	field = &record->fields[record->count++];
	field->key = key;
	field->value.kind = kind;
	return &field->value;
}

void record_set_null(struct record *record, const char *key)
{
	record_set(record, key, KIND_NULL);
}

void record_set_bool(struct record *record, const char *key, bool is_true)
{
	record_set(record, key, KIND_BOOL)->is_true = is_true;
}

void record_set_number(struct record *record, const char *key, uint64_t number)
{
	record_set(record, key, KIND_NUMBER)->number = number;
}

void record_set_known(struct record *record, const char *key, int64_t number)
{
	if (number < 0)
		record_set_null(record, key);
	else
		record_set_number(record, key, (uint64_t)number);
}

void record_set_hex(struct record *record, const char *key, int digits, int number)
{
	if (number < 0)
		record_set_null(record, key);
	else
		record_set_text(record, key, arena_printf(record->arena, "0x%0*x", digits, (unsigned)number));
}

void record_set_text(struct record *record, const char *key, const char *text)
{
	if (text)
		record_set(record, key, KIND_TEXT)->text = text;
	else
		record_set_null(record, key);
}

void record_put_list(struct record *record, const char *key, struct list *list)
{
	record_set(record, key, KIND_LIST)->list = list;
}

struct list *record_set_list(struct record *record, const char *key)
{
	struct list *list = list_new(record->arena);

	record_put_list(record, key, list);
	return list;
}

struct record *record_set_record(struct record *record, const char *key)
{
	struct record *inner = record_new(record->arena);

	record_set(record, key, KIND_RECORD)->record = inner;
	return inner;
}

const struct value *record_get(const struct record *record, const char *key)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		if (!strcmp(record->fields[i].key, key))
			return &record->fields[i].value;
	return NULL;
}

static struct value *list_add(struct list *list, enum kind kind)
{
	struct value *item;

	if (list->count == list->room)
		list->items = grow(list->arena, list->items, &list->room, sizeof(*item), 8);
	item = &list->items[list->count++];
	item->kind = kind;
	return item;
}

void list_add_text(struct list *list, const char *text)
{
	list_add(list, KIND_TEXT)->text = text;
}

void list_add_number(struct list *list, uint64_t number)
{
	list_add(list, KIND_NUMBER)->number = number;
}

struct record *list_add_record(struct list *list)
{
	struct record *record = record_new(list->arena);

	list_add(list, KIND_RECORD)->record = record;
	return record;
}

void record_set_flags(struct record *record, const char *key, uint32_t flags, const struct flag_name *names,
					  size_t count)
{
	struct list *list = record_set_list(record, key);
	size_t i;

	for (i = 0; i < count; i++) {
		if (flags & names[i].bit)
			list_add_text(list, names[i].name);
		flags &= ~names[i].bit;
	}
	if (flags)
		list_add_text(list, arena_printf(record->arena, "0x%x", flags));
}
