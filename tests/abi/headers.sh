#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every public header compiles alone, and includes no header of the kernel: headers.sh SOURCE COMPILER [OPTION ...]
set -eu
source=$1
shift
failed=0
command -v "$1" >/dev/null || { echo "skipped: $1 is missing" && exit 77; }

if grep -nE '#[ \t]*include[ \t]*[<"](linux|asm)' "$source"/include/vgpu/*.h >&2; then
	failed=1
fi
for header in "$source"/include/vgpu/*.h; do
	echo "#include <vgpu/${header##*/}>" |
		"$@" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$source/include" - || failed=1
done
exit "$failed"
