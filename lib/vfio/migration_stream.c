/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A migration session's stream: reading, writing, and what the driver says of what is to come. */
#include <errno.h>
#include <string.h>

#include "sys/devio.h"
#include "sys/stream.h"
#include "sys/uapi_migration.h"
#include "vfio/feature.h"
#include "vfio/migration.h"

static int fail_no_stream(const struct vgpu_migration *m, const char *what)
{
	return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "in the state %s there is no stream to %s",
						   vgpu_migration_state_get_name((enum vgpu_migration_state)m->state), what);
}

static ssize_t read_chunk(struct vgpu_migration *m, void *buf, size_t len)
{
	const struct vg_device_ops *ops = m->vfio->place.ops;
	ssize_t n;

	if (!vg_migration_is_open(m) || !vg_migration_is_saving(m->state))
		return fail_no_stream(m, "read");
	n = ops ? ops->read_state(m->vfio->place.device, buf, len) : vg_read(m->fd, buf, len);
	if (n >= 0 || n == -EAGAIN)
		return n;
	if (n == -ENOMSG && vg_migration_is_pre_copy(m->state)) /* the kernel's word for: no more for now */
		return 0;
	return vg_migration_fail(m, (int)-n, VGPU_CAUSE_NONE, "the device's state can't be read");
}

ssize_t vgpu_migration_read(struct vgpu_migration *m, void *buf, size_t len)
{
	ssize_t n;

	if (!m)
		return -EINVAL;
	if (!buf || !len)
		return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "there is no room to read into");
	pthread_mutex_lock(&m->lock);
	n = read_chunk(m, buf, len);
	pthread_mutex_unlock(&m->lock);
	return n;
}

/* A driver that refused a part may take what follows for it (mtty does): nothing more goes to it. */
static ssize_t write_chunk(struct vgpu_migration *m, const void *buf, size_t len)
{
	const struct vg_device_ops *ops = m->vfio->place.ops;
	ssize_t n;

	if (!vg_migration_is_open(m) || m->state != VGPU_MIGRATION_STATE_RESUMING)
		return fail_no_stream(m, "write");
	if (m->is_broken)
		return vg_migration_fail(m, EIO, VGPU_CAUSE_BAD_DATA, "the driver has refused a part of the stream before");
	n = ops ? ops->write_state(m->vfio->place.device, buf, len) : vg_write(m->fd, buf, len);
	if (n > 0 || n == -EAGAIN)
		return n;
	m->is_broken = true;
	return vg_fail(m->vfio->ctx,
				   &(struct vg_failure){
					   .operation = VG_MIGRATE,
					   .path = m->vfio->name,
					   .err = n ? (int)-n : EIO,
					   .cause = n == -ENODEV ? VGPU_CAUSE_GONE : VGPU_CAUSE_BAD_DATA,
					   .hint = "was it saved by a device of the same type, with the same driver, and is it whole?"},
				   "the driver refuses a part of the stream: %s",
				   n ? strerrordesc_np((int)-n) ?: "unknown error" : "it takes nothing");
}

ssize_t vgpu_migration_write(struct vgpu_migration *m, const void *buf, size_t len)
{
	ssize_t n;

	if (!m)
		return -EINVAL;
	if (!buf || !len)
		return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "there is nothing to write");
	pthread_mutex_lock(&m->lock);
	n = write_chunk(m, buf, len);
	pthread_mutex_unlock(&m->lock);
	return n;
}

int vgpu_migration_get_fd(struct vgpu_migration *m)
{
	int fd;

	pthread_mutex_lock(&m->lock);
	fd = m->fd;
	pthread_mutex_unlock(&m->lock);
	return fd;
}

static int find_progress(struct vgpu_migration *m, struct vgpu_migration_progress *out)
{
	struct vg_vfio_precopy_info info = {.argsz = sizeof(info)};
	int r;

	if (!vg_migration_is_open(m) || !vg_migration_is_pre_copy(m->state))
		return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "only in pre-copy is there progress to tell");
	if (m->vfio->place.ops)
		return vg_fail(m->vfio->ctx,
					   &(struct vg_failure){.operation = VG_MIGRATE,
											.path = m->vfio->name,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = "go on when a read gets less than it asks for"},
					   "vfio-user has no message that tells how far pre-copy is");
	r = m->fd < 0 ? -ENOTTY : vg_ioctl(m->fd, VG_VFIO_MIG_GET_PRECOPY_INFO, &info);
	if (r < 0)
		return vg_migration_fail(m, -r, VGPU_CAUSE_NONE, "the driver tells nothing of its progress");
	out->initial_bytes = info.initial_bytes;
	out->dirty_bytes = info.dirty_bytes;
	return 0;
}

int vgpu_migration_read_progress(struct vgpu_migration *m, struct vgpu_migration_progress *out)
{
	int r;

	if (!m)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "there is no place for the progress");
	pthread_mutex_lock(&m->lock);
	r = find_progress(m, out);
	pthread_mutex_unlock(&m->lock);
	return r;
}

static int find_size(struct vgpu_migration *m, uint64_t *out)
{
	struct vg_vfio_device_feature_mig_data_size answer = {0};
	int r = vg_feature_get(m->vfio, VG_VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, &answer, sizeof(answer));

	const bool is_user = m->vfio->place.ops;

	if (r == -ENOTTY || r == -EINVAL || r == -EOPNOTSUPP)
		return vg_fail(m->vfio->ctx,
					   &(struct vg_failure){.operation = VG_MIGRATE,
											.path = m->vfio->name,
											.err = EOPNOTSUPP,
											.cause = VGPU_CAUSE_UNSUPPORTED,
											.hint = is_user ? NULL : "Linux 6.2 and later can, where the driver does"},
					   "%s no estimate of the size of the device's state",
					   is_user ? "vfio-user has" : "the kernel gives");
	if (r)
		return vg_migration_fail(m, -r, VGPU_CAUSE_NONE, "the driver gives no estimate of the size of the state");
	*out = answer.stop_copy_length;
	return 0;
}

int vgpu_migration_read_size(struct vgpu_migration *m, uint64_t *out)
{
	int r;

	if (!m)
		return -EINVAL;
	if (!out)
		return vg_fail_invalid(m->vfio->ctx, VG_MIGRATE, m->vfio->name, "there is no place for the size");
	pthread_mutex_lock(&m->lock);
	r = find_size(m, out);
	pthread_mutex_unlock(&m->lock);
	return r;
}
