/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of a vfio-user client about features: migration states, their data, dirty pages. */
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpu/migration.h>

#include "provider/conn.h"

#define FEATURE_MIGRATION 1u
#define FEATURE_STATE 2u
#define FEATURE_LOG_START 6u
#define FEATURE_LOG_STOP 7u
#define FEATURE_LOG_REPORT 8u

#define LOG_RANGES_MAX 256u /* the kernel's limit too */

/* As the kernel's structs of these features. */
struct log_start {
	uint64_t page_size;
	uint32_t num_ranges;
	uint32_t reserved;
};

struct log_report {
	uint64_t iova;
	uint64_t length;
	uint64_t page_size;
};

struct state {
	uint32_t device_state;
	uint32_t data_fd;
};

static bool can_migrate(const struct vg_conn *conn)
{
	return conn->instance->provider->ops.set_migration_state;
}

/* The answer to a feature: what was asked, and data. */
static void answer(struct vg_conn *conn, const void *data, size_t size)
{
	struct {
		struct vg_user_feature feature;
		unsigned char data[sizeof(struct log_report)];
	} reply;

	memcpy(&reply.feature, conn->body, sizeof(reply.feature));
	if (size > sizeof(reply.data) || sizeof(reply.feature) + size > reply.feature.argsz) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	reply.feature.argsz = (uint32_t)(sizeof(reply.feature) + size);
	if (size)
		memcpy(reply.data, data, size);
	vg_conn_reply(conn, &reply, sizeof(reply.feature) + size, NULL, 0);
}

static bool can_pre_copy(const struct vg_conn *conn)
{
	return conn->instance->provider->opts.flags & VGPU_PROVIDER_PRE_COPY;
}

/* The state that is next on the shortest way, which has no state with a stream to read between its ends. */
static uint32_t next_state(uint32_t from, uint32_t to)
{
	switch (from) {
	case VFIO_DEVICE_STATE_STOP:
		return to == VGPU_MIGRATION_STATE_PRE_COPY ? VFIO_DEVICE_STATE_RUNNING : to;
	case VFIO_DEVICE_STATE_RUNNING:
		return to == VGPU_MIGRATION_STATE_PRE_COPY ? to : VFIO_DEVICE_STATE_STOP;
	case VGPU_MIGRATION_STATE_PRE_COPY:
		return to == VFIO_DEVICE_STATE_STOP_COPY ? to : VFIO_DEVICE_STATE_RUNNING;
	default:
		return VFIO_DEVICE_STATE_STOP;
	}
}

/* Is there such a state, and a way to it? */
static bool can_go(const struct vg_conn *conn, uint32_t to)
{
	switch (to) {
	case VFIO_DEVICE_STATE_STOP:
	case VFIO_DEVICE_STATE_RUNNING:
	case VFIO_DEVICE_STATE_STOP_COPY:
	case VFIO_DEVICE_STATE_RESUMING:
		return true;
	case VGPU_MIGRATION_STATE_PRE_COPY:
		return can_pre_copy(conn) && conn->instance->migration_state != VFIO_DEVICE_STATE_STOP_COPY;
	default:
		return false;
	}
}

static void go_to_state(struct vgpu_instance *instance);

static void end_state(struct vgpu_request *request, ssize_t result)
{
	struct vg_conn *conn = VG_OWNER(request, struct vg_conn, request);
	struct vgpu_instance *instance = conn->instance;

	if (result < 0)
		conn->failure = (int)result;
	else
		instance->migration_state = next_state(instance->migration_state, conn->target);
	if (conn->server)
		go_to_state(instance);
	else
		vg_conn_fail(conn, -ENODEV);
}

/* At most four steps: each calls this again. */
static void go_to_state(struct vgpu_instance *instance)
{
	struct vg_conn *conn = instance->server->conn;
	uint32_t from = instance->migration_state;

	if (from != conn->target && !conn->failure) {
		vg_request_issue(&conn->request, instance, end_state);
		vg_request_settle(&conn->request, instance->provider->ops.set_migration_state(
											  instance, from, next_state(from, conn->target), &conn->request));
		return;
	}
	vg_quiesce_end(instance);
	if (conn->failure)
		vg_conn_fail(conn, conn->failure);
	else
		vg_conn_reply(conn, conn->reply.bytes, conn->reply_size, NULL, 0);
}

static void set_state(struct vg_conn *conn)
{
	struct state state;

	if (conn->size < sizeof(struct vg_user_feature) + sizeof(state)) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	memcpy(&state, conn->body + sizeof(struct vg_user_feature), sizeof(state));
	if (!can_go(conn, state.device_state)) {
		vg_conn_fail(conn, -EINVAL);
		return;
	}
	conn->reply_size = sizeof(struct vg_user_feature) + sizeof(state);
	if (!vg_buffer_make_room(&conn->reply, conn->reply_size)) {
		vg_conn_fail(conn, -ENOMEM);
		return;
	}
	memcpy(conn->reply.bytes, conn->body, conn->reply_size);
	conn->target = state.device_state;
	conn->failure = 0;
	vg_quiesce_begin(conn->instance, VGPU_QUIESCE_MIGRATE, go_to_state);
}

