/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has a test left descriptors behind? */
#ifndef TESTS_FDS_H
#define TESTS_FDS_H

#include <fcntl.h>

/* Number of descriptors that this process has open; needs no memory, and opens nothing. */
static inline unsigned count_fds(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
