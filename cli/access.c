/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a device, naming a place in its regions, and plain loads and stores through a mapping. */
#include "access.h"

#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char *const accesses[] = {[VGPU_ACCESS_AUTO] = "auto",
									   [VGPU_ACCESS_GROUP] = "group",
									   [VGPU_ACCESS_IOMMUFD] = "iommufd",
									   [VGPU_ACCESS_USER] = "user"};

static const char *const regions[] = {
	[VGPU_REGION_BAR0] = "bar0", [VGPU_REGION_BAR1] = "bar1",     [VGPU_REGION_BAR2] = "bar2",
	[VGPU_REGION_BAR3] = "bar3", [VGPU_REGION_BAR4] = "bar4",     [VGPU_REGION_BAR5] = "bar5",
	[VGPU_REGION_ROM] = "rom",   [VGPU_REGION_CONFIG] = "config", [VGPU_REGION_VGA] = "vga",
};

const char *access_name(enum vgpu_access access)
{
	return (size_t)access < COUNT(accesses) ? accesses[access] : "other";
}

int access_open(struct app *app)
{
	return access_open_device(app, app->args.operands[0]);
}

int access_open_device(struct app *app, const char *device)
{
	struct vgpu_vfio_opts opts = {.size = sizeof(opts)};
	int code = option_choice(app, OPT_ACCESS, accesses, COUNT(accesses), &opts.access);

	if (code)
		return code;
	if (vgpu_vfio_open(app->ctx, device, &opts, &app->vfio))
		return report_last(app);
	return 0;
}

static bool parse_region(const char *name, uint32_t *out)
{
	uint64_t number;
	uint32_t i;

	for (i = 0; i < COUNT(regions); i++)
		if (!strcmp(regions[i], name)) {
			*out = i;
			return true;
		}
	if (!parse_number(name, UINT32_MAX, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

int access_parse(struct app *app, struct place *place)
{
	char *name = arena_printf(app->arena, "%s", app->args.operands[1]);
	char *plus = strchr(name, '+');
	uint64_t width;
	int code = option_number(app, OPT_WIDTH, 8, 0, &width);

	if (code)
		return code;
	if (width & (width - 1))
		return report_usage(app, app->args.options[OPT_WIDTH], "--width wants 1, 2, 4 or 8");
	*place = (struct place){.text = app->args.operands[1], .width = (unsigned)width};
	if (plus) {
		*plus = 0;
		if (!parse_number(plus + 1, INT64_MAX, &place->offset))
			return report_usage(app, plus + 1, "this is no offset, such as 16 or 0x10");
	}
	if (!parse_region(name, &place->index))
		return report_usage(app, name, "this is no REGION: bar0 to bar5, rom, config, vga or an index");
	if (width && place->offset % width)
		return report_usage(app, place->text, "the offset is no multiple of the width, %u", place->width);
	return 0;
}

static bool is_not_mappable(const struct app *app)
{
	return vgpu_error_get_cause(vgpu_context_get_error(app->ctx)) == VGPU_CAUSE_NOT_MAPPABLE;
}

/* Some drivers map a region from its start only. */
int access_map(struct app *app, struct place *place, uint64_t length)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), end = place->offset + length;
	struct vgpu_region_map_opts opts = {.size = sizeof(opts), .offset = place->offset & ~(page - 1)};
	int r;

	opts.length = end - opts.offset;
	r = vgpu_region_map(app->vfio, place->index, &opts, &place->mapping);
	if (r && opts.offset && is_not_mappable(app)) {
		opts.offset = 0;
		opts.length = end;
		r = vgpu_region_map(app->vfio, place->index, &opts, &place->mapping);
	}
	return r ? report_last(app) : 0;
}

static sigjmp_buf fault;

static void on_fault(int signal_number)
{
	(void)signal_number;
	siglongjmp(fault, 1);
}

static void load(const volatile char *from, unsigned width, char *to, size_t length)
{
	size_t i;

	for (i = 0; i < length; i += width) {
		uint64_t value;

		switch (width) {
		case 1:
			to[i] = from[i];
			continue;
		case 2:
			value = *(const volatile uint16_t *)(from + i);
			break;
		case 4:
			value = *(const volatile uint32_t *)(from + i);
			break;
		default:
			value = *(const volatile uint64_t *)(from + i);
			break;
		}
		value = htole64(value);
		memcpy(to + i, &value, width);
	}
}

static void store(volatile char *to, unsigned width, uint64_t value)
{
	switch (width) {
	case 1:
		*to = (char)value;
		break;
	case 2:
		*(volatile uint16_t *)to = (uint16_t)value;
		break;
	case 4:
		*(volatile uint32_t *)to = (uint32_t)value;
		break;
	default:
		*(volatile uint64_t *)to = value;
		break;
	}
}

/* What shall be done to a mapping. */
struct touch {
	volatile char *address;
	unsigned width;
	void *buf; /* NULL: store the value */
	size_t length;
	uint64_t value;
};

static void do_touch(const struct touch *touch)
{
	if (!touch->buf)
		store(touch->address, touch->width, touch->value);
	else if (touch->width)
		load(touch->address, touch->width, touch->buf, touch->length);
	else
		memcpy(touch->buf, (const char *)(uintptr_t)touch->address, touch->length); /* any width, the fastest */
}

/* The device may go while we touch its memory: then the kernel raises SIGBUS. */
static int guard(struct app *app, const char *what, const struct touch *touch)
{
	struct sigaction action = {.sa_handler = on_fault}, before;
	int code = 0;

	sigaction(SIGBUS, &action, &before);
	if (sigsetjmp(fault, 1))
		code = report_failure(app, what, ENODEV, VGPU_CAUSE_GONE, "the device does not answer any more");
	else
		do_touch(touch);
	sigaction(SIGBUS, &before, NULL);
	return code;
}

static volatile char *address_of(const struct place *place, uint64_t at)
{
	volatile char *start = vgpu_mapping_get_address(place->mapping);

	return start + (at - vgpu_mapping_get_offset(place->mapping));
}

int access_load(struct app *app, const struct place *place, uint64_t at, void *buf, size_t length)
{
	return guard(
		app, place->text,
		&(struct touch){.address = address_of(place, at), .width = place->width, .buf = buf, .length = length});
}

int access_store(struct app *app, const struct place *place, uint64_t value)
{
	return guard(app, place->text,
				 &(struct touch){.address = address_of(place, place->offset), .width = place->width, .value = value});
}

int access_copy(struct app *app, const char *what, void *to, const void *from, size_t length)
{
	return guard(app, what, &(struct touch){.address = (char *)(uintptr_t)from, .buf = to, .length = length});
}

void access_fill(struct app *app, struct record *record, const struct place *place)
{
	record_set_text(record, "region", place->index < COUNT(regions) ? regions[place->index] : NULL);
	record_set_number(record, "index", place->index);
	record_set_number(record, "offset", place->offset);
	record_set_known(record, "width", place->width ? (int)place->width : -1);
	record_set_bool(record, "map", app->args.options[OPT_MAP]);
}
