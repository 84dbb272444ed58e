/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a vendor's program, in the helper process. */
#ifndef VG_SYS_HELPER_PROGRAM_H
#define VG_SYS_HELPER_PROGRAM_H

#include <stddef.h>

/*
 * Runs "PROGRAM OPTION OPERAND" and waits for its end. text receives the beginning of what it prints, terminated. 0;
 * -ECANCELED: it says that it failed; or -errno: it could not be run. Async-signal-safe calls only.
 */
int vg_run_program(const char *program, const char *option, const char *operand, char *text, size_t size);

#endif
