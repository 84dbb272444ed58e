#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices that access_test opens, by plain writes to sysfs, and runs it for each of them by
# each path that this kernel has.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

load samples || vm_fail 'no sample drivers'
make_mdev MTTY mtty mtty-1
make_mdev MTTY_OTHER mtty mtty-1
make_mdev MDPY mdpy mdpy-vga
make_mdev MBOCHS mbochs mbochs-small
take_pci BOCHS "$(pci_find 1234:1111)"
take_pci EDU "$(pci_find 1234:11e8)"

# check FACTS DEVICE [OTHER]
check() {
	export DEVICE="$2" OTHER="${3-}"
	for vm_access in $vm_accesses; do
		echo "$1 by $vm_access:"
		access_test "$vm_access" "$1" || vm_failed=1
	done
}

vm_failed=0
vm_accesses=group
[ ! -e /dev/iommu ] || vm_accesses='group iommufd'
check bochs "$BOCHS"
check edu "$EDU"
check mtty "$MTTY" "$MTTY_OTHER"
check mdpy "$MDPY"
check mbochs "$MBOCHS"
exit "$vm_failed"
