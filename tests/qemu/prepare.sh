#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prepares what the tests with QEMU need, once: QEMU, the kernel, and the guest's module in the folder ENGINE; or says why
# it can't: prepare.sh ENGINE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../vm/kernels

if ! said=$("$kernels" prepare qemu 6.12 headers-6.12 2>&1); then
	printf '%s\n' "$said"
	echo "skipped: $(printf '%s\n' "$said" | tail -n 1)"
	exit 77
fi
"$kernels" modules 6.12 "$here/module" "$1"
