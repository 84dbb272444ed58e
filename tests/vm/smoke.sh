#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Proves, inside the test VM, that each kernel interface which the other tests rely on is really there.
#   tests/vm/run --kernel 6.12 --add tests/vm/smoke.sh -- smoke.sh
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

# check WHAT COMMAND...
check() {
	vm_what=$1
	shift
	"$@" || vm_fail "$vm_what: $*"
	echo "ok: $vm_what"
}

equal() {
	[ "$1" = "$2" ] || { echo "wanted '$2', have '$1'" >&2 && return 1; }
}

opens() { (: <>"$1"); }
is_gone() { [ ! -e "$1" ]; }
has_device() { pci_find "$1" >/dev/null; }
has_cdev() { [ -c /dev/iommu ]; }

mdev_types() {
	load samples || return 1
	for vm_type in /sys/class/mdev_bus/*/mdev_supported_types/*; do
		basename "$vm_type"
	done | tr '\n' ' '
}

# An mdev of each parent, through its whole life by plain sysfs writes.
mdev_life() {
	vm_uuid=$(new_uuid)
	vm_mdev=/sys/bus/mdev/devices/$vm_uuid
	check "$2 is created" mdev_create "$1" "$2" "$vm_uuid"
	check "$2 has its driver" equal "$(basename "$(readlink "$vm_mdev/driver")")" "$1"
	check "$2 has a group that opens" opens "/dev/vfio/$(iommu_group "$vm_mdev")"
	if has_cdev; then
		check "$2 has a cdev that opens" opens "$(vfio_cdev "$vm_mdev")"
	fi
	check "$2 is removed" mdev_remove "$vm_uuid"
	check "$2 is gone" is_gone "$vm_mdev"
}

vfio_cdev() {
	for vm_node in "$1"/vfio-dev/vfio*; do
		echo "/dev/vfio/devices/${vm_node##*/}"
	done
}

display() {
	vm_bdf=$(pci_find 1234:1111) || vm_fail 'no bochs-display'
	check 'bochs-display takes vfio-pci' bind_vfio_pci "$vm_bdf"
	check 'bochs-display has a group that opens' opens "/dev/vfio/$(iommu_group "/sys/bus/pci/devices/$vm_bdf")"
	if has_cdev; then
		check 'bochs-display has a cdev that opens' opens "$(vfio_cdev "/sys/bus/pci/devices/$vm_bdf")"
	fi
}

sriov() {
	vm_bdf=$(pci_find 1b36:0010) || vm_fail 'no NVMe device'
	load nvme || vm_fail 'no nvme module'
	check 'NVMe has its driver' wait_for 10 equal_driver "$vm_bdf" nvme
	vm_pf=/sys/bus/pci/devices/$vm_bdf
	check 'NVMe allows 4 VFs' equal "$(cat "$vm_pf/sriov_totalvfs")" 4
	echo 4 >"$vm_pf/sriov_numvfs" || vm_fail 'sriov_numvfs does not take 4'
	check 'NVMe has 4 VFs' equal "$(find "$vm_pf/" -name 'virtfn*' | wc -l)" 4
	echo 0 >"$vm_pf/sriov_numvfs" || vm_fail 'sriov_numvfs does not take 0'
	check 'NVMe has none again' equal "$(find "$vm_pf/" -name 'virtfn*' | wc -l)" 0
}

equal_driver() {
	[ "$(pci_driver "$1")" = "$2" ]
}

echo "kernel $(uname -r)"
check 'the three samples have 8 types' equal "$(mdev_types)" \
	'mbochs-large mbochs-medium mbochs-small mdpy-hd mdpy-vga mdpy-xga mtty-1 mtty-2 '
case $(uname -r) in
*-iommufd) check '/dev/iommu is there' has_cdev ;;
esac
mdev_life mtty mtty-1
mdev_life mdpy mdpy-vga
mdev_life mbochs mbochs-small
display
check 'edu is there' has_device 1234:11e8
sriov
echo 'all is there'
