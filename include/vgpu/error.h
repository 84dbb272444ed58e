/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error record: what failed, on which path, why, and what to do about it. */
#ifndef VGPU_ERROR_H
#define VGPU_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vgpu_error;
struct vgpu_errors;

/**
 * enum vgpu_cause - why a call failed, derived from the operation and the state of the host, not from errno alone
 *
 * Values are only ever added. A program that meets one it does not know treats it as VGPU_CAUSE_OTHER.
 */
enum vgpu_cause {
	VGPU_CAUSE_NONE = 0,
	VGPU_CAUSE_OTHER,            /* "other": the errno says all that is known */
	VGPU_CAUSE_INVALID,          /* "invalid": an argument, or a combination of them, makes no sense */
	VGPU_CAUSE_NO_PARENT,        /* "no-such-parent" */
	VGPU_CAUSE_NO_TYPE,          /* "no-such-type": the parent does not offer it */
	VGPU_CAUSE_NO_DEVICE,        /* "no-such-device" */
	VGPU_CAUSE_NO_REGION,        /* "no-such-region": the device has no region of that index */
	VGPU_CAUSE_EXISTS,           /* "exists": the pair or the kernel's name is taken */
	VGPU_CAUSE_NO_CAPACITY,      /* "no-capacity": no instance of the type is left */
	VGPU_CAUSE_IN_USE,           /* "in-use": somebody holds the device */
	VGPU_CAUSE_PENDING,          /* "pending": the deadline passed, the kernel still works on it */
	VGPU_CAUSE_NOT_READY,        /* "not-ready": its links or nodes did not appear in time */
	VGPU_CAUSE_PERMISSION,       /* "permission" */
	VGPU_CAUSE_UNSUPPORTED,      /* "unsupported": this host, kernel, driver or device can't do it */
	VGPU_CAUSE_REFUSED,          /* "refused": the driver said no to a request that is well formed */
	VGPU_CAUSE_IOMMU_OFF,        /* "iommu-off": the device has no IOMMU group */
	VGPU_CAUSE_MODULE_MISSING,   /* "module-missing": a kernel module is not loaded */
	VGPU_CAUSE_NO_VFIO_DRIVER,   /* "no-vfio-driver": the device is not bound to a VFIO driver */
	VGPU_CAUSE_GROUP_NOT_VIABLE, /* "group-not-viable": another device of the IOMMU group has a host driver */
	VGPU_CAUSE_NOT_MAPPABLE,     /* "not-mappable": the range can't be mapped, but read and written */
	VGPU_CAUSE_OUT_OF_RANGE,     /* "out-of-range": offset or length lies outside the region */
	VGPU_CAUSE_GONE,             /* "gone": it was removed while the call ran */
	VGPU_CAUSE_NO_MEMORY,        /* "no-memory" */
	VGPU_CAUSE_LOCKED,           /* "locked": another process holds the records' lock beyond the deadline */
	VGPU_CAUSE_BAD_DATA,         /* "bad-data": the kernel, or a file, says something malformed */
	VGPU_CAUSE_LIMIT,            /* "limit": locked memory or mappings have reached their limit */
	VGPU_CAUSE_LOST              /* "lost": the change failed, and what was in force before is gone too */
};

/**
 * vgpu_cause_get_name() - the stable short name of a cause, as in JSON
 * @cause: an enum vgpu_cause
 *
 * Return: a static string (borrowed); "other" for a number it does not know.
 * Since: 0.1
 */
const char *vgpu_cause_get_name(enum vgpu_cause cause);

/**
 * vgpu_error_ref() - take a reference to an error record
 * @error: the record, or NULL
 *
 * Return: @error, a new reference.
 * Since: 0.1
 */
struct vgpu_error *vgpu_error_ref(struct vgpu_error *error);

/**
 * vgpu_error_unref() - drop a reference to an error record
 * @error: the record, or NULL
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_error *vgpu_error_unref(struct vgpu_error *error);

/**
 * vgpu_error_get_operation() - what was being done, for example "create"
 * @error: the record
 *
 * Return: text (borrowed, as long as @error lives; never NULL). So do all getters that return text here.
 * Since: 0.1
 */
const char *vgpu_error_get_operation(const struct vgpu_error *error);

/**
 * vgpu_error_get_path() - the file, directory or node that it was done on
 * @error: the record
 *
 * Return: a path, or another name of the thing that failed (a DEVICE, a parent); "" where there is none.
 * Since: 0.1
 */
const char *vgpu_error_get_path(const struct vgpu_error *error);

/**
 * vgpu_error_get_value() - the value that was written or refused
 * @error: the record
 *
 * Return: text; "" where there is none.
 * Since: 0.1
 */
const char *vgpu_error_get_value(const struct vgpu_error *error);

/**
 * vgpu_error_get_errno() - the errno, a positive number
 * @error: the record
 *
 * Return: a number of errno(3), the same that the failed call returned negated; 0 where nothing failed.
 * Since: 0.1
 */
int vgpu_error_get_errno(const struct vgpu_error *error);

/**
 * vgpu_error_get_cause() - why it failed
 * @error: the record
 *
 * Return: an enum vgpu_cause.
 * Since: 0.1
 */
enum vgpu_cause vgpu_error_get_cause(const struct vgpu_error *error);

/**
 * vgpu_error_get_message() - why it failed, a phrase for people
 * @error: the record
 *
 * Return: text without the path, a full stop or a newline.
 * Since: 0.1
 */
const char *vgpu_error_get_message(const struct vgpu_error *error);

/**
 * vgpu_error_get_hint() - what to do about it
 * @error: the record
 *
 * Return: text; "" where nothing is known to help.
 * Since: 0.1
 */
const char *vgpu_error_get_hint(const struct vgpu_error *error);

/**
 * vgpu_errors_unref() - drop a collection that was given to the caller
 * @errors: the collection, or NULL; not one that belongs to a list
 *
 * Return: always NULL.
 * Since: 0.1
 */
struct vgpu_errors *vgpu_errors_unref(struct vgpu_errors *errors);

/**
 * vgpu_errors_get_count() - number of errors in a collection
 * @errors: the collection, or NULL
 *
 * Return: the number; 0 for NULL.
 * Since: 0.1
 */
size_t vgpu_errors_get_count(const struct vgpu_errors *errors);

/**
 * vgpu_errors_get() - one error of a collection
 * @errors: the collection, or NULL
 * @i: position, from 0
 *
 * Return: the record (borrowed from the collection), or NULL beyond its end.
 * Since: 0.1
 */
struct vgpu_error *vgpu_errors_get(const struct vgpu_errors *errors, size_t i);

#ifdef __cplusplus
}
#endif
#endif
