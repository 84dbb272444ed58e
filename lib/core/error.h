/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making error records, and collections of them. */
#ifndef VG_CORE_ERROR_H
#define VG_CORE_ERROR_H

#include <stdbool.h>
#include <vgpu/error.h>

#include "util/str.h"
#include "util/vec.h"

/* What a record says; strings are copied, NULL is "". A message of NULL becomes the errno's text. */
struct vg_failure {
	const char *operation;
	const char *path;
	const char *value;
	int err; /* positive errno */
	enum vgpu_cause cause;
	const char *hint;
};

struct vgpu_errors {
	struct vg_vec vec;
};

/* Never NULL: without memory it is a static record that says so. */
struct vgpu_error *vg_error_new(const struct vg_failure *failure, const char *fmt, va_list args) VG_PRINTF(2, 0);
/* The static record of a thread that had no failure yet. */
struct vgpu_error *vg_error_none(void);
/* The static record of a thread for whose failure there was no memory. */
struct vgpu_error *vg_error_no_memory(void);
/* Adds a reference to error. Returns 0 or -ENOMEM. */
int vg_errors_add(struct vgpu_errors *errors, struct vgpu_error *error);
void vg_errors_clear(struct vgpu_errors *errors);
/* The cause that an errno has where nothing more is known. */
enum vgpu_cause vg_cause_of_errno(int err);
/* The cause of this name; VGPU_CAUSE_OTHER for one that is unknown, or NULL. */
enum vgpu_cause vg_cause_parse(const char *name);

#endif
