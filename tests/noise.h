/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Noise that is the same each time (xorshift). */
#ifndef TESTS_NOISE_H
#define TESTS_NOISE_H

#include <stdint.h>

static uint32_t noise_state = 1;

static inline void noise_seed(int seed)
{
	noise_state = (uint32_t)seed * 2654435761u + 1;
}

/* From 0 to INT32_MAX. */
static inline int noise(void)
{
	noise_state ^= noise_state << 13;
	noise_state ^= noise_state >> 17;
	noise_state ^= noise_state << 5;
	return (int)(noise_state >> 1);
}

#endif