/* The ranges of a message, as the kernel checks them. Their number, or -errno. */
static int read_ranges(const struct log_start *start, const unsigned char *from, size_t size,
					   struct vg_guest_watch watched[LOG_RANGES_MAX])
{
	uint64_t range[2];
	uint32_t i;

	if (start->num_ranges > LOG_RANGES_MAX)
		return -E2BIG;
	if (start->num_ranges * sizeof(range) > size || start->page_size & (start->page_size - 1))
		return -EINVAL;
	for (i = 0; i < start->num_ranges; i++) {
		memcpy(range, from + i * sizeof(range), sizeof(range));
		if (!range[1] || (start->page_size && (range[0] | range[1]) & (start->page_size - 1)))
			return -EINVAL;
		if (range[1] > UINT64_MAX - range[0])
			return -EOVERFLOW;
		watched[i] = (struct vg_guest_watch){range[0], range[0] + (range[1] - 1)};
	}
	return (int)start->num_ranges;
}

/* 4096 bytes a bit, whatever is asked for; no ranges: all addresses, unlike the kernel's call. */
static void start_log(struct vg_conn *conn)
{
	struct vg_guest_watch watched[LOG_RANGES_MAX];
	struct vg_user_feature feature;
	struct log_start start;
	const size_t head = sizeof(feature) + sizeof(start);
	int r = -EINVAL;

	if (conn->size >= head) {
		memcpy(&start, conn->body + sizeof(feature), sizeof(start));
		r = read_ranges(&start, conn->body + head, conn->size - head, watched);
	}
	if (r >= 0) {
		conn->reply_size = head + (size_t)r * 2 * sizeof(uint64_t);
		r = vg_buffer_make_room(&conn->reply, conn->reply_size)
				? vg_guest_log_start(&conn->instance->guest, watched, (size_t)r)
				: -ENOMEM;
	}
	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	start.page_size = VG_GUEST_PAGE;
	memcpy(conn->reply.bytes, conn->body, conn->reply_size);
	memcpy(conn->reply.bytes + sizeof(feature), &start, sizeof(start));
	vg_conn_reply(conn, conn->reply.bytes, conn->reply_size, NULL, 0);
}

static void stop_log(struct vg_conn *conn)
{
	int r = vg_guest_log_stop(&conn->instance->guest);

	if (r)
		vg_conn_fail(conn, r);
	else
		answer(conn, NULL, 0);
}

static int check_report(const struct log_report *report, size_t *bitmap)
{
	uint64_t pages;

	if (!report->length || report->page_size < 512 || report->page_size & (report->page_size - 1) ||
		report->iova & (report->page_size - 1))
		return -EINVAL;
	if (report->length > UINT64_MAX - report->iova)
		return -EOVERFLOW;
	pages = (report->length - 1) / report->page_size + 1;
	if (pages / 8 > VG_SERVER_DATA_MAX - 64)
		return -E2BIG;
	*bitmap = (size_t)((pages + 63) / 64 * sizeof(uint64_t));
	return 0;
}

static void report_log(struct vg_conn *conn)
{
	struct vg_user_feature feature;
	struct log_report report;
	size_t bitmap = 0, head = sizeof(feature) + sizeof(report);
	int r = -EINVAL;

	if (conn->size >= head) {
		memcpy(&feature, conn->body, sizeof(feature));
		memcpy(&report, conn->body + sizeof(feature), sizeof(report));
		r = check_report(&report, &bitmap);
	}
	if (r == 0 && head + bitmap > feature.argsz)
		r = -EINVAL;
	if (r == 0 && !vg_buffer_make_room(&conn->reply, head + bitmap))
		r = -ENOMEM;
	if (r == 0) {
		memset(conn->reply.bytes + head, 0, bitmap);
		r = vg_guest_log_report(&conn->instance->guest, report.iova, report.length, report.page_size,
								(uint64_t *)(void *)(conn->reply.bytes + head));
	}
	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	feature.argsz = (uint32_t)(head + bitmap);
	memcpy(conn->reply.bytes, &feature, sizeof(feature));
	memcpy(conn->reply.bytes + sizeof(feature), &report, sizeof(report));
	vg_conn_reply(conn, conn->reply.bytes, head + bitmap, NULL, 0);
}

/* What can be done with a feature: VFIO_DEVICE_FEATURE_GET, _SET; 0: it is not there. */
static uint32_t methods(const struct vg_conn *conn, uint32_t feature)
{
	switch (feature) {
	case FEATURE_MIGRATION:
		return can_migrate(conn) ? VFIO_DEVICE_FEATURE_GET : 0;
	case FEATURE_STATE:
		return can_migrate(conn) ? VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET : 0;
	case FEATURE_LOG_START:
	case FEATURE_LOG_STOP:
		return VFIO_DEVICE_FEATURE_SET;
	case FEATURE_LOG_REPORT:
		return VFIO_DEVICE_FEATURE_GET;
	default:
		return 0;
	}
}

