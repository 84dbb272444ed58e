/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Allocations of this thread that fail: one, or all from one on. The linker sends the library's calls here: see
 * vgpu_failing() in CMakeLists.txt. Include in one file of a program.
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

static _Thread_local struct {
	bool armed;
	bool go_on; /* later ones fail too */
	bool failed;
	long left; /* allocations until one fails */
} failing;

static bool fails(void)
{
	if (!failing.armed)
		return false;
	if (failing.left > 0) {
		failing.left--;
		return false;
	}
	if (failing.failed && !failing.go_on)
		return false;
	failing.failed = true;
	errno = ENOMEM;
	return true;
}

/* From now on the n-th fails, once it is armed. */
static inline void failing_begin(long n)
{
	failing.left = n;
	failing.failed = false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
int __real_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **out, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

int __wrap_vasprintf(char **out, const char *format, va_list args)
{
	return fails() ? -1 : __real_vasprintf(out, format, args);
}

#endif
