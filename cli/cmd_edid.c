/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl edid: shows what monitor a device believes in, and gives it another. */
#include <string.h>

#include "access.h"

static const char *const links[] = {[VGPU_LINK_UP] = "up", [VGPU_LINK_DOWN] = "down"};

static const struct column columns[] = {
	{"region", "REGION", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"link", "LINK", COLUMN_DEFAULT},
	{"mode", "MODE", COLUMN_DEFAULT},
	{"size", "SIZE", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"valid", "VALID", 0},
	{"max_width", "MAX_WIDTH", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"max_height", "MAX_HEIGHT", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"max_size", "MAX_SIZE", COLUMN_DEFAULT | COLUMN_RIGHT},
	{"blob", "BLOB", 0},
};

static const struct table table = {columns, COUNT(columns)};

static bool take_number(const char **text, uint32_t *out)
{
	size_t n = strspn(*text, "0123456789");
	char digits[8];
	uint64_t value;

	if (!n || n >= sizeof(digits))
		return false;
	memcpy(digits, *text, n);
	digits[n] = 0;
	if (!parse_number(digits, UINT32_MAX, &value))
		return false;
	*text += n;
	*out = (uint32_t)value;
	return true;
}

/* "60", "59.94": up to three decimals. */
static bool take_refresh(const char **text, uint32_t *out)
{
	uint32_t whole, part = 0, unit = 100;

	if (!take_number(text, &whole) || whole > 1000)
		return false;
	if (**text == '.') {
		for (++*text; **text >= '0' && **text <= '9' && unit; ++*text, unit /= 10)
			part += (uint32_t)(**text - '0') * unit;
		if (unit == 100)
			return false;
	}
	*out = whole * 1000 + part;
	return *out;
}

static int parse_mode(struct app *app, struct vgpu_edid_mode *mode)
{
	const char *text = app->args.options[OPT_SET], *at = text;

	if (!text)
		return 0;
	if (take_number(&at, &mode->width) && *at++ == 'x' && take_number(&at, &mode->height) &&
		(*at != '@' || (at++, take_refresh(&at, &mode->refresh_mhz))) && !*at)
		return 0;
	return report_usage(app, text, "--set wants WxH or WxH@Hz, such as 1920x1080 or 1280x720@59.94");
}

static const char *mode_text(struct app *app, const void *blob, size_t size)
{
	uint32_t width, height, mhz;

	if (vgpu_edid_read_mode(blob, size, &width, &height, &mhz))
		return NULL;
	return arena_printf(app->arena, "%ux%u@%u.%02u", width, height, (mhz + 5) / 1000, (mhz + 5) % 1000 / 10);
}

static const char *hex(struct app *app, const unsigned char *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *text = arena_alloc(app->arena, 2 * size + 1);
	size_t i;

	for (i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return text;
}

static void fill(struct app *app, const struct vgpu_edid *edid)
{
	struct record *record = list_add_record(record_set_list(app->document, "edids"));
	const void *blob = vgpu_edid_get_blob(edid);
	size_t size = vgpu_edid_get_blob_size(edid);

	record_set_number(record, "region", vgpu_edid_get_region(edid));
	record_set_text(record, "link", links[vgpu_edid_get_link(edid)]);
	record_set_text(record, "mode", mode_text(app, blob, size));
	record_set_number(record, "size", size);
	record_set_bool(record, "valid", blob && !vgpu_edid_check(app->ctx, blob, size));
	record_set_number(record, "max_width", vgpu_edid_get_max_width(edid));
	record_set_number(record, "max_height", vgpu_edid_get_max_height(edid));
	record_set_number(record, "max_size", vgpu_edid_get_max_size(edid));
	record_set_text(record, "blob", blob ? hex(app, blob, size) : NULL);
}

/* link: what was asked for, or 0. */
static int change(struct app *app, const struct vgpu_edid_mode *mode, uint32_t link)
{
	struct vgpu_edid_set_opts opts = {.size = sizeof(opts), .flags = link == VGPU_LINK_DOWN ? VGPU_EDID_LEAVE_DOWN : 0};
	unsigned char blob[VGPU_EDID_BLOCK_SIZE];

	if (app->args.options[OPT_SET]) {
		if (vgpu_edid_make(app->ctx, mode, blob) || vgpu_edid_set(app->vfio, blob, sizeof(blob), &opts))
			return report_last(app);
	} else if (link && vgpu_edid_set_link(app->vfio, link)) {
		return report_last(app);
	}
	return 0;
}

static int run(struct app *app)
{
	struct vgpu_edid_mode mode = {.size = sizeof(mode)};
	struct vgpu_edid *edid;
	uint32_t link;
	int code = option_choice(app, OPT_LINK, links, COUNT(links), &link);

	if (!code)
		code = parse_mode(app, &mode);
	if (!code)
		code = access_open(app);
	if (!code)
		code = change(app, &mode, link);
	if (code)
		return code;
	if (vgpu_edid_find(app->vfio, &edid))
		return report_last(app);
	fill(app, edid);
	vgpu_edid_unref(edid);
	return 0;
}

const struct command command_edid = {
	.name = "edid",
	.operands = "DEVICE",
	.summary = "show the monitor that a device believes in, or give it another",
	.min_operands = 1,
	.max_operands = 1,
	.options = {OPT_SET, OPT_LINK, OPT_ACCESS, OPT_COLUMNS, OPT_NOHEADINGS},
	.keys = {"edids"},
	.table = &table,
	.run = run,
};
