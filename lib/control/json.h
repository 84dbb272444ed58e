/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading JSON that a peer made, which may have any shape, and making our own. No I/O. */
#ifndef VG_CONTROL_JSON_H
#define VG_CONTROL_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/pair.h"

/* Parses one object, size bytes: a new reference. 0, -EPROTO (it is none, or nested too deep), or -ENOMEM. */
int vg_json_parse(const void *data, size_t size, struct json_object **out);
/* The text of an object, terminated (owned by it), without memory NULL. */
const char *vg_json_print(struct json_object *object, size_t *size);

/* Members, where from may be NULL. What is not there, or of another kind, reads as the fallback, NULL or false. */

/* Text of at most max bytes that are printable UTF-8. */
const char *vg_json_text(struct json_object *from, const char *name, size_t max);
int64_t vg_json_number(struct json_object *from, const char *name, int64_t min, int64_t max, int64_t fallback);
bool vg_json_bool(struct json_object *from, const char *name);
struct json_object *vg_json_object(struct json_object *from, const char *name);
struct json_object *vg_json_array(struct json_object *from, const char *name);

/* Adding members: 0 or -ENOMEM. Text that is NULL, and numbers below 0, add nothing. */
int vg_json_add_text(struct json_object *to, const char *name, const char *text);
int vg_json_add_number(struct json_object *to, const char *name, int64_t number);
int vg_json_add_bool(struct json_object *to, const char *name, bool is_true);
/* Takes value over, in any case; NULL is one that there was no memory for. */
int vg_json_add(struct json_object *to, const char *name, struct json_object *value);
/* Which instances an array of numbers names, and such an array. */
void vg_json_instances(struct json_object *array, struct vg_instances *out);
int vg_json_add_instances(struct json_object *to, const char *name, const struct vg_instances *instances);
/* The same as vg_json_add() at the end of an array. */
int vg_json_append(struct json_object *array, struct json_object *value);

#endif
