/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to the process of a provider: one request, one reply, one connection, one deadline. */
#ifndef VG_CONTROL_CALL_H
#define VG_CONTROL_CALL_H

#include <stdint.h>

#include "control/dirs.h"
#include "control/json.h"

/* A request for this command, or NULL without memory. */
struct json_object *vg_control_request(const char *command);
/*
 * Sends a request, which is given up in any case (NULL: there was no memory for it), and receives the reply, a new
 * reference; and the descriptor that may come with it (-1: none; fd NULL: none is wanted). 0, or -errno with an error
 * record: the provider's, or -ENOTCONN (no process listens there any more), -EPERM (not one of a user whom we trust),
 * -ETIMEDOUT, -EPROTO.
 */
int vg_control_call(struct vgpu_context *ctx, const char *operation, const struct vg_control_at *at,
					struct json_object *request, int64_t deadline, struct json_object **reply, int *fd);

#endif
