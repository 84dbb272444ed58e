#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The guest's part of the tests with a real QEMU: guest.sh WHAT, in the test VM. It and the host tell each other how far
# they are by files in /out.
set -eu
# shellcheck source-path=SCRIPTDIR source=../vm/guest.sh
. /lib/vm.sh

# tell NAME: goes on once the host has seen it.
tell() {
	: >"/out/$1"
	wait_for 120 test -e "/out/$1.seen" || vm_fail "the host does not go on after '$1'"
}

gpu() {
	pci_find 1234:1111 || vm_fail 'no software GPU'
}

# As a stock kernel does: its driver takes the GPU, which is the only display.
start_display() {
	load bochs || vm_fail 'bochs cannot be loaded'
	wait_for 20 test -e /dev/fb0 || vm_fail 'the driver bochs makes no framebuffer'
	[ "$(gpu | wc -l)" = 1 ] || vm_fail "there are other displays: $(gpu)"
	case $(pci_driver "$(gpu)") in
	bochs*) ;;
	*) vm_fail "the GPU's driver is $(pci_driver "$(gpu)")" ;;
	esac
	[ "$(cat /sys/class/graphics/fb0/name)" = bochs-drmdrmfb ] || vm_fail "fb0 is $(cat /sys/class/graphics/fb0/name)"
	printf '\033[?25l' >/dev/tty1 # no cursor, which blinks
}

# show_text [WORD...]: the kernel's own messages, then a line, on its console; and what that must look like.
show_text() {
	{
		printf '\033[2J\033[H'
		dmesg | tail -n 30
		printf '\nThis is %s on %s: %s' "$(uname -r)" "$(gpu)" "$*"
	} >/dev/tty1
	picture text /dev/tty1 "/out/text.ppm"
	tell text
}

# show_bars SEED
show_bars() {
	picture draw /dev/fb0 "$1" >/out/size
	tell bars
}

display() {
	start_display
	show_text 'a console'
	show_bars 1
}

# drive [PARAMETER...]: the module's tests.
drive() {
	insmod /lib/engine.ko "$@" || vm_fail "the engine's tests ($*): $(dmesg | tail -n 3)"
	grep engine /proc/interrupts | sed 's/  */ /g'
	rmmod engine
}

# engine [PARAMETER...]
engine() {
	drive fresh=1 "$@"
	drive intx=1 "$@"
	dmesg | grep 'engine 0000'
}

# Boots twice: the GPU is the second time as if it had never been used.
reboot_once() {
	drive fresh=1
	start_display
	if [ ! -e /out/rebooted ]; then
		show_bars 2
		: >/out/rebooted
		sync
		echo b >/proc/sysrq-trigger
		sleep 60
	fi
	show_text 'after a reboot'
}

# Until it is killed, which leaves the GPU as it is.
linger() {
	drive fresh=1
	start_display
	show_bars 3
	sleep 600
}

# The GPU goes while it shows something: who asks for it is obeyed.
unplug() {
	start_display
	show_bars 4
	wait_for 60 gone || vm_fail 'the GPU is still there'
	[ ! -e /dev/fb0 ] || vm_fail 'fb0 is still there'
}

# The GPU's provider takes it away: reads give ones, and the machine lives on.
lose() {
	start_display
	show_bars 5
	[ "$(hexdump -n 2 -e '1/2 "%04x"' "/sys/bus/pci/devices/$(gpu)/config")" = 1234 ] || echo 'config space is gone'
	echo "the driver is $(pci_driver "$(gpu)")"
}

gone() {
	! pci_find 1234:1111 >/dev/null 2>&1
}

"$@"
echo "guest: $1: all done"
