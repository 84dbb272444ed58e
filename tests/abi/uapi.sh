#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What we declare of the kernel's interface is what the kernel declares, in its own headers of 6.12:
# uapi.sh SOURCE COMPILER
set -euo pipefail
shopt -s nullglob
source=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
	echo "skipped: $*"
	exit 77
}

# find_headers: prints a folder with the kernel's vfio.h, iommufd.h and kvm.h: installed, or else unpacked from the package.
find_headers() {
	local dir package
	for dir in /usr/src/linux-headers-6.12*-common/include/uapi/linux "$work"/usr/src/*/include/uapi/linux; do
		[ -e "$dir/iommufd.h" ] && [ -e "$dir/vfio.h" ] && printf '%s\n' "$dir" && return
	done
	[ ! -d "$work/usr" ] || return 1
	package=$(LC_ALL=C apt-cache search --names-only '^linux-headers-6\.12.*-common$' | sed -n '$s/ .*//p')
	[ -n "$package" ] || return 1
	(cd "$work" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$package" && dpkg-deb -x ./*.deb .) >&2 ||
		return 1
	find_headers
}

command -v "$compiler" >/dev/null || skip "$compiler is missing (Debian package $compiler)"
headers=$(find_headers) ||
	skip 'the headers of Linux 6.12 are neither installed nor to be had (Debian package linux-headers-6.12-amd64)'
# The kernel's files are meant for its own build: what it takes out when it installs them must not stay.
mkdir "$work/linux"
for name in fcntl vfio iommufd kvm; do
	sed -e 's/[[:space:]]__user[[:space:]]/ /g' -e '/<linux\/compiler.h>/d' "$headers/$name.h" >"$work/linux/$name.h"
done
mkdir "$work/drm"
cp "$headers/../drm/drm_fourcc.h" "$work/drm"
echo '#include <linux/types.h>' >"$work/drm/drm.h" # all that drm_fourcc.h takes of it
for check in uapi_check uapi_public_check; do
	"$compiler" -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -isystem "$work" -I "$source/include" -I "$source/lib" \
		"$source/tests/abi/$check.c"
done
echo "the same as in $headers"
