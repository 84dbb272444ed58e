#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices whose interrupts irq_test takes, and runs it.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

# bind VARIABLE VENDOR:DEVICE
bind() {
	vm_bdf=$(pci_find "$2") || vm_fail "no $2"
	bind_vfio_pci "$vm_bdf" || vm_fail "vfio-pci does not take $2"
	export "$1=$vm_bdf"
}

load mtty || vm_fail 'no mtty'
MTTY=$(new_uuid) MTTY2=$(new_uuid)
export MTTY MTTY2
{ mdev_create mtty mtty-1 "$MTTY" && mdev_create mtty mtty-2 "$MTTY2"; } || vm_fail 'no mdev'
bind EDU 1234:11e8
bind NVME 1b36:0010
bind XHCI 1033:0194
bind BOCHS 1234:1111
ROOT_PORT=$(pci_find 1b36:000c) || vm_fail 'no root port'
export ROOT_PORT
load aer_inject || vm_fail 'no aer_inject'
wait_for 5 test -e /dev/aer_inject || vm_fail 'no /dev/aer_inject'
irq_test
