/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vgpuctl show: all that is known of one device, its regions and IRQs. */
#include "access.h"

/* Regions beyond the number that the driver states are asked for up to here (some drivers have such). */
#define MAX_EXTRA_REGION 32

static const struct flag_name device_flags[] = {
	{VGPU_VFIO_FLAG_RESET, "reset"},   {VGPU_VFIO_FLAG_PCI, "pci"},   {VGPU_VFIO_FLAG_PLATFORM, "platform"},
	{VGPU_VFIO_FLAG_AMBA, "amba"},     {VGPU_VFIO_FLAG_CCW, "ccw"},   {VGPU_VFIO_FLAG_AP, "ap"},
	{VGPU_VFIO_FLAG_FSL_MC, "fsl-mc"}, {VGPU_VFIO_FLAG_CAPS, "caps"}, {VGPU_VFIO_FLAG_CDX, "cdx"},
};

static const struct flag_name region_flags[] = {
	{VGPU_REGION_FLAG_READ, "read"},
	{VGPU_REGION_FLAG_WRITE, "write"},
	{VGPU_REGION_FLAG_MMAP, "mmap"},
	{VGPU_REGION_FLAG_CAPS, "caps"},
};

static const struct flag_name irq_flags[] = {
	{VGPU_IRQ_FLAG_EVENTFD, "eventfd"},
	{VGPU_IRQ_FLAG_MASKABLE, "maskable"},
	{VGPU_IRQ_FLAG_AUTOMASKED, "automasked"},
	{VGPU_IRQ_FLAG_NORESIZE, "noresize"},
};

static void fill_capabilities(struct list *list, const struct vgpu_region *region)
{
	struct record *record;
	struct list *areas;
	uint64_t offset, size;
	size_t i;

	if (vgpu_region_get_sparse(region)) {
		record = list_add_record(list);
		record_set_text(record, "name", "sparse-mmap");
		areas = record_set_list(record, "areas");
		for (i = 0; !vgpu_region_get_area(region, i, &offset, &size); i++) {
			record = list_add_record(areas);
			record_set_number(record, "offset", offset);
			record_set_number(record, "size", size);
		}
	}
	if (vgpu_region_get_type(region)) {
		record = list_add_record(list);
		record_set_text(record, "name", "type");
		record_set_number(record, "type", vgpu_region_get_type(region));
		record_set_number(record, "subtype", vgpu_region_get_subtype(region));
	}
	if (vgpu_region_get_msix_mappable(region))
		record_set_text(list_add_record(list), "name", "msix-mappable");
}

static void fill_region(struct app *app, struct record *record, const struct vgpu_region *region)
{
	const char *name = vgpu_region_get_name(region);

	record_set_number(record, "index", vgpu_region_get_index(region));
	record_set_text(record, "name", name ? arena_printf(app->arena, "%s", name) : NULL);
	record_set_number(record, "size", vgpu_region_get_size(region));
	record_set_number(record, "offset", vgpu_region_get_offset(region));
	record_set_flags(record, "flags", vgpu_region_get_flags(region), region_flags, COUNT(region_flags));
	fill_capabilities(record_set_list(record, "capabilities"), region);
}

static bool has_no_such_region(const struct app *app)
{
	return vgpu_error_get_cause(vgpu_context_get_error(app->ctx)) == VGPU_CAUSE_NO_REGION;
}

static void fill_regions(struct app *app)
{
	struct list *list = record_set_list(app->document, "regions");
	uint32_t count = vgpu_vfio_get_region_count(app->vfio), i;
	struct vgpu_region *region;

	for (i = 0; i < count || i < MAX_EXTRA_REGION; i++) {
		if (vgpu_region_find(app->vfio, i, &region)) {
			/* a device without VGA is allowed to know no VGA region */
			if (i < count && !has_no_such_region(app))
				report_last(app);
			continue;
		}
		if (i < count || vgpu_region_get_size(region))
			fill_region(app, list_add_record(list), region);
		vgpu_region_unref(region);
	}
}

