#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A test with a vfio-user client that is not ours: softgpu, a QEMU that has it as its only display, and a stock Debian
# kernel in it: test.sh WHAT, where VGPUCTL and PICTURE are the programs, ENGINE the folder with the guest's module. With
# SHOTS, pictures that were as they must be are kept in that folder.
set -eEuo pipefail
here=$(cd "$(dirname "$0")" && pwd)
vms=$here/../vm
# shellcheck source-path=SCRIPTDIR source=../vm/cache.sh
. "$vms/cache.sh"
what=$1
vm=c0ffee00-0000-4000-8000-0000000000dd
kernel=6.12
server='' machine=''

if ! qemu=$("$vms/kernels" path qemu 2>/dev/null) || ! "$vms/kernels" path "$kernel" >/dev/null 2>&1; then
	echo "skipped: QEMU or the kernel is not prepared (tests/vm/kernels prepare qemu $kernel)"
	exit 77
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/libvgpu-qemu.XXXXXX")

end() {
	[ -z "$machine" ] || kill "$machine" 2>/dev/null || :
	[ -z "$server" ] || kill "$server" 2>/dev/null || :
	wait
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 143' TERM INT
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR

# tail_of NAME FILE
tail_of() {
	[ ! -s "$2" ] || { printf -- '--- %s:\n' "$1" && tail -n 25 "$2" | tr -d '\r'; }
}

fail() {
	trap - ERR
	printf 'failed: %s\n' "$*"
	tail_of vgpuctl "$dir/said"
	tail_of 'the server' "$dir/server.log"
	tail_of 'the machine, and the command in it' "$dir/machine.log"
	tail_of "the guest's kernel" "$dir/console"
	exit 1
}

# until_true SECONDS COMMAND...
until_true() {
	local tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# ctl CODE ARGUMENT...: vgpuctl ends with this code; what it has said is in "said".
ctl() {
	local wanted=$1 code=0
	shift
	"$VGPUCTL" --runtime-dir "$dir/run" "$@" >"$dir/said" 2>&1 || code=$?
	[ "$code" -eq "$wanted" ] || fail "vgpuctl $*: ended with $code, not $wanted"
}

# says TEXT...: the last ctl has said each of them.
says() {
	local text
	for text; do
		grep -qF -- "$text" "$dir/said" || fail "vgpuctl did not say '$text'"
	done
}

# serve [OPTION...]: a provider, and a vGPU of it.
serve() {
	: >"$dir/server.log"
	"$VGPUCTL" --runtime-dir "$dir/run" serve softgpu "$@" >"$dir/server.log" 2>&1 &
	server=$!
	until_true 20 grep -q 'is ready' "$dir/server.log" || fail 'the provider is not ready'
	ctl 0 create -p softgpu -t softgpu-16 "$vm"
}

# Memory of the machine that other processes can map, as vgpuctl-qemu-args(1) says.
shared=(--argument -machine --argument "memory-backend=ram"
	--argument -object --argument "memory-backend-memfd,id=ram,size=512M,share=on")

# boot [run's OPTION...] -- WHAT...: a machine that has the vGPU as vgpuctl says, and does this.
boot() {
	local arguments options=()
	mapfile -t arguments < <("$VGPUCTL" --runtime-dir "$dir/run" qemu-args "$vm")
	if [ "${#arguments[@]}" -ne 2 ] || [ "${arguments[0]}" != -device ]; then
		fail "qemu-args: ${arguments[*]}"
	fi
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	rm -rf "$dir/out"
	"$vms/run" --kernel "$kernel" --qemu "$qemu" --bare --mem 512 --timeout 150 --out "$dir/out" --log "$dir/console" \
		--argument -pidfile --argument "$dir/pid" --argument -name --argument process=qemu-softgpu \
		"${options[@]}" --device "$(device "${arguments[1]}")" --add "$here/guest.sh" --add "$PICTURE" \
		--add "$ENGINE/engine.ko:/lib/engine.ko" -- guest.sh "$@" >"$dir/machine.log" 2>&1 &
	machine=$!
}

# device JSON: what of it the machine is given.
device() {
	printf '%s\n' "$1"
}

# told NAME: the guest has said so, and now waits.
told() {
	until_true 200 told_or_over "$1" || fail "the guest does not say '$1'"
	[ -e "$dir/out/$1" ] || fail "the guest ends before it says '$1'"
}

told_or_over() {
	[ -e "$dir/out/$1" ] || ! kill -0 "$machine" 2>/dev/null
}

# go_on NAME: the guest may.
go_on() {
	rm "$dir/out/$1"
	: >"$dir/out/$1.seen"
}

finish() {
	local code=0
	wait "$machine" || code=$?
	machine=''
	[ "$code" -eq 0 ] || fail "the machine ended with $code"
	grep -q 'all done' "$dir/machine.log" || fail 'the guest did not come to its end'
	[ "$what" = force ] || ! grep -q 'QEMU says' "$dir/machine.log" || fail 'QEMU complains'
	grep -v 'all done' "$dir/machine.log" || :
}

shows() {
	ctl 0 screenshot "$vm" "$dir/shot.png"
	"$PICTURE" same "$dir/shot.png" "$1" 2>"$dir/differs"
}

# picture_is FILE: what the vGPU shows, seen from outside, soon is this, to the pixel.
picture_is() {
	local name
	name=$(basename "$1" .ppm)
	if ! until_true 20 shows "$1"; then
		cp "$dir/shot.png" "${TMPDIR:-/tmp}/libvgpu-qemu-$name.png"
		fail "another picture (kept: ${TMPDIR:-/tmp}/libvgpu-qemu-$name.png): $(cat "$dir/differs")"
	fi
	[ -z "${SHOTS-}" ] || cp "$dir/shot.png" "$SHOTS/$what-$name.png"
}

# bars SEED: the guest draws them, and they are seen.
bars() {
	local width height
	told bars
	read -r width height <"$dir/out/size"
	"$PICTURE" bars "$width" "$height" "$1" "$dir/bars.ppm"
	picture_is "$dir/bars.ppm"
}

text() {
	told text
	picture_is "$dir/out/text.ppm"
}

# What management says and does while QEMU has it, which it names; and another QEMU, which it turns away.
busy() {
	local pid code=0
	pid=$(cat "$dir/pid")
	qemu_command "$qemu"
	timeout 30 "${qemu_program[@]}" -machine q35 -nodefaults -display none -S \
		-device "$("$VGPUCTL" --runtime-dir "$dir/run" qemu-args "$vm" | tail -n 1)" >"$dir/said" 2>&1 || code=$?
	[ "$code" -eq 1 ] || fail "a second QEMU ended with $code"
	says 'Device or resource busy'
	ctl 0 list -u
	says "$vm" "qemu-softgpu($pid)"
	ctl 0 show "$vm"
	says '"regions": null' "\"pid\": $pid" '"cause": "in-use"'
	ctl 6 read "$vm" config
	says "in use by qemu-softgpu (pid $pid)"
	ctl 6 migrate save "$vm" "$dir/state"
	ctl 9 destroy --timeout 0.5 "$vm"
	says 'its client does not listen when it is asked to leave'
	ctl 0 list "$vm"
	says ready
}

is_free() {
	ctl 0 list -u "$vm"
	grep -q none "$dir/said"
}

# stop: the provider ends, which a sanitizer may say more of.
stop() {
	local code=0
	kill "$server"
	wait "$server" || code=$?
	server=''
	[ "$code" -eq 0 ] || fail "the provider ended with $code"
}

# display [run's OPTION...]: a boot to a console, and a picture.
display() {
	boot "$@" -- display
	text
	go_on text
	bars 1
	busy
	go_on bars
	finish
	until_true 10 is_free || fail 'it still has a client'
	ctl 0 destroy "$vm"
}

# engine [run's OPTION...] -- [the module's PARAMETER...]
engine() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	boot "${options[@]}" -- engine "$@"
	finish
}

test_reboot() {
	boot --reboot "${shared[@]}" -- reboot_once
	bars 2
	[ "$(commands)" -gt 0 ] || fail 'the engine has done nothing'
	go_on bars
	text
	go_on text
	finish
}

# commands: how many the vGPU's engine has done since it was reset.
commands() {
	"$VGPUCTL" --runtime-dir "$dir/run" show --no-open "$vm" | grep -A 1 engine_commands | sed -n 's/.*"value": "\(.*\)"/\1/p'
}

# The client dies: the device stays as it is, and the next client has it.
test_kill() {
	local before
	boot "${shared[@]}" -- linger
	bars 3
	before=$(commands)
	[ "$before" -gt 0 ] || fail 'the engine has done nothing'
	kill -KILL "$(cat "$dir/pid")"
	wait "$machine" || :
	machine=''
	until_true 10 is_free || fail 'it still has a client'
	picture_is "$dir/bars.ppm"
	[ "$(commands)" = "$before" ] || fail "the engine says that it has done $(commands) commands, not $before"
	display "${shared[@]}"
}

# QEMU 11 does not listen when it is asked to let a device go: who runs it unplugs it, while vgpuctl waits.
test_unplug() {
	device() {
		printf '%s\n' "${1%\}},\"id\":\"gpu\",\"bus\":\"rp1\"}"
	}
	mkfifo "$dir/monitor.in" "$dir/monitor.out"
	boot --device pcie-root-port,id=rp1,chassis=1,slot=1 --argument -chardev --argument "pipe,id=monitor,path=$dir/monitor" \
		--argument -object --argument monitor-hmp,id=hmp,chardev=monitor "${shared[@]}" -- unplug
	exec 8<>"$dir/monitor.in" 7<>"$dir/monitor.out"
	bars 4
	go_on bars
	(until_true 20 is_leaving && echo 'device_del gpu' >&8) &
	ctl 0 destroy --timeout 60 "$vm"
	finish
	ctl 3 list "$vm"
}

is_leaving() {
	"$VGPUCTL" --runtime-dir "$dir/run" list "$vm" | grep -q removing
}

# The client is disconnected: the guest lives on, without it.
test_force() {
	boot "${shared[@]}" -- lose
	bars 5
	ctl 0 destroy --force "$vm"
	ctl 3 list "$vm"
	go_on bars
	finish
}

case $what in
display)
	serve
	display "${shared[@]}"
	;;
no_map) # QEMU then sends writes that it wants no answer to
	serve --no-map
	display "${shared[@]}"
	;;
unshared) # memory that only QEMU has
	serve
	display
	;;
engine)
	serve
	engine "${shared[@]}" --
	;;
engine_no_map)
	serve --no-map
	engine "${shared[@]}" --
	;;
engine_iommu) # the machine's IOMMU has QEMU map and unmap while the device works
	serve
	engine --append iommu.strict=1 --device intel-iommu,intremap=on,caching-mode=on "${shared[@]}" --
	;;
engine_messages) # memory that only QEMU has is read and written by messages
	serve --layout spec
	engine --
	;;
engine_refused) # but not while nobody says how these are laid out: EOPNOTSUPP
	serve
	engine -- refused=95
	;;
reboot | unplug | force | kill)
	serve
	"test_$what"
	;;
*)
	echo "no such test: $what"
	exit 2
	;;
esac
stop
echo 'all done'
