/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The version of libvgpu, at compile time and at run time. */
#ifndef VGPU_VERSION_H
#define VGPU_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/** Version of these headers: a change of MAJOR breaks the API, MINOR adds to it. */
#define VGPU_VERSION_MAJOR 0
#define VGPU_VERSION_MINOR 1
#define VGPU_VERSION_PATCH 0

/**
 * vgpu_version_get() - version of the library that is running
 *
 * Return: "MAJOR.MINOR.PATCH", a static string (borrowed; never NULL).
 * Since: 0.1
 */
const char *vgpu_version_get(void);

#ifdef __cplusplus
}
#endif
#endif
