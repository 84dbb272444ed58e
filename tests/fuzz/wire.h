/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vfio-user server without a thread: what it says comes from the fuzzer's bytes. The linker sends the client's waits
 * and clock here (see CMakeLists.txt): the server says something whenever the client waits, and time goes by in jumps.
 */
#ifndef TESTS_FUZZ_WIRE_H
#define TESTS_FUZZ_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpu/vgpu.h>

#include "user/channel.h"

/* Answers a command, if it wants to. False: not any more. */
typedef bool (*wire_fn)(struct vg_message *message);

/* The fuzzer's bytes that are left. */
extern const uint8_t *wire_data;
extern size_t wire_size;
/* Takes up to size of them; what is missing is 0. Returns how many there were. */
size_t wire_take(void *to, size_t size);

/* Opens a device at this server; NULL: it came to nothing. */
struct vgpu_vfio *wire_open(struct vgpu_context *ctx, wire_fn answer);
/* The server hangs up. */
void wire_close(void);
/* Answers honestly enough for a device to be opened: version and info. False: it is another command. */
bool wire_answer_open(struct vg_message *message);
/* Sends bytes as they are. */
void wire_send(const void *bytes, size_t size, unsigned fd_count);
/* A descriptor of a sealed file. */
int wire_file(void);

#endif
