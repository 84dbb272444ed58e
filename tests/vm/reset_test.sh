#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices that reset_test resets, in the states that it wants, and runs it. The machine has
# two functions of one device behind a root port, and another device behind one whose link stays down after a reset.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

load samples || vm_fail 'no sample drivers'
make_mdev MTTY mtty mtty-1
make_mdev MDPY mdpy mdpy-vga
make_mdev MBOCHS mbochs mbochs-small
# shellcheck disable=SC2046 # one address each
set -- $(pci_find 1234:11e8)
[ $# -eq 3 ] || vm_fail "not three edu devices, but $*"
take_pci BOCHS "$(pci_find 1234:1111)"
take_pci EDU "$1"
take_pci TWIN_A "$2"
take_pci TWIN_B "$3"
# shellcheck disable=SC2046
set -- $(pci_find 1b36:0010)
[ $# -eq 2 ] || vm_fail "not two NVMe controllers, but $*"
take_pci NVME "$1"
take_pci SLOW "$2"
NVME_GROUP=$(iommu_group "/sys/bus/pci/devices/$NVME")
TWIN_GROUP=$(iommu_group "/sys/bus/pci/devices/$TWIN_A")
[ "$TWIN_GROUP" = "$(iommu_group "/sys/bus/pci/devices/$TWIN_B")" ] || vm_fail 'the two functions are not one group'
export NVME_GROUP TWIN_GROUP
reset_test all || exit

# A driver that leaves the group's DMA alone, but is not VFIO's.
load pci-stub
bind_pci "$TWIN_B" pci-stub || vm_fail 'pci-stub does not take it'
reset_test stub || exit

# Virtual functions share their bus with the physical one, which a driver of the host has.
load nvme
bind_pci "$NVME" nvme || vm_fail 'nvme does not take it'
echo 2 >"/sys/bus/pci/devices/$NVME/sriov_numvfs" || vm_fail 'no virtual functions'
take_pci VF0 "$(basename "$(readlink "/sys/bus/pci/devices/$NVME/virtfn0")")"
take_pci VF1 "$(basename "$(readlink "/sys/bus/pci/devices/$NVME/virtfn1")")"
reset_test vfs
