#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What libvgpu.so exports is what the public headers declare and document, what the version script lists, and what
# libvgpu(3) names: symbols.sh SOURCE LIBRARY MANPAGE
set -eu
source=$1 library=$2 page=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export LC_ALL=C
failed=0

# same A B: two sorted lists are equal.
same() {
	comm -3 "$1" "$2" | sed "s/^\t\(.*\)/\1: in $2, not in $1/; t; s/\$/: in $1, not in $2/" >difference
	[ -s difference ] || return 0
	cat difference >&2
	failed=1
}

nm -D --defined-only --with-symbol-versions "$library" | awk '$2 != "A" { print $3 }' | sort >exported-versions
sed 's/@.*//' exported-versions >exported
gcc -E -P -I"$source/include" "$source/include/vgpu/vgpu.h" | grep -oE '\bvgpu_[a-z0-9_]+ ?\(' | tr -d ' (' | sort -u >declared
awk -f "$source/man/functions.awk" "$source"/include/vgpu/*.h >functions
cut -f 2 functions | sort >documented
awk '/^LIBVGPU_/ { version = $1 } /^\t.*;/ && !/\*/ { sub(/;/, ""); print $1 "@@" version }' "$source/lib/libvgpu.map" | sort >map-versions
sed 's/@.*//' map-versions >map
grep -oE '\bvgpu_[a-z0-9_]+\(' "$page" | tr -d '(' | sort -u >manpage

[ -s declared ] || { echo 'the headers declare no function' >&2 && exit 1; }
same exported-versions map-versions
same declared exported
same declared map
same declared documented
same declared manpage
awk -F '\t' '$3 == "" || $4 == "" { print $2 ": its comment in vgpu/" $1 " lacks a description or Since:"; bad = 1 }
	END { exit bad }' functions >&2 || failed=1
awk -F '\t' '{ print $2 "@@LIBVGPU_" $3 }' functions | sort >since
same since map-versions
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
[ "$soname" = libvgpu.so.1 ] || { echo "SONAME is '$soname', not libvgpu.so.1" >&2 && failed=1; }
exit "$failed"
