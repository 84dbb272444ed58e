/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the host: what of it works for vGPUs, and for all that does not, why and what to do. */
#ifndef VGPU_CHECK_H
#define VGPU_CHECK_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_context;
struct vgpu_check;
struct vgpu_checks;

/**
 * vgpu_check_list() - check the host
 * @ctx: the context
 * @out: receives the checks; untouched on failure; free with vgpu_checks_unref()
 *
 * Reads only; opens no VFIO group or device.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 * Since: 0.1
 */
int vgpu_check_list(struct vgpu_context *ctx, struct vgpu_checks **out);

/** vgpu_checks_unref() - free @checks (NULL is let through). Return: NULL. Since: 0.1 */
struct vgpu_checks *vgpu_checks_unref(struct vgpu_checks *checks);

/** vgpu_checks_get_count() - number of checks (0 for NULL). Since: 0.1 */
size_t vgpu_checks_get_count(const struct vgpu_checks *checks);

/** vgpu_checks_get() - check number @i from 0 (borrowed), or NULL beyond the end. Since: 0.1 */
struct vgpu_check *vgpu_checks_get(const struct vgpu_checks *checks, size_t i);

/** vgpu_check_get_name() - stable short name, for example "iommu" (borrowed; never NULL). Since: 0.1 */
const char *vgpu_check_get_name(const struct vgpu_check *check);

/** vgpu_check_get_ok() - 1 if it works, 0 if not. Since: 0.1 */
int vgpu_check_get_ok(const struct vgpu_check *check);

/** vgpu_check_get_detail() - what was found (borrowed; never NULL). Since: 0.1 */
const char *vgpu_check_get_detail(const struct vgpu_check *check);

/** vgpu_check_get_hint() - what to do; "" where it works (borrowed; never NULL). Since: 0.1 */
const char *vgpu_check_get_hint(const struct vgpu_check *check);

#ifdef __cplusplus
}
#endif
#endif
