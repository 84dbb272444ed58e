/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device whose ops are pending when the fuzzer wants, and which does of itself what the fuzzer says. */
#ifndef TESTS_FUZZ_SLOW_DEVICE_H
#define TESTS_FUZZ_SLOW_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <vgpu/vgpu.h>

/* What the device does, instead of a command of the client. */
#define SLOW_ANSWER 0xff /* completes the op that is pending: its result, 4 bytes */
#define SLOW_COPY 0xfe   /* reads guest memory, or writes it: IOVA, 8 bytes; length, 2 bytes; whether to write */
#define SLOW_BORROW 0xfd /* borrows guest memory, as SLOW_COPY; length 0: gives all back */
#define SLOW_PEND 0xfc   /* which ops are pending from now on: a bit each */
#define SLOW_SIGNAL 0xfb /* sends interrupts */
#define SLOW_FIRST SLOW_SIGNAL

extern const struct vgpu_provider_ops slow_ops;
void slow_act(struct vgpu_instance *instance, uint8_t what, const uint8_t *data, size_t size);
/* Gives everything back; is not slow any more. Returns whether there was something to complete. */
int slow_end(struct vgpu_instance *instance);

#endif
