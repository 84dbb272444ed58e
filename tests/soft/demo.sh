#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job on software GPUs, each step shown, as any user: demo.sh VGPUCTL DRAW [PICTURE.png]. Fails where anything
# is not as it must be.
set -eu
vgpuctl=$1 draw=$2
dir=$(mktemp -d)
picture=${3-$dir/picture.png}
vm=c0ffee00-0000-4000-8000-000000000001
server=
end() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	rm -rf "$dir"
}
trap end EXIT

fail() {
	echo "demo: failed: $*" >&2
	exit 1
}

# step COMMAND...: shows it and what it prints, which stays in $shown.
step() {
	printf '\n$ %s\n' "$*"
	if ! shown=$("$@" 2>&1); then
		printf '%s\n' "$shown"
		fail "$*"
	fi
	[ -z "$shown" ] || printf '%s\n' "$shown"
}

has() {
	printf '%s\n' "$shown" | grep -qF -- "$1" || fail "the output lacks '$1'"
}

vgpuctl() {
	"$vgpuctl" --runtime-dir "$dir/run" "$@"
}

draw() {
	"$draw" "$1" "$dir/run"
}

printf '\n$ vgpuctl serve softgpu &\n'
"$vgpuctl" --runtime-dir "$dir/run" serve softgpu >"$dir/serve" 2>&1 & # no function: that would be a shell of its own
server=$!
for _ in $(seq 100); do
	! grep -q 'is ready' "$dir/serve" || break
	sleep 0.1
done
cat "$dir/serve"
grep -q 'is ready' "$dir/serve" || fail 'the provider did not start'

step vgpuctl types
has softgpu-16
step vgpuctl create -p softgpu -t softgpu-16 "$vm:0"
step vgpuctl create -p softgpu -t softgpu-16 "$vm:1"
step vgpuctl start "$vm"
step vgpuctl list
has softgpu-16
echo
echo '# a mode, a picture through the mapped BAR 0, a copy of it to memory by DMA, and an interrupt:'
step draw "$vm:0"
has 'are the picture'
step vgpuctl screenshot "$vm:0" "$picture"
step vgpuctl migrate save "$vm:0" "$dir/state"
step vgpuctl migrate restore "$vm:1" "$dir/state"
step vgpuctl screenshot "$vm:1" "$dir/migrated.png"
cmp "$picture" "$dir/migrated.png" || fail 'what came over is another picture'
echo "# both show the same picture"
step vgpuctl shutdown "$vm"
step vgpuctl destroy "$vm:0"
step vgpuctl destroy "$vm:1"
step vgpuctl list
kill "$server"
wait "$server" || fail "the provider ended with $?"
server=
