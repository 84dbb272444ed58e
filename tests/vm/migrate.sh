#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# vgpuctl migrate in the test VM: states of serial ports through files and pipes, files that are refused before the
# device is touched, and files that stay as they were when a save fails.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
# shellcheck source-path=SCRIPTDIR source=expect.sh
. expect.sh
vm=c0ffee00-0000-4000-8000-000000000001
a=$vm:0 b=$vm:1 two=$vm:2 display=$vm:3
dir=/tmp/states

# port DEVICE SCRATCH BYTE: a port with this in its scratch register and its FIFO.
port() {
	vgpuctl write "$1" bar0+2 7 -w 1
	vgpuctl write "$1" bar0+7 "$2" -w 1
	vgpuctl write "$1" bar0 "$3" -w 1
}

# holds DEVICE SCRATCH BYTE: it has this; the byte is taken.
holds() {
	vm_found=$(vgpuctl read "$1" bar0+7 -n 1 --raw | od -An -tx1)$(vgpuctl read "$1" bar0 -n 1 --raw | od -An -tx1)
	[ "$vm_found" = " $2 $3" ] || vm_fail "$1 holds$vm_found instead of $2 $3"
	echo "ok: $1 holds $2 $3"
}

# quiet: the last command said nothing on standard error.
quiet() {
	[ ! -s "$err" ] || vm_fail "standard error: $(cat "$err")"
}

unsupported() {
	is 5 '' vgpuctl migrate save "$1" $dir/none
	said "can't migrate it"
	is 0 '' ls -A $dir
}

