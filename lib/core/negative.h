/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failing is negative, whatever errno the failure has: said where compilers and analysers can see it, so that they do
 * not warn of results that only a success leaves unset.
 */
#ifndef VG_CORE_NEGATIVE_H
#define VG_CORE_NEGATIVE_H

#include <errno.h>

#include "core/context.h"

#define vg_negative(call)                                                                                              \
	__extension__({                                                                                                    \
		int negative_ = (call);                                                                                        \
		negative_ < 0 ? negative_ : -EINVAL;                                                                           \
	})

#define vg_fail(...) vg_negative(vg_fail(__VA_ARGS__))
#define vg_fail_errno(...) vg_negative(vg_fail_errno(__VA_ARGS__))
#define vg_fail_invalid(...) vg_negative(vg_fail_invalid(__VA_ARGS__))
#define vg_fail_memory(...) vg_negative(vg_fail_memory(__VA_ARGS__))

#endif
