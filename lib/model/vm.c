/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Start and shutdown of a virtual machine: all of its vGPUs, whichever backend has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpu/vm.h>

#include "model/backend_ops.h"

#define DEFAULT_TIMEOUT_MS 15000
/* What a failed start may take beyond its deadline to be undone. */
#define UNDO_MS 5000

/* A process that has vGPUs of the machine: one of these, and what was started there. */
struct part {
	struct vgpu_device *device; /* borrowed from the list */
	const struct vg_remote_ops *remote;
	struct vg_instances started;
};

struct machine {
	struct vgpu_context *ctx;
	const char *operation;
	char uuid[VG_UUID_SIZE];
	int64_t deadline;
	struct vgpu_devices *devices; /* of the whole host */
	size_t count;                 /* of those that are the machine's */
	struct vg_vec parts;
};

static int add_part(struct machine *machine, struct vgpu_device *device)
{
	const struct vg_remote_ops *remote = vg_backend_find(device->backend)->remote;
	struct part *part;
	size_t i;

	machine->count++;
	if (!remote) /* the kernel's need neither */
		return 0;
	for (i = 0; i < machine->parts.count; i++) {
		part = machine->parts.items[i];
		if (strcmp(part->device->control, device->control) == 0)
			return 0;
	}
	part = calloc(1, sizeof(*part));
	if (!part)
		return -ENOMEM;
	*part = (struct part){.device = device, .remote = remote};
	if (vg_vec_add(&machine->parts, part) == 0)
		return 0;
	free(part);
	return -ENOMEM;
}

/* What could not be listed may have vGPUs of the machine. */
static int check_errors(const struct machine *machine)
{
	struct vgpu_error *error = vgpu_errors_get(&machine->devices->errors, 0);
	const struct vg_failure failure = {
		.operation = machine->operation,
		.path = error ? vgpu_error_get_path(error) : machine->uuid,
		.value = machine->uuid,
		.err = error ? vgpu_error_get_errno(error) : ENODEV,
		.cause = error ? vgpu_error_get_cause(error) : VGPU_CAUSE_NO_DEVICE,
		.hint = error ? vgpu_error_get_hint(error) : "list the vGPUs of this host",
	};

	if (error)
		return vg_fail(machine->ctx, &failure, "%s", vgpu_error_get_message(error));
	return vg_fail(machine->ctx, &failure, "this virtual machine has no vGPU");
}

static int open_machine(struct machine *machine, const char *uuid, const struct vgpu_vm_opts *opts)
{
	struct vgpu_vm_opts known;
	size_t i;
	int r = vg_opts_take(machine->ctx, machine->operation, &known, sizeof(known), opts);

	if (r)
		return r;
	if (vg_uuid_parse(uuid, machine->uuid))
		return vg_fail_invalid(machine->ctx, machine->operation, uuid, "this is no UUID");
	machine->deadline = vg_now_ms() + (known.timeout_ms ? known.timeout_ms : DEFAULT_TIMEOUT_MS);
	r = vgpu_device_list(
		machine->ctx,
		&(struct vgpu_device_list_opts){.size = sizeof(struct vgpu_device_list_opts), .flags = VGPU_DEVICE_BRIEF},
		&machine->devices);
	for (i = 0; r == 0 && i < machine->devices->vec.count; i++) {
		struct vgpu_device *device = machine->devices->vec.items[i];

		if (device->has_pair && strcmp(device->pair.uuid, machine->uuid) == 0)
			r = add_part(machine, device);
	}
	if (r)
		return r == -ENOMEM ? vg_fail_memory(machine->ctx, machine->operation) : r;
	return machine->count ? 0 : check_errors(machine);
}

static void close_machine(struct machine *machine)
{
	vgpu_devices_unref(machine->devices);
	vg_vec_clear(&machine->parts, free);
}

/* The error record stays that of the start. */
static void undo(const struct machine *machine, size_t count)
{
	struct vgpu_error *error = vgpu_error_ref(vgpu_context_get_error(machine->ctx));
	const int64_t deadline = vg_now_ms() + UNDO_MS;

	while (count-- > 0) {
		struct part *part = machine->parts.items[count];

		if (part->remote->shutdown(machine->ctx, part->device, &part->started, deadline, NULL))
			vg_log(machine->ctx, VGPU_LOG_WARNING, "%s: what was started stays so: %s", part->device->control,
				   vgpu_error_get_message(vgpu_context_get_error(machine->ctx)));
	}
	vg_context_set_error(machine->ctx, error);
}

int vgpu_vm_start(struct vgpu_context *ctx, const char *uuid, const struct vgpu_vm_opts *opts)
{
	struct machine machine = {.ctx = ctx, .operation = "start"};
	size_t i;
	int r;

	if (!ctx || !uuid)
		return -EINVAL;
	r = open_machine(&machine, uuid, opts);
	for (i = 0; r == 0 && i < machine.parts.count; i++) {
		struct part *part = machine.parts.items[i];

		r = part->remote->start(ctx, part->device, machine.deadline, &part->started);
		if (r)
			undo(&machine, i);
	}
	close_machine(&machine);
	return r;
}

static int shut_down(const struct machine *machine, struct vgpu_errors *errors)
{
	int first = 0;
	size_t i;

	for (i = 0; i < machine->parts.count; i++) {
		struct part *part = machine->parts.items[i];
		int r = part->remote->shutdown(machine->ctx, part->device, NULL, machine->deadline, errors);

		if (r && (!first || r == -ENOMEM))
			first = r;
	}
	return first;
}

int vgpu_vm_shutdown(struct vgpu_context *ctx, const char *uuid, const struct vgpu_vm_opts *opts,
					 struct vgpu_errors **errors)
{
	struct machine machine = {.ctx = ctx, .operation = "shutdown"};
	struct vgpu_errors *failures = NULL;
	int r;

	if (!ctx || !uuid)
		return -EINVAL;
	r = open_machine(&machine, uuid, opts);
	if (r == 0 && errors) {
		failures = calloc(1, sizeof(*failures));
		if (!failures)
			r = vg_fail_memory(ctx, machine.operation);
	}
	if (r == 0)
		r = shut_down(&machine, failures);
	close_machine(&machine);
	if (failures && failures->vec.count)
		*errors = failures;
	else
		vgpu_errors_unref(failures);
	return r;
}