static void get(struct vg_conn *conn, uint32_t feature)
{
	const uint64_t flags = VFIO_MIGRATION_STOP_COPY | (can_pre_copy(conn) ? VGPU_MIGRATION_FLAG_PRE_COPY : 0);
	struct state state = {conn->instance->migration_state, UINT32_MAX};

	if (feature == FEATURE_MIGRATION)
		answer(conn, &flags, sizeof(flags));
	else if (feature == FEATURE_STATE)
		answer(conn, &state, sizeof(state));
	else
		report_log(conn);
}

static void set(struct vg_conn *conn, uint32_t feature)
{
	if (feature == FEATURE_STATE) {
		set_state(conn);
	} else if (feature == FEATURE_LOG_START) {
		start_log(conn);
	} else {
		stop_log(conn);
	}
}

void vg_command_feature(struct vg_conn *conn)
{
	const uint32_t get_set = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET;
	struct vg_user_feature feature = {0};
	uint32_t index, wanted;

	if (conn->size >= sizeof(feature))
		memcpy(&feature, conn->body, sizeof(feature));
	index = feature.flags & VFIO_DEVICE_FEATURE_MASK;
	wanted = feature.flags & get_set;
	if (feature.argsz < sizeof(feature) ||
		feature.flags & ~(VFIO_DEVICE_FEATURE_MASK | get_set | VFIO_DEVICE_FEATURE_PROBE) ||
		(!(feature.flags & VFIO_DEVICE_FEATURE_PROBE) && (!wanted || wanted == get_set)))
		vg_conn_fail(conn, -EINVAL);
	else if (!methods(conn, index) || (methods(conn, index) & wanted) != wanted)
		vg_conn_fail(conn, -EOPNOTSUPP);
	else if (feature.flags & VFIO_DEVICE_FEATURE_PROBE)
		vg_conn_reply(conn, conn->body, conn->size < feature.argsz ? conn->size : sizeof(feature), NULL, 0);
	else if (wanted == VFIO_DEVICE_FEATURE_GET)
		get(conn, index);
	else
		set(conn, index);
}

static void end_read(struct vgpu_request *request, ssize_t result)
{
	struct vg_conn *conn = VG_OWNER(request, struct vg_conn, request);
	struct vg_user_mig_data head;

	if (result < 0 || (size_t)result > conn->reply_size) {
		vg_conn_fail(conn, result < 0 ? (int)result : -EIO);
		return;
	}
	head = (struct vg_user_mig_data){.argsz = (uint32_t)(sizeof(head) + (size_t)result), .size = (uint32_t)result};
	vg_conn_reply(conn, &head, sizeof(head), conn->reply.bytes, (size_t)result);
}

void vg_command_read_state(struct vg_conn *conn)
{
	struct vgpu_instance *instance = conn->instance;
	const struct vgpu_provider_ops *ops = &instance->provider->ops;
	struct vg_user_mig_data head = {0};
	int r = -EINVAL;

	if (conn->size >= sizeof(head))
		memcpy(&head, conn->body, sizeof(head));
	if (!ops->read_migration || !can_migrate(conn))
		r = -EOPNOTSUPP;
	else if (head.argsz >= sizeof(head) && head.size <= head.argsz - sizeof(head) && head.size <= VG_SERVER_DATA_MAX &&
			 (instance->migration_state == VFIO_DEVICE_STATE_STOP_COPY ||
			  instance->migration_state == VGPU_MIGRATION_STATE_PRE_COPY))
		r = vg_buffer_make_room(&conn->reply, head.size) ? 0 : -ENOMEM;
	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	conn->reply_size = head.size;
	memset(conn->reply.bytes, 0, head.size);
	vg_request_issue(&conn->request, instance, end_read);
	vg_request_settle(&conn->request, ops->read_migration(instance, conn->reply.bytes, head.size, &conn->request));
}

static void end_write(struct vgpu_request *request, ssize_t result)
{
	struct vg_conn *conn = VG_OWNER(request, struct vg_conn, request);

	if (result < 0)
		vg_conn_fail(conn, (int)result);
	else
		vg_conn_reply(conn, NULL, 0, NULL, 0);
}

void vg_command_write_state(struct vg_conn *conn)
{
	struct vgpu_instance *instance = conn->instance;
	const struct vgpu_provider_ops *ops = &instance->provider->ops;
	struct vg_user_mig_data head = {0};
	const unsigned char *data = NULL;
	int r = -EINVAL;

	if (conn->size >= sizeof(head))
		memcpy(&head, conn->body, sizeof(head));
	if (!ops->write_migration || !can_migrate(conn)) {
		r = -EOPNOTSUPP;
	} else if (conn->size >= sizeof(head) && head.size <= conn->size - sizeof(head) &&
			   instance->migration_state == VFIO_DEVICE_STATE_RESUMING) {
		data = vg_conn_keep(conn, conn->body + sizeof(head), head.size);
		r = data ? 0 : -ENOMEM;
	}
	if (r) {
		vg_conn_fail(conn, r);
		return;
	}
	vg_request_issue(&conn->request, instance, end_write);
	vg_request_settle(&conn->request, ops->write_migration(instance, data, head.size, &conn->request));
}
