/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Option structs that start with their size: old callers and new ones meet any version of the library. */
#ifndef VG_CORE_OPTS_H
#define VG_CORE_OPTS_H

#include <stddef.h>

/*
 * Copies the caller's options (NULL: all zero) into known[known_size], whose first field is a size_t too. Fields that
 * an older caller does not have become zero. Returns 0, -EINVAL (the size cannot be one), or -E2BIG (a newer caller
 * asks for something that this library does not know).
 */
int vg_opts_copy(void *known, size_t known_size, const void *opts);

#endif
