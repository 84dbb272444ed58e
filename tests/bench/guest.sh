#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The part of the figures that needs a kernel with vGPUs; tests/bench/run runs it in the test VM.
set -u
# shellcheck source-path=SCRIPTDIR source=../vm/guest.sh
. /lib/vm.sh
status=0
uuid=c0ffee00-0000-4000-8000-000000000001

# bench COMMAND...: what can't run is no reason to leave out the rest.
bench() {
	"$@" || { echo "skipped: $1 failed" && status=1; }
}

{ load mtty && load mdpy && load mbochs count=16384; } || vm_fail 'no sample drivers'
bench bench_life mtty mtty-1
bench bench_commands 21 \
	'create, by mdevctl start' 0.75 "vgpuctl create -p mtty -t mtty-1 $uuid" \
	"mdevctl start -u $uuid -p mtty -t mtty-1" \
	'destroy, by mdevctl stop' 0.75 "vgpuctl destroy $uuid" "mdevctl stop -u $uuid"
mdev_create mdpy mdpy-vga "$uuid"
bench bench_region "$uuid" 16
bench bench_dma "$uuid" mdev
mdev_remove "$uuid"
mdev_create mdpy mdpy-hd "$uuid"
bench bench_screenshot "$uuid" /tmp
mdev_remove "$uuid"
edu=$(pci_find 1234:11e8)
bind_vfio_pci "$edu" && bench bench_dma "$edu" edu
for _ in $(seq 1000); do
	mdev_create mbochs mbochs-small "$(new_uuid)"
done
bench bench_commands 11 'list of 1000, by mdevctl list' 0.5 'vgpuctl list' 'mdevctl list'
exit "$status"
