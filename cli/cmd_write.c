/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl write: writes a value to a region of a device. */
#include "access.h"

static int write_value(struct app *app, struct place *place, uint64_t value)
{
	int code;

	if (app->args.options[OPT_MAP]) {
		code = access_map(app, place, place->width);
		if (!code)
			code = access_store(app, place, value);
		vgpu_mapping_unmap(place->mapping);
		return code;
	}
	if (vgpu_region_write_value(app->vfio, place->index, place->offset, place->width, value))
		return report_last(app);
	return 0;
}

static int run(struct app *app)
{
	struct place place;
	struct record *record;
	uint64_t value;
	int code = access_parse(app, &place);

	if (code)
		return code;
	if (!place.width) {
		place.width = 4;
		if (place.offset % 4)
			return report_usage(app, place.text, "the offset is no multiple of the width, 4");
	}
	if (!parse_number(app->args.operands[2], UINT64_MAX >> (64 - 8 * place.width), &value))
		return report_usage(app, app->args.operands[2], "this is no VALUE, a number of at most %u bytes", place.width);
	code = access_open(app);
	if (!code)
		code = write_value(app, &place, value);
	if (code)
		return code;
	record = record_set_record(app->document, "write");
	access_fill(app, record, &place);
	record_set_number(record, "value", value);
	return 0;
}

const struct command command_write = {
	.name = "write",
	.operands = "DEVICE REGION[+OFFSET] VALUE",
	.summary = "write a value to a region of a device",
	.details = "REGION is bar0 to bar5, rom, config, vga or an index. Without --width: 4 bytes.\n",
	.min_operands = 3,
	.max_operands = 3,
	.options = {OPT_WIDTH, OPT_MAP, OPT_ACCESS},
	.keys = {"write"},
	.run = run,
};
