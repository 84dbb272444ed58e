/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Included before each source file: what the public headers declare is visible outside of the shared library, all the
 * rest is hidden (-fvisibility=hidden). So no public header needs a macro for it.
 */
#pragma GCC visibility push(default)
#include <vgpu/vgpu.h>
#pragma GCC visibility pop
