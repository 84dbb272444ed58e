#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job in the test VM, each step shown: vgpuctl creates vGPUs on the kernel's sample drivers, shows, reads,
# writes and maps them, and destroys them; then a C program does. Fails where anything is not as it must be.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
vm=c0ffee00-0000-4000-8000-000000000001

# step COMMAND...: shows it and what it prints, which stays in $shown.
step() {
	printf '\n$ %s\n' "$*"
	if ! shown=$("$@" 2>&1); then
		printf '%s\n' "$shown"
		vm_fail "$*"
	fi
	[ -z "$shown" ] || printf '%s\n' "$shown"
}

# has TEXT...: the last step printed each of them.
has() {
	for vm_text; do
		printf '%s\n' "$shown" | grep -qF -- "$vm_text" || vm_fail "the output lacks '$vm_text'"
	done
}

lacks() {
	! printf '%s\n' "$shown" | grep -qF -- "$1" || vm_fail "the output has '$1'"
}

manage() {
	step vgpuctl parents
	has mtty mdpy mbochs
	step vgpuctl types
	has mtty-2 mdpy-vga mbochs-small
	step vgpuctl create -p mtty -t mtty-2 "$vm:0"
	has "$vm:0"
	step vgpuctl create -p mdpy -t mdpy-vga "$vm:1"
	step vgpuctl create -p mbochs -t mbochs-small "$vm:2"
	step vgpuctl list
	has "$vm" mtty mdpy mbochs ready
	step vgpuctl show "$vm:2"
	has '"regions"' '"bar0"' '"irqs"' 4194304
}

use() {
	step vgpuctl read "$vm:0" config -n 16
	has '48 43 53 32'
	step vgpuctl write "$vm:0" bar0+7 0x5a -w 1
	step vgpuctl read "$vm:0" bar0+7 -n 1 -w 1
	has 5a
	step vgpuctl read "$vm:2" bar2+0x500 -n 2 -w 2
	has 'c5 b0'
	step vgpuctl write "$vm:1" bar0+4096 0x44332211 -w 4 --map
	step vgpuctl read "$vm:1" bar0+4096 -n 4 -w 4 --map
	has '11 22 33 44'
	# mbochs frees its memory when it is closed: what was written is there in the same program only (main_job)
	step vgpuctl write "$vm:2" bar0+0x1000 0x88776655 -w 4 --map
	step vgpuctl read "$vm:2" bar0+0x1000 -n 16 -w 4 --map
	has '00001000 '
}

end() {
	for vm_instance in 0 1 2; do
		step vgpuctl destroy "$vm:$vm_instance"
	done
	nothing_left
}

nothing_left() {
	step vgpuctl list
	lacks "$vm"
	[ -z "$(ls /sys/bus/mdev/devices)" ] || vm_fail 'the kernel has vGPUs left'
	step vgpuctl reconcile --dry-run
	lacks "$vm"
}

echo "This is Linux $(uname -r) in a virtual machine; mtty, mdpy and mbochs are the kernel's sample vGPU drivers."
load samples
manage
use
end
printf '\nThe same in C, a program that is linked through pkg-config:\n'
step main_job mtty mtty-2 "$vm:0" io
has 'read 0xa5' destroyed
step main_job mdpy mdpy-vga "$vm:1" map
has 'loaded 0xcafe1234'
step main_job mbochs mbochs-small "$vm:2" map
has 'loaded 0xcafe1234'
nothing_left
printf '\nThe main job is done.\n'
