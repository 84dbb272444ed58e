/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What vfio-user peers say of themselves when a connection begins. */
#include "user/caps.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "user/wire.h"
#include "util/str.h"

#define BITMAP_DEFAULT ((uint64_t)256 << 20) /* what QEMU proposes */

void vg_user_caps_init(struct vg_user_caps *caps)
{
	*caps = (struct vg_user_caps){.max_msg_fds = VG_USER_DEFAULT_FDS,
								  .max_data_xfer_size = VG_USER_DEFAULT_DATA,
								  .max_dma_maps = VG_USER_DEFAULT_MAPS,
								  .pgsizes = VG_USER_DEFAULT_PGSIZES,
								  .migration_pgsize = VG_USER_DEFAULT_PGSIZES,
								  .max_bitmap_size = BITMAP_DEFAULT,
								  .twin_index = -1};
}

/* A member that is a number from 0 to max: 1; 0: there is none; or -EPROTO. */
static int read_number(struct json_object *from, const char *name, uint64_t max, uint64_t *out)
{
	struct json_object *value;
	uint64_t number;

	if (!json_object_object_get_ex(from, name, &value))
		return 0;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return -EPROTO;
	number = json_object_get_uint64(value);
	if (number > max)
		number = max;
	*out = number;
	return 1;
}

static int read_u32(struct json_object *from, const char *name, uint32_t *out)
{
	uint64_t number;
	int r = read_number(from, name, UINT32_MAX, &number);

	if (r > 0)
		*out = (uint32_t)number;
	return r;
}

static int read_bool(struct json_object *from, const char *name, bool *out)
{
	struct json_object *value;

	if (!json_object_object_get_ex(from, name, &value))
		return 0;
	if (!json_object_is_type(value, json_type_boolean))
		return -EPROTO;
	*out = json_object_get_boolean(value);
	return 1;
}

/* A member that is an object: 1, 0 or -EPROTO. */
static int read_object(struct json_object *from, const char *name, struct json_object **out)
{
	if (!json_object_object_get_ex(from, name, out))
		return 0;
	return json_object_is_type(*out, json_type_object) ? 1 : -EPROTO;
}

static int read_twin(struct json_object *from, struct vg_user_caps *caps)
{
	struct json_object *twin;
	uint64_t index;
	int r = read_object(from, "twin_socket", &twin);

	if (r <= 0)
		return r;
	r = read_bool(twin, "supported", &caps->twin_socket);
	if (r >= 0)
		r = read_number(twin, "fd_index", VG_USER_FDS_MAX, &index);
	if (r > 0)
		caps->twin_index = (int)index;
	return r < 0 ? r : 1;
}

static int read_migration(struct json_object *from, struct vg_user_caps *caps)
{
	struct json_object *migration;
	int r = read_object(from, "migration", &migration);

	if (r <= 0)
		return r;
	r = read_number(migration, "pgsize", UINT64_MAX, &caps->migration_pgsize);
	if (r >= 0)
		r = read_number(migration, "max_bitmap_size", UINT64_MAX, &caps->max_bitmap_size);
	return r < 0 ? r : 1;
}

/* Notes in caps->named what was there. */
static int note(struct vg_user_caps *caps, int r, enum vg_user_cap cap)
{
	if (r > 0)
		caps->named |= cap;
	return r < 0 ? r : 0;
}

static int read_caps(struct json_object *from, struct vg_user_caps *caps)
{
	int r = note(caps, read_u32(from, "max_msg_fds", &caps->max_msg_fds), VG_USER_CAP_MSG_FDS);

	if (r == 0)
		r = note(caps, read_u32(from, "max_data_xfer_size", &caps->max_data_xfer_size), VG_USER_CAP_DATA_SIZE);
	if (r == 0)
		r = note(caps, read_u32(from, "max_dma_maps", &caps->max_dma_maps), VG_USER_CAP_DMA_MAPS);
	if (r == 0)
		r = note(caps, read_number(from, "pgsizes", UINT64_MAX, &caps->pgsizes), VG_USER_CAP_PGSIZES);
	if (r == 0)
		r = note(caps, read_twin(from, caps), VG_USER_CAP_TWIN_SOCKET);
	if (r == 0)
		r = note(caps, read_bool(from, "write_multiple", &caps->write_multiple), VG_USER_CAP_WRITE_MULTIPLE);
	if (r == 0)
		r = note(caps, read_bool(from, "vgpu_dma_messages", &caps->dma_messages), VG_USER_CAP_DMA_MESSAGES);
	if (r == 0)
		r = note(caps, read_migration(from, caps), VG_USER_CAP_MIGRATION);
	if (r == 0)
		r = note(caps, read_u32(from, "vgpu_display", &caps->display), VG_USER_CAP_DISPLAY);
	if (r == 0 && (caps->max_data_xfer_size < VG_USER_DATA_MIN || !caps->pgsizes))
		r = -EPROTO;
	return r;
}

