/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records: what commands have to say, as typed values under keys. Commands fill them, renderers print them. All of
 * a document's memory is freed at once, so no path has to free a part. Text is borrowed: it must outlive the
 * document, or be copied into it. Without memory the program ends with a message.
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct record;
struct list;

enum kind { KIND_NULL, KIND_BOOL, KIND_NUMBER, KIND_TEXT, KIND_LIST, KIND_RECORD };

struct value {
	enum kind kind;
	union {
		bool is_true;
		uint64_t number;
		const char *text;
		struct list *list;
		struct record *record;
	};
};

struct field {
	const char *key;
	struct value value;
};

struct record {
	struct arena *arena;
	const char *title; /* what a table says for a record within a cell */
	struct field *fields;
	size_t count;
	size_t room;
};

struct list {
	struct arena *arena;
	struct value *items;
	size_t count;
	size_t room;
};

struct arena *arena_new(void);
void arena_free(struct arena *arena);
/* Zeroed memory, aligned for anything. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct record *record_new(struct arena *arena);
struct list *list_new(struct arena *arena);

/* Each adds a key at the end; a key is added once. */
void record_set_null(struct record *record, const char *key);
void record_set_bool(struct record *record, const char *key, bool is_true);
void record_set_number(struct record *record, const char *key, uint64_t number);
/* A number that is unknown (null) when negative. */
void record_set_known(struct record *record, const char *key, int64_t number);
/* An id, as sysfs writes it ("0x10de"); null when negative. */
void record_set_hex(struct record *record, const char *key, int digits, int number);
/* NULL is null. */
void record_set_text(struct record *record, const char *key, const char *text);
struct list *record_set_list(struct record *record, const char *key);
/* A list that was made before. */
void record_put_list(struct record *record, const char *key, struct list *list);
struct record *record_set_record(struct record *record, const char *key);

/* The value of a key, or NULL. */
const struct value *record_get(const struct record *record, const char *key);

void list_add_text(struct list *list, const char *text);
void list_add_number(struct list *list, uint64_t number);
struct record *list_add_record(struct list *list);

/* The names of the bits of flags that names[] knows, and "0x..." for those that it does not. */
struct flag_name {
	uint32_t bit;
	const char *name;
};
void record_set_flags(struct record *record, const char *key, uint32_t flags, const struct flag_name *names,
					  size_t count);

#endif
