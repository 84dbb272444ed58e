/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of opening devices, on a real kernel: vfio_test WHAT. vfio_test.sh makes the devices. */
#include "vfio_test.h"

#include <stdio.h>
#include <string.h>

/* Adds what the argument asks for: the host is in another state for each. */
static bool add_tests(Suite *suite, const char *what, int paths)
{
	if (strcmp(what, "bare") == 0) {
		add_bare_tests(suite);
	} else if (strcmp(what, "container") == 0) {
		add_container_tests(suite);
	} else if (strcmp(what, "viable") == 0) {
		add_viable_tests(suite, paths);
	} else if (strcmp(what, "all") == 0) {
		add_device_tests(suite, paths);
		add_open_tests(suite, paths);
		add_share_tests(suite, paths);
		add_fds_tests(suite, paths);
		add_alloc_tests(suite, paths);
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create("vfio");

	if (argc != 2 || !add_tests(suite, argv[1], has_iommufd() ? 2 : 1)) {
		fprintf(stderr, "usage: vfio_test all|viable|bare|container\n");
		return 2;
	}
	return run_suite(suite);
}
