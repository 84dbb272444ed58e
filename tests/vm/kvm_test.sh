#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM, which emulates AMD's virtualisation: makes devices for kvm_test, which runs a guest in the guest.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

load kvm-amd || vm_fail 'no KVM'
load samples || vm_fail 'no sample drivers'
make_mdev MTTY mtty mtty-1
make_mdev MTTY2 mtty mtty-2
make_mdev MDPY mdpy mdpy-vga
MDPY_GROUP=/dev/vfio/$(iommu_group "/sys/bus/mdev/devices/$MDPY")
MDPY_CDEV=/dev/vfio/devices/$(ls "/sys/bus/mdev/devices/$MDPY/vfio-dev")
export MDPY_GROUP MDPY_CDEV
take_pci EDU "$(pci_find 1234:11e8)"
take_pci NVME "$(pci_find 1b36:0010)"
# The south bridge's functions are one group.
take_pci GROUP_A "$(pci_find 8086:2922)"
take_pci GROUP_B "$(pci_find 8086:2930)"
kvm_test
