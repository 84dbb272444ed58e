#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Compares the ABI with that of the last release, if its dump is in tests/abi/libvgpu.abi (abidw makes it at a release),
# and shows that a removed function would be noticed: abidiff.sh SOURCE LIBRARY
set -eu
source=$1 library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v abidiff >/dev/null || { echo 'skipped: abidiff is not installed (package abigail-tools)' && exit 77; }

abidw --headers-dir "$source/include/vgpu" --drop-private-types --out-file "$work/now.abi" "$library"
if [ -e "$source/tests/abi/libvgpu.abi" ]; then
	abidiff --no-added-syms "$source/tests/abi/libvgpu.abi" "$work/now.abi"
fi
abidiff "$work/now.abi" "$library"

# The same library without one function: the archive's objects with a shorter version script.
sed '/vgpu_context_unref;/d' "$source/lib/libvgpu.map" >"$work/less.map"
"${CC:-cc}" -shared -o "$work/less.so" -Wl,-soname,libvgpu.so.1 -Wl,--version-script="$work/less.map" \
	-Wl,--whole-archive "${library%.so*}.a" -Wl,--no-whole-archive -ljson-c -ludev -luuid
if abidiff "$work/now.abi" "$work/less.so" >"$work/report"; then
	echo 'abidiff does not see that vgpu_context_unref is gone' >&2
	exit 1
fi
grep vgpu_context_unref "$work/report"
