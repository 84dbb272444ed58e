#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices whose descriptors handover_test hands from root to a user, and runs it.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

# nodes PREFIX DIR: exports the paths of the device's nodes.
nodes() {
	export "$1_GROUP=/dev/vfio/$(iommu_group "$2")" "$1_CDEV=/dev/vfio/devices/$(ls "$2/vfio-dev")"
}

load samples || vm_fail 'no sample drivers'
make_mdev MTTY mtty mtty-1
make_mdev MDPY mdpy mdpy-vga
nodes MDPY "/sys/bus/mdev/devices/$MDPY"
take_pci EDU "$(pci_find 1234:11e8)"
nodes EDU "/sys/bus/pci/devices/$EDU"
handover_test
