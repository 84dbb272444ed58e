/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VFIO_DEVICE_FEATURE as messages. The kernel's structs of some features hold addresses, where the message holds the
 * thing itself.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio/user_device.h"

/* A feature whose data are the same for the kernel and the server, both ways. */
static int ask(struct vg_user_device *device, uint32_t flags, void *data, size_t size, bool is_slow)
{
	struct vg_user_feature body = {(uint32_t)(sizeof(body) + size), flags}, answer;
	struct iovec parts[2] = {{&body, sizeof(body)}, {data, flags & VFIO_DEVICE_FEATURE_SET ? size : 0}};
	struct vg_call call = {.command = VG_USER_DEVICE_FEATURE,
						   .is_slow = is_slow,
						   .body = parts,
						   .parts = 2,
						   .head = &answer,
						   .head_size = sizeof(answer),
						   .data = data,
						   .room = size};
	int r;

	if (!size)
		call.data = NULL;
	r = vg_client_call(device->client, &call);
	if (r == 0 && flags & VFIO_DEVICE_FEATURE_GET && call.got != size)
		r = -EPROTO;
	return r;
}

static int mig_state(struct vg_user_device *device, uint32_t flags, struct vfio_device_feature_mig_state *data)
{
	int r = ask(device, flags, data, sizeof(*data), true);

	data->data_fd = -1; /* its stream are messages */
	return r;
}

static int start_log(struct vg_user_device *device, uint32_t flags,
					 struct vfio_device_feature_dma_logging_control *control)
{
	const struct vfio_device_feature_dma_logging_range *ranges = (const void *)(uintptr_t)control->ranges;
	const size_t head = offsetof(struct vfio_device_feature_dma_logging_control, ranges);
	const size_t size = control->num_ranges * sizeof(*ranges);
	struct vg_user_feature body = {(uint32_t)(sizeof(body) + head + size), flags};
	struct iovec parts[3] = {{&body, sizeof(body)}, {control, head}, {(void *)(uintptr_t)ranges, size}};
	struct {
		struct vg_user_feature feature;
		uint64_t page_size;
	} answer;
	struct vg_call call = {
		.command = VG_USER_DEVICE_FEATURE, .body = parts, .parts = 3, .head = &answer, .head_size = sizeof(answer)};
	int r;

	if (control->num_ranges > (device->max_data - head) / sizeof(*ranges))
		return -E2BIG;
	r = vg_client_call(device->client, &call);
	if (r == 0)
		control->page_size = answer.page_size;
	return r;
}

/* One bitmap, of a part of the range that fits into a message. */
static int report_part(struct vg_user_device *device, uint32_t flags, uint64_t iova, uint64_t length,
					   uint64_t page_size, uint64_t *bits, size_t size)
{
	struct {
		uint64_t iova;
		uint64_t length;
		uint64_t page_size;
	} range = {iova, length, page_size};
	struct {
		struct vg_user_feature feature;
		uint64_t range[3];
	} answer;
	struct vg_user_feature body = {(uint32_t)(sizeof(answer) + size), flags};
	struct iovec parts[2] = {{&body, sizeof(body)}, {&range, sizeof(range)}};
	struct vg_call call = {.command = VG_USER_DEVICE_FEATURE,
						   .body = parts,
						   .parts = 2,
						   .head = &answer,
						   .head_size = sizeof(answer),
						   .data = bits,
						   .room = size};
	int r = vg_client_call(device->client, &call);

	return r == 0 && call.got != size ? -EPROTO : r;
}

static int report(struct vg_user_device *device, uint32_t flags,
				  const struct vfio_device_feature_dma_logging_report *data)
{
	const uint64_t page = data->page_size;
	const uint64_t limit = vg_client_caps(device->client)->max_bitmap_size;
	uint64_t *bits = (uint64_t *)(uintptr_t)data->bitmap;
	uint64_t words = (limit < device->max_data ? limit : device->max_data) / sizeof(*bits);
	uint64_t pages = data->length / page + (data->length % page != 0), done, n;
	int r = 0;

	if (!words)
		return -EPROTO;
	for (done = 0; r == 0 && done < pages; done += n) {
		uint64_t length = data->length - done * page;

		n = pages - done < words * 64 ? pages - done : words * 64;
		if (n < pages - done)
			length = n * page;
		r = report_part(device, flags, data->iova + done * page, length, page, bits + done / 64,
						(size_t)((n + 63) / 64 * sizeof(*bits)));
	}
	return r;
}

int vg_user_feature(struct vg_user_device *device, void *arg)
{
	struct vfio_device_feature *feature = arg;
	const uint32_t flags = feature->flags;
	const size_t size = feature->argsz - sizeof(*feature);

	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return ask(device, flags, NULL, 0, false);
	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_MIGRATION:
		return size == sizeof(struct vfio_device_feature_migration) ? ask(device, flags, feature->data, size, false)
																	: -EINVAL;
	case VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
		return size == sizeof(struct vfio_device_feature_mig_state) ? mig_state(device, flags, (void *)feature->data)
																	: -EINVAL;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
		return size == sizeof(struct vfio_device_feature_dma_logging_control)
				   ? start_log(device, flags, (void *)feature->data)
				   : -EINVAL;
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
		return ask(device, flags, NULL, 0, false);
	case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
		return size == sizeof(struct vfio_device_feature_dma_logging_report)
				   ? report(device, flags, (void *)feature->data)
				   : -EINVAL;
	default:
		return -ENOTTY;
	}
}
