/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounded strings and strict number parsing. No context, no I/O. */
#ifndef VG_UTIL_STR_H
#define VG_UTIL_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define VG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Writes to buf[size], always terminated. Returns the length, or -ENAMETOOLONG where it was cut. */
int vg_strf(char *buf, size_t size, const char *fmt, ...) VG_PRINTF(3, 4);
/* Copies src; as vg_strf. */
int vg_strcopy(char *buf, size_t size, const char *src);
/* New string (free it), or NULL without memory. */
char *vg_asprintf(const char *fmt, ...) VG_PRINTF(1, 2);
/* strdup that lets NULL through: *out = NULL. Returns 0 or -ENOMEM. */
int vg_dup(const char *s, char **out);
/* The part behind the last '/'. */
const char *vg_basename(const char *path);
/* Cuts white space at the end, in place. */
void vg_chomp(char *s);
/* Replaces what is not valid UTF-8, and control characters but newline and tab, by '?', in place. */
void vg_make_printable(char *s);
/* Would vg_make_printable() change nothing? */
bool vg_is_printable(const char *s);
/* The whole of s as a number in this base (10, 16 with or without 0x; 0: by its prefix), at most max. 0 or -EINVAL. */
int vg_parse_u64(const char *s, unsigned base, uint64_t max, uint64_t *out);
/* strcmp order in which runs of digits count as numbers: nvidia-9 before nvidia-10. */
int vg_natural_cmp(const char *a, const char *b);

#endif
