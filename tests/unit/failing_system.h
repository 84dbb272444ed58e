/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a provider takes of the system and of json-c, beside memory: it fails as allocations do (failing.h). */
#ifndef TESTS_UNIT_FAILING_SYSTEM_H
#define TESTS_UNIT_FAILING_SYSTEM_H

#include <json-c/json.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "failing.h"

/* What else a call takes of the system: the linker sends the library's calls here, too. */
#define DEFINE_FAILING(TYPE, FUNCTION, FAILURE, ERR, PARAMETERS, ...)                                                  \
	TYPE __real_##FUNCTION PARAMETERS;                                                                                 \
	TYPE __wrap_##FUNCTION PARAMETERS;                                                                                 \
	TYPE __wrap_##FUNCTION PARAMETERS                                                                                  \
	{                                                                                                                  \
		if (!fails())                                                                                                  \
			return __real_##FUNCTION(__VA_ARGS__);                                                                     \
		errno = (ERR);                                                                                                 \
		return FAILURE;                                                                                                \
	}

DEFINE_FAILING(void *, mmap, MAP_FAILED, ENOMEM, (void *at, size_t size, int prot, int flags, int fd, off_t offset), at,
			   size, prot, flags, fd, offset)
DEFINE_FAILING(int, memfd_create, -1, EMFILE, (const char *name, unsigned flags), name, flags)
DEFINE_FAILING(int, eventfd, -1, EMFILE, (unsigned count, int flags), count, flags)
DEFINE_FAILING(int, epoll_create1, -1, EMFILE, (int flags), flags)
DEFINE_FAILING(int, timerfd_create, -1, EMFILE, (clockid_t clock, int flags), clock, flags)
DEFINE_FAILING(int, pipe2, -1, EMFILE, (int *fds, int flags), fds, flags)
DEFINE_FAILING(int, socket, -1, EMFILE, (int domain, int type, int protocol), domain, type, protocol)
DEFINE_FAILING(int, socketpair, -1, EMFILE, (int domain, int type, int protocol, int *fds), domain, type, protocol, fds)
DEFINE_FAILING(struct json_object *, json_object_new_object, NULL, ENOMEM, (void), )
DEFINE_FAILING(struct json_object *, json_object_new_array, NULL, ENOMEM, (void), )
DEFINE_FAILING(struct json_object *, json_object_new_string, NULL, ENOMEM, (const char *text), text)
DEFINE_FAILING(struct json_object *, json_object_new_int64, NULL, ENOMEM, (int64_t number), number)
DEFINE_FAILING(struct json_object *, json_object_new_boolean, NULL, ENOMEM, (json_bool value), value)
DEFINE_FAILING(struct json_tokener *, json_tokener_new_ex, NULL, ENOMEM, (int depth), depth)
DEFINE_FAILING(int, json_object_object_add, -1, ENOMEM,
			   (struct json_object * to, const char *name, struct json_object *value), to, name, value)
DEFINE_FAILING(int, json_object_array_add, -1, ENOMEM, (struct json_object * to, struct json_object *value), to, value)

/* What was printed before is kept, and needs no memory. */
const char *__real_json_object_to_json_string_length(struct json_object *object, int flags, size_t *size);
const char *__wrap_json_object_to_json_string_length(struct json_object *object, int flags, size_t *size);

const char *__wrap_json_object_to_json_string_length(struct json_object *object, int flags, size_t *size)
{
	static const struct json_object *last;

	if (object != last && fails())
		return NULL;
	last = object;
	return __real_json_object_to_json_string_length(object, flags, size);
}

int __real_epoll_ctl(int poll_fd, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int poll_fd, int operation, int fd, struct epoll_event *event);

int __wrap_epoll_ctl(int poll_fd, int operation, int fd, struct epoll_event *event)
{
	/* nothing else needs memory */
	return operation == EPOLL_CTL_ADD && fails() ? -1 : __real_epoll_ctl(poll_fd, operation, fd, event);
}

#endif