files() {
	port $a 0x5a 0x41
	port $b 0x00 0x00
	is 0 '' vgpuctl migrate save $a $dir/state
	quiet
	is 0 '600 636' stat -c '%a %s' $dir/state # a head of 512 bytes, 60 of mtty, a tail of 64
	is 0 '' vgpuctl migrate restore $b $dir/state
	quiet
	holds $b 5a 41
	holds $a 5a 41 # and goes on
	has '"length": 60' vgpuctl --json migrate save $a $dir/other --pre-copy
	has '"type": "mtty-1"' vgpuctl --json migrate restore $b $dir/other --access group
	cp $dir/state $dir/kept
	ln -s kept $dir/link
	is 0 '' vgpuctl migrate save $a $dir/link
	is 0 kept readlink $dir/link
	is 0 '' vgpuctl migrate restore $b - <$dir/link
	has '"sha256": "' vgpuctl --json migrate restore $b $dir/link
	rm $dir/*
}

pipes() {
	port $a 0x3c 0x42
	is 0 '' sh -c "vgpuctl migrate save $a - | vgpuctl migrate restore $b -"
	holds $b 3c 42
	port $a 0x3d 0x43
	mkfifo $dir/fifo
	vgpuctl migrate save $a $dir/fifo --pre-copy &
	is 0 '' vgpuctl migrate restore $b $dir/fifo
	wait $!
	holds $b 3d 43
	is 0 fifo ls -A $dir
	rm $dir/fifo
}

# refused CODE WORDS FILE: and the device stays as it is.
refused() {
	is "$1" '' vgpuctl migrate restore $b "$3"
	said "$2"
	is "$1" '' sh -c "cat $3 | vgpuctl migrate restore $b -"
	said "$2"
	holds $b 99 44
	vgpuctl write $b bar0 0x44 -w 1
}

bad_files() {
	port $a 0x5a 0x41
	port $b 0x99 0x44
	vgpuctl migrate save $a $dir/state
	for vm_at in 600 571 512; do # in the tail, and in what mtty said
		cp $dir/state $dir/bad
		printf '\007' | dd of=$dir/bad bs=1 seek=$vm_at conv=notrunc 2>/dev/null
		refused 1 'it was altered: the checksum differs' $dir/bad
	done
	cp $dir/state $dir/bad
	printf X | dd of=$dir/bad bs=1 seek=300 conv=notrunc 2>/dev/null
	refused 1 'its head was altered' $dir/bad
	for vm_size in 635 576 513 512; do
		head -c $vm_size $dir/state >$dir/bad
		refused 1 'its end is missing' $dir/bad
	done
	head -c 511 $dir/state >$dir/bad
	refused 1 'it is too short' $dir/bad
	: >$dir/bad
	refused 1 'it is too short' $dir/bad
	cp $dir/state $dir/bad
	echo >>$dir/bad
	refused 1 'its end is missing' $dir/bad
	cat $dir/state $dir/state >$dir/bad
	refused 1 'it is not as long as it should be' $dir/bad
	refused 1 'this is not the saved state of a device' /bin/busybox
	is 1 '' vgpuctl migrate restore $b /dev/zero # which has no end
	said 'this is not the saved state of a device'
	is 1 '' vgpuctl migrate restore $b $dir
	is 1 '' vgpuctl migrate restore $b $dir/missing
	said "$dir/missing: No such file or directory"
	is 3 '' vgpuctl migrate restore $vm:77 $dir/state
	vgpuctl migrate save $two $dir/two
	refused 2 'the state of a device of another type: mtty-2, not mtty-1' $dir/two
	is 2 '' vgpuctl migrate restore $two $dir/state
	said 'another type: mtty-1, not mtty-2'
	is 0 '' vgpuctl migrate restore $b $dir/state
	holds $b 5a 41
	rm $dir/*
}

failed_saves() {
	port $a 0x5a 0x41
	echo old >$dir/state
	is 1 '' sh -c "ulimit -f 1; exec vgpuctl migrate save $a $dir/state"
	said 'File too large'
	is 0 old cat $dir/state
	is 0 state ls -A $dir
	is 1 '' vgpuctl migrate save $a /dev/full
	said 'No space left on device'
	[ -c /dev/full ]
	is 1 '' vgpuctl migrate save $a $dir/missing/state
	is 1 '' vgpuctl migrate save $a $dir
	is 3 '' vgpuctl migrate save $vm:77 $dir/state
	# shellcheck disable=SC2094
	is 1 '' sh -c "{ sleep 1; vgpuctl migrate save $a - || echo \$? >$dir/code; } | true; exit \$(cat $dir/code)"
	said 'Broken pipe'
	rm $dir/code
	is 0 old cat $dir/state
	# ended by a signal while it waits for a reader
	mkfifo $dir/fifo
	vgpuctl migrate save $a $dir/fifo 2>/dev/null &
	vm_pid=$!
	wait_for 10 is_waiting || vm_fail 'it does not wait for a reader'
	kill $vm_pid
	vm_code=0
	wait $vm_pid || vm_code=$?
	is 0 143 echo $vm_code
	rm $dir/fifo
	is 0 state ls -A $dir
	holds $a 5a 41
	rm $dir/*
}

is_waiting() {
	grep -q partner "/proc/$vm_pid/stack" "/proc/$vm_pid/wchan" 2>/dev/null
}

bar() {
	has '100% 60 bytes' on_terminal vgpuctl migrate save $a $dir/state
	has 'verify [##############################] 100% 60 bytes' on_terminal vgpuctl migrate restore $b $dir/state
	has 'restore [##############################] 100% 60 bytes' on_terminal vgpuctl migrate restore $b $dir/state
	has 'No space left' on_terminal sh -c "vgpuctl migrate save $a /dev/full || :"
	rm $dir/*
}

mkdir $dir
load samples
vgpuctl create -p mtty -t mtty-1 $a
vgpuctl create -p mtty -t mtty-1 $b
vgpuctl create -p mtty -t mtty-2 $two
vgpuctl create -p mdpy -t mdpy-vga $display
unsupported $display
case $(uname -r) in
6.1.*)
	unsupported $a
	exit
	;;
esac
files
pipes
bad_files
failed_saves
bar
