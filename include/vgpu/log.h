/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Log messages of a context: levels, and the callback that receives them. */
#ifndef VGPU_LOG_H
#define VGPU_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

/** Log levels, the numbers of syslog(3). A message is delivered when its level is at most the context's. */
enum vgpu_log_level {
	VGPU_LOG_ERROR = 3,   /* something failed, and no error record tells it */
	VGPU_LOG_WARNING = 4, /* odd, but the call goes on */
	VGPU_LOG_INFO = 6,    /* what was chosen, and why */
	VGPU_LOG_DEBUG = 7    /* each write to the kernel */
};

/**
 * vgpu_log_fn - receives one log message
 * @data: the pointer that the context was given beside the callback
 * @level: one of enum vgpu_log_level
 * @message: one line of text without a newline (borrowed, valid during the call)
 *
 * Called in the thread whose call caused the message, without any lock of the library held.
 * It must not call into the same context.
 */
typedef void (*vgpu_log_fn)(void *data, int level, const char *message);

#ifdef __cplusplus
}
#endif
#endif
