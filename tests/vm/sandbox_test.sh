#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the test VM: makes the devices that sandbox_test uses, and runs it with the man page that it checks.
set -u
# shellcheck source-path=SCRIPTDIR source=guest.sh
. /lib/vm.sh

load samples || vm_fail 'no sample drivers'
make_mdev MTTY mtty mtty-1
make_mdev MTTY2 mtty mtty-1
make_mdev MDPY mdpy mdpy-vga
make_mdev MBOCHS mbochs mbochs-small
take_pci EDU "$(pci_find 1234:11e8)"
take_pci NVME "$(pci_find 1b36:0010)"
exec sandbox_test "$1"
