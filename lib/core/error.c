/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error record: an immutable object with a reference count. */
#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ref.h"

enum { OPERATION, PATH, VALUE, MESSAGE, HINT, TEXTS };

struct vgpu_error {
	struct vg_ref ref;
	bool is_static; /* never freed */
	int err;
	enum vgpu_cause cause;
	const char *text[TEXTS]; /* in buf */
	char buf[];
};

static struct vgpu_error error_none = {.is_static = true, .text = {"", "", "", "", ""}};
static struct vgpu_error error_no_memory = {
	.is_static = true,
	.err = ENOMEM,
	.cause = VGPU_CAUSE_NO_MEMORY,
	.text = {"allocate", "", "", "out of memory", ""},
};

static const char *const cause_names[] = {
	[VGPU_CAUSE_NONE] = "none",
	[VGPU_CAUSE_OTHER] = "other",
	[VGPU_CAUSE_INVALID] = "invalid",
	[VGPU_CAUSE_NO_PARENT] = "no-such-parent",
	[VGPU_CAUSE_NO_TYPE] = "no-such-type",
	[VGPU_CAUSE_NO_DEVICE] = "no-such-device",
	[VGPU_CAUSE_NO_REGION] = "no-such-region",
	[VGPU_CAUSE_EXISTS] = "exists",
	[VGPU_CAUSE_NO_CAPACITY] = "no-capacity",
	[VGPU_CAUSE_IN_USE] = "in-use",
	[VGPU_CAUSE_PENDING] = "pending",
	[VGPU_CAUSE_NOT_READY] = "not-ready",
	[VGPU_CAUSE_PERMISSION] = "permission",
	[VGPU_CAUSE_UNSUPPORTED] = "unsupported",
	[VGPU_CAUSE_REFUSED] = "refused",
	[VGPU_CAUSE_IOMMU_OFF] = "iommu-off",
	[VGPU_CAUSE_MODULE_MISSING] = "module-missing",
	[VGPU_CAUSE_NO_VFIO_DRIVER] = "no-vfio-driver",
	[VGPU_CAUSE_GROUP_NOT_VIABLE] = "group-not-viable",
	[VGPU_CAUSE_NOT_MAPPABLE] = "not-mappable",
	[VGPU_CAUSE_OUT_OF_RANGE] = "out-of-range",
	[VGPU_CAUSE_GONE] = "gone",
	[VGPU_CAUSE_NO_MEMORY] = "no-memory",
	[VGPU_CAUSE_LOCKED] = "locked",
	[VGPU_CAUSE_BAD_DATA] = "bad-data",
	[VGPU_CAUSE_LIMIT] = "limit",
	[VGPU_CAUSE_LOST] = "lost",
};

const char *vgpu_cause_get_name(enum vgpu_cause cause)
{
	if ((size_t)cause >= VG_COUNT(cause_names))
		return "other";
	return cause_names[cause];
}

enum vgpu_cause vg_cause_parse(const char *name)
{
	size_t i;

	for (i = VGPU_CAUSE_OTHER; name && i < VG_COUNT(cause_names); i++)
		if (strcmp(cause_names[i], name) == 0)
			return (enum vgpu_cause)i;
	return VGPU_CAUSE_OTHER;
}

enum vgpu_cause vg_cause_of_errno(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
	case EROFS:
		return VGPU_CAUSE_PERMISSION;
	case ENOMEM:
		return VGPU_CAUSE_NO_MEMORY;
	case EINVAL:
		return VGPU_CAUSE_INVALID;
	case EBUSY:
		return VGPU_CAUSE_IN_USE;
	case EEXIST:
		return VGPU_CAUSE_EXISTS;
	case ENODEV:
		return VGPU_CAUSE_GONE;
	case EOPNOTSUPP:
	case ENOTTY:
	case ENOSYS:
		return VGPU_CAUSE_UNSUPPORTED;
	default:
		return VGPU_CAUSE_OTHER;
	}
}

static const char *put_text(char **at, const char *text)
{
	char *start = *at;
	size_t n = strlen(text) + 1;

	memcpy(start, text, n);
	vg_make_printable(start);
	*at += n;
	return start;
}

struct vgpu_error *vg_error_new(const struct vg_failure *failure, const char *fmt, va_list args)
{
	char message[1024];
	const char *text[TEXTS] = {[OPERATION] = failure->operation,
							   [PATH] = failure->path,
							   [VALUE] = failure->value,
							   [MESSAGE] = message,
							   [HINT] = failure->hint};
	struct vgpu_error *error;
	size_t size = 0;
	char *at;
	int i;

	if (fmt)
		vsnprintf(message, sizeof(message), fmt, args);
	else
		vg_strcopy(message, sizeof(message), strerrordesc_np(failure->err) ?: "unknown error");
	for (i = 0; i < TEXTS; i++) {
		if (!text[i])
			text[i] = "";
		size += strlen(text[i]) + 1;
	}
	error = calloc(1, sizeof(*error) + size);
	if (!error)
		return vg_error_no_memory();
	vg_ref_init(&error->ref);
	error->err = failure->err;
	error->cause = failure->cause ? failure->cause : vg_cause_of_errno(failure->err);
	at = error->buf;
	for (i = 0; i < TEXTS; i++)
		error->text[i] = put_text(&at, text[i]);
	return error;
}

struct vgpu_error *vg_error_none(void)
{
	return &error_none;
}

struct vgpu_error *vg_error_no_memory(void)
{
	return &error_no_memory;
}

struct vgpu_error *vgpu_error_ref(struct vgpu_error *error)
{
	if (error && !error->is_static)
		vg_ref_get(&error->ref);
	return error;
}

struct vgpu_error *vgpu_error_unref(struct vgpu_error *error)
{
	if (error && !error->is_static && vg_ref_put(&error->ref))
		free(error);
	return NULL;
}

const char *vgpu_error_get_operation(const struct vgpu_error *error)
{
	return error->text[OPERATION];
}

const char *vgpu_error_get_path(const struct vgpu_error *error)
{
	return error->text[PATH];
}

const char *vgpu_error_get_value(const struct vgpu_error *error)
{
	return error->text[VALUE];
}

int vgpu_error_get_errno(const struct vgpu_error *error)
{
	return error->err;
}

enum vgpu_cause vgpu_error_get_cause(const struct vgpu_error *error)
{
	return error->cause;
}

const char *vgpu_error_get_message(const struct vgpu_error *error)
{
	return error->text[MESSAGE];
}

const char *vgpu_error_get_hint(const struct vgpu_error *error)
{
	return error->text[HINT];
}

int vg_errors_add(struct vgpu_errors *errors, struct vgpu_error *error)
{
	int r = vg_vec_add(&errors->vec, error);

	if (r == 0)
		vgpu_error_ref(error);
	return r;
}

static void unref_error(void *error)
{
	vgpu_error_unref(error);
}

void vg_errors_clear(struct vgpu_errors *errors)
{
	vg_vec_clear(&errors->vec, unref_error);
}

struct vgpu_errors *vgpu_errors_unref(struct vgpu_errors *errors)
{
	if (errors)
		vg_errors_clear(errors);
	free(errors);
	return NULL;
}

size_t vgpu_errors_get_count(const struct vgpu_errors *errors)
{
	return errors ? errors->vec.count : 0;
}

struct vgpu_error *vgpu_errors_get(const struct vgpu_errors *errors, size_t i)
{
	return errors ? vg_vec_get(&errors->vec, i) : NULL;
}