static void fill_irqs(struct app *app)
{
	struct list *list = record_set_list(app->document, "irqs");
	uint32_t count = vgpu_vfio_get_irq_count(app->vfio), i;

	for (i = 0; i < count; i++) {
		struct vgpu_irq *irq;
		struct record *record;
		const char *name;

		/* drivers count indexes that they then do not know */
		if (vgpu_irq_find(app->vfio, i, &irq))
			continue;
		record = list_add_record(list);
		name = vgpu_irq_get_name(irq);
		record_set_number(record, "index", vgpu_irq_get_index(irq));
		record_set_text(record, "name", name ? arena_printf(app->arena, "%s", name) : NULL);
		record_set_number(record, "count", vgpu_irq_get_count(irq));
		record_set_flags(record, "flags", vgpu_irq_get_flags(irq), irq_flags, COUNT(irq_flags));
		vgpu_irq_unref(irq);
	}
}

static void fill_access(struct record *record, const struct vgpu_vfio *vfio)
{
	if (!vfio) {
		record_set_null(record, "access");
		record_set_null(record, "access_reason");
		record_set_null(record, "flags");
		record_set_null(record, "num_regions");
		record_set_null(record, "num_irqs");
		return;
	}
	record_set_text(record, "access", access_name(vgpu_vfio_get_access(vfio)));
	record_set_text(record, "access_reason", vgpu_vfio_get_access_reason(vfio));
	record_set_flags(record, "flags", vgpu_vfio_get_flags(vfio), device_flags, COUNT(device_flags));
	record_set_number(record, "num_regions", vgpu_vfio_get_region_count(vfio));
	record_set_number(record, "num_irqs", vgpu_vfio_get_irq_count(vfio));
}

static void fill_attributes(struct record *record, const struct vgpu_device *device)
{
	struct list *list;
	size_t i;

	if (!device) {
		record_set_null(record, "attributes");
		return;
	}
	list = record_set_list(record, "attributes");
	for (i = 0; i < vgpu_device_get_attr_count(device); i++) {
		struct record *attribute = list_add_record(list);

		record_set_text(attribute, "name", vgpu_device_get_attr_name(device, i));
		record_set_text(attribute, "value", vgpu_device_get_attr_value(device, i));
	}
}

static void fill(struct app *app)
{
	struct record *record = record_set_record(app->document, "device");

	if (app->device)
		device_fill(record, app->device);
	else
		device_fill_name(record, vgpu_vfio_get_name(app->vfio));
	fill_access(record, app->vfio);
	fill_attributes(record, app->device);
	if (!app->vfio)
		return;
	fill_regions(app);
	fill_irqs(app);
}

/*
 * A device that is no vGPU can be opened all the same (one behind vfio-pci). One that can't be opened, because it is
 * busy for example, is shown as sysfs has it.
 */
static int run(struct app *app)
{
	const char *text = app->args.operands[0];
	bool may_open = !app->args.options[OPT_NO_OPEN];
	int code;

	if (vgpu_device_find(app->ctx, text, VGPU_DEVICE_ATTRS, &app->device) &&
		(!may_open || vgpu_error_get_cause(vgpu_context_get_error(app->ctx)) != VGPU_CAUSE_NO_DEVICE))
		return report_last(app);
	code = may_open ? access_open(app) : 0;
	if (code == EXIT_CODE_USAGE || (code && !app->device))
		return code;
	fill(app);
	return 0;
}

const struct command command_show = {
	.name = "show",
	.operands = "DEVICE",
	.summary = "show a device, its regions and IRQs, as JSON",
	.min_operands = 1,
	.max_operands = 1,
	.options = {OPT_ACCESS, OPT_NO_OPEN},
	.keys = {"device", "regions", "irqs"},
	.is_json = true,
	.run = run,
};
