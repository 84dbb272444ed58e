/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control protocol, by which management clients and the process of a provider talk (libvgpu-control(7)): messages
 * framed as vfio-user's, whose body is one JSON object. A request, its reply, the next request.
 */
#ifndef VG_CONTROL_PROTOCOL_H
#define VG_CONTROL_PROTOCOL_H

#include "user/wire.h"

/* Only what keeps older peers from understanding a message makes this another number: members are added without. */
#define VG_CONTROL_VERSION 1
/* Bytes of a message's JSON. */
#define VG_CONTROL_DATA ((uint32_t)64 * 1024)
/* How deep JSON is nested. */
#define VG_CONTROL_DEPTH 8
/* A reply that lists things ends when it is so long; "next" says where the rest begins. */
#define VG_CONTROL_PAGE ((size_t)48 * 1024)
/* In the header of each message. */
#define VG_CONTROL_COMMAND (VG_USER_PRIVATE + 0x100)
/* How long half a message may stay half. */
#define VG_CONTROL_HALF_MS 5000

/* A provider's socket in the runtime directory is "NAME.control", the socket of a vGPU "UUID:INSTANCE.sock". */
#define VG_CONTROL_SUFFIX ".control"
#define VG_CONTROL_SOCKET_SUFFIX ".sock"

#endif
