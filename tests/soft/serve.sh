#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# vgpuctl over software GPUs, with a client that holds one: what works meanwhile, what says busy, and what comes of
# providers that end, or are killed. VGPUCTL, READY and DRAW are the programs, LIBRARY is what they are linked with.
set -eu
dir=$(mktemp -d)
vm=c0ffee00-0000-4000-8000-0000000000aa
server='' holder=''
end() {
	[ -z "$holder" ] || kill "$holder" 2>/dev/null || :
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	rm -rf "$dir"
}
trap end EXIT

fail() {
	echo "failed: $*"
	cat "$dir/out" "$dir/err" 2>/dev/null || :
	exit 1
}

# ctl CODE ARGUMENT...: vgpuctl ends with this code.
ctl() {
	wanted=$1 code=0
	shift
	"$VGPUCTL" --runtime-dir "$dir/run" "$@" >"$dir/out" 2>"$dir/err" || code=$?
	[ "$code" = "$wanted" ] || fail "vgpuctl $*: $code, not $wanted"
}

# has FILE TEXT...: out or err of the last command has each of them.
has() {
	file=$dir/$1
	shift
	for text; do
		grep -qF -- "$text" "$file" || fail "'$text' is missing"
	done
}

lacks() {
	! grep -qF -- "$2" "$dir/$1" || fail "'$2' is there"
}

serve() {
	server=$("$READY" "$VGPUCTL" --runtime-dir "$dir/run" serve softgpu "$@" 2>"$dir/err") || fail "serve $*"
}

# until_gone PID
until_gone() {
	for _ in $(seq 200); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	fail "process $1 does not end"
}

# hold DEVICE: a client that has it, until its standard input ends.
hold() {
	mkfifo "$dir/fifo"
	"$DRAW" "$1" "$dir/run" hold <"$dir/fifo" >"$dir/held" 2>&1 &
	holder=$!
	exec 9>"$dir/fifo"
	for _ in $(seq 200); do
		grep -q holding "$dir/held" && return 0
		sleep 0.1
	done
	fail "no client holds $1: $(cat "$dir/held")"
}

let_go() {
	exec 9>&-
	wait "$holder" || fail "the client: $(cat "$dir/held")"
	holder=''
	rm "$dir/fifo"
}

serve --name gpu0 --vram 64
ctl 0 parents
has out 'gpu0 soft'
ctl 0 types -p gpu0
has out softgpu-16 softgpu-64
ctl 0 create -p gpu0 -t softgpu-16 "$vm:0"
ctl 0 create -p gpu0 -t softgpu-16 "$vm:1"
has out "$vm:1"
ctl 7 create -p gpu0 -t softgpu-16 "$vm:1"
has err 'it exists on parent gpu0'
ctl 8 create -p gpu0 -t softgpu-64 "$vm:2"
ctl 3 create -p gpu0 -t none "$vm:2"
ctl 5 create -p gpu0 -t softgpu-16 --owner 0 "$vm:2"
ctl 0 list -o uuid,instance,backend,parent,state,started,socket
has out "$dir/run/$vm:1.sock" soft no

# of a virtual machine
ctl 0 start "$vm"
ctl 0 list --json
has out '"started": true'
lacks out '"started": false'
ctl 0 shutdown "$vm"
ctl 0 list --json
lacks out '"started": true'
ctl 3 start c0ffee00-0000-4000-8000-0000000000ab
ctl 2 start "$vm:0"

ctl 0 qemu-args "$vm:1"
has out "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"$dir/run/$vm:1.sock\"}}"
ctl 1 screenshot "$vm" "$dir/none.png"
has err 'it shows nothing'

# held by a client
hold "$vm:1"
ctl 0 list -u
has out "example_draw($holder)"
ctl 0 list --json "$vm:1"
has out "\"pid\": $holder" '"via": "socket"'
ctl 0 list "$dir/run/$vm:1.sock"
ctl 0 screenshot "$vm:1" "$dir/held.png"
ctl 0 start "$vm"
ctl 0 shutdown "$vm"
for command in "read $vm:1 config" "write $vm:1 bar0 1 -w 4" "migrate save $vm:1 $dir/state"; do
	# shellcheck disable=SC2086
	ctl 6 $command
	has err "in use by example_draw (pid $holder)"
done
ctl 0 show "$vm:1"
has out '"regions": null' "\"pid\": $holder" '"cause": "in-use"'
ctl 9 destroy --timeout 0.5 "$vm:1"
has err 'its client does not listen when it is asked to leave'
ctl 0 list "$vm:1"
has out ready
let_go
ctl 0 list -u "$vm:1"
has out none

