#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices that migration_test moves states between, by plain writes to sysfs, and runs it.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

# make_mdev VARIABLE PARENT TYPE
make_mdev() {
	vm_uuid=$(new_uuid)
	mdev_create "$2" "$3" "$vm_uuid" || vm_fail "no $3"
	export "$1=$vm_uuid"
}

load samples || vm_fail 'no sample drivers'
make_mdev MTTY_A mtty mtty-1
make_mdev MTTY_B mtty mtty-1
make_mdev MTTY2_A mtty mtty-2
make_mdev MTTY2_B mtty mtty-2
make_mdev MDPY mdpy mdpy-vga
migration_test
