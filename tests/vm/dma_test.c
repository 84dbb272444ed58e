/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of DMA on a real kernel; dma_test.sh makes the devices. */
#include "dma_test.h"

int main(void)
{
	Suite *suite = suite_create("dma");
	const int paths = has_iommufd() ? 2 : 1;

	add_edu_tests(suite, paths);
	add_map_tests(suite, paths);
	add_limit_tests(suite, paths);
	add_join_tests(suite, paths);
	add_given_tests(suite, paths);
	add_dirty_tests(suite, paths);
	add_thread_tests(suite, paths);
	return run_suite(suite);
}
