/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl read: reads from a region of a device. */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "access.h"

#define CHUNK_SIZE 65536
#define DEFAULT_LENGTH 256
/* A document is made in memory. */
#define MAX_JSON_LENGTH (256u << 20)
#define LINE_SIZE 16

struct dump {
	bool is_raw;
	char *hex;     /* where the document's text goes on; NULL: not JSON */
	bool has_last; /* the last line, of which more of the same are left out */
	bool is_skipping;
	unsigned char last[LINE_SIZE];
};

static void print_line(uint64_t offset, const unsigned char *line, size_t length)
{
	size_t i;

	printf("%08" PRIx64, offset);
	for (i = 0; i < LINE_SIZE; i++) {
		if (i % 8 == 0)
			putchar(' ');
		if (i < length)
			printf(" %02x", line[i]);
		else
			fputs("   ", stdout);
	}
	fputs("  |", stdout);
	for (i = 0; i < length; i++)
		putchar(line[i] >= ' ' && line[i] <= '~' ? line[i] : '.');
	fputs("|\n", stdout);
}

static void dump_lines(struct dump *dump, uint64_t offset, const unsigned char *buf, size_t length)
{
	size_t i, n;

	for (i = 0; i < length; i += n) {
		n = length - i < LINE_SIZE ? length - i : LINE_SIZE;
		if (n == LINE_SIZE && dump->has_last && !memcmp(dump->last, buf + i, n)) {
			if (!dump->is_skipping)
				puts("*");
			dump->is_skipping = true;
			continue;
		}
		dump->is_skipping = false;
		dump->has_last = n == LINE_SIZE;
		memcpy(dump->last, buf + i, n);
		print_line(offset + i, buf + i, n);
	}
}

static void dump_chunk(struct dump *dump, uint64_t offset, const unsigned char *buf, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (dump->hex) {
		for (i = 0; i < length; i++) {
			*dump->hex++ = digits[buf[i] >> 4];
			*dump->hex++ = digits[buf[i] & 15];
		}
	} else if (dump->is_raw) {
		fwrite(buf, 1, length, stdout);
	} else {
		dump_lines(dump, offset, buf, length);
	}
}

static int read_chunk(struct app *app, const struct place *place, uint64_t at, unsigned char *buf, size_t length)
{
	uint64_t value;
	size_t i;

	if (place->mapping)
		return access_load(app, place, at, buf, length);
	if (!place->width)
		return vgpu_region_read(app->vfio, place->index, at, buf, length) < 0 ? report_last(app) : 0;
	for (i = 0; i < length; i += place->width) {
		if (vgpu_region_read_value(app->vfio, place->index, at + i, place->width, &value))
			return report_last(app);
		value = htole64(value);
		memcpy(buf + i, &value, place->width);
	}
	return 0;
}

static int read_all(struct app *app, const struct place *place, uint64_t length, struct dump *dump)
{
	unsigned char *buf = arena_alloc(app->arena, CHUNK_SIZE);
	uint64_t done = 0;

	while (done < length) {
		size_t n = length - done < CHUNK_SIZE ? (size_t)(length - done) : CHUNK_SIZE;
		int code = read_chunk(app, place, place->offset + done, buf, n);

		if (code)
			return code;
		errno = 0;
		dump_chunk(dump, place->offset + done, buf, n);
		if (ferror(stdout)) {
			app->output_error = errno ?: EIO;
			return EXIT_CODE_FAILED;
		}
		done += n;
	}
	if (!dump->hex && !dump->is_raw)
		printf("%08" PRIx64 "\n", place->offset + length);
	return 0;
}

/* Without --length: what is left of the region, but not more than a screen. */
static int choose_length(struct app *app, const struct place *place, uint64_t *length)
{
	struct vgpu_region *region;
	uint64_t size, left;

	if (*length)
		return 0;
	if (vgpu_region_find(app->vfio, place->index, &region))
		return report_last(app);
	size = vgpu_region_get_size(region);
	vgpu_region_unref(region);
	left = place->offset < size ? size - place->offset : DEFAULT_LENGTH;
	*length = left < DEFAULT_LENGTH ? left : DEFAULT_LENGTH;
	if (place->width && *length > place->width)
		*length -= *length % place->width;
	return 0;
}

static int read_place(struct app *app, struct place *place, uint64_t length)
{
	struct dump dump = {.is_raw = app->args.options[OPT_RAW]};
	const char *hex = NULL;
	int code = 0;

	if (app->is_json)
		hex = dump.hex = arena_alloc(app->arena, (size_t)length * 2 + 1);
	if (app->args.options[OPT_MAP]) {
		/* what has no width is read as registers are, where it can be */
		if (!place->width)
			place->width = (place->offset | length) % 4 ? 1 : 4;
		code = access_map(app, place, length);
	}
	if (!code)
		code = read_all(app, place, length, &dump);
	vgpu_mapping_unmap(place->mapping);
	if (!code && hex) {
		struct record *record = record_set_record(app->document, "read");

		access_fill(app, record, place);
		record_set_number(record, "length", length);
		record_set_text(record, "data", hex);
	}
	return code;
}

static int run(struct app *app)
{
	struct place place;
	uint64_t length;
	int code = access_parse(app, &place);

	if (!code)
		code = option_number(app, OPT_LENGTH, app->is_json ? MAX_JSON_LENGTH : INT64_MAX, 0, &length);
	if (code)
		return code;
	if (app->is_json && app->args.options[OPT_RAW])
		return report_usage(app, "--raw", "excludes --json");
	if (place.width && length % place.width)
		return report_usage(app, app->args.options[OPT_LENGTH], "the length is no multiple of the width, %u",
							place.width);
	code = access_open(app);
	if (!code)
		code = choose_length(app, &place, &length);
	return code ?: read_place(app, &place, length);
}

const struct command command_read = {
	.name = "read",
	.operands = "DEVICE REGION[+OFFSET]",
	.summary = "read from a region of a device, as a hex dump",
	.details = "REGION is bar0 to bar5, rom, config, vga or an index.\n",
	.min_operands = 2,
	.max_operands = 2,
	.options = {OPT_LENGTH, OPT_WIDTH, OPT_MAP, OPT_RAW, OPT_ACCESS},
	.keys = {"read"},
	.run = run,
};
