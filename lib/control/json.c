/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading JSON that a peer made, and making our own. */
#include "control/json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "control/protocol.h"
#include "util/str.h"

int vg_json_parse(const void *data, size_t size, struct json_object **out)
{
	struct json_tokener *tokener;
	struct json_object *object;
	enum json_tokener_error error;

	if (!size || size > INT_MAX || memchr(data, 0, size))
		return -EPROTO;
	tokener = json_tokener_new_ex(VG_CONTROL_DEPTH);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, data, (int)size);
	error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_success && json_object_is_type(object, json_type_object)) {
		*out = object;
		return 0;
	}
	json_object_put(object);
	return -EPROTO;
}

const char *vg_json_print(struct json_object *object, size_t *size)
{
	return json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, size);
}

static struct json_object *member(struct json_object *from, const char *name, enum json_type type)
{
	struct json_object *value;

	if (!from || !json_object_object_get_ex(from, name, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *vg_json_text(struct json_object *from, const char *name, size_t max)
{
	struct json_object *value = member(from, name, json_type_string);
	const char *text = value ? json_object_get_string(value) : NULL;
	size_t length = value ? (size_t)json_object_get_string_len(value) : 0;

	return text && length <= max && strlen(text) == length && vg_is_printable(text) ? text : NULL;
}

int64_t vg_json_number(struct json_object *from, const char *name, int64_t min, int64_t max, int64_t fallback)
{
	struct json_object *value = member(from, name, json_type_int);
	int64_t number;

	if (!value)
		return fallback;
	number = json_object_get_int64(value);
	return number >= min && number <= max ? number : fallback;
}

bool vg_json_bool(struct json_object *from, const char *name)
{
	return json_object_get_boolean(member(from, name, json_type_boolean));
}

struct json_object *vg_json_object(struct json_object *from, const char *name)
{
	return member(from, name, json_type_object);
}

struct json_object *vg_json_array(struct json_object *from, const char *name)
{
	return member(from, name, json_type_array);
}

int vg_json_add(struct json_object *to, const char *name, struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(to, name, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int vg_json_append(struct json_object *array, struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_array_add(array, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int vg_json_add_text(struct json_object *to, const char *name, const char *text)
{
	return text ? vg_json_add(to, name, json_object_new_string(text)) : 0;
}

int vg_json_add_number(struct json_object *to, const char *name, int64_t number)
{
	return number >= 0 ? vg_json_add(to, name, json_object_new_int64(number)) : 0;
}

int vg_json_add_bool(struct json_object *to, const char *name, bool is_true)
{
	return vg_json_add(to, name, json_object_new_boolean(is_true));
}

void vg_json_instances(struct json_object *array, struct vg_instances *out)
{
	size_t i, n = array ? json_object_array_length(array) : 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		int64_t number = json_object_is_type(item, json_type_int) ? json_object_get_int64(item) : -1;

		if (number >= 0 && number <= (int64_t)VG_INSTANCE_MAX)
			vg_instances_add(out, (uint32_t)number);
	}
}

int vg_json_add_instances(struct json_object *to, const char *name, const struct vg_instances *instances)
{
	struct json_object *array = json_object_new_array();
	uint64_t bits;
	size_t i;
	int r = array ? 0 : -ENOMEM;

	for (i = 0; i < VG_COUNT(instances->bits); i++)
		for (bits = instances->bits[i]; r == 0 && bits; bits &= bits - 1)
			r = vg_json_append(array, json_object_new_int64((int64_t)i * 64 + __builtin_ctzll(bits)));
	if (r == 0)
		return vg_json_add(to, name, array);
	json_object_put(array);
	return r;
}
