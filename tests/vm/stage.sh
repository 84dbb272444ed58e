#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fills a folder that is copied to / of the test VM: libvgpu as it is installed, the scripts, and C programs that were
# built with what pkg-config says: stage.sh BUILD FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1 root=$2

rm -rf "$root"
mkdir -p "$root"
root=$(cd "$root" && pwd)
DESTDIR=$root cmake --install "$build" --prefix /usr/local >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$root" -name libvgpu.pc)")
export PKG_CONFIG_PATH
for source in "$here/main_job.c" "$here/../../examples/vmm.c"; do
	program=$(basename "$source" .c)
	# shellcheck disable=SC2046
	"${CC:-cc}" -std=c11 -Wall -Wextra -Werror -g "$source" -o "$root/usr/local/bin/$program" \
		$(pkg-config --cflags --libs libvgpu)
done
cp "$here/main_job.sh" "$root/usr/local/bin"
rm -rf "$root/usr/local/include" "$root"/usr/local/lib/*.a "$root/usr/local/share"
