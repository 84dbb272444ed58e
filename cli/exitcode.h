/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exit codes: a fixed meaning each, for scripts. */
#ifndef CLI_EXITCODE_H
#define CLI_EXITCODE_H

#include <vgpu/error.h>

enum exit_code {
	EXIT_CODE_DONE = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_NOT_FOUND = 3,
	EXIT_CODE_PERMISSION = 4,
	EXIT_CODE_UNSUPPORTED = 5,
	EXIT_CODE_BUSY = 6,
	EXIT_CODE_EXISTS = 7,
	EXIT_CODE_NO_CAPACITY = 8,
	EXIT_CODE_PENDING = 9
};

/* The exit code of a command that failed for this cause. */
enum exit_code exit_code_of_cause(enum vgpu_cause cause);

#endif
