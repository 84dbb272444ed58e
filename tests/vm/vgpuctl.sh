#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# vgpuctl in the test VM: what only real devices show. Reads and writes of each width, both ways, dumps and documents,
# devices in use, and a PCI device behind vfio-pci.
set -eu
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh
# shellcheck source-path=SCRIPTDIR source=expect.sh
. expect.sh
vm=c0ffee00-0000-4000-8000-000000000001

serial() {
	is 0 "$vm:0" vgpuctl create -p mtty -t mtty-2 "$vm"
	is 0 '00000000  48 43 53 32                                       |HCS2|
00000004' vgpuctl read "$vm" config -n 4
	is 0 '00000000  48 43 53 32                                       |HCS2|
00000004' vgpuctl read "$vm" 7 -n 4 -w 2
	has '*' vgpuctl read "$vm" config
	is 0 255 sh -c "vgpuctl read $vm config --raw | wc -c"
	has '"data": "48435332"' vgpuctl --json read "$vm" config -n 4
	has '"value": 90' vgpuctl --json write "$vm" bar0+7 0x5a -w 1
	is 0 '00000007  5a                                                |Z|
00000008' vgpuctl read "$vm" bar0+7 -n 1
	is 2 '' vgpuctl read "$vm" bar0+4 -n 16
	is 3 '' vgpuctl read "$vm" 40
	is 5 '' vgpuctl read "$vm" bar0 --map
	said 'cannot be mapped'
	is 0 '' vgpuctl destroy "$vm"
}

display() {
	is 0 "$vm:1" vgpuctl create -p mdpy -t mdpy-vga "$vm:1"
	for vm_width in 1 2 4 8; do
		is 0 '' vgpuctl write "$vm:1" "bar0+$((0x2000 + 8 * vm_width))" 0xa5 -w "$vm_width" --map
	done
	# mdpy paints a gradient when it is opened first; the writes show their width in it
	is 0 '00002000  01 01 01 01 01 01 01 01  a5 01 01 01 01 01 01 01  |................|
00002010  a5 00 01 01 01 01 01 01  01 01 01 01 01 01 01 01  |................|
00002020  a5 00 00 00 01 01 01 01  01 01 01 01 01 01 01 01  |................|
00002030  01 01 01 01 01 01 01 01  01 01 01 01 01 01 01 01  |................|
00002040  a5 00 00 00 00 00 00 00                           |........|
00002048' vgpuctl read "$vm:1" bar0+0x2000 --map -n 72
	has '"index": 16' vgpuctl show "$vm:1"
	has '"name": "vendor/resolution"' vgpuctl show --no-open "$vm:1"
	is 0 '' vgpuctl destroy "$vm:1"
}

# Another vgpuctl has the device open and mapped, and waits for somebody to take what it reads.
busy() {
	is 0 "$vm:2" vgpuctl create -p mbochs -t mbochs-small "$vm:2"
	has '"subtype": 1' vgpuctl show "$vm:2"
	# shellcheck disable=SC2216
	vgpuctl read "$vm:2" bar0 --map --raw -n 4194304 | sleep 1000 &
	vm_reader=$!
	wait_for 10 is_held || vm_fail 'nobody holds the device'
	vm_user=$(pidof vgpuctl)
	has '"regions": null' vgpuctl show "$vm:2"
	said "in use by vgpuctl (pid $vm_user)"
	has '"state": "ready"' vgpuctl --json list "$vm:2"
	is 6 '' vgpuctl destroy "$vm:2"
	said "in use by vgpuctl (pid $vm_user)"
	has "vgpuctl($vm_user)" vgpuctl list -u "$vm:2"
	is 7 '' vgpuctl create -p mbochs -t mbochs-small "$vm:2"
	is 9 '' vgpuctl destroy "$vm:2" --force --timeout 0.5
	has removing vgpuctl list "$vm:2"
	kill "$vm_reader"
	wait_for 10 is_gone || vm_fail 'the device stays'
	is 0 '' vgpuctl list
}

is_held() {
	grep -qs vfio "/proc/$(pidof vgpuctl)/maps"
}

is_gone() {
	! vgpuctl list "$vm:2" >/dev/null 2>&1
}

pci() {
	vm_bdf=$(pci_find 1234:1111)
	is 5 '' vgpuctl read "$vm_bdf" config
	bind_vfio_pci "$vm_bdf"
	is 0 '00000000  34 12 11 11                                       |4...|
00000004' vgpuctl read "${vm_bdf#0000:}" config -n 4
	is 0 '' vgpuctl write "$vm_bdf" bar0+0x1000 0xcafef00d --map
	is 0 '00001000  0d f0 fe ca                                       |....|
00001004' vgpuctl read "$vm_bdf" bar0+0x1000 -n 4 -w 4
	has '"access": "' vgpuctl show "/sys/bus/pci/devices/$vm_bdf"
	is 3 '' vgpuctl read 0000:ff:1f.7 config
}

load samples
serial
display
busy
pci
