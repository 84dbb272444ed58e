#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices that vfio_test opens, by plain writes to sysfs, and runs it.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

BOCHS=$(pci_find 1234:1111) || vm_fail 'no bochs-display'
export BOCHS
vfio_test bare || exit

load samples || vm_fail 'no sample drivers'
make_mdev MTTY mtty mtty-1
make_mdev MTTY2 mtty mtty-2
make_mdev MDPY mdpy mdpy-vga
make_mdev MBOCHS mbochs mbochs-small
MDPY_GROUP=/dev/vfio/$(iommu_group "/sys/bus/mdev/devices/$MDPY")
MDPY_CDEV=/dev/vfio/devices/$(ls "/sys/bus/mdev/devices/$MDPY/vfio-dev")
take_pci BOCHS "$BOCHS"
take_pci NVME "$(pci_find 1b36:0010)"
UNBOUND=$(pci_find 8086:29c0)     # the host bridge, which has no driver
HOST_DRIVER=$(pci_find 1af4:1003) # the machine's own console
export MDPY_GROUP MDPY_CDEV UNBOUND HOST_DRIVER

# The south bridge's functions are one group.
take_pci GROUP_A "$(pci_find 8086:2922)"
take_pci GROUP_B "$(pci_find 8086:2930)"
[ "$(iommu_group "/sys/bus/pci/devices/$GROUP_A")" = "$(iommu_group "/sys/bus/pci/devices/$GROUP_B")" ] ||
	vm_fail 'the south bridge is not one group'
vfio_test all || exit

# A driver of the host, for what it is not made for: it takes any device and does nothing.
if has_module pci-pf-stub; then
	load pci-pf-stub
	bind_pci "$GROUP_B" pci-pf-stub || vm_fail 'no driver of the host for the group'
	vfio_test viable || exit
fi

rmmod vfio_iommu_type1 || vm_fail 'somebody still uses vfio_iommu_type1'
vfio_test container
