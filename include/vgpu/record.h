/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of the vGPUs that libvgpu made (run directory, folder "vgpu"), and how they are mended. */
#ifndef VGPU_RECORD_H
#define VGPU_RECORD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_errors;
struct vgpu_mend;
struct vgpu_mends;

/** Say what would be mended, and change nothing. */
#define VGPU_RECONCILE_DRY_RUN (1u << 0)

/**
 * struct vgpu_record_reconcile_opts - how to reconcile
 * @size: sizeof(struct vgpu_record_reconcile_opts)
 * @flags: VGPU_RECONCILE_DRY_RUN or 0
 * @timeout_ms: deadline in milliseconds for the records' lock; 0: 5000
 */
struct vgpu_record_reconcile_opts {
	size_t size;
	uint32_t flags;
	uint32_t timeout_ms;
};

/**
 * vgpu_record_reconcile() - mend the records that disagree with the kernel
 * @ctx: the context
 * @opts: how, or NULL
 * @out: receives what was (or would be) mended; untouched on failure; free with vgpu_mends_unref(); may be NULL
 *
 * Touches records only, never a vGPU. Records of calls that are still at work are left alone.
 *
 * Return: 0, or -EINVAL, -E2BIG (@opts), -EACCES, -EPERM (records are root's), -ETIMEDOUT (they stayed locked),
 * -ENOMEM, or another -errno of the records' directory.
 * Since: 0.1
 */
int vgpu_record_reconcile(struct vgpu_context *ctx, const struct vgpu_record_reconcile_opts *opts,
						  struct vgpu_mends **out);

/** vgpu_mends_unref() - free @mends (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_mends *vgpu_mends_unref(struct vgpu_mends *mends);

/** vgpu_mends_get_count() - number of records mended (0 for NULL). Since: 0.1 */
size_t vgpu_mends_get_count(const struct vgpu_mends *mends);

/** vgpu_mends_get() - mend number @i from 0 (borrowed), or NULL beyond the end. Since: 0.1 */
struct vgpu_mend *vgpu_mends_get(const struct vgpu_mends *mends, size_t i);

/** vgpu_mends_get_errors() - records that could not be mended (borrowed). Since: 0.1 */
const struct vgpu_errors *vgpu_mends_get_errors(const struct vgpu_mends *mends);

/** vgpu_mend_get_record() - file name of the record (borrowed; never NULL). Since: 0.1 */
const char *vgpu_mend_get_record(const struct vgpu_mend *mend);

/** vgpu_mend_get_uuid() - VM UUID that it claimed (borrowed; never NULL). Since: 0.1 */
const char *vgpu_mend_get_uuid(const struct vgpu_mend *mend);

/** vgpu_mend_get_instance() - instance that it claimed, 0 to 65535. Since: 0.1 */
int vgpu_mend_get_instance(const struct vgpu_mend *mend);

/**
 * vgpu_mend_get_action() - what was done
 * @mend: the mend
 *
 * Return: "removed" (the record named no vGPU), "completed" (an unfinished create had made its vGPU: it is ours
 * now), or "restored" (a removal had not begun: the vGPU stays ours). Borrowed, never NULL.
 * Since: 0.1
 */
const char *vgpu_mend_get_action(const struct vgpu_mend *mend);

/** vgpu_mend_get_reason() - why, a phrase for people (borrowed; never NULL). Since: 0.1 */
const char *vgpu_mend_get_reason(const struct vgpu_mend *mend);

#ifdef __cplusplus
}
#endif
#endif
