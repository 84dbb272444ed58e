/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as a JSON document. */
#include <errno.h>
#include <json-c/json.h>

#include "render.h"

static int to_json(const struct value *value, struct json_object **out);

static int list_to_json(const struct list *list, struct json_object **out)
{
	struct json_object *array = json_object_new_array_ext((int)list->count), *item;
	size_t i;
	int r = array ? 0 : -ENOMEM;

	for (i = 0; !r && i < list->count; i++) {
		r = to_json(&list->items[i], &item);
		if (!r && json_object_array_add(array, item) < 0) {
			json_object_put(item);
			r = -ENOMEM;
		}
	}
	if (r)
		json_object_put(array);
	else
		*out = array;
	return r;
}

static int record_to_json(const struct record *record, struct json_object **out)
{
	struct json_object *object = json_object_new_object(), *item;
	size_t i;
	int r = object ? 0 : -ENOMEM;

	for (i = 0; !r && i < record->count; i++) {
		r = to_json(&record->fields[i].value, &item);
		if (!r && json_object_object_add_ex(object, record->fields[i].key, item,
											JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY) < 0) {
			json_object_put(item);
			r = -ENOMEM;
		}
	}
	if (r)
		json_object_put(object);
	else
		*out = object;
	return r;
}

static int to_json(const struct value *value, struct json_object **out)
{
	*out = NULL;
	switch (value->kind) {
	case KIND_NULL:
		return 0;
	case KIND_LIST:
		return list_to_json(value->list, out);
	case KIND_RECORD:
		return record_to_json(value->record, out);
	case KIND_BOOL:
		*out = json_object_new_boolean(value->is_true);
		break;
	case KIND_NUMBER:
		*out = json_object_new_uint64(value->number);
		break;
	case KIND_TEXT:
		*out = json_object_new_string(value->text);
		break;
	}
	return *out ? 0 : -ENOMEM;
}

int render_json(const struct record *document)
{
	struct json_object *object;
	const char *text;
	int r = record_to_json(document, &object);

	if (r)
		return -r;
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
													  JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		r = ENOMEM;
	else if (fputs(text, stdout) < 0 || fputc('\n', stdout) < 0)
		r = errno;
	json_object_put(object);
	return r;
}
