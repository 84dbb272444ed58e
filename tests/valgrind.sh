#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs a test program under valgrind: any invalid access or leak fails it: valgrind.sh PROGRAM [ARGUMENT ...]
set -eu
if ! command -v valgrind >/dev/null; then
	echo 'skipped: valgrind is missing (Debian package valgrind)'
	exit 77
fi
# check forks for each test; what leaks there counts too
exec valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
	--track-fds=no --child-silent-after-fork=no "$@"
