/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The main job through the C API: creates a vGPU, shows its regions, reads and writes one, maps a BAR, and destroys it.
 *   main_job PARENT TYPE UUID:INSTANCE io|map
 * io writes BAR0's byte 7 through the driver (the scratch register of mtty's UART), map writes BAR0 through a mapping.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/vgpu.h>

static int failed(struct vgpu_context *ctx, const char *what)
{
	const struct vgpu_error *error = vgpu_context_get_error(ctx);

	fprintf(stderr, "main_job: %s: %s: %s; %s\n", what, vgpu_error_get_path(error), vgpu_error_get_message(error),
			vgpu_error_get_hint(error));
	return 1;
}

static void show_types(const struct vgpu_types *types)
{
	size_t i;

	for (i = 0; i < vgpu_types_get_count(types); i++) {
		const struct vgpu_type *type = vgpu_types_get(types, i);

		printf("type %s of %s: %lld left\n", vgpu_type_get_id(type), vgpu_type_get_parent_name(type),
			   (long long)vgpu_type_get_available_instances(type));
	}
}

static int show_regions(struct vgpu_context *ctx, struct vgpu_vfio *vfio)
{
	uint32_t i;

	printf("access: %s: %s\n", vgpu_vfio_get_access(vfio) == VGPU_ACCESS_IOMMUFD ? "iommufd" : "group",
		   vgpu_vfio_get_access_reason(vfio));
	for (i = 0; i < vgpu_vfio_get_region_count(vfio); i++) {
		struct vgpu_region *region;
		const char *name;

		if (vgpu_region_find(vfio, i, &region))
			return failed(ctx, "region");
		name = vgpu_region_get_name(region);
		if (vgpu_region_get_size(region))
			printf("region %u (%s): %llu bytes, flags %#x\n", i, name ? name : "-",
				   (unsigned long long)vgpu_region_get_size(region), vgpu_region_get_flags(region));
		vgpu_region_unref(region);
	}
	return 0;
}

/* A value that is written through the driver is there when it is read. */
static int access_register(struct vgpu_context *ctx, struct vgpu_vfio *vfio)
{
	uint64_t value = 0;

	if (vgpu_region_write_value(vfio, VGPU_REGION_BAR0, 7, 1, 0xa5))
		return failed(ctx, "write");
	if (vgpu_region_read_value(vfio, VGPU_REGION_BAR0, 7, 1, &value))
		return failed(ctx, "read");
	printf("bar0+7: wrote 0xa5, read %#llx\n", (unsigned long long)value);
	return value != 0xa5;
}

/* What is stored through one mapping is loaded through another. */
static int access_mapping(struct vgpu_context *ctx, struct vgpu_vfio *vfio)
{
	struct vgpu_mapping *first, *second;
	volatile uint32_t *at;
	uint32_t value;

	if (vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &first))
		return failed(ctx, "map");
	at = vgpu_mapping_get_address(first);
	at[1024] = 0xcafe1234;
	printf("bar0: mapped %zu bytes, stored 0xcafe1234 at 4096\n", vgpu_mapping_get_size(first));
	vgpu_mapping_unmap(first);
	if (vgpu_region_map(vfio, VGPU_REGION_BAR0, NULL, &second))
		return failed(ctx, "map");
	at = vgpu_mapping_get_address(second);
	value = at[1024];
	vgpu_mapping_unmap(second);
	printf("bar0: mapped again, loaded %#x\n", value);
	return value != 0xcafe1234;
}

static int use_device(struct vgpu_context *ctx, const char *device, int by_mapping)
{
	uint32_t id = 0;
	struct vgpu_vfio *vfio;
	int r;

	if (vgpu_vfio_open(ctx, device, NULL, &vfio))
		return failed(ctx, "open");
	r = show_regions(ctx, vfio);
	if (r == 0 && vgpu_config_read(vfio, 0, 4, &id))
		r = failed(ctx, "config");
	printf("PCI id %04x:%04x\n", id & 0xffff, id >> 16);
	if (r == 0)
		r = by_mapping ? access_mapping(ctx, vfio) : access_register(ctx, vfio);
	vgpu_vfio_close(vfio);
	return r;
}

static int run(struct vgpu_context *ctx, char **argv)
{
	struct vgpu_type_list_opts list = {.size = sizeof(list), .parent = argv[1]};
	struct vgpu_device_create_opts create = {
		.size = sizeof(create), .parent = argv[1], .type = argv[2], .device = argv[3]};
	struct vgpu_types *types;
	struct vgpu_device *device;
	int r;

	if (vgpu_type_list(ctx, &list, &types))
		return failed(ctx, "types");
	show_types(types);
	vgpu_types_unref(types);
	if (vgpu_device_create(ctx, &create, &device))
		return failed(ctx, "create");
	printf("created %s:%d, the kernel's %s, %s\n", vgpu_device_get_uuid(device), vgpu_device_get_instance(device),
		   vgpu_device_get_name(device), vgpu_device_get_state(device));
	vgpu_device_unref(device);
	r = use_device(ctx, argv[3], strcmp(argv[4], "map") == 0);
	if (vgpu_device_destroy(ctx, argv[3], NULL))
		return failed(ctx, "destroy");
	printf("destroyed %s\n", argv[3]);
	return r;
}

int main(int argc, char **argv)
{
	struct vgpu_context *ctx;
	int r;

	if (argc != 5 || vgpu_context_new(NULL, &ctx)) {
		fprintf(stderr, "usage: main_job PARENT TYPE UUID:INSTANCE io|map\n");
		return 2;
	}
	r = run(ctx, argv);
	vgpu_context_unref(ctx);
	return r;
}
