/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounded strings and strict number parsing. */
#include "util/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vg_strf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	return n;
}

int vg_strcopy(char *buf, size_t size, const char *src)
{
	size_t n = strlen(src), kept = n < size ? n : size - 1;

	memcpy(buf, src, kept);
	buf[kept] = '\0';
	return kept == n ? (int)n : -ENAMETOOLONG;
}

char *vg_asprintf(const char *fmt, ...)
{
	va_list args;
	char *out;
	int n;

	va_start(args, fmt);
	n = vasprintf(&out, fmt, args);
	va_end(args);
	return n < 0 ? NULL : out;
}

int vg_dup(const char *s, char **out)
{
	*out = s ? strdup(s) : NULL;
	return s && !*out ? -ENOMEM : 0;
}

const char *vg_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void vg_chomp(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
}

/* Length of the valid UTF-8 sequence at s, 0 if there is none (RFC 3629: no surrogates, no overlong forms). */
static size_t utf8_length(const unsigned char *s)
{
	size_t n, i;
	uint32_t c;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	c = s[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

/* The length of the character at s; 0: it is none that can be shown. */
static size_t printable_length(const char *s)
{
	unsigned char c = (unsigned char)*s;

	return c == 0x7f || (c < 0x20 && c != '\n' && c != '\t') ? 0 : utf8_length((const unsigned char *)s);
}

void vg_make_printable(char *s)
{
	while (*s) {
		size_t n = printable_length(s);

		if (n == 0)
			*s++ = '?';
		s += n;
	}
}

bool vg_is_printable(const char *s)
{
	size_t n = 1;

	for (; *s && n; s += n)
		n = printable_length(s);
	return n > 0;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int vg_parse_u64(const char *s, unsigned base, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');

	if (base == 0)
		base = hex ? 16 : 10;
	if (base == 16 && hex)
		s += 2;
	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		unsigned d = (unsigned)digit_value(*s);

		if (d >= base || value > (UINT64_MAX - d) / base)
			return -EINVAL;
		value = value * base + d;
	}
	if (value > max)
		return -EINVAL;
	*out = value;
	return 0;
}

int vg_natural_cmp(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			size_t na, nb;
			int cmp;

			a += strspn(a, "0");
			b += strspn(b, "0");
			na = strspn(a, "0123456789");
			nb = strspn(b, "0123456789");
			if (na != nb)
				return na < nb ? -1 : 1;
			cmp = strncmp(a, b, na);
			if (cmp)
				return cmp;
			a += na;
			b += nb;
			continue;
		}
		if (*a != *b)
			break;
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
