#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A ctest test that needs the VM: runs a command of tests/vm, or says why it can't run here: test.sh COMMAND...
set -eu
for tool in qemu-system-x86_64:qemu-system-x86 cpio:cpio apt-get:apt; do
	if ! command -v "${tool%:*}" >/dev/null; then
		echo "skipped: ${tool%:*} is missing (Debian package ${tool#*:})"
		exit 77
	fi
done
exec "$@"