int vg_user_caps_parse(const void *json, size_t size, struct vg_user_caps *out)
{
	struct json_object *root, *from = NULL;
	struct json_tokener *tokener;
	struct vg_user_caps caps;
	size_t length;
	int r;

	vg_user_caps_init(&caps);
	length = strnlen(json ? json : "", size);
	if (size && (length == size || size > VG_USER_JSON_SIZE))
		return -EPROTO;
	if (length) {
		tokener = json_tokener_new_ex(VG_USER_JSON_DEPTH);
		if (!tokener)
			return -ENOMEM;
		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		root = json_tokener_parse_ex(tokener, json, (int)length + 1); /* with the NUL: it ends a lone number */
		r = json_tokener_get_error(tokener) == json_tokener_success && json_object_is_type(root, json_type_object)
				? read_object(root, "capabilities", &from)
				: -EPROTO;
		if (r > 0)
			r = read_caps(from, &caps);
		json_object_put(root);
		json_tokener_free(tokener);
		if (r < 0)
			return r;
	}
	*out = caps;
	return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void vg_user_caps_answer(const struct vg_user_caps *own, const struct vg_user_caps *proposed, struct vg_user_caps *out)
{
	vg_user_caps_init(out);
	out->named = own->named & proposed->named;
	if (out->named & VG_USER_CAP_MSG_FDS)
		out->max_msg_fds = least(own->max_msg_fds, proposed->max_msg_fds);
	if (out->named & VG_USER_CAP_DATA_SIZE)
		out->max_data_xfer_size = least(own->max_data_xfer_size, proposed->max_data_xfer_size);
	if (out->named & VG_USER_CAP_DMA_MAPS)
		out->max_dma_maps = least(own->max_dma_maps, proposed->max_dma_maps);
	if (out->named & VG_USER_CAP_PGSIZES && own->pgsizes & proposed->pgsizes)
		out->pgsizes = own->pgsizes & proposed->pgsizes;
	if (out->named & VG_USER_CAP_MIGRATION) {
		out->migration_pgsize = own->migration_pgsize;
		out->max_bitmap_size =
			own->max_bitmap_size < proposed->max_bitmap_size ? own->max_bitmap_size : proposed->max_bitmap_size;
	}
	out->twin_socket = out->named & VG_USER_CAP_TWIN_SOCKET && own->twin_socket && proposed->twin_socket;
	out->twin_index = out->twin_socket ? own->twin_index : -1;
	out->dma_messages = out->named & VG_USER_CAP_DMA_MESSAGES && own->dma_messages && proposed->dma_messages;
	out->write_multiple = out->named & VG_USER_CAP_WRITE_MULTIPLE && own->write_multiple && proposed->write_multiple;
	out->display = out->named & VG_USER_CAP_DISPLAY ? least(own->display, proposed->display) : 0;
	if (!out->display)
		out->named &= ~(uint32_t)VG_USER_CAP_DISPLAY;
}

/* Text that is written piece by piece. */
struct text {
	char *at;
	size_t room;
	const char *comma; /* before the next member */
	bool cut;
};

static void VG_PRINTF(2, 3) put(struct text *text, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text->at, text->room, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= text->room) {
		text->cut = true;
		return;
	}
	text->at += n;
	text->room -= (size_t)n;
}

static void put_bool(struct text *text, const char *name, bool value)
{
	put(text, "%s\"%s\":%s", text->comma, name, value ? "true" : "false");
	text->comma = ",";
}

static void put_member(struct text *text, const char *name, uint64_t value)
{
	put(text, "%s\"%s\":%llu", text->comma, name, (unsigned long long)value);
	text->comma = ",";
}

int vg_user_caps_write(const struct vg_user_caps *caps, char *out, size_t size)
{
	struct text text = {out, size, "", false};

	put(&text, "{\"capabilities\":{");
	if (caps->named & VG_USER_CAP_MSG_FDS)
		put_member(&text, "max_msg_fds", caps->max_msg_fds);
	if (caps->named & VG_USER_CAP_DATA_SIZE)
		put_member(&text, "max_data_xfer_size", caps->max_data_xfer_size);
	if (caps->named & VG_USER_CAP_DMA_MAPS)
		put_member(&text, "max_dma_maps", caps->max_dma_maps);
	if (caps->named & VG_USER_CAP_PGSIZES)
		put_member(&text, "pgsizes", caps->pgsizes);
	if (caps->named & VG_USER_CAP_DISPLAY)
		put_member(&text, "vgpu_display", caps->display);
	if (caps->named & VG_USER_CAP_TWIN_SOCKET) {
		put(&text, "%s\"twin_socket\":{\"supported\":%s", text.comma, caps->twin_socket ? "true" : "false");
		if (caps->twin_index >= 0)
			put(&text, ",\"fd_index\":%d", caps->twin_index);
		put(&text, "}");
		text.comma = ",";
	}
	if (caps->named & VG_USER_CAP_WRITE_MULTIPLE)
		put_bool(&text, "write_multiple", caps->write_multiple);
	if (caps->named & VG_USER_CAP_DMA_MESSAGES)
		put_bool(&text, "vgpu_dma_messages", caps->dma_messages);
	if (caps->named & VG_USER_CAP_MIGRATION)
		put(&text, "%s\"migration\":{\"pgsize\":%llu,\"max_bitmap_size\":%llu}", text.comma,
			(unsigned long long)caps->migration_pgsize, (unsigned long long)caps->max_bitmap_size);
	put(&text, "}}");
	return text.cut ? -ENAMETOOLONG : (int)(size - text.room) + 1;
}

int vg_user_minor(uint16_t major, uint16_t minor)
{
	if (major != VG_USER_MAJOR)
		return -EPROTO;
	return minor < VG_USER_MINOR ? minor : VG_USER_MINOR;
}
