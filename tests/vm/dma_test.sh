#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices that dma_test uses, by plain writes to sysfs, and runs it.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

# nodes VARIABLE DIR: the group's node and, if the kernel has one, the device's own.
nodes() {
	export "$1_GROUP=/dev/vfio/$(iommu_group "$2")" "$1_CDEV=/dev/vfio/devices/$(ls "$2/vfio-dev")"
}

load samples || vm_fail 'no sample drivers'
EDU=$(pci_find 1234:11e8) || vm_fail 'no edu'
BOCHS=$(pci_find 1234:1111) || vm_fail 'no bochs-display'
MTTY=$(new_uuid)
mdev_create mtty mtty-1 "$MTTY" || vm_fail 'no mtty'
{ bind_vfio_pci "$EDU" && bind_vfio_pci "$BOCHS"; } || vm_fail 'vfio-pci does not take the devices'
nodes EDU "/sys/bus/pci/devices/$EDU"
nodes MTTY "/sys/bus/mdev/devices/$MTTY"
echo 8 >/proc/sys/vm/nr_hugepages
export EDU BOCHS MTTY
exec dma_test
