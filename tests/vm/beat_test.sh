#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests on the host that "run" tells a machine that stands still from a command that hangs: beat_test.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/libvgpu-beat.XXXXXX")
run_pid=''
trap '[ -z "$run_pid" ] || kill "$run_pid" 2>/dev/null || :; wait; rm -rf "$work"' EXIT

fail() {
	printf 'FAIL: %s\n' "$*" >&2
	tail -n 50 "$work/out" "$work/err" >&2
	exit 1
}

# equal WHAT HAVE WANTED
equal() {
	[ "$2" = "$3" ] || fail "$1 is '$2', wanted '$3'"
}

says() {
	grep -q "$1" "$work/err" || fail "run did not say '$1'"
}

start() {
	TMPDIR=$work "$here/run" "$@" >"$work/out" 2>"$work/err" &
	run_pid=$!
}

# finish EXIT-CODE
finish() {
	local code=0
	wait "$run_pid" || code=$?
	run_pid=''
	equal 'the exit code' "$code" "$1"
}

# machines: prints the process of the machine that run has started.
machines() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v run="$run_pid" '$2 ~ /^\(qemu-system/ && $4 == run { print $1 }' || :
}

# A machine that is stopped after its command began is booted again, with an empty /out, and ends well.
test_boots_again() {
	local _ qemu
	start --still 12 --out "$work/shared" -- sh -c '[ ! -e /out/tried ] && : >/out/tried && echo up && sleep 2 && echo done'
	for _ in {1..600}; do
		! grep -q up "$work/out" || break
		sleep 0.1
	done
	qemu=$(machines)
	kill -STOP "$qemu" || fail 'no machine came up'
	finish 0
	equal 'the output' "$(tr '\n' ' ' <"$work/out")" 'up up done '
	says 'the machine stood still: no sign of life for 12 s'
	says 'booting it again'
	kill -0 "$qemu" 2>/dev/null && fail 'the first machine is still there'
	echo 'ok: a machine that stands still is booted again'
}

# It is not booted a third time, also when it never came as far as to open its ports.
test_gives_up() {
	local qemu
	start --still 2 -- true
	while kill -0 "$run_pid" 2>/dev/null; do
		for qemu in $(machines); do
			kill -STOP "$qemu" 2>/dev/null || :
		done
		sleep 0.1
	done
	finish 125
	says 'twice the machine stood still'
	equal 'the count of further boots' "$(grep -c 'booting it again' "$work/err")" 1
	echo 'ok: a machine that stands still twice has failed'
}

# A command that hangs in a living machine has hung, and gets no second try.
test_hangs() {
	start --timeout 15 -- sleep 1000
	finish 124
	says 'did not end within 15 s'
	! grep -q 'booting it again' "$work/err" || fail 'a command that hangs was tried again'
	echo 'ok: a command that hangs has hung'
}

test_boots_again
test_gives_up
test_hangs
