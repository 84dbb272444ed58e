/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps: added and read, reversed, and bounded whatever the text holds. */
#include <errno.h>
#include <string.h>
#include <util/steps.h>

#include "run_suite.h"

static struct vg_steps steps, reverse;

START_TEST(order)
{
	struct vg_step step;

	vg_steps_clear(&steps);
	ck_assert(!vg_steps_get(&steps, 0, &step));
	ck_assert_int_eq(vg_steps_add(&steps, "/a", "1", &(struct vg_write){"/a", "0"}), 0);
	ck_assert_int_eq(vg_steps_add(&steps, "/b", "2", NULL), 0);
	ck_assert_int_eq(vg_steps_add(&steps, "/c", "3", &(struct vg_write){"/d", ""}), 0);
	ck_assert(vg_steps_get(&steps, 1, &step));
	ck_assert_str_eq(step.write.path, "/b");
	ck_assert_str_eq(step.write.value, "2");
	ck_assert_str_eq(step.undo.path, "");
	ck_assert(!vg_steps_get(&steps, 3, &step));
	ck_assert(!vg_steps_get(&steps, -1, &step));
	ck_assert_int_eq(vg_steps_reverse(&steps, &reverse), 0);
	ck_assert_int_eq(reverse.count, 2);
	ck_assert(vg_steps_get(&reverse, 0, &step));
	ck_assert_str_eq(step.write.path, "/d");
	ck_assert_str_eq(step.write.value, "");
	ck_assert(vg_steps_get(&reverse, 1, &step));
	ck_assert_str_eq(step.write.value, "0");
}
END_TEST

START_TEST(bounds)
{
	static char text[VG_STEPS_SIZE];
	struct vg_step step;

	memset(text, 'x', sizeof(text) - 1);
	vg_steps_clear(&steps);
	ck_assert_int_eq(vg_steps_add(&steps, text, "", NULL), -ENAMETOOLONG);
	ck_assert_int_eq(steps.count, 0);
	text[sizeof(text) - 4] = '\0'; /* four terminators fit exactly */
	ck_assert_int_eq(vg_steps_add(&steps, text, "", NULL), 0);
	ck_assert(vg_steps_get(&steps, 0, &step));
	ck_assert_int_eq(vg_steps_add(&steps, "", "", NULL), -ENAMETOOLONG);
	/* a count that the text does not bear out, and one that reaches beyond it */
	steps.count = 2;
	ck_assert(!vg_steps_get(&steps, 1, &step));
	steps.used = sizeof(text) + 1;
	ck_assert(!vg_steps_get(&steps, 0, &step));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {order, bounds, NULL};

	return run_suite("steps", tests);
}
