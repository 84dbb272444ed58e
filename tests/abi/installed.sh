#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs, moves what was installed, and builds and runs a program with it in each way that we offer:
# installed.sh SOURCE BUILD
set -eu
source=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
main=$source/tests/abi/consumer/main.c
: "${CC:=cc}"

DESTDIR=$work/dest cmake --install "$build" --prefix /opt/vgpu >"$work/log"
mv "$work/dest/opt/vgpu" "$work/moved"
library=$(dirname "$(find "$work/moved" -name libvgpu.a)")
mkdir "$work/empty"
unset DESTDIR LD_LIBRARY_PATH PKG_CONFIG_SYSROOT_DIR
export PKG_CONFIG_PATH="$library/pkgconfig"

# try shared|static PROGRAM: it runs, and with the library that we mean.
try() {
	if [ "$1" = shared ]; then
		ldd "$2" | grep -q 'libvgpu\.so\.1' || { echo "$2 is not linked with libvgpu.so.1" >&2 && exit 1; }
	else
		! ldd "$2" | grep libvgpu >&2 || { echo "$2 is not linked statically" >&2 && exit 1; }
	fi
	LD_LIBRARY_PATH=$library "$2" "$work/empty" || { echo "$2 failed: $?" >&2 && exit 1; }
}

# shellcheck disable=SC2046
{
	"$CC" -std=c11 "$main" -o "$work/pkgconfig" $(pkg-config --cflags --libs libvgpu)
	"$CC" -std=c11 "$main" -o "$work/pkgconfig-static" \
		$(pkg-config --static --cflags --libs libvgpu | sed 's/-lvgpu/-l:libvgpu.a/')
}
try shared "$work/pkgconfig"
try static "$work/pkgconfig-static"

cmake -S "$source/tests/abi/consumer" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/moved" >>"$work/log"
cmake --build "$work/cmake" >>"$work/log"
try shared "$work/cmake/shared"
try static "$work/cmake/static"

# README's program, built as README says
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/README.md" >"$work/types.c"
command=$(sed -n 's/^cc types.c \(.*\) -o types$/\1/p' "$source/README.md")
(cd "$work" && eval "$CC -Wall -Wextra -Werror types.c $command -o types")
try shared "$work/types"
LD_LIBRARY_PATH=$library "$work/types" | grep -q . || { echo "README's program prints nothing" >&2 && exit 1; }

# README's provider, and what README does with it
command=$(sed -n 's/^cc examples.provider.c \(.*\) -o provider$/\1/p' "$source/README.md")
(cd "$work" && eval "$CC -Wall -Wextra -Werror '$source/examples/provider.c' $command -o provider")
mkdir "$work/gpus"
LD_LIBRARY_PATH=$library "$work/provider" "$work/gpus" >"$work/socket" &
provider=$!
for _ in $(seq 100); do
	[ -s "$work/socket" ] || sleep 0.1
done
for command in show qemu-args; do
	LD_LIBRARY_PATH=$library "$work/moved/bin/vgpuctl" "$command" "$work/gpus"/*.sock >"$work/said" ||
		{ echo "README's provider: vgpuctl $command fails" >&2 && kill "$provider" && exit 1; }
	grep -q . "$work/said"
done
kill "$provider"
wait "$provider" || { echo "README's provider ends with $?" >&2 && exit 1; }

[ -s "$work/moved/share/man/man3/libvgpu.3" ] || { echo 'libvgpu(3) is not installed' >&2 && exit 1; }