# what one had, another gets
ctl 0 migrate save "$vm:1" "$dir/state"
ctl 0 migrate restore "$vm:0" "$dir/state"
ctl 0 screenshot "$vm:0" "$dir/moved.png"
cmp "$dir/held.png" "$dir/moved.png" || fail 'the picture is another'

# the display as its client sees it
ctl 0 screenshot "$vm:0" "$dir/opened.png" --access user
cmp "$dir/held.png" "$dir/opened.png" || fail 'the client sees another picture'
ctl 0 screenshot "$vm:0" "$dir/opened.png" --access user --json
has out '"width": 640' '"height": 480' '"format": "XRGB8888"' '"source": "region"'
ctl 0 screenshot "$vm:0" "$dir/opened.png" --json
has out '"source": "provider"'
ctl 0 edid "$vm:0" -o region,link,mode,size,valid
has out '9 up   1024x768@60.00' 'yes'
ctl 0 edid "$vm:0" --access user --set 1920x1080
has out '1920x1080@60.00' up
ctl 0 edid "$vm:0" --link down
has out down
ctl 0 edid "$vm:0"
has out '1920x1080@60.00' down
ctl 0 edid "$vm:0" --link up
has out up

# by force
hold "$vm:1"
ctl 0 destroy --force "$vm:1"
ctl 3 destroy "$vm:1"
exec 9>&-
wait "$holder" || :
holder=''
rm "$dir/fifo"

# another of its name; and one that was killed, whose place is taken
code=0
"$VGPUCTL" --runtime-dir "$dir/run" serve softgpu --name gpu0 >"$dir/out" 2>"$dir/err" || code=$?
[ "$code" = 7 ] || fail "a second gpu0: $code"
has err 'another process has a provider of this name'
kill -KILL "$server"
until_gone "$server"
ctl 0 list
lacks out "$vm"
ctl 0 parents
lacks out gpu0
ctl 3 read "$vm" config
serve --name gpu0
ctl 0 create -p gpu0 -t softgpu-16 "$vm:0"
ctl 0 list
has out "$vm"

# the end
kill -TERM "$server"
until_gone "$server"
server=''
[ -z "$(ls "$dir/run")" ] || fail "left behind: $(ls "$dir/run")"

# nothing can be mapped
serve --no-map
ctl 0 create -p softgpu -t softgpu-16 "$vm"
ctl 0 write "$vm" bar0+16 0x12345678 -w 4
ctl 0 read "$vm" bar0+16 -n 4 -w 4
has out '78 56 34 12'
ctl 5 read "$vm" bar0 -n 4 --map
ctl 1 screenshot "$vm" "$dir/none.png" --access user
has err 'the primary plane has no picture yet'
# a mode of 640x480, and pixels in a framebuffer that is only read
for register in '4 0' '1 640' '2 480' '3 32' '6 640' '4 1'; do
	# shellcheck disable=SC2086
	set -- $register
	ctl 0 write "$vm" "bar2+$((0x500 + 2 * $1))" "$2" -w 2
done
ctl 0 screenshot "$vm" "$dir/provider.png"
ctl 0 screenshot "$vm" "$dir/client.png" --access user
cmp "$dir/provider.png" "$dir/client.png" || fail 'the client reads another picture'
ctl 0 edid "$vm" --set 800x600
has out 800x600

# as any user, in a directory of his own
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$dir"
	mkdir -m 700 "$dir/home"
	chown 1234:1234 "$dir/home"
	mkdir "$dir/bin" # others may not see where this was built
	cp "$VGPUCTL" "$READY" "$LIBRARY" "$dir/bin"
	user() {
		program=$dir/bin/$(basename "$1")
		shift
		setpriv --reuid 1234 --regid 1234 --clear-groups env XDG_RUNTIME_DIR="$dir/home" LD_LIBRARY_PATH="$dir/bin" \
			"$program" "$@"
	}
	kill "$server"
	until_gone "$server"
	server=$(user "$READY" "$dir/bin/vgpuctl" serve softgpu)
	user "$VGPUCTL" create -p softgpu -t softgpu-16 "$vm" >"$dir/out" 2>"$dir/err" || fail 'a user creates'
	user "$VGPUCTL" list >"$dir/out"
	has out "$vm"
	"$VGPUCTL" list >"$dir/out" # root looks for his own only
	lacks out "$vm"
	"$VGPUCTL" --runtime-dir "$dir/home/vgpu" list >"$dir/out"
	has out "$vm"
fi
echo 'all done'
