/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict numbers, natural order, and text made safe to print. */
#include <errno.h>
#include <string.h>

#include "run_suite.h"
#include "util/str.h"

START_TEST(numbers)
{
	uint64_t n = 5;

	ck_assert_int_eq(vg_parse_u64("4294967295", 10, UINT32_MAX, &n), 0);
	ck_assert_uint_eq(n, UINT32_MAX);
	ck_assert_int_eq(vg_parse_u64("0x10de", 0, 0xffff, &n), 0);
	ck_assert_uint_eq(n, 0x10de);
	ck_assert_int_eq(vg_parse_u64("18446744073709551615", 10, UINT64_MAX, &n), 0);
	ck_assert_int_eq(vg_parse_u64("18446744073709551616", 10, UINT64_MAX, &n), -EINVAL);
	ck_assert_int_eq(vg_parse_u64("4294967296", 10, UINT32_MAX, &n), -EINVAL);
	ck_assert_int_eq(vg_parse_u64("", 10, 9, &n), -EINVAL);
	ck_assert_int_eq(vg_parse_u64("0x", 0, 9, &n), -EINVAL);
	ck_assert_int_eq(vg_parse_u64("-1", 10, UINT64_MAX, &n), -EINVAL);
	ck_assert_int_eq(vg_parse_u64("1 ", 10, 9, &n), -EINVAL);
	ck_assert_int_eq(vg_parse_u64("0x1", 10, 9, &n), -EINVAL);
}
END_TEST

START_TEST(natural_order)
{
	ck_assert_int_lt(vg_natural_cmp("nvidia-9", "nvidia-10"), 0);
	ck_assert_int_gt(vg_natural_cmp("nvidia-10a", "nvidia-10"), 0);
	ck_assert_int_eq(vg_natural_cmp("a-1-b", "a-1-b"), 0);
	ck_assert_int_lt(vg_natural_cmp("", "a"), 0);
	ck_assert_int_lt(vg_natural_cmp("a99999999999999999999998", "a99999999999999999999999"), 0);
}
END_TEST

START_TEST(printable)
{
	char text[] = "a\x1b[1m\n\t\xc3\xa4\xff\xe0\x80\x80\xed\xa0\x80z\x7f";

	vg_make_printable(text);
	ck_assert_str_eq(text, "a?[1m\n\t\xc3\xa4???????z?");
}
END_TEST

START_TEST(bounded)
{
	char buf[4];

	ck_assert_int_eq(vg_strcopy(buf, sizeof(buf), "abc"), 3);
	ck_assert_int_eq(vg_strcopy(buf, sizeof(buf), "abcd"), -ENAMETOOLONG);
	ck_assert_str_eq(buf, "abc");
	strcpy(buf, "a \n");
	vg_chomp(buf);
	ck_assert_str_eq(buf, "a");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {numbers, natural_order, printable, bounded, NULL};

	return run_suite("str", tests);
}
