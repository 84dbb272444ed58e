/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NVIDIA's catalogue of types in every layout that was seen, and in some that nobody should write. */
#include <backend/nvidia_vfio.h>
#include <string.h>

#include "run_suite.h"

static const struct {
	const char *text;
	struct vg_nvidia_row rows[3]; /* id 0 at the end */
} cases[] = {
	{"", {{0}}},
	{"\n\n", {{0}}},
	{"ID    : vGPU Name\n", {{0}}},
	{"ID    : vGPU Name\n1145  : NVIDIA L40S-1B\n1148  : NVIDIA L40S-2Q\n",
	 {{1145, "NVIDIA L40S-1B"}, {1148, "NVIDIA L40S-2Q"}}},
	{"1414 : NVIDIA H200X-1-18C\n", {{1414, "NVIDIA H200X-1-18C"}}},
	{"1414 : NVIDIA H200X-1-18C", {{1414, "NVIDIA H200X-1-18C"}}},
	{"NVIDIA A40-2Q    558\n", {{558, "NVIDIA A40-2Q"}}},
	{"NVIDIA A40-2Q : 558\n", {{558, "NVIDIA A40-2Q"}}},
	{"558 NVIDIA A40-2Q\n", {{558, "NVIDIA A40-2Q"}}},
	{"  7\t:\tone\t\r\nnonsense\n8:two\n", {{7, "one"}, {8, "two"}}},
	{"0 : none\n4294967296 : too large\n-1 : minus\n9 :\n: 9\n", {{0}}},
};

START_TEST(layouts)
{
	char text[256], *rest = text;
	struct vg_nvidia_row row;
	size_t i;

	ck_assert_uint_lt(strlen(cases[_i].text), sizeof(text));
	memcpy(text, cases[_i].text, strlen(cases[_i].text) + 1);
	for (i = 0; vg_nvidia_row_next(&rest, &row); i++) {
		ck_assert_uint_eq(row.id, cases[_i].rows[i].id);
		ck_assert_str_eq(row.name, cases[_i].rows[i].name);
	}
	ck_assert_uint_eq(cases[_i].rows[i].id, 0);
	memcpy(text, cases[_i].text, strlen(cases[_i].text) + 1);
	ck_assert_int_eq(vg_nvidia_lists(text, cases[_i].rows[0].id), cases[_i].rows[0].id != 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalogue");
	TCase *tcase = tcase_create("catalogue");

	tcase_add_loop_test(tcase, layouts, 0, (int)VG_COUNT(cases));
	suite_add_tcase(suite, tcase);
	return run_checks(suite);
}
